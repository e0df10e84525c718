/** Waiting times that double with every failure, so that a peer that cannot come up costs little. */
export class BackOff {
  readonly #first: number;
  #failures = 0;

  /** `first` is the waiting time after the first failure, in seconds. */
  constructor(first: number) {
    this.#first = first;
  }

  failed(): void {
    this.#failures++;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** Seconds to wait now, at most `longest`. */
  seconds(longest: number): number {
    return Math.min(longest, this.#first * 2 ** Math.max(0, this.#failures - 1));
  }
}
