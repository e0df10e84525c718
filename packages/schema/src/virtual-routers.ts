/**
 * Follows the configuration and tells, for each compute node, what changes there. Only the interfaces that an event
 * concerns are looked at again, and events of one transaction are taken together, so that a pod that loses its
 * readiness costs its own interface and no other.
 */
import { isDeepStrictEqual } from 'node:util';
import { statesOf, type ConfigEvent, type Configuration } from './config-event.ts';
import type { ConfigObject } from './config-object.ts';
import { FollowedRouter } from './followed-router.ts';
import { balancersOfPool, memberInterface } from './loadbalancer/balanced.ts';
import { balancerOfInstance, instanceUuids, isOpencontrail, nodesOf } from './loadbalancer/proxies.ts';
import { addedTargets } from './object-graph.ts';
import { routingInstanceSettings, type RoutingInstanceSettings } from './routing-instance-settings.ts';
import {
  areAlike,
  interfaceSettings,
  interfacesOf,
  routersOf,
  settingsChanges,
  virtualRouterSettings,
  type InterfaceSettings,
  type VirtualRouterChange,
  type VirtualRouterSettings,
} from './virtual-router-settings.ts';

/** The name of the system where there is but one. */
export const DEFAULT_SYSTEM = 'default-global-system-config';

/** Gets the steps from what a node was told before. */
export type RouterFollower = (changes: readonly VirtualRouterChange[]) => void;

export class VirtualRouters {
  readonly #configuration: Configuration;
  readonly #schedule: (work: () => void) => void;
  /** By name of the node. */
  readonly #routers = new Map<string, FollowedRouter>();
  /** The followed node that each interface was last seen on, by UUID of the interface. */
  readonly #places = new Map<string, string>();
  readonly #instanceFollowers = new Set<(instances: readonly RoutingInstanceSettings[]) => void>();
  readonly #unfollow: () => void;
  #dirtyInterfaces = new Set<string>();
  /** Nodes to look at as a whole. */
  #dirtyRouters = new Set<string>();
  #instances: readonly RoutingInstanceSettings[];
  #instancesDirty = false;
  #scheduled = false;

  /** @param schedule does later what events have put off */
  constructor(configuration: Configuration, schedule: (work: () => void) => void = setImmediate) {
    this.#configuration = configuration;
    this.#schedule = schedule;
    this.#instances = routingInstanceSettings(configuration.graph);
    this.#unfollow = configuration.follow((event) => this.#look(event));
  }

  close(): void {
    this.#unfollow();
    this.#routers.clear();
    this.#instanceFollowers.clear();
  }

  get instances(): readonly RoutingInstanceSettings[] {
    return this.#instances;
  }

