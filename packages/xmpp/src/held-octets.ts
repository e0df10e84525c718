/** The beginning of a header or stanza whose end has not come. What is added is copied: chunks belong to the socket. */
const nothing = Buffer.alloc(0);

/** Empty most of the time, and then without memory. */
export class HeldOctets {
  #bytes: Buffer = nothing;
  #length = 0;
  readonly #expected: number;

  /** @param expected octets that hardly ever are exceeded: the memory doubles up to them */
  constructor(expected: number) {
    this.#expected = expected;
  }

  /** Octets held. */
  get length(): number {
    return this.#length;
  }

  /** Octets of memory that it takes. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** All that is held; it changes with the next call. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Copies `bytes[start…end)` behind what is held already; the copy doubles, so that it costs linear time. */
  add(bytes: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.max(length, Math.min(2 * this.#bytes.length, this.#expected)),
      );
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    bytes.copy(this.#bytes, this.#length, start, end);
    this.#length = length;
  }

  /** Holds nothing any more, and gives the memory back. */
  clear(): void {
    this.#bytes = nothing;
    this.#length = 0;
  }
}
