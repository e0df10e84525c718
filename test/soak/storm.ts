/**
 * A crowd of agents that connects to a control node, publishes, is cut off all at once and comes back: what a rack does that
 * loses its power. Its routing instance does not exist, so that its routes wait and no table shows them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ThinAgent } from '../bench/thin-agent.ts';
import type { SeededRandom } from './seeded-random.ts';

const INSTANCE = 'default-domain:soak:storm:storm';
const ROUTES = 4;
/** The control node has so long to let everybody in; then some are still outside, and all go. */
const OPEN_MILLISECONDS = 5000;
const BETWEEN = [500, 3000] as const;

export class Storm {
  readonly #agents: readonly ThinAgent[];
  readonly #random: SeededRandom;
  #open = 0;
  #everybody: (() => void) | undefined;
  /** How often a crowd has come and gone. */
  times = 0;
  /** Agents that were let in, over all times. */
  connected = 0;

  constructor(agents: number, random: SeededRandom) {
    this.#random = random;
    const events = {
      open: () => {
        if (++this.#open === agents) this.#everybody?.();
      },
      lost: () => {},
      items: () => {},
    };
    this.#agents = Array.from(
      { length: agents },
      (_, number) => new ThinAgent(number, INSTANCE, number * ROUTES, ROUTES, events),
    );
  }

  /** Comes and goes until it is told that it is over. */
  async rage(
    nodes: readonly { readonly address: string; readonly port: number }[],
    isOver: () => boolean,
    tell: (line: string) => void,
  ): Promise<void> {
    while (!isOver()) {
      const node = this.#random.pick(nodes)!;
      this.#open = 0;
      const everybody = new Promise<void>((resolve) => (this.#everybody = resolve));
      for (const agent of this.#agents) agent.open(node);
      await Promise.race([everybody, sleep(OPEN_MILLISECONDS)]);
      for (const agent of this.#agents) agent.kill();
      this.times++;
      tell(`storm: ${this.#open} of ${this.#agents.length} agents let in at ${node.address}`);
      this.connected += this.#open;
      await sleep(this.#random.between(...BETWEEN));
    }
  }
}
