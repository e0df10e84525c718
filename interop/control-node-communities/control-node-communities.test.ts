// What daemons that nobody here wrote say of a route, and what agents are told of it; and the other way round.
import { Exabgp, Gobgp, LoopbackBlock, findExabgp } from '@vaportrail/lab';
import { parseAddress, parseMac, parsePrefix } from '@vaportrail/net';
import { type UnicastItem, itemAttributes, nextHop } from '@vaportrail/xmpp';
import t, { type Test } from 'tap';
import { ComputeNode } from '../compute-node.ts';
import { runningControlNode } from '../running-control-node.ts';
import { missing } from '../running-lab.ts';

const RED = 'default-domain:demo:red:red';
const BLUE = 'default-domain:demo:blue:blue';
const RED_TARGET = '0x0002fc00007a1204';
const BLUE_TARGET = '0x0002fc00007a1205';
const block = new LoopbackBlock();
const exabgpMissing = { missing: undefined, ...findExabgp() }.missing ?? false;
t.setTimeout(120_000);

const settings = (asn: number) => ({
  name: 'ctrl-1',
  asn,
  'router-id': '10.1.1.1',
  'routing-instances': [
    { name: RED, 'vn-index': 6, 'route-targets': ['64512:8000004'] },
    { name: BLUE, 'vn-index': 7, 'route-targets': ['64512:8000005'] },
  ],
});

async function besideExabgp(t: Test, asn = 64512) {
  const [ours, theirs] = [block.take(), block.take()];
  const exabgp = await Exabgp.start({
    asn,
    routerId: '192.168.0.204',
    address: theirs,
    neighbor: { address: ours, asn },
    families: ['ipv4 mpls-vpn', 'ipv6 mpls-vpn'],
  });
  t.teardown(() => exabgp.stop());
  const node = await runningControlNode(t, {
    ...settings(asn),
    address: ours,
    peers: [{ name: 'gateway', address: theirs, port: exabgp.port, families: ['inet-vpn', 'inet6-vpn'] }],
  });
  const one = await ComputeNode.connect(node.xmppAddress!, 'compute-1', '10.1.1.3');
  t.teardown(async () => one.kill());
  one.subscribe(RED, 4);
  one.subscribe(BLUE, 5);
  await exabgp.process.answers(async () => (await exabgp.established()) || undefined, 20_000);
  /** Has ExaBGP announce a route, and waits for the item of an instance. */
  const told = async (instance: string, prefix: string, words: string) => {
    const route = `route ${prefix} rd 192.168.0.204:500 ${words}`;
    await exabgp.command(`neighbor ${ours} announce ${route}`);
    const item = await exabgp.process.answers(async () => one.items.get(`${instance} ${prefix}`), 20_000);
    await exabgp.command(`neighbor ${ours} withdraw ${route}`);
    await exabgp.process.answers(async () => !one.items.has(`${instance} ${prefix}`) || undefined, 20_000);
    return item.attributes;
  };
  return {
    node,
    told,
    announce: (route: string) => exabgp.command(`neighbor ${ours} announce ${route}`),
    exabgp,
  };
}

const words = (...communities: readonly string[]): string =>
  `next-hop 192.168.0.204 label 31 extended-community [ ${[RED_TARGET, ...communities].join(' ')} ]`;
const hopOf = (change: object) =>
  nextHop({
    address: parseAddress('192.168.0.204'),
    label: 31,
    encapsulations: ['gre'],
    virtualNetwork: 'default-domain:demo:red',
    ...change,
  });

