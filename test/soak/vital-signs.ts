/** How the processes are doing: memory over time, and how long the event loops keep others waiting. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { residentOctets } from '../bench/process-usage.ts';
import { median, quantile } from '../bench/statistics.ts';
import type { Stall } from './loop-stalls.ts';
import type { ControlNodeProcess } from './running-system.ts';

export interface MemoryReport {
  readonly process: string;
  /** How long the present process lives, in seconds. */
  readonly seconds: number;
  /** Median of megabytes, live in this process and resident in others, in the second quarter of its life, and in the last. */
  readonly before: number;
  readonly after: number;
  /** Undefined when it has not lived long enough to tell. */
  readonly flat: boolean | undefined;
}

export interface DelayReport {
  readonly process: string;
  /** Milliseconds: how late this process was, or how long a control node took to answer a trivial question. */
  readonly p99: number;
  readonly longest: number;
}

/** How long the event loop of a control node was kept, over all its lives. */
export interface StallReport {
  readonly process: string;
  /** Seconds that were watched. */
  readonly seconds: number;
  /** Milliseconds. */
  readonly longest: number;
  /** Those longer than {@link NOTED_STALL}, the longest first. */
  readonly noted: readonly Stall[];
}

/** Stalls that a reader is told of, in milliseconds. */
export const NOTED_STALL = 50;
const SAMPLE_MILLISECONDS = 250;
/** This process takes the resident memory of its crowd back late: it is judged by what is live after a collection. */
const COLLECT_MILLISECONDS = 5000;
/** A process is judged by its memory after so many seconds. */
const JUDGED_AFTER = 90;
/** Growth that counts as flat: the collector does not run at the same fill every time. */
const FLAT_SHARE = 0.15;
const FLAT_MEGABYTES = 16;
/**
 * A process that takes its place late, as V8 does while its young generation grows, is flat when it has stopped: between
 * the third quarter of its life and the last.
 */
const STILL_SHARE = 0.03;

interface Life {
  pid: number;
  readonly samples: number[];
  begun: number;
}

export class VitalSigns {
  readonly #controlNodes: readonly ControlNodeProcess[];
  readonly #lives = new Map<string, Life>();
  readonly #answers = new Map<string, number[]>();
  readonly #ownDelay: IntervalHistogram = monitorEventLoopDelay({ resolution: 10 });
  readonly #timer: NodeJS.Timeout;
  readonly #collect: () => void;
  #collectedAt = 0;
  readonly #asking = new Set<string>();

  constructor(controlNodes: readonly ControlNodeProcess[]) {
    this.#controlNodes = controlNodes;
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc') as () => void;
    this.#ownDelay.enable();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MILLISECONDS);
  }

  /** Stops looking; what was seen stays. */
  end(): void {
    clearInterval(this.#timer);
    this.#ownDelay.disable();
  }

  memory(): MemoryReport[] {
    return Array.from(this.#lives, ([name, { samples, begun }]) => {
      const quarter = samples.length >> 2;
      const before = median(samples.slice(quarter, 2 * quarter));
      const after = median(samples.slice(3 * quarter));
      const seconds = (performance.now() - begun) / 1000;
      const between = median(samples.slice(2 * quarter, 3 * quarter));
      const flat =
        after - before <= Math.max(FLAT_MEGABYTES, before * FLAT_SHARE) ||
        after - between <= between * STILL_SHARE;
      return { process: name, seconds, before, after, flat: seconds < JUDGED_AFTER ? undefined : flat };
    });
  }

  stalls(): StallReport[] {
    return this.#controlNodes.map((node) => {
      const lines = node.stallLines();
      const stalls = lines.flatMap((line) => line.stalls).sort((a, b) => b.milliseconds - a.milliseconds);
      return {
        process: node.name,
        seconds: lines.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / 1000,
        longest: stalls[0]?.milliseconds ?? 0,
        noted: stalls.filter(({ milliseconds }) => milliseconds > NOTED_STALL),
      };
    });
  }

  delays(): DelayReport[] {
    const own = this.#ownDelay;
    return [
      { process: 'agents and gateway', p99: own.percentile(99) / 1e6, longest: own.max / 1e6 },
      ...Array.from(this.#answers, ([name, times]) => ({
        process: name,
        p99: quantile(times, 0.99),
        longest: Math.max(...times),
      })),
    ];
  }

  #sample(): void {
    if (performance.now() - this.#collectedAt >= COLLECT_MILLISECONDS) {
      this.#collect();
      this.#collectedAt = performance.now();
      this.#remember('agents and gateway', process.pid, () => process.memoryUsage().heapUsed);
    }
    for (const node of this.#controlNodes) {
      const { pid } = node;
      if (pid === undefined) continue;
      this.#remember(node.name, pid, () => residentOctets([pid]));
      void this.#ask(node, pid);
    }
  }

  #remember(name: string, pid: number, octets: () => number): void {
    let life = this.#lives.get(name);
    if (life?.pid !== pid) this.#lives.set(name, (life = { pid, samples: [], begun: performance.now() }));
    try {
      life.samples.push(octets() / 2 ** 20);
    } catch {
      // It ended between two looks.
    }
  }

  /** The time to an answer, which waits behind whatever the control node is doing. */
  async #ask(node: ControlNodeProcess, pid: number): Promise<void> {
    if (this.#asking.has(node.name)) return;
    this.#asking.add(node.name);
    const begun = performance.now();
    const answered = await node.view('/daemon').then(
      () => true,
      () => false,
    );
    this.#asking.delete(node.name);
    if (!answered || node.pid !== pid) return;
    const times = this.#answers.get(node.name) ?? [];
    times.push(performance.now() - begun);
    this.#answers.set(node.name, times);
  }
}
