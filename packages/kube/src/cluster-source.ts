/** A real cluster: every kind watched, and what became of a Service written back to it. */
import type { Clock } from '@vaportrail/net';
import { silentLog, type Log } from '@vaportrail/show';
import type { KubernetesApi } from './kubernetes-api.ts';
import type { KubernetesReports } from './kube-manager.ts';
import { kinds, namespaceOf, type Kind } from './kubernetes-object.ts';
import type { ObjectSink } from './manifest-source.ts';
import { ServicePatches } from './service-patches.ts';
import { ResourceWatch } from './watch.ts';

/** Endpoints count where a Service has no slices: in clusters before 1.19, or without the controllers that make them. */
const watched = [
  'Namespace',
  'Node',
  'NetworkAttachmentDefinition',
  'Pod',
  'Service',
  'Endpoints',
  'EndpointSlice',
] as const satisfies readonly Kind[];

const COMPONENT = 'vaportrail-kube';

export interface ClusterSourceOptions {
  readonly log?: Log;
  /** Write external addresses to `spec.externalIPs` too, as Contrail does. */
  readonly externalIps?: boolean;
  readonly clock?: Clock;
}

export class ClusterSource {
  readonly #watches: readonly ResourceWatch[];

  constructor(sink: ObjectSink, api: KubernetesApi, options: ClusterSourceOptions = {}) {
    let missing: number = watched.length;
    const listed = (): void => {
      if (--missing === 0) sink.synced();
    };
    const put = sink.put.bind(sink);
    const remove = sink.remove.bind(sink);
    const log = options.log ?? silentLog;
    this.#watches = watched.map((kind) => new ResourceWatch(kind, api, { put, remove, listed }, { log }));
  }

  /** Lists and follows every kind. */
  start(): void {
    for (const each of this.#watches) each.start();
  }

  /** Follows nothing any more. */
  stop(): void {
    for (const each of this.#watches) each.stop();
  }
}

/** Tells the cluster about its Services: status, until the cluster takes it, and events, which are sent once. */
export function clusterReports(api: KubernetesApi, options: ClusterSourceOptions = {}): KubernetesReports {
  const log = options.log ?? silentLog;
  const patches = new ServicePatches(api, options);
  return {
    ingress(service, addresses) {
      const path = `/api/v1/namespaces/${namespaceOf(service)}/services/${service.metadata.name}`;
      const ingress = addresses.map((ip) => ({ ip }));
      patches.send(`${path}/status`, { status: { loadBalancer: { ingress } } });
      if (options.externalIps === true) patches.send(path, { spec: { externalIPs: addresses } });
    },
    event({ kind, object }, { level, reason, message }) {
      const namespace = kinds[kind].namespaced ? namespaceOf(object) : 'default';
      const now = new Date().toISOString();
      const { name, uid, resourceVersion } = object.metadata;
      const path = `/api/v1/namespaces/${namespace}/events`;
      const event = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { generateName: `${name}.`, namespace },
        involvedObject: { kind, apiVersion: kinds[kind].apiVersion, namespace, name, uid, resourceVersion },
        reason,
        message: message.slice(0, 1024),
        type: level === 'warning' ? 'Warning' : 'Normal',
        source: { component: COMPONENT },
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
      };
      api
        .request('POST', path, {}, event)
        .catch((error: Error) => log.warn({}, `event on ${kind} ${name}: ${error.message}`));
    },
  };
}
