/** Processor time and memory of processes and of the whole machine, from /proc. */
import { readFileSync, readdirSync } from 'node:fs';

/** Clock ticks a second: fixed at 100 for user space on every Linux this runs on. */
const TICKS = 100;
/** More CPU than this share of two cores, burnt by anybody else, makes a measurement noisy. */
const NOISE_SHARE = 0.1;

function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** A process and all its descendants. */
export function processTree(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), Number(statFields(Number(name))[1]));
    } catch {
      continue; // it ended while we looked
    }
  }
  const tree = [pid];
  for (let i = 0; i < tree.length; i++) {
    for (const [child, parent] of parents) if (parent === tree[i]) tree.push(child);
  }
  return tree;
}

/** CPU seconds (user and system) that the processes have used. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = statFields(pid);
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS;
}

/** Resident octets of the processes. */
export function residentOctets(pids: readonly number[]): number {
  let kilobytes = 0;
  for (const pid of pids) {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    kilobytes += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }
  return kilobytes * 1024;
}

/** CPU seconds that everything on the machine has used, idle time excluded. */
export function machineCpuSeconds(): number {
  const fields = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]!
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields;
  return (user + nice + system + irq + softirq + steal) / TICKS;
}

/** What a piece of work took. */
export interface Spent {
  readonly seconds: number;
  /** CPU seconds of the processes watched. */
  readonly cpu: number;
  /** Somebody else used the machine as well. */
  readonly noisy: boolean;
}

/** Starts the clocks, for processes beside this one; the function it gives stops them. */
export function stopwatch(pids: readonly number[]): () => Spent {
  const start = performance.now();
  const cpu = cpuSeconds(pids);
  const own = process.cpuUsage();
  const machine = machineCpuSeconds();
  return () => {
    const seconds = (performance.now() - start) / 1000;
    const used = cpuSeconds(pids) - cpu;
    const { user, system } = process.cpuUsage(own);
    const others = machineCpuSeconds() - machine - used - (user + system) / 1e6;
    return { seconds, cpu: used, noisy: others > Math.max(0.05, NOISE_SHARE * 2 * seconds) };
  };
}