  /** What a node has to have as of now; `undefined` while it is not configured. */
  settings(name: string): VirtualRouterSettings | undefined {
    const object = this.#routerObject(name);
    const followed = this.#routers.get(name);
    if (followed !== undefined) return followed.settings(object);
    return object === undefined ? undefined : virtualRouterSettings(object, this.#configuration.graph);
  }

  /**
   * Calls `changed` at once with the steps to what there is, and then with every change. The name is the last of the
   * node's; it need not be configured yet.
   */
  follow(name: string, changed: RouterFollower): () => void {
    let router = this.#routers.get(name);
    if (router === undefined) {
      this.#routers.set(name, (router = new FollowedRouter()));
      this.#replace(name, router);
    }
    router.followers.add(changed);
    changed(settingsChanges(undefined, this.settings(name)));
    return () => {
      router.followers.delete(changed);
      if (router.followers.size === 0) this.#routers.delete(name);
    };
  }

  /** Calls `changed` at once with all routing instances, and again whenever one of them changed. */
  followInstances(changed: (instances: readonly RoutingInstanceSettings[]) => void): () => void {
    this.#instanceFollowers.add(changed);
    changed(this.#instances);
    return () => void this.#instanceFollowers.delete(changed);
  }

  /** Looks at a whole node anew. */
  #replace(name: string, router: FollowedRouter): VirtualRouterChange[] {
    const { graph } = this.#configuration;
    const object = this.#routerObject(name);
    const interfaces = new Map<string, InterfaceSettings>();
    for (const vmi of object === undefined ? [] : interfacesOf(object, graph)) {
      const settings = interfaceSettings(vmi, object!, graph);
      if (settings !== undefined) interfaces.set(vmi.uuid, settings);
    }
    for (const uuid of router.interfaces)
      // It may have been seen on another node meanwhile.
      if (!interfaces.has(uuid) && this.#places.get(uuid) === name) this.#places.delete(uuid);
    for (const uuid of interfaces.keys()) this.#places.set(uuid, name);
    return router.replace(object, interfaces, graph);
  }

  #routerObject(name: string): ConfigObject | undefined {
    const { graph } = this.#configuration;
    for (const { fqName } of graph.ofType('global-system-config')) {
      const found = graph.byName('virtual-router', [...fqName, name]);
      if (found !== undefined) return found;
    }
    // A node need not be told of the system that it belongs to.
    return graph.byName('virtual-router', [DEFAULT_SYSTEM, name]);
  }

  #look(event: ConfigEvent): void {
    const { graph } = this.#configuration;
    for (const object of statesOf(event)) {
      switch (object.type) {
        case 'virtual-machine-interface':
          this.#dirtyInterfaces.add(object.uuid);
          if (event.type !== 'updated') break;
          for (const { uuid } of graph.referrers(object.uuid, 'instance-ip')) this.#lookAtAddress(uuid);
          break;
        case 'instance-ip':
        case 'floating-ip':
          this.#lookAtAddress(object.uuid);
          for (const { uuid } of object.references['virtual-machine-interface'] ?? [])
            this.#dirtyInterfaces.add(uuid);
          break;
        case 'loadbalancer-member': {
          const vmi = memberInterface(object);
          // What it is a member of concerns the ports of floating IPs, and an interface that has none yet has no ports.
          if (vmi !== undefined && graph.isReferredTo(vmi, 'floating-ip')) this.#dirtyInterfaces.add(vmi);
          const pool = graph.get(object.parent?.uuid ?? '');
          if (pool !== undefined) this.#lookAtPool(pool);
          break;
        }
        case 'loadbalancer-pool':
          this.#lookAtPool(object);
          break;
        case 'loadbalancer-healthmonitor':
          for (const pool of graph.referrers(object.uuid, 'loadbalancer-pool')) this.#lookAtPool(pool);
          break;
        case 'loadbalancer-listener':
          for (const balancer of graph.references(object, 'loadbalancer')) this.#lookAtBalancer(balancer);
          break;
        case 'loadbalancer':
          this.#lookAtBalancer(object);
          break;
        case 'security-group':
          for (const { uuid } of graph.referrers(object.uuid, 'virtual-machine-interface'))
            this.#dirtyInterfaces.add(uuid);
          break;
        case 'virtual-router':
          if (event.type === 'updated') this.#lookAtMachines(event.object, event.before);
          else this.#dirtyRouters.add(object.fqName.at(-1)!);
          break;
        case 'network-ipam':
          for (const name of this.#routers.keys()) this.#dirtyRouters.add(name);
          break;
        case 'network-policy':
          this.#instancesDirty = true;
          break;
        case 'virtual-network':
        case 'routing-instance':
          this.#instancesDirty = true;
          for (const [name, router] of this.#routers) {
            const network = object.fqName.slice(0, 3).join(':');
            if (router.isIn(network)) this.#dirtyRouters.add(name);
          }
          this.#lookAtNetwork(object.type === 'virtual-network' ? object.uuid : object.parent?.uuid);
          break;
        default:
          continue;
      }
      this.#postpone();
    }
  }

  /** Workloads and floating IPs in a network: for want of its instance they may have been on no node. */
  #lookAtNetwork(network = ''): void {
    const { graph } = this.#configuration;
    for (const { uuid } of graph.referrers(network, 'virtual-machine-interface')) {
      this.#dirtyInterfaces.add(uuid);
      for (const address of graph.referrers(uuid, 'instance-ip')) this.#lookAtAddress(address.uuid);
    }
    for (const pool of graph.children(network, 'floating-ip-pool')) {
      for (const { references } of graph.children(pool.uuid, 'floating-ip'))
        for (const { uuid } of references['virtual-machine-interface'] ?? []) this.#dirtyInterfaces.add(uuid);
    }
  }

  /** The floating IPs that stand for the address of an instance IP are in its network. */
  #lookAtAddress(instanceIp: string): void {
    for (const { references } of this.#configuration.graph.children(instanceIp, 'floating-ip'))
      for (const { uuid } of references['virtual-machine-interface'] ?? []) this.#dirtyInterfaces.add(uuid);
  }

