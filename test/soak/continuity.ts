/** Watches the routes of compute nodes that nobody disturbs: they must be there at every look, whatever else happens. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Intent } from './intent.ts';
import type { RunningSystem } from './running-system.ts';

const LOOK_MILLISECONDS = 40;
/** Other routers are asked through their own commands, which cost a process each. */
const ASK_MILLISECONDS = 400;
/** A few are enough to find a mistake by. */
const KEPT_GAPS = 100;

export class Continuity {
  readonly gaps: string[] = [];
  looks = 0;
  readonly #intent: Intent;
  readonly #system: RunningSystem;
  readonly #wanted: string;
  readonly #watching: Promise<unknown>;
  readonly #begun = performance.now();
  #ended = false;

  constructor(intent: Intent, system: RunningSystem) {
    this.#intent = intent;
    this.#system = system;
    this.#wanted = this.#steady
      .map(({ address }) => address)
      .sort()
      .join();
    this.#watching = Promise.all([
      this.#watch(LOOK_MILLISECONDS, () => this.#lookInside()),
      this.#watch(ASK_MILLISECONDS, () => this.#askOthers()),
    ]);
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#watching;
  }

  /** Whether every gateway has each steady route from both control nodes, so that one of them may go. */
  async isRedundant(): Promise<boolean> {
    const { controlNodes, frr, gobgp, agents } = this.#system;
    const wanted = controlNodes.length * this.#steady.length;
    const insync = this.#steady.every(({ name }) => agents.get(name)!.peers.every((peer) => peer.inSync));
    if (!insync || this.#gatewayHops().length !== wanted) return false;
    if (frr !== undefined && (await frr.vpnPaths(this.#prefix)).length !== wanted) return false;
    return gobgp === undefined || (await gobgp.paths(this.#prefix)).length === wanted;
  }

  get #steady() {
    return this.#intent.nodes.filter(({ steady }) => steady);
  }

  get #prefix(): string {
    return `${this.#intent.steadyFloatingIp}/32`;
  }

  async #watch(milliseconds: number, look: () => Promise<void> | void): Promise<void> {
    while (!this.#ended) {
      await look();
      this.looks++;
      await sleep(milliseconds);
    }
  }

  #lookInside(): void {
    this.#expect('gateway', this.#gatewayHops());
    const pool = this.#intent.pools[0]!.name;
    for (const { name } of this.#steady) {
      const agent = this.#system.agents.get(name)!;
      const hops = agent.route(pool, this.#prefix)?.active?.received?.nextHops ?? [];
      this.#expect(
        name,
        hops.map(({ address }) => address.join('.')),
      );
    }
  }

  async #askOthers(): Promise<void> {
    const { frr, gobgp } = this.#system;
    if (frr !== undefined)
      this.#expect(
        'FRR',
        (await frr.vpnPaths(this.#prefix)).map(({ nextHop }) => nextHop),
      );
    if (gobgp !== undefined)
      this.#expect(
        'GoBGP',
        (await gobgp.paths(this.#prefix)).map(({ nextHop }) => nextHop),
      );
  }

  #gatewayHops(): string[] {
    return this.#system.gateway
      .routes({ table: 'public.inet.0', prefix: this.#prefix })
      .flatMap(({ paths }) => paths)
      .filter(({ protocol }) => protocol === 'bgp')
      .map(({ nextHop }) => nextHop ?? 'none');
  }

  #expect(party: string, hops: readonly string[]): void {
    const found = [...new Set(hops)].sort().join();
    if (found === this.#wanted || this.gaps.length >= KEPT_GAPS) return;
    const at = ((performance.now() - this.#begun) / 1000).toFixed(2);
    this.gaps.push(`${at} s: ${party} had ${found === '' ? 'no next hop' : found} for ${this.#prefix}`);
  }
}
