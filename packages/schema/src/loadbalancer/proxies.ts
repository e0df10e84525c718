/** The proxies of load balancers with the provider `opencontrail`: which there are, and where. */
import type { ConfigObject } from '../config-object.ts';
import { annotationOf } from '../config-object.ts';
import { derivedUuid } from '../derived-uuid.ts';
import { driverOf } from '../driver-annotation.ts';
import type { ObjectGraph } from '../object-graph.ts';
import { providerOf } from './balanced.ts';

/** The provider whose load balancers are proxies. */
export const OPENCONTRAIL = 'opencontrail';

/** LOCAL_PREF of the routes of each instance, in their order. */
export const preferences = [200, 100] as const;

/** The annotation of an instance's machine and interface that names the load balancer. */
export const BALANCER = 'loadbalancer';

/** Whether proxies serve it. */
export function isOpencontrail(balancer: ConfigObject): boolean {
  return providerOf(balancer) === OPENCONTRAIL;
}

/** The UUIDs of the machines and interfaces a load balancer has, or would have. */
export function instanceUuids(balancer: string): { readonly machine: string; readonly vmi: string }[] {
  return preferences.map((_, index) => ({
    machine: derivedUuid(`machine ${index + 1} of ${balancer}`),
    vmi: derivedUuid(`interface ${index + 1} of ${balancer}`),
  }));
}

/** The load balancer that a machine or an interface was made for. */
export function balancerOfInstance(object: ConfigObject): string | undefined {
  return driverOf(object) === OPENCONTRAIL ? annotationOf(object, BALANCER) : undefined;
}

/** The nodes that run the proxies of a load balancer, the active one first. */
export function proxiesOf(
  balancer: ConfigObject,
  graph: ObjectGraph,
): { readonly node: string; readonly nodeAddress: string; readonly preference: number }[] {
  return instanceUuids(balancer.uuid).flatMap(({ machine }, index) =>
    nodesOf(machine, graph).map((router) => ({
      node: nameOf(router),
      nodeAddress: String(router.properties['virtual_router_ip_address'] ?? ''),
      preference: preferences[index]!,
    })),
  );
}

/** Nodes that have a machine: one, or, for a moment, those that several config nodes chose. */
export function nodesOf(machine: string, graph: ObjectGraph): ConfigObject[] {
  return graph.referrers(machine, 'virtual-router').toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function nameOf({ fqName }: ConfigObject): string {
  return fqName.at(-1)!;
}
