/**
 * The two proxies of a load balancer with provider `opencontrail`, as objects: each a virtual machine on a node of its
 * own, with an interface that carries the address of the load balancer. The first is active, the second stands by: their
 * interfaces say so by their local preference, and agents publish it.
 */
import type { NewObject } from '../config-database.ts';
import { annotationOf, type ConfigObject } from '../config-object.ts';
import { derivedUuid } from '../derived-uuid.ts';
import type { ObjectGraph } from '../object-graph.ts';
import { driverOf, madeBy } from '../rules/driver-floating-ip.ts';
import { providerOf } from './balanced.ts';

export const OPENCONTRAIL = 'opencontrail';

/** LOCAL_PREF of the routes of each instance, in their order. */
export const preferences = [200, 100] as const;

/** The annotation of an instance's machine and interface that names the load balancer. */
const BALANCER = 'loadbalancer';

export interface ProxyInstance {
  readonly machine: NewObject & { readonly uuid: string };
  readonly vmi: NewObject & { readonly uuid: string };
}

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

/** The instances a load balancer needs; none while it has no interface of its own in a network. */
export function wantedInstances(balancer: ConfigObject, graph: ObjectGraph): ProxyInstance[] {
  const carrier = carrierOf(balancer, graph);
  const network = carrier === undefined ? undefined : graph.references(carrier, 'virtual-network')[0];
  const project = balancer.parent;
  if (!isOpencontrail(balancer) || carrier === undefined || network === undefined || project === undefined)
    return [];
  const at = (uuid: string) => [{ uuid, attr: null }];
  const annotations = {
    key_value_pair: [...madeBy(OPENCONTRAIL).key_value_pair, { key: BALANCER, value: balancer.uuid }],
  };
  return instanceUuids(balancer.uuid).map(({ machine, vmi }, index) => {
    const name = `${balancer.fqName.join('__')}__${index + 1}`;
    return {
      machine: { uuid: machine, fqName: [name], properties: { annotations } },
      vmi: {
        uuid: vmi,
        fqName: [...balancer.fqName.slice(0, -1), `${name}__right`],
        parent: project,
        properties: {
          annotations,
          virtual_machine_interface_properties: {
            local_preference: preferences[index]!,
            service_interface_type: 'right',
          },
        },
        references: {
          'virtual-machine': at(machine),
          'virtual-network': at(network.uuid),
          'security-group': carrier.references['security-group'] ?? [],
        },
      },
    };
  });
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

/** The load balancer's own interface, which is on no node. */
export function carrierOf(balancer: ConfigObject, graph: ObjectGraph): ConfigObject | undefined {
  return graph.references(balancer, 'virtual-machine-interface')[0];
}

/** What has the addresses of a load balancer and must lead to both instances: its instance IPs and floating IPs. */
export function addressesOf(carrier: ConfigObject, graph: ObjectGraph): ConfigObject[] {
  return [...graph.referrers(carrier.uuid, 'instance-ip'), ...graph.referrers(carrier.uuid, 'floating-ip')];
}

/**
 * The node for an instance: the one it is on; otherwise, of those with an address, one that does not have its twin, with
 * the fewest instances, the first by name of several.
 */
export function nodeFor(machine: string, twin: string, graph: ObjectGraph): ConfigObject | undefined {
  const [present] = nodesOf(machine, graph);
  if (present !== undefined) return present;
  const taken = new Set(nodesOf(twin, graph).map(({ uuid }) => uuid));
  const load = (router: ConfigObject): number =>
    graph.references(router, 'virtual-machine').filter((one) => balancerOfInstance(one) !== undefined).length;
  return [...graph.ofType('virtual-router')]
    .filter(
      ({ uuid, properties }) => !taken.has(uuid) && properties['virtual_router_ip_address'] !== undefined,
    )
    .map((router) => ({ router, load: load(router) }))
    .toSorted((a, b) => a.load - b.load || (nameOf(a.router) < nameOf(b.router) ? -1 : 1))[0]?.router;
}

/** Nodes that have a machine: one, or, for a moment, those that several config nodes chose. */
export function nodesOf(machine: string, graph: ObjectGraph): ConfigObject[] {
  return graph.referrers(machine, 'virtual-router').toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function nameOf({ fqName }: ConfigObject): string {
  return fqName.at(-1)!;
}
