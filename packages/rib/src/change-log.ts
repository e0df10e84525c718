/**
 * The order in which destinations of a table changed, collapsed to the latest change of each.
 *
 * A ring of destination numbers; each destination remembers the position of its latest entry, and an entry that is
 * not the latest of its destination is skipped. Followers read with cursors at their own pace. An entry that nobody has
 * read yet is not repeated, and a ring full of superseded entries is compacted, so the log is bounded by the
 * number of destinations however slow a follower is, and a slow follower meets every destination once, in its latest
 * state.
 *
 * ```
 *          oldest                 furthest        head
 *   ring …  │ d7 │ d3 │ (d9) │ d4 │ d9 │ d1 │  …          (d9): superseded by the later d9
 *             ▲                     ▲
 *             slow cursor           fast cursor
 * ```
 * Positions are 32-bit and wrap; only differences are compared. An entry is a destination number with two flags.
 */
import { CHANGE, type Destinations } from './destinations.ts';

/** The number in an entry. */
export const ENTRY_NUMBER = (1 << 26) - 1;
/** Flag of an entry: the best path changed, and not only the multipath set. */
export const ENTRY_BEST = 1 << 31;
/** Flag of an entry: when it was written the destination had no path left. */
const ENTRY_EMPTY = 1 << 30;

/** Where a follower is in a {@link ChangeLog}. */
export interface ChangeCursor {
  /** The position it will read next. */
  position: number;
}

const SMALLEST_RING = 64;
/** A ring that grew beyond this is given back when it is empty. */
const LARGEST_KEPT = 1 << 15;

/** The log of one table. */
export class ChangeLog {
  readonly #destinations: Destinations;
  #ring = new Int32Array(SMALLEST_RING);
  /** First position still kept. */
  #oldest = 0;
  /** First position not written yet. */
  #head = 0;
  /** No follower has read this position or a later one. */
  #furthest = 0;
  readonly #cursors = new Set<ChangeCursor>();
  /** There is a cursor. */
  isFollowed = false;
  /** Times a destination was noted as empty since no entry was flagged so. */
  #empties = 0;
  /** No more than so many of the entries kept are superseded. */
  #superseded = 0;

  constructor(destinations: Destinations) {
    this.#destinations = destinations;
  }

  /** Position of the next change. */
  get head(): number {
    return this.#head;
  }

