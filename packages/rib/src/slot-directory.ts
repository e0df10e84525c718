/**
 * An open-addressing index that never rehashes as a whole: fixed-size segments found by the top bits of the hash, and a
 * full segment is split in two (extendible hashing). Growth costs one segment at a time, whatever the table holds.
 *
 * ```
 *   hash:   [ directory bits … | tag 6 bits | slot in the segment 14 bits ]
 *   slot:   [ tag 6 bits | number 26 bits ]      0: never used
 *   hashes: by number, so that a split does not have to look at the record behind a number
 * ```
 * The tag answers most "is it this one?" questions without touching that record either, which would be a cache miss.
 *
 * Nothing is taken out one by one, which would be another cache miss: when a segment is full, vacant destinations are
 * dropped from it, and only if that is not enough it is split.
 */
import type { Destinations } from './destinations.ts';
import { enlarged } from './enlarged.ts';

const SEGMENT_BITS = 14;
const LARGEST_SEGMENT = 1 << SEGMENT_BITS;
const SMALLEST_SEGMENT = 16;
/** Slots that come into the cache together. */
const LINE = 16;
/** Keys that differ in one digit, of this base, have slots side by side. */
export const NEIGHBOURS = 4;
const TAG_SHIFT = 26;
/** Numbers an index can hold: 67,108,863. */
export const NUMBER_MASK = (1 << TAG_SHIFT) - 1;
/** A segment is cleaned or split when more of its slots than this are in use. */
const FULL = 0.62;
/** A segment that is fuller than this without the vacant ones is split. */
const CROWDED = FULL * 0.75;

/** Numbers of a segment that is split. */
const taken = new Int32Array(LARGEST_SEGMENT);

const one = new Int32Array(1);

/** The bits of `hash` that a slot stores, in place. */
export function slotTag(hash: number): number {
  return ((hash >>> SEGMENT_BITS) & 63) << TAG_SHIFT;
}

/**
 * Which slot of its segment is tried for a hash, after the one it says: the same place among other neighbours of the line, so that those
 * that meet others do not push each other on, then the rest of the line, and only then the next line.
 * @param first the slot it says
 * @param attempt 0 for that slot itself
 */
export function slotOf(first: number, attempt: number): number {
  const within = first + attempt * NEIGHBOURS + ((attempt / NEIGHBOURS) | 0);
  return ((first & -LINE) + (attempt & -LINE)) | (within & (LINE - 1));
}

export class SlotDirectory {
  /** All segments, one after the other; replaced on growth. */
  slots: Int32Array = new Int32Array(SMALLEST_SEGMENT);
  /** Start of the segment for each value of the top bits. */
  segments = new Int32Array(1);
  /** `hash >>> 1 >>> shift` indexes {@link segments}. */
  shift = 31;
  /** Slots per segment minus one. */
  mask = SMALLEST_SEGMENT - 1;
  /** Hash of each number that is in; replaced on growth. */
  hashes: Int32Array = new Int32Array(SMALLEST_SEGMENT);
  readonly #destinations: Destinations;
  readonly #dropped: (number: number) => void;
  #depth = 0;
  /** Slots in use per segment, and how many top bits the segment distinguishes. */
  #used: Int32Array = new Int32Array(1);
  #depths: Int32Array = new Int32Array(1);
  #count = 1;

  /** @param dropped told of every vacant number that was taken out */
  constructor(destinations: Destinations, dropped: (number: number) => void) {
    this.#destinations = destinations;
    this.#dropped = dropped;
  }

  /** Start of the segment of a hash. */
  segment(hash: number): number {
    return this.segments[(hash >>> 1) >>> this.shift]!;
  }

