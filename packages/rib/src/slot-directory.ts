/**
 * An open-addressing index that never rehashes as a whole: fixed-size segments found by the top bits of the hash, and a
 * full segment is split in two (extendible hashing). Growth costs one segment at a time, whatever the table holds.
 *
 * ```
 *   hash:  [ directory bits … | slot in the segment 13 bits | digit 2 bits ]
 *   slot:  [ hash of the first ] [ run 2 bits | … | number of the first 26 bits ]      second word 0: never used
 * ```
 * Hashes that differ in the digit alone are those of neighbours, and begin at the same slot. Neighbours that come one after the
 * other have numbers one after the other: they are a run, and one slot leads to all of them.
 *
 * ```
 *   hash … 01 │ run 2, number 71   leads to:   … 01 → 71    … 10 → 72    … 11 → 73
 * ```
 * With the hash in the slot a segment is split, and "is it this one?" is nearly always answered, without touching what is
 * behind a number, which would be a cache miss.
 *
 * Nothing is taken out one by one, which would be another cache miss: when a segment is full, vacant destinations are
 * dropped from it, except in the middle of a run, and only if that is not enough it is split.
 */
import type { Destinations } from './destinations.ts';
import { enlarged } from './packed-array.ts';

const SLOT_WORDS = 2;
const SEGMENT_BITS = 13;
const LARGEST_SEGMENT = 1 << SEGMENT_BITS;
const SMALLEST_SEGMENT = 8;
/** Slots that come into the cache together. */
const LINE = 8;
const DIGIT_BITS = 2;
/** Hashes that differ only in these bits are those of neighbours. */
export const DIGIT = (1 << DIGIT_BITS) - 1;
const RUN_SHIFT = 30;
/** Numbers an index can hold: 67,108,863. */
const NUMBER_MASK = (1 << 26) - 1;
/** A segment is cleaned or split when more of its slots than this are in use. */
const FULL = 0.62;
/** A segment that is fuller than this without the vacant ones is split. */
const CROWDED = FULL * 0.75;

/** Slots of a segment that is split. */
const taken = new Int32Array(LARGEST_SEGMENT * SLOT_WORDS);

const one = new Int32Array(1);

/** Which slot of its segment is tried for a hash: first all of the line of the one it says, then those of the next line. */
export function slotOf(first: number, attempt: number): number {
  return ((first & -LINE) + (attempt & -LINE)) | ((first + attempt) & (LINE - 1));
}

/** The slots of one index; it knows hashes and numbers, and its index knows keys. */
export class SlotDirectory {
  /** All segments, one after the other; replaced on growth. */
  #slots: Int32Array = new Int32Array(SMALLEST_SEGMENT * SLOT_WORDS);
  /** Start of the segment for each value of the top bits. */
  #segments = new Int32Array(1);
  /** `hash >>> 1 >>> shift` indexes {@link #segments}. */
  #shift = 31;
  /** Slots per segment minus one. */
  #mask = SMALLEST_SEGMENT - 1;
  readonly #destinations: Destinations;
  readonly #dropped: (number: number) => void;
  #depth = 0;
  /** Slots in use per segment, and how many top bits the segment distinguishes. */
  #used: Int32Array = new Int32Array(1);
  #depths: Int32Array = new Int32Array(1);
  #count = 1;
  /** What was sought last, and how many slots were looked at. */
  #sought = 0;
  #attempts = 0;
  /** The free slot at the end of that search, and the slot of a run that ends right in front of what was sought, -1 without. */
  #free = 0;
  #before = -1;

  /** @param dropped told of every vacant number that was taken out */
  constructor(destinations: Destinations, dropped: (number: number) => void) {
    this.#destinations = destinations;
    this.#dropped = dropped;
  }

  /** Slots there are. */
  get size(): number {
    return this.#count * (this.#mask + 1);
  }

