/**
 * Whom an event of the configuration concerns: which interfaces, which compute nodes as a whole, and whether the routing
 * instances. Objects hang on others, so that for most of them the graph says whom; what was noted waits until it is
 * taken, and what several events concern is looked at once.
 */
import { isDeepStrictEqual } from 'node:util';
import { statesOf, type ConfigEvent, type Configuration } from './config-event.ts';
import type { ConfigObject } from './config-object.ts';
import type { FollowedRouter } from './followed-router.ts';
import { balancersOfPool, memberInterface } from './loadbalancer/balanced.ts';
import { balancerOfInstance, instanceUuids, isOpencontrail, nodesOf } from './loadbalancer/proxies.ts';
import { addedTargets } from './object-graph.ts';
import { areAlike } from './virtual-router-settings.ts';

/** What has to be looked at anew. */
export interface Concerned {
  /** UUIDs of interfaces. */
  readonly interfaces: ReadonlySet<string>;
  /** Names of the nodes to look at as a whole. */
  readonly routers: Set<string>;
  /** Whether a routing instance may be another. */
  readonly instances: boolean;
}

/** One for a configuration of which routers are followed. */
export class DependencyTracker {
  readonly #configuration: Configuration;
  readonly #followed: ReadonlyMap<string, FollowedRouter>;
  #interfaces = new Set<string>();
  #routers = new Set<string>();
  #instances = false;

  /** @param followed the nodes that somebody follows, by name; it may change meanwhile */
  constructor(configuration: Configuration, followed: ReadonlyMap<string, FollowedRouter>) {
    this.#configuration = configuration;
    this.#followed = followed;
  }

  /** All that was noted since the last time. */
  take(): Concerned {
    const concerned = { interfaces: this.#interfaces, routers: this.#routers, instances: this.#instances };
    this.#interfaces = new Set();
    this.#routers = new Set();
    this.#instances = false;
    return concerned;
  }

  /** Notes whom an event concerns. Tells whether that may be anybody. */
  note(event: ConfigEvent): boolean {
    const { graph } = this.#configuration;
    let isOfConcern = false;
    for (const object of statesOf(event)) {
      switch (object.type) {
        case 'virtual-machine-interface':
          this.#interfaces.add(object.uuid);
          if (event.type !== 'updated') break;
          for (const { uuid } of graph.referrers(object.uuid, 'instance-ip')) this.#noteAddress(uuid);
          break;
        case 'instance-ip':
        case 'floating-ip':
          this.#noteAddress(object.uuid);
          for (const { uuid } of object.references['virtual-machine-interface'] ?? [])
            this.#interfaces.add(uuid);
          break;
        case 'loadbalancer-member': {
          const vmi = memberInterface(object);
          // What it is a member of concerns the ports of floating IPs, and an interface that has none yet has no ports.
          if (vmi !== undefined && graph.isReferredTo(vmi, 'floating-ip')) this.#interfaces.add(vmi);
          const pool = graph.get(object.parent?.uuid ?? '');
          if (pool !== undefined) this.#notePool(pool);
          break;
        }
        case 'loadbalancer-pool':
          this.#notePool(object);
          break;
        case 'loadbalancer-healthmonitor':
          for (const pool of graph.referrers(object.uuid, 'loadbalancer-pool')) this.#notePool(pool);
          break;
        case 'loadbalancer-listener':
          for (const balancer of graph.references(object, 'loadbalancer')) this.#noteBalancer(balancer);
          break;
        case 'loadbalancer':
          this.#noteBalancer(object);
          break;
        case 'security-group':
          for (const { uuid } of graph.referrers(object.uuid, 'virtual-machine-interface'))
            this.#interfaces.add(uuid);
          break;
        case 'virtual-router':
          if (event.type === 'updated') this.#noteMachines(event.object, event.before);
          else this.#routers.add(object.fqName.at(-1)!);
          break;
        case 'network-ipam':
          for (const name of this.#followed.keys()) this.#routers.add(name);
          break;
        case 'network-policy':
          this.#instances = true;
          break;
        case 'virtual-network':
        case 'routing-instance':
          this.#instances = true;
          for (const [name, router] of this.#followed) {
            const network = object.fqName.slice(0, 3).join(':');
            if (router.isIn(network)) this.#routers.add(name);
          }
          this.#noteNetwork(object.type === 'virtual-network' ? object.uuid : object.parent?.uuid);
          break;
        default:
          continue;
      }
      isOfConcern = true;
    }
    return isOfConcern;
  }

  /** Workloads and floating IPs in a network: for want of its instance they may have been on no node. */
  #noteNetwork(network = ''): void {
    const { graph } = this.#configuration;
    for (const { uuid } of graph.referrers(network, 'virtual-machine-interface')) {
      this.#interfaces.add(uuid);
      for (const address of graph.referrers(uuid, 'instance-ip')) this.#noteAddress(address.uuid);
    }
    for (const pool of graph.children(network, 'floating-ip-pool')) {
      for (const { references } of graph.children(pool.uuid, 'floating-ip'))
        for (const { uuid } of references['virtual-machine-interface'] ?? []) this.#interfaces.add(uuid);
    }
  }

  /** The floating IPs that stand for the address of an instance IP are in its network. */
  #noteAddress(instanceIp: string): void {
    for (const { references } of this.#configuration.graph.children(instanceIp, 'floating-ip'))
      for (const { uuid } of references['virtual-machine-interface'] ?? []) this.#interfaces.add(uuid);
  }

  #notePool(pool: ConfigObject): void {
    for (const balancer of balancersOfPool(pool, this.#configuration.graph)) this.#noteBalancer(balancer);
  }

  /** The nodes that run its proxies. */
  #noteBalancer(balancer: ConfigObject): void {
    if (!isOpencontrail(balancer)) return;
    for (const { machine } of instanceUuids(balancer.uuid)) {
      for (const { fqName } of nodesOf(machine, this.#configuration.graph)) this.#routers.add(fqName.at(-1)!);
    }
  }

  /** Workloads that came to a node or went from it; the others there are left alone. */
  #noteMachines(now: ConfigObject, before: ConfigObject): void {
    if (!isDeepStrictEqual(now.properties, before.properties)) this.#routers.add(now.fqName.at(-1)!);
    const { graph } = this.#configuration;
    for (const uuid of [...addedTargets(before, now), ...addedTargets(now, before)]) {
      // The name of an interface depends on whether others begin alike.
      const alike = machinesOf(now).filter((other) => other !== uuid && areAlike(other, uuid));
      const machine = graph.get(uuid);
      if (machine !== undefined && balancerOfInstance(machine) !== undefined)
        this.#routers.add(now.fqName.at(-1)!);
      for (const one of [uuid, ...alike]) {
        for (const vmi of graph.referrers(one, 'virtual-machine-interface')) this.#interfaces.add(vmi.uuid);
      }
    }
  }
}

/** UUIDs of the workloads on a node. */
function machinesOf(router: ConfigObject): string[] {
  return (router.references['virtual-machine'] ?? []).map(({ uuid }) => uuid);
}
