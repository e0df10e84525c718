/** How much work one peer may cause: a bucket that fills with time, so that one flood cannot starve the others. */

/** Units of work a second, where a unit is about 4 µs: one route or stanza of the usual shape. */
export const WORK_PER_SECOND = 40_000;
/** Units a peer may use at once, e.g. to publish 40,000 routes when it connects. */
export const WORK_AT_ONCE = 80_000;
/** Units after which others get their turn, about 5 ms: a segment may hold hundreds of stanzas that are a lot of work each. */
export const WORK_IN_ONE_GO = 1250;
/** For a peer that is not held back. */
export const unlimitedWork = {
  workPerSecond: Number.POSITIVE_INFINITY,
  workAtOnce: Number.POSITIVE_INFINITY,
  workInOneGo: Number.POSITIVE_INFINITY,
} as const;
/** Milliseconds of a unit. */
const UNIT = 0.004;

/** Units for the strict parser: 256 octets, or two elements or attributes, take as long as a route of the usual shape. */
export function strictWork(octets: number, nodes: number): number {
  return Math.max(1, Math.round(octets / 256 + nodes / 2));
}

/** Units for what took so many milliseconds. */
export function timedWork(milliseconds: number): number {
  return milliseconds / UNIT;
}

/** One for each connection. */
export class WorkAllowance {
  readonly #perSecond: number;
  readonly #atOnce: number;
  // Numbers from the start: what was undefined first is a new object each time that it is set, kept by an old one.
  #units = 0;
  #at = 0;

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

  /** Takes what a stream has used. Who may do everything at once is not counted. */
  use(units: number): void {
    if (this.#atOnce !== Number.POSITIVE_INFINITY) this.#units -= units;
  }

  /** Milliseconds until a hundredth of a second's work is allowed again. */
  get wait(): number {
    const wanted = this.#perSecond / 100 - this.#units;
    return Math.max(1, Math.ceil((wanted / this.#perSecond) * 1000));
  }
}
