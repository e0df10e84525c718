/**
 * The two proxies of a load balancer with provider `opencontrail`, as objects: each a virtual machine on a node of its
 * own, with an interface that carries the address of the load balancer. The first is active, the second stands by: their
 * interfaces say so by their local preference, and agents publish it.
 */
import {
  BALANCER,
  balancerOfInstance,
  type ConfigObject,
  instanceUuids,
  isOpencontrail,
  madeBy,
  nodesOf,
  type ObjectGraph,
  OPENCONTRAIL,
  preferences,
} from '@vaportrail/schema';
import type { NewObject } from '../requested-write.ts';

export interface ProxyInstance {
  readonly machine: NewObject & { readonly uuid: string };
  readonly vmi: NewObject & { readonly uuid: string };
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

function nameOf({ fqName }: ConfigObject): string {
  return fqName.at(-1)!;
}
