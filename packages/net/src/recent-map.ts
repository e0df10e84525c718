/**
 * A map that keeps what was used lately, for what is dear to make and can be made again.
 *
 * It has two halves. What is new or asked for goes into the younger one; when that is full, the older half is dropped and
 * the younger takes its place. So what is in use stays, at most twice the capacity is held, and there is no moment at which
 * everything has to be made anew.
 */
export class RecentMap<K, V extends object> {
  readonly #capacity: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  /** @param capacity entries that are certain to be kept, if they are used in turn */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** What is kept of a key; it counts as used. */
  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  /** Keeps a value, and may drop what was not used lately. */
  set(key: K, value: V): void {
    if (this.#young.size >= this.#capacity && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