/** Words of ExaBGP about a route, and what agents are told where it is not the usual. */
const rows: readonly [what: string, words: string, told: object, hop?: object][] = [
  ['nothing but a target', words(), {}],
  [
    'preference, metric and communities',
    `${words()} local-preference 150 med 7 community [ no-export 64512:300 blackhole ] as-path [ 65001 ] origin egp`,
    { localPref: 150, med: 7, communityTags: ['64512:300', '65535:666', 'no-export'] },
  ],
  [
    'encapsulations',
    words('0x030c00000000000d', '0x030c000000000002'),
    {},
    { encapsulations: ['gre', 'udp'] },
  ],
  [
    'MPLS in GRE is gre, and the older number of UDP is udp',
    words('0x030c00000000000b', '0x030c000000009089'),
    {},
    { encapsulations: ['gre', 'udp'] },
  ],
  [
    'security groups of our AS and those of everybody, each once',
    words('0x8004fde800000005', '0x8004fc00007a1202', '0x8004fde8007a1203', '0x8004fc00007a1202'),
    { securityGroups: [8000002, 5] },
  ],
  ['tags', words('0x8084fc0000010001', '0x8084fc0000000003'), {}, { tags: [3, 65537] }],
  [
    'tags of our AS and those of everybody, each once',
    words('0x8084fde800000005', '0x8084fc00007a1203', '0x8084fde8007a1203', '0x8084fde8007a1202'),
    {},
    { tags: [8000002, 8000003] },
  ],
  [
    'tags of more than 32 bits, all of them in large communities',
    `${words('0x8084fc0000000001')} large-community [ 64512:16777218:1 64512:16777216:7 64513:16777216:8 64512:5:5 ]`,
    {},
    { tags: [7, 0x2_0000_0001] },
  ],
  ['a move', words('0x0600000000000009'), { mobility: { sequence: 9, sticky: false } }],
  ['a sticky address', words('0x0600010000000009'), { mobility: { sequence: 9, sticky: true } }],
  [
    'hash fields',
    words('0x03aac00000000000'),
    { loadBalance: { fields: ['l3-source-address', 'l3-destination-address'], decision: 'field-hash' } },
  ],
  ['source bias', words('0x03aaf80080000000'), { loadBalance: { fields: [], decision: 'source-bias' } }],
  [
    'the network it began in',
    words('0x8071fc0000000007'),
    { virtualNetwork: 'default-domain:demo:blue' },
    { virtualNetwork: 'default-domain:demo:blue' },
  ],
  [
    'a network that nobody knows',
    words('0x8071fc0000000063'),
    { virtualNetwork: 'unresolved' },
    { virtualNetwork: 'unresolved' },
  ],
];

t.test('a route of ExaBGP, as an agent is told of it', { skip: exabgpMissing }, async (t) => {
  const { told } = await besideExabgp(t);
  for (const [what, text, change, hop = {}] of rows) {
    t.same(
      await told(RED, '10.7.0.0/24', text),
      itemAttributes({
        nextHops: [hopOf(hop)],
        virtualNetwork: 'default-domain:demo:red',
        localPref: 100,
        ...change,
      }),
      what,
    );
  }
  t.match(
    await told(RED, '2001:db8:7::/48', words().replace('192.168.0.204', '::ffff:192.168.0.204')),
    { nextHops: [hopOf({})] },
    'IPv6: the next hop is the IPv4 address that is mapped',
  );
  t.match(
    await told(RED, '2001:db8:7::/48', words().replace('192.168.0.204', '2001:db8::204')),
    { nextHops: [hopOf({ address: parseAddress('2001:db8::204') })] },
    'IPv6: the next hop as it is',
  );
});

t.test('a route with the targets of two networks is a route of each', { skip: exabgpMissing }, async (t) => {
  const { told } = await besideExabgp(t);
  const both = words(BLUE_TARGET);
  t.equal((await told(RED, '10.7.0.0/24', both)).virtualNetwork, 'default-domain:demo:red');
  t.equal((await told(BLUE, '10.7.0.0/24', both)).virtualNetwork, 'default-domain:demo:blue');
});

t.test('a route that we originated comes in only with accept-own', { skip: exabgpMissing }, async (t) => {
  const { node, told, announce, exabgp } = await besideExabgp(t);
  const back = `${words()} originator-id 10.1.1.1`;
  await announce(`route 10.7.1.0/24 rd 192.168.0.204:500 ${back}`);
  const [path] = await exabgp.process.answers(
    async () => node.routes({ table: 'bgp.l3vpn.0', prefix: '10.7.1.0/24' })[0]?.paths,
    20_000,
  );
  t.match(path, { feasible: false, because: 'originator-id-loop' });
  t.same(node.routes({ table: `${RED}.inet.0` }), [], 'and into no network');
  const own = await told(RED, '10.7.0.0/24', `${back} community [ 65535:1 ]`);
  t.match(own, { nextHops: [hopOf({})], communityTags: ['accept-own'] });
});

t.test('a longer AS number: security groups and tags are pairs', { skip: exabgpMissing }, async (t) => {
  const { told } = await besideExabgp(t, 4_200_000_000);
  const attributes = await told(
    RED,
    '10.7.0.0/24',
    words(
      '0x8204fa56ea000001',
      '0x80040001007a1202',
      '0x8284fa56ea000001',
      '0x8084000100010001',
      '0x8271fa56ea000007',
    ),
  );
  t.match(attributes, { securityGroups: [8000002], virtualNetwork: 'default-domain:demo:blue' });
  t.same(attributes.nextHops[0]!.tags, [65537]);
});

