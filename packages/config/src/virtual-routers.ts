/**
 * Follows the configuration and tells, for each compute node, what changes there. Only the interfaces that an event
 * concerns are looked at again, and events of one transaction are taken together, so that a pod that loses its
 * readiness costs its own interface and no other.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ConfigClient } from './config-client.ts';
import type { ConfigEvent } from './config-database.ts';
import type { ConfigObject } from './config-object.ts';
import { balancersOfPool, memberInterface } from './loadbalancer/balanced.ts';
import { instanceUuids, isOpencontrail, nodesOf } from './loadbalancer/proxy-instance.ts';
import { routingInstanceSettings, type RoutingInstanceSettings } from './routing-instance-settings.ts';
import {
  interfaceSettings,
  interfacesOf,
  routersOf,
  routerSettings,
  settingsChanges,
  type InterfaceSettings,
  type VirtualRouterChange,
  type VirtualRouterSettings,
} from './virtual-router-settings.ts';

/** Gets the settings of a node, `undefined` while it is not configured, and the steps there from those before. */
export type RouterFollower = (
  changes: readonly VirtualRouterChange[],
  settings: VirtualRouterSettings | undefined,
) => void;

interface Router {
  readonly followers: Set<RouterFollower>;
  /** By UUID of the interface. */
  readonly interfaces: Map<string, InterfaceSettings>;
  settings: VirtualRouterSettings | undefined;
}

export class VirtualRouters {
  readonly #client: ConfigClient;
  /** By name of the node. */
  readonly #routers = new Map<string, Router>();
  readonly #instanceFollowers = new Set<(instances: readonly RoutingInstanceSettings[]) => void>();
  readonly #unfollow: () => void;
  #dirtyInterfaces = new Set<string>();
  /** Nodes to look at as a whole. */
  #dirtyRouters = new Set<string>();
  #instances: readonly RoutingInstanceSettings[];
  #instancesDirty = false;
  #scheduled = false;

  constructor(client: ConfigClient) {
    this.#client = client;
    this.#instances = routingInstanceSettings(client.graph);
    this.#unfollow = client.follow((event) => this.#look(event));
  }

  close(): void {
    this.#unfollow();
    this.#routers.clear();
    this.#instanceFollowers.clear();
  }

  get instances(): readonly RoutingInstanceSettings[] {
    return this.#instances;
  }

  /** What a node has to have as of now. */
  settings(name: string): VirtualRouterSettings | undefined {
    return this.#routers.get(name)?.settings ?? this.#whole(name).settings;
  }

  /**
   * Calls `changed` at once with what there is, and then with every change. The name is the last of the node's; it need
   * not be configured yet.
   */
  follow(name: string, changed: RouterFollower): () => void {
    let router = this.#routers.get(name);
    if (router === undefined) this.#routers.set(name, (router = this.#whole(name)));
    router.followers.add(changed);
    changed(settingsChanges(undefined, router.settings), router.settings);
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

  #whole(name: string): Router {
    const { graph } = this.#client;
    const router: Router = { followers: new Set(), interfaces: new Map(), settings: undefined };
    const object = this.#routerObject(name);
    if (object === undefined) return router;
    for (const vmi of interfacesOf(object, graph)) {
      const settings = interfaceSettings(vmi, object, graph);
      if (settings !== undefined) router.interfaces.set(vmi.uuid, settings);
    }
    router.settings = routerSettings(object, inOrder(router), graph);
    return router;
  }

  #routerObject(name: string): ConfigObject | undefined {
    const { graph } = this.#client;
    for (const { fqName } of graph.ofType('global-system-config')) {
      const found = graph.byName('virtual-router', [...fqName, name]);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #look(event: ConfigEvent): void {
    const { graph } = this.#client;
    const states = event.type === 'updated' ? [event.object, event.before] : [event.object];
    for (const object of states) {
      switch (object.type) {
        case 'virtual-machine-interface':
          this.#dirtyInterfaces.add(object.uuid);
          // One that is gone can no longer be found from its node.
          for (const router of routersOf(object, graph)) this.#dirtyRouters.add(router.fqName.at(-1)!);
          break;
        case 'instance-ip':
        case 'floating-ip':
          for (const { uuid } of object.references['virtual-machine-interface'] ?? [])
            this.#dirtyInterfaces.add(uuid);
          break;
        case 'loadbalancer-member': {
          const vmi = memberInterface(object);
          if (vmi !== undefined) this.#dirtyInterfaces.add(vmi);
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
          this.#dirtyRouters.add(object.fqName.at(-1)!);
          break;
        case 'network-ipam':
          for (const name of this.#routers.keys()) this.#dirtyRouters.add(name);
          break;
        case 'virtual-network':
        case 'routing-instance':
          this.#instancesDirty = true;
          for (const [name, { settings }] of this.#routers) {
            const network = object.fqName.slice(0, 3).join(':');
            if (settings?.vrfs.some((vrf) => vrf['virtual-network'] === network) === true)
              this.#dirtyRouters.add(name);
          }
          for (const { uuid } of graph.referrers(object.uuid, 'virtual-machine-interface'))
            this.#dirtyInterfaces.add(uuid);
          break;
        default:
          continue;
      }
      this.#schedule();
    }
  }

  #lookAtPool(pool: ConfigObject): void {
    for (const balancer of balancersOfPool(pool, this.#client.graph)) this.#lookAtBalancer(balancer);
  }

  /** The nodes that run its proxies. */
  #lookAtBalancer(balancer: ConfigObject): void {
    if (!isOpencontrail(balancer)) return;
    for (const { machine } of instanceUuids(balancer.uuid)) {
      for (const { fqName } of nodesOf(machine, this.#client.graph)) this.#dirtyRouters.add(fqName.at(-1)!);
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#update();
    });
  }

  #update(): void {
    const { graph } = this.#client;
    const interfaces = this.#dirtyInterfaces;
    const names = this.#dirtyRouters;
    this.#dirtyInterfaces = new Set();
    this.#dirtyRouters = new Set();
    const touched = new Map<string, Set<string>>();
    for (const uuid of interfaces) {
      const vmi = graph.get(uuid);
      for (const { fqName } of vmi === undefined ? [] : routersOf(vmi, graph)) {
        const name = fqName.at(-1)!;
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
    const { graph } = this.#client;
    const object = this.#routerObject(name);
    const before = router.settings;
    if (object === undefined || uuids === undefined) {
      const { interfaces, settings } = this.#whole(name);
      router.interfaces.clear();
      for (const [uuid, one] of interfaces) router.interfaces.set(uuid, one);
      router.settings = settings;
    } else {
      for (const uuid of uuids) {
        const vmi = graph.get(uuid);
        const settings = vmi === undefined ? undefined : interfaceSettings(vmi, object, graph);
        if (settings === undefined) router.interfaces.delete(uuid);
        else router.interfaces.set(uuid, settings);
      }
      router.settings = routerSettings(object, inOrder(router), graph);
    }
    const changes = settingsChanges(before, router.settings);
    if (changes.length === 0 && before?.address === router.settings?.address) return;
    for (const changed of router.followers) changed(changes, router.settings);
  }

  #updateInstances(): void {
    this.#instancesDirty = false;
    const instances = routingInstanceSettings(this.#client.graph);
    if (isDeepStrictEqual(instances, this.#instances)) return;
    this.#instances = instances;
    for (const changed of this.#instanceFollowers) changed(instances);
  }
}

function inOrder({ interfaces }: Router): InterfaceSettings[] {
  return [...interfaces.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
