/** Time as a dependency: state machines and drivers ask a {@link Clock}, so tests and replays own the time. */

/** A timer that has been set. Cancelling it twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `expire` once, `milliseconds` from now. */
  after(milliseconds: number, expire: () => void): Timer;
}

/** The time of the machine. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, expire) {
    const timer = setTimeout(expire, milliseconds);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #timers = new Set<{ at: number; order: number; expire: () => void }>();

  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, expire: () => void): Timer {
    const timer = { at: this.#now + milliseconds, order: this.#order++, expire };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** Moves the time forward and fires what falls due, in order of time and then of setting. */
  advance(milliseconds: number): void {
    const until = this.#now + milliseconds;
    for (;;) {
      let next: { at: number; order: number; expire: () => void } | undefined;
      for (const timer of this.#timers) {
        if (timer.at > until) continue;
        if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order))
          next = timer;
      }
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = next.at;
      next.expire();
    }
    this.#now = until;
  }
}