const workload = (prefix: string): UnicastItem => ({
  family: prefix.includes(':') ? 'inet6' : 'inet',
  prefix: parsePrefix(prefix),
  attributes: itemAttributes({
    nextHops: [
      nextHop({
        address: parseAddress('10.1.1.3'),
        label: 25,
        encapsulations: ['gre', 'udp'],
        tags: [65537],
        mac: parseMac('52:54:00:aa:00:03'),
        localSequence: 7,
      }),
    ],
    mobility: { sequence: 5, sticky: true },
    securityGroups: [8000002, 5],
    communityTags: ['64512:100', 'no-reoriginate'],
    localPref: 200,
    loadBalance: { fields: ['l3-source-address'], decision: 'source-bias' },
  }),
});

interface GobgpAttribute {
  readonly type?: number;
  readonly [field: string]: unknown;
}

interface GobgpCommunity {
  readonly type: number;
  readonly subtype: number;
  /** What GoBGP has no name for: the octets behind the type, in base64. */
  readonly value?: string;
  readonly [field: string]: unknown;
}

/** A community as GoBGP prints it, as octets where it has no name for it. */
function community({ type, subtype, value, ...named }: GobgpCommunity): string | object {
  const isUnnamed = Object.keys(named).length === 0 && value?.endsWith('=') === true;
  if (!isUnnamed) return { type, subtype, ...(value !== undefined && { value }), ...named };
  return Buffer.from([type, ...Buffer.from(value, 'base64')]).toString('hex');
}

for (const [asn, numbered] of [
  [64512, ['8004fc0000000005', '8004fc00007a1202', '8071fc0000000006', '8084fc0000010001']],
  [
    4_200_000_000,
    [
      '80040000007a1202',
      '8004000100000005',
      '8084000000010001',
      '8204fa56ea000000',
      '8204fa56ea000001',
      '8271fa56ea000006',
      '8284fa56ea000000',
    ],
  ],
] as const) {
  t.test(`all that an agent of AS ${asn} says, as GoBGP reads it`, { skip: missing('gobgp') }, async (t) => {
    const [ours, theirs] = [block.take(), block.take()];
    const gobgp = await Gobgp.start({
      asn,
      routerId: '192.168.0.205',
      address: theirs,
      neighbors: [{ address: ours, asn, families: ['l3vpn-ipv4-unicast', 'l3vpn-ipv6-unicast'] }],
    });
    t.teardown(() => gobgp.stop());
    const node = await runningControlNode(t, {
      ...settings(asn),
      address: ours,
      peers: [{ name: 'gobgp', address: theirs, port: gobgp.port, families: ['inet-vpn', 'inet6-vpn'] }],
    });
    const one = await ComputeNode.connect(node.xmppAddress!, 'compute-1', '10.1.1.3');
    t.teardown(async () => one.kill());
    one.subscribe(RED, 4);
    for (const [family, prefix] of [
      ['vpnv4', '10.2.0.4/32'],
      ['vpnv6', '2001:db8::4/128'],
    ] as const) {
      one.announce(RED, workload(prefix));
      const [route] = await gobgp.process.answers(async () => {
        const rib = (await gobgp.json('global', 'rib', '-a', family)) as Record<
          string,
          { attrs: readonly GobgpAttribute[]; nlri: object }[]
        >;
        return rib?.[`10.1.1.3:4:${prefix}`];
      }, 20_000);
      t.match(route!.nlri, { prefix, labels: [25], rd: { type: 1, admin: '10.1.1.3', assigned: 4 } });
      const attribute = (type: number): GobgpAttribute => {
        const { type: _, ...rest } = route!.attrs.find((each) => each.type === type)!;
        return rest;
      };
      t.same(attribute(1), { value: 2 }, 'ORIGIN incomplete');
      t.same(attribute(2), { as_paths: [] });
      t.same(attribute(4), { metric: 100 });
      t.same(attribute(5), { value: 200 });
      t.same(attribute(8), { communities: [0xfc000064, 0xfffff000] });
      t.match(attribute(14), { nexthop: '10.1.1.3' });
      t.same((attribute(16)['value'] as GobgpCommunity[]).map(community), [
        { type: 0, subtype: 2, value: '64512:8000004' },
        { type: 3, subtype: 12, tunnel_type: 2 },
        { type: 3, subtype: 12, tunnel_type: 13 },
        '03aa800080000000',
        { type: 6, subtype: 0, sequence: 5, is_sticky: true },
        { type: 6, subtype: 3, mac: '52:54:00:aa:00:03' },
        ...numbered,
        'c000000000070000',
      ]);
    }
  });
}
