/**
 * The entries of a unicast table as lines, without an object or a string for any of them. A peer often says the same of
 * neighbouring prefixes: the text of what it said last is kept beside the octets it was made of.
 */
import { Truncated } from '@vaportrail/net';
import { attributeLineOctets, writeAttributes } from './attribute-line.ts';
import { type LineBuffer, writeDecimal, writeOctets } from './line-buffer.ts';
import { linePrefix } from './line-address.ts';
import { u16, u32, type MrtRecord } from './record.ts';
import type { RibLocation } from './table-dump.ts';

/** Attributes of more octets are written anew each time. */
const KEPT_OCTETS = 512;
/** An NLRI has at most 255 octets behind its length, two digits each. */
const PREFIX_OCTETS = 520;
const BAR = 0x7c;
const DOT = 0x2e;
const SLASH = 0x2f;

/** How the lines of one peer begin, and what it said last. */
export class PeerLine {
  /** `|B|address|AS|` */
  readonly field: Uint8Array;
  /** Whether lines of this peer are asked for. */
  readonly wanted: boolean;
  readonly #byOctets: boolean;
  readonly #attributes = new Uint8Array(KEPT_OCTETS);
  #attributesLength = -1;
  readonly #text = new Uint8Array(attributeLineOctets(KEPT_OCTETS));
  #textLength = 0;

  /** `byOctets` is false when somebody has to look at the attributes first. */
  constructor(field: string, { wanted, byOctets }: { readonly wanted: boolean; readonly byOctets: boolean }) {
    this.field = Buffer.from(field, 'latin1');
    this.wanted = wanted;
    this.#byOctets = byOctets;
  }

  /** Writes the attributes and gives the offset behind them; -1 when they need a closer look. */
  writeAttributes(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): number {
    if (!this.#byOctets) return -1;
    if (this.#knows(source, start, end)) return writeOctets(target, at, this.#text, 0, this.#textLength);
    const behind = writeAttributes(target, at, source, start, end);
    if (behind === -1 || end - start > KEPT_OCTETS) return behind;
    writeOctets(this.#attributes, 0, source, start, end);
    this.#attributesLength = end - start;
    this.#textLength = writeOctets(this.#text, 0, target, at, behind);
    return behind;
  }

  #knows(source: Uint8Array, start: number, end: number): boolean {
    const length = this.#attributesLength;
    if (length !== end - start) return false;
    const attributes = this.#attributes;
    // What differs between two prefixes of a peer, the last AS numbers and communities, stands behind.
    for (let i = length - 1; i >= 0; i--) if (attributes[i] !== source[start + i]) return false;
    return true;
  }
}

/** Writes the records of a table; knows the peers of the last index. */
export class RibLines {
  peers: readonly PeerLine[] = [];
  readonly #out: LineBuffer;
  /** Of an entry that refers to no peer of the index. */
  readonly #unknownPeer: PeerLine;
  readonly #otherwise: (bytes: Uint8Array, start: number, end: number) => string;
  /** `TABLE_DUMP2|seconds` of the record it was made for, and `prefix|` of the last one. */
  #head = Buffer.alloc(0);
  #seconds = -1;
  #addPath = false;
  readonly #prefix = Buffer.alloc(PREFIX_OCTETS);
  #prefixLength = 0;

  /**
   * What cannot be written from the octets of attributes alone is asked of `otherwise`, whose text ends the line; no line
   * is written when it is empty.
   */
  constructor(
    out: LineBuffer,
    unknownPeer: PeerLine,
    otherwise: (bytes: Uint8Array, start: number, end: number) => string,
  ) {
    this.#out = out;
    this.#unknownPeer = unknownPeer;
    this.#otherwise = otherwise;
  }

  /**
   * Writes a line for each entry of a record.
   * @throws Truncated when the record is cut off inside an entry
   */
  write({ bytes, seconds, end }: MrtRecord, rib: RibLocation): void {
    const { addPath, count } = rib;
    this.#setHead(addPath, seconds);
    this.#setPrefix(bytes, rib);
    const out = this.#out;
    const head = this.#head;
    const prefix = this.#prefix;
    const prefixLength = this.#prefixLength;
    const headerOctets = addPath ? 12 : 8;
    const fixedOctets = head.length + prefixLength + 11;
    for (let i = 0, next = rib.entriesAt; i < count; i++) {
      const entry = next;
      const attributesAt = entry + headerOctets;
      if (attributesAt > end) throw new Truncated(entry, headerOctets, end - entry);
      const octets = u16(bytes, attributesAt - 2);
      next = attributesAt + octets;
      if (next > end) throw new Truncated(attributesAt, octets, end - attributesAt);
      const peer = this.peers[u16(bytes, entry)] ?? this.#unknownPeer;
      if (!peer.wanted) continue;
      const { field } = peer;
      out.reserve(fixedOctets + field.length + attributeLineOctets(octets));
      const target = out.bytes;
      let at = writeOctets(target, out.at, head, 0, head.length);
      at = writeOctets(target, at, field, 0, field.length);
      at = writeOctets(target, at, prefix, 0, prefixLength);
      if (addPath) {
        at = writeDecimal(target, at, u32(bytes, entry + 6));
        target[at++] = BAR;
      }
      const behind = peer.writeAttributes(target, at, bytes, attributesAt, next);
      if (behind !== -1) {
        out.at = behind;
        continue;
      }
      const text = this.#otherwise(bytes, attributesAt, next);
      if (text === '') continue;
      out.at = at;
      out.text(text);
    }
  }

  #setHead(addPath: boolean, seconds: number): void {
    if (seconds === this.#seconds && addPath === this.#addPath) return;
    this.#seconds = seconds;
    this.#addPath = addPath;
    this.#head = Buffer.from(`${addPath ? 'TABLE_DUMP2_AP' : 'TABLE_DUMP2'}|${seconds}`, 'latin1');
  }

  #setPrefix(bytes: Uint8Array, { afi, family, nlriAt, nlriEnd }: RibLocation): void {
    const prefix = this.#prefix;
    const length = bytes[nlriAt]!;
    if (afi === 1 && nlriEnd - nlriAt <= 5 && length <= 32) {
      let at = 0;
      for (let i = 1; i <= 4; i++) {
        if (i > 1) prefix[at++] = DOT;
        at = writeDecimal(prefix, at, nlriAt + i < nlriEnd ? bytes[nlriAt + i]! : 0);
      }
      prefix[at++] = SLASH;
      at = writeDecimal(prefix, at, length);
      prefix[at++] = BAR;
      this.#prefixLength = at;
    } else {
      // The text of a family without prefixes is hexadecimal, as long as the NLRI is.
      const text = `${linePrefix(family, bytes, nlriAt, nlriEnd, false)}|`;
      this.#prefixLength = prefix.write(text, 'latin1');
    }
  }
}
