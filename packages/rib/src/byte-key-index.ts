/**
 * Finds destinations by byte strings, for every family whose keys have no fixed width.
 *
 * A destination keeps the offset of `length(2) | octets` in an arena where others have their key.
 */
import type { Batch } from './batch.ts';
import { ByteArena } from './byte-arena.ts';
import { equalBytes, finishHash, hashBytes, randomSeed } from './byte-hash.ts';
import { type Destinations, KEY } from './destinations.ts';
import { SlotDirectory } from './slot-directory.ts';

const LENGTH_OCTETS = 2;

/** The index of one table; it owns the octets of the keys, and gives them up with the destination. */
export class ByteKeyIndex {
  readonly #destinations: Destinations;
  readonly #arena = new ByteArena();
  readonly #seed = randomSeed();
  readonly #directory: SlotDirectory;

  constructor(destinations: Destinations) {
    this.#destinations = destinations;
    this.#directory = new SlotDirectory(destinations, (number) => {
      const at = this.#stored(number);
      this.#arena.release(at, this.#arena.view.getUint16(at) + LENGTH_OCTETS);
      destinations.release(number);
    });
  }

  /** Fills `batch.found`, making destinations for announcements that name new ones. */
  resolve(batch: Batch): void {
    const { count, keys, keyView, found, sets, hashes } = batch;
    for (let i = 0; i < count; i++) hashes[i] = this.#hash(keyView, keys[i * 2]!, keys[i * 2 + 1]!);
    this.#directory.reserve(hashes, count);
    for (let i = 0; i < count; i++) {
      const at = keys[i * 2]!;
      const length = keys[i * 2 + 1]!;
      const number = this.#find(keyView, at, length, hashes[i]!);
      found[i] = number !== 0 || sets[i] === 0 ? number : this.#insert(keyView, at, length);
    }
  }

  /** The destination with this key, 0 if there is none. */
  find(key: Uint8Array): number {
    const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
    return this.#find(view, 0, key.length, this.#hash(view, 0, key.length));
  }

  /** The destination with this key, made if there is none, and vacant until it has a path. */
  require(key: Uint8Array): number {
    const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
    const hash = this.#hash(view, 0, key.length);
    this.#directory.reserveOne(hash);
    const number = this.#find(view, 0, key.length, hash);
    return number !== 0 ? number : this.#insert(view, 0, key.length);
  }

  /** A copy of the key of a destination. */
  key(number: number): Uint8Array {
    const at = this.#stored(number);
    return this.#arena.slice(at + LENGTH_OCTETS, this.#arena.view.getUint16(at));
  }

  /** Copies the key of a destination; returns its length. */
  copyKey(number: number, target: Uint8Array, to: number): number {
    const at = this.#stored(number);
    const { bytes, view } = this.#arena;
    const length = view.getUint16(at);
    for (let i = 0; i < length; i++) target[to + i] = bytes[at + LENGTH_OCTETS + i]!;
    return length;
  }

  /** Octets of the key of a destination. */
  keyLength(number: number): number {
    return this.#arena.view.getUint16(this.#stored(number));
  }

  /** Forgets every key; the destinations are forgotten as well. */
  clear(): void {
    this.#directory.clear();
    this.#arena.clear();
  }

  /** Where the arena holds the key of a destination. */
  #stored(number: number): number {
    return this.#destinations.words[number * this.#destinations.stride + KEY]!;
  }

  #hash(view: DataView, at: number, length: number): number {
    return finishHash(hashBytes(view, at, length, this.#seed));
  }

  #find(view: DataView, at: number, length: number, hash: number): number {
    const directory = this.#directory;
    const { words, stride } = this.#destinations;
    const arena = this.#arena.view;
    directory.seek(hash);
    for (;;) {
      const number = directory.next();
      if (number === 0) return 0;
      const stored = words[number * stride + KEY]!;
      if (arena.getUint16(stored) !== length) continue;
      if (equalBytes(view, at, arena, stored + LENGTH_OCTETS, length)) return number;
    }
  }

  /** Makes a destination for what was not found last; there must be room for it in the directory. */
  #insert(view: DataView, at: number, length: number): number {
    const number = this.#destinations.allocate();
    const stored = this.#arena.allocate(length + LENGTH_OCTETS);
    this.#arena.view.setUint16(stored, length);
    const bytes = this.#arena.bytes;
    for (let i = 0; i < length; i++) bytes[stored + LENGTH_OCTETS + i] = view.getUint8(at + i);
    const { words, stride } = this.#destinations;
    words[number * stride + KEY] = stored;
    this.#directory.add(number);
    return number;
  }
}
