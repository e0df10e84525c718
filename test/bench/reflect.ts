/** `npm run bench -- reflect`: the same routes through this reflector and through others, in one interleaved run. */
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { daemons, isInstalled, versionOf, type Daemon, type DaemonName } from './daemons.ts';
import { overviewText, rowText, rowsOf, type Outcome, type Row } from './reflect-report.ts';
import { runOnce, type RepetitionResult } from './reflection.ts';
import { BuiltLoads } from './route-load.ts';
import { workloads, type Phase, type Workload } from './workload.ts';

const USAGE = `npm run bench -- reflect [options]

  --against LIST        devices beside ours: ${Object.keys(daemons).slice(1).join(',')} (default: all installed)
  --workloads LIST      ${workloads.map(({ name }) => name).join(',')} (default: all)
  --routes N            routes instead of the workload's number
  --clients N           receivers
  --nlri-per-update N   routes in an UPDATE
  --attribute-sets N    attribute sets
  --runs N              repetitions (default 3)
  --full                slow daemons get all routes too; --time-limit gives them the time
  --time-limit SECONDS  that a phase may take before the daemon is given up for the workload (default 60)
  --quick               the workloads bulk and fan-out with 100,000 routes
  --json                one JSON document on standard output

Slow daemons get fewer repetitions and, without --full, fewer routes; that is printed beside their figures, and rates are compared:
${limits()}
`;

/** A repetition that was disturbed is done again if it takes no longer than this; others are only marked as noisy. */
const SHORT_MILLISECONDS = 15_000;

function limits(): string {
  const lines = Object.entries<Daemon>(daemons).map(([name, { mostRoutes, mostTold, mostRuns }]) => {
    const parts = [
      ...(mostRoutes < Infinity ? [`${mostRoutes.toLocaleString('en')} routes`] : []),
      ...(mostTold < Infinity ? [`${mostTold.toLocaleString('en')} routes × receivers`] : []),
      ...(mostRuns < Infinity ? [`${mostRuns} repetitions`] : []),
    ];
    return parts.length === 0 ? [] : [`  ${name.padEnd(10)} ${parts.join(', ')}`];
  });
  return lines.flat().join('\n');
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
      'time-limit': { type: 'string' },
      full: { type: 'boolean', default: false },
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
  const runs = number('runs', values.runs) ?? 3;
  const seconds = number('time-limit', values['time-limit']) ?? 60;
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
  for (const [i, workload] of chosen.entries()) {
    progress(`workload ${i + 1} of ${chosen.length}: ${workload.name}, ${workload.title}`);
    const compared = await compare(workload, names, runs, seconds, values.full);
    rows.push(...compared);
    if (!values.json) process.stdout.write(compared.map(rowText).join(''));
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ machine, versions, runs, workloads: rows })}\n`);
  else {
    const lines = Object.entries(versions).map(([name, text]) => `${name}: ${text}\n`);
    process.stdout.write(`${overviewText(rows, names)}\n${lines.join('')}`);
  }
  const isRight = rows.every(
    ({ results }) =>
      results.vaportrail?.unfinished === undefined &&
      Object.values(results).every(({ wrong }) => wrong.length === 0),
  );
  return isRight ? 0 : 1;
}

function chosenDevices(against: string | undefined): DaemonName[] {
  const others =
    against === undefined ? Object.keys(daemons).slice(1) : against.split(',').filter((name) => name !== '');
  const names: DaemonName[] = ['vaportrail'];
  for (const name of others) {
    if (!(name in daemons))
      throw new RangeError(`no device is called "${name}": ${Object.keys(daemons).join(', ')}`);
    if (isInstalled(name as DaemonName)) names.push(name as DaemonName);
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
async function compare(
  workload: Workload,
  names: readonly DaemonName[],
  runs: number,
  seconds: number,
  isFull: boolean,
): Promise<Row[]> {
  const outcomes = new Map<DaemonName, Outcome>(names.map((name) => [name, { measured: [] }]));
  const loads = new BuiltLoads();
  for (let repetition = -1; repetition < runs; repetition++) {
    for (const [name, outcome] of outcomes) {
      const { mostRuns } = daemons[name];
      if (repetition < 0 ? name !== 'vaportrail' : repetition >= mostRuns) continue;
      const scaled = scaledTo(name, workload, isFull);
      if (scaled.phases.length === 0) continue;
      if (outcome.failure !== undefined || outcome.unfinished !== undefined) continue;
      const which = repetition < 0 ? 'warm-up' : `${repetition + 1}/${Math.min(runs, mostRuns)}`;
      progress(`${workload.name}: ${name} ${which}`);
      try {
        const { measured, unfinished } = await undisturbed(name, scaled, loads, seconds, repetition < 0);
        if (repetition >= 0) outcome.measured.push(measured);
        if (unfinished !== undefined) {
          outcome.unfinished = unfinished;
          progress(`${workload.name}: ${name}: ${unfinished.phase} ${unfinished.because}`);
        }
      } catch (error) {
        outcome.failure = (error as Error).message;
        progress(`${workload.name}: ${outcome.failure}`);
      }
    }
  }
  return rowsOf(workload, outcomes);
}

/** A repetition; once or twice more when somebody else used the machine and it is short. */
async function undisturbed(
  name: DaemonName,
  workload: Workload,
  loads: BuiltLoads,
  seconds: number,
  discarded: boolean,
): Promise<RepetitionResult> {
  const begun = performance.now();
  let result = await runOnce(name, workload, loads, seconds);
  const again = !discarded && performance.now() - begun < SHORT_MILLISECONDS ? 2 : 0;
  for (let more = 0; more < again && result.measured.some(({ noisy }) => noisy); more++) {
    progress(`${workload.name}: ${name} was disturbed, once more`);
    result = await runOnce(name, workload, loads, seconds);
  }
  return result;
}

/** What of a workload a daemon is given. */
function scaledTo(name: DaemonName, workload: Workload, isFull: boolean): Workload {
  const { mostRoutes, mostTold } = daemons[name];
  const possible: readonly Phase[] = daemons[name].phases;
  const { load, receivers, phases } = workload;
  const most = isFull ? Infinity : Math.min(mostRoutes, Math.floor(mostTold / receivers));
  return {
    ...workload,
    load: { ...load, routes: Math.min(load.routes, most) },
    phases: phases.filter((phase) => possible.includes(phase)),
  };
}

const started = performance.now();

function progress(text: string): void {
  const seconds = Math.round((performance.now() - started) / 1000);
  const minutes = Math.floor(seconds / 60);
  process.stderr.write(`[${minutes}:${String(seconds % 60).padStart(2, '0')}] ${text}\n`);
}
