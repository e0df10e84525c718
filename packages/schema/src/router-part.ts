/**
 * The part of the configuration that a compute node may see: what can be reached from its virtual router in steps that
 * are rows here, and the links between what was reached. The rows down to `virtual-network` are among those of Contrail's
 * control nodes. Those of load balancers are our own: Contrail's agents are not told of them, and pass over types that
 * they do not know (by their source; not tried).
 */
import { statesOf, type ConfigEvent } from './config-event.ts';
import type { ConfigObject } from './config-object.ts';
import {
  attributeLinks,
  writtenLinks,
  writtenName,
  type WrittenLink,
  type WrittenNode,
} from './written-object.ts';
import { parentType, referenceType } from './link-type.ts';
import { isNative, memberInterface } from './loadbalancer/balanced.ts';
import { balancerOfInstance, instanceUuids, isOpencontrail } from './loadbalancer/proxies.ts';
import { addedTargets, referredTo, type ObjectGraph } from './object-graph.ts';
import type { ObjectTypeName } from './object-type.ts';

/** Between an interface and the routing instance it is in; Contrail's schema transformer makes an object of it. */
const INTERFACE_INSTANCE = 'virtual-machine-interface-routing-instance';

/** What a step may look at. */
interface Surroundings {
  readonly graph: ObjectGraph;
  /** UUIDs of the workloads of the node. */
  readonly machines: ReadonlySet<string>;
}

/** Objects to go on to, each with the row to go on by: one object may be reached as more than one thing. */
type Steps = readonly (readonly [role: string, objects: readonly ConfigObject[]])[];

const steps = {
  /** Says nothing of others. */
  leaf: () => [],
  'virtual-router': (router, { graph, machines }) => [
    ['leaf', parentOf(router, graph)],
    ['virtual-machine', [...machines].flatMap((uuid) => ofType(graph.get(uuid), 'virtual-machine'))],
  ],
  'virtual-machine': (machine, { graph }) => [
    ['virtual-machine-interface', graph.referrers(machine.uuid, 'virtual-machine-interface')],
    [
      'proxied-loadbalancer',
      ofType(graph.get(balancerOfInstance(machine) ?? ''), 'loadbalancer').filter(isOpencontrail),
    ],
  ],
  'virtual-machine-interface': (vmi, { graph }) => [
    ['virtual-network', graph.references(vmi, 'virtual-network')],
    ['leaf', graph.references(vmi, 'security-group')],
    ['instance-ip', graph.referrers(vmi.uuid, 'instance-ip')],
    ['floating-ip', graph.referrers(vmi.uuid, 'floating-ip')],
  ],
  'instance-ip': (ip, { graph }) => [['virtual-network', graph.references(ip, 'virtual-network')]],
  'floating-ip': (ip, { graph }) => {
    const parents = parentOf(ip, graph);
    const ofInstanceIp = parents.filter(({ type }) => type === 'instance-ip');
    const carriers = graph.references(ofInstanceIp[0] ?? ip, 'virtual-machine-interface');
    return [
      ['floating-ip-pool', parents.filter(({ type }) => type === 'floating-ip-pool')],
      ['instance-ip', ofInstanceIp],
      ['carrier', carriers.filter(({ uuid }) => graph.isReferredTo(uuid, 'loadbalancer'))],
    ];
  },
  'floating-ip-pool': (pool, { graph }) => [['virtual-network', parentOf(pool, graph)]],
  'virtual-network': (network, { graph }) => [
    ['leaf', graph.children(network.uuid, 'routing-instance')],
    ['leaf', graph.references(network, 'network-ipam')],
  ],
  /** The interface that has the addresses of a load balancer and is on no node. */
  carrier: ({ uuid }, { graph }) => [
    ['loadbalancer', graph.referrers(uuid, 'loadbalancer').filter(isNative)],
  ],
  loadbalancer: ({ uuid }, { graph }) => [
    ['loadbalancer-listener', graph.referrers(uuid, 'loadbalancer-listener')],
  ],
  'loadbalancer-listener': ({ uuid }, { graph }) => [
    ['loadbalancer-pool', graph.referrers(uuid, 'loadbalancer-pool')],
  ],
  /** Of the members of a pool, those on this node: a node maps the ports of its own. */
  'loadbalancer-pool': ({ uuid }, { graph, machines }) => [
    [
      'leaf',
      graph.children(uuid, 'loadbalancer-member').filter((member) => {
        const vmi = graph.get(memberInterface(member) ?? '');
        return vmi?.references['virtual-machine']?.some((machine) => machines.has(machine.uuid)) === true;
      }),
    ],
  ],
  /** A load balancer whose proxy is here: all members and their addresses. */
  'proxied-loadbalancer': ({ uuid }, { graph }) => [
    ['proxied-listener', graph.referrers(uuid, 'loadbalancer-listener')],
  ],
  'proxied-listener': ({ uuid }, { graph }) => [['proxied-pool', graph.referrers(uuid, 'loadbalancer-pool')]],
  'proxied-pool': (pool, { graph }) => [
    ['proxied-member', graph.children(pool.uuid, 'loadbalancer-member')],
    ['leaf', graph.references(pool, 'loadbalancer-healthmonitor')],
  ],
  'proxied-member': (member, { graph }) => [
    ['member-interface', ofType(graph.get(memberInterface(member) ?? ''), 'virtual-machine-interface')],
  ],
  'member-interface': ({ uuid }, { graph }) => [['leaf', graph.referrers(uuid, 'instance-ip')]],
} as const satisfies Record<string, (object: ConfigObject, surroundings: Surroundings) => Steps>;

type Role = keyof typeof steps;

/**
 * Objects that a new or changed one of a type can be reached from, by the type of what it refers to or is a child of:
 * who sees one of those may see it.
 */
