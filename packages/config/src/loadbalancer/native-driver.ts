/**
 * The `native` load-balancer driver: follows the configuration and keeps floating IPs as {@link floatingIpChange} wants
 * them. What is to be looked at is a set of UUIDs; it begins with everything, so that a restart finds what was missed.
 */
import { silentLog, type Log } from '@vaportrail/show';
import type { ConfigClient } from '../config-client.ts';
import type { ConfigEvent } from '../config-database.ts';
import { ConfigRequestError, type ConfigObject } from '../config-object.ts';

import { floatingIpChange, missingFloatingIp } from './native-floating-ip.ts';

/** Floating IPs looked at in one go. */
const BATCH = 500;
/** Milliseconds until what the store did not take is tried again. */
const RETRY = 1000;

export class NativeDriver {
  readonly #client: ConfigClient;
  readonly #log: Log;
  /** Instance IPs and floating IPs to look at. */
  readonly #dirty = new Set<string>();
  #unfollow: (() => void) | undefined;
  #working: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(client: ConfigClient, { log = silentLog }: { readonly log?: Log } = {}) {
    this.#client = client;
    this.#log = log;
  }

  start(): void {
    const { graph } = this.#client;
    this.#unfollow = this.#client.follow((event) => this.#look(event));
    for (const balancer of graph.ofType('loadbalancer')) this.#lookAtBalancer(balancer);
    for (const { uuid } of graph.ofType('floating-ip')) this.#mark(uuid);
  }

  async stop(): Promise<void> {
    this.#unfollow?.();
    this.#dirty.clear();
    clearTimeout(this.#retry);
    await this.#working;
  }

  /** Ends when everything is as it should be, as far as is known by then. */
  async settled(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  #look(event: ConfigEvent): void {
    const { graph } = this.#client;
    const states = event.type === 'updated' ? [event.object, event.before] : [event.object];
    for (const object of states) {
      switch (object.type) {
        case 'floating-ip':
        case 'instance-ip':
          this.#mark(object.uuid);
          break;
        case 'loadbalancer':
          this.#lookAtBalancer(object);
          break;
        case 'loadbalancer-listener':
          for (const balancer of graph.references(object, 'loadbalancer')) this.#lookAtBalancer(balancer);
          break;
        case 'loadbalancer-pool':
          this.#lookAtPool(object);
          break;
        case 'loadbalancer-member': {
          const pool = graph.get(object.parent?.uuid ?? '');
          if (pool !== undefined) this.#lookAtPool(pool);
          break;
        }
        default:
      }
    }
  }

  #lookAtPool(pool: ConfigObject): void {
    const { graph } = this.#client;
    for (const listener of graph.references(pool, 'loadbalancer-listener')) {
      for (const balancer of graph.references(listener, 'loadbalancer')) this.#lookAtBalancer(balancer);
    }
  }

  /** Its instance IPs and floating IPs; it need not exist any more. */
  #lookAtBalancer(balancer: ConfigObject): void {
    const { graph } = this.#client;
    for (const { uuid } of balancer.references['virtual-machine-interface'] ?? []) {
      for (const floatingIp of graph.referrers(uuid, 'floating-ip')) this.#mark(floatingIp.uuid);
      for (const instanceIp of graph.referrers(uuid, 'instance-ip')) {
        this.#mark(instanceIp.uuid);
        for (const child of graph.children(instanceIp.uuid, 'floating-ip')) this.#mark(child.uuid);
      }
    }
  }

  #mark(uuid: string): void {
    this.#dirty.add(uuid);
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    // What one transaction changed is looked at together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#dirty.size > 0) {
      const batch: string[] = [];
      for (const uuid of this.#dirty) {
        batch.push(uuid);
        this.#dirty.delete(uuid);
        if (batch.length === BATCH) break;
      }
      await Promise.all(batch.map((uuid) => this.#reconcile(uuid)));
    }
    this.#working = undefined;
  }

  async #reconcile(uuid: string): Promise<void> {
    const { graph } = this.#client;
    const object = graph.get(uuid);
    try {
      if (object?.type === 'instance-ip') {
        const missing = missingFloatingIp(object, graph);
        if (missing !== undefined) await this.#client.create('floating-ip', missing);
        return;
      }
      if (object?.type !== 'floating-ip') return;
      const change = floatingIpChange(object, graph);
      if (change === 'delete') await this.#client.delete('floating-ip', uuid);
      else if (change !== undefined) await this.#client.update('floating-ip', uuid, change);
    } catch (error) {
      this.#failed(uuid, error);
    }
  }

  #failed(uuid: string, error: unknown): void {
    // Another node did the same, or the object went meanwhile; if there is more to do an event says so.
    if (error instanceof ConfigRequestError && (error.status === 404 || error.status === 409)) return;
    this.#log.warn({ error, uuid }, 'a floating IP of a load balancer could not be written; trying again');
    this.#retry = setTimeout(() => this.#mark(uuid), RETRY);
    this.#retry.unref();
  }
}
