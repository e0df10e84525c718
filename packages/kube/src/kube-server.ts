/** The views of kube: Services, and each of them followed through the configuration. */
import type { ObjectGraph } from '@vaportrail/schema';
import { ViewError, ViewServer, type DaemonView, type Log } from '@vaportrail/show';
import type { ClusterLease } from './cluster-lease.ts';
import type { KubeManager } from './kube-manager.ts';
import { namespaceOf, type Service } from './kubernetes-object.ts';
import { serviceChain } from './service-chain.ts';

/** Views `/daemon`, `/services`, `/service?name=&namespace=`, `/health` and `/ready`; not listening yet. */
export function kubeServer(
  name: string,
  manager: KubeManager,
  graph: ObjectGraph,
  log?: Log,
  lease?: ClusterLease,
): ViewServer {
  const server = new ViewServer(log);
  const startedAt = new Date().toISOString();
  server.view('/daemon', (): DaemonView => ({ name, kind: 'kube', startedAt, version: '0.1.0' }));
  server.view('/health', () => ({ status: 'ok', uptime: Math.floor(process.uptime()) }));
  server.view('/ready', () => {
    // It is all it can be: where it were not, a rolling update would wait for ever to end the one that writes.
    if (lease?.isHeld === false) return { status: 'standby' };
    if (!manager.isSynced) throw new ViewError(503, 'not all kinds of objects have been listed yet');
    return { status: 'ready' };
  });
  server.view('/services', () =>
    [...manager.cluster.services()].map((service) => ({
      namespace: namespaceOf(service),
      name: service.metadata.name,
      type: service.spec.type,
      clusterIp: service.spec.clusterIP,
    })),
  );
  server.view(
    '/service',
    ({ name: wanted, namespace }) => serviceChain(found(wanted, namespace, manager), manager, graph),
    ['name', 'namespace'],
  );
  return server;
}

/** @throws ViewError 400 without a name, or with one that several namespaces have; 404 when there is no such Service */
function found(name: string | undefined, namespace: string | undefined, manager: KubeManager): Service {
  if (name === undefined) throw new ViewError(400, 'the parameter "name" is missing');
  const all = [...manager.cluster.services()].filter(
    (service) =>
      service.metadata.name === name && (namespace === undefined || namespaceOf(service) === namespace),
  );
  if (all.length > 1)
    throw new ViewError(400, `there is a ${name} in ${all.map(namespaceOf).join(', ')}: name the namespace`);
  const [service] = all;
  if (service === undefined)
    throw new ViewError(404, `there is no Service ${namespace === undefined ? '' : `${namespace}/`}${name}`);
  return service;
}
