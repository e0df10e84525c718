/** Who stands behind a Service, by Endpoints and EndpointSlices as clusters write them at their worst moments. */
import t from 'tap';
import type { EndpointSlice, KubernetesObject } from '../src/kubernetes-object.ts';
import { serving, sliceBackends } from '../src/mapping/endpoints.ts';
import { traceText } from '@vaportrail/show';
import { serviceChain } from '../src/service-chain.ts';
import { made, mapped, namesOf, reasons, service } from './sample-cluster.ts';
import { endpoints, lb, podOf, running } from './sample-manager.ts';

interface Conditions {
  readonly ready?: boolean | null;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}

const SERVICE = 'service-web-clusterip';

function slice(
  name: string,
  pods: Readonly<Record<string, Conditions>>,
  { of = SERVICE, addressType = 'IPv4', port = 80, namespace = 'ns-user-1' } = {},
): KubernetesObject {
  return made('EndpointSlice', {
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': of } },
    addressType,
    endpoints: Object.entries(pods).map(([pod, conditions], index) => ({
      addresses: [addressType === 'IPv6' ? `fd00::${index + 1}` : `10.40.${index >> 8}.${index & 255}`],
      conditions,
      targetRef: { kind: 'Pod', name: pod },
    })),
    ports: [{ name: '', port, protocol: 'TCP' }],
  });
}

const ready = { ready: true, serving: true, terminating: false };
const ending = { ready: false, serving: true, terminating: true };
const ended = { ready: false, serving: false, terminating: true };
const starting = { ready: false, serving: false, terminating: false };

const pods = (of: readonly KubernetesObject[]): string[] =>
  serving(of.flatMap(({ object }) => sliceBackends(object as EndpointSlice))).map(([, { pod }]) => pod!);

t.test('conditions of endpoints are read as kube-proxy reads them', (t) => {
  const cases: [string, Readonly<Record<string, Conditions>>, string[]][] = [
    ['ready and not', { a: ready, b: starting }, ['a']],
    ['readiness unknown counts as ready', { a: {}, b: { ready: null } }, ['a', 'b']],
    ['one that ends has nothing while another is ready', { a: ready, b: ending }, ['a']],
    ['those that end and still serve, where nobody is ready', { a: ending, b: ended, c: starting }, ['a']],
    ['one that ends without saying that it serves', { a: { ready: false, terminating: true } }, []],
    ['one that serves and does not end is just not ready', { a: { ready: false, serving: true } }, []],
    // The API server says ready of every pod of such a Service, whatever becomes of it.
    ['publishNotReadyAddresses', { a: { ready: true, serving: false, terminating: true } }, ['a']],
  ];
  for (const [what, endpointsOf, wanted] of cases) t.same(pods([slice('s', endpointsOf)]), wanted, what);
  t.same(pods([slice('1', { a: ending }), slice('2', { b: ready })]), ['b'], 'over all slices');
  t.same(pods([slice('s', { a: ready }, { addressType: 'FQDN' })]), []);
  t.end();
});

t.test('a Service whose pods all end keeps them as members, and says so', async (t) => {
  const backends = sliceBackends(slice('s', { a: ending, b: ended }).object as EndpointSlice);
  const desired = mapped(service({}), { backends });
  t.equal(namesOf(desired, 'loadbalancer-member').length, 1);
  t.same(reasons(desired), ['Draining']);
  t.match(desired.notes[0]!.message, /^no pod is ready; 1 that end and still serve have the traffic$/);
});

t.test('a rolling update of a single pod leaves the Service somebody at every step', async (t) => {
  const { manager, names } = await running(t);
  manager.put(lb());
  for (const name of ['old', 'new']) manager.put(podOf(name));
  for (const step of [
    { old: ready },
    { old: ready, new: starting },
    { old: ending, new: starting },
    { old: ending, new: ready },
    { new: ready },
  ]) {
    manager.put(slice('s', step as Record<string, Conditions>));
    await manager.settled();
    t.equal(names('loadbalancer-member').length, 1, Object.keys(step).join(' and '));
  }
});

