/**
 * The share of each turn of the event loop that goes to what comes from peers. A fast sender would keep the loop busy with two
 * megabytes, and thousands may speak in one turn, or go in one when a rack loses its power: the first are served at once,
 * the others in later turns and in the order in which they came, so that everything else gets its turn in between.
 */

/** What is to be done for a peer, and what of the share it takes; undefined: the milliseconds that it turns out to take. */
interface Errand {
  readonly work: () => void;
  readonly cost: number | undefined;
}

/** One for all those who share. */
export class TurnShare {
  readonly #share: number;
  readonly #schedule: (next: () => void) => void;
  #left = 0;
  /** Being served, from `#next` on, and those that came later. */
  #line: Errand[] = [];
  #next = 0;
  #later: Errand[] = [];
  #isScheduled = false;

  /**
   * @param share milliseconds, or what else costs are counted in; infinite: everybody is served at once
   * @param schedule calls its argument when the event loop has come round
   */
  constructor(share: number, schedule: (next: () => void) => void = setImmediate) {
    this.#share = share;
    this.#schedule = schedule;
    this.#left = share;
  }

  /**
   * Serves a peer, now or in a later turn; then it is to be kept from sending more.
   * @param subject what the work is given: most of it is done at once, and then nothing need be made for it
   * @returns whether it is done
   */
  serve<S>(work: (subject: S) => void, subject: S, cost?: number): boolean {
    const isNow = this.#left > 0 && !this.isAnybodyWaiting;
    try {
      if (isNow) this.#do(work, subject, cost);
      else this.#later.push({ work: () => work(subject), cost });
    } finally {
      this.#comeRound();
    }
    return isNow;
  }

  /** Somebody is to be served in a later turn. */
  get isAnybodyWaiting(): boolean {
    return this.#next < this.#line.length || this.#later.length > 0;
  }

  /** What little ones take adds up over many turns; then one of them comes a turn later than it could. */
  #comeRound(): void {
    if (this.#isScheduled || (this.#left > 0 && !this.isAnybodyWaiting)) return;
    this.#isScheduled = true;
    this.#schedule(() => this.#turn());
  }

  #turn(): void {
    this.#isScheduled = false;
    this.#left = this.#share;
    try {
      while (this.isAnybodyWaiting && this.#left > 0) {
        if (this.#next === this.#line.length) {
          this.#line = this.#later;
          this.#later = [];
          this.#next = 0;
        }
        const { work, cost } = this.#line[this.#next++]!;
        this.#do(work, undefined, cost);
      }
    } finally {
      if (this.#next === this.#line.length) {
        this.#line = [];
        this.#next = 0;
      }
      this.#comeRound();
    }
  }

  #do<S>(work: (subject: S) => void, subject: S, cost: number | undefined): void {
    if (cost !== undefined) {
      this.#left -= cost;
      work(subject);
      return;
    }
    const begun = performance.now();
    try {
      work(subject);
    } finally {
      this.#left -= performance.now() - begun;
    }
  }
}
