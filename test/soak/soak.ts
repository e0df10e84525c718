/**
 * A soak: a running system is disturbed for a while, control nodes are restarted and killed under it, and at the end
 * every table of every party is compared with what it must be.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Churn } from './churn.ts';
import { type Comparison, type Difference, compare } from './comparison.ts';
import { Continuity } from './continuity.ts';
import { Intent } from './intent.ts';
import type { Stall } from './loop-stalls.ts';
import { RunningSystem } from './running-system.ts';
import { SeededRandom } from './seeded-random.ts';
import { Storm } from './storm.ts';
import {
  type DelayReport,
  type MemoryReport,
  NOTED_STALL,
  type StallReport,
  VitalSigns,
} from './vital-signs.ts';

export interface SoakSettings {
  readonly seconds: number;
  readonly seed: number;
  readonly agents: number;
  readonly floatingIps: number;
  /** Agents that connect and are cut off together, again and again; 0 for none. */
  readonly storm: number;
  /** Disturbances a second. */
  readonly rate: number;
  /** Milliseconds that 99 of 100 answers may take. */
  readonly delayBound: number;
  /** Milliseconds that a control node may keep its event loop. */
  readonly stallBound: number;
  /** Whether control nodes keep a profile, so that the report can tell what ran in a stall; it slows them down. */
  readonly tracesStalls: boolean;
  /** Called with a line whenever something happens that a reader would follow. */
  readonly tell: (line: string) => void;
}

export interface SoakReport {
  readonly seed: number;
  readonly seconds: number;
  /** Parties besides the two control nodes, the agents and our gateway. */
  readonly peers: readonly string[];
  readonly gracefulRestart: boolean;
  readonly disturbances: Readonly<Record<string, number>>;
  readonly outages: Readonly<Record<'SIGKILL' | 'SIGTERM', number>>;
  /** How often the crowd came and was cut off, and how many agents were let in altogether. */
  readonly storm: { readonly times: number; readonly connected: number };
  /** Seconds from the last disturbance until everything agreed; undefined when it never did. */
  readonly settled: number | undefined;
  readonly tables: number;
  readonly paths: number;
  readonly differences: readonly Difference[];
  /** How often the routes of undisturbed nodes were looked at, and found missing. */
  readonly looks: number;
  readonly gaps: readonly string[];
  readonly memory: readonly MemoryReport[];
  readonly delays: readonly DelayReport[];
  readonly stalls: readonly StallReport[];
  /** Why it failed; empty when all is well. */
  readonly failures: readonly string[];
}

const ASN = 60100;
const SETTLE_MILLISECONDS = 45_000;
/** The share of the time with outages; afterwards processes live on, so that their memory can be judged. */
const OUTAGES_UNTIL = 0.6;
/** Milliseconds between two outages, once the system is whole again. */
const BETWEEN_OUTAGES = [1000, 6000] as const;
const DOWNTIME = [100, 2500] as const;
const HEALED_WITHIN = 30_000;

/** @throws Error when the system does not come up at all */
export async function soak(settings: SoakSettings): Promise<SoakReport> {
  const { seed, tell } = settings;
  const random = new SeededRandom(seed);
  const gracefulRestart = random.next() < 0.5;
  const intent = new Intent({ nodes: settings.agents, floatingIps: settings.floatingIps, asn: ASN });
  const system = await RunningSystem.start(intent, ASN, gracefulRestart, settings.tracesStalls);
  try {
    await cameUp(intent, system);
    tell(`up: ${system.agents.size} agents, ${peersOf(system).join(', ') || 'no other routers installed'}`);
    return await disturb(settings, random, gracefulRestart, intent, system);
  } finally {
    await system.stop();
  }
}

async function disturb(
  settings: SoakSettings,
  random: SeededRandom,
  gracefulRestart: boolean,
  intent: Intent,
  system: RunningSystem,
): Promise<SoakReport> {
  const { seed, seconds, rate, tell } = settings;
  const failures: string[] = [];
  const vital = new VitalSigns(system.controlNodes);
  const continuity = new Continuity(intent, system);
  const churn = new Churn(intent, system, random);
  const begun = performance.now();
  const elapsed = (): number => (performance.now() - begun) / 1000;
  const outages = { SIGKILL: 0, SIGTERM: 0 };
  // Outages draw from numbers of their own: how long one takes must not change what the churn does.
  const outageRandom = new SeededRandom(seed ^ 0x5eed);
  const ending = (async () => {
    while (elapsed() < seconds * OUTAGES_UNTIL) {
      await sleep(outageRandom.between(...BETWEEN_OUTAGES));
      const signal = outageRandom.pick(['SIGKILL', 'SIGTERM'] as const)!;
      const node = outageRandom.pick(system.controlNodes)!;
      tell(`${elapsed().toFixed(1)} s: ${signal} to ${node.name}`);
      await node.stop(signal);
      await sleep(outageRandom.between(...DOWNTIME));
      await node.start();
      await until(`${node.name} is back`, () => continuity.isRedundant());
      outages[signal]++;
    }
  })().catch((error: unknown) => void failures.push(`outage: ${(error as Error).message}`));
  const storm = new Storm(settings.storm, new SeededRandom(seed ^ 0x57_0a11));
  const raging =
    settings.storm === 0 ? undefined : storm.rage(system.xmppAddresses, () => elapsed() >= seconds, tell);
  while (elapsed() < seconds) {
    await churn.disturb();
    await sleep((1000 / rate) * 2 * random.next());
  }
  await Promise.all([ending, raging]);
  vital.end();

  const stillSince = performance.now();
  let comparison: Comparison | undefined;
  while (performance.now() - stillSince < SETTLE_MILLISECONDS) {
    comparison = await compare(intent, system).catch((error: unknown) => {
      tell(`comparison: ${(error as Error).message}`);
      return comparison;
    });
    if (comparison?.differences.length === 0) break;
    await sleep(250);
  }
  const settled = comparison?.differences.length === 0 ? (performance.now() - stillSince) / 1000 : undefined;
  await continuity.end();

  const memory = vital.memory();
  const delays = vital.delays();
  const stalls = vital.stalls();
  failures.push(...system.dead());
  if (settings.storm > 0 && storm.connected === 0) failures.push('the crowd was never let in');
  if (comparison === undefined) failures.push('the tables could not be compared');
  else if (settled === undefined) {
    failures.push(`${comparison.differences.length} tables differ from what they must be`);
  }
  if (continuity.gaps.length > 0)
    failures.push(`routes of undisturbed nodes were missing ${continuity.gaps.length} times`);
  for (const { process, flat, before, after } of memory)
    if (flat === false) failures.push(`memory of ${process} grew from ${mebi(before)} to ${mebi(after)}`);
  for (const { process, p99 } of delays)
    if (p99 > settings.delayBound)
      failures.push(`${process}: 1 of 100 answers took more than ${p99.toFixed(0)} ms`);
  for (const { process, longest, seconds } of stalls) {
    if (seconds === 0) failures.push(`${process}: nobody watched its event loop`);
    if (longest > settings.stallBound)
      failures.push(`${process}: its event loop stood still for ${longest.toFixed(0)} ms`);
  }
  return {
    seed,
    seconds: elapsed(),
    peers: peersOf(system),
    gracefulRestart,
    disturbances: churn.done,
    outages,
    storm: { times: storm.times, connected: storm.connected },
    settled,
    tables: comparison?.tables ?? 0,
    paths: comparison?.paths ?? 0,
    differences: comparison?.differences ?? [],
    looks: continuity.looks,
    gaps: continuity.gaps,
    memory,
    delays,
    stalls,
    failures,
  };
}

