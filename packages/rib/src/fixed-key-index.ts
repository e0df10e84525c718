/**
 * Finds destinations by keys of a fixed number of words: IPv4 and IPv6 prefixes, with or without a route distinguisher.
 *
 * Prefixes come with their neighbours: the addresses of a pool, the networks of a site. Those that differ only in their last
 * digit in base 4, counted from the end of the prefix, have the same hash but for that digit, so one cache miss finds all of them;
 * and as long as they come one after the other one slot is enough for all of them (`slot-directory.ts`).
 *
 * ```
 *   10.1.2.0/24   hash … 0110 10           10.1.5.0/24   hash … 1101 01
 *   10.1.3.0/24   hash … 0110 11           10.1.6.0/24   hash … 1101 10
 * ```
 *
 * And most peers tell their routes in the same order every time. Destinations stand in the order in which they came the
 * first time, so the next one is likely to be the one that is sought, and then no slot has to be looked at.
 */
import type { Batch } from './batch.ts';
import { finishHash, randomSeed } from './byte-hash.ts';
import { type Destinations, KEY, SET } from './destinations.ts';
import { DIGIT, SlotDirectory } from './slot-directory.ts';

const MULTIPLIER = 0x9e3779b1 | 0;

/** The index of one table. */
export class FixedKeyIndex {
  readonly #destinations: Destinations;
  readonly #keyWords: number;
  readonly #seed = randomSeed();
  readonly #directory: SlotDirectory;
  /** The bits of the first key word that are the length of the prefix. */
  readonly #lengthMask: number;
  /** The number behind the one found last. */
  #expected = 1;

  constructor(destinations: Destinations, keyWords: number, lengthBits: number) {
    this.#destinations = destinations;
    this.#keyWords = keyWords;
    this.#lengthMask = (1 << lengthBits) - 1;
    this.#directory = new SlotDirectory(destinations, (number) => destinations.release(number));
  }

  /** Fills `batch.found`, making destinations for announcements that name new ones. */
  resolve(batch: Batch): void {
    const { count, found } = batch;
    const sought = this.#follow(batch);
    if (sought > 0) this.#seek(batch, sought);
    const last = found[count - 1]!;
    if (last !== 0) this.#expected = last + 1;
  }

  /** Finds what comes in the order in which it came before. @returns how many entries are to be sought */
  #follow(batch: Batch): number {
    const { count, keys, keyWords, found, sought } = batch;
    const { words, stride, top } = this.#destinations;
    let expected = this.#expected;
    let left = 0;
    for (let i = 0, at = 0; i < count; i++, at += keyWords) {
      const record = expected * stride;
      // What is vacant may be dropped before this batch is applied.
      if (
        expected < top &&
        words[record + KEY + 1] === keys[at + 1] &&
        words[record + KEY] === keys[at] &&
        words[record + SET] !== 0 &&
        (keyWords === 2 || this.#matches(expected, keys, at))
      )
        found[i] = expected++;
      else sought[left++] = i;
    }
    return left;
  }

  /** Looks for the first `count` entries that are sought, pass by pass. */
  #seek(batch: Batch, count: number): void {
    const { keys, keyWords, sought, hashes, places, candidates, found, sets } = batch;
    const directory = this.#directory;
    // Pass 1: hash every key.
    for (let i = 0; i < count; i++) hashes[i] = this.#hash(keys, sought[i]! * keyWords);
    directory.reserve(hashes, count);
    // Pass 2: what is in the first slot of each.
    directory.glance(hashes, count, places, candidates);
    // Pass 3: the records of these, so that what follows finds them in the cache; independent loads again.
    const { words, stride } = this.#destinations;
    const secondWord = KEY + 1;
    for (let i = 0; i < count; i++) {
      const entry = sought[i]!;
      const at = entry * keyWords;
      const number = candidates[i]!;
      const record = number * stride;
      found[entry] =
        number !== 0 && words[record + secondWord] === keys[at + 1] && words[record + KEY] === keys[at]
          ? number
          : 0;
    }
    // Pass 4: the rest of longer keys; search on where the first slot was not it; insert.
    for (let i = 0; i < count; i++) {
      const entry = sought[i]!;
      const at = entry * keyWords;
      let number = found[entry]!;
      if (number !== 0 && (keyWords === 2 || this.#matches(number, keys, at))) continue;
      // An earlier entry of this batch may have made the destination.
      number = this.#find(keys, at, hashes[i]!, places[i]);
      if (number === 0 && sets[entry] !== 0) number = this.#insert(keys, at);
      found[entry] = number;
    }
  }

  /** The destination with the key at `keys[at]`, 0 if there is none. */
  find(keys: Int32Array, at: number): number {
    return this.#find(keys, at, this.#hash(keys, at));
  }

  /** The destination with the key at `keys[at]`, made if there is none, and vacant until it has a path. */
  require(keys: Int32Array, at: number): number {
    const hash = this.#hash(keys, at);
    this.#directory.reserveOne(hash);
    const number = this.#find(keys, at, hash);
    return number !== 0 ? number : this.#insert(keys, at);
  }

  /** Forgets every key; the destinations are forgotten as well. */
  clear(): void {
    this.#directory.clear();
    this.#expected = 1;
  }

  #find(keys: Int32Array, at: number, hash: number, place?: number): number {
    const directory = this.#directory;
    if (!directory.seek(hash, place)) return 0;
    const { words, stride } = this.#destinations;
    // Nothing in this loop happens for the first time when two keys have the same hash: the compiler would throw it away then.
    for (;;) {
      const number = directory.next();
      if (number === 0) return 0;
      const key = number * stride + KEY;
      if (
        words[key + 1] === keys[at + 1] &&
        words[key] === keys[at] &&
        (this.#keyWords === 2 || this.#matches(number, keys, at))
      )
        return number;
    }
  }

  #matches(number: number, keys: Int32Array, at: number): boolean {
    const { words, stride } = this.#destinations;
    const key = number * stride + KEY;
    for (let word = 2; word < this.#keyWords; word++) if (words[key + word] !== keys[at + word]) return false;
    return true;
  }

  /** Makes a destination for what was not found last; there must be room for it in the directory. */
  #insert(keys: Int32Array, at: number): number {
    const destinations = this.#destinations;
    const number = destinations.allocate();
    const { words } = destinations;
    const key = number * destinations.stride + KEY;
    for (let word = 0; word < this.#keyWords; word++) words[key + word] = keys[at + word]!;
    this.#directory.add(number);
    return number;
  }

  #hash(keys: Int32Array, at: number): number {
    const keyWords = this.#keyWords;
    const head = keys[at]!;
    const length = head & this.#lengthMask;
    // The word of the address that the prefix ends in, and where its last digit stands.
    const last = length <= 32 ? 1 : (length + 31) >>> 5;
    const end = -length & 31;
    const value = keys[at + last]!;
    const digit = (value >>> end) & DIGIT;
    let hash = mix(this.#seed, head);
    for (let word = 1; word < keyWords; word++) {
      hash = mix(hash, word === last ? value ^ (digit << end) : keys[at + word]!);
    }
    return (finishHash(hash) & ~DIGIT) | digit;
  }
}

function mix(hash: number, word: number): number {
  hash = Math.imul(hash ^ word, MULTIPLIER);
  return (hash << 15) | (hash >>> 17);
}
