/**
 * Sets of members of a group, as numbers: who shall have a route and who has it are properties of attribute sets, so
 * there are few different sets and each operation on two of them is done once.
 */

/** Number of the empty set. */
export const NOBODY = 0;
/** Sets kept before unused ones are dropped. */
const MOST_SETS = 1 << 16;
const BITS = 32;
const RECENT_MASK = 255;

export class Receivers {
  /** One bit per member; the arrays may be of different length. */
  #sets: Int32Array[] = [new Int32Array(0)];
  readonly #numbers = new Map<string, number>([['', NOBODY]]);
  /** Members as lists, once somebody asked. */
  #lists: (readonly number[] | undefined)[] = [];
  /** Grows when numbers remembered elsewhere may not be the ones new sets get. */
  epoch = 0;
  readonly #unions = new Map<number, number>();
  readonly #differences = new Map<number, number>();
  readonly #intersections = new Map<number, number>();
  /** What {@link without} answered last: set, member, answer. */
  readonly #withoutOne = new Int32Array((RECENT_MASK + 1) * 3);

  /** The set of these members. */
  of(members: Iterable<number>): number {
    const words: number[] = [];
    for (const member of members) {
      while (words.length <= ((member / BITS) | 0)) words.push(0);
      words[(member / BITS) | 0] = (words[(member / BITS) | 0] ?? 0) | (1 << (member % BITS));
    }
    return this.#intern(Int32Array.from(words));
  }

  has(set: number, member: number): boolean {
    return ((this.#sets[set]![(member / BITS) | 0] ?? 0) & (1 << (member % BITS))) !== 0;
  }

  /** The members of a set, ascending. */
  members(set: number): readonly number[] {
    return (this.#lists[set] ??= listOf(this.#sets[set]!));
  }

  union(a: number, b: number): number {
    if (a === b || b === NOBODY) return a;
    if (a === NOBODY) return b;
    return this.#memoised(this.#unions, a < b ? a : b, a < b ? b : a, (x, y) => x | y);
  }

  /** The members of `a` that are not in `b`. */
  minus(a: number, b: number): number {
    if (a === b || a === NOBODY) return NOBODY;
    if (b === NOBODY) return a;
    return this.#memoised(this.#differences, a, b, (x, y) => x & ~y);
  }

  /** A set without one member; made for the many routes of which the same few differences are asked. */
  without(set: number, member: number): number {
    if (!this.has(set, member)) return set;
    const recent = this.#withoutOne;
    const at = ((set * 31 + member) & RECENT_MASK) * 3;
    if (recent[at] !== set || recent[at + 1] !== member) {
      const left = this.minus(set, this.of([member]));
      recent[at] = set;
      recent[at + 1] = member;
      recent[at + 2] = left;
    }
    return recent[at + 2]!;
  }

  intersection(a: number, b: number): number {
    if (a === b) return a;
    if (a === NOBODY || b === NOBODY) return NOBODY;
    return this.#memoised(this.#intersections, a < b ? a : b, a < b ? b : a, (x, y) => x & y);
  }

  /** Takes a member out of every set there is, so that its number can be given to another one. */
  erase(member: number): void {
    const index = (member / BITS) | 0;
    for (const words of this.#sets) if (index < words.length) words[index]! &= ~(1 << (member % BITS));
    this.#forget();
    // Sets that differed only in the member are equal now; either number will do.
    this.#sets.forEach((words, number) => {
      const key = keyOf(words);
      if (!this.#numbers.has(key)) this.#numbers.set(key, number);
    });
  }

  /** Too many sets have piled up: the owner renumbers the ones it still uses with {@link renumber}. */
  get isCrowded(): boolean {
    return this.#sets.length > MOST_SETS;
  }

  /** Drops all sets; `keep` is handed a function that saves a set and returns its new number. */
  renumber(keep: (save: (set: number) => number) => void): void {
    const old = this.#sets;
    this.#sets = [new Int32Array(0)];
    this.#forget();
    this.#numbers.set('', NOBODY);
    keep((set) => this.#intern(old[set]!));
  }

  #forget(): void {
    this.epoch++;
    this.#lists = [];
    this.#numbers.clear();
    this.#unions.clear();
    this.#differences.clear();
    this.#intersections.clear();
    this.#withoutOne.fill(0);
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
      const words = new Int32Array(Math.max(left.length, right.length));
      for (let i = 0; i < words.length; i++) words[i] = combine(left[i] ?? 0, right[i] ?? 0);
      number = this.#intern(words);
      memo.set(key, number);
    }
    return number;
  }

  #intern(words: Int32Array): number {
    const key = keyOf(words);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#sets.length;
      this.#sets.push(words);
      this.#numbers.set(key, number);
    }
    return number;
  }
}

function listOf(words: Int32Array): number[] {
  const members: number[] = [];
  words.forEach((word, index) => {
    for (let bit = 0; word !== 0 && bit < BITS; bit++) {
      if ((word & (1 << bit)) !== 0) members.push(index * BITS + bit);
    }
  });
  return members;
}

/** Equal for equal sets: zeros at the end do not count. */
function keyOf(words: Int32Array): string {
  let length = words.length;
  while (length > 0 && words[length - 1] === 0) length--;
  return words.subarray(0, length).join();
}
