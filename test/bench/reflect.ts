/** `npm run bench -- reflect`: the same routes through this reflector and through others, in one interleaved run. */
import { cpus } from 'node:os';
import { release } from 'node:os';
import { parseArgs } from 'node:util';
import { devices, isInstalled, versionOf, type DeviceName } from './device.ts';
import { runOnce, type Measurement } from './reflection.ts';
import { median, pairwiseRatio } from './statistics.ts';
import { workloads, type Phase, type Workload } from './workload.ts';

const USAGE = `npm run bench -- reflect [options]

  --against LIST        devices beside ours: ${Object.keys(devices).slice(1).join(',')} (default: all installed)
  --workloads LIST      ${workloads.map(({ name }) => name).join(',')} (default: all)
  --routes N            routes instead of the workload's number
  --clients N           receivers
  --nlri-per-update N   routes in an UPDATE
  --attribute-sets N    attribute sets
  --runs N              repetitions (default 5; --quick 3)
  --quick               the workloads bulk and fan-out with 100,000 routes
  --json                one JSON document on standard output
`;

/** A repetition that was disturbed is done again if it takes no longer than this; others are only marked as noisy. */
const SHORT_MILLISECONDS = 15_000;

interface Row {
  readonly workload: string;
  readonly phase: Phase;
  readonly results: Partial<Record<DeviceName, Summary>>;
  /** Median over the repetitions of (their time a route) / (ours): above one we are faster. */
  readonly ratio: Partial<Record<DeviceName, number>>;
  readonly cpuRatio: Partial<Record<DeviceName, number>>;
  readonly ratioRange: Partial<Record<DeviceName, readonly [number, number]>>;
}

