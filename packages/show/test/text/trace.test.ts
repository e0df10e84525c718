import t from 'tap';
import { hostPrefix, traceStops, traceText, type ServiceTrace } from '../../src/text/trace.ts';

type Chain = ServiceTrace['chain'];
type Daemon = ServiceTrace['routes'][number]['daemons'][number];

const address = '101.101.101.252';
const member = {
  uuid: 'm',
  targetPort: 80,
  interface: 'vmi-1',
  node: 'cent222',
  nodeAddress: '10.169.25.20',
};
const listener = { protocol: 'TCP', port: 8888, members: [member] };
const floatingIp = {
  address,
  scope: 'external',
  network: 'public',
  routeTargets: ['500:500'],
  interfaces: ['vmi-1'],
  portMappings: ['TCP 8888 → 80'],
} as const;
const chain: Chain = {
  service: 'ns-user-1/service-web-lb',
  type: 'LoadBalancer',
  clusterIp: '10.96.89.48',
  loadbalancer: { name: 'service-web-lb', uuid: 'u', provider: 'native' },
  listeners: [listener],
  floatingIps: [floatingIp],
  notReady: [],
  notes: [],
};
const path = { nextHop: '10.169.25.20', source: 'x', verdict: 'used' } as const;

function daemon(kind: Daemon['kind'], over: Partial<Daemon> = {}): Daemon {
  const table = kind === 'gateway' ? 'k8s-test.inet.0' : 'public.inet.0';
  return {
    name: kind,
    kind,
    tables: [{ table, route: `${address}/32`, paths: [path] }],
    missing: [],
    ...over,
  };
}

function stops(over: Partial<Chain>, ...daemons: Daemon[]): string[] {
  const routes = daemons.length === 0 ? [] : [{ prefix: `${address}/32`, daemons }];
  return traceStops({ chain: { ...chain, ...over }, routes });
}

t.test('an address stands for its own prefix, and what is none for itself', async (t) => {
  t.same([address, 'fd00::1', '10.0.0.0/8', '10.169.25.20:9:101.101.101.252/32', '3-1:1-0'].map(hostPrefix), [
    `${address}/32`,
    'fd00::1/128',
    '10.0.0.0/8',
    '10.169.25.20:9:101.101.101.252/32',
    '3-1:1-0',
  ]);
});

t.test('a Service whose traffic reaches every pod is stopped by nothing, and its text says so', async (t) => {
  t.same(stops({}, daemon('control-node'), daemon('gateway')), []);
  t.match(
    traceText({ chain, routes: [] }),
    /\nnothing stops it in the configuration; no routes were looked at\n$/,
  );
});

