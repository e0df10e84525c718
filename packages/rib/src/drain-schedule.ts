/**
 * When a `Rib` works off what waits: as soon as the driver comes round, unless more input waits to be read. Routes that are looked
 * up, sorted and written together take half the time and leave in fewer messages; a turn of the event loop that reads
 * UPDATEs with one route each brings only a thousand.
 */
import type { RibOptions } from './rib-options.ts';

/** A drain is not put off any more when so many batches have been begun, … */
const ENOUGH_BATCHES = 8;
/** … or when it has been put off so often: messages need not have routes in them. */
const MOST_TIMES_PUT_OFF = 16;

/** Calls `drain` by the `schedule` of the options; without one it is never called, and whoever owns the `Rib` drains it. */
export class DrainSchedule {
  readonly #schedule: RibOptions['schedule'];
  readonly #isInputWaiting: () => boolean;
  readonly #drain: () => void;
  #isScheduled = false;
  /** Batches of NLRI begun since the last drain, and how often the next one was put off. */
  #batches = 0;
  #timesPutOff = 0;
  /** A read was passed on in this turn of the event loop already. */
  #isPassedOn = false;
  /** The last drain left something to do. */
  #isBehind = false;

  constructor({ schedule, isInputWaiting }: RibOptions, drain: () => void) {
    this.#schedule = schedule;
    this.#isInputWaiting = isInputWaiting ?? (() => false);
    this.#drain = drain;
  }

  /** There is something to do. */
  wake(): void {
    if (this.#isScheduled || this.#schedule === undefined) return;
    this.#isScheduled = true;
    this.#schedule(() => {
      this.#isScheduled = false;
      this.#isPassedOn = false;
      if (this.#canWait()) this.wake();
      else this.#drain();
    });
  }

  /** The first routes of a batch have been received. */
  batchBegun(): void {
    this.#batches++;
  }

  /**
   * Few routes that a read has brought are to be drained at once if they are those of the first read of a turn and nothing else
   * waits.
   * @returns whether it is so; then the next ones of this turn wait
   */
  passOnRead(): boolean {
    if (!this.#isScheduled || this.#isPassedOn || this.#isBehind || this.#batches > 1) return false;
    this.#isPassedOn = true;
    return true;
  }

  /** A drain is over. @param more it left something to do */
  drained(more: boolean): void {
    this.#batches = 0;
    this.#timesPutOff = 0;
    this.#isBehind = more;
    if (more) this.wake();
  }

  #canWait(): boolean {
    if (this.#isBehind || this.#batches >= ENOUGH_BATCHES || !this.#isInputWaiting()) return false;
    return this.#timesPutOff++ < MOST_TIMES_PUT_OFF;
  }
}