t.test('thousands of endpoints in many slices are a member each, and a change is one write', async (t) => {
  const { manager, names } = await running(t);
  const all = Array.from({ length: 2000 }, (_, index) => `pod-${index}`);
  for (let node = 0; node < 20; node++) {
    const status = { addresses: [{ type: 'InternalIP', address: `10.169.26.${node}` }] };
    manager.put(made('Node', { metadata: { name: `node-${node}` }, status }));
  }
  for (const [index, name] of all.entries()) manager.put(podOf(name, `node-${index % 20}`));
  manager.put(lb());
  const part = (index: number, change: Record<string, Conditions> = {}): KubernetesObject => {
    const of = all.slice(index * 100, index * 100 + 100).map((name) => [name, ready]);
    return slice(`s-${index}`, { ...(Object.fromEntries(of) as Record<string, Conditions>), ...change });
  };
  for (let index = 0; index < 20; index++) manager.put(part(index));
  await manager.settled();
  t.equal(names('loadbalancer-member').length, 2000);
  const { writes } = manager;
  manager.put(part(17, { 'pod-1717': starting }));
  await manager.settled();
  t.equal(names('loadbalancer-member').length, 1999);
  t.equal(manager.writes, writes + 1);
});

t.test('a pod in two slices is one member, and ready where one of them says so', async (t) => {
  const { database, manager, names } = await running(t);
  manager.put(lb());
  for (const name of ['a', 'b']) manager.put(podOf(name));
  // What slices look like while a controller moves endpoints from one to another.
  manager.put(slice('s1', { a: starting, b: ready }));
  manager.put(slice('s2', { a: ready, b: ready }));
  await manager.settled();
  t.equal(names('loadbalancer-member').length, 2);
  const chain = serviceChain(manager.cluster.service('ns-user-1', SERVICE)!, manager, database.graph);
  t.same(chain.notReady, [], 'nobody is said to be missing');
  t.notMatch(traceText({ chain, routes: [] }), /not ready/);
});

t.test('a slice that is given to another Service is no longer behind the first', async (t) => {
  const { database, manager } = await running(t);
  const members = (name: string): number => {
    const [pool] = [...database.graph.ofType('loadbalancer-pool')].filter(({ fqName }) =>
      fqName.at(-1)!.startsWith(`${name}__`),
    );
    return database.graph.children(pool!.uuid, 'loadbalancer-member').length;
  };
  manager.put(lb());
  const uid = '11111111-1111-4111-8111-111111111111';
  manager.put({ kind: 'Service', object: service({ clusterIP: '10.96.7.7' }, { name: 'other', uid }) });
  manager.put(podOf('a'));
  manager.put(slice('s', { a: ready }));
  await manager.settled();
  t.same([members(SERVICE), members('other')], [1, 0]);
  manager.put(slice('s', { a: ready }, { of: 'other' }));
  await manager.settled();
  t.same([members(SERVICE), members('other')], [0, 1]);
  manager.put(slice('s', { a: ready }, { of: 'nobody' }));
  await manager.settled();
  t.same([members(SERVICE), members('other')], [0, 0]);
});

t.test('slices of both families are one member each pod, and the one that is balanced is said', async (t) => {
  const { manager, names } = await running(t);
  manager.put({
    kind: 'Service',
    object: service({ type: 'LoadBalancer', clusterIPs: ['10.105.139.153', 'fd00::99'] }),
  });
  for (const name of ['a', 'b']) manager.put(podOf(name));
  manager.put(slice('six', { a: ready, b: ready }, { addressType: 'IPv6' }));
  manager.put(slice('four', { a: ready, b: ready }));
  await manager.settled();
  t.equal(names('loadbalancer-member').length, 2);
  t.same(
    manager.notes('Service', 'ns-user-1', SERVICE).map(({ reason }) => reason),
    ['DualStack'],
  );
});

