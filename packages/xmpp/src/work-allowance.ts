/** How much work one peer may cause: a bucket that fills with time, so that one flood cannot starve the others. */

/** Units of work a second, where a unit is about 4 µs: one route or stanza of the usual shape. */
export const WORK_PER_SECOND = 40_000;
/** Units a peer may use at once, e.g. to publish 40,000 routes when it connects. */
export const WORK_AT_ONCE = 80_000;

/** Units for the strict parser: 256 octets, or two elements or attributes, take as long as a route of the usual shape. */
export function strictWork(octets: number, nodes: number): number {
  return Math.max(1, Math.round(octets / 256 + nodes / 2));
}

export class WorkAllowance {
  readonly #perSecond: number;
  readonly #atOnce: number;
  #units: number;
  #at: number;

  /** @param now milliseconds */
  constructor(perSecond: number, atOnce: number, now: number) {
    this.#perSecond = perSecond;
    this.#atOnce = atOnce;
    this.#units = atOnce;
    this.#at = now;
  }

  /** Units left at a time; not positive means wait. */
  left(now: number): number {
    if (now > this.#at) {
      this.#units = Math.min(this.#atOnce, this.#units + ((now - this.#at) * this.#perSecond) / 1000);
      this.#at = now;
    }
    return this.#units;
  }

  /** Sets what a stream has left of the units it was given. */
  keep(units: number): void {
    this.#units = units;
  }

  /** Milliseconds until a hundredth of a second's work is allowed again. */
  get wait(): number {
    const wanted = this.#perSecond / 100 - this.#units;
    return Math.max(1, Math.ceil((wanted / this.#perSecond) * 1000));
  }
}
