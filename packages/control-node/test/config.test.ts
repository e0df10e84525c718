import { hexText } from '@vaportrail/net';
import { ConfigError, readConfig } from '@vaportrail/show';
import t from 'tap';

import { controlNodeConfig, targetsOf, virtualNetworkOf } from '../src/config.ts';

function problems(text: string): string[] {
  try {
    readConfig(text, 'control-node.yaml', controlNodeConfig);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

const least = 'name: cent111\nrouter-id: 10.169.25.19\n';

t.test('a name and a router id suffice', async (t) => {
  const config = readConfig(least, 'control-node.yaml', controlNodeConfig);
  t.equal(config.asn, 64512);
  t.same(config.bgp, {
    listen: [{ address: '0.0.0.0', port: 179 }],
    peers: [],
    'dynamic-peers': [],
    'always-compare-med': false,
    'ignore-as-path': false,
  });
  t.same(config.xmpp, {
    listen: { address: '0.0.0.0', port: 5269 },
    'hold-time': 90,
    limits: { agents: 16_384, 'agents-per-address': 8192, pending: 4096, 'pending-per-address': 1024 },
    'end-of-rib-delay': 1,
  });
  t.same(config.introspect, { address: '127.0.0.1', port: 0 });
});

t.test('the instance of the public network of the lab', async (t) => {
  const { 'routing-instances': instances } = readConfig(
    `${least}routing-instances:
  - name: default-domain:k8s-ns-user-1:k8s-vn-ns-default-pod-network:k8s-vn-ns-default-pod-network
    vn-index: 11
    route-targets: [64512:8000016, 500:500]
    import: [500:500]
`,
    'control-node.yaml',
    controlNodeConfig,
  );
  const instance = instances[0]!;
  t.equal(virtualNetworkOf(instance), 'default-domain:k8s-ns-user-1:k8s-vn-ns-default-pod-network');
  const { imports, exports } = targetsOf(instance);
  t.same(
    imports.map((one) => hexText(one)),
    ['000201f4000001f4', '0002fc00007a1210'],
  );
  t.same(exports, imports);
});

t.test('names of agents are tied to certificates only where agents have to show one', async (t) => {
  const tls = (more: string): string => `${least}xmpp:\n  tls: {certificate: a.pem, key: a.key${more}}\n`;
  t.same(problems(tls(', authority: ca.pem, names: host')), []);
  t.same(problems(tls(', names: any')), []);
  t.same(problems(tls(', names: certificate')), [
    'control-node.yaml:4:48: xmpp.tls.names: needs an authority: without one certificates are not checked',
  ]);
});

t.test('every mistake is named with its line', async (t) => {
  t.same(
    problems(`${least}routing-instances:
  - name: default-domain:demo:red:red
    route-targets: [500:x]
  - name: default-domain:demo:red:red
  - name: red
bgp:
  peers:
    - address: 10.0.0.300
      asn: 4294967296
      famillies: [inet-vpn]
    - address: 10.0.0.2
      families: [vpnv4]
`),
    [
      'control-node.yaml:5:21: routing-instances[0].route-targets[0]: "500:x" is not a route target: expected ADMINISTRATOR:NUMBER, e.g. 64512:100 or 10.0.0.1:100',
      'control-node.yaml:7:11: routing-instances[2].name: must have the form domain:project:network:instance',
      'control-node.yaml:10:16: bgp.peers[0].address: "10.0.0.300" is not an IPv4 address',
      'control-node.yaml:11:12: bgp.peers[0].asn: 4294967296 is not an AS number (1 to 4294967295)',
      'control-node.yaml:12:7: bgp.peers[0].famillies: unknown key; did you mean "families"?',
      'control-node.yaml:14:18: bgp.peers[1].families[0]: "vpnv4" is called inet-vpn here, which is one of inet, inet6, inet-vpn, inet6-vpn, route-target, e-vpn, erm-vpn, inet-mvpn, inet-labeled',
    ],
  );
});

t.test(
  'a peer that is this control node itself is refused, another daemon of the machine is not',
  async (t) => {
    t.same(
      problems(`${least}bgp:
  listen: [{address: 10.0.0.1}, {address: '2001:db8::1', port: 1179}]
  peers:
    - {address: 10.0.0.1}
    - {address: '2001:DB8:0::1', port: 1179}
    - {address: 10.0.0.1, port: 1179}
    - {address: 10.0.0.2}
`),
      [
        'control-node.yaml:6:17: bgp.peers[0].address: is our own: bgp.listen[0] has it, with this port',
        'control-node.yaml:7:17: bgp.peers[1].address: is our own: bgp.listen[1] has it, with this port',
        'control-node.yaml:8:17: bgp.peers[2].address: is already the address of bgp.peers[0]',
      ],
    );
  },
);

t.test('peers with one name, and addresses of two families in a session, are refused', async (t) => {
  t.same(
    problems(`${least}bgp:
  peers:
    - {name: a, address: 10.0.0.2}
    - {name: a, address: 10.0.0.3, local-address: '2001:db8::1'}
`),
    [
      'control-node.yaml:6:14: bgp.peers[1].name: is already the name of bgp.peers[0]',
      'control-node.yaml:6:51: bgp.peers[1].local-address: 2001:db8::1 cannot reach 10.0.0.3: one is IPv4, the other IPv6',
    ],
  );
});

t.test('names, addresses and network numbers stand once', async (t) => {
  t.same(
    problems(`${least}routing-instances:
  - {name: default-domain:demo:red:red, vn-index: 5}
  - {name: default-domain:demo:red:red, vn-index: 5}
  - {name: default-domain:demo:blue:blue, vn-index: 5}
  - {name: default-domain:default-project:ip-fabric:__default__}
bgp:
  listen: []
  peers:
    - {address: 10.0.0.2}
    - {address: 10.0.0.2, passive: true}
`),
    [
      'control-node.yaml:5:12: routing-instances[1].name: is already the name of routing-instances[0]',
      'control-node.yaml:6:53: routing-instances[2].vn-index: 5 is already the index of default-domain:demo:red',
      'control-node.yaml:7:12: routing-instances[3].name: is the master instance, which is always there',
      'control-node.yaml:12:17: bgp.peers[1].address: is already the address of bgp.peers[0]',
      'control-node.yaml:12:36: bgp.peers[1].passive: a passive peer needs an address in bgp.listen',
    ],
  );
});

t.test('a peer has a role, and families with several paths in either direction', async (t) => {
  const parsed = (peer: object): ReturnType<typeof controlNodeConfig.safeParse> =>
    controlNodeConfig.safeParse({
      name: 'roles',
      'router-id': '10.0.0.1',
      bgp: { listen: [], peers: [{ address: '127.0.0.2', ...peer }] },
      xmpp: { listen: { address: '127.0.0.1', port: 0 } },
    });
  t.ok(parsed({ role: 'rs-client', 'add-path': { 'inet-vpn': 'receive' } }).success);
  for (const setting of ['send', 'both', { send: 'all' }, { receive: true, send: 4 }]) {
    t.ok(parsed({ 'add-path': { 'inet-vpn': setting } }).success, JSON.stringify(setting));
  }
  for (const setting of ['all', { send: 0 }, { send: 256 }, { most: 4 }]) {
    t.match(parsed({ 'add-path': { 'inet-vpn': setting } }).error?.issues, [
      { path: ['bgp', 'peers', 0, 'add-path', 'inet-vpn'] },
    ]);
  }
  t.match(parsed({ role: 'friend' }).error?.issues, [{ path: ['bgp', 'peers', 0, 'role'] }]);
});

t.test('peers by prefix: what contradicts itself, or nobody could use, is told at its line', async (t) => {
  const bgp = (text: string): string[] => problems(`${least}bgp:\n${text}`);
  t.same(
    bgp('  dynamic-peers: [{ prefix: 10.0.0.0/24 }, { prefix: 10.0.0.0/25, asn: 64513, limit: 5 }]\n'),
    [],
  );
  t.same(
    bgp(`  listen: [{ address: 10.0.0.1 }]
  dynamic-peers:
    - prefix: 10.0.0.0/33
    - prefix: 2001:db8::/32
    - prefix: 10.0.1.0/24
      limit: 0
    - prefix: 10.0.1.7/24
    - prefix: 10.0.2.0/24
      adress: 10.0.2.1
    - prefix: 10.0.3.0/24
      passive: true
`),
    [
      'control-node.yaml:6:15: bgp.dynamic-peers[0].prefix: "10.0.0.0/33" is not a prefix: the length must be 0–32',
      'control-node.yaml:9:14: bgp.dynamic-peers[2].limit: must be a whole number from 1 to 65535',
      'control-node.yaml:12:7: bgp.dynamic-peers[4].adress: unknown key',
      'control-node.yaml:14:7: bgp.dynamic-peers[5].passive: unknown key',
    ],
  );
  t.same(
    bgp(`  listen: [{ address: 10.0.0.1 }]
  dynamic-peers:
    - { prefix: '2001:db8::/32' }
    - { prefix: 10.0.1.0/24, password: secret }
    - { prefix: 10.0.1.7/24 }
    - { prefix: 10.0.1.128/25 }
  peers: [{ address: 10.0.1.9 }, { address: 10.0.1.8, password: own }]
`),
    [
      'control-node.yaml:6:17: bgp.dynamic-peers[0].prefix: bgp.listen has no IPv6 address that they could connect to',
      'control-node.yaml:8:17: bgp.dynamic-peers[2].prefix: is already the prefix of bgp.dynamic-peers[1]',
      'control-node.yaml:8:17: bgp.dynamic-peers[2].prefix: lies in bgp.dynamic-peers[1], which has a password: it needs one as well',
      'control-node.yaml:9:17: bgp.dynamic-peers[3].prefix: lies in bgp.dynamic-peers[1], which has a password: it needs one as well',
      'control-node.yaml:10:22: bgp.peers[0].address: lies in bgp.dynamic-peers[1], which has a password: it needs one as well',
    ],
  );
});
