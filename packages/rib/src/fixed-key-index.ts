/** Finds destinations by keys of a fixed number of words: IPv4 and IPv6 prefixes, with or without a route distinguisher. */
import type { Batch } from './batch.ts';
import { finishHash, randomSeed } from './byte-hash.ts';
import { type Destinations, KEY } from './destinations.ts';
import { NUMBER_MASK, SlotDirectory, slotTag } from './slot-directory.ts';

const MULTIPLIER = 0x9e3779b1 | 0;

/** Scratch of a split. */
let gathered = new Int32Array(0);
let removedHashes = new Int32Array(0);

export class FixedKeyIndex {
  readonly #destinations: Destinations;
  readonly #keyWords: number;
  readonly #seed = randomSeed();
  readonly #directory: SlotDirectory;

  /** Told the first key word of every new destination. */
  readonly #added: ((head: number) => void) | undefined;

  constructor(destinations: Destinations, keyWords: number, added: ((head: number) => void) | undefined) {
    this.#destinations = destinations;
    this.#keyWords = keyWords;
    this.#added = added;
    this.#directory = new SlotDirectory((numbers, count, into) => this.#hashAll(numbers, count, into));
  }

  /** Fills `batch.found`, making destinations for announcements that name new ones. */
  resolve(batch: Batch): void {
    const { count, keys, keyWords, hashes, slots: candidates, found, sets } = batch;
    const directory = this.#directory;
    const seed = this.#seed;
    // Pass 1: hash every key.
    for (let i = 0, at = 0; i < count; i++) {
      let hash = seed;
      for (let word = 0; word < keyWords; word++) {
        hash = Math.imul(hash ^ keys[at++]!, MULTIPLIER);
        hash = (hash << 15) | (hash >>> 17);
      }
      hashes[i] = finishHash(hash);
    }
    // Pass 2: the first slot of each, independent loads.
    {
      const { slots, segments, shift, mask } = directory;
      for (let i = 0; i < count; i++) {
        const hash = hashes[i]!;
        candidates[i] = slots[segments[(hash >>> 1) >>> shift]! + (hash & mask)]!;
      }
    }
    // Pass 3: the records whose tag agrees, so that what follows finds them in the cache; independent loads again.
    const { words, stride } = this.#destinations;
    const secondWord = KEY + 1;
    for (let i = 0, at = 0; i < count; i++, at += keyWords) {
      const candidate = candidates[i]!;
      const number = candidate & NUMBER_MASK;
      const record = number * stride;
      found[i] =
        ((candidate ^ slotTag(hashes[i]!)) & ~NUMBER_MASK) === 0 &&
        words[record + secondWord] === keys[at + 1] &&
        words[record + KEY] === keys[at]
          ? number
          : 0;
    }
    // Pass 4: the rest of longer keys; probe on where the first slot was not it; insert.
    for (let i = 0, at = 0; i < count; i++, at += keyWords) {
      let number = found[i]!;
      if (number !== 0 && (keyWords === 2 || this.#matches(number, keys, at))) continue;
      // An earlier entry of this batch may have made the destination.
      number = this.#find(keys, at, hashes[i]!);
      if (number === 0 && sets[i] !== 0) number = this.#insert(keys, at, hashes[i]!);
      found[i] = number;
    }
  }

  /** The destination with the key at `keys[at]`, 0 if there is none. */
  find(keys: Int32Array, at: number): number {
    return this.#find(keys, at, this.#hash(keys, at));
  }

  /** The destination with the key at `keys[at]`, made if there is none. */
  require(keys: Int32Array, at: number): number {
    const hash = this.#hash(keys, at);
    return this.#find(keys, at, hash) || this.#insert(keys, at, hash);
  }

  /** Takes destinations out of the index; their keys must still be in place. */
  remove(numbers: Int32Array, count: number): void {
    if (removedHashes.length < count) removedHashes = new Int32Array(numbers.length);
    this.#hashAll(numbers, count, removedHashes);
    for (let i = 0; i < count; i++) this.#directory.remove(removedHashes[i]!, numbers[i]!);
  }

  clear(): void {
    this.#directory.clear();
  }

  #find(keys: Int32Array, at: number, hash: number): number {
    const { slots, segments, shift, mask } = this.#directory;
    const { words, stride } = this.#destinations;
    const keyWords = this.#keyWords;
    const tag = slotTag(hash);
    const segment = segments[(hash >>> 1) >>> shift]!;
    for (let offset = hash & mask; ; offset = (offset + 1) & mask) {
      const slot = slots[segment + offset]!;
      if (slot === 0) return 0;
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

  #insert(keys: Int32Array, at: number, hash: number): number {
    const destinations = this.#destinations;
    const number = destinations.allocate();
    const key = number * destinations.stride + KEY;
    for (let word = 0; word < this.#keyWords; word++) destinations.words[key + word] = keys[at + word]!;
    this.#directory.insert(hash, number);
    this.#added?.(keys[at]!);
    return number;
  }

  #hashAll(numbers: Int32Array, count: number, into: Int32Array): void {
    const { words, stride } = this.#destinations;
    const keyWords = this.#keyWords;
    if (gathered.length < count * keyWords) gathered = new Int32Array(count * keyWords);
    // The keys are all over the memory: fetched by a loop that does nothing else, the misses overlap.
    const keys = gathered;
    if (keyWords === 2) {
      for (let i = 0; i < count; i++) {
        const key = numbers[i]! * stride + KEY;
        keys[i * 2] = words[key]!;
        keys[i * 2 + 1] = words[key + 1]!;
      }
    } else {
      for (let i = 0, at = 0; i < count; i++) {
        const key = numbers[i]! * stride + KEY;
        for (let word = 0; word < keyWords; word++) keys[at++] = words[key + word]!;
      }
    }
    for (let i = 0; i < count; i++) into[i] = this.#hash(keys, i * keyWords);
  }

  #hash(keys: Int32Array, at: number): number {
    let hash = this.#seed;
    for (let word = 0; word < this.#keyWords; word++) hash = mix(hash, keys[at + word]!);
    return finishHash(hash);
  }
}

function mix(hash: number, word: number): number {
  hash = Math.imul(hash ^ word, MULTIPLIER);
  return (hash << 15) | (hash >>> 17);
}
