/** Byte strings of many lengths in one block of memory, addressed by offset and invisible to the garbage collector. */

const GRAIN = 16;
/** Strings longer than this are rounded up to powers of two instead of grains. */
const LARGEST_GRAINED = 4096;
const SMALLEST = 1 << 8;
/** From here on the block grows by four instead of two: untouched pages cost nothing, copies cost time. */
const OVER_RESERVE_FROM = 1 << 20;

/**
 * Allocates and frees byte strings inside one growing `Uint8Array`. Offset 0 is never handed out, so 0 can mean
 * "nothing". `bytes` and `view` are replaced when the block grows: read them again after every `allocate`.
 */
export class ByteArena {
  bytes: Uint8Array = new Uint8Array(SMALLEST);
  view: DataView = new DataView(this.bytes.buffer);
  /** Octets handed out, rounding included. */
  used = 0;
  #top = GRAIN;
  /** Free strings by size class: class → offsets. */
  readonly #free = new Map<number, number[]>();

  /** Room for `length` octets; its contents are unspecified. */
  allocate(length: number): number {
    const size = roomFor(length);
    this.used += size;
    const at = this.#free.get(size)?.pop();
    if (at !== undefined) return at;
    const fresh = this.#top;
    this.#top += size;
    if (this.#top > this.bytes.length) this.#grow();
    return fresh;
  }

  /** Gives back what `allocate(length)` returned. */
  release(at: number, length: number): void {
    const size = roomFor(length);
    this.used -= size;
    if (this.used === 0) {
      this.clear();
      return;
    }
    const free = this.#free.get(size);
    if (free === undefined) this.#free.set(size, [at]);
    else free.push(at);
  }

  /** Forgets every string and returns the memory. */
  clear(): void {
    this.used = 0;
    this.#top = GRAIN;
    this.#free.clear();
    if (this.bytes.length > SMALLEST) {
      this.bytes = new Uint8Array(SMALLEST);
      this.view = new DataView(this.bytes.buffer);
    }
  }

  /** A copy of the octets at `at`. */
  slice(at: number, length: number): Uint8Array {
    return this.bytes.slice(at, at + length);
  }

  #grow(): void {
    let capacity = this.bytes.length;
    while (capacity < this.#top) capacity *= capacity < OVER_RESERVE_FROM ? 2 : 4;
    const grown = new Uint8Array(capacity);
    grown.set(this.bytes);
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }
}

function roomFor(length: number): number {
  if (length <= LARGEST_GRAINED) return length < GRAIN ? GRAIN : (length + GRAIN - 1) & -GRAIN;
  return 1 << (32 - Math.clz32(length - 1));
}
