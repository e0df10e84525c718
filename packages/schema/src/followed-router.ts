/** A compute node that somebody follows: what it was last told, and the steps from there. */
import type { ConfigObject } from './config-object.ts';
import type { ObjectGraph } from './object-graph.ts';
import { settingsChanges, type VirtualRouterChange } from './virtual-router-change.ts';
import {
  loadBalancersOf,
  vrfNames,
  vrfSettings,
  type InterfaceSettings,
  type VirtualRouterSettings,
  type VrfSettings,
} from './virtual-router-settings.ts';

/** One for all who follow the same compute node. */
export class FollowedRouter {
  readonly followers = new Set<(changes: readonly VirtualRouterChange[]) => void>();
  /** By UUID of the interface. */
  readonly #interfaces = new Map<string, InterfaceSettings>();
  /** How often interfaces and floating IPs are in each VRF, and what the node was told of it. */
  readonly #vrfs = new Map<string, { users: number; told: VrfSettings | undefined }>();
  /** Looked at with the whole node only. */
  #balancers: VirtualRouterSettings['load-balancers'] = [];
  #settings: VirtualRouterSettings | undefined;
  #stale = false;

  /** UUIDs of the interfaces it has. */
  get interfaces(): Iterable<string> {
    return this.#interfaces.keys();
  }

  /** Whether it was told of a network. */
  isIn(network: string): boolean {
    for (const { told } of this.#vrfs.values()) if (told?.['virtual-network'] === network) return true;
    return false;
  }

  /** All it was told, put together when asked for; `undefined` while it is not configured. */
  settings(router: ConfigObject | undefined): VirtualRouterSettings | undefined {
    if (this.#stale) {
      this.#stale = false;
      const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
      this.#settings = router && {
        name: router.fqName.at(-1)!,
        address: router.properties['virtual_router_ip_address'] as string | undefined,
        vrfs: [...this.#vrfs.values()].flatMap(({ told }) => told ?? []).toSorted(byName),
        interfaces: [...this.#interfaces.values()].toSorted(byName),
        'load-balancers': this.#balancers,
      };
    }
    return this.#settings;
  }

  /** Takes some interfaces as they are now, `undefined` for one that is gone: costs as much as these are large. */
  change(
    touched: ReadonlyMap<string, InterfaceSettings | undefined>,
    graph: ObjectGraph,
  ): VirtualRouterChange[] {
    const before: InterfaceSettings[] = [];
    const after: InterfaceSettings[] = [];
    for (const [uuid, now] of touched) {
      const old = this.#interfaces.get(uuid);
      if (old !== undefined) before.push(old);
      if (now !== undefined) after.push(now);
      this.#put(uuid, now);
    }
    const nothing = { vrfs: [], 'load-balancers': [] };
    const steps = settingsChanges({ ...nothing, interfaces: before }, { ...nothing, interfaces: after });
    const joined: VirtualRouterChange[] = [];
    const left: VirtualRouterChange[] = [];
    for (const name of new Set([...after, ...before].flatMap(vrfNames))) {
      const vrf = this.#vrfs.get(name)!;
      if (vrf.users === 0) {
        this.#vrfs.delete(name);
        left.push({ type: 'remove-vrf', name });
      } else if (vrf.told === undefined) {
        vrf.told = vrfSettings(name, graph);
        joined.push({ type: 'add-vrf', vrf: vrf.told });
      }
    }
    const changes = [...joined, ...steps, ...left];
    if (changes.length > 0) this.#stale = true;
    return changes;
  }

  /** Takes the whole node as it is now. */
  replace(
    router: ConfigObject | undefined,
    interfaces: ReadonlyMap<string, InterfaceSettings>,
    graph: ObjectGraph,
  ): VirtualRouterChange[] {
    const before = this.settings(router);
    for (const uuid of this.#interfaces.keys()) if (!interfaces.has(uuid)) this.#put(uuid, undefined);
    for (const [uuid, now] of interfaces) this.#put(uuid, now);
    for (const [name, vrf] of this.#vrfs) {
      if (vrf.users === 0) this.#vrfs.delete(name);
      else vrf.told = vrfSettings(name, graph);
    }
    this.#balancers = router === undefined ? [] : loadBalancersOf(router, graph);
    this.#stale = true;
    const after = this.settings(router);
    return settingsChanges(before, after);
  }

  #put(uuid: string, now: InterfaceSettings | undefined): void {
    const old = this.#interfaces.get(uuid);
    for (const name of old === undefined ? [] : vrfNames(old)) this.#vrfs.get(name)!.users--;
    for (const name of now === undefined ? [] : vrfNames(now)) {
      const vrf = this.#vrfs.get(name);
      if (vrf === undefined) this.#vrfs.set(name, { users: 1, told: undefined });
      else vrf.users++;
    }
    if (now === undefined) this.#interfaces.delete(uuid);
    else this.#interfaces.set(uuid, now);
  }
}
