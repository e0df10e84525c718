/** Reads recordings, line by line, and says where one is wrong. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  RECORDING_FORMAT,
  type RecordLine,
  type RecordType,
  recordFields,
  recordedDaemons,
} from './record.ts';

/** The last millisecond that a date can name. */
const LAST_TIME = 8.64e15;
/** Longest pause between two records: a replay lives through it, timer by timer. */
export const LONGEST_PAUSE = 366 * 86_400_000;

/** What is wrong with a recording, with its file and line. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

/** How a run ended. `torn`: its last line is not whole, as it is when the process was killed. */
export type RunEnd = 'stopped' | 'full' | 'torn' | 'open';

/** One run of a daemon: from its start to its stop, to the next start, or to where the file ends. */
export class Run {
  /** Counted from 1. */
  readonly number: number;
  /** How many runs the file holds. */
  readonly runs: number;
  readonly #path: string;
  #end: RunEnd = 'open';

  private constructor(path: string, number: number, runs: number) {
    this.#path = path;
    this.number = number;
    this.runs = runs;
  }

  /**
   * Finds the last run of a recording, or that of a number.
   * @throws RecordingError when there is no such run
   * @throws Error of the system when the file cannot be read
   */
  static async find(path: string, number?: number): Promise<Run> {
    let runs = 0;
    for await (const { record } of linesOf(path))
      if (typeof record !== 'string' && record.type === 'start') runs++;
    if (runs === 0) throw new RecordingError(`${path}: there is no recording in it`);
    if (number !== undefined && (number < 1 || number > runs)) {
      throw new RecordingError(`${path}: there is no run ${number}, the last is ${runs}`);
    }
    return new Run(path, number ?? runs, runs);
  }

  /** How it ended; known once all records have been read. */
  get end(): RunEnd {
    return this.#end;
  }

  /** Its records, the start first. @throws RecordingError at a line that is no record, unless it is the torn last one */
  async *records(): AsyncGenerator<RecordLine> {
    let run = 0;
    let torn: string | undefined;
    let latest: number | undefined;
    this.#end = 'open';
    for await (const { at, record } of linesOf(this.#path)) {
      const place = `${this.#path}:${at}`;
      const starts = typeof record !== 'string' && record.type === 'start';
      if (starts && ++run > this.number) break;
      if (run < this.number) continue;
      if (torn !== undefined) throw new RecordingError(torn);
      if (typeof record === 'string') {
        torn = `${place}: ${record}`;
        continue;
      }
      if (record.type === 'start') {
        const problem = startProblem(record);
        if (problem !== undefined) throw new RecordingError(`${place}: ${problem}`);
      }
      if (latest !== undefined && record.at > latest + LONGEST_PAUSE) {
        throw new RecordingError(`${place}: at: more than a year after the record before`);
      }
      latest = Math.max(latest ?? record.at, record.at);
      if (record.type === 'stop') this.#end = 'stopped';
      if (record.type === 'full') this.#end = 'full';
      yield record;
    }
    if (torn !== undefined) this.#end = 'torn';
  }
}

function startProblem({ format, daemon }: RecordLine & { readonly type: 'start' }): string | undefined {
  if (format > RECORDING_FORMAT) return `format ${format} is later than this program`;
  if (!Number.isInteger(format) || format < 1) return `there is no format ${format}`;
  if (!recordedDaemons.includes(daemon)) return `there are no recordings of "${String(daemon)}"`;
  return undefined;
}

/** Every line with its number: a record, or what is wrong with it. */
async function* linesOf(path: string): AsyncGenerator<{ at: number; record: RecordLine | string }> {
  let at = 0;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    at++;
    if (text !== '') yield { at, record: recordOf(text) };
  }
}

function recordOf(text: string): RecordLine | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not a whole record';
  }
  if (typeof value !== 'object' || value === null) return 'not a record';
  const record = value as Record<string, unknown>;
  const type = record['type'];
  if (typeof type !== 'string' || !Object.hasOwn(recordFields, type)) {
    return `there are no records of type ${JSON.stringify(type)}`;
  }
  const at = record['at'];
  if (typeof at !== 'number' || !(at >= 0 && at <= LAST_TIME)) return 'at: must be a time in milliseconds';
  for (const [field, kind] of Object.entries(recordFields[type as RecordType])) {
    const is = record[field];
    if (typeof is !== kind || is === null)
      return `${field}: must be ${kind === 'object' ? 'an' : 'a'} ${kind}`;
  }
  return value as RecordLine;
}
