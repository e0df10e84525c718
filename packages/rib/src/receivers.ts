/**
 * Sets of members of a group, as numbers: who shall have a route and who has it are properties of attribute sets, so
 * there are few different sets and each operation on two of them is done once.
 *
 * A control node has a group for each table of each network, most of them with a dozen members: a set of the first 32 is one
 * word, and only larger ones are arrays.
 */

/** Number of the empty set. */
export const NOBODY = 0;
/** So many sets are kept before unused ones are dropped, or so many times what was left of them then. */
const FEW_SETS = 1024;
const GROWTH = 4;
/** Lists kept of sets whose members were asked for. */
const MOST_LISTS = 64;
const BITS = 32;
const RECENT_MASK = 255;

/** One bit per member: a word, or as many as it takes, the last not zero. */
type Bits = number | Int32Array;

/** The sets of one group; their numbers hold until {@link epoch} grows. */
export class Receivers {
  #sets: Bits[] = [0];
  #most = FEW_SETS;
  /** By the word of a set, or by the text of its words. */
  readonly #numbers = new Map<number | string, number>([[0, NOBODY]]);
  readonly #lists = new Map<number, readonly number[]>();
  /** Grows when numbers remembered elsewhere may not be the ones new sets get. */
  epoch = 0;
  /** What was worked out of two sets of which one is an array. */
  readonly #unions = new Map<number, number>();
  readonly #differences = new Map<number, number>();
  readonly #intersections = new Map<number, number>();
  /** What {@link without} answered last: set, member, answer. */
  #withoutOne: Int32Array | undefined;

  /** The set of these members. */
  of(members: Iterable<number>): number {
    const words: number[] = [];
    for (const member of members) {
      while (words.length <= ((member / BITS) | 0)) words.push(0);
      words[(member / BITS) | 0] = (words[(member / BITS) | 0] ?? 0) | (1 << (member % BITS));
    }
    return this.#intern(words.length <= 1 ? (words[0] ?? 0) : Int32Array.from(words));
  }

