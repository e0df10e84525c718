import t, { type Test } from 'tap';
import { Agent } from '@vaportrail/agent';
import { ControlNode, controlNodeConfig } from '@vaportrail/control-node';
import { outcome } from '../src/outcome.ts';
import { program } from '../src/program.ts';
const PODS = 'default-domain:demo:pods:pods';

const agent = Agent.from({
  name: 'cent222',
  address: '10.169.25.20',
  // Nobody listens there: the tables of a node are there without a session too.
  'control-nodes': [{ address: '127.0.0.1', port: 1 }],
  vrfs: [{ name: PODS, 'instance-id': 2, subnets: ['10.32.0.0/12'] }],
  interfaces: [
    {
      name: 'tapeth0-304431',
      vrf: PODS,
      address: '10.47.255.236',
      label: 43,
      index: 8,
      mac: '02:30:51:c0:fc:9e',
    },
    { name: 'tapeth0-5a04d8', vrf: PODS, address: ['10.47.255.237', 'fd00::237'], index: 9 },
  ],
  introspect: {},
});
await agent.start();
t.teardown(() => agent.stop());

/** Runs a command in this process: its answer, or what it ends with. */
const vaportrail = (...args: string[]): Promise<Outcome> => asking(agent.url!, ...args);

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The same of another agent. */
async function asking(from: string, ...args: string[]): Promise<Outcome> {
  const { write } = process.stdout;
  let stdout = '';
  process.stdout.write = (chunk: string | Uint8Array) => {
    stdout += chunk.toString();
    return true;
  };
  try {
    await (await program(args)).parseAsync([...args, '--from', from], { from: 'user' });
    return { code: 0, stdout, stderr: '' };
  } catch (error) {
    const { code, message } = outcome(error);
    return { code, stdout, stderr: message };
  } finally {
    process.stdout.write = write;
  }
}

t.test('nh prints next hops', async (t) => {
  const { nextHop } = agent.interfaces.get('tapeth0-304431')!;
  const { stdout } = await vaportrail('nh', '--get', String(nextHop!.id));
  t.match(stdout, /^Id:\d+ +Type:Encap +Fmly: AF_INET {2}Rid:0 {2}Ref_cnt:\d+ +Vrf:2\n/);
  t.match(stdout, 'Encap Data: 02 30 51 c0 fc 9e 00 00 5e 00 01 00 08 00');
  t.match((await vaportrail('nh', '--list')).stdout, /Type:Drop[^]*Type:Receive[^]*Type:Encap/);
  t.match(await vaportrail('nh', '--get', '999'), { code: 1, stderr: /there is no next hop 999/ });
  t.match(await vaportrail('nh', '--get', 'all'), { code: 2, stderr: /"all" is not the id of a next hop/ });
  t.match(await vaportrail('nh'), { code: 2, stderr: /give --list or --get/ });
});

t.test('rt prints routes', async (t) => {
  const { stdout } = await vaportrail('rt', '--dump', '2');
  t.match(stdout, 'vRouter inet4 routing table 0/2/unicast\n');
  t.match(stdout, /^10\.32\.0\.0\/12 +12 +- +0 +-$/m);
  t.match(stdout, /^10\.47\.255\.236\/32 +32 +P +- +\d+ +-$/m);
  t.match((await vaportrail('rt', '--dump', PODS, '--family', 'inet6')).stdout, /^fd00::237\/128/m);
  t.match(
    (await vaportrail('rt', '--get', '10.47.255.237', '--vrf', '2')).stdout,
    /^10\.47\.255\.237\/32 +0 +P/m,
  );
  const json = JSON.parse((await vaportrail('rt', '--dump', '2', '--json')).stdout) as { routes: unknown[] };
  t.equal(json.routes.length, 3);
  t.match(await vaportrail('rt', '--get', '10.0.0.1', '--vrf', '2'), {
    code: 1,
    stderr: /has no route 10.0.0.1\/32/,
  });
  t.match(await vaportrail('rt', '--get', '10.0.0.1'), { code: 2, stderr: /--get needs --vrf/ });
  t.match(await vaportrail('rt', '--get', 'x', '--vrf', '2'), { code: 2 });
  const bridge = ['rt', '--dump', '2', '--family', 'bridge'];
  t.match((await vaportrail(...bridge)).stdout, /^vRouter bridge table 0\/2\nIndex .*\nno bridge routes: /);
  t.match(JSON.parse((await vaportrail(...bridge, '--json')).stdout), { family: 'bridge', routes: [] });
  t.match(await vaportrail('rt', '--dump', '77', '--family', 'bridge'), { code: 1, stderr: /has no VRF 77/ });
  t.match(await vaportrail('rt', '--get', '10.0.0.1', '--family', 'bridge'), {
    code: 2,
    stderr: /needs --dump/,
  });
  t.match(await vaportrail('rt', '--dump', '77'), { code: 1, stderr: /cent222 has no VRF 77/ });
});

