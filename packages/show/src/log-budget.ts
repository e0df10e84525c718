/** How much others may write into our log: so many lines a minute each, then one line that says how many were left out. */
import type { Clock, Timer } from '@vaportrail/net';
import type { Log } from './log.ts';

/** Lines of one source in one period. */
const LINES = 20;
/** Milliseconds. */
const PERIOD = 60_000;
/** Sources that are told apart at a time; those beyond share one budget. */
const SOURCES = 4096;
const OTHERS = 'others';

/** What a source has written since its first line in this period. */
interface Spent {
  lines: number;
  leftOut: number;
  readonly timer: Timer;
}

export class LogBudget {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #spent = new Map<string, Spent>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** The log for what a source causes, e.g. an address. Lines for debugging are not counted: whoever asks for them wants all. */
  of(source: string): Log {
    return this.#bounded(this.#log, source);
  }

  /** Says what was left out so far. */
  close(): void {
    for (const source of this.#spent.keys()) this.#settle(source);
  }

  #bounded(log: Log, source: string): Log {
    return {
      debug: (fields, message) => log.debug(fields, message),
      info: (fields, message) => this.#allows(source) && log.info(fields, message),
      warn: (fields, message) => this.#allows(source) && log.warn(fields, message),
      error: (fields, message) => this.#allows(source) && log.error(fields, message),
      child: (fields) => this.#bounded(log.child(fields), source),
    };
  }

  #allows(source: string): boolean {
    const spent = this.#spent.get(source);
    if (spent === undefined) {
      if (this.#spent.size >= SOURCES && source !== OTHERS) return this.#allows(OTHERS);
      const timer = this.#clock.after(PERIOD, () => this.#settle(source));
      this.#spent.set(source, { lines: 1, leftOut: 0, timer });
      return true;
    }
    if (spent.lines < LINES) spent.lines++;
    else spent.leftOut++;
    return spent.leftOut === 0;
  }

  #settle(source: string): void {
    const { leftOut, timer } = this.#spent.get(source)!;
    timer.cancel();
    this.#spent.delete(source);
    if (leftOut > 0) this.#log.warn({ source, leftOut }, 'lines left out');
  }
}
