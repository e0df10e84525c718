/** Packets out of capture files: pcap of either byte order and resolution, and pcapng. */
import { copyOctets } from '@vaportrail/net';

/** One captured packet. `bytes` is a view that the next chunk overwrites nothing of, but that keeps the chunk alive. */
export interface CapturedPacket {
  /** Microseconds since the epoch. */
  readonly time: number;
  /** Link type of the interface. @see https://www.tcpdump.org/linktypes.html */
  readonly linkType: number;
  readonly bytes: Uint8Array;
}

/** A file that is no capture, or a record that cannot be. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError';
}

/** Longest record taken: a capture of anything a network carries is far below. */
export const MAX_RECORD_OCTETS = 1 << 24;

const PCAP_MICROSECONDS = 0xa1b2c3d4;
const PCAP_NANOSECONDS = 0xa1b23c4d;
const PCAPNG_SECTION = 0x0a0d0d0a;
const PCAPNG_BYTE_ORDER = 0x1a2b3c4d;
/** Block types of pcapng. @see https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng */
const blockType = { interface: 1, simplePacket: 3, enhancedPacket: 6 } as const;
const TIMESTAMP_RESOLUTION_OPTION = 9;

interface Interface {
  readonly linkType: number;
  /** Units of the time stamps in a second. */
  readonly perSecond: number;
  readonly snapLength: number;
}

/** Reads a capture file given in chunks. */
export class PacketReader {
  #left: Uint8Array = new Uint8Array(0);
  #format: 'pcap' | 'pcapng' | undefined;
  #littleEndian = true;
  #perSecond = 1_000_000;
  #linkType = 0;
  #interfaces: Interface[] = [];

  /**
   * The packets that are complete with this chunk.
   * @throws CaptureError when the bytes are no capture file
   */
  *push(chunk: Uint8Array): Generator<CapturedPacket> {
    const bytes = join(this.#left, chunk);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    for (;;) {
      const octets = this.#recordOctets(view, at);
      if (octets === undefined || octets > bytes.length - at) break;
      const packet = this.#read(view, at, octets);
      at += octets;
      if (packet !== undefined) yield packet;
    }
    this.#left = copyOctets(bytes, at, bytes.length);
  }

  /** Octets that belong to a record whose end is missing; a file that was cut off leaves some. */
  get unfinished(): number {
    return this.#left.length;
  }

  /** Length of the record at an offset, `undefined` while its header is not there. */
  #recordOctets(view: DataView, at: number): number | undefined {
    const there = view.byteLength - at;
    let octets: number;
    if (this.#format === 'pcap') {
      if (there < 16) return undefined;
      octets = 16 + view.getUint32(at + 8, this.#littleEndian);
    } else {
      if (there < 12) return undefined;
      const first = view.getUint32(at);
      if (first === PCAPNG_SECTION) {
        this.#format = 'pcapng';
        this.#littleEndian = view.getUint32(at + 8, true) === PCAPNG_BYTE_ORDER;
        if (view.getUint32(at + 8, this.#littleEndian) !== PCAPNG_BYTE_ORDER)
          throw new CaptureError('no byte order');
      } else if (this.#format === undefined) return 24;
      octets = view.getUint32(at + 4, this.#littleEndian);
      if (octets < 12 || octets % 4 !== 0) throw new CaptureError(`a block of ${octets} octets`);
    }
    if (octets > MAX_RECORD_OCTETS) throw new CaptureError(`a record of ${octets} octets`);
    return octets;
  }

  #read(view: DataView, at: number, octets: number): CapturedPacket | undefined {
    if (this.#format === undefined) {
      this.#readFileHeader(view, at);
      return undefined;
    }
    const little = this.#littleEndian;
    if (this.#format === 'pcap') {
      const fraction = view.getUint32(at + 4, little) / this.#perSecond;
      const time = (view.getUint32(at, little) + fraction) * 1_000_000;
      return {
        time: Math.round(time),
        linkType: this.#linkType,
        bytes: octetsOf(view, at + 16, octets - 16),
      };
    }
    return this.#readBlock(view, at, octets);
  }

  #readFileHeader(view: DataView, at: number): void {
    for (const little of [true, false]) {
      const magic = view.getUint32(at, little);
      if (magic !== PCAP_MICROSECONDS && magic !== PCAP_NANOSECONDS) continue;
      this.#format = 'pcap';
      this.#littleEndian = little;
      this.#perSecond = magic === PCAP_NANOSECONDS ? 1_000_000_000 : 1_000_000;
      this.#linkType = view.getUint32(at + 20, little) & 0xffff;
      return;
    }
    throw new CaptureError('neither pcap nor pcapng');
  }

  #readBlock(view: DataView, at: number, octets: number): CapturedPacket | undefined {
    const little = this.#littleEndian;
    const end = at + octets - 4;
    switch (view.getUint32(at, little)) {
      case PCAPNG_SECTION:
        this.#interfaces = [];
        return undefined;
      case blockType.interface: {
        if (octets < 20) throw new CaptureError('an interface block is cut off');
        const linkType = view.getUint16(at + 8, little);
        const snapLength = view.getUint32(at + 12, little) || MAX_RECORD_OCTETS;
        this.#interfaces.push({ linkType, snapLength, perSecond: resolution(view, at + 16, end, little) });
        return undefined;
      }
      case blockType.enhancedPacket: {
        if (octets < 32) throw new CaptureError('a packet block is cut off');
        const captured = view.getUint32(at + 20, little);
        const from = this.#interfaces[view.getUint32(at + 8, little)];
        if (from === undefined || captured > end - at - 28)
          throw new CaptureError('a packet block that cannot be');
        const units = view.getUint32(at + 12, little) * 2 ** 32 + view.getUint32(at + 16, little);
        const time = Math.round((units / from.perSecond) * 1_000_000);
        return { time, linkType: from.linkType, bytes: octetsOf(view, at + 28, captured) };
      }
      case blockType.simplePacket: {
        const from = this.#interfaces[0];
        if (from === undefined || octets < 16) throw new CaptureError('a packet block that cannot be');
        const captured = Math.min(view.getUint32(at + 8, little), from.snapLength, end - at - 12);
        return { time: 0, linkType: from.linkType, bytes: octetsOf(view, at + 12, captured) };
      }
      default:
        return undefined;
    }
  }
}

/** Units per second of an interface, from its options: microseconds unless one says otherwise. */
function resolution(view: DataView, at: number, end: number, little: boolean): number {
  while (end - at >= 4) {
    const code = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    if (code === 0 || length > end - at - 4) break;
    if (code === TIMESTAMP_RESOLUTION_OPTION && length >= 1) {
      const exponent = view.getUint8(at + 4);
      return (exponent & 0x80) === 0 ? 10 ** Math.min(exponent, 15) : 2 ** Math.min(exponent & 0x7f, 50);
    }
    at += 4 + length + ((4 - (length & 3)) & 3);
  }
  return 1_000_000;
}

function octetsOf(view: DataView, at: number, octets: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, octets);
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
