/**
 * The share of each turn of the event loop that goes to what comes from peers. Thousands of them may speak in one turn, or go
 * in one when a rack loses its power: the first are served at once, the others in later turns, so that everything else gets
 * its turn in between.
 */

/** Milliseconds of a turn. */
export const TURN_SHARE = 20;

export class TurnShare {
  readonly #share: number;
  /** Being served, from `#next` on, and those that came later. */
  #line: (() => void)[] = [];
  #next = 0;
  #later: (() => void)[] = [];
  #spent = 0;
  #isScheduled = false;

  /** @param share milliseconds of a turn; infinite: everybody is served at once */
  constructor(share: number = TURN_SHARE) {
    this.#share = share;
  }

  /**
   * Serves a peer, now or in a later turn; in the order of the calls.
   * @returns whether it is done
   */
  serve(work: () => void): boolean {
    if (!this.#isScheduled && this.#share < Number.POSITIVE_INFINITY) this.#schedule();
    if (this.#isAnybodyWaiting() || this.#spent >= this.#share) {
      this.#later.push(work);
      return false;
    }
    this.#clocked(work);
    return true;
  }

  #isAnybodyWaiting(): boolean {
    return this.#next < this.#line.length || this.#later.length > 0;
  }

  #schedule(): void {
    this.#isScheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#isScheduled = false;
    this.#spent = 0;
    if (!this.#isAnybodyWaiting()) return;
    this.#schedule();
    while (this.#isAnybodyWaiting() && this.#spent < this.#share) {
      if (this.#next === this.#line.length) {
        this.#line = this.#later;
        this.#later = [];
        this.#next = 0;
      }
      this.#clocked(this.#line[this.#next++]!);
    }
    if (this.#next < this.#line.length) return;
    this.#line = [];
    this.#next = 0;
  }

  #clocked(work: () => void): void {
    const begun = performance.now();
    try {
      work();
    } finally {
      this.#spent += performance.now() - begun;
    }
  }
}
