/** What each kind of Kubernetes object comes to in the configuration: a case here, and a file beside this one, for each. */
import type { Cluster } from '../cluster.ts';
import { type KubernetesObject, namespaceOf } from '../kubernetes-object.ts';
import { annotationNotes } from './annotations.ts';
import type { ClusterSettings } from './cluster-settings.ts';
import { type Desired, nothingDesired } from './desired-object.ts';
import { namespaceObjects } from './namespace.ts';
import { attachmentObjects } from './network-attachment.ts';
import { nodeObjects } from './node.ts';
import { podObjects } from './pod.ts';
import { serviceObjects } from './service.ts';
import type { ServiceSurroundings } from './service-surroundings.ts';

/** What is looked at besides an object to map it: other objects of the cluster, and what the configuration holds. */
export interface ClusterSurroundings extends Pick<
  ServiceSurroundings,
  'addressOf' | 'hasPool' | 'hasRouteTarget'
> {
  readonly settings: ClusterSettings;
  readonly cluster: Cluster;
}

/** All that an object needs as things are now; nothing for an object that is gone, or of a kind that needs nothing. */
export function desiredOf(one: KubernetesObject | undefined, surroundings: ClusterSurroundings): Desired {
  const desired = mapped(one, surroundings);
  const notes = one === undefined ? [] : annotationNotes(one);
  return notes.length === 0 ? desired : { ...desired, notes: [...desired.notes, ...notes] };
}

function mapped(one: KubernetesObject | undefined, surroundings: ClusterSurroundings): Desired {
  const { settings, cluster, addressOf, hasPool, hasRouteTarget } = surroundings;
  switch (one?.kind) {
    case 'Namespace':
      return namespaceObjects(settings, one.object);
    case 'Node':
      return nodeObjects(one.object);
    case 'NetworkAttachmentDefinition':
      return attachmentObjects(settings, one.object, cluster.networkAttachments());
    case 'Pod':
      return podObjects(settings, one.object, cluster.namespace(namespaceOf(one.object)));
    case 'Service': {
      const namespace = namespaceOf(one.object);
      return serviceObjects(settings, one.object, {
        namespace: cluster.namespace(namespace),
        backends: cluster.backends(namespace, one.object.metadata.name),
        pod: (name, address) => cluster.pod(namespace, name, address),
        addressOf,
        hasPool,
        hasRouteTarget,
      });
    }
    default:
      return nothingDesired;
  }
}
