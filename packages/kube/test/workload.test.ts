import t from 'tap';
import { expand } from '../src/workload.ts';
import type { Endpoints, KubernetesObject, Pod, Service } from '../src/kubernetes-object.ts';
import { made } from './sample-cluster.ts';

const serviceSubnet = '10.96.0.0/12';
const nodes = ['cent222', 'cent333'].map((name) => made('Node', { metadata: { name } }));
const deployment = (replicas: number, over: object = {}, annotations: object = {}): KubernetesObject =>
  made('Deployment', {
    metadata: { name: 'webserver', namespace: 'ns', annotations },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'webserver' } },
      template: {
        metadata: { labels: { app: 'webserver' } },
        spec: { containers: [{ name: 'web', ports: [{ name: 'http', containerPort: 80 }] }], ...over },
      },
    },
  });
const service = (spec: object = {}): KubernetesObject =>
  made('Service', {
    metadata: { name: 'web', namespace: 'ns' },
    spec: { selector: { app: 'webserver' }, ports: [{ port: 8888, targetPort: 80 }], ...spec },
  });
const of = <T>(objects: readonly KubernetesObject[], kind: string): T[] =>
  objects.filter((one) => one.kind === kind).map(({ object }) => object as T);

t.test('a Deployment becomes pods with names that stay, on the nodes in turn', async (t) => {
  const pods = (replicas: number) =>
    of<Pod>(expand([...nodes, deployment(replicas)], { serviceSubnet }).objects, 'Pod');
  const three = pods(3);
  t.same(
    three.map(({ spec }) => spec.nodeName),
    ['cent222', 'cent333', 'cent222'],
  );
  t.same(pods(2), three.slice(0, 2), 'scaling leaves the other pods as they were');
  for (const { metadata } of three) t.match(metadata.name, /^webserver-[b-z2-9]{10}-[b-z2-9]{5}$/);
  t.same(pods(0), []);
});

t.test('a node that the template names is where its pods are', async (t) => {
  const { objects } = expand([...nodes, deployment(2, { nodeName: 'cent333' })], { serviceSubnet });
  t.same(
    of<Pod>(objects, 'Pod').map(({ spec }) => spec.nodeName),
    ['cent333', 'cent333'],
  );
});

t.test('endpoints follow selector and readiness', async (t) => {
  const subsets = (...objects: KubernetesObject[]) =>
    of<Endpoints>(expand([...nodes, ...objects], { serviceSubnet }).objects, 'Endpoints')[0]!.subsets;
  const [set] = subsets(deployment(3, {}, { 'vaportrail.io/not-ready': '1' }), service());
  t.equal(set?.addresses.length, 2);
  t.equal(set?.notReadyAddresses.length, 1);
  t.match(set?.ports, [{ port: 80 }]);
  t.same(subsets(deployment(1), service({ selector: { app: 'other' } })), []);
});

t.test('a target port by name is looked up in each pod', async (t) => {
  const old = made('Pod', {
    metadata: { name: 'old', namespace: 'ns', labels: { app: 'webserver' } },
    spec: { containers: [{ name: 'web', ports: [{ name: 'http', containerPort: 8080 }] }] },
  });
  const { objects } = expand(
    [...nodes, deployment(1), old, service({ ports: [{ port: 1, targetPort: 'http' }] })],
    { serviceSubnet },
  );
  t.match(of<Endpoints>(objects, 'Endpoints')[0]?.subsets, [
    { ports: [{ port: 80 }] },
    { ports: [{ port: 8080 }] },
  ]);
});

t.test('Services get a clusterIP that stays, and never one that is asked for', async (t) => {
  const address = (...objects: KubernetesObject[]) =>
    of<Service>(expand(objects, { serviceSubnet }).objects, 'Service')[0]!.spec.clusterIP;
  const own = address(service());
  t.match(own, /^10\.(9[6-9]|10\d|11[01])\./);
  t.equal(address(service()), own);
  const other = made('Service', {
    metadata: { name: 'other', namespace: 'ns' },
    spec: { clusterIP: own, ports: [{ port: 1 }] },
  });
  t.not(address(service(), other), own);
  const twice = expand([service({ clusterIP: own }), other], { serviceSubnet });
  t.match(twice.problems, [/Service ns\/other: clusterIP .* is that of Service ns\/web/]);
});

t.test('a namespace nobody defined is there when objects live in it', async (t) => {
  const { objects, problems } = expand([deployment(1)], { serviceSubnet });
  t.match(of(objects, 'Namespace'), [{ metadata: { name: 'ns' } }]);
  t.match(problems, [/there is no Node/]);
});

t.test('who stands behind a Service that selects nothing is what its Endpoints say', async (t) => {
  const metadata = { name: 'web', namespace: 'ns' };
  const byHand = made('Endpoints', { metadata, subsets: [{ addresses: [{ ip: '192.0.2.7' }] }] });
  for (const selector of [{}, null, undefined]) {
    const { objects } = expand([...nodes, deployment(2), service({ selector }), byHand], { serviceSubnet });
    t.same(of<Endpoints>(objects, 'Endpoints'), [byHand.object], JSON.stringify(selector));
    t.same(
      of<Endpoints>(expand([deployment(2), service({ selector })], { serviceSubnet }).objects, 'Endpoints'),
      [],
    );
  }
  const { objects } = expand([...nodes, deployment(2), service(), byHand], { serviceSubnet });
  t.equal(of<Endpoints>(objects, 'Endpoints')[0]!.subsets[0]!.addresses.length, 2, 'a selector goes first');
});

t.test('pods of a Service that publishes those that are not ready all count', async (t) => {
  const { objects } = expand(
    [
      ...nodes,
      deployment(2, {}, { 'vaportrail.io/not-ready': '0,1' }),
      service({ publishNotReadyAddresses: true }),
    ],
    { serviceSubnet },
  );
  t.match(of<Endpoints>(objects, 'Endpoints')[0]!.subsets, [
    { addresses: { length: 2 }, notReadyAddresses: [] },
  ]);
});