/** @throws Error with what is not as it must be, when the system does not come up */
async function cameUp(intent: Intent, system: RunningSystem): Promise<void> {
  await until('every session is up', () => system.isWhole());
  let differences: readonly Difference[] = [];
  try {
    await until('every table is as it must be', async () => {
      ({ differences } = await compare(intent, system));
      return differences.length === 0;
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${differencesText(differences)}`, { cause: error });
  }
}

function peersOf({ frr, gobgp }: RunningSystem): string[] {
  return [frr, gobgp].flatMap((peer) => (peer === undefined ? [] : [peer.title]));
}

/** @throws Error when it does not become true */
async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + HEALED_WITHIN;
  for (;;) {
    if (await isTrue().catch(() => false)) return;
    if (performance.now() > deadline)
      throw new Error(`after ${HEALED_WITHIN / 1000} s it is not so: ${what}`);
    await sleep(100);
  }
}

/** The first of the tables that differ, and of the paths in them. */
function differencesText(differences: readonly Difference[]): string {
  return differences
    .slice(0, 20)
    .flatMap(({ table, lost, stale }) => [
      `${table}:`,
      ...lost.slice(0, 10).map((line) => `  lost   ${line}`),
      ...stale.slice(0, 10).map((line) => `  stale  ${line}`),
    ])
    .join('\n');
}

function stallText({ at, milliseconds, collecting, running = [] }: Stall): string {
  const what = running.length === 0 ? '' : `: ${running.join(' > ')}`;
  return `            ${milliseconds} ms, ${collecting} of them collecting garbage, after ${(at / 1000).toFixed(1)} s of its life${what}`;
}

const mebi = (value: number): string => `${value.toFixed(0)} MiB`;

/** The report for a person. */
export function reportText(report: SoakReport): string {
  const { disturbances, outages, storm, differences, gaps, failures } = report;
  const done = Object.entries(disturbances).map(([name, times]) => `${times} × ${name}`);
  const lines = [
    `seed ${report.seed}, ${report.seconds.toFixed(0)} s, graceful restart ${report.gracefulRestart ? 'on' : 'off'}`,
    `with      ${report.peers.join(', ') || 'no other routers'}`,
    `done      ${done.join(', ')}`,
    `outages   ${outages.SIGKILL} × kill -9, ${outages.SIGTERM} × restart of a control node`,
    `storms    ${storm.times} × a crowd that connects and is cut off, ${storm.connected} agents let in`,
    `tables    ${report.tables} with ${report.paths} paths, ${report.settled === undefined ? `${differences.length} wrong` : `as they must be ${report.settled.toFixed(1)} s after the last disturbance`}`,
    `routes of undisturbed nodes: ${report.looks} looks, missing in ${gaps.length}`,
    ...report.memory.map(
      ({ process, seconds, before, after, flat }) =>
        `memory    ${process}: ${mebi(before)} → ${mebi(after)} in ${seconds.toFixed(0)} s, ${flat === undefined ? 'too short to judge' : flat ? 'flat' : 'GROWS'}`,
    ),
    ...report.delays.map(
      ({ process, p99, longest }) =>
        `delay     ${process}: 99 % below ${p99.toFixed(1)} ms, longest ${longest.toFixed(1)} ms`,
    ),
    ...report.stalls.flatMap(({ process, seconds, longest, noted }) => [
      `stall     ${process}: longest ${longest} ms, ${noted.length} over ${NOTED_STALL} ms in ${seconds.toFixed(0)} s`,
      ...noted.slice(0, 10).map(stallText),
    ]),
    ...(differences.length === 0 ? [] : [differencesText(differences)]),
    ...gaps.slice(0, 10).map((gap) => `gap       ${gap}`),
    ...(failures.length === 0 ? ['ok'] : failures.map((failure) => `FAILED    ${failure}`)),
  ];
  return `${lines.join('\n')}\n`;
}
