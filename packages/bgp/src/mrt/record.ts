/** MRT records: a time, a type, a body. @see RFC 6396 §2 */

/** Types this package reads or writes. @see RFC 6396 §4 */
export const mrtType = { tableDump: 12, tableDumpV2: 13, bgp4mp: 16, bgp4mpEt: 17 } as const;

const MRT_HEADER_OCTETS = 12;
/** A record may hold one prefix with every peer's attributes; nobody writes more than a fraction of this. */
export const MAX_MRT_RECORD = 64 * 1024 * 1024;

/** One record; its body is `bytes[at…end)`, which the next read may overwrite. */
export interface MrtRecord {
  /** Seconds since the epoch. */
  readonly seconds: number;
  /** Behind the seconds, in the `_ET` types; 0 in others. */
  readonly microseconds: number;
  readonly type: number;
  readonly subtype: number;
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
  /** Offset of the record in the file. */
  readonly offset: number;
}

/** A file that is not MRT, or is cut: `offset` says where in the uncompressed file. */
export class MrtError extends Error {
  override readonly name = 'MrtError';
  readonly offset: number;

  constructor(offset: number, because: string, options?: ErrorOptions) {
    super(`octet ${offset}: ${because}`, options);
    this.offset = offset;
  }
}

/** Cuts a stream of octets into records; holds at most one of them. */
export class MrtStream {
  #bytes = new Uint8Array(0);
  #at = 0;
  #end = 0;
  #offset = 0;

  /** Takes the next octets of the file. They are copied. */
  push(chunk: Uint8Array): void {
    const held = this.#end - this.#at;
    if (held + chunk.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, held + chunk.length, 65_536));
      larger.set(this.#bytes.subarray(this.#at, this.#end));
      this.#bytes = larger;
    } else if (this.#at > 0) this.#bytes.copyWithin(0, this.#at, this.#end);
    this.#at = 0;
    this.#bytes.set(chunk, held);
    this.#end = held + chunk.length;
  }

  /**
   * The next whole record, `undefined` when more octets are needed.
   * @throws MrtError when the length of the record cannot be true
   */
  next(): MrtRecord | undefined {
    const bytes = this.#bytes;
    const start = this.#at;
    if (this.#end - start < MRT_HEADER_OCTETS) return undefined;
    const length = u32(bytes, start + 8);
    if (length > MAX_MRT_RECORD) throw new MrtError(this.#offset, `a record of ${length} octets`);
    const end = start + MRT_HEADER_OCTETS + length;
    if (end > this.#end) return undefined;
    const type = u16(bytes, start + 4);
    const extended = type === mrtType.bgp4mpEt;
    if (extended && length < 4) throw new MrtError(this.#offset, 'an extended timestamp is cut off');
    const record: MrtRecord = {
      seconds: u32(bytes, start),
      microseconds: extended ? u32(bytes, start + 12) : 0,
      type,
      subtype: u16(bytes, start + 6),
      bytes,
      at: start + MRT_HEADER_OCTETS + (extended ? 4 : 0),
      end,
      offset: this.#offset,
    };
    this.#at = end;
    this.#offset += end - start;
    return record;
  }

  /** @throws MrtError when octets of an unfinished record are left at the end of the file */
  finish(): void {
    const left = this.#end - this.#at;
    if (left > 0)
      throw new MrtError(this.#offset, `the file ends inside a record (${left} octets left over)`);
  }
}

/** The number in two octets, unchecked. */
export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** The unsigned number in four octets, unchecked. */
export function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