  /** Entries kept, superseded ones included. */
  get length(): number {
    return (this.#head - this.#oldest) | 0;
  }

  /**
   * Notes that a destination changed.
   * @param best the best path changed
   * @param empty it has no path any more
   */
  append(destination: number, best: boolean, empty: boolean): void {
    const { words, stride } = this.#destinations;
    const at = destination * stride + CHANGE;
    const change = words[at]!;
    let entry = destination | (best ? ENTRY_BEST : 0) | (empty ? ENTRY_EMPTY : 0);
    if (empty) this.#empties++;
    if (this.#isKept(change)) {
      const slot = change & (this.#ring.length - 1);
      const last = this.#ring[slot]!;
      if ((last & ENTRY_NUMBER) === destination) {
        if (((change - this.#furthest) | 0) >= 0) {
          this.#ring[slot] = last | entry;
          return;
        }
        // Who has not read that entry yet will read this one instead.
        entry |= last & ENTRY_BEST;
        this.#superseded++;
      }
    }
    if (this.length === this.#ring.length) this.#makeRoom();
    const position = this.#head;
    this.#ring[position & (this.#ring.length - 1)] = entry;
    words[at] = position;
    this.#head = (position + 1) | 0;
  }

  /** A cursor that will see the changes from now on. */
  follow(): ChangeCursor {
    const cursor = { position: this.#head };
    this.#cursors.add(cursor);
    this.isFollowed = true;
    this.#furthest = this.#head;
    return cursor;
  }

  /** Another cursor at the place of `cursor`. */
  fork(cursor: ChangeCursor): ChangeCursor {
    const forked = { position: cursor.position };
    this.#cursors.add(forked);
    this.isFollowed = true;
    return forked;
  }

  /** The cursor is not used any more: what only it had not read may go. */
  unfollow(cursor: ChangeCursor): void {
    this.#cursors.delete(cursor);
    this.isFollowed = this.#cursors.size > 0;
  }

  /** Positions `cursor` has not passed yet. */
  behind(cursor: ChangeCursor): number {
    return (this.#head - cursor.position) | 0;
  }

  /** Moves the cursor behind everything there is. */
  skip(cursor: ChangeCursor): void {
    cursor.position = this.#head;
    this.#furthest = this.#head;
  }

  /** Whether the latest change of a destination is one that `cursor` has still to read. */
  isAhead(cursor: ChangeCursor, destination: number): boolean {
    const change = this.#destinations.words[destination * this.#destinations.stride + CHANGE]!;
    return (
      this.#isKept(change) &&
      ((change - cursor.position) | 0) >= 0 &&
      (this.#ring[change & (this.#ring.length - 1)]! & ENTRY_NUMBER) === destination
    );
  }

  /**
   * Moves the cursor over up to `limit` positions and puts the entries that are the latest of their destination into
   * `into`: {@link ENTRY_NUMBER}, {@link ENTRY_BEST}.
   * @returns how many were put there
   */
  read(cursor: ChangeCursor, into: Int32Array, limit: number): number {
    const { words, stride } = this.#destinations;
    const ring = this.#ring;
    const mask = ring.length - 1;
    let position = cursor.position;
    let left = Math.min((this.#head - position) | 0, limit);
    let count = 0;
    for (; left > 0 && count < into.length; left--) {
      const entry = ring[position & mask]!;
      if (words[(entry & ENTRY_NUMBER) * stride + CHANGE] === position) into[count++] = entry;
      position = (position + 1) | 0;
    }
    cursor.position = position;
    if (((position - this.#furthest) | 0) > 0) this.#furthest = position;
    return count;
  }

  /**
   * Forgets what every follower has read; calls `passed` for each destination among it that may have no path any more.
   * @param limit at most so many positions
   * @returns whether more could be forgotten
   */
  trim(limit: number, passed: (destination: number) => void): boolean {
    let until = this.#head;
    for (const cursor of this.#cursors) if (((cursor.position - until) | 0) < 0) until = cursor.position;
    if (((this.#furthest - until) | 0) < 0) this.#furthest = until;
    if (this.#empties === 0) this.#oldest = until;
    const { words, stride } = this.#destinations;
    const ring = this.#ring;
    const mask = ring.length - 1;
    for (let left = limit; this.#oldest !== until; left--) {
      if (left === 0) return true;
      const position = this.#oldest;
      const entry = ring[position & mask]!;
      this.#oldest = (position + 1) | 0;
      if ((entry & ENTRY_EMPTY) === 0) continue;
      const destination = entry & ENTRY_NUMBER;
      if (words[destination * stride + CHANGE] === position) passed(destination);
    }
    if (this.#oldest === this.#head) {
      this.#empties = 0;
      this.#superseded = 0;
      if (ring.length > LARGEST_KEPT) this.#ring = new Int32Array(SMALLEST_RING);
    }
    return false;
  }

  #isKept(position: number): boolean {
    return ((position - this.#oldest) | 0) >= 0 && ((this.#head - position) | 0) > 0;
  }

  /** Doubles the ring, or drops superseded entries if they may be half of it. */
  #makeRoom(): void {
    if (this.#superseded * 2 < this.#ring.length) this.#double();
    else this.#compact();
  }

  /** Every entry keeps its position. */
  #double(): void {
    const ring = this.#ring;
    const size = ring.length;
    const doubled = new Int32Array(size * 2);
    const split = this.#oldest & (size - 1);
    const from = this.#oldest & (size * 2 - 1);
    const wrapped = (from + size - split) & (size * 2 - 1);
    doubled.set(ring.subarray(split), from);
    doubled.set(ring.subarray(0, split), wrapped);
    this.#ring = doubled;
  }

  #compact(): void {
    const { words, stride } = this.#destinations;
    const ring = this.#ring;
    const mask = ring.length - 1;
    let live = 0;
    for (let position = this.#oldest; position !== this.#head; position = (position + 1) | 0) {
      if (words[(ring[position & mask]! & ENTRY_NUMBER) * stride + CHANGE] === position) live++;
    }
    this.#superseded = 0;
    const size = live * 2 > ring.length ? ring.length * 2 : ring.length;
    const compacted = new Int32Array(size);
    const cursors = [...this.#cursors].sort((a, b) => (a.position - b.position) | 0);
    // The live entries end where the old ones did, so the head stays and every cursor moves towards it.
    let to = (this.#head - live) | 0;
    const oldest = to;
    let moved = 0;
    for (let position = this.#oldest; position !== this.#head; position = (position + 1) | 0) {
      for (; moved < cursors.length && cursors[moved]!.position === position; moved++)
        cursors[moved]!.position = to;
      const entry = ring[position & mask]!;
      const at = (entry & ENTRY_NUMBER) * stride + CHANGE;
      if (words[at] !== position) continue;
      compacted[to & (size - 1)] = entry;
      words[at] = to;
      to = (to + 1) | 0;
    }
    this.#ring = compacted;
    this.#oldest = oldest;
    this.#furthest = cursors.reduce(
      (furthest, { position }) => (((position - furthest) | 0) > 0 ? position : furthest),
      oldest,
    );
  }
}
