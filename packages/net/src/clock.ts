/** Time as a dependency: state machines and drivers ask a {@link Clock}, so tests and replays own the time. */

/** A timer that has been set. Cancelling it twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time, timers and chance, so that tests can have their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `expire` once, `milliseconds` from now. */
  after(milliseconds: number, expire: () => void): Timer;
  /** A number from 0 up to but not 1, for times that shall differ a little. */
  random(): number;
}

/** The time of the machine. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, expire) {
    const timer = setTimeout(expire, milliseconds);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  random: () => Math.random(),
};

interface PendingTimer {
  readonly at: number;
  readonly order: number;
  expire: (() => void) | undefined;
}

/** A clock that moves only when told to, and whose chance is always 0. */
export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  /** A binary heap, the timer that is due first on top; cancelled timers stay until their time. */
  readonly #timers: PendingTimer[] = [];

  constructor(now = 0) {
    this.#now = now;
  }

  /** Milliseconds since the epoch, as they were set last. */
  now(): number {
    return this.#now;
  }

  /** Always 0: nothing is left to chance. */
  random(): number {
    return 0;
  }

  after(milliseconds: number, expire: () => void): Timer {
    const timer: PendingTimer = { at: this.#now + milliseconds, order: this.#order++, expire };
    this.#push(timer);
    return { cancel: () => void (timer.expire = undefined) };
  }

  /** Moves the time forward and fires what falls due, in order of time and then of setting. */
  advance(milliseconds: number): void {
    const until = this.#now + milliseconds;
    for (let next = this.#timers[0]; next !== undefined && next.at <= until; next = this.#timers[0]) {
      this.#pop();
      if (next.expire === undefined) continue;
      this.#now = Math.max(this.#now, next.at);
      next.expire();
    }
    this.#now = until;
  }

  #push(timer: PendingTimer): void {
    const heap = this.#timers;
    let at = heap.length;
    for (; at > 0; at = (at - 1) >> 1) {
      const parent = heap[(at - 1) >> 1]!;
      if (!isBefore(timer, parent)) break;
      heap[at] = parent;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#timers;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: PendingTimer, b: PendingTimer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
