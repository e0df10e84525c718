/**
 * A few hundred announcements and withdrawals waiting to be applied to one table together.
 *
 * A destination looked up alone costs a cache miss that nothing hides. Looked up in a batch, pass by pass, the misses
 * do not depend on each other and the processor overlaps them: three times as fast.
 */

import type { ByteLayout } from './family-layout.ts';

/** Entries of a batch. */
export const BATCH_SIZE = 512;
const KEY_OCTETS = BATCH_SIZE * 64;

/** Parallel arrays, one entry per announcement or withdrawal, in order of arrival. */
export class Batch {
  readonly keyWords: number;
  /** `keyWords` words per entry; for byte-string keys the offset in {@link keyBytes} and the length. */
  readonly keys: Int32Array;
  /** Attribute set announced; 0 withdraws. */
  readonly sets = new Int32Array(BATCH_SIZE);
  readonly sources = new Int32Array(BATCH_SIZE);
  /** Label field (or number of the payload) in the upper 24 bits, path flags in the lowest eight. */
  readonly labels = new Int32Array(BATCH_SIZE);
  readonly discriminators = new Int32Array(BATCH_SIZE);
  /** Found by the index: the destination, 0 when a withdrawal names an unknown one. */
  readonly found = new Int32Array(BATCH_SIZE);
  /** Scratch of the index: entries that had to be looked for, and by their order what is known of them. */
  readonly sought = new Int32Array(BATCH_SIZE);
  readonly hashes = new Int32Array(BATCH_SIZE);
  readonly places = new Int32Array(BATCH_SIZE);
  readonly candidates = new Int32Array(BATCH_SIZE);
  keyBytes: Uint8Array = new Uint8Array(0);
  keyView: DataView = new DataView(this.keyBytes.buffer);
  keyEnd = 0;
  count = 0;

  constructor(keyWords: number) {
    this.keyWords = keyWords;
    this.keys = new Int32Array(BATCH_SIZE * keyWords);
  }

  /** Stores the octets of a byte-string key for entry `entry`, in the canonical form where there is one. */
  putKey(
    entry: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    canonical: ByteLayout['canonical'],
  ): void {
    if (this.keyEnd + length > this.keyBytes.length) {
      const grown = new Uint8Array(Math.max(KEY_OCTETS, (this.keyEnd + length) * 2));
      grown.set(this.keyBytes.subarray(0, this.keyEnd));
      this.keyBytes = grown;
      this.keyView = new DataView(grown.buffer);
    }
    this.keys[entry * 2] = this.keyEnd;
    if (canonical !== undefined) length = canonical(bytes, at, length, this.keyBytes, this.keyEnd);
    else for (let i = 0; i < length; i++) this.keyBytes[this.keyEnd + i] = bytes[at + i]!;
    this.keys[entry * 2 + 1] = length;
    this.keyEnd += length;
  }

  /** Whether the key of an entry is the octets it was made from. */
  isVerbatim(entry: number, bytes: Uint8Array, at: number, length: number): boolean {
    if (this.keys[entry * 2 + 1] !== length) return false;
    const key = this.keys[entry * 2]!;
    for (let i = 0; i < length; i++) if (this.keyBytes[key + i] !== bytes[at + i]) return false;
    return true;
  }

  /** Everything has been applied. */
  clear(): void {
    this.count = 0;
    this.keyEnd = 0;
  }
}