t.test('vif, mpls and flow print interfaces, labels and flows', async (t) => {
  t.match((await vaportrail('vif', '--get', '8')).stdout, /^vif0\/8 +OS: tapeth0-304431 NH: \d+\n/m);
  t.match((await vaportrail('vif', '--list')).stdout, /vif0\/0[^]*vif0\/1[^]*vif0\/2[^]*vif0\/8[^]*vif0\/9/);
  t.match(await vaportrail('vif', '--get', '77'), { code: 1, stderr: /no interface vif0\/77/ });
  t.match((await vaportrail('mpls', '--get', '43')).stdout, /^ {6}43 +\d+$/m);
  t.match((await vaportrail('mpls', '--dump')).stdout, /^ {6}16 +\d+\n {6}43 +\d+$/m);
  const packet = {
    source: '10.47.255.236',
    destination: '10.47.255.237',
    protocol: 17,
    sourcePort: 5000,
    destinationPort: 53,
    octets: 80,
  };
  agent.send('tapeth0-304431', packet);
  t.match(
    (await vaportrail('flow', '-l')).stdout,
    /10\.47\.255\.236:5000 +17 \(2\)\n +10\.47\.255\.237:53 *\n[^]*Stats:1\/80/,
  );
  t.match(
    (await vaportrail('flow', '--match', '10.47.255.237:53,10.47.255.236')).stdout,
    /10\.47\.255\.236:5000/,
  );
  t.notMatch((await vaportrail('flow', '--match', '10.47.255.237:54')).stdout, /10\.47\.255\.236:5000/);
  t.match(await vaportrail('flow', '--match', '10.47.255'), { code: 2, stderr: /--match: / });
});

const SERVICES = 'default-domain:demo:services:services';
const service = '10.105.139.153';

/** A control node and two compute nodes, each with a pod behind one address. */
async function twoNodes(t: Test, priority: readonly ('MPLSoUDP' | 'MPLSoGRE')[]): Promise<Agent> {
  const node = new ControlNode(
    controlNodeConfig.parse({
      name: 'cent111',
      asn: 60100,
      'router-id': '10.169.25.19',
      bgp: { listen: [] },
      xmpp: { listen: { address: '127.0.0.1', port: 0 } },
      'routing-instances': [
        { name: PODS, 'vn-index': 5, 'route-targets': ['64512:1'] },
        { name: SERVICES, 'vn-index': 6, 'route-targets': ['64512:2'] },
      ],
    }),
  );
  await node.start();
  t.teardown(() => node.stop());
  const compute = async (
    name: string,
    address: string,
    local: string,
    pod: { label: number; mac: string },
  ) => {
    const one = Agent.from({
      name,
      address,
      mac: '00:50:56:9e:62:25',
      'local-address': local,
      'control-nodes': [node.xmppAddress!],
      'encapsulation-priority': [...priority],
      neighbors: [{ address: '10.169.25.21', mac: '00:50:56:9e:e6:66' }],
      vrfs: [
        { name: PODS, 'instance-id': 2 },
        { name: SERVICES, 'instance-id': 3 },
      ],
      interfaces: [
        {
          name: `tapeth0-${pod.label}`,
          vrf: PODS,
          address: `10.47.255.${pod.label}`,
          index: 8,
          ...pod,
          'floating-ips': [{ address: service, vrf: SERVICES }],
        },
      ],
      introspect: {},
    });
    await one.start();
    t.teardown(() => one.stop());
    return one;
  };
  const cent222 = await compute('cent222', '10.169.25.20', '127.0.0.2', {
    label: 43,
    mac: '02:30:51:c0:fc:9e',
  });
  await compute('cent333', '10.169.25.21', '127.0.0.3', { label: 28, mac: '02:5a:04:d8:00:01' });
  return cent222;
}