const reachedFrom: Partial<Record<ObjectTypeName, readonly ObjectTypeName[]>> = {
  'virtual-machine-interface': ['virtual-machine'],
  'instance-ip': ['virtual-machine-interface'],
  'floating-ip': ['virtual-machine-interface'],
  'routing-instance': ['virtual-network'],
  loadbalancer: ['virtual-machine-interface'],
  'loadbalancer-listener': ['loadbalancer'],
  'loadbalancer-pool': ['loadbalancer-listener'],
  'loadbalancer-member': ['loadbalancer-pool'],
};

/**
 * UUIDs of the workloads that a node may see: those that configuration puts there, and of those that are plugged in
 * there the ones that configuration puts nowhere.
 */
export function machinesOfRouter(
  router: ConfigObject,
  plugged: Iterable<string>,
  graph: ObjectGraph,
): Set<string> {
  const machines = new Set((router.references['virtual-machine'] ?? []).map(({ uuid }) => uuid));
  for (const uuid of plugged) if (!graph.isReferredTo(uuid, 'virtual-router')) machines.add(uuid);
  return machines;
}

/** What a node may see, by UUID, each after what it was reached from. */
export function routerPart(
  router: ConfigObject,
  machines: ReadonlySet<string>,
  graph: ObjectGraph,
): Map<string, ConfigObject> {
  const part = new Map<string, ConfigObject>();
  const reached = new Set<string>();
  const waiting: (readonly [Role, ConfigObject])[] = [['virtual-router', router]];
  for (const [role, object] of waiting) {
    const key = `${role} ${object.uuid}`;
    if (reached.has(key)) continue;
    reached.add(key);
    part.set(object.uuid, object);
    for (const [next, objects] of steps[role](object, { graph, machines })) {
      for (const one of objects) waiting.push([next as Role, one]);
    }
  }
  return part;
}

/** The links of an object to others of a part, and the nodes between where a link says something. */
export function linksInPart(
  object: ConfigObject,
  part: ReadonlyMap<string, ConfigObject>,
  machines: ReadonlySet<string>,
  graph: ObjectGraph,
): (WrittenNode | WrittenLink)[] {
  const { type, parent } = object;
  const from = writtenName(object);
  const links: (WrittenNode | WrittenLink)[] = [];
  const above = parent && part.get(parent.uuid);
  if (above !== undefined)
    links.push(...writtenLinks(parentType(type, above.type), from, writtenName(above), null));
  for (const [to, list] of Object.entries(object.references)) {
    for (const { uuid, attr } of list) {
      const target = part.get(uuid);
      if (target === undefined) continue;
      links.push(...writtenLinks(referenceType(type, to as ObjectTypeName), from, writtenName(target), attr));
    }
  }
  if (type === 'virtual-router') links.push(...pluggedLinks(object, machines, part));
  if (type === 'virtual-machine-interface') links.push(...instanceLinks(object, part, graph));
  return links;
}

/** Workloads that are plugged in where configuration puts them nowhere are linked to the node all the same. */
function pluggedLinks(
  router: ConfigObject,
  machines: ReadonlySet<string>,
  part: ReadonlyMap<string, ConfigObject>,
): (WrittenNode | WrittenLink)[] {
  const configured = new Set((router.references['virtual-machine'] ?? []).map(({ uuid }) => uuid));
  return [...machines].flatMap((uuid) => {
    const machine = part.get(uuid);
    if (machine === undefined || configured.has(uuid)) return [];
    const type = referenceType('virtual-router', 'virtual-machine');
    return writtenLinks(type, writtenName(router), writtenName(machine), null);
  });
}

/** Contrail's agents find the VRF of an interface by these; ours by the network. */
function instanceLinks(
  vmi: ConfigObject,
  part: ReadonlyMap<string, ConfigObject>,
  graph: ObjectGraph,
): (WrittenNode | WrittenLink)[] {
  const value = [{ name: 'direction', value: 'both' }];
  return graph
    .references(vmi, 'virtual-network')
    .flatMap((network) => graph.children(network.uuid, 'routing-instance'))
    .filter(({ uuid, properties }) => properties['routing_instance_is_default'] === true && part.has(uuid))
    .flatMap((instance) =>
      attributeLinks(INTERFACE_INSTANCE, [writtenName(vmi), writtenName(instance)], value),
    );
}

/** UUIDs of objects such that whoever sees one of them may see something else after an event. */
export function concernedBy(event: ConfigEvent): Set<string> {
  const concerned = new Set<string>();
  for (const object of statesOf(event)) {
    concerned.add(object.uuid);
    const from = reachedFrom[object.type] ?? [];
    for (const type of from) for (const { uuid } of object.references[type] ?? []) concerned.add(uuid);
    if (object.parent !== undefined && from.includes(object.parent.type)) concerned.add(object.parent.uuid);
    if (object.type === 'loadbalancer' && isOpencontrail(object))
      for (const { machine } of instanceUuids(object.uuid)) concerned.add(machine);
  }
  if (event.object.type === 'virtual-router') {
    // A workload that configuration puts somewhere is no longer seen where it was only plugged in.
    const moved =
      event.type === 'updated'
        ? [...addedTargets(event.object, event.before), ...addedTargets(event.before, event.object)]
        : referredTo(event.object);
    for (const uuid of moved) concerned.add(uuid);
  }
  return concerned;
}

function parentOf({ parent }: ConfigObject, graph: ObjectGraph): ConfigObject[] {
  const found = parent && graph.get(parent.uuid);
  return found === undefined ? [] : [found];
}

function ofType(object: ConfigObject | undefined, type: ObjectTypeName): ConfigObject[] {
  return object?.type === type ? [object] : [];
}
