/** What a user may get wrong in manifests, each told with its file, line and object. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigDatabase, EmbeddedStore } from '@vaportrail/config';
import type { ObjectGraph } from '@vaportrail/schema';
import t from 'tap';
import { manifestProblems } from '../src/check-manifests.ts';
import { KubeManager } from '../src/kube-manager.ts';
import { kinds, type KubernetesObject } from '../src/kubernetes-object.ts';
import { defaultSettings } from '../src/mapping/cluster-settings.ts';

const book = fileURLToPath(new URL('../../../lab/manifests', import.meta.url));
const publicNetwork = (
  name: string,
  cidr: string,
  annotations = 'vaportrail.io/route-targets: "target:500:500"',
) =>
  `---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata:
  name: ${name}
  annotations: { opencontrail.org/cidr: ${cidr}, vaportrail.io/fip-pools: pool, ${annotations} }
`;
const balancer = (name: string, pool: string, spec = '') =>
  `---
apiVersion: v1
kind: Service
metadata: { name: ${name}, annotations: { opencontrail.org/fip-pool: '${pool}' } }
spec: { type: LoadBalancer, ports: [{ port: 80 }]${spec} }
`;
const poolOf = (network: string): string =>
  `{"domain":"default-domain","project":"k8s-default","network":"${network}","name":"pool"}`;

t.test('nothing is wrong with the manifests of the book, and nothing is left behind', async (t) => {
  const folders = (): string[] =>
    readdirSync(tmpdir()).filter((name) => name.startsWith('vaportrail-check-'));
  const before = folders();
  t.same(await manifestProblems([book], defaultSettings), []);
  t.same(
    folders().filter((name) => !before.includes(name)),
    [],
  );
});

t.test(
  'pools made by hand are those of a real configuration, with the addresses given out there',
  async (t) => {
    const store = EmbeddedStore.open(t.testdir({ m: {} }));
    const database = await ConfigDatabase.open(store);
    t.teardown(async () => {
      database.close();
      await store.close();
    });
    const manager = new KubeManager({ client: database });
    await manager.start();
    const named = (kind: 'NetworkAttachmentDefinition', cidr: string): KubernetesObject => ({
      kind,
      object: kinds[kind].schema.parse({
        metadata: { name: 'pub', namespace: 'default', annotations: { 'opencontrail.org/cidr': cidr } },
      }),
    });
    manager.put(named('NetworkAttachmentDefinition', '100.64.1.0/29'));
    manager.synced();
    await manager.settled();
    await manager.stop();
    // As the book does it: the route target and the pool by hand, on a network of a manifest.
    const network = database.byName('virtual-network', [
      'default-domain',
      'k8s-default',
      'k8s-pub-pod-network',
    ]);
    await database.update('virtual-network', network.uuid, {
      properties: { route_target_list: { route_target: ['target:500:500'] } },
    });
    const pool = await database.create('floating-ip-pool', {
      fqName: [...network.fqName, 'pool'],
      parent: network,
    });
    await database.create('floating-ip', {
      fqName: [...pool.fqName, 'by-hand'],
      parent: pool,
      properties: { floating_ip_address: '100.64.1.4' },
    });
    const file = join(t.testdirName, 'm', 'web.yaml');
    const text = (spec = ''): string =>
      publicNetwork('pub', '100.64.1.0/29', 'x: y').replace('vaportrail.io/fip-pools: pool, ', '') +
      balancer('web', poolOf('pub'), spec);
    writeFileSync(file, text());
    const before = database.sequence;
    const told = (graph?: ObjectGraph) => manifestProblems([file], defaultSettings, graph);
    t.match(await told(), [
      /web\.yaml:8: .*there is no floating-IP pool .*:pub:pool \(Service default\/web\)$/,
    ]);
    t.same(await told(database.graph), []);
    writeFileSync(file, text(', loadBalancerIP: 100.64.1.4'));
    t.match(await told(database.graph), [/web\.yaml:8: .*100\.64\.1\.4 is taken by floating-ip .*:by-hand/]);
    t.equal(database.sequence, before, 'and nothing of it is written');
  },
);

const cases: Record<string, readonly [text: string, ...problems: readonly RegExp[]]> = {
  'a manifest that is not YAML': ['a: b\n c: [\n', /^FILE:1:4: Nested mappings/],
  'a kind that is not handled': [
    'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: web }\n',
    /^FILE:1: kind Ingress is not used here \(Ingress web\)$/,
  ],
  'a port out of range': [
    'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec:\n  ports:\n    - port: 70000\n',
    /^FILE:6:\d+: spec\.ports\[0\]\.port: must be 1 to 65535 \(Service web\)$/,
  ],
  'a pool annotation that is not JSON': [
    publicNetwork('pub', '100.64.1.0/24') + balancer('web', 'pool-1'),
    /^FILE:8: opencontrail\.org\/fip-pool of the Service is not \{.*\}: pool-1 \(Service default\/web\)$/,
  ],
  'a pool annotation that names no pool': [
    publicNetwork('pub', '100.64.1.0/24') + balancer('web', poolOf('other')),
    /^FILE:8: opencontrail\.org\/fip-pool of the Service: there is no floating-IP pool default-domain:k8s-default:other:pool \(Service default\/web\)$/,
  ],
  'subnets that overlap': [
    publicNetwork('one', '100.64.0.0/16') + publicNetwork('two', '100.64.1.0/24'),
    /^FILE:2: opencontrail\.org\/cidr: 100\.64\.0\.0\/16 overlaps 100\.64\.1\.0\/24 of default\/two, with target:500:500 in common \(NetworkAttachmentDefinition default\/one\)$/,
    /^FILE:8: opencontrail\.org\/cidr: 100\.64\.1\.0\/24 overlaps .* \(NetworkAttachmentDefinition default\/two\)$/,
  ],
  'a subnet that overlaps that of pods': [
    publicNetwork('pub', '10.40.0.0/16'),
    /^FILE:2: opencontrail\.org\/cidr: 10\.40\.0\.0\/16 overlaps the subnet of pods, 10\.32\.0\.0\/12 /,
  ],
  'a subnet that is none': [
    publicNetwork('pub', '100.64.0.0/33'),
    /^FILE:2: opencontrail\.org\/cidr: "100\.64\.0\.0\/33" is no subnet/,
  ],
  'a network without a route target': [
    publicNetwork('pub', '100.64.1.0/24', '') + balancer('web', poolOf('pub')),
    /^FILE:2: vaportrail\.io\/route-targets is missing: no gateway imports .* \(NetworkAttachmentDefinition default\/pub\)$/,
    /^FILE:8: network default-domain:k8s-default:k8s-pub-pod-network has no route target: .* \(Service default\/web\)$/,
  ],
  'a route target that is none': [
    publicNetwork('pub', '100.64.1.0/24', 'vaportrail.io/route-targets: "500"'),
    /^FILE:2: .*is no route target, e\.g\. target:64512:100.* \(NetworkAttachmentDefinition default\/pub\)$/,
  ],
  'an address that the pool does not have': [
    publicNetwork('pub', '100.64.1.0/24') + balancer('web', poolOf('pub'), ', loadBalancerIP: 100.64.2.1'),
    /^FILE:8: floating-ip .*100\.64\.2\.1.* \(Service default\/web\)$/,
  ],
  'an address that two ask for': [
    publicNetwork('pub', '100.64.1.0/24') +
      balancer('a', poolOf('pub'), ', loadBalancerIP: 100.64.1.9') +
      balancer('b', poolOf('pub'), ', loadBalancerIP: 100.64.1.9'),
    /^FILE:13: floating-ip .*100\.64\.1\.9 is taken by .* \(Service default\/b\)$/,
  ],
  'a pool that has too few addresses': [
    publicNetwork('pub', '100.64.1.0/30') + balancer('a', poolOf('pub')) + balancer('b', poolOf('pub')),
    /^FILE:8: floating-ip .*: no address is left .* \(Service default\/a\)$/,
    /^FILE:13: floating-ip .*: no address is left .* \(Service default\/b\)$/,
  ],
};

for (const [what, [text, ...problems]] of Object.entries(cases)) {
  t.test(`${what} is told with file, line and object`, async (t) => {
    const folder = t.testdir();
    mkdirSync(join(folder, 'm'));
    const file = join(folder, 'm', 'web.yaml');
    writeFileSync(file, text);
    const told = await manifestProblems([join(folder, 'm')], defaultSettings);
    t.equal(told.length, problems.length, told.join('\n'));
    for (const [at, problem] of problems.entries()) t.match(told[at]?.replace(file, 'FILE'), problem);
  });
}

t.test(
  'misspelt fields and annotations of a NetworkAttachmentDefinition, and annotations of others',
  async (t) => {
    const folder = t.testdir({
      'all.yaml': `apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata:
  name: pub
  annotatoins: { opencontrail.org/cidr: 100.64.1.0/24 }
sepc: {}
---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata:
  name: net
  annotations: { opencontrail.org/cdir: 100.64.2.0/24, opencontrail.org/fip-pools: a, any.thing/else: is fine }
spec: { conifg: '{}' }
---
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata:
  name: other
  annotations:
    opencontrail.org/cidr: 100.64.3.0/24
    vaportrail.io/route-target: target:500:500
    opencontrail.org/ip_fabric_snat: 'true'
---
apiVersion: v1
kind: Namespace
metadata: { name: ns, annotations: { opencontrail.org/isolatoin: 'true', vaportrail.io/colour: red } }
`,
    });
    const problems = (await manifestProblems([folder], defaultSettings)).map((one) =>
      one.replace(`${folder}/`, ''),
    );
    t.same(problems, [
      'all.yaml:5:3: metadata.annotatoins: unknown field; did you mean "annotations"? (NetworkAttachmentDefinition pub)',
      'all.yaml:6:1: sepc: unknown field; did you mean "spec"? (NetworkAttachmentDefinition pub)',
      'all.yaml:13:9: spec.conifg: unknown field; did you mean "config"? (NetworkAttachmentDefinition net)',
      'all.yaml:15: metadata.annotations: vaportrail.io/route-target of a NetworkAttachmentDefinition is not read; did you mean "vaportrail.io/route-targets"? (NetworkAttachmentDefinition default/other)',
      'all.yaml:24: metadata.annotations: opencontrail.org/isolatoin of a Namespace is not read; did you mean "opencontrail.org/isolation"? (Namespace ns)',
      'all.yaml:24: metadata.annotations: vaportrail.io/colour of a Namespace is not read (Namespace ns)',
    ]);
  },
);
