/** What `npm run bench -- reflect` says of a workload: medians of each daemon, ratios, and the text of both. */
import type { DaemonName } from './daemons.ts';
import type { GrowthMark, Measurement } from './measurement.ts';
import { median, pairwiseRatio } from './statistics.ts';
import { type Phase, type Workload, isLatency } from './workload.ts';

/** What became of the repetitions of one daemon. */
export interface Outcome {
  readonly measured: (readonly Measurement[])[];
  /** Phase that took too long, and how far it came. */
  unfinished?: { readonly phase: Phase; readonly because: string };
  /** Why there are no more repetitions. */
  failure?: string;
}

export interface Row {
  readonly workload: string;
  readonly title: string;
  readonly phase: Phase;
  readonly results: Partial<Record<DaemonName, Summary>>;
  /** Median over the repetitions of (their time a route) / (ours): above one we are faster. */
  readonly ratio: Partial<Record<DaemonName, number>>;
  readonly cpuRatio: Partial<Record<DaemonName, number>>;
  readonly ratioRange: Partial<Record<DaemonName, readonly [number, number]>>;
}

export interface Summary {
  readonly runs: number;
  readonly routes: number;
  readonly seconds: number;
  readonly routesPerSecond: number;
  readonly cpuSeconds: number;
  readonly updatesOut: number;
  readonly megabytesOut: number;
  readonly residentMegabytes: number;
  readonly octetsPerRoute: number;
  readonly returnedMegabytes: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  /** How long the event loop did not come round; of our device only. */
  readonly stallMilliseconds: number;
  readonly noisyRuns: number;
  readonly growth: readonly GrowthMark[];
  /** Why there are no figures, or fewer than asked for. */
  readonly unfinished?: string;
  readonly wrong: readonly string[];
}

export function rowsOf(workload: Workload, outcomes: ReadonlyMap<DaemonName, Outcome>): Row[] {
  return workload.phases.map((phase) => rowOf(workload, phase, outcomes));
}

function rowOf(workload: Workload, phase: Phase, outcomes: ReadonlyMap<DaemonName, Outcome>): Row {
  const of = (name: DaemonName): Measurement[] =>
    outcomes.get(name)!.measured.flatMap((run) => run.filter((measurement) => measurement.phase === phase));
  const ours = of('vaportrail');
  const results: Partial<Record<DaemonName, Summary>> = {};
  const ratio: Partial<Record<DaemonName, number>> = {};
  const cpuRatio: Partial<Record<DaemonName, number>> = {};
  const ratioRange: Partial<Record<DaemonName, readonly [number, number]>> = {};
  const cost = (m: Measurement): number => (isLatency(phase) ? m.p50 : m.seconds / m.routes);
  const cpu = (m: Measurement): number => m.cpuSeconds / m.routes;
  for (const [name, outcome] of outcomes) {
    const list = of(name);
    if (list.length === 0 && outcome.failure === undefined && outcome.unfinished === undefined) continue;
    results[name] = summaryOf(list, workload, phase, outcome);
    if (name === 'vaportrail' || list.length === 0 || ours.length === 0) continue;
    const wall = pairwiseRatio(list.map(cost), ours.map(cost));
    ratio[name] = wall.median;
    ratioRange[name] = [wall.low, wall.high];
    cpuRatio[name] = pairwiseRatio(list.map(cpu), ours.map(cpu)).median;
  }
  return { workload: workload.name, title: workload.title, phase, results, ratio, cpuRatio, ratioRange };
}

function summaryOf(
  list: readonly Measurement[],
  workload: Workload,
  phase: Phase,
  { unfinished, failure }: Outcome,
): Summary {
  const pick = (value: (m: Measurement) => number): number => median(list.map(value));
  const isBehind =
    unfinished !== undefined && workload.phases.indexOf(phase) > workload.phases.indexOf(unfinished.phase);
  const because = isBehind ? `not reached: ${unfinished.phase} ${unfinished.because}` : unfinished?.because;
  return {
    runs: list.length,
    routes: pick((m) => m.routes),
    seconds: pick((m) => m.seconds),
    routesPerSecond: pick((m) => m.routes / m.seconds),
    cpuSeconds: pick((m) => m.cpuSeconds),
    updatesOut: pick((m) => m.updatesOut),
    megabytesOut: pick((m) => m.octetsOut / 1e6),
    residentMegabytes: pick((m) => m.residentOctets / 1e6),
    octetsPerRoute: pick((m) => m.octetsPerRoute),
    returnedMegabytes: pick((m) => m.returnedOctets / 1e6),
    p50Milliseconds: pick((m) => m.p50),
    p99Milliseconds: pick((m) => m.p99),
    stallMilliseconds: pick((m) => m.stall),
    noisyRuns: list.filter((m) => m.noisy).length,
    growth: list.at(-1)?.growth ?? [],
    ...(because !== undefined && (isBehind || unfinished?.phase === phase) && { unfinished: because }),
    wrong: [...list.map((m) => m.wrong).filter((text) => text !== ''), ...(failure ? [failure] : [])],
  };
}

