/**
 * Follows the configuration and tells, for each compute node, what changes there. Only the interfaces that an event
 * concerns are looked at again, and events of one transaction are taken together, so that a pod that loses its
 * readiness costs its own interface and no other.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Configuration } from './config-event.ts';
import type { ConfigObject } from './config-object.ts';
import { DependencyTracker } from './dependency-tracker.ts';
import { FollowedRouter } from './followed-router.ts';
import { balancerOfInstance } from './loadbalancer/proxies.ts';
import { routingInstanceSettings, type RoutingInstanceSettings } from './routing-instance-settings.ts';
import { settingsChanges, type VirtualRouterChange } from './virtual-router-change.ts';
import {
  interfaceSettings,
  interfacesOf,
  routersOf,
  virtualRouterSettings,
  type InterfaceSettings,
  type VirtualRouterSettings,
} from './virtual-router-settings.ts';

/** The name of the system where there is but one. */
export const DEFAULT_SYSTEM = 'default-global-system-config';

/** Gets the steps from what a node was told before. */
export type RouterFollower = (changes: readonly VirtualRouterChange[]) => void;

/** One for a configuration; who follows a node is told all of it, and then each change. */
export class VirtualRouters {
  readonly #configuration: Configuration;
  readonly #schedule: (work: () => void) => void;
  /** By name of the node. */
  readonly #routers = new Map<string, FollowedRouter>();
  /** The followed node that each interface was last seen on, by UUID of the interface. */
  readonly #places = new Map<string, string>();
  readonly #instanceFollowers = new Set<(instances: readonly RoutingInstanceSettings[]) => void>();
  readonly #unfollow: () => void;
  readonly #concerned: DependencyTracker;
  #instances: readonly RoutingInstanceSettings[];
  #scheduled = false;

  /** @param schedule does later what events have put off */
  constructor(configuration: Configuration, schedule: (work: () => void) => void = setImmediate) {
    this.#configuration = configuration;
    this.#schedule = schedule;
    this.#instances = routingInstanceSettings(configuration.graph);
    this.#concerned = new DependencyTracker(configuration, this.#routers);
    this.#unfollow = configuration.follow((event) => {
      if (this.#concerned.note(event)) this.#postpone();
    });
  }

  /** Nobody is told any more. */
  close(): void {
    this.#unfollow();
    this.#routers.clear();
    this.#instanceFollowers.clear();
  }

  /** What control nodes have to know, as of now. */
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
    const { interfaces, routers: names, instances } = this.#concerned.take();
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
    if (instances) this.#updateInstances();
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
    const instances = routingInstanceSettings(this.#configuration.graph);
    if (isDeepStrictEqual(instances, this.#instances)) return;
    this.#instances = instances;
    for (const changed of this.#instanceFollowers) changed(instances);
  }
}
