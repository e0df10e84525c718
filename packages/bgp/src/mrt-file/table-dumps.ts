/** Dumps of the routing tables into files, by interval and on demand. */
import type { Clock, Timer } from '@vaportrail/net';
import { setImmediate as turn } from 'node:timers/promises';
import { DumpFile, dumpFileName } from './dump-file.ts';

/** Where tables are dumped, and how often. */
export interface TableDumpSettings {
  /** Path of the files; `%Y %m %d %H %M %S` stand for the time in UTC. `.gz` at the end compresses. */
  readonly file: string;
  /** Seconds between two dumps. */
  readonly interval: number;
}

/** What came of one dump. */
export interface DumpReport {
  readonly file: string;
  readonly octets: number;
  /** How long the making of the longest piece kept the process busy, in milliseconds. */
  readonly longestPause: number;
}

/**
 * Writes pieces to a file, giving the event loop a turn after each, and names the file when it is whole.
 * @throws Error when the disk refuses them; no file is left then
 */
export async function writeDump(pieces: Iterable<Uint8Array>, path: string): Promise<DumpReport> {
  const file = new DumpFile(path);
  let longestPause = 0;
  try {
    const iterator = pieces[Symbol.iterator]();
    for (;;) {
      const before = performance.now();
      const { done, value } = iterator.next();
      longestPause = Math.max(longestPause, performance.now() - before);
      if (done === true) break;
      await file.write(value);
      await turn();
    }
  } catch (error) {
    await file.abandon();
    throw error;
  }
  await file.commit();
  return { file: path, octets: file.octets, longestPause };
}

/** Dumps at every interval until it is stopped; one at a time. */
export class TableDumps {
  readonly #settings: TableDumpSettings;
  readonly #pieces: () => Iterable<Uint8Array>;
  readonly #clock: Clock;
  readonly #report: (outcome: DumpReport | Error) => void;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;

  constructor(
    settings: TableDumpSettings,
    pieces: () => Iterable<Uint8Array>,
    clock: Clock,
    report: (outcome: DumpReport | Error) => void,
  ) {
    this.#settings = settings;
    this.#pieces = pieces;
    this.#clock = clock;
    this.#report = report;
  }

  /** The first dump is due after one interval. */
  start(): void {
    this.#timer = this.#clock.after(this.#settings.interval * 1000, () => {
      this.start();
      // A dump that takes longer than the interval is not overtaken by the next one.
      this.#running ??= this.#dump().finally(() => (this.#running = undefined));
    });
  }

  /** Resolves when a dump that is on its way is written. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#running;
  }

  async #dump(): Promise<void> {
    try {
      const path = dumpFileName(this.#settings.file, this.#clock.now());
      this.#report(await writeDump(this.#pieces(), path));
    } catch (error) {
      this.#report(error as Error);
    }
  }
}