t.test('every place where a Service stops is told with its reason', async (t) => {
  const none = { ...listener, members: [] };
  const { node: _node, ...nowhere } = member;
  const gone = { uuid: 'm', targetPort: 80 };
  const note = { level: 'warning', reason: 'NoFloatingIpPool', message: 'no floating-IP pool' } as const;
  const { loadbalancer: _, ...without } = chain;
  const gateway = (verdict: 'not used' | 'unusable', because: string): Daemon =>
    daemon('gateway', {
      tables: [{ table: 'k8s-test.inet.0', route: `${address}/32`, paths: [{ ...path, verdict, because }] }],
    });
  const cases: [string, string[], RegExp][] = [
    ['no port', stops({ listeners: [] }), /^the Service has no port that is balanced$/],
    [
      'no node',
      stops({ listeners: [{ ...listener, members: [nowhere] }] }),
      /^port 8888: vmi-1 is on no node that is known$/,
    ],
    [
      'no interface',
      stops({ listeners: [{ ...listener, members: [gone] }] }),
      /^port 8888: the interface of a member is gone$/,
    ],
    ['no endpoints', stops({ listeners: [none] }), /^port 8888: no members \(no endpoints\)$/],
    ['not ready', stops({ listeners: [none], notReady: ['web-1'] }), /no members \(not ready: web-1\)$/],
    [
      'port map missing',
      stops({ floatingIps: [{ ...floatingIp, portMappings: [] }] }),
      /the port map of TCP 8888 is missing$/,
    ],
    [
      'not on the interface',
      stops({ floatingIps: [{ ...floatingIp, interfaces: [] }] }),
      /^101\.101\.101\.252 is not on vmi-1$/,
    ],
    ['a warning', stops({ notes: [note] }), /^no floating-IP pool$/],
    [
      'no load balancer',
      traceStops({ chain: { ...without, notes: [note] }, routes: [] }),
      /no floating-IP pool/,
    ],
    [
      'not published',
      stops({}, daemon('control-node', { tables: [] })),
      /cent222 \(10\.169\.25\.20\) has not published it$/,
    ],
    [
      'no route target',
      stops({ floatingIps: [{ ...floatingIp, routeTargets: [] }] }, daemon('control-node')),
      /network public has no route target$/,
    ],
    [
      'no route target in common',
      stops(
        {},
        daemon('gateway', {
          tables: [],
          missing: [{ route: 'r', at: 'gateway', because: 'no VRF imports 500:500' }],
        }),
      ),
      /^gateway: r is missing: no VRF imports 500:500$/,
    ],
    [
      'unresolved',
      stops({}, gateway('unusable', 'next hop unresolved')),
      /is unusable: next hop unresolved$/,
    ],
    [
      'NotBest',
      stops({}, gateway('not used', 'Not Best in its group')),
      /is not used: Not Best in its group$/,
    ],
  ];
  for (const [what, found, wanted] of cases) {
    t.equal(found.length, 1, `${what}: ${found.join('; ')}`);
    t.match(found[0], wanted, what);
  }
});

t.test('routes of IPv6 are looked at as those of IPv4 are', async (t) => {
  const six = { ...floatingIp, address: '2001:db8::1' };
  const daemons = [daemon('control-node', { tables: [] })];
  const routes = [{ prefix: '2001:db8::1/128', daemons }];
  t.match(traceStops({ chain: { ...chain, floatingIps: [six] }, routes }), [/has not published it$/]);
});

t.test('a Service of many pods is one screen as well, and says how much it leaves out', async (t) => {
  const members = Array.from({ length: 300 }, (_, index) => ({ ...member, interface: `vmi-${index}` }));
  const many: Chain = { ...chain, listeners: [{ ...listener, members }] };
  const text = traceText({ chain: many, routes: [] });
  t.match(text, /pool, 300 members\n( {3}│ {4}member .*\n){8} {3}│ {4}… and 292 more\n/);
  t.match(text, /STOPS: … and 291 more\n$/);
  t.ok(text.split('\n').length < 40);
  t.equal(traceStops({ chain: many, routes: [] }).length, 299, 'as JSON all are there');
});

t.test('what would have a path used is said with it', async (t) => {
  const knob = 'set routing-options dynamic-tunnels NAME destination-networks 10.169.25.20/32';
  const unusable = { ...path, verdict: 'unusable', because: 'unresolved next hop', knob } as const;
  const table = { table: 'k8s-test.inet.0', route: `${address}/32`, paths: [unusable] };
  t.same(stops({}, daemon('gateway', { tables: [table] })), [
    `gateway: the path by 10.169.25.20 is unusable: unresolved next hop; to change it: ${knob}`,
  ]);
});

t.test('tables with the same paths stand together, and daemons without any are left out', async (t) => {
  const [pods, services] = ['d:p:pods:pods.inet.0', 'd:p:svc:svc.inet.0'];
  const route = `${address}/32`;
  const tables = [pods, services].map((table) => ({ table: table!, route, paths: [path] }));
  const text = traceText({
    chain,
    routes: [
      {
        prefix: route,
        daemons: [daemon('agent', { name: 'idle', tables: [] }), daemon('control-node', { tables })],
      },
    ],
  });
  t.match(text, /control-node \(control-node\)\n {10}pods\.inet\.0, svc\.inet\.0\n {10}\* 10\.169\.25\.20\n/);
  t.notMatch(text, /idle/);
});