  /**
   * Makes room for one more number for each of these hashes; until the next call no slot moves and nothing is dropped. A
   * segment may be a batch fuller than it should be, but is never full.
   */
  reserve(hashes: Int32Array, count: number): void {
    while (this.#mask + 1 < LARGEST_SEGMENT && this.#used[0]! + count > (this.#mask + 1) * FULL) {
      this.#makeRoom(0, count);
    }
    if (this.#mask + 1 < LARGEST_SEGMENT) return;
    const limit = (LARGEST_SEGMENT * FULL) | 0;
    const segments = this.#segments;
    const shift = this.#shift;
    const used = this.#used;
    for (let i = 0; i < count; i++) {
      const segment = segments[(hashes[i]! >>> 1) >>> shift]! >>> (SEGMENT_BITS + 1);
      if (used[segment]! < limit) continue;
      this.#makeRoom(segment, 0);
      this.reserve(hashes, count);
      return;
    }
  }

  /** {@link reserve} for one number. */
  reserveOne(hash: number): void {
    one[0] = hash;
    this.reserve(one, 1);
  }

  /**
   * What is in the first slot that each hash leads to, for many at once, whose cache misses do not wait for each other.
   * @param places gets where these slots are
   * @param numbers gets the number that may be the one sought, 0 where there is none in that slot
   */
  glance(hashes: Int32Array, count: number, places: Int32Array, numbers: Int32Array): void {
    const slots = this.#slots;
    const segments = this.#segments;
    const shift = this.#shift;
    const mask = this.#mask;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i]!;
      places[i] = segments[(hash >>> 1) >>> shift]! + ((hash >>> DIGIT_BITS) & mask) * SLOT_WORDS;
    }
    // Independent loads; the less is between them the more of them go on at a time.
    for (let i = 0; i < count; i++) numbers[i] = slots[places[i]! + 1]!;
    for (let i = 0; i < count; i++) {
      const word = numbers[i]!;
      const step = (hashes[i]! - slots[places[i]!]!) | 0;
      numbers[i] = step >>> 0 <= word >>> RUN_SHIFT ? (word & NUMBER_MASK) + step : 0;
    }
  }

