/** Route distinguishers as small numbers, so that a VPN key is one word longer than a prefix and not three. */
import { finishHash, randomSeed } from './byte-hash.ts';

/** Numbers eight-octet route distinguishers from 1; 0 is "none" and stands for the octets 0…0. */
export class RouteDistinguishers {
  /** Two words per number: the upper and the lower four octets. */
  #words = new Int32Array(32);
  #slots = new Int32Array(32);
  #count = 0;
  readonly #seed = randomSeed();
  #lastUpper = 0;
  #lastLower = 0;
  #last = 0;

  /** The number of a route distinguisher given as two words. */
  number(upper: number, lower: number): number {
    if (upper === this.#lastUpper && lower === this.#lastLower) return this.#last;
    const number = (upper | lower) === 0 ? 0 : this.#find(upper, lower);
    this.#lastUpper = upper;
    this.#lastLower = lower;
    this.#last = number;
    return number;
  }

  /** The number of the route distinguisher at an offset. */
  numberOf(bytes: Uint8Array, at = 0): number {
    return this.number(word(bytes, at), word(bytes, at + 4));
  }

  /** Its number if it has one, otherwise -1. */
  known(bytes: Uint8Array): number {
    const [upper, lower] = [word(bytes, 0), word(bytes, 4)];
    if ((upper | lower) === 0) return 0;
    const number = this.#slots[this.#slotOf(upper, lower)]!;
    return number === 0 ? -1 : number;
  }

  /** Its octets. */
  bytes(number: number): Uint8Array {
    const bytes = new Uint8Array(8);
    this.copy(number, bytes, 0);
    return bytes;
  }

  /** Writes its eight octets. */
  copy(number: number, target: Uint8Array, at: number): void {
    const upper = this.#words[number * 2]!;
    const lower = this.#words[number * 2 + 1]!;
    target[at] = upper >>> 24;
    target[at + 1] = upper >>> 16;
    target[at + 2] = upper >>> 8;
    target[at + 3] = upper;
    target[at + 4] = lower >>> 24;
    target[at + 5] = lower >>> 16;
    target[at + 6] = lower >>> 8;
    target[at + 7] = lower;
  }

  /** Negative when `a` comes first by its octets. */
  compare(a: number, b: number): number {
    const upper = (this.#words[a * 2]! >>> 0) - (this.#words[b * 2]! >>> 0);
    return upper !== 0 ? upper : (this.#words[a * 2 + 1]! >>> 0) - (this.#words[b * 2 + 1]! >>> 0);
  }

  #find(upper: number, lower: number): number {
    const words = this.#words;
    const slots = this.#slots;
    const slot = this.#slotOf(upper, lower);
    if (slots[slot] !== 0) return slots[slot]!;
    const number = ++this.#count;
    if (number * 2 >= words.length) {
      this.#words = new Int32Array(words.length * 2);
      this.#words.set(words);
    }
    this.#words[number * 2] = upper;
    this.#words[number * 2 + 1] = lower;
    if (number * 2 <= slots.length) slots[slot] = number;
    else this.#growSlots();
    return number;
  }

  /** The slot that holds a route distinguisher, or the free one where it would go. */
  #slotOf(upper: number, lower: number): number {
    const words = this.#words;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = this.#hash(upper, lower) & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const number = slots[slot]!;
      if (words[number * 2] === upper && words[number * 2 + 1] === lower) break;
    }
    return slot;
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let number = 1; number <= this.#count; number++) {
      let slot = this.#hash(this.#words[number * 2]!, this.#words[number * 2 + 1]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number;
    }
    this.#slots = slots;
  }

  #hash(upper: number, lower: number): number {
    return finishHash(Math.imul(upper ^ this.#seed, 0x9e3779b1) ^ lower);
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
