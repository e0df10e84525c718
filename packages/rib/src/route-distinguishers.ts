/** Route distinguishers as small numbers, so that a VPN key is one word longer than a prefix and not three. */
import { finishHash, randomSeed } from './byte-hash.ts';
import { doubled } from './packed-array.ts';

/**
 * Numbers eight-octet route distinguishers from 1; 0 is "none" and stands for the octets 0…0. Numbers are counted by who
 * uses them, and given out again after {@link collect}.
 */
export class RouteDistinguishers {
  /** Two words per number: the upper and the lower four octets. */
  #words = new Int32Array(32);
  #references = new Int32Array(16);
  #slots = new Int32Array(32);
  #top = 1;
  /** Route distinguishers that have a number. */
  size = 0;
  readonly #freed: number[] = [];
  readonly #unreferenced: number[] = [];
  readonly #seed = randomSeed();
  #lastUpper = 0;
  #lastLower = 0;
  #last = 0;

  /** No number is higher. */
  get highest(): number {
    return this.#top - 1;
  }

  /**
   * The number of a route distinguisher given as two words. Nobody holds it: {@link acquire} it before the next
   * {@link collect}.
   */
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

  /** Somebody holds the number. */
  acquire(number: number): void {
    this.#references[number]!++;
  }

  /** Who held it does not any more. */
  release(number: number): void {
    if (--this.#references[number]! === 0 && number !== 0) this.#unreferenced.push(number);
  }

  /** Gives up the numbers that nobody holds. */
  collect(): void {
    if (this.#unreferenced.length === 0) return;
    for (let number = this.#unreferenced.pop(); number !== undefined; number = this.#unreferenced.pop()) {
      const at = number * 2;
      if (this.#references[number] !== 0 || (this.#words[at]! | this.#words[at + 1]!) === 0) continue;
      this.#displace(number);
      this.#words[at] = 0;
      this.#words[at + 1] = 0;
      this.#freed.push(number);
      this.size--;
    }
    this.#lastUpper = 0;
    this.#lastLower = 0;
    this.#last = 0;
  }

  /** Its number if it has one, otherwise -1. */
  known(bytes: Uint8Array): number {
    const [upper, lower] = [word(bytes, 0), word(bytes, 4)];
    if ((upper | lower) === 0) return 0;
    return this.#slots[this.#slotOf(upper, lower)]! || -1;
  }

  /** Its octets. */
  bytes(number: number): Uint8Array {
    const bytes = new Uint8Array(8);
    this.copy(number, new DataView(bytes.buffer), 0);
    return bytes;
  }

  /** Writes its eight octets. */
  copy(number: number, target: DataView, at: number): void {
    target.setInt32(at, this.#words[number * 2]!);
    target.setInt32(at + 4, this.#words[number * 2 + 1]!);
  }

  #find(upper: number, lower: number): number {
    const slot = this.#slotOf(upper, lower);
    if (this.#slots[slot] !== 0) return this.#slots[slot]!;
    const number = this.#freed.pop() ?? this.#top++;
    if (number >= this.#references.length) {
      this.#words = doubled(this.#words);
      this.#references = doubled(this.#references);
    }
    this.#words[number * 2] = upper;
    this.#words[number * 2 + 1] = lower;
    this.#unreferenced.push(number);
    this.size++;
    this.#slots[slot] = number;
    if (this.size * 2 > this.#slots.length) this.#growSlots();
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

  /** Takes a number out of the index and closes the gap. */
  #displace(number: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let gap = this.#slotOf(this.#words[number * 2]!, this.#words[number * 2 + 1]!);
    for (let slot = (gap + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const other = slots[slot]!;
      const home = this.#hash(this.#words[other * 2]!, this.#words[other * 2 + 1]!) & mask;
      if (((slot - home) & mask) >= ((slot - gap) & mask)) {
        slots[gap] = other;
        gap = slot;
      }
    }
    slots[gap] = 0;
  }

  #growSlots(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    for (const number of old) {
      if (number !== 0)
        this.#slots[this.#slotOf(this.#words[number * 2]!, this.#words[number * 2 + 1]!)] = number;
    }
  }

  #hash(upper: number, lower: number): number {
    return finishHash(Math.imul(upper ^ this.#seed, 0x9e3779b1) ^ lower);
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
