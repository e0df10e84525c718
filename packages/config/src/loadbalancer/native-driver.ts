/**
 * The `native` load-balancer driver: follows the configuration and keeps floating IPs as {@link floatingIpChange} wants
 * them. What is to be looked at is a set of UUIDs; it begins with everything, so that a restart finds what was missed.
 */
import { statesOf, type ConfigEvent, type ConfigObject, balancersOfPool } from '@vaportrail/schema';
import { silentLog, type Log } from '@vaportrail/show';
import type { ConfigClient } from '../config-client.ts';
import type { LoadBalancerDriver } from './drivers.ts';
import { floatingIpChange, missingFloatingIp } from './native-floating-ip.ts';
import { WorkList } from './work-list.ts';

export class NativeDriver implements LoadBalancerDriver {
  readonly #client: ConfigClient;
  /** Instance IPs and floating IPs to look at. */
  readonly #work: WorkList;
  #unfollow: (() => void) | undefined;

  constructor(client: ConfigClient, { log = silentLog }: { readonly log?: Log } = {}) {
    this.#client = client;
    this.#work = new WorkList((uuid) => this.#reconcile(uuid), log);
  }

  start(): void {
    const { graph } = this.#client;
    this.#unfollow = this.#client.follow((event) => this.#look(event));
    for (const balancer of graph.ofType('loadbalancer')) this.#lookAtBalancer(balancer);
    for (const { uuid } of graph.ofType('floating-ip')) this.#work.mark(uuid);
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
        case 'floating-ip':
          this.#work.mark(object.uuid);
          // The one that went may be missed.
          if (event.type === 'deleted' && object.parent?.type === 'instance-ip')
            this.#work.mark(object.parent.uuid);
          break;
        case 'instance-ip':
          this.#work.mark(object.uuid);
          for (const child of graph.children(object.uuid, 'floating-ip')) this.#work.mark(child.uuid);
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
    for (const balancer of balancersOfPool(pool, this.#client.graph)) this.#lookAtBalancer(balancer);
  }

  /** Its instance IPs and floating IPs; it need not exist any more. */
  #lookAtBalancer(balancer: ConfigObject): void {
    const { graph } = this.#client;
    for (const { uuid } of balancer.references['virtual-machine-interface'] ?? []) {
      for (const floatingIp of graph.referrers(uuid, 'floating-ip')) this.#work.mark(floatingIp.uuid);
      for (const instanceIp of graph.referrers(uuid, 'instance-ip')) {
        this.#work.mark(instanceIp.uuid);
        for (const child of graph.children(instanceIp.uuid, 'floating-ip')) this.#work.mark(child.uuid);
      }
    }
  }

  async #reconcile(uuid: string): Promise<void> {
    const { graph } = this.#client;
    const object = graph.get(uuid);
    if (object?.type === 'instance-ip') {
      const missing = missingFloatingIp(object, graph);
      if (missing !== undefined) await this.#client.create('floating-ip', missing);
      return;
    }
    if (object?.type !== 'floating-ip') return;
    const change = floatingIpChange(object, graph);
    if (change === 'delete') await this.#client.delete('floating-ip', uuid);
    else if (change !== undefined) await this.#client.update('floating-ip', uuid, change);
  }
}
