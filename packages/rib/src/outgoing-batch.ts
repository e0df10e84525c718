/**
 * Destinations on their way out, sorted by attribute set and by who is told: one bucket each, because one message carries
 * one attribute set and goes to all members of the bucket.
 *
 * ```
 *   set ─► newest bucket of the set ─► next of set …        items of a bucket:  first ─► next ─► … ─► last
 *   members ─► first bucket ─► next of members …
 * ```
 */
import { type AttributePool, SET_CHAIN, SET_WORDS_SHIFT } from './attribute-pool.ts';

const BUCKET_WORDS = 6;
const SET = 0;
const TO = 1;
const FIRST = 2;
const LAST = 3;
const NEXT_OF_SET = 4;
const NEXT_OF_MEMBERS = 5;

/** One for each group; filled and cleared with every dispatch. */
export class OutgoingBatch {
  readonly #pool: AttributePool;
  /** Items and buckets count from 1; 0 ends a chain. */
  readonly #destinations: Int32Array;
  readonly #next: Int32Array;
  readonly #buckets: Int32Array;
  #byMembers = new Map<number, { readonly first: number; last: number }>();
  #items = 0;
  #bucketCount = 0;

  /** @param most destinations that are added before {@link clear} */
  constructor(pool: AttributePool, most: number) {
    this.#pool = pool;
    this.#destinations = new Int32Array(most + 1);
    this.#next = new Int32Array(most + 1);
    this.#buckets = new Int32Array((most + 1) * BUCKET_WORDS);
  }

  /** Whether nothing was added since {@link clear}. */
  get isEmpty(): boolean {
    return this.#items === 0;
  }

  /** Adds a destination to be told to the members `to` with an attribute set. */
  add(destination: number, set: number, to: number): void {
    const item = ++this.#items;
    this.#destinations[item] = destination;
    this.#next[item] = 0;
    const { words } = this.#pool;
    const buckets = this.#buckets;
    const chain = (set << SET_WORDS_SHIFT) + SET_CHAIN;
    const newest = words[chain]!;
    for (let bucket = newest; bucket !== 0; bucket = buckets[bucket * BUCKET_WORDS + NEXT_OF_SET]!) {
      const at = bucket * BUCKET_WORDS;
      if (buckets[at + TO] !== to) continue;
      this.#next[buckets[at + LAST]!] = item;
      buckets[at + LAST] = item;
      return;
    }
    const bucket = ++this.#bucketCount;
    const at = bucket * BUCKET_WORDS;
    buckets[at + SET] = set;
    buckets[at + TO] = to;
    buckets[at + FIRST] = item;
    buckets[at + LAST] = item;
    buckets[at + NEXT_OF_SET] = newest;
    buckets[at + NEXT_OF_MEMBERS] = 0;
    words[chain] = bucket;
    const same = this.#byMembers.get(to);
    if (same === undefined) this.#byMembers.set(to, { first: bucket, last: bucket });
    else {
      buckets[same.last * BUCKET_WORDS + NEXT_OF_MEMBERS] = bucket;
      same.last = bucket;
    }
  }

  /** Calls `visit` for each bucket, those for the same members one after the other, and `sent` behind the last of them. */
  forEach(visit: (set: number, first: number, to: number) => void, sent: (to: number) => void): void {
    const buckets = this.#buckets;
    for (const [to, { first }] of this.#byMembers) {
      for (let bucket = first; bucket !== 0;) {
        const at = bucket * BUCKET_WORDS;
        visit(buckets[at + SET]!, buckets[at + FIRST]!, to);
        bucket = buckets[at + NEXT_OF_MEMBERS]!;
      }
      sent(to);
    }
  }

  /** The destination of an item. */
  destination(item: number): number {
    return this.#destinations[item]!;
  }

  /** The next item of the same bucket, 0 behind the last. */
  next(item: number): number {
    return this.#next[item]!;
  }

  /** Everything in it has been told. */
  clear(): void {
    const { words } = this.#pool;
    for (let bucket = 1; bucket <= this.#bucketCount; bucket++) {
      words[(this.#buckets[bucket * BUCKET_WORDS + SET]! << SET_WORDS_SHIFT) + SET_CHAIN] = 0;
    }
    // One that is cleared would keep what it held, see `item-group.ts`.
    this.#byMembers = new Map();
    this.#items = 0;
    this.#bucketCount = 0;
  }
}
