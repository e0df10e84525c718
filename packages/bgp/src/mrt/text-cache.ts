/**
 * Octets → the text made of them: a full table repeats each set of attributes many times, so its text is made once.
 *
 * A slot of the index holds the number of an entry plus one; an entry is three integers in `#entries`,
 * `[hash, offset of the key in #arena, key length]`, beside its text in `#texts`.
 */

const ENTRY = 3;
const MAX_ENTRIES = 1 << 18;
const SLOTS = MAX_ENTRIES * 2;
const ARENA_OCTETS = 64 * 1024 * 1024;
/** Texts of longer keys are made anew each time. */
const MAX_KEY_OCTETS = 4096;

/** One for all that is printed; it forgets when it is full. */
export class TextCache {
  // What is never touched of the three large arrays costs no memory.
  #slots = new Int32Array(SLOTS);
  readonly #entries = new Int32Array(MAX_ENTRIES * ENTRY);
  readonly #arena = new Uint8Array(ARENA_OCTETS);
  #texts: string[] = [];
  readonly #seed = (Math.random() * 0x1_0000_0000) | 0;
  #used = 0;

  /** The text of `bytes[start…end)`, made by `make` when it is not known. */
  text(bytes: Uint8Array, start: number, end: number, make: (bytes: Uint8Array) => string): string {
    const length = end - start;
    if (length > MAX_KEY_OCTETS) return make(bytes.slice(start, end));
    const hash = hashOf(bytes, start, end, this.#seed);
    const slots = this.#slots;
    const entries = this.#entries;
    const arena = this.#arena;
    let slot = hash & (SLOTS - 1);
    for (; slots[slot] !== 0; slot = (slot + 1) & (SLOTS - 1)) {
      const number = slots[slot]! - 1;
      const entry = number * ENTRY;
      if (entries[entry] !== hash || entries[entry + 2] !== length) continue;
      const key = entries[entry + 1]!;
      let i = 0;
      while (i < length && arena[key + i] === bytes[start + i]) i++;
      if (i === length) return this.#texts[number]!;
    }
    const text = make(bytes.slice(start, end));
    if (this.#texts.length === MAX_ENTRIES || this.#used + length > ARENA_OCTETS) {
      // Full: everything older is forgotten.
      this.#slots = new Int32Array(SLOTS);
      this.#texts = [];
      this.#used = 0;
      slot = hash & (SLOTS - 1);
    }
    const entry = this.#texts.length * ENTRY;
    for (let i = 0; i < length; i++) arena[this.#used + i] = bytes[start + i]!;
    entries[entry] = hash;
    entries[entry + 1] = this.#used;
    entries[entry + 2] = length;
    this.#used += length;
    this.#texts.push(text);
    this.#slots[slot] = this.#texts.length;
    return text;
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed ^ (end - start);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash = Math.imul(hash ^ word, 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0xc2b2ae35);
  return hash ^ (hash >>> 13);
}
