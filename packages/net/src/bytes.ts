/**
 * Cursors over bytes. Multi-byte integers are in network byte order.
 *
 * A {@link Reader} never clamps: reading past its end throws {@link Truncated}, and a nested reader made by
 * {@link Reader.view} cannot see beyond its own range, so nested TLVs cannot overrun by construction.
 */

/** Thrown when a read would pass the end of the range given to a {@link Reader}. */
export class Truncated extends Error {
  override readonly name = 'Truncated';
  /** Offset of the failed read in the underlying array. */
  readonly at: number;
  /** Octets wanted and octets left. */
  readonly wanted: number;
  readonly left: number;

  constructor(at: number, wanted: number, left: number) {
    super(`${wanted} octets wanted at offset ${at}, ${left} left`);
    this.at = at;
    this.wanted = wanted;
    this.left = left;
  }
}

/** A bounds-checked cursor over a range of a byte array. */
export class Reader {
  readonly bytes: Uint8Array;
  /** Offset of the next octet. */
  at: number;
  /** Offset just past the last octet of the range. */
  readonly end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** Octets not read yet. */
  get remaining(): number {
    return this.end - this.at;
  }

  #take(count: number): number {
    const at = this.at;
    if (count > this.end - at) throw new Truncated(at, count, this.end - at);
    this.at = at + count;
    return at;
  }

  /** An octet. @throws Truncated */
  u8(): number {
    return this.bytes[this.#take(1)]!;
  }

  /** Two octets in network order. @throws Truncated */
  u16(): number {
    const at = this.#take(2);
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  /** Three octets in network order. @throws Truncated */
  u24(): number {
    const at = this.#take(3);
    return (this.bytes[at]! << 16) | (this.bytes[at + 1]! << 8) | this.bytes[at + 2]!;
  }

  /** Four octets in network order, unsigned. @throws Truncated */
  u32(): number {
    const at = this.#take(4);
    const { bytes } = this;
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }

  /** Eight octets in network order, unsigned. @throws Truncated */
  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }

  /** Passes over octets. @throws Truncated */
  skip(count: number): void {
    this.#take(count);
  }

  /** A reader over the next `count` octets, which this reader then has passed. */
  view(count: number): Reader {
    const at = this.#take(count);
    return new Reader(this.bytes, at, at + count);
  }

  /** The next `count` octets as a view of the same memory: whoever keeps it keeps the whole chunk alive. */
  slice(count: number): Uint8Array {
    const at = this.#take(count);
    return this.bytes.subarray(at, at + count);
  }

  /** The next `count` octets, copied: safe to keep. */
  copy(count: number): Uint8Array {
    const at = this.#take(count);
    return copyOctets(this.bytes, at, at + count);
  }
}

/** A growing byte buffer. */
export class Writer {
  #bytes: Uint8Array;
  #at = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Octets written. */
  get length(): number {
    return this.#at;
  }

  #reserve(count: number): number {
    const at = this.#at;
    const needed = at + count;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, Math.ceil(this.#bytes.length * 1.5)));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
    }
    this.#at = needed;
    return at;
  }

  /** An octet; higher bits are cut off. */
  u8(value: number): this {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
    return this;
  }

  /** Two octets in network order; higher bits are cut off. */
  u16(value: number): this {
    const at = this.#reserve(2);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
    return this;
  }

  /** Three octets in network order; higher bits are cut off. */
  u24(value: number): this {
    const at = this.#reserve(3);
    this.#bytes[at] = value >>> 16;
    this.#bytes[at + 1] = value >>> 8;
    this.#bytes[at + 2] = value;
    return this;
  }

  /** Four octets in network order. */
  u32(value: number): this {
    const at = this.#reserve(4);
    this.#bytes[at] = value >>> 24;
    this.#bytes[at + 1] = value >>> 16;
    this.#bytes[at + 2] = value >>> 8;
    this.#bytes[at + 3] = value;
    return this;
  }

  /** Eight octets in network order. */
  u64(value: bigint): this {
    return this.u32(Number((value >> 32n) & 0xffff_ffffn)).u32(Number(value & 0xffff_ffffn));
  }

  /** Octets, copied. */
  bytes(value: Uint8Array): this {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** Writes what `body` writes, preceded by its length in one octet. */
  length8(body: (writer: this) => void): this {
    const at = this.#reserve(1);
    body(this);
    const length = this.#at - at - 1;
    if (length > 0xff) throw new RangeError(`${length} octets do not fit an 8-bit length`);
    this.#bytes[at] = length;
    return this;
  }

  /** Writes what `body` writes, preceded by its length in two octets. */
  length16(body: (writer: this) => void): this {
    const at = this.#reserve(2);
    body(this);
    const length = this.#at - at - 2;
    if (length > 0xffff) throw new RangeError(`${length} octets do not fit a 16-bit length`);
    this.#bytes[at] = length >>> 8;
    this.#bytes[at + 1] = length;
    return this;
  }

  /** Overwrites two octets already written, for lengths known only afterwards. */
  patch16(at: number, value: number): void {
    if (at + 2 > this.#at) throw new RangeError(`offset ${at} is not written yet`);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
  }

  /** The same with four octets. */
  patch32(at: number, value: number): void {
    this.patch16(at, value >>> 16);
    this.patch16(at + 2, value & 0xffff);
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  /** Forgets what was written and keeps the memory. */
  reset(): void {
    this.#at = 0;
  }
}

/** The octets in `bytes[start…end)` in memory of their own, also when `bytes` is a `Buffer`, whose `slice` shares it. */
export function copyOctets(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(Math.max(0, end - start));
  for (let i = start; i < end; i++) copy[i - start] = bytes[i]!;
  return copy;
}

/** Whether two byte arrays hold the same octets. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Order of two byte arrays, compared octet by octet as unsigned numbers; a prefix sorts first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

const hexDigits = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));

/** Lower-case hexadecimal text of octets, without separators. */
export function hexText(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = '';
  for (let i = start; i < end; i++) text += hexDigits[bytes[i]!]!;
  return text;
}

/**
 * Octets written in hexadecimal; white space and `:` between octets are ignored.
 * @throws RangeError when a character is no hexadecimal digit or a digit is left over
 */
export function parseHex(text: string): Uint8Array {
  const digits = text.replace(/[\s:]+/g, '');
  if (digits.length % 2 !== 0) throw new RangeError('an odd number of hexadecimal digits');
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const octet = digits.slice(2 * i, 2 * i + 2);
    if (!/^[0-9a-fA-F]{2}$/.test(octet)) throw new RangeError(`"${octet}" is not hexadecimal`);
    bytes[i] = Number.parseInt(octet, 16);
  }
  return bytes;
}
