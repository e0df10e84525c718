/** A kube manager with the namespace, nodes and public network of the book. */
import { ConfigDatabase, EmbeddedStore } from '@vaportrail/config';
import type { Test } from 'tap';
import { KubeManager, type KubernetesReports } from '../src/kube-manager.ts';
import type { KubernetesObject } from '../src/kubernetes-object.ts';
import { made, pod, poolText, service } from './sample-cluster.ts';

const annotations = { 'opencontrail.org/isolation': 'true', 'opencontrail.org/fip-pool': poolText };
/** What is there before the first Service. */
export const base: KubernetesObject[] = [
  made('Namespace', { metadata: { name: 'ns-user-1', annotations } }),
  made('Node', {
    metadata: { name: 'cent222' },
    status: { addresses: [{ type: 'InternalIP', address: '10.169.25.20' }] },
  }),
  made('Node', {
    metadata: { name: 'cent333' },
    status: { addresses: [{ type: 'InternalIP', address: '10.169.25.21' }] },
  }),
  made('NetworkAttachmentDefinition', {
    metadata: {
      name: 'vn-ns-default',
      namespace: 'ns-user-1',
      annotations: {
        'opencontrail.org/cidr': '101.101.101.0/24',
        'vaportrail.io/route-targets': 'target:500:500',
        'vaportrail.io/fip-pools': 'pool-ns-default',
      },
    },
  }),
];

/** A manager over a database of its own, with everything of {@link base} applied. */
export async function running(t: Test, reports: Partial<KubernetesReports> = {}) {
  const store = EmbeddedStore.open(t.testdir({}));
  const database = await ConfigDatabase.open(store);
  const start = async (): Promise<KubeManager> => {
    const manager = new KubeManager({ client: database, reports });
    await manager.start();
    for (const one of base) manager.put(one);
    return manager;
  };
  const manager = await start();
  manager.synced();
  await manager.settled();
  t.teardown(async () => {
    await manager.stop();
    database.close();
    await store.close();
  });
  const names = (type: Parameters<typeof database.graph.ofType>[0]): string[] =>
    [...database.graph.ofType(type)].map(({ fqName }) => fqName.at(-1)!);
  return { database, manager, start, names };
}

/** Endpoints of the one Service, at port 80. */
export const endpoints = (ready: string[], notReady: string[] = []) =>
  made('Endpoints', {
    metadata: { name: 'service-web-clusterip', namespace: 'ns-user-1' },
    subsets: [
      {
        addresses: ready.map((name, i) => ({ ip: `10.47.255.${230 + i}`, targetRef: { kind: 'Pod', name } })),
        notReadyAddresses: notReady.map((name, i) => ({
          ip: `10.47.255.${240 + i}`,
          targetRef: { kind: 'Pod', name },
        })),
        ports: [{ port: 80 }],
      },
    ],
  });
export const lb = (over: object = {}) =>
  ({ kind: 'Service', object: service({ type: 'LoadBalancer', ...over }) }) as KubernetesObject;
export const podOf = (name: string, node = 'cent222') =>
  ({ kind: 'Pod', object: pod(name, { node }) }) as KubernetesObject;
