/**
 * How much is read before the event loop comes round, from all connections together. A fast sender would keep the loop busy
 * with two megabytes, and ten of them with twenty; so what exceeds a turn waits for the next, in the order of arrival.
 */

/** Octets of a turn. */
const TURN = 128 * 1024;

/** A connection that octets have arrived at. */
export interface Reader {
  read(chunk: Uint8Array): void;
}

export class ReadingTurn {
  readonly #octets: number;
  readonly #schedule: (next: () => void) => void;
  #left: number;
  #isScheduled = false;
  #waiting: { readonly reader: Reader; readonly chunk: Uint8Array }[] = [];

  /** @param schedule calls its argument when the event loop has come round */
  constructor(octets = TURN, schedule: (next: () => void) => void = setImmediate) {
    this.#octets = octets;
    this.#schedule = schedule;
    this.#left = octets;
  }

  /**
   * Has a chunk read, now or in a later turn; then its reader is to be kept from sending more.
   * @returns whether it has been read
   */
  take(reader: Reader, chunk: Uint8Array): boolean {
    const isNow = this.#left > 0 && this.#waiting.length === 0;
    if (isNow) this.#give(reader, chunk);
    else this.#waiting.push({ reader, chunk });
    // What little ones take adds up over many turns; then one of them comes a turn later than it could.
    if (this.#left <= 0) this.#comeRound();
    return isNow;
  }

  #give(reader: Reader, chunk: Uint8Array): void {
    this.#left -= chunk.length;
    reader.read(chunk);
  }

  #comeRound(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#schedule(() => {
      this.#isScheduled = false;
      this.#left = this.#octets;
      const waiting = this.#waiting;
      this.#waiting = [];
      let done = 0;
      while (done < waiting.length && this.#left > 0) {
        const { reader, chunk } = waiting[done++]!;
        this.#give(reader, chunk);
      }
      // Those that arrived meanwhile stand behind.
      if (done < waiting.length) this.#waiting = [...waiting.slice(done), ...this.#waiting];
      if (this.#left <= 0 || this.#waiting.length > 0) this.#comeRound();
    });
  }
}

/** Of this process. */
export const readingTurn: ReadingTurn = new ReadingTurn();
