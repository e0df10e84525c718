/**
 * Octets → the text made of them, both outside the garbage collector: a full table repeats each set of attributes many
 * times, so its text is made once and copied.
 *
 * A slot of the index holds the number of an entry plus one; an entry is four integers in `#entries`:
 * `[hash, offset of the key, key length, text length]`, and the text stands behind its key in `#arena`.
 */

const ENTRY = 4;
const MAX_ENTRIES = 1 << 18;
const SLOTS = MAX_ENTRIES * 2;
const ARENA_OCTETS = 96 * 1024 * 1024;
/** Longer keys or texts are made anew each time. */
export const MAX_CACHED_OCTETS = 4096;

export class TextCache {
  // Lazily committed by the system: what is never touched costs no memory.
  #slots = new Int32Array(SLOTS);
  readonly #entries = new Int32Array(MAX_ENTRIES * ENTRY);
  readonly #arena = Buffer.allocUnsafeSlow(ARENA_OCTETS);
  readonly #seed = (Math.random() * 0x1_0000_0000) | 0;
  #count = 0;
  #used = 0;
  /** Where the text of the last {@link find} or {@link add} stands in {@link arena}. */
  at = 0;
  length = 0;

  get arena(): Buffer {
    return this.#arena;
  }

  /** Looks for the text of `bytes[start…end)`; sets {@link at} and {@link length} when it is there. */
  find(bytes: Uint8Array, start: number, end: number): boolean {
    const hash = hashOf(bytes, start, end, this.#seed);
    const slots = this.#slots;
    const entries = this.#entries;
    const arena = this.#arena;
    const length = end - start;
    for (let slot = hash & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
      const entry = (slots[slot]! - 1) * ENTRY;
      if (entry < 0) return false;
      if (entries[entry] !== hash || entries[entry + 2] !== length) continue;
      const key = entries[entry + 1]!;
      let i = 0;
      while (i < length && arena[key + i] === bytes[start + i]) i++;
      if (i < length) continue;
      this.at = key + length;
      this.length = entries[entry + 3]!;
      return true;
    }
  }

  /** Remembers a text; when the cache is full, everything older is forgotten. */
  add(bytes: Uint8Array, start: number, end: number, text: string): void {
    const length = end - start;
    if (this.#count === MAX_ENTRIES || this.#used + length + text.length > ARENA_OCTETS) {
      this.#slots = new Int32Array(SLOTS);
      this.#count = 0;
      this.#used = 0;
    }
    const hash = hashOf(bytes, start, end, this.#seed);
    const arena = this.#arena;
    const key = this.#used;
    for (let i = 0; i < length; i++) arena[key + i] = bytes[start + i]!;
    arena.write(text, key + length, 'latin1');
    this.#used = key + length + text.length;
    const entry = this.#count++ * ENTRY;
    this.#entries[entry] = hash;
    this.#entries[entry + 1] = key;
    this.#entries[entry + 2] = length;
    this.#entries[entry + 3] = text.length;
    let slot = hash & (SLOTS - 1);
    while (this.#slots[slot] !== 0) slot = (slot + 1) & (SLOTS - 1);
    this.#slots[slot] = this.#count;
    this.at = key + length;
    this.length = text.length;
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
