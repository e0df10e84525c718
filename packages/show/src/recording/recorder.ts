/**
 * Writes a recording: lines are only ever appended to the file, and what the process was told in one turn of its event
 * loop is written at the end of that turn, or when the process exits. A process that is killed loses no more than the
 * turn it was killed in; the line it may have been torn in is passed over by the reader.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { Clock } from '@vaportrail/net';
import { RECORDING_FORMAT, type RecordedDaemon, type RecordedEvent } from './record.ts';

/** Octets of a recording when nothing else is said. */
export const DEFAULT_RECORDING_LIMIT = 1024 ** 3;
/** Octets of lines that may wait for the end of the turn. */
const WRITE_AT = 1024 * 1024;

export interface RecorderOptions {
  readonly clock: Clock;
  /** Most octets of the file; with more the recording ends, and the daemon goes on without. */
  readonly limit?: number;
  /** The recording has ended before its time: the limit was reached, or the file cannot be written. */
  readonly ended?: (because: string) => void;
}

export class Recorder {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #ended: ((because: string) => void) | undefined;
  readonly #onExit = (): void => this.#write();
  #file: number | undefined;
  /** Octets of the file, with those that wait. */
  #size: number;
  #lines: string[] = [];
  #waiting = 0;
  #flush: NodeJS.Immediate | undefined;
  #sessions = 0;

  /**
   * Opens the file, which may hold earlier runs: this one is appended.
   * @throws Error of the system when it cannot be opened for writing
   */
  constructor(path: string, { clock, limit = DEFAULT_RECORDING_LIMIT, ended }: RecorderOptions) {
    this.#clock = clock;
    this.#limit = limit;
    this.#ended = ended;
    const file = openSync(path, 'a+', 0o600);
    this.#file = file;
    this.#size = fstatSync(file).size;
    process.once('exit', this.#onExit);
    if (this.#size > 0 && !endsWithLine(file, this.#size)) this.#append('\n');
  }

  /** The number of a session that begins. */
  nextSession(): number {
    return ++this.#sessions;
  }

  /** The daemon starts. @param config as its file may say it, without what must not be written down */
  start(daemon: RecordedDaemon, name: string, config: unknown): void {
    this.record({ type: 'start', format: RECORDING_FORMAT, daemon, name, config });
  }

  /** Adds an event. After the end of the recording this does nothing. */
  record(event: RecordedEvent): void {
    if (this.#file === undefined) return;
    const { type, ...fields } = event;
    this.#append(`${JSON.stringify({ at: this.#clock.now(), type, ...fields })}\n`);
  }

  /** Writes what waits and closes the file. */
  close(): void {
    this.#write();
    this.#release();
  }

  #append(line: string): void {
    // Characters above 0x7f take two octets; so many of them that this matters come from nobody but a hostile peer.
    const octets = Buffer.byteLength(line);
    if (this.#size + octets > this.#limit - FULL_OCTETS) {
      this.#lines.push(`${JSON.stringify({ at: this.#clock.now(), type: 'full' })}\n`);
      this.close();
      this.#ended?.(`the limit of ${this.#limit} octets is reached`);
      return;
    }
    this.#size += octets;
    this.#waiting += octets;
    this.#lines.push(line);
    if (this.#waiting >= WRITE_AT) this.#write();
    else this.#flush ??= setImmediate(() => this.#write());
  }

  #write(): void {
    if (this.#flush !== undefined) clearImmediate(this.#flush);
    this.#flush = undefined;
    const file = this.#file;
    if (file === undefined || this.#lines.length === 0) return;
    const octets = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    this.#waiting = 0;
    try {
      for (let at = 0; at < octets.length;) at += writeSync(file, octets, at);
    } catch (error) {
      this.#release();
      this.#ended?.((error as Error).message);
    }
  }

  #release(): void {
    process.off('exit', this.#onExit);
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#lines = [];
  }
}

/** Octets kept free for the record that says that the recording is full. */
const FULL_OCTETS = 64;

function endsWithLine(file: number, size: number): boolean {
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last[0] === 0x0a;
}
