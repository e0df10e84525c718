import { ConfigDatabase, EmbeddedStore } from '@vaportrail/config';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from '@vaportrail/show';
import t, { type Test } from 'tap';
import { KubeManager } from '../src/kube-manager.ts';
import { ManifestSource } from '../src/manifest-source.ts';

const book = fileURLToPath(new URL('../../../lab/manifests', import.meta.url));

/** The manifests of the book in a folder that may be edited, applied. */
async function applied(t: Test) {
  const folder = t.testdir({ store: {}, manifests: {} });
  const manifests = join(folder, 'manifests');
  cpSync(book, manifests, { recursive: true });
  const store = EmbeddedStore.open(join(folder, 'store'));
  const database = await ConfigDatabase.open(store);
  const ingress = new Map<string, readonly string[]>();
  const manager = new KubeManager({
    client: database,
    reports: { ingress: (service, addresses) => void ingress.set(service.metadata.name, addresses) },
  });
  await manager.start();
  const source = new ManifestSource(manager, {
    paths: [manifests],
    serviceSubnet: manager.settings.serviceSubnet,
  });
  source.start();
  await manager.settled();
  t.teardown(async () => {
    source.stop();
    await manager.stop();
    database.close();
    await store.close();
  });
  const count = (type: Parameters<typeof database.graph.ofType>[0]): number =>
    [...database.graph.ofType(type)].length;
  const edit = (file: string, change: (text: string) => string): void => {
    const path = join(manifests, file);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  };
  const until = async (holds: () => boolean): Promise<boolean> => {
    for (let wait = 0; wait < 200 && !holds(); wait++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      await manager.settled();
    }
    return holds();
  };
  return { database, manager, manifests, source, ingress, count, edit, until };
}

t.test('the manifests of the book need no cluster', async (t) => {
  const { database, count, ingress, source } = await applied(t);
  t.same(source.problems, []);
  t.equal(count('loadbalancer'), 3);
  t.equal(count('loadbalancer-listener'), 4);
  t.equal(count('loadbalancer-member'), 4, 'one pod behind each port');
  t.equal(count('virtual-machine'), 2, 'a web server and a client');
  t.same(ingress.get('service-web-lb'), ['101.101.101.252'], 'the first of the pool');
  const addresses = [...database.graph.ofType('instance-ip')].map(
    ({ properties }) => properties['instance_ip_address'],
  );
  t.ok(addresses.includes('10.96.89.48'));
  t.ok(addresses.includes('10.47.255.252'), 'pods get theirs from the top of the subnet');
});

t.test('an edited file is applied; one that is spoilt changes nothing until it is good again', async (t) => {
  const { count, edit, until, source, manifests } = await applied(t);
  edit('20-deploy-webserver.yaml', (text) => text.replace('replicas: 1', 'replicas: 2'));
  t.ok(await until(() => count('loadbalancer-member') === 8), 'scaled up');
  edit('20-deploy-webserver.yaml', (text) => text.replace('replicas: 2', 'replicas: many'));
  t.ok(await until(() => source.problems.length === 1));
  t.match(source.problems, [/20-deploy-webserver\.yaml:8:\d+: spec\.replicas: /]);
  t.equal(count('loadbalancer-member'), 8);
  edit('20-deploy-webserver.yaml', (text) => text.replace('replicas: many', 'replicas: 0'));
  t.ok(await until(() => count('loadbalancer-member') === 0), 'scaled to zero');
  t.same(source.problems, []);
  rmSync(join(manifests, '32-service-web-lb.yaml'));
  t.ok(await until(() => count('floating-ip') === 0), 'a deleted file takes its Service along');
  t.equal(count('loadbalancer'), 2);
});

t.test('a pod that fails its readiness is no member', async (t) => {
  const { count, edit, until } = await applied(t);
  edit('20-deploy-webserver.yaml', (text) =>
    text.replace(
      'namespace: ns-user-1',
      'namespace: ns-user-1\n  annotations: { vaportrail.io/not-ready: "0" }',
    ),
  );
  t.ok(await until(() => count('loadbalancer-member') === 0));
  t.equal(count('virtual-machine'), 2, 'and stays a pod');
});

t.test('a pool that is used up is told on the Service, and an address that comes free is used', async (t) => {
  const { count, edit, until, manager, ingress } = await applied(t);
  const lb = (name: string, ip: string): string =>
    `---\napiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: ns-user-1 }\nspec: { type: LoadBalancer, loadBalancerIP: ${ip}, ports: [{ port: 80 }] }\n`;
  edit('32-service-web-lb.yaml', (text) => text + lb('twin', '101.101.101.252') + lb('outside', '10.0.0.1'));
  t.ok(await until(() => count('loadbalancer') === 5));
  t.match(manager.notes('Service', 'ns-user-1', 'twin'), [
    {},
    { reason: 'FloatingIpFailed', message: /101\.101\.101\.252/ },
  ]);
  t.match(manager.notes('Service', 'ns-user-1', 'outside'), [{}, { reason: 'FloatingIpFailed' }]);
  t.equal(count('floating-ip'), 1);
  edit('32-service-web-lb.yaml', (text) => text.slice(text.indexOf('---')));
  t.ok(await until(() => ingress.get('twin')?.[0] === '101.101.101.252'), 'after the retry');
});

