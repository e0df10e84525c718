/**
 * NLRI that say more than the key of their route, stored once and numbered: the number stands where paths of other families
 * have their label.
 */
import { ByteArena } from './byte-arena.ts';
import { equalBytes, finishHash, hashBytes, randomSeed } from './byte-hash.ts';
import { doubled } from './packed-array.ts';
import { displace, place } from './hash-slots.ts';

/** The number has the 24 bits of a label. */
const MOST_PAYLOADS = (1 << 24) - 1;
const WORDS = 4;
const HASH = 0;
const AT = 1;
const LENGTH = 2;
const REFERENCES = 3;

/** Numbers octet strings from 1; 0 is "the key says it all". */
export class NlriPayloads {
  readonly #arena = new ByteArena();
  #words = new Int32Array(16 * WORDS);
  #slots = new Int32Array(32);
  #top = 1;
  readonly #seed = randomSeed();
  readonly #freed: number[] = [];
  readonly #unreferenced: number[] = [];
  /** Octet strings that have a number. */
  size = 0;

  /** The number of the octets in `bytes[at…at + length)`; {@link acquire} it before the next {@link collect}. */
  intern(bytes: Uint8Array, at: number, length: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const hash = finishHash(hashBytes(view, at, length, this.#seed));
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]!;
      const record = number * WORDS;
      if (this.#words[record + HASH] !== hash || this.#words[record + LENGTH] !== length) continue;
      if (equalBytes(view, at, this.#arena.view, this.#words[record + AT]!, length)) return number;
    }
    if (this.size >= MOST_PAYLOADS) return 0;
    const number = this.#freed.pop() ?? this.#top++;
    if ((number + 1) * WORDS > this.#words.length) this.#words = doubled(this.#words);
    const stored = this.#arena.allocate(length);
    this.#arena.bytes.set(bytes.subarray(at, at + length), stored);
    const record = number * WORDS;
    this.#words[record + HASH] = hash;
    this.#words[record + AT] = stored;
    this.#words[record + LENGTH] = length;
    this.#words[record + REFERENCES] = 0;
    this.#unreferenced.push(number);
    this.size++;
    if (this.size * 2 > this.#slots.length) this.#growSlots();
    else place(this.#slots, this.#words, WORDS, number);
    return number;
  }

  /** A path carries the number. */
  acquire(number: number): void {
    if (number !== 0) this.#words[number * WORDS + REFERENCES]!++;
  }

  /** A path does not carry it any more. */
  release(number: number): void {
    if (number !== 0 && --this.#words[number * WORDS + REFERENCES]! === 0) this.#unreferenced.push(number);
  }

  /** How many octets there are. */
  length(number: number): number {
    return this.#words[number * WORDS + LENGTH]!;
  }

  /** Copies the octets; returns how many. */
  copy(number: number, target: Uint8Array, to: number): number {
    const length = this.length(number);
    const at = this.#words[number * WORDS + AT]!;
    for (let i = 0; i < length; i++) target[to + i] = this.#arena.bytes[at + i]!;
    return length;
  }

  /** A copy of the octets. */
  octets(number: number): Uint8Array {
    return this.#arena.slice(this.#words[number * WORDS + AT]!, this.length(number));
  }

  /** Frees what no path carries. */
  collect(): void {
    for (let number = this.#unreferenced.pop(); number !== undefined; number = this.#unreferenced.pop()) {
      const record = number * WORDS;
      if (this.#words[record + REFERENCES] !== 0 || this.#words[record + LENGTH] === 0) continue;
      displace(this.#slots, this.#words, WORDS, number);
      this.#arena.release(this.#words[record + AT]!, this.#words[record + LENGTH]!);
      this.#words[record + LENGTH] = 0;
      this.#freed.push(number);
      this.size--;
    }
  }

  #growSlots(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let number = 1; number < this.#top; number++) {
      if (this.#words[number * WORDS + LENGTH] === 0) continue;
      place(this.#slots, this.#words, WORDS, number);
    }
  }
}
