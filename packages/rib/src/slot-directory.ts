/**
 * An open-addressing index that never rehashes as a whole: fixed-size segments found by the top bits of the hash, and a
 * full segment is split in two (extendible hashing). Growth costs one segment at a time, whatever the table holds.
 *
 * ```
 *   hash:  [ directory bits … | tag 6 bits | slot in the segment 14 bits ]
 *   slot:  [ tag 6 bits | number 26 bits ]      0: never used      number 0 with a tag: removed
 * ```
 * The tag answers most "is it this one?" questions without touching the record behind the number, which would be a cache
 * miss.
 */

const SEGMENT_BITS = 14;
const LARGEST_SEGMENT = 1 << SEGMENT_BITS;
const SMALLEST_SEGMENT = 16;
export const TAG_SHIFT = 26;
/** Numbers an index can hold: 67,108,863. */
export const NUMBER_MASK = (1 << TAG_SHIFT) - 1;
const REMOVED = 1 << TAG_SHIFT;
/** A segment is split or cleaned when more of its slots than this are in use. */
const FULL = 0.62;
const OVER_RESERVE_FROM = 1 << 20;

/** Computes the hashes of `count` numbers: asked for when a segment is split. */
export type HashesOf = (numbers: Int32Array, count: number, into: Int32Array) => void;

/** Scratch of a split. */
const taken = new Int32Array(LARGEST_SEGMENT);
const takenHashes = new Int32Array(LARGEST_SEGMENT);

/** The bits of `hash` that a slot stores, in place. */
export function slotTag(hash: number): number {
  return ((hash >>> SEGMENT_BITS) & 63) << TAG_SHIFT;
}

export class SlotDirectory {
  /** All segments, one after the other; replaced on growth. */
  slots = new Int32Array(SMALLEST_SEGMENT);
  /** Start of the segment for each value of the top bits. */
  segments = new Int32Array(1);
  /** `hash >>> 1 >>> shift` indexes {@link segments}. */
  shift = 31;
  /** Slots per segment minus one. */
  mask = SMALLEST_SEGMENT - 1;
  #depth = 0;
  /** Slots in use per segment, removed ones included, and how many top bits the segment distinguishes. */
  #used = new Int32Array(1);
  #depths = new Int32Array(1);
  #count = 1;
  readonly #hashesOf: HashesOf;

  constructor(hashesOf: HashesOf) {
    this.#hashesOf = hashesOf;
  }

  /** Where the first probe for `hash` goes. */
  start(hash: number): number {
    return this.segments[(hash >>> 1) >>> this.shift]! + (hash & this.mask);
  }

  /** The next slot of the same segment. */
  next(slot: number): number {
    const mask = this.mask;
    return (slot & ~mask) | ((slot + 1) & mask);
  }

  /** Adds a number that is not there yet. */
  insert(hash: number, number: number): void {
    let segment = this.segments[(hash >>> 1) >>> this.shift]! >>> this.#bits();
    if (this.#used[segment]! >= (this.mask + 1) * FULL) {
      this.#makeRoom(segment);
      segment = this.segments[(hash >>> 1) >>> this.shift]! >>> this.#bits();
    }
    this.#used[segment]!++;
    this.#put(hash, number);
  }

  /** Takes a number out; does nothing if it is not there. */
  remove(hash: number, number: number): void {
    const slots = this.slots;
    for (let slot = this.start(hash); slots[slot] !== 0; slot = this.next(slot)) {
      if ((slots[slot]! & NUMBER_MASK) !== number) continue;
      const last = slots[this.next(slot)] === 0;
      slots[slot] = last ? 0 : REMOVED;
      if (last) this.#used[slot >>> this.#bits()]!--;
      return;
    }
  }

  /** Forgets everything and returns the memory. */
  clear(): void {
    this.slots = new Int32Array(SMALLEST_SEGMENT);
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

  #put(hash: number, number: number): void {
    const slots = this.slots;
    let slot = this.start(hash);
    while (slots[slot] !== 0) slot = this.next(slot);
    slots[slot] = slotTag(hash) | number;
  }

  #makeRoom(segment: number): void {
    const count = this.#take(segment);
    const crowded = count > (this.mask + 1) * FULL * 0.75;
    if (crowded) {
      if (this.mask + 1 < LARGEST_SEGMENT) {
        // Only a directory of one segment is smaller than a full one.
        this.slots = new Int32Array((this.mask + 1) * 4);
        this.mask = this.slots.length - 1;
      } else this.#split(segment);
    }
    this.#hashesOf(taken, count, takenHashes);
    const { slots, segments, shift, mask } = this;
    const bits = this.#bits();
    const used = this.#used;
    for (let i = 0; i < count; i++) {
      const hash = takenHashes[i]!;
      const base = segments[(hash >>> 1) >>> shift]!;
      let offset = hash & mask;
      while (slots[base + offset] !== 0) offset = (offset + 1) & mask;
      slots[base + offset] = slotTag(hash) | taken[i]!;
      used[base >>> bits]!++;
    }
  }

  /** Empties a segment into `taken`. */
  #take(segment: number): number {
    const from = segment * (this.mask + 1);
    const to = from + this.mask + 1;
    const { slots } = this;
    let count = 0;
    for (let slot = from; slot < to; slot++) {
      const number = slots[slot]! & NUMBER_MASK;
      if (number !== 0) taken[count++] = number;
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
    if (base + LARGEST_SEGMENT > this.slots.length) {
      const grown = new Int32Array(this.slots.length * (this.slots.length < OVER_RESERVE_FROM ? 4 : 16));
      grown.set(this.slots);
      this.slots = grown;
    }
    if (fresh >= this.#used.length) {
      this.#used = doubled(this.#used);
      this.#depths = doubled(this.#depths);
    }
    this.#depths[segment] = depth + 1;
    this.#depths[fresh] = depth + 1;
    const old = segment << SEGMENT_BITS;
    const bit = 1 << (this.#depth - depth - 1);
    for (let i = 0; i < this.segments.length; i++) {
      if (this.segments[i] === old && (i & bit) !== 0) this.segments[i] = base;
    }
  }

  #doubleDirectory(): void {
    const doubledSegments = new Int32Array(this.segments.length * 2);
    for (let i = 0; i < doubledSegments.length; i++) doubledSegments[i] = this.segments[i >>> 1]!;
    this.segments = doubledSegments;
    this.#depth++;
    this.shift--;
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
