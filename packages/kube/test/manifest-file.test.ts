import t from 'tap';
import { readManifests } from '../src/manifest-file.ts';

t.test('a file has several documents, and what is wrong is told at its line', async (t) => {
  const text = `# Two documents
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  ports:
    - port: 70000
---
apiVersion: v1
kind: Namespace
metadata: { name: good }
---
apiVersion: v1
kind: ConfigMap
---
kind: Service
---
- a list
---
apiVersion: v2
kind: Pod
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { ports: [{ port: 1 }, { port: 1 }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { port: [{ port: 1 }] }
---
apiVersion: v1
kind: Service
metadata: { name: headless }
spec: { clusterIP: None }
`;
  const { objects, problems, notes } = readManifests(text, 'web.yaml');
  t.match(objects, [
    { kind: 'Namespace', object: { metadata: { name: 'good' } } },
    { kind: 'Service', object: { metadata: { name: 'headless' } } },
  ]);
  t.match(problems, [
    'web.yaml:7:13: spec.ports[0].port: must be 1 to 65535 (Service web)',
    'web.yaml:16: apiVersion: is missing',
    /^web\.yaml:18: is no Kubernetes object/,
    'web.yaml:20: apiVersion: a Pod is v1, not v2',
    /^web\.yaml:26:.*spec\.ports/,
    /./,
    /./,
    'web.yaml:31:9: spec.port: unknown field; did you mean "ports"? (Service web)',
    /^web\.yaml:31:7: spec\.ports: is missing: a Service needs ports \(Service web\)$/,
  ]);
  t.same(notes, ['web.yaml:13: kind ConfigMap is not used here']);
  t.match(readManifests('a: [1', 'x.yaml').problems, [/^x\.yaml:1:\d+: /]);
});

t.test('a list is as many objects as it has, and what is wrong in one is told at its line', (t) => {
  const text = `apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Namespace
    metadata: { name: good }
  - apiVersion: v1
    kind: Service
    metadata: { name: web, namespace: shop }
    spec:
      ports:
        - { port: 80, prot: 1, port: 81 }
  - apiVersion: v1
    kind: Secret
    metadata: { name: s }
  - just text
---
apiVersion: v1
kind: ServiceList
items: [{ apiVersion: v1, kind: Service, metadata: { name: last }, spec: { ports: [{ port: 0 }] } }]
`;
  const { objects, places, problems, notes } = readManifests(text, 'list.yaml');
  t.match(objects, [{ kind: 'Namespace', object: { metadata: { name: 'good' } } }]);
  t.same(places, ['list.yaml:4']);
  t.same(problems, [
    'list.yaml:12:23: spec.ports[0].prot: unknown field; did you mean "port"? (Service shop/web)',
    'list.yaml:12:32: duplicate key "port" (Service shop/web)',
    'list.yaml:16: is no Kubernetes object: a mapping with apiVersion, kind and metadata',
    'list.yaml:20:92: spec.ports[0].port: must be 1 to 65535 (Service last)',
  ]);
  t.same(notes, ['list.yaml:13: kind Secret is not used here (Secret s)']);
  t.end();
});

t.test('documents with nothing in them are nothing', (t) => {
  for (const text of ['', '---\n---\n', '# only a remark\n', '\ufeff', '---\n...\n---\n'])
    t.same({ ...readManifests(text, 'e.yaml') }, { objects: [], places: [], problems: [], notes: [] });
  t.end();
});

t.test('what is older than the version we know is read, what is none is told', (t) => {
  const slice = (version: string) =>
    `apiVersion: ${version}\nkind: EndpointSlice\nmetadata: { name: s }\naddressType: IPv4\nendpoints: []\n`;
  t.equal(readManifests(slice('discovery.k8s.io/v1beta1'), 's.yaml').objects.length, 1);
  t.same(readManifests(slice('v1'), 's.yaml').problems, [
    's.yaml:1: apiVersion: a EndpointSlice is discovery.k8s.io/v1, not v1 (EndpointSlice s)',
  ]);
  t.end();
});

t.test(
  'a bomb of aliases, a hole without a bottom and text that is no YAML are told, and the rest is read',
  (t) => {
    const bomb = Array.from(
      { length: 9 },
      (_, i) =>
        `  a${i}: &a${i} [${Array(9)
          .fill(i === 0 ? 'x' : `*a${i - 1}`)
          .join(', ')}]`,
    );
    const text = `apiVersion: v1\nkind: Service\nmetadata:\n  name: bomb\n${bomb.join('\n')}\nspec: {}\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: good }\n`;
    const read = readManifests(text, 'bomb.yaml');
    t.match(read.problems.at(-1), /^bomb\.yaml:1:1: .*alias.* \(Service bomb\)$/);
    t.match(read.objects, [{ kind: 'Namespace' }]);
    t.match(readManifests('['.repeat(200_000), 'deep.yaml').problems, [/^deep\.yaml/]);
    t.match(readManifests('{'.repeat(200_000), 'deep.yaml').problems, [/^deep\.yaml/]);
    t.match(readManifests('%PDF-1.7\n\u0000\u0001 not: [yaml', 'a.yaml').problems[0], /^a\.yaml:\d+:\d+: /);
    t.match(readManifests('\tkind: Service', 'a.yaml').problems[0], /^a\.yaml:1/);
    t.end();
  },
);

t.test('ten thousand documents in one file are read once each', (t) => {
  const one = (i: number): string =>
    `apiVersion: v1\nkind: Service\nmetadata: { name: s-${i} }\nspec: { ports: [{ port: ${i === 9999 ? 0 : 80} }] }\n`;
  const { objects, problems } = readManifests(
    Array.from({ length: 10_000 }, (_, i) => one(i)).join('---\n'),
    'm.yaml',
  );
  t.equal(objects.length, 9999);
  t.same(problems, ['m.yaml:49999:25: spec.ports[0].port: must be 1 to 65535 (Service s-9999)']);
  t.end();
});

t.test('a field that Kubernetes does not know is refused, as kubectl refuses it', async (t) => {
  const { objects, problems } = readManifests(
    `apiVersion: v1
kind: Service
metadata:
  name: web
  lables: { a: b }
  annotations: { any.thing/goes: here }
spec:
  type: LoadBalancer
  selectr: { app: web }
  ports:
    - port: 80
      targtPort: 8888
  loadBalancerIp: 101.101.101.252
status: { fromANewerServer: true }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: web
          readinessprobe: { httpGet: { port: 80 } }
      weather: sunny
---
apiVersion: v1
kind: Service
metadata: &meta { name: good, managedFields: [{ manager: m, fieldsV1: { 'f:any': {} } }] }
spec:
  ports: [{ port: 80, nodePort: 30080, appProtocol: http }]
  sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } }
`,
    'web.yaml',
  );
  t.same(problems, [
    'web.yaml:5:3: metadata.lables: unknown field; did you mean "labels"? (Service web)',
    'web.yaml:9:3: spec.selectr: unknown field; did you mean "selector"? (Service web)',
    'web.yaml:12:7: spec.ports[0].targtPort: unknown field; did you mean "targetPort"? (Service web)',
    'web.yaml:13:3: spec.loadBalancerIp: unknown field; did you mean "loadBalancerIP"? (Service web)',
    'web.yaml:27:11: spec.template.spec.containers[0].readinessprobe: unknown field; did you mean "readinessProbe"? (Deployment web)',
    'web.yaml:28:7: spec.template.spec.weather: unknown field (Deployment web)',
  ]);
  t.match(objects, [{ object: { metadata: { name: 'good' } } }]);
});