interface Summary {
  readonly routes: number;
  readonly seconds: number;
  readonly routesPerSecond: number;
  readonly cpuSeconds: number;
  readonly updatesOut: number;
  readonly megabytesOut: number;
  readonly residentMegabytes: number;
  readonly octetsPerRoute: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  /** How long the event loop did not come round; of our device only. */
  readonly stallMilliseconds: number;
  readonly noisyRuns: number;
  readonly wrong: readonly string[];
}

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      against: { type: 'string' },
      workloads: { type: 'string' },
      routes: { type: 'string' },
      clients: { type: 'string' },
      'nlri-per-update': { type: 'string' },
      'attribute-sets': { type: 'string' },
      runs: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const number = (name: string, text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    if (!/^[1-9]\d*$/.test(text))
      throw new RangeError(`--${name} takes a whole number from 1, not "${text}"`);
    return Number(text);
  };
  const overrides = {
    routes: number('routes', values.routes) ?? (values.quick ? 100_000 : undefined),
    perUpdate: number('nlri-per-update', values['nlri-per-update']),
    attributeSets: number('attribute-sets', values['attribute-sets']),
  };
  const receivers = number('clients', values.clients);
  const runs = number('runs', values.runs) ?? (values.quick ? 3 : 5);
  const names = chosenDevices(values.against);
  const wanted = values.workloads?.split(',');
  const unknown = wanted?.find((name) => !workloads.some((workload) => workload.name === name));
  if (unknown !== undefined) throw new RangeError(`no workload is called "${unknown}"`);
  const chosen = workloads
    .filter((workload) =>
      wanted === undefined ? !values.quick || workload.quick : wanted.includes(workload.name),
    )
    .map((workload) => adjusted(workload, overrides, receivers));

  // Ends by `exit`, so that the devices end with it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const versions = Object.fromEntries(names.map((name) => [name, versionOf(name)]));
  const machine = {
    node: process.version,
    kernel: release(),
    cores: cpus().length,
    processor: cpus()[0]?.model,
  };
  const rows: Row[] = [];
  for (const workload of chosen) {
    rows.push(...(await compare(workload, names, runs)));
    if (!values.json)
      process.stdout.write(
        rows
          .filter((row) => row.workload === workload.name)
          .map(rowText)
          .join(''),
      );
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ machine, versions, runs, workloads: rows })}\n`);
  else
    process.stdout.write(
      `\n${Object.entries(versions)
        .map(([name, text]) => `${name}: ${text}`)
        .join('\n')}\n`,
    );
  return rows.every((row) => Object.values(row.results).every(({ wrong }) => wrong.length === 0)) ? 0 : 1;
}

function chosenDevices(against: string | undefined): DeviceName[] {
  const others =
    against === undefined ? Object.keys(devices).slice(1) : against.split(',').filter((name) => name !== '');
  const names: DeviceName[] = ['vaportrail'];
  for (const name of others) {
    if (!(name in devices))
      throw new RangeError(`no device is called "${name}": ${Object.keys(devices).join(', ')}`);
    if (isInstalled(name as DeviceName)) names.push(name as DeviceName);
    else process.stderr.write(`${name}: skipped, not installed\n`);
  }
  return names;
}

function adjusted(
  workload: Workload,
  overrides: { routes: number | undefined; perUpdate: number | undefined; attributeSets: number | undefined },
  receivers: number | undefined,
): Workload {
  const { load } = workload;
  return {
    ...workload,
    receivers: receivers ?? workload.receivers,
    load: {
      ...load,
      routes: overrides.routes ?? load.routes,
      perUpdate: overrides.perUpdate ?? load.perUpdate,
      attributeSets: overrides.attributeSets ?? load.attributeSets,
    },
  };
}

/** Interleaves the devices, A B C A B C …, after one discarded repetition of ours. */
async function compare(workload: Workload, names: readonly DeviceName[], runs: number): Promise<Row[]> {
  const measured = new Map<DeviceName, Measurement[][]>(names.map((name) => [name, []]));
  const failures = new Map<DeviceName, string>();
  const scaled = (name: DeviceName): Workload => ({
    ...workload,
    load: {
      ...workload.load,
      routes: Math.min(
        workload.load.routes,
        devices[name].most,
        Math.floor(devices[name].mostTold / workload.receivers),
      ),
    },
    phases: workload.phases.filter((phase) => phase !== 'withdraw' || devices[name].withdraws),
  });
  for (let repetition = -1; repetition < runs; repetition++) {
    for (const name of names) {
      if (repetition < 0 && name !== 'vaportrail') continue;
      if (failures.has(name)) continue;
      process.stderr.write(
        `${workload.name}: ${name} ${repetition < 0 ? 'warm-up' : `${repetition + 1}/${runs}`}\n`,
      );
      try {
        const begun = performance.now();
        let result = await runOnce(name, scaled(name));
        const isShort = performance.now() - begun < SHORT_MILLISECONDS;
        const again = isShort && repetition >= 0 ? 2 : 0;
        for (let more = 0; more < again && result.some(({ noisy }) => noisy); more++) {
          process.stderr.write(`${workload.name}: ${name} was disturbed, once more\n`);
          result = await runOnce(name, scaled(name));
        }
        if (repetition >= 0) measured.get(name)!.push(result);
      } catch (error) {
        failures.set(name, (error as Error).message);
        process.stderr.write(`${(error as Error).message}\n`);
      }
    }
  }
  return workload.phases.map((phase) => rowOf(workload, phase, names, measured, failures));
}

function rowOf(
  workload: Workload,
  phase: Phase,
  names: readonly DeviceName[],
  measured: ReadonlyMap<DeviceName, readonly Measurement[][]>,
  failures: ReadonlyMap<DeviceName, string>,
): Row {
  const of = (name: DeviceName): Measurement[] =>
    measured.get(name)!.flatMap((run) => run.filter((measurement) => measurement.phase === phase));
  const results: Partial<Record<DeviceName, Summary>> = {};
  const ratio: Partial<Record<DeviceName, number>> = {};
  const cpuRatio: Partial<Record<DeviceName, number>> = {};
  const ratioRange: Partial<Record<DeviceName, readonly [number, number]>> = {};
  const ours = of('vaportrail');
  const cost = (m: Measurement): number => (phase.endsWith('latency') ? m.p50 : m.seconds / m.routes);
  for (const name of names) {
    const list = of(name);
    const failure = failures.get(name);
    if (list.length === 0 && failure === undefined) continue;
    const pick = (value: (m: Measurement) => number): number => median(list.map(value));
    results[name] = {
      routes: pick((m) => m.routes),
      seconds: pick((m) => m.seconds),
      routesPerSecond: pick((m) => m.routes / m.seconds),
      cpuSeconds: pick((m) => m.cpuSeconds),
      updatesOut: pick((m) => m.updatesOut),
      megabytesOut: pick((m) => m.octetsOut / 1e6),
      residentMegabytes: pick((m) => m.residentOctets / 1e6),
      octetsPerRoute: pick((m) => m.octetsPerRoute),
      p50Milliseconds: pick((m) => m.p50),
      p99Milliseconds: pick((m) => m.p99),
      stallMilliseconds: pick((m) => m.stall),
      noisyRuns: list.filter((m) => m.noisy).length,
      wrong: [
        ...list.map((m) => m.wrong).filter((text) => text !== ''),
        ...(failure === undefined ? [] : [failure]),
      ],
    };
    if (name === 'vaportrail' || list.length === 0 || ours.length === 0) continue;
    const wall = pairwiseRatio(list.map(cost), ours.map(cost));
    ratio[name] = wall.median;
    ratioRange[name] = [wall.low, wall.high];
    const cpu = (m: Measurement): number => m.cpuSeconds / m.routes;
    cpuRatio[name] = pairwiseRatio(list.map(cpu), ours.map(cpu)).median;
  }
  return { workload: workload.name, phase, results, ratio, cpuRatio, ratioRange };
}

function rowText(row: Row): string {
  const title = workloads.find(({ name }) => name === row.workload)?.title ?? '';
  const lines = [`\n${row.workload} / ${row.phase}: ${title}`];
  const most = Math.max(...Object.values(row.results).map(({ routes }) => routes));
  const fixed = (value: number, digits: number): string =>
    Number.isNaN(value) ? '-' : value.toFixed(digits);
  for (const [name, summary] of Object.entries(row.results)) {
    const figures = row.phase.endsWith('latency')
      ? [`p50 ${fixed(summary.p50Milliseconds, 3)} ms`, `p99 ${fixed(summary.p99Milliseconds, 3)} ms`]
      : [
          `${fixed(summary.seconds, 3)} s`,
          `${fixed(summary.routesPerSecond / 1000, 0)} k routes/s`,
          // A slow daemon is given fewer, and the ratio is one of rates.
          ...(summary.routes < most ? [`${summary.routes} routes`] : []),
          `${fixed(summary.updatesOut, 0)} UPDATEs`,
          `${fixed(summary.residentMegabytes, 0)} MB`,
          `${fixed(summary.octetsPerRoute, 0)} B/route`,
        ];
    const notes = [
      `cpu ${fixed(summary.cpuSeconds, 2)} s`,
      ...(Number.isNaN(summary.stallMilliseconds) ? [] : [`stall ${fixed(summary.stallMilliseconds, 1)} ms`]),
      ...(summary.noisyRuns > 0 ? [`${summary.noisyRuns} noisy`] : []),
      ...(summary.wrong.length > 0 ? [`WRONG: ${summary.wrong[0]}`] : []),
    ];
    lines.push(`  ${name.padEnd(10)} ${[...figures, ...notes].join(', ')}`);
  }
  const ratios = Object.entries(row.ratio).map(([name, value]) => {
    const [low, high] = row.ratioRange[name as DeviceName] ?? [Number.NaN, Number.NaN];
    return `vs ${name} ${value.toFixed(1)}x (${low.toFixed(1)}–${high.toFixed(1)}; cpu ${(row.cpuRatio[name as DeviceName] ?? Number.NaN).toFixed(1)}x)`;
  });
  if (ratios.length > 0) lines.push(`  ${ratios.join(' | ')}`);
  return `${lines.join('\n')}\n`;
}
