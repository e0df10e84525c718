/**
 * Loaded into a control node with `--import`, with the name of a file in the query of its URL: writes there how long the event
 * loop was kept at a time. What counts is the time that the process itself took: on a machine with more to do than processors
 * a process waits for its turn, and that is no stall of its own.
 */
import { appendFileSync } from 'node:fs';

/** A line of the file: since the process began, and the longest stalls of the interval before, in milliseconds. */
export interface StallLine {
  readonly pid: number;
  readonly at: number;
  readonly stalls: readonly number[];
}

const TICK = 5;
export const LINE_MILLISECONDS = 500;
/** Shorter ones are nobody's trouble. */
const SHORTEST = 20;

const file = new URL(import.meta.url).searchParams.get('file');
if (file !== null) {
  let [wall, cpu] = [performance.now(), cpuMilliseconds()];
  let stalls: number[] = [];
  let written = wall;
  const tick = (): void => {
    const [now, used] = [performance.now(), cpuMilliseconds()];
    const stall = Math.min(now - wall - TICK, used - cpu);
    if (stall >= SHORTEST) stalls.push(Math.round(stall));
    if (now - written >= LINE_MILLISECONDS) {
      const line: StallLine = { pid: process.pid, at: Math.round(now), stalls };
      appendFileSync(file, `${JSON.stringify(line)}\n`);
      stalls = [];
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
