/** Text that is put together as octets from the start: strings put together and encoded then would be garbage twice. */

/** Octets of a short message; it grows with the longest. */
const CAPACITY = 16 * 1024;
/** Characters that are written one by one rather than by a call into the runtime. */
const SHORT = 24;

/** Used again and again: what was written is copied out. */
export class TextOctets {
  #bytes = Buffer.allocUnsafeSlow(CAPACITY);
  #length = 0;

  /** Octets written so far. */
  get length(): number {
    return this.#length;
  }

  /** Adds text, in UTF-8. */
  text(text: string): this {
    const at = this.#reserve(text.length * 3);
    this.#length = at + (this.#short(text, at) || this.#bytes.write(text, at));
    return this;
  }

  /** Adds octets as they are. */
  octets(octets: Uint8Array): this {
    const at = this.#reserve(octets.length);
    this.#bytes.set(octets, at);
    this.#length = at + octets.length;
    return this;
  }

  /** What was written, in memory of its own. */
  copy(): Buffer {
    const copy = Buffer.allocUnsafe(this.#length);
    this.#bytes.copy(copy, 0, 0, this.#length);
    return copy;
  }

  /** Begins anew, in the same memory. */
  reset(): this {
    this.#length = 0;
    return this;
  }

  /** @returns how many octets it was, 0 when it is not short or not ASCII */
  #short(text: string, at: number): number {
    const { length } = text;
    if (length > SHORT) return 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return 0;
      this.#bytes[at + i] = code;
    }
    return length;
  }

  /** Makes room for so many octets. @returns where they begin */
  #reserve(count: number): number {
    const at = this.#length;
    if (at + count > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(at + count, 2 * this.#bytes.length));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
    }
    return at;
  }
}
