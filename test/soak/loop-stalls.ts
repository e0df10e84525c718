/**
 * Loaded into a control node with `--import`, with the name of a file in the query of its URL: writes there how long the event
 * loop was kept at a time. What counts is the time that the process itself took: on a machine with more to do than processors
 * a process waits for its turn, and that is no stall of its own.
 */
import { appendFileSync } from 'node:fs';
import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { RunningCode } from './running-code.ts';

export interface Stall {
  /** When it was over, in milliseconds since the process began. */
  readonly at: number;
  readonly milliseconds: number;
  /** Of these, what the collector of garbage kept the loop for. */
  readonly collecting: number;
  /** What was running, when that was traced. */
  readonly running?: readonly string[];
}

/** A line of the file: when it was written, and the longest stalls of so many milliseconds before. */
export interface StallLine {
  readonly pid: number;
  readonly at: number;
  readonly milliseconds: number;
  readonly stalls: readonly Stall[];
}

const TICK = 5;
const LINE_MILLISECONDS = 500;
/** Shorter ones are nobody's trouble. */
const SHORTEST = 20;
/** Of longer ones it is told what was running, if that is traced. */
const TRACED = 60;

const { searchParams } = new URL(import.meta.url);
const file = searchParams.get('file');
if (file !== null) {
  const code = searchParams.has('trace') ? new RunningCode() : undefined;
  let collections: PerformanceEntry[] = [];
  new PerformanceObserver((list) => collections.push(...list.getEntries())).observe({ entryTypes: ['gc'] });
  const collecting = (from: number, until: number): number =>
    collections.reduce((sum, { startTime, duration }) => {
      const overlap = Math.min(until, startTime + duration) - Math.max(from, startTime);
      return sum + Math.max(0, overlap);
    }, 0);
  let [wall, cpu] = [performance.now(), cpuMilliseconds()];
  let stalls: Omit<Stall, 'collecting'>[] = [];
  let written = wall;
  const tick = (): void => {
    const [now, used] = [performance.now(), cpuMilliseconds()];
    const milliseconds = Math.round(Math.min(now - wall - TICK, used - cpu));
    if (milliseconds >= SHORTEST) {
      const running = milliseconds >= TRACED ? code?.ofLast(now - wall) : undefined;
      stalls.push({ at: Math.round(now), milliseconds, ...(running && { running }) });
    }
    // Word of a collection comes when the loop has come round.
    if (now - written >= LINE_MILLISECONDS && milliseconds < SHORTEST) {
      const line: StallLine = {
        pid: process.pid,
        at: Math.round(now),
        milliseconds: Math.round(now - written),
        stalls: stalls.map((stall) => ({
          ...stall,
          collecting: Math.round(collecting(stall.at - stall.milliseconds, stall.at)),
        })),
      };
      appendFileSync(file, `${JSON.stringify(line)}\n`);
      stalls = [];
      collections = [];
      written = now;
    }
    [wall, cpu] = [performance.now(), cpuMilliseconds()];
  };
  setInterval(tick, TICK).unref();
}

/** Of all threads of the process. */
function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