const fixed = (value: number, digits: number): string => (Number.isNaN(value) ? '-' : value.toFixed(digits));

export function rowText(row: Row): string {
  const lines = [`\n${row.workload} / ${row.phase}: ${row.title}`];
  const summaries = Object.values(row.results);
  const most = Math.max(...summaries.map(({ routes }) => routes).filter(Number.isFinite));
  const runs = Math.max(...summaries.map((summary) => summary.runs));
  for (const [name, summary] of Object.entries(row.results))
    lines.push(`  ${name.padEnd(10)} ${summaryText(row.phase, summary, most, runs)}`);
  for (const [name, { growth }] of Object.entries(row.results)) {
    if (growth.length > 0) lines.push(`  ${name.padEnd(10)} ${growth.map(markText).join('; ')}`);
  }
  const ratios = Object.entries(row.ratio).map(([name, value]) => {
    const [low, high] = row.ratioRange[name as DaemonName] ?? [Number.NaN, Number.NaN];
    return `vs ${name} ${value.toFixed(1)}x (${low.toFixed(1)}–${high.toFixed(1)}; cpu ${fixed(row.cpuRatio[name as DaemonName] ?? Number.NaN, 1)}x)`;
  });
  if (ratios.length > 0) lines.push(`  ${ratios.join(' | ')}`);
  return `${lines.join('\n')}\n`;
}

function summaryText(phase: Phase, summary: Summary, most: number, runs: number): string {
  const notes = [
    `cpu ${fixed(summary.cpuSeconds, 2)} s`,
    ...(Number.isNaN(summary.stallMilliseconds) ? [] : [`stall ${fixed(summary.stallMilliseconds, 1)} ms`]),
    ...(summary.runs < runs ? [`${summary.runs} of ${runs} runs`] : []),
    ...(summary.noisyRuns > 0 ? [`${summary.noisyRuns} noisy`] : []),
  ];
  const ends = [
    ...(summary.unfinished === undefined ? [] : [summary.unfinished]),
    ...(summary.wrong.length > 0 ? [`WRONG: ${summary.wrong[0]}`] : []),
  ];
  if (summary.runs === 0) return ends.join(', ');
  const figures = isLatency(phase)
    ? [`p50 ${fixed(summary.p50Milliseconds, 3)} ms`, `p99 ${fixed(summary.p99Milliseconds, 3)} ms`]
    : [
        `${fixed(summary.seconds, 3)} s`,
        `${fixed(summary.routesPerSecond / 1000, 0)} k routes/s`,
        // A slow daemon is given fewer, and the ratio is one of rates.
        ...(summary.routes < most ? [`${summary.routes.toLocaleString('en')} routes only`] : []),
        ...memoryFigures(phase, summary),
      ];
  return [...figures, ...notes, ...ends].join(', ');
}

function memoryFigures(phase: Phase, summary: Summary): string[] {
  const resident = `${fixed(summary.residentMegabytes, 0)} MB`;
  // A process that collects garbage may end with less than it had before, or with more.
  if (phase === 'peer-down') {
    const returned = summary.returnedMegabytes;
    return [resident, returned < 0.5 ? 'nothing given back' : `${fixed(returned, 0)} MB given back`];
  }
  if (phase === 'further-paths') {
    return summary.octetsPerRoute < 0
      ? [resident]
      : [resident, `${fixed(summary.octetsPerRoute, 0)} B/further path`];
  }
  return [
    `${fixed(summary.updatesOut, 0)} UPDATEs`,
    resident,
    ...(Number.isNaN(summary.octetsPerRoute) ? [] : [`${fixed(summary.octetsPerRoute, 0)} B/route`]),
  ];
}

function markText({ routes, seconds, residentOctets }: GrowthMark): string {
  return `${routes.toLocaleString('en')} after ${seconds.toFixed(2)} s, ${(residentOctets / 1e6).toFixed(0)} MB`;
}

/** All ratios in one table: wall time, and CPU time in parentheses. */
export function overviewText(rows: readonly Row[], names: readonly DaemonName[]): string {
  const others = names.filter((name) => name !== 'vaportrail');
  const table = [['', 'vaportrail', ...others]];
  for (const { workload, phase, results, ratio, cpuRatio } of rows) {
    const ours = results.vaportrail;
    const figure = isLatency(phase)
      ? `${fixed(ours?.p50Milliseconds ?? Number.NaN, 3)} ms`
      : `${fixed(ours?.seconds ?? Number.NaN, 3)} s`;
    const cells = others.map((name) => {
      const wall = ratio[name];
      if (wall !== undefined) return `${wall.toFixed(1)}x (${fixed(cpuRatio[name] ?? Number.NaN, 1)}x)`;
      return results[name]?.unfinished === undefined ? '-' : 'not finished';
    });
    table.push([`${workload} / ${phase}`, figure, ...cells]);
  }
  const widths = table[0]!.map((_, column) => Math.max(...table.map((cells) => cells[column]!.length)));
  const lines = table.map((cells) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  );
  return `\nTheir time over ours, CPU time in parentheses\n${lines.join('\n')}\n`;
}
