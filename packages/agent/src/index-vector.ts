/**
 * Numbers handed out lowest first: labels, interface indexes, VRF ids and next-hop ids, as a vRouter numbers them, so
 * that what an operator sees stays small and is used again.
 */
export class IndexVector {
  readonly #first: number;
  readonly #last: number;
  /** One bit for each number from `first` on; set = taken. */
  #words = new Uint32Array(1);
  /** Words before this one are full. */
  #from = 0;

  /** Hands out numbers of the closed range `first`–`last`. */
  constructor(first: number, last: number) {
    this.#first = first;
    this.#last = last;
  }

  /** The lowest free number. @throws RangeError when none is left */
  allocate(): number {
    for (let word = this.#from; ; word++) {
      const bits = word < this.#words.length ? this.#words[word]! : 0;
      if (bits === 0xffff_ffff) continue;
      this.#from = word;
      const number = this.#first + word * 32 + 31 - Math.clz32(~bits & -~bits);
      if (number > this.#last) throw new RangeError(`no number is left in ${this.#first}–${this.#last}`);
      this.#set(number - this.#first);
      return number;
    }
  }

  /** Takes one number. @throws RangeError when it is taken or out of range */
  reserve(number: number): number {
    if (!Number.isInteger(number) || number < this.#first || number > this.#last) {
      throw new RangeError(`${number} is not in ${this.#first}–${this.#last}`);
    }
    if (this.has(number)) throw new RangeError(`${number} is in use`);
    this.#set(number - this.#first);
    return number;
  }

  /** Whether a number is taken. */
  has(number: number): boolean {
    const at = number - this.#first;
    return at >= 0 && ((this.#words[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
  }

  /** Gives a number back. */
  release(number: number): void {
    const at = number - this.#first;
    const word = at >>> 5;
    if (at < 0 || word >= this.#words.length) return;
    this.#words[word]! &= ~(1 << (at & 31));
    if (word < this.#from) this.#from = word;
  }

  #set(at: number): void {
    const word = at >>> 5;
    if (word >= this.#words.length) {
      const grown = new Uint32Array(Math.max(word + 1, this.#words.length * 2));
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words[word]! |= 1 << (at & 31);
  }
}
