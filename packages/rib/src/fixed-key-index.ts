/**
 * Finds destinations by keys of a fixed number of words: IPv4 and IPv6 prefixes, with or without a route distinguisher.
 *
 * Prefixes come with their neighbours: the addresses of a pool, the networks of a site. So those that differ in one digit
 * have slots side by side, and one cache miss finds all of them. The digit is the last one in base 4 that is not zero, counted
 * from the end of the prefix, because numbers are often given out in larger steps. The hash is that of the key with a one
 * there, and the digit chooses among the four slots.
 *
 * ```
 *   10.1.2.0/24   10.1.1.0/24   hash … 1010      slot 1010 ^ 0010
 *   10.1.3.0/24   10.1.1.0/24   hash … 1010      slot 1010 ^ 0011
 *   10.3.0.0/24   10.1.0.0/24   hash … 0111      slot 0111 ^ 0011
 * ```
 *
 * And most peers tell their routes in the same order every time. Destinations stand in the order in which they came the
 * first time, so the next one is likely to be the one that is sought, and then no slot has to be looked at.
 */
import type { Batch } from './batch.ts';
import { finishHash, randomSeed } from './byte-hash.ts';
import { type Destinations, KEY, SET } from './destinations.ts';
import { NEIGHBOURS, NUMBER_MASK, SlotDirectory, slotOf, slotTag } from './slot-directory.ts';

const MULTIPLIER = 0x9e3779b1 | 0;

export class FixedKeyIndex {
  readonly #destinations: Destinations;
  readonly #keyWords: number;
  readonly #seed = randomSeed();
  readonly #directory: SlotDirectory;
  /** The bits of the first key word that are the length of the prefix. */
  readonly #lengthMask: number;
  /** The number behind the one found last. */
  #expected = 1;
  /** Where the key that was looked for last and not found belongs. */
  #free = 0;

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
    const { slots, segments, shift, mask } = directory;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i]!;
      places[i] = segments[(hash >>> 1) >>> shift]! + (hash & mask);
    }
    // Pass 2: what is in the first slot of each, independent loads; the less is between them the more of them go on at a time.
    for (let i = 0; i < count; i++) candidates[i] = slots[places[i]!]!;
    // Pass 3: the records whose tag agrees, so that what follows finds them in the cache; independent loads again.
    const { words, stride } = this.#destinations;
    const secondWord = KEY + 1;
    for (let i = 0; i < count; i++) {
      const entry = sought[i]!;
      const at = entry * keyWords;
      const candidate = candidates[i]!;
      const number = candidate & NUMBER_MASK;
      const record = number * stride;
      found[entry] =
        ((candidate ^ slotTag(hashes[i]!)) & ~NUMBER_MASK) === 0 &&
        words[record + secondWord] === keys[at + 1] &&
        words[record + KEY] === keys[at]
          ? number
          : 0;
    }
    // Pass 4: the rest of longer keys; probe on where the first slot was not it; insert.
    for (let i = 0; i < count; i++) {
      const entry = sought[i]!;
      const at = entry * keyWords;
      let number = found[entry]!;
      if (number !== 0 && (keyWords === 2 || this.#matches(number, keys, at))) continue;
      const hash = hashes[i]!;
      const place = places[i]!;
      this.#free = place;
      // An earlier entry of this batch may have made the destination.
      number = slots[place] === 0 ? 0 : this.#find(keys, at, hash);
      if (number === 0 && sets[entry] !== 0) number = this.#insert(keys, at, hash);
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
    return number !== 0 ? number : this.#insert(keys, at, hash);
  }

  clear(): void {
    this.#directory.clear();
    this.#expected = 1;
  }

  #find(keys: Int32Array, at: number, hash: number): number {
    const { slots, segments, shift, mask } = this.#directory;
    const { words, stride } = this.#destinations;
    const keyWords = this.#keyWords;
    const tag = slotTag(hash);
    const segment = segments[(hash >>> 1) >>> shift]!;
    const first = hash & mask;
    for (let attempt = 0; ; attempt++) {
      const place = segment + (slotOf(first, attempt) & mask);
      const slot = slots[place]!;
      if (slot === 0) {
        this.#free = place;
        return 0;
      }
      if (((slot ^ tag) & ~NUMBER_MASK) !== 0) continue;
      const number = slot & NUMBER_MASK;
      if (number === 0) continue;
      const key = number * stride + KEY;
      let word = 0;
      while (word < keyWords && words[key + word] === keys[at + word]) word++;
      if (word === keyWords) return number;
    }
  }

  #matches(number: number, keys: Int32Array, at: number): boolean {
    const { words, stride } = this.#destinations;
    const key = number * stride + KEY;
    for (let word = 2; word < this.#keyWords; word++) if (words[key + word] !== keys[at + word]) return false;
    return true;
  }

  /** Makes a destination; there must be room for it in the directory. */
  #insert(keys: Int32Array, at: number, hash: number): number {
    const destinations = this.#destinations;
    const number = destinations.allocate();
    const { words } = destinations;
    const key = number * destinations.stride + KEY;
    for (let word = 0; word < this.#keyWords; word++) words[key + word] = keys[at + word]!;
    this.#directory.putAt(this.#free, hash, number);
    return number;
  }

  #hash(keys: Int32Array, at: number): number {
    const keyWords = this.#keyWords;
    const head = keys[at]!;
    const length = head & this.#lengthMask;
    // The word of the address that the prefix ends in, and its last digit in base 4 that is not zero.
    const last = length <= 32 ? 1 : (length + 31) >>> 5;
    const end = -length & 31;
    const value = keys[at + last]!;
    const digit = value === 0 ? end : end + ((31 - Math.clz32(value & -value) - end) & ~1);
    const neighbour = (value >>> digit) & (NEIGHBOURS - 1);
    let hash = mix(this.#seed, head);
    for (let word = 1; word < keyWords; word++) {
      hash = mix(hash, word === last ? (value ^ (neighbour << digit)) | (1 << digit) : keys[at + word]!);
    }
    return finishHash(hash) ^ neighbour;
  }
}

function mix(hash: number, word: number): number {
  hash = Math.imul(hash ^ word, MULTIPLIER);
  return (hash << 15) | (hash >>> 17);
}
