/**
 * The packed records of one table: a destination with its best path inline, and the further paths of a destination in
 * chains. Nothing here is an object per route; numbers never leave the package.
 *
 * ```
 *   destination (8 words = 32 octets; 12 with an IPv6 key), number 1…
 *   ┌─────┬───────────────┬───────────────┬──────┬────────────┬────────┬───────────────────────────┐
 *   │ set │ label 24│flags│ discriminator │ time │ state│more │ change │ key: rd<<6|length, prefix │
 *   └─────┴───────────────┴───────────────┴──────┴──────┬─────┴────────┴───────────────────────────┘
 *                                                       └─► further path (5 words), number 1…
 *                                                           set, label│flags, discriminator, time, next ─► …
 *
 *   set            attribute set (0: the destination has no path)
 *   label          the 24-bit label field as on the wire; flags: see PathFlag
 *   discriminator  what tells apart paths of one source: ADD-PATH identifier, or the route behind a replicated path
 *   time           seconds, when the path arrived or last changed
 *   state          see STATE_…; more: number of the first further path
 *   change         position of the latest change in the change log of the table
 *   key            two words (IPv4: route distinguisher << 6 | length, prefix), five (IPv6), or hash and arena offset
 * ```
 *
 * A destination whose last path has gone waits for its followers to notice. Then it is vacant: the index still leads to it, and
 * it is occupied again if its key comes again. When the index makes room it drops the vacant ones, and their numbers
 * are given to other keys.
 */

import { enlarged, forgotten } from './packed-array.ts';

/** Flags of a path, the low octet of its label word. */
export const pathFlag = {
  /** Kept from a session that went down; swept unless announced again. @see RFC 4724 §4.2 */
  stale: 1,
  /** Stale beyond the restart time. @see RFC 9494 §4.2 */
  longLivedStale: 2,
  /** A copy of a path of another table, made by route target. */
  secondary: 4,
  /** Belongs to the multipath set, as the best path does. */
  multipath: 8,
  /** Cannot be used; why is a property of its attribute set. */
  infeasible: 16,
} as const;

// Words of a record, as drawn above; a further path has the first five of them.
/** Number of the attribute set. */
export const SET = 0;
/** Label field and {@link pathFlag flags}. */
export const LABEL = 1;
/** What tells apart paths of one source. */
export const DISCRIMINATOR = 2;
/** Seconds since the epoch. */
export const TIME = 3;
/** State, and the number of the first further path. */
export const MORE = 4;
/** Position in the change log. */
export const CHANGE = 5;
/** First word of the key. */
export const KEY = 6;
/** The link of a further path stands where a destination keeps the link to its first one. */
export const NEXT = MORE;
/** Words of a further path. */
export const PATH_WORDS = 5;

/** The number of a path in the word that also holds the state. */
export const MORE_MASK = 0x0fff_ffff;
/** Waits for its paths to be compared. */
export const STATE_UNSETTLED = 1 << 28;
/** The best path or a member of the multipath set was replaced or lost since the last comparison. */
export const STATE_TOUCHED = 1 << 29;
/** The best path itself was replaced or lost since the last comparison. */
export const STATE_BEST = 1 << 31;
const FIRST_CAPACITY = 16;

/** The records of one table, destinations and further paths, each numbered from 1. */
export class Destinations {
  /** Words per destination. */
  readonly stride: number;
  /** All destinations; replaced on growth. */
  words: Int32Array;
  /** All further paths; replaced on growth. */
  paths: Int32Array = new Int32Array(0);
  /** Destinations that are not vacant, those whose followers have to notice that they have no path included. */
  size = 0;
  /** First number never used. */
  top = 1;
  /** Further paths in use. */
  furtherPaths = 0;
  /** One bit for each number: it is not vacant. */
  #occupied: Int32Array = new Int32Array(FIRST_CAPACITY);
  #freed = new FreeList();
  #pathTop = 1;
  #freedPaths = new FreeList();

  constructor(keyWords: number) {
    this.stride = keyWords <= 2 ? 8 : 12;
    this.words = new Int32Array(FIRST_CAPACITY * this.stride);
  }

  /** Destinations there is room for; arrays beside this one follow it. */
  get capacity(): number {
    return this.words.length / this.stride;
  }

  /** A cleared record, vacant. */
  allocate(): number {
    const number = this.#freed.pop() || this.top++;
    const at = number * this.stride;
    if (at >= this.words.length) this.words = enlarged(this.words);
    if (number >>> 5 >= this.#occupied.length) this.#occupied = enlarged(this.#occupied);
    this.words[at + SET] = 0;
    this.words[at + LABEL] = 0;
    this.words[at + MORE] = 0;
    this.words[at + CHANGE] = 0;
    return number;
  }

  /** Whether a destination has no path, and nobody needs to hear of it any more. */
  isVacant(number: number): boolean {
    return (this.#occupied[number >>> 5]! & (1 << (number & 31))) === 0;
  }

  /** A vacant destination is about to get a path. */
  occupy(number: number): void {
    this.#occupied[number >>> 5]! |= 1 << (number & 31);
    this.size++;
  }

  /** A destination has no path, and nobody needs to hear of it any more. */
  vacate(number: number): void {
    this.#occupied[number >>> 5]! &= ~(1 << (number & 31));
    this.size--;
  }

  /** The number of a vacant destination may be given to another key. */
  release(number: number): void {
    this.#freed.push(number);
  }

  /** A further path, not linked yet. */
  allocatePath(): number {
    const number = this.#freedPaths.pop() || this.#pathTop++;
    if ((number + 1) * PATH_WORDS > this.paths.length) {
      this.paths = enlarged(this.paths, (number + 1) * PATH_WORDS);
    }
    this.furtherPaths++;
    return number;
  }

  /** The number of a further path may be given to another one. */
  releasePath(number: number): void {
    this.furtherPaths--;
    this.#freedPaths.push(number);
  }

  /** Returns the memory; only when {@link size} is 0. */
  clear(): void {
    forgotten(this.words.length + this.paths.length);
    this.words = new Int32Array(FIRST_CAPACITY * this.stride);
    this.paths = new Int32Array(0);
    this.#occupied = new Int32Array(FIRST_CAPACITY);
    this.top = 1;
    this.#pathTop = 1;
    this.#freed = new FreeList();
    this.#freedPaths = new FreeList();
  }

  /** Octets reserved, whether touched yet or not. */
  get octets(): number {
    return (this.words.length + this.paths.length) * 4;
  }
}

/** A stack of numbers in an Int32Array. */
class FreeList {
  #numbers: Int32Array = new Int32Array(16);
  #count = 0;

  push(number: number): void {
    if (this.#count === this.#numbers.length) this.#numbers = enlarged(this.#numbers);
    this.#numbers[this.#count++] = number;
  }

  /** 0 when there is none. */
  pop(): number {
    return this.#count === 0 ? 0 : this.#numbers[--this.#count]!;
  }
}
