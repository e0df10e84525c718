/**
 * The `opencontrail` load-balancer driver: gives each load balancer two instances of a proxy, active and standby, on two
 * nodes, and lets its addresses lead to both. What the proxies are to do is said to their nodes with everything else
 * (`VirtualRouters`); agents run them. Like the native driver it says what ought to be, and can begin anew at any time.
 */
import {
  statesOf,
  type ConfigEvent,
  ConfigRequestError,
  type ConfigObject,
  type ObjectTypeName,
  balancerOfInstance,
  instanceUuids,
  isOpencontrail,
  nodesOf,
} from '@vaportrail/schema';
import { silentLog, type Log } from '@vaportrail/show';
import type { ConfigClient } from '../config-client.ts';
import type { NewObject } from '../requested-write.ts';
import type { LoadBalancerDriver } from './drivers.ts';
import { addressesOf, carrierOf, nodeFor, wantedInstances, type ProxyInstance } from './proxy-instance.ts';
import { WorkList } from './work-list.ts';

export class OpencontrailDriver implements LoadBalancerDriver {
  readonly #client: ConfigClient;
  readonly #log: Log;
  /** Load balancers to look at; some may be gone. */
  readonly #work: WorkList;
  #unfollow: (() => void) | undefined;

  constructor(client: ConfigClient, { log = silentLog }: { readonly log?: Log } = {}) {
    this.#client = client;
    this.#log = log;
    this.#work = new WorkList((uuid) => this.#reconcile(uuid), log);
  }

  start(): void {
    const { graph } = this.#client;
    this.#unfollow = this.#client.follow((event) => this.#look(event));
    this.#markAll();
    for (const machine of graph.ofType('virtual-machine')) this.#markInstance(machine);
  }

  /** Follows the configuration no longer; resolves when what was begun is done. */
  async stop(): Promise<void> {
    this.#unfollow?.();
    await this.#work.stop();
  }

  /** Ends when everything is as it should be, as far as is known by then. */
  settled(): Promise<void> {
    return this.#work.settled();
  }

  #look(event: ConfigEvent): void {
    const { graph } = this.#client;
    for (const object of statesOf(event)) {
      switch (object.type) {
        case 'loadbalancer':
          if (isOpencontrail(object)) this.#work.mark(object.uuid);
          break;
        case 'instance-ip':
        case 'floating-ip':
          for (const { uuid } of object.references['virtual-machine-interface'] ?? []) {
            for (const balancer of graph.referrers(uuid, 'loadbalancer'))
              if (isOpencontrail(balancer)) this.#work.mark(balancer.uuid);
          }
          break;
        case 'virtual-machine':
        case 'virtual-machine-interface':
          this.#markInstance(object);
          break;
        case 'virtual-router':
          // A node that comes may take a standby, one that goes leaves its instances to another.
          if (event.type !== 'updated') this.#markAll();
          break;
        default:
      }
    }
  }

  #markAll(): void {
    for (const balancer of this.#client.graph.ofType('loadbalancer'))
      if (isOpencontrail(balancer)) this.#work.mark(balancer.uuid);
  }

  #markInstance(object: ConfigObject): void {
    const balancer = balancerOfInstance(object);
    if (balancer !== undefined) this.#work.mark(balancer);
  }

  async #reconcile(uuid: string): Promise<void> {
    const { graph } = this.#client;
    const balancer = graph.get(uuid);
    const instances = balancer?.type === 'loadbalancer' ? wantedInstances(balancer, graph) : [];
    if (balancer === undefined || instances.length === 0) return this.#remove(uuid);
    const placed = await this.#place(instances);
    if (placed < instances.length)
      this.#log.warn(
        { loadbalancer: uuid, instances: placed },
        'there are not enough nodes for an active and a standby proxy',
      );
    await this.#lead(balancer, instances);
  }

  /** Makes the instances, each on its node; yields how many have one. */
  async #place(instances: readonly ProxyInstance[]): Promise<number> {
    const { graph } = this.#client;
    let placed = 0;
    for (const [index, { machine, vmi }] of instances.entries()) {
      await this.#ensure('virtual-machine', machine);
      await this.#ensure('virtual-machine-interface', vmi);
      const node = nodeFor(machine.uuid, instances[1 - index]!.machine.uuid, graph);
      if (node === undefined) continue;
      placed++;
      const nodes = nodesOf(machine.uuid, graph);
      if (nodes.length === 0) await this.#refer(node, 'virtual-machine', machine.uuid, 'ADD');
      for (const other of nodes.slice(1)) await this.#refer(other, 'virtual-machine', machine.uuid, 'DELETE');
    }
    return placed;
  }

  /** The addresses of the load balancer lead to both instances. */
  async #lead(balancer: ConfigObject, instances: readonly ProxyInstance[]): Promise<void> {
    const { graph } = this.#client;
    const carrier = carrierOf(balancer, graph);
    if (carrier === undefined) return;
    for (const address of addressesOf(carrier, graph)) {
      const present = new Set(
        (address.references['virtual-machine-interface'] ?? []).map((reference) => reference.uuid),
      );
      for (const { vmi } of instances)
        if (!present.has(vmi.uuid)) await this.#refer(address, 'virtual-machine-interface', vmi.uuid, 'ADD');
    }
  }

  async #remove(balancer: string): Promise<void> {
    const { graph } = this.#client;
    for (const { machine, vmi } of instanceUuids(balancer)) {
      for (const target of [vmi, machine]) {
        const object = graph.get(target);
        if (object === undefined) continue;
        for (const referrer of graph.referrers(target))
          await this.#refer(referrer, object.type, target, 'DELETE');
        await this.#client.delete(object.type, target);
      }
    }
  }

  async #ensure(type: ObjectTypeName, wanted: NewObject & { readonly uuid: string }): Promise<void> {
    if (this.#client.graph.get(wanted.uuid) !== undefined) return;
    try {
      await this.#client.create(type, wanted);
    } catch (error) {
      // Another config node made it meanwhile.
      if (!(error instanceof ConfigRequestError && error.status === 409)) throw error;
    }
  }

  async #refer(
    { type, uuid }: ConfigObject,
    target: ObjectTypeName,
    targetUuid: string,
    operation: 'ADD' | 'DELETE',
  ): Promise<void> {
    await this.#client.changeReference(type, uuid, target, targetUuid, operation, null);
  }
}
