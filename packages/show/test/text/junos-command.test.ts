import t from 'tap';
import { CommandError, runCommand, type GatewayAccess } from '../../src/text/junos-command.ts';
import { copy, table } from './lab-gateway.ts';

interface Asked {
  path: string;
  query: unknown;
}

function gateway(): { access: GatewayAccess; asked: Asked[] } {
  const asked: Asked[] = [];
  const view = table({ destinations: 24, routes: 46, multipath: true }, [
    copy({
      node: '10.169.25.20',
      rd: '10.169.25.20:9',
      interface: 'gr-2/3/0.32771',
      label: 26,
      age: 25,
      mark: '*',
    }),
    copy({
      node: '10.169.25.21',
      rd: '10.169.25.21:9',
      interface: 'gr-2/2/0.32771',
      label: 26,
      age: 25,
      mark: ' ',
    }),
  ]);
  const answers: Record<string, unknown> = {
    '/route-table': [view],
    '/forwarding-table': [],
    '/configuration': {
      statements: [
        'set routing-instances k8s-test vrf-target target:500:500',
        'set routing-options static route 10.0.0.0/8 next-hop discard',
      ],
    },
    '/dynamic-tunnels': { table: 'inet.3', networks: [] },
    '/neighbors': [
      {
        name: 'contrail',
        address: '10.169.25.19',
        type: 'internal',
        state: 'Established',
        asn: 60100,
        flaps: 0,
        lastChange: 65_974,
        received: { messages: 2235, octets: 1, updates: 1 },
        sent: { messages: 2390, octets: 1, updates: 1 },
        backlog: 0,
        tables: [{ name: 'bgp.l3vpn.0', active: 2, received: 2, accepted: 2, damped: 0 }],
      },
    ],
  };
  const access: GatewayAccess = {
    view: async <T>(path: string, query: object) => {
      asked.push({ path, query: JSON.parse(JSON.stringify(query)) });
      return answers[path] as T;
    },
    act: async (path, body) => {
      asked.push({ path, query: body });
      return {};
    },
  };
  return { access, asked };
}

t.test('the commands of the lab', async (t) => {
  const { access, asked } = gateway();
  t.match(
    await runCommand('show route table k8s-test.inet.0 101.101.101/24', access),
    '*[BGP/170] 00:00:25, MED 100',
  );
  t.equal(
    await runCommand(
      'show route table k8s-test.inet.0 101.101.101.252/32 detail | match state | count',
      access,
    ),
    'Count: 4 lines\n',
  );
  await runCommand('show route forwarding-table table k8s-test destination 101.101.101.252', access);
  await runCommand('set routing-instances k8s-test routing-options multipath vpn-unequal-cost', access);
  t.same(asked, [
    { path: '/route-table', query: { table: 'k8s-test.inet.0', prefix: '101.101.101.0/24' } },
    { path: '/route-table', query: { table: 'k8s-test.inet.0', prefix: '101.101.101.252/32' } },
    { path: '/forwarding-table', query: { instance: 'k8s-test', destination: '101.101.101.252' } },
    {
      path: '/configuration',
      query: { set: 'routing-instances k8s-test routing-options multipath vpn-unequal-cost' },
    },
  ]);
});

t.test('a pattern in quotes may hold a bar', async (t) => {
  const { access } = gateway();
  t.equal(
    await runCommand('show route detail | match "protocol next hop|inactive" | trim 16', access),
    `Protocol next hop: 10.169.25.20
Protocol next hop: 10.169.25.21
Inactive reason: Not Best in its group - Update source
`,
  );
});

t.test('display json and xml carry the names that scripts look for', async (t) => {
  const { access } = gateway();
  const json = JSON.parse(await runCommand('show route table k8s-test.inet.0 | display json', access)) as {
    'route-information': [
      { 'route-table': [{ rt: [{ 'rt-entry': Record<string, [{ data: unknown }]>[] }] }] },
    ];
  };
  const [active, loser] = json['route-information'][0]['route-table'][0].rt[0]['rt-entry'];
  t.match(active, {
    'active-tag': [{ data: '*' }],
    'protocol-name': [{ data: 'BGP' }],
    'learned-from': [{ data: '10.169.25.19' }],
    nh: [
      {
        'selected-next-hop': [{ data: [null] }],
        via: [{ data: 'gr-2/3/0.32771' }],
        'mpls-label': [{ data: 'Push 26' }],
      },
    ],
  });
  t.match(loser, { 'active-tag': [{ data: ' ' }] });
  t.match(
    await runCommand('show route | display xml | match "rt-destination"', access),
    '<rt-destination>101.101.101.252/32</rt-destination>',
  );
  for (const [command, element] of [
    ['show route forwarding-table', 'forwarding-table-information'],
    ['show route receive-protocol bgp 10.169.25.19', 'route-information'],
    ['show bgp summary', 'bgp-information'],
    ['show bgp neighbor', 'bgp-information'],
    ['show dynamic-tunnels database', 'dynamic-tunnel-information'],
    ['show interfaces', 'interface-information'],
    ['show configuration', 'configuration-information'],
    ['set routing-instances k8s-test routing-options multipath', 'ok'],
  ] as const) {
    const document = JSON.parse(await runCommand(`${command} | display json`, access)) as object;
    t.same(Object.keys(document), [element], `${command} | display json`);
    const xml = await runCommand(`${command} | display xml`, access);
    t.match(xml, new RegExp(`^<rpc-reply [^>]*>\\n {4}<${element}[ />]`), `${command} | display xml`);
    const tags = (pattern: RegExp): number => [...xml.matchAll(pattern)].length;
    t.equal(tags(/<[a-z][^>]*[^/]>|<[a-z]>/g), tags(/<\/[a-z]/g), 'what is opened is closed');
  }
  await t.rejects(runCommand('show configuration | display yaml', access), CommandError);
});

t.test('what the neighbour sent, in columns', async (t) => {
  const { access } = gateway();
  t.match(
    await runCommand('show route receive-protocol bgp 10.169.25.19', access),
    `  Prefix                  Nexthop              MED     Lclpref    AS path
* 101.101.101.252/32      10.169.25.20         100     200        ?
  101.101.101.252/32      10.169.25.21         100     200        ?
`,
  );
});

t.test('configuration below a path', async (t) => {
  const { access } = gateway();
  t.equal(
    await runCommand('show configuration routing-options | display set', access),
    'set routing-options static route 10.0.0.0/8 next-hop discard\n',
  );
});

t.test('a slip is told with what was meant', async (t) => {
  const { access } = gateway();
  const refused = (line: string, message: string): Promise<unknown> =>
    t.rejects(runCommand(line, access), new CommandError(message));
  await refused('show rout', '"rout" is not known: did you mean "route"?');
  await refused(
    'show',
    '"show" is not complete: expected route, bgp, dynamic-tunnels, interfaces, configuration',
  );
  await refused('show route table', '"table" needs a value');
  await refused('show route detai', '"detai" is not known: did you mean "detail"?');
  await refused('set', '"set" needs a statement');
  await refused('show interfaces gr-9/9/9.1', 'device gr-9/9/9.1 not found');
});
