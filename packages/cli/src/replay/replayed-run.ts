/** Replays one run of a recording and yields the tables there are at its end, or at a time within it. */
import type { NeighborView, RouteView } from '@vaportrail/show';
import { LONGEST_PAUSE, RecordingError, Run, type RecordLine, type RunEnd } from '@vaportrail/show/recording';

export interface ReplayOptions {
  /** Which run of the file, from 1; the last when left out. */
  readonly run?: number | undefined;
  /** Milliseconds since the epoch, of the time of the start; the end of the run when left out. */
  readonly until?: ((startedAt: number) => number) | undefined;
}

/** What a daemon had at some time. */
export interface ReplayedTables {
  readonly neighbors: readonly NeighborView[];
  readonly routes: readonly RouteView[];
}

export interface ReplayedRun {
  readonly daemon: 'control-node' | 'agent';
  readonly name: string;
  readonly run: number;
  readonly runs: number;
  readonly startedAt: string;
  /** The time of the tables. */
  readonly at: string;
  /** Records that were replayed. */
  readonly records: number;
  /** `until`: there is more in the recording. */
  readonly end: RunEnd | 'until';
  /** What the replay could not do as it was recorded. */
  readonly problems: readonly string[];
  /** Of a control node: daemon, neighbors, routing instances, tables, routes. Of agents: the same of each. */
  readonly tables:
    ReplayedTables | { readonly agents: readonly (ReplayedTables & { readonly name: string })[] };
}

/** A fresh daemon that is told what a recording says. */
interface Replay {
  readonly problems: readonly string[];
  start(): Promise<void>;
  apply(record: RecordLine): Promise<void>;
  advanceTo(at: number): void;
  tables(): object;
}

/**
 * @throws RecordingError when the file is no recording, or has no such run
 * @throws ZodError when the configuration in it is not valid
 */
export async function replayRun(
  path: string,
  { run: number, until }: ReplayOptions = {},
): Promise<ReplayedRun> {
  const run = await Run.find(path, number);
  let replay: Replay | undefined;
  let start: (RecordLine & { readonly type: 'start' }) | undefined;
  let last = Number.POSITIVE_INFINITY;
  let at = 0;
  let records = 0;
  let isCut = false;
  for await (const record of run.records()) {
    if (record.type === 'start') {
      start = record;
      last = until?.(record.at) ?? last;
      replay = await replayOf(record);
      await replay.start();
    }
    if (record.at > last) {
      isCut = true;
      break;
    }
    // What a stop does to the tables nobody wants to see.
    if (record.type === 'stop') break;
    records++;
    at = Math.max(at, record.at);
    await replay?.apply(record);
  }
  if (replay === undefined || start === undefined) throw new Error(`${path}: the run has no start`);
  if (Number.isFinite(last) && last > at) {
    if (last > at + LONGEST_PAUSE)
      throw new RecordingError(`--until: more than a year after the last record of ${path}`);
    at = last;
    replay.advanceTo(at);
  }
  return {
    daemon: start.daemon,
    name: start.name,
    run: run.number,
    runs: run.runs,
    startedAt: new Date(start.at).toISOString(),
    at: new Date(at).toISOString(),
    records,
    end: isCut ? 'until' : run.end,
    problems: replay.problems,
    tables: replay.tables() as ReplayedRun['tables'],
  };
}

/** Loads only the daemon that is needed. */
async function replayOf(start: RecordLine & { readonly type: 'start' }): Promise<Replay> {
  if (start.daemon === 'agent') {
    const { AgentReplay } = await import('@vaportrail/agent');
    return new AgentReplay(start);
  }
  const { ControlNodeReplay } = await import('@vaportrail/control-node');
  return new ControlNodeReplay(start);
}