t.test('Endpoints that say what slices say are nothing new; without slices they count', async (t) => {
  const { manager, names } = await running(t);
  manager.put(lb());
  for (const name of ['a', 'b']) manager.put(podOf(name));
  manager.put(endpoints(['a', 'b']));
  await manager.settled();
  t.equal(names('loadbalancer-member').length, 2);
  manager.put(slice('s', { a: ready }));
  await manager.settled();
  t.equal(names('loadbalancer-member').length, 1, 'slices go first');
  let mapped = 0;
  const { cluster } = manager;
  const backends = cluster.backends.bind(cluster);
  cluster.backends = (...of) => {
    mapped++;
    return backends(...of);
  };
  manager.put(endpoints(['a']));
  await manager.settled();
  t.equal(mapped, 0, 'and nobody is mapped again for Endpoints that do not count');
  manager.put(endpoints(['a', 'b']));
  manager.remove('EndpointSlice ns-user-1/s');
  await manager.settled();
  t.equal(names('loadbalancer-member').length, 2);
  manager.remove(`Endpoints ns-user-1/${SERVICE}`);
  await manager.settled();
  t.equal(names('loadbalancer-member').length, 0);
});

t.test('of a Service with two families the slices of the one that is balanced count', async (t) => {
  const dual = { clusterIP: 'fd00::99', clusterIPs: ['fd00::99', '10.105.139.153'] };
  const { manager, names } = await running(t);
  manager.put(lb(dual));
  for (const name of ['a', 'b']) manager.put(podOf(name));
  // The controller writes them one after the other.
  manager.put(slice('six', { a: ready, b: ready }, { addressType: 'IPv6' }));
  manager.put(slice('four', { a: ready, b: starting }));
  await manager.settled();
  t.equal(names('loadbalancer-member').length, 1);
  t.same(names('floating-ip').filter((name) => name.includes('externalIP')).length, 1);
});

t.test('endpoints whose pod or node comes later are members as soon as it is there', async (t) => {
  const warned: string[] = [];
  const { manager, names, database } = await running(t, {
    event: ({ object }, { message }) => warned.push(`${object.metadata.name}: ${message}`),
  });
  const notes = (): string[] =>
    manager.notes('Service', 'ns-user-1', SERVICE).map(({ reason, message }) => `${reason}: ${message}`);
  manager.put(lb());
  manager.put(slice('s', { late: ready }));
  await manager.settled();
  t.equal(names('loadbalancer-member').length, 0);
  t.same(notes(), [
    'EndpointWithoutInterface: port 8888: late (10.40.0.0) is no pod with an interface here; traffic to it is not balanced',
  ]);
  manager.put(podOf('late', 'cent444'));
  await manager.settled();
  t.equal(names('loadbalancer-member').length, 1);
  t.same(notes(), []);
  t.match(warned, [/^late: .*: there is no virtual-router default-global-system-config:cent444$/]);
  const status = { addresses: [{ type: 'InternalIP', address: '10.169.25.44' }] };
  manager.put(made('Node', { metadata: { name: 'cent444' }, status }));
  await manager.settled();
  const router = database.byName('virtual-router', ['default-global-system-config', 'cent444']);
  t.equal(database.graph.references(router, 'virtual-machine').length, 1);
  t.same(manager.notes('Pod', 'ns-user-1', 'late'), []);
});

t.test('endpoints written by hand are the pods that have their addresses', async (t) => {
  const { manager, names } = await running(t);
  manager.put(lb({ selector: {} }));
  const status = { podIP: 'fd00::1', podIPs: [{ ip: 'fd00::1' }, { ip: '10.47.255.9' }], phase: 'Running' };
  const metadata = { name: 'dual', namespace: 'ns-user-1' };
  manager.put(made('Pod', { metadata, spec: { nodeName: 'cent222' }, status }));
  const byHand = (...ips: string[]) =>
    made('Endpoints', {
      metadata: { name: SERVICE, namespace: 'ns-user-1' },
      subsets: [{ addresses: ips.map((ip) => ({ ip })), ports: [{ port: 80 }] }],
    });
  manager.put(byHand('10.47.255.9', '192.0.2.1'));
  await manager.settled();
  t.equal(names('loadbalancer-member').length, 1);
  t.match(manager.notes('Service', 'ns-user-1', SERVICE), [
    { reason: 'EndpointWithoutInterface', message: /192\.0\.2\.1 is no pod/ },
  ]);
  manager.remove('Pod ns-user-1/dual');
  await manager.settled();
  t.equal(names('loadbalancer-member').length, 0);
});
