/**
 * What the `native` load-balancer driver wants of each floating IP: every member's interface refers to it, and it maps
 * each listener's port to the members'. Contrail's driver keeps a copy of what it did and works on differences; this one
 * says what ought to be, so that nothing depends on the order of events or on what an earlier process knew.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  balancerOf,
  balancersOf,
  type ConfigObject,
  derivedUuid,
  driverOf,
  type Listener,
  listenersOf,
  madeBy,
  type ObjectGraph,
  portMappings,
  type Reference,
} from '@vaportrail/schema';
import type { NewObject, ObjectChange } from '../requested-write.ts';

const NATIVE = 'native';

/** The floating IP for the address that clients inside the cluster use, when the instance IP of a load balancer lacks it. */
export function missingFloatingIp(instanceIp: ConfigObject, graph: ObjectGraph): NewObject | undefined {
  const vmis = instanceIp.references['virtual-machine-interface'] ?? [];
  const balancer = vmis.flatMap(({ uuid }) => balancersOf(uuid, graph))[0];
  if (balancer === undefined || graph.children(instanceIp.uuid, 'floating-ip').length > 0) return undefined;
  // Two config nodes that both miss it make the same one, and only one of them succeeds.
  const uuid = derivedUuid(`floating-ip of ${instanceIp.uuid}`);
  const project = balancer.parent?.uuid;
  const listeners = listenersOf(balancer, graph);
  return {
    uuid,
    fqName: [...instanceIp.fqName, uuid],
    parent: { type: 'instance-ip', uuid: instanceIp.uuid },
    properties: {
      annotations: madeBy(NATIVE),
      floating_ip_is_virtual_ip: false,
      ...wantedProperties(listeners),
    },
    references: {
      ...(project === undefined ? {} : { project: [{ uuid: project, attr: null }] }),
      'virtual-machine-interface': wantedReferences([], listeners),
    },
  };
}

/** What has to change about a floating IP; nothing when it is as it should be, or is none of this driver's business. */
export function floatingIpChange(
  floatingIp: ConfigObject,
  graph: ObjectGraph,
): ObjectChange | 'delete' | undefined {
  const balancer = balancerOf(floatingIp, graph);
  const ofInstanceIp = floatingIp.parent?.type === 'instance-ip';
  if (balancer === undefined) {
    if (driverOf(floatingIp) !== NATIVE) return undefined;
    return ofInstanceIp ? 'delete' : released(floatingIp);
  }
  const listeners = listenersOf(balancer, graph);
  const properties: Record<string, unknown> = {
    ...wantedProperties(listeners),
    floating_ip_fixed_ip_address: null,
    ...(ofInstanceIp ? addressOfParent(floatingIp, graph) : {}),
    ...(driverOf(floatingIp) === undefined ? { annotations: marked(floatingIp) } : {}),
  };
  const own = ofInstanceIp ? [] : (balancer.references['virtual-machine-interface'] ?? []);
  const references = wantedReferences(own, listeners);
  const same =
    Object.entries(properties).every(([key, value]) =>
      isDeepStrictEqual(floatingIp.properties[key] ?? null, value),
    ) &&
    isDeepStrictEqual(uuids(floatingIp.references['virtual-machine-interface'] ?? []), uuids(references));
  return same ? undefined : { properties, references: { 'virtual-machine-interface': references } };
}

/** A floating IP of an instance IP has the address of that. */
function addressOfParent({ parent }: ConfigObject, graph: ObjectGraph): Record<string, unknown> {
  const address = graph.get(parent?.uuid ?? '')?.properties['instance_ip_address'];
  return address === undefined ? {} : { floating_ip_address: address };
}

/** A floating IP that lost its load balancer serves nobody, and is as it was before. */
function released(floatingIp: ConfigObject): ObjectChange {
  const { key_value_pair: pairs } = floatingIp.properties['annotations'] as ReturnType<typeof madeBy>;
  const others = pairs.filter(({ key }) => key !== madeBy(NATIVE).key_value_pair[0]!.key);
  return {
    properties: {
      annotations: others.length === 0 ? null : { key_value_pair: others },
      floating_ip_traffic_direction: 'both',
      floating_ip_port_mappings_enable: false,
      floating_ip_port_mappings: null,
    },
    references: { 'virtual-machine-interface': [] },
  };
}

function marked({ properties }: ConfigObject): ReturnType<typeof madeBy> {
  const annotations = (properties['annotations'] ?? { key_value_pair: [] }) as ReturnType<typeof madeBy>;
  return { key_value_pair: [...annotations.key_value_pair, ...madeBy(NATIVE).key_value_pair] };
}

function wantedProperties(listeners: readonly Listener[]): Record<string, unknown> {
  const mappings = portMappings(listeners);
  return {
    floating_ip_traffic_direction: 'ingress',
    floating_ip_port_mappings_enable: mappings.length > 0,
    floating_ip_port_mappings: mappings.length > 0 ? { port_mappings: mappings } : null,
  };
}

function wantedReferences(own: readonly Reference[], listeners: readonly Listener[]): Reference[] {
  const wanted = new Set(own.map(({ uuid }) => uuid));
  for (const { members } of listeners) for (const { vmi } of members) wanted.add(vmi);
  return [...wanted].toSorted().map((uuid) => ({ uuid, attr: null }));
}

function uuids(references: readonly Reference[]): string[] {
  return references.map(({ uuid }) => uuid).toSorted();
}