for (const tunnel of ['MPLSoUDP', 'MPLSoGRE'] as const) {
  t.test(`an ECMP next hop of two nodes, line by line, by ${tunnel}`, async (t) => {
    const cent222 = await twoNodes(
      t,
      tunnel === 'MPLSoUDP' ? ['MPLSoUDP', 'MPLSoGRE'] : ['MPLSoGRE', 'MPLSoUDP'],
    );
    const ask = async (...args: string[]): Promise<string> => (await asking(cent222.url!, ...args)).stdout;
    const active = () => cent222.vrfs.find('3')?.inet.get(`${service}/32`)?.active?.nextHop;
    while (active()?.type !== 'composite') await new Promise((resolve) => setTimeout(resolve, 10));
    const composite = active()!.id;
    const route = (await ask('rt', '--get', `${service}/32`, '--vrf', '3')).split('\n').at(-2);
    t.equal(route, `${service}/32       0            P          -${String(composite).padStart(15)}        -`);
    const text = await ask('nh', '--get', String(composite));
    const [, own, other] = [...text.matchAll(/^Id:(\d+)/gm)].map(([, id]) => id!);
    const references = [...text.matchAll(/Ref_cnt:(\d+) /g)].map(([, count]) => count!);
    const head = (place: number, id: string, type: string, vrf: number): string =>
      `Id:${id.padEnd(9)}  Type:${type.padEnd(13)}  Fmly: AF_INET  Rid:0  Ref_cnt:${references[place]!.padEnd(10)} Vrf:${vrf}`;
    t.same(text.split('\n'), [
      head(0, String(composite), 'Composite', 3),
      '              Flags:Valid, Policy, Ecmp, Etree Root, ',
      '              Valid Hash Key Parameters: Proto,SrcIP,SrcPort,DstIp,DstPort',
      `              Sub NH(label): ${own}(43) ${other}(28)`,
      '',
      head(1, own!, 'Encap', 2),
      '              Flags:Valid, Etree Root, ',
      '              EncapFmly:0806 Oif:8 Len:14',
      '              Encap Data: 02 30 51 c0 fc 9e 00 00 5e 00 01 00 08 00 ',
      '',
      head(2, other!, 'Tunnel', 0),
      `              Flags:Valid, ${tunnel}, Etree Root, `,
      '              Oif:0 Len:14 Data:00 50 56 9e e6 66 00 50 56 9e 62 25 08 00 ',
      '              Sip:10.169.25.20 Dip:10.169.25.21',
      '',
      '',
    ]);
    const listed = await ask('nh', '--list');
    t.match(listed, text.split('\n\n')[0]!, 'the list has it as it is');
    const tunnelled = (await ask('rt', '--dump', '2'))
      .split('\n')
      .find((line) => line.startsWith('10.47.255.28/32'));
    t.equal(tunnelled, `10.47.255.28/32        32           LP         28${other!.padStart(15)}        -`);
    t.match(await ask('mpls', '--get', '43'), /^ {6}43 +\d+\n$/m);
    const view = JSON.parse(await ask('nh', '--get', String(composite), '--json')) as object;
    t.match(view, {
      id: composite,
      type: 'composite',
      members: [
        { id: Number(own), label: 43 },
        { id: Number(other), label: 28 },
      ],
    });
  });
}

t.test('what cannot be asked of a vRouter is told so', async (t) => {
  const wrong: readonly [args: string, code: number, stderr: RegExp][] = [
    ['nh --get -1', 2, /"-1" is not the id of a next hop/],
    ['nh --get 1e3', 2, /"1e3" is not the id/],
    ['nh --get 99999999999', 2, /is not the id/],
    ['nh --get 1 --list', 2, /give --list or --get/],
    ['vif', 2, /give --list or --get/],
    ['vif --get tap', 2, /"tap" is not the index of an interface/],
    ['mpls', 2, /give --dump or --get/],
    ['mpls --get 1048577', 1, /there is no label 1048577/],
    ['mpls --get x', 2, /"x" is not a label/],
    ['rt', 2, /give --dump <vrf>/],
    ['rt --dump 2 --get 10.0.0.0/8', 2, /give --dump <vrf>/],
    ['rt --dump nosuch', 1, /cent222 has no VRF nosuch/],
    ['rt --dump 2 --family ipx', 2, /^$/],
    ['rt --get 10.0.0.0/33 --vrf 2', 2, /10\.0\.0\.0\/33/],
    ['rt --get fd00::1 --vrf 2', 1, /has no route fd00::1\/128/],
  ];
  for (const [args, code, stderr] of wrong)
    t.match(await vaportrail(...args.split(' ')), { code, stderr, stdout: '' }, args);
});
