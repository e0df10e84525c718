/** What failed and is tried again, further and further apart. */
import type { Clock, Timer } from '@vaportrail/net';
import type { ObjectKey } from './cluster.ts';

/** Milliseconds before what failed is tried again, at first and at most. */
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 60_000;

export class Retries {
  readonly #clock: Clock;
  readonly #again: (key: ObjectKey) => void;
  readonly #attempts = new Map<ObjectKey, number>();
  readonly #timers = new Map<ObjectKey, Timer>();

  constructor(clock: Clock, again: (key: ObjectKey) => void) {
    this.#clock = clock;
    this.#again = again;
  }

  /** What waits for its time; something else may be reason enough to try it now. */
  get waiting(): ObjectKey[] {
    return [...this.#timers.keys()];
  }

  later(key: ObjectKey): void {
    const attempt = this.#attempts.get(key) ?? 0;
    this.#attempts.set(key, attempt + 1);
    this.#timers.get(key)?.cancel();
    const wait = Math.min(FIRST_WAIT * 2 ** attempt, LONGEST_WAIT);
    const timer = this.#clock.after(wait, () => {
      this.#timers.delete(key);
      this.#again(key);
    });
    this.#timers.set(key, timer);
  }

  /** It need not be tried again, and begins anew when it fails next. */
  succeeded(key: ObjectKey): void {
    this.#attempts.delete(key);
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }

  clear(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