  #lookAtPool(pool: ConfigObject): void {
    for (const balancer of balancersOfPool(pool, this.#configuration.graph)) this.#lookAtBalancer(balancer);
  }

  /** The nodes that run its proxies. */
  #lookAtBalancer(balancer: ConfigObject): void {
    if (!isOpencontrail(balancer)) return;
    for (const { machine } of instanceUuids(balancer.uuid)) {
      for (const { fqName } of nodesOf(machine, this.#configuration.graph))
        this.#dirtyRouters.add(fqName.at(-1)!);
    }
  }

  /** Workloads that came to a node or went from it; the others there are left alone. */
  #lookAtMachines(now: ConfigObject, before: ConfigObject): void {
    if (!isDeepStrictEqual(now.properties, before.properties)) this.#dirtyRouters.add(now.fqName.at(-1)!);
    const { graph } = this.#configuration;
    for (const uuid of [...addedTargets(before, now), ...addedTargets(now, before)]) {
      // The name of an interface depends on whether others begin alike.
      const alike = machinesOf(now).filter((other) => other !== uuid && areAlike(other, uuid));
      const machine = graph.get(uuid);
      if (machine !== undefined && balancerOfInstance(machine) !== undefined)
        this.#dirtyRouters.add(now.fqName.at(-1)!);
      for (const one of [uuid, ...alike]) {
        for (const vmi of graph.referrers(one, 'virtual-machine-interface'))
          this.#dirtyInterfaces.add(vmi.uuid);
      }
    }
  }

  #postpone(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(() => {
      this.#scheduled = false;
      this.#update();
    });
  }

  #update(): void {
    const { graph } = this.#configuration;
    const interfaces = this.#dirtyInterfaces;
    const names = this.#dirtyRouters;
    this.#dirtyInterfaces = new Set();
    this.#dirtyRouters = new Set();
    const touched = new Map<string, Set<string>>();
    for (const uuid of interfaces) {
      const vmi = graph.get(uuid);
      const places = new Set(
        vmi === undefined ? [] : routersOf(vmi, graph).map(({ fqName }) => fqName.at(-1)!),
      );
      const last = this.#places.get(uuid);
      if (last !== undefined) places.add(last);
      const ofProxy = vmi !== undefined && balancerOfInstance(vmi) !== undefined;
      for (const name of places) {
        // The load balancers of a node depend on the proxies there.
        if (ofProxy) names.add(name);
        const list = touched.get(name);
        if (list === undefined) touched.set(name, new Set([uuid]));
        else list.add(uuid);
      }
    }
    for (const name of names) this.#updateRouter(name, undefined);
    for (const [name, uuids] of touched) if (!names.has(name)) this.#updateRouter(name, uuids);
    if (this.#instancesDirty) this.#updateInstances();
  }

  /** Looks at some interfaces of a node anew, or at all. */
  #updateRouter(name: string, uuids: ReadonlySet<string> | undefined): void {
    const router = this.#routers.get(name);
    if (router === undefined) return;
    const object = this.#routerObject(name);
    const changes =
      object === undefined || uuids === undefined
        ? this.#replace(name, router)
        : this.#change(name, router, object, uuids);
    if (changes.length === 0) return;
    for (const changed of router.followers) changed(changes);
  }

  #change(
    name: string,
    router: FollowedRouter,
    object: ConfigObject,
    uuids: ReadonlySet<string>,
  ): VirtualRouterChange[] {
    const { graph } = this.#configuration;
    const touched = new Map<string, InterfaceSettings | undefined>();
    for (const uuid of uuids) {
      const vmi = graph.get(uuid);
      const isHere = vmi !== undefined && routersOf(vmi, graph).includes(object);
      const settings = isHere ? interfaceSettings(vmi, object, graph) : undefined;
      touched.set(uuid, settings);
      if (settings !== undefined) this.#places.set(uuid, name);
      else if (this.#places.get(uuid) === name) this.#places.delete(uuid);
    }
    return router.change(touched, graph);
  }

  #updateInstances(): void {
    this.#instancesDirty = false;
    const instances = routingInstanceSettings(this.#configuration.graph);
    if (isDeepStrictEqual(instances, this.#instances)) return;
    this.#instances = instances;
    for (const changed of this.#instanceFollowers) changed(instances);
  }
}

/** UUIDs of the workloads on a node. */
function machinesOf(router: ConfigObject): string[] {
  return (router.references['virtual-machine'] ?? []).map(({ uuid }) => uuid);
}