  /**
   * Makes room for one more number for each of these hashes; until the next call no slot moves and nothing is dropped. A
   * segment may be a batch fuller than it should be, but is never full.
   */
  reserve(hashes: Int32Array, count: number): void {
    while (this.mask + 1 < LARGEST_SEGMENT && this.#used[0]! + count > (this.mask + 1) * FULL) {
      this.#makeRoom(0, count);
    }
    if (this.mask + 1 < LARGEST_SEGMENT) return;
    const limit = (LARGEST_SEGMENT * FULL) | 0;
    const { segments, shift } = this;
    const used = this.#used;
    for (let i = 0; i < count; i++) {
      const segment = segments[(hashes[i]! >>> 1) >>> shift]! >>> SEGMENT_BITS;
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

  /** Adds a number at the first free slot its hash leads to; there must have been a {@link reserve} for it. */
  put(hash: number, number: number): void {
    const { slots, mask } = this;
    const segment = this.segment(hash);
    const first = hash & mask;
    let slot = segment + first;
    for (let attempt = 1; slots[slot] !== 0; attempt++) slot = segment + (slotOf(first, attempt) & mask);
    this.putAt(slot, hash, number);
  }

  /** Adds a number at the slot that {@link put} would find. */
  putAt(slot: number, hash: number, number: number): void {
    this.slots[slot] = slotTag(hash) | number;
    this.#used[slot >>> this.#bits()]!++;
    if (number >= this.hashes.length) this.hashes = enlarged(this.hashes, number + 1);
    this.hashes[number] = hash;
  }

  /** Forgets everything and returns the memory. */
  clear(): void {
    this.slots = new Int32Array(SMALLEST_SEGMENT);
    this.hashes = new Int32Array(SMALLEST_SEGMENT);
    this.segments = new Int32Array(1);
    this.shift = 31;
    this.mask = SMALLEST_SEGMENT - 1;
    this.#depth = 0;
    this.#used = new Int32Array(1);
    this.#depths = new Int32Array(1);
    this.#count = 1;
  }

  #bits(): number {
    return 31 - Math.clz32(this.mask + 1);
  }

  /** Drops what is vacant from a segment, and enlarges or splits it if that is not enough for `more`. */
  #makeRoom(segment: number, more: number): void {
    const count = this.#take(segment);
    if (count + more > (this.mask + 1) * CROWDED) {
      if (this.mask + 1 < LARGEST_SEGMENT) {
        // Only a directory of one segment is smaller than a full one.
        this.slots = new Int32Array((this.mask + 1) * 4);
        this.mask = this.slots.length - 1;
      } else this.#split(segment);
    }
    const { slots, segments, shift, mask, hashes } = this;
    const bits = this.#bits();
    const used = this.#used;
    for (let i = 0; i < count; i++) {
      const number = taken[i]!;
      const hash = hashes[number]!;
      const base = segments[(hash >>> 1) >>> shift]!;
      const first = hash & mask;
      let slot = base + first;
      for (let attempt = 1; slots[slot] !== 0; attempt++) slot = base + (slotOf(first, attempt) & mask);
      slots[slot] = slotTag(hash) | number;
      used[base >>> bits]!++;
    }
  }

  /** Empties a segment: into `taken`, but for what is vacant. */
  #take(segment: number): number {
    const from = segment * (this.mask + 1);
    const to = from + this.mask + 1;
    const { slots } = this;
    let count = 0;
    for (let slot = from; slot < to; slot++) {
      const number = slots[slot]! & NUMBER_MASK;
      if (number === 0) continue;
      if (this.#destinations.isVacant(number)) this.#dropped(number);
      else taken[count++] = number;
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
    const base = fresh << SEGMENT_BITS;
    if (base + LARGEST_SEGMENT > this.slots.length) this.slots = enlarged(this.slots);
    if (fresh >= this.#used.length) {
      this.#used = enlarged(this.#used);
      this.#depths = enlarged(this.#depths);
    }
    // Fresh pages cost less when they are written before they are read.
    this.slots.fill(0, base, base + LARGEST_SEGMENT);
    this.#depths[segment] = depth + 1;
    this.#depths[fresh] = depth + 1;
    const old = segment << SEGMENT_BITS;
    const bit = 1 << (this.#depth - depth - 1);
    for (let i = 0; i < this.segments.length; i++) {
      if (this.segments[i] === old && (i & bit) !== 0) this.segments[i] = base;
    }
  }

  #doubleDirectory(): void {
    const doubled = new Int32Array(this.segments.length * 2);
    for (let i = 0; i < doubled.length; i++) doubled[i] = this.segments[i >>> 1]!;
    this.segments = doubled;
    this.#depth++;
    this.shift--;
  }
}