  /**
   * Begins to look for a number; {@link next} yields those that may be the one sought.
   * @param place of the first slot, where that is known
   * @returns false if that is free, so that there is none
   */
  seek(hash: number, place = -1): boolean {
    this.#sought = hash;
    this.#before = -1;
    this.#attempts = 0;
    if (place < 0 || this.#slots[place + 1] !== 0) return true;
    this.#free = place;
    return false;
  }

  /** The next number that may be the one sought, 0 if there is no more. */
  next(): number {
    const hash = this.#sought;
    const slots = this.#slots;
    const mask = this.#mask;
    const segment = this.#segments[(hash >>> 1) >>> this.#shift]!;
    const start = (hash >>> DIGIT_BITS) & mask;
    for (let attempt = this.#attempts; ; attempt++) {
      const place = segment + (slotOf(start, attempt) & mask) * SLOT_WORDS;
      const word = slots[place + 1]!;
      if (word === 0) {
        this.#free = place;
        return 0;
      }
      const step = (hash - slots[place]!) | 0;
      const run = word >>> RUN_SHIFT;
      if (step >>> 0 <= run) {
        this.#attempts = attempt + 1;
        return (word & NUMBER_MASK) + step;
      }
      if (step === run + 1) this.#before = place;
    }
  }

  /** Has the hash of which nothing was found last lead to a number; there must have been a {@link reserve} for it. */
  add(number: number): void {
    const slots = this.#slots;
    const hash = this.#sought;
    const before = this.#before;
    // In front of the digit 0 there are no neighbours.
    if (before >= 0 && (hash & DIGIT) !== 0) {
      const word = slots[before + 1]!;
      if ((word & NUMBER_MASK) + (word >>> RUN_SHIFT) + 1 === number) {
        slots[before + 1] = word + (1 << RUN_SHIFT);
        return;
      }
    }
    const place = this.#free;
    slots[place] = hash;
    slots[place + 1] = number;
    this.#used[place >>> this.#bits()]!++;
  }

  /** Forgets everything and returns the memory. */
  clear(): void {
    this.#slots = new Int32Array(SMALLEST_SEGMENT * SLOT_WORDS);
    this.#segments = new Int32Array(1);
    this.#shift = 31;
    this.#mask = SMALLEST_SEGMENT - 1;
    this.#depth = 0;
    this.#used = new Int32Array(1);
    this.#depths = new Int32Array(1);
    this.#count = 1;
  }

  /** How far a place is shifted to get the number of its segment. */
  #bits(): number {
    return 32 - Math.clz32(this.#mask + 1);
  }

  /** Drops what is vacant from a segment, and enlarges or splits it if that is not enough for `more`. */
  #makeRoom(segment: number, more: number): void {
    const count = this.#take(segment);
    if (count + more > (this.#mask + 1) * CROWDED) {
      if (this.#mask + 1 < LARGEST_SEGMENT) {
        // Only a directory of one segment is smaller than a full one.
        this.#slots = new Int32Array(this.#slots.length * 4);
        this.#mask = this.#slots.length / SLOT_WORDS - 1;
      } else this.#split(segment);
    }
    const slots = this.#slots;
    const segments = this.#segments;
    const shift = this.#shift;
    const mask = this.#mask;
    const bits = this.#bits();
    const used = this.#used;
    for (let at = 0; at < count * SLOT_WORDS; at += SLOT_WORDS) {
      const hash = taken[at]!;
      const base = segments[(hash >>> 1) >>> shift]!;
      const start = (hash >>> DIGIT_BITS) & mask;
      let place = base + start * SLOT_WORDS;
      for (let attempt = 1; slots[place + 1] !== 0; attempt++)
        place = base + (slotOf(start, attempt) & mask) * SLOT_WORDS;
      slots[place] = hash;
      slots[place + 1] = taken[at + 1]!;
      used[base >>> bits]!++;
    }
  }

  /** Empties a segment: into `taken`, but for what is vacant. @returns how many slots that are */
  #take(segment: number): number {
    const words = (this.#mask + 1) * SLOT_WORDS;
    const from = segment * words;
    const to = from + words;
    const slots = this.#slots;
    const destinations = this.#destinations;
    let count = 0;
    for (let place = from; place < to; place += SLOT_WORDS) {
      const word = slots[place + 1]!;
      if (word === 0) continue;
      let hash = slots[place]!;
      let first = word & NUMBER_MASK;
      let last = first + (word >>> RUN_SHIFT);
      for (; first <= last && destinations.isVacant(first); hash++) this.#dropped(first++);
      while (first < last && destinations.isVacant(last)) this.#dropped(last--);
      if (first > last) continue;
      taken[count * SLOT_WORDS] = hash;
      taken[count * SLOT_WORDS + 1] = first | ((last - first) << RUN_SHIFT);
      count++;
    }
    slots.fill(0, from, to);
    this.#used[segment] = 0;
    return count;
  }

  /** Gives the upper half of the hashes of an emptied segment a segment of their own. */
  #split(segment: number): void {
    const depth = this.#depths[segment]!;
    if (depth === this.#depth) this.#doubleDirectory();
    const fresh = this.#count++;
    const words = LARGEST_SEGMENT * SLOT_WORDS;
    const base = fresh * words;
    if (base + words > this.#slots.length) this.#slots = enlarged(this.#slots);
    if (fresh >= this.#used.length) {
      this.#used = enlarged(this.#used);
      this.#depths = enlarged(this.#depths);
    }
    // Fresh pages cost less when they are written before they are read.
    this.#slots.fill(0, base, base + words);
    this.#depths[segment] = depth + 1;
    this.#depths[fresh] = depth + 1;
    const old = segment * words;
    const bit = 1 << (this.#depth - depth - 1);
    for (let i = 0; i < this.#segments.length; i++) {
      if (this.#segments[i] === old && (i & bit) !== 0) this.#segments[i] = base;
    }
  }

  #doubleDirectory(): void {
    const doubled = new Int32Array(this.#segments.length * 2);
    for (let i = 0; i < doubled.length; i++) doubled[i] = this.#segments[i >>> 1]!;
    this.#segments = doubled;
    this.#depth++;
    this.#shift--;
  }
}
