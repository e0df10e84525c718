/**
 * From publishes at a steady rate to their UPDATEs, in turns with a relay: a process that only writes what it reads. What holds up
 * both is the machine and Node.
 */
import type { CrowdReport } from './agent-crowd.ts';
import { type Cost, Stage, type StagePlan } from './agent-stage.ts';
import { quantile } from './statistics.ts';

/** Seconds without a pause of one of the two. */
const PIECE = 5;

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  /** Shares of its seconds whose 99th percentile was at most 5 ms. */
  readonly goodSeconds: number;
  readonly cost: Cost;
}

/** @param stage whose agents are connected */
export async function latencyBesideRelay(
  stage: Stage,
  plan: StagePlan,
  seconds: number,
  rate: number,
): Promise<{ readonly ours: Latency; readonly relay: Latency }> {
  const relay = await Stage.startRelay(plan);
  try {
    await relay.order({ do: 'connect', told: false });
    const [ours, theirs] = [new Series(stage, rate), new Series(relay, rate)];
    for (let piece = 0; piece * PIECE < seconds; piece++) {
      const length = Math.min(PIECE, seconds - piece * PIECE);
      for (const series of piece % 2 === 0 ? [ours, theirs] : [theirs, ours]) await series.go(length);
    }
    return { ours: ours.latency(), relay: theirs.latency() };
  } finally {
    relay.end();
  }
}

/** What one of them had in its pieces. */
class Series {
  readonly #stage: Stage;
  readonly #rate: number;
  readonly #pieces: { readonly report: CrowdReport; readonly cost: Cost }[] = [];

  constructor(stage: Stage, rate: number) {
    this.#stage = stage;
    this.#rate = rate;
  }

  async go(seconds: number): Promise<void> {
    this.#pieces.push(await this.#stage.order({ do: 'paced', seconds, perSecond: this.#rate }));
  }

  latency(): Latency {
    const times = this.#pieces.flatMap(({ report }) => report.times);
    const seconds: number[] = [];
    for (let from = 0; from < times.length; from += this.#rate)
      seconds.push(quantile(times.slice(from, from + this.#rate), 0.99));
    const costs = this.#pieces.map(({ cost }) => cost);
    const sum = (key: 'nodeCpuSeconds' | 'crowdCpuSeconds'): number =>
      costs.reduce((total, cost) => total + cost[key], 0);
    return {
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      goodSeconds: seconds.filter((p99) => p99 <= 5).length / seconds.length,
      cost: {
        nodeCpuSeconds: sum('nodeCpuSeconds'),
        crowdCpuSeconds: sum('crowdCpuSeconds'),
        nodeMegabytes: costs.at(-1)!.nodeMegabytes,
        longestStallMilliseconds: Math.max(...costs.map((cost) => cost.longestStallMilliseconds)),
        wrong: costs.find(({ wrong }) => wrong !== '')?.wrong ?? '',
      },
    };
  }
}