t.test('an object in two files is told with both places, and the first counts', async (t) => {
  const { source, manifests, until, count } = await applied(t);
  const text = readFileSync(join(manifests, '32-service-web-lb.yaml'), 'utf8');
  writeFileSync(join(manifests, '99-again.yaml'), `# the same once more\n${text.replace('8888', '7777')}`);
  t.ok(await until(() => source.problems.length === 1));
  t.match(source.problems, [
    /99-again\.yaml:2: Service ns-user-1\/service-web-lb is defined already at .*32-service-web-lb\.yaml:\d+, which is used$/,
  ]);
  t.equal(count('loadbalancer'), 3);
  rmSync(join(manifests, '32-service-web-lb.yaml'));
  t.ok(await until(() => source.problems.length === 0), 'and the other one when the first is gone');
});

t.test('a file that cannot be read stays what it was, and says why', async (t) => {
  const { source, manifests, until, count, manager } = await applied(t);
  const file = join(manifests, '32-service-web-lb.yaml');
  const good = readFileSync(file, 'utf8');
  for (const [spoilt, problem] of [
    [
      Buffer.from(good.replace('web', 'w\u00e9b'), 'latin1'),
      /32-service-web-lb\.yaml:\d+: is not UTF-8; what it last said stays$/,
    ],
    [Buffer.from(`\ufeff${good}`, 'utf16le'), /:1: is not UTF-8/],
    [
      Buffer.alloc(17 * 1024 * 1024, 0x23),
      /: 17825792 octets are more than 16777216; what it last said stays$/,
    ],
    [Buffer.from('kind: [Service'), /32-service-web-lb\.yaml:1:\d+: /],
    [
      Buffer.from(good.replace('8888', '"no"')),
      /spec\.ports\[0\]\.port: .* \(Service ns-user-1\/service-web-lb\)$/,
    ],
  ] as const) {
    writeFileSync(file, spoilt);
    t.ok(
      await until(() => source.problems.some((each) => problem.test(each))),
      `${problem}: ${source.problems.join()}`,
    );
    t.equal(count('floating-ip'), 1, 'its Service stays');
    writeFileSync(file, good);
    t.ok(await until(() => source.problems.length === 0), 'until it is good again');
  }
  t.equal(manager.notes('Service', 'ns-user-1', 'service-web-lb').length, 0);
  // A link to nothing is what a file is that goes while the folder is read.
  symlinkSync('/nowhere', join(manifests, 'gone.yaml'));
  mkdirSync(join(manifests, '..data'));
  writeFileSync(join(manifests, '..data', 'hidden.yaml'), good);
  writeFileSync(join(manifests, 'new.yaml'), 'apiVersion: v1\nkind: Namespace\nmetadata: { name: new }\n');
  t.ok(await until(() => manager.cluster.namespace('new') !== undefined));
  t.same(source.problems, []);
});

t.test('a single file is followed though editors put another in its place', async (t) => {
  const folder = t.testdir({ 'ns.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: { name: zero }\n' });
  const seen: string[] = [];
  const source = new ManifestSource(
    {
      put: ({ object }) => void seen.push(`+${object.metadata.name}`),
      remove: (key) => void seen.push(`-${key}`),
      synced: () => {},
    },
    { paths: [join(folder, 'ns.yaml')], serviceSubnet: '10.96.0.0/12' },
  );
  source.start();
  t.teardown(() => source.stop());
  for (const name of ['one', 'two', 'three']) {
    writeFileSync(join(folder, 'ns.yaml~'), `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`);
    renameSync(join(folder, 'ns.yaml~'), join(folder, 'ns.yaml'));
    for (let wait = 0; wait < 200 && !seen.includes(`+${name}`); wait++)
      await new Promise((resolve) => setTimeout(resolve, 25));
  }
  t.same(seen, ['+zero', '-Namespace zero', '+one', '-Namespace one', '+two', '-Namespace two', '+three']);
  writeFileSync(join(folder, 'beside.yaml'), 'apiVersion: v1\nkind: Namespace\nmetadata: { name: other }\n');
  source.read();
  t.equal(seen.length, 7, 'the files beside it are not ours');
});

t.test('what is wrong with an object of a manifest is told with its file and line', async (t) => {
  const folder = t.testdir({ store: {} });
  const file = join(folder, 'web.yaml');
  const annotated = (text: string): string =>
    `# one\napiVersion: v1\nkind: Service\nmetadata: { name: web, annotations: { opencontrail.org/fip-pool: '${text}' } }\nspec: { type: LoadBalancer, ports: [{ port: 80 }] }\n`;
  writeFileSync(file, annotated('pool-1'));
  const store = EmbeddedStore.open(join(folder, 'store'));
  const database = await ConfigDatabase.open(store);
  const told: unknown[] = [];
  const log: Log = {
    debug() {},
    info() {},
    error() {},
    child: () => log,
    warn: (fields, text) => void told.push([fields, text]),
  };
  const manager: KubeManager = new KubeManager({
    client: database,
    log,
    placeOf: (key) => source.placeOf(key),
  });
  const source: ManifestSource = new ManifestSource(manager, {
    paths: [file],
    serviceSubnet: '10.96.0.0/12',
  });
  await manager.start();
  source.start();
  t.teardown(async () => {
    source.stop();
    await manager.stop();
    database.close();
    await store.close();
  });
  await manager.settled();
  t.match(told, [
    [
      { object: 'Service default/web', place: `${file}:2`, reason: 'BadFloatingIpPool' },
      /^opencontrail\.org\/fip-pool of the Service is not \{'domain': .*: pool-1$/,
    ],
  ]);
  writeFileSync(file, annotated('{"domain":"d","project":"p","network":"n","name":"none"}'));
  source.read();
  await manager.settled();
  t.match(told[1], [
    { place: `${file}:2` },
    'opencontrail.org/fip-pool of the Service: there is no floating-IP pool d:p:n:none',
  ]);
});
