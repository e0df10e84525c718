// `vaportrail kube` at a real Kubernetes API server, with no more rights than deploy/kubernetes gives it: what kubectl
// applies becomes configuration, the external address is in the status, readiness is followed, and neither a restart of
// the server nor a history that is compacted away loses anything; a cluster made anew, with new tokens, is followed too.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ConfigDatabase, EmbeddedStore, LoadBalancerDrivers } from '@vaportrail/config';
import { clusterReports, ClusterSource, KubeManager } from '@vaportrail/kube';
import { bookManifests } from '@vaportrail/lab';
import type { Log } from '@vaportrail/show';
import { Etcd3 } from 'etcd3';
import t from 'tap';
import { until } from '../running-lab.ts';
import { missingCluster, RealCluster } from './cluster.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);
const PATIENCE = 60_000;

t.setTimeout(300_000);

/**
 * The public network by hand, as in the book. A NetworkAttachmentDefinition would do it too, but a server of 1.20 built
 * with a Go that is newer than it falls over custom resources.
 */
async function publicNetwork(database: ConfigDatabase): Promise<void> {
  const parent = await until(
    async () => database.graph.byName('project', ['default-domain', 'k8s-ns-user-1']),
    (project) => project !== undefined,
    PATIENCE,
  );
  const { fqName } = parent!;
  const ipam = await database.create('network-ipam', { fqName: [...fqName, 'public'], parent: parent! });
  const subnet = { ip_prefix: '101.101.101.0', ip_prefix_len: 24 };
  const network = await database.create('virtual-network', {
    fqName: [...fqName, 'k8s-vn-ns-default-pod-network'],
    parent: parent!,
    properties: { route_target_list: { route_target: ['target:500:500'] } },
    references: { 'network-ipam': [{ uuid: ipam.uuid, attr: { ipam_subnets: [{ subnet }] } }] },
  });
  const pool = [...network.fqName, 'pool-ns-default'];
  await database.create('floating-ip-pool', { fqName: pool, parent: network });
}

