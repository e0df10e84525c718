/** Up to which revision of the store each key is known, so that what the store says later is told from what it repeats. */
import type { Reading } from './store.ts';

export class KnownRevisions {
  /** Every key is known up to here. */
  #floor = 0;
  /** Of what we wrote or read ourselves, until the store's own word about it has passed. */
  readonly #ofKeys = new Map<string, number>();

  get floor(): number {
    return this.#floor;
  }

  /** Everything was read at a revision; those of another history say nothing. */
  restart(floor: number): void {
    this.#floor = floor;
    this.#ofKeys.clear();
  }

  learn(keys: Iterable<string>, revision: number): void {
    for (const key of keys) this.#ofKeys.set(key, revision);
  }

  isNew({ key, revision }: Reading): boolean {
    return revision > Math.max(this.#floor, this.#ofKeys.get(key) ?? 0);
  }

  /** The store has told of everything up to a revision. */
  passed(told: number): void {
    for (const [key, revision] of this.#ofKeys) if (revision <= told) this.#ofKeys.delete(key);
  }
}
