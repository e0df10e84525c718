/** Objects of a cluster that nothing in it needs any more: what happened while nobody watched. */
import { annotationOf, type ConfigObject, type ObjectGraph, type ObjectTypeName } from '@vaportrail/schema';

/** Types of ours that a restart may find left over, in the order in which they can go. */
const sweepOrder = [
  'floating-ip',
  'loadbalancer-member',
  'loadbalancer-pool',
  'loadbalancer-listener',
  'loadbalancer',
  'instance-ip',
  'virtual-machine-interface',
  'virtual-machine',
] as const satisfies readonly ObjectTypeName[];

/** What was made for a cluster and is not needed, in the order in which it can go. */
export function leftovers(
  graph: ObjectGraph,
  cluster: string,
  isNeeded: (object: ConfigObject) => boolean,
): ConfigObject[] {
  const stale: ConfigObject[] = [];
  const ours = new Set<string>();
  for (const type of [...sweepOrder].reverse()) {
    for (const object of graph.ofType(type)) {
      const needed = isNeeded(object);
      if (!needed && !isOf(object, cluster, ours)) continue;
      ours.add(object.uuid);
      if (!needed) stale.push(object);
    }
  }
  return stale.reverse();
}

/** Whether an object was made for an object of Kubernetes, of whatever cluster, and says so. */
export function isOfKubernetes(object: ConfigObject): boolean {
  return annotationOf(object, 'owner') === 'k8s';
}

/** Whether an object was made for a cluster: it says so, or it is a part of a load balancer that was. */
function isOf(object: ConfigObject, cluster: string, ours: ReadonlySet<string>): boolean {
  if (isOfKubernetes(object)) return annotationOf(object, 'cluster') === cluster;
  switch (object.type) {
    case 'loadbalancer-listener':
      return object.references.loadbalancer?.some(({ uuid }) => ours.has(uuid)) === true;
    case 'loadbalancer-pool':
      return object.references['loadbalancer-listener']?.some(({ uuid }) => ours.has(uuid)) === true;
    case 'loadbalancer-member':
      return annotationOf(object, 'vmi') !== undefined && ours.has(object.parent!.uuid);
    default:
      return false;
  }
}