  /** Whether a member is in a set. */
  has(set: number, member: number): boolean {
    return (wordOf(this.#sets[set]!, (member / BITS) | 0) & (1 << (member % BITS))) !== 0;
  }

  /** The members of a set, ascending. */
  members(set: number): readonly number[] {
    let list = this.#lists.get(set);
    if (list === undefined) {
      if (this.#lists.size >= MOST_LISTS) this.#lists.clear();
      this.#lists.set(set, (list = listOf(this.#sets[set]!)));
    }
    return list;
  }

  /** The members of either set. */
  union(a: number, b: number): number {
    if (a === b || b === NOBODY) return a;
    if (a === NOBODY) return b;
    const [x, y] = [this.#sets[a]!, this.#sets[b]!];
    if (typeof x === 'number' && typeof y === 'number') return this.#intern(x | y);
    return this.#memoised(this.#unions, a < b ? a : b, a < b ? b : a, (left, right) => left | right);
  }

  /** The members of `a` that are not in `b`. */
  minus(a: number, b: number): number {
    if (a === b || a === NOBODY) return NOBODY;
    if (b === NOBODY) return a;
    const [x, y] = [this.#sets[a]!, this.#sets[b]!];
    if (typeof x === 'number' && typeof y === 'number') return this.#intern(x & ~y);
    return this.#memoised(this.#differences, a, b, (left, right) => left & ~right);
  }

  /** A set without one member; made for the many routes of which the same few differences are asked. */
  without(set: number, member: number): number {
    if (!this.has(set, member)) return set;
    const recent = (this.#withoutOne ??= new Int32Array((RECENT_MASK + 1) * 3));
    const at = ((set * 31 + member) & RECENT_MASK) * 3;
    if (recent[at] !== set || recent[at + 1] !== member) {
      const left = this.minus(set, this.of([member]));
      recent[at] = set;
      recent[at + 1] = member;
      recent[at + 2] = left;
    }
    return recent[at + 2]!;
  }

  /** The members of both sets. */
  intersection(a: number, b: number): number {
    if (a === b) return a;
    if (a === NOBODY || b === NOBODY) return NOBODY;
    const [x, y] = [this.#sets[a]!, this.#sets[b]!];
    if (typeof x === 'number' && typeof y === 'number') return this.#intern(x & y);
    return this.#memoised(this.#intersections, a < b ? a : b, a < b ? b : a, (left, right) => left & right);
  }

  /** Takes a member out of every set there is, so that its number can be given to another one. */
  erase(member: number): void {
    const index = (member / BITS) | 0;
    const others = ~(1 << (member % BITS));
    this.#forget();
    this.#sets.forEach((bits, number) => {
      let left = bits;
      if (typeof bits !== 'number') {
        if (index < bits.length) bits[index]! &= others;
        left = trimmed(bits);
      } else if (index === 0) left = bits & others;
      this.#sets[number] = left;
      // Sets that differed only in the member are equal now; either number will do.
      const key = keyOf(left);
      if (!this.#numbers.has(key)) this.#numbers.set(key, number);
    });
  }

  /** Too many sets have piled up: the owner renumbers the ones it still uses with {@link renumber}. */
  get isCrowded(): boolean {
    return this.#sets.length > this.#most;
  }

  /** Drops all sets; `keep` is handed a function that saves a set and returns its new number. */
  renumber(keep: (save: (set: number) => number) => void): void {
    const old = this.#sets;
    this.#sets = [0];
    this.#forget();
    this.#numbers.set(0, NOBODY);
    keep((set) => this.#intern(old[set]!));
    this.#most = Math.max(FEW_SETS, GROWTH * this.#sets.length);
  }

  #forget(): void {
    this.epoch++;
    this.#lists.clear();
    this.#numbers.clear();
    this.#unions.clear();
    this.#differences.clear();
    this.#intersections.clear();
    this.#withoutOne = undefined;
  }

  #memoised(
    memo: Map<number, number>,
    a: number,
    b: number,
    combine: (x: number, y: number) => number,
  ): number {
    const key = a * 0x400_0000 + b;
    let number = memo.get(key);
    if (number === undefined) {
      const left = this.#sets[a]!;
      const right = this.#sets[b]!;
      const words = new Int32Array(Math.max(lengthOf(left), lengthOf(right)));
      for (let i = 0; i < words.length; i++) words[i] = combine(wordOf(left, i), wordOf(right, i));
      number = this.#intern(words);
      memo.set(key, number);
    }
    return number;
  }

  #intern(bits: Bits): number {
    const short = trimmed(bits);
    const key = keyOf(short);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#sets.length;
      this.#sets.push(short);
      this.#numbers.set(key, number);
    }
    return number;
  }
}

function lengthOf(bits: Bits): number {
  return typeof bits === 'number' ? 1 : bits.length;
}

function wordOf(bits: Bits, index: number): number {
  return typeof bits === 'number' ? (index === 0 ? bits : 0) : (bits[index] ?? 0);
}

/** Without zeros at the end, and as a word if that is all there is. */
function trimmed(bits: Bits): Bits {
  if (typeof bits === 'number') return bits;
  let { length } = bits;
  while (length > 0 && bits[length - 1] === 0) length--;
  if (length <= 1) return bits[0] ?? 0;
  return length === bits.length ? bits : bits.slice(0, length);
}

function listOf(bits: Bits): number[] {
  const members: number[] = [];
  for (let index = 0; index < lengthOf(bits); index++) {
    const word = wordOf(bits, index);
    for (let bit = 0; word !== 0 && bit < BITS; bit++) {
      if ((word & (1 << bit)) !== 0) members.push(index * BITS + bit);
    }
  }
  return members;
}

/** Equal for equal sets that are {@link trimmed}. */
function keyOf(bits: Bits): number | string {
  return typeof bits === 'number' ? bits : bits.join();
}