t.test('Services of a real cluster become floating IPs', { skip: missingCluster() }, async (t) => {
  const folder = t.testdir({ cluster: {}, store: {} });
  const cluster = await RealCluster.start(join(folder, 'cluster'));
  t.teardown(() => cluster.stop());
  const kubectl = (...args: string[]) =>
    run('kubectl', ['--kubeconfig', cluster.adminKubeconfig, ...args]).then(({ stdout }) => stdout);
  const admin = cluster.as();

  const deploy = (): Promise<string> =>
    until(
      () => kubectl('apply', '-k', join(root, 'deploy/kubernetes')).catch((error: Error) => error.message),
      (text) => text.includes('deployment.apps/kube') && !text.includes('rror'),
      PATIENCE,
    );
  t.match(await deploy(), 'daemonset.apps/agent', 'the API server takes every file of deploy/kubernetes');

  const secrets = '/api/v1/namespaces/vaportrail/secrets';
  const newToken = (): Promise<string> =>
    until(
      async () => {
        const { items } = (await admin.request('GET', secrets)) as {
          items: { metadata: { name: string }; data?: { token?: string } }[];
        };
        const found = items.find(({ metadata }) => metadata.name.startsWith('kube-token'));
        return Buffer.from(found?.data?.token ?? '', 'base64').toString();
      },
      (text) => text !== '',
      PATIENCE,
    );
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, await newToken());
  const kubeApi = cluster.inPod(tokenFile);
  const refused = await kubeApi.request('GET', '/api/v1/secrets').catch((error: Error) => error);
  t.match(refused, { status: 403 }, 'kube may no more than it needs');

  const store = EmbeddedStore.open(join(folder, 'store'));
  const database = await ConfigDatabase.open(store);
  const drivers = new LoadBalancerDrivers(database);
  drivers.start();
  const manager = new KubeManager({ client: database, reports: clusterReports(kubeApi) });
  await manager.start();
  const told: string[] = [];
  const tell = (fields: object, message: string): void =>
    void told.push(`${new Date().toISOString()} ${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: tell, info: tell, warn: tell, error: tell, child: () => log };
  const source = new ClusterSource(manager, kubeApi, { log });
  source.start();
  t.teardown(async () => {
    if (!t.passing()) t.comment(told.join('\n'));
    source.stop();
    await manager.stop();
    await drivers.stop();
    database.close();
    await store.close();
  });

  // The book's manifests, but for the Deployment: there are no nodes here to run its pods.
  await kubectl('apply', '-f', join(bookManifests, '00-nodes.yaml'));
  const [namespace = ''] = readFileSync(join(bookManifests, '10-namespace.yaml'), 'utf8').split('---\n');
  writeFileSync(join(folder, 'namespace.yaml'), namespace);
  await kubectl('apply', '-f', join(folder, 'namespace.yaml'));
  await publicNetwork(database);
  for (const name of ['31-service-web-clusterip-mp', '32-service-web-lb'])
    await kubectl('apply', '-f', join(bookManifests, `${name}.yaml`));
  const pods = ['web-1', 'web-2'];
  for (const [index, name] of pods.entries()) {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'ns-user-1', labels: { app: 'webserver' } },
      spec: {
        nodeName: ['cent222', 'cent333'][index],
        automountServiceAccountToken: false,
        containers: [{ name: 'web', image: 'web', ports: [{ containerPort: 80 }] }],
      },
    };
    const file = join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(pod));
    await kubectl('apply', '-f', file);
  }
  /** As the network of the cluster gives them. */
  const addresses: Record<string, string> = { 'web-1': '10.47.255.238', 'web-2': '10.47.255.236' };
  const members = (): number => [...database.graph.ofType('loadbalancer-member')].length;
  /** As the kubelet would say of a pod. */
  const ready = (pod: string, yes: boolean): Promise<unknown> =>
    admin.request(
      'PATCH',
      `/api/v1/namespaces/ns-user-1/pods/${pod}/status`,
      {},
      {
        status: {
          phase: 'Running',
          podIP: addresses[pod],
          podIPs: [{ ip: addresses[pod] }],
          conditions: [{ type: 'Ready', status: yes ? 'True' : 'False' }],
        },
      },
    );
  for (const pod of pods) await ready(pod, true);
  const membersAre = (count: number): Promise<number> =>
    until(
      async () => members(),
      (found) => found === count,
      PATIENCE,
    );
  await membersAre(6);
  t.pass('three ports of two Services, two pods each; the slices are of v1beta1 on an old server');
  const shown = await until(
    () => kubectl('-n', 'ns-user-1', 'get', 'service', 'service-web-lb', '-o', 'wide'),
    (text) => text.includes('101.101.101.252'),
    PATIENCE,
  );
  t.match(shown, /LoadBalancer +10\.96\.89\.48 +101\.101\.101\.252/, 'kubectl shows the external address');

  await ready('web-1', false);
  await membersAre(3);
  await ready('web-1', true);
  await membersAre(6);

  const writes = manager.writes;
  await cluster.stopServer();
  await cluster.startServer();
  await ready('web-2', false);
  await membersAre(3);
  await ready('web-2', true);
  await membersAre(6);
  t.ok(manager.writes - writes < 40, 'a restart of the API server is no reason to write everything again');

  // What happened while the server was away is compacted: the watches are told 410 and list again.
  await cluster.stopServer();
  const etcd = new Etcd3({ hosts: cluster.etcdEndpoint });
  for (let i = 0; i < 5; i++) await etcd.put('unrelated').value(String(i));
  const { header } = await etcd.get('unrelated').exec();
  await etcd.delete().key('/registry/services/specs/ns-user-1/service-web-clusterip-mp');
  const { header: after } = await etcd.get('unrelated').exec();
  await etcd.kv.compact({ revision: after.revision, physical: true });
  t.ok(Number(after.revision) > Number(header.revision));
  etcd.close();
  await cluster.startServer();
  await membersAre(2);
  const balancers = (): string =>
    [...database.graph.ofType('loadbalancer')]
      .filter(({ fqName }) => fqName[1] === 'k8s-ns-user-1')
      .map(({ fqName }) => fqName[2]!.split('__')[0])
      .join();
  await until(
    async () => balancers(),
    (names) => names === 'service-web-lb',
    PATIENCE,
  );
  t.pass('a Service that went meanwhile is gone');

  await kubectl('-n', 'ns-user-1', 'delete', 'service', 'service-web-lb');
  await membersAre(0);
  await manager.settled();
  await drivers.settled();
  const external = [...database.graph.ofType('floating-ip')].filter(
    ({ parent }) => parent?.type === 'floating-ip-pool',
  );
  t.same(external, [], 'and its address is free');

  const none = readFileSync(join(bookManifests, '32-service-web-lb.yaml'), 'utf8').replace(
    'namespace: ns-user-1 }',
    'namespace: ns-user-1, annotations: { opencontrail.org/fip-pool: "no JSON" } }',
  );
  writeFileSync(join(folder, 'none.yaml'), none);
  await kubectl('apply', '-f', join(folder, 'none.yaml'));
  const events = await until(
    () => kubectl('-n', 'ns-user-1', 'get', 'events'),
    (text) => text.includes('BadFloatingIpPool'),
    PATIENCE,
  );
  t.match(events, /Warning +BadFloatingIpPool +service\/service-web-lb/, 'what is wrong is an event');

  // The cluster is made anew: another history, other UIDs, and the account of before is nobody.
  const gone = [...database.graph.ofType('loadbalancer')].map(({ uuid }) => uuid);
  t.ok(gone.length > 0);
  await cluster.startAnew();
  await until(
    async () => told.some((each) => each.includes('Unauthorized')),
    (said) => said,
    PATIENCE,
  );
  t.pass('a token that is no longer good is told');
  await deploy();
  writeFileSync(tokenFile, await newToken());
  await kubectl('apply', '-f', join(folder, 'namespace.yaml'));
  await kubectl('apply', '-f', join(bookManifests, '31-service-web-clusterip-mp.yaml'));
  await until(
    async () => balancers(),
    (found) => found === 'service-web-clusterip-mp',
    2 * PATIENCE,
  );
  const left = (): string[] => gone.filter((uuid) => database.graph.get(uuid) !== undefined);
  await until(
    async () => left(),
    (found) => found.length === 0,
    PATIENCE,
  );
  t.pass('what was is gone, and what is has the UIDs of now');
});
