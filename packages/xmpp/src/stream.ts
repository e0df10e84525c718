/**
 * The guarded reader of one stream: octets in, stanzas out. Whatever the octets are, `push` does not throw; the
 * first thing wrong becomes one {@link StreamError}, and nothing is read after it.
 *
 * The fast scanner knows the shapes that deployed peers write and reads them in place. Anything else is framed octet by
 * octet, so that limits hold before memory is used, and goes to the strict parser as a whole. A stanza that does not
 * end in its chunk is also followed as it arrives, so that what is wrong with it is told at once.
 */
import { Framer } from './framer.ts';
import { StanzaScanner } from './stanza-scanner.ts';
import { readStanza } from './stanza-reader.ts';
import type { Negotiation, Stanza } from './stanza.ts';
import { StreamError } from './stream-error.ts';
import { headerEnd, MAX_HEADER_BYTES, readHeader, type StreamHeader } from './stream-header.ts';
import {
  MAX_ATTRIBUTES,
  ordinaryPrefixes,
  StrictParser,
  WellFormedness,
  type Prefixes,
} from './strict-parser.ts';

/** Most octets of one stanza. An ECMP item of 500 next hops has about 220 KB. */
export const MAX_STANZA_BYTES = 256 * 1024;
/** Deepest element of a stanza. An entry of EVPN is nine deep. */
export const MAX_STANZA_DEPTH = 32;

/** What a stream may ask of its reader. */
export interface StreamLimits {
  readonly stanzaBytes: number;
  readonly stanzaDepth: number;
  readonly attributes: number;
  readonly headerBytes: number;
}

export const streamLimits: StreamLimits = {
  stanzaBytes: MAX_STANZA_BYTES,
  stanzaDepth: MAX_STANZA_DEPTH,
  attributes: MAX_ATTRIBUTES,
  headerBytes: MAX_HEADER_BYTES,
};

/** Octets of a stanza for the strict parser that cost as much time as one stanza of the fast scanner. */
const STRICT_BYTES_PER_UNIT = 256;

/** Who is told what a stream holds. Called from inside `push`, in the order of the stream. */
export interface StreamHandlers {
  header(header: StreamHeader): void;
  stanza(stanza: Stanza): void;
  negotiation(step: Negotiation): void;
  /** A chunk held nothing but filler. */
  keepalive(): void;
  /** The peer closed its stream with `</stream:stream>`. */
  closed(): void;
  /** The stream is at an end because of its octets, or because a handler threw. */
  failed(error: StreamError): void;
}

const ordinaryParser = new StrictParser();
const scanner = new StanzaScanner();
const nothing = Buffer.alloc(0);

type Mode = 'header' | 'between' | 'stanza' | 'closed';

export class XmppStream {
  /**
   * Work this stream may still cause before {@link push} stops and keeps what is left (see {@link stalled}): about
   * one unit per stanza that the fast scanner reads, and one per 256 octets that the strict parser reads.
   */
  allowance = Number.POSITIVE_INFINITY;
  readonly #handlers: StreamHandlers;
  readonly #limits: StreamLimits;
  readonly #framer: Framer;
  #parser = ordinaryParser;
  #prefixes: Prefixes = ordinaryPrefixes;
  /** Follows a torn stanza that the scanner does not know. */
  #wellFormedness: WellFormedness | undefined;
  /** Octets of a torn stanza when the scanner last saw them. */
  #scanned = 0;
  #mode: Mode = 'header';
  /** Beginning of a header or stanza whose end has not come. */
  #partial: Buffer = nothing;
  #partialLength = 0;
  /** Octets not looked at, because the allowance was used up. */
  #unread: Buffer = nothing;
  #strictStanzas = 0;
  /** A handler of the current push has called {@link restart}. */
  #restarted = false;

  constructor(handlers: StreamHandlers, limits: StreamLimits = streamLimits) {
    this.#handlers = handlers;
    this.#limits = limits;
    this.#framer = new Framer(limits.stanzaDepth);
  }

  /** Whether octets wait for a new allowance; `push` of nothing continues with them. */
  get stalled(): boolean {
    return this.#unread.length > 0;
  }

  /** Octets held of a stanza that is not complete. */
  get partialBytes(): number {
    return this.#partialLength;
  }

  /** Stanzas so far that the fast scanner did not know. */
  get strictStanzas(): number {
    return this.#strictStanzas;
  }

  /** Takes what has been received. Never throws, and calls `failed` at most once. */
  push(chunk: Uint8Array): void {
    if (this.#mode === 'closed') return;
    this.#restarted = false;
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#unread.length > 0) {
      bytes = Buffer.concat([this.#unread, bytes]);
      this.#unread = nothing;
    }
    try {
      this.#run(bytes);
    } catch (error) {
      this.close();
      this.#handlers.failed(
        error instanceof StreamError
          ? error
          : new StreamError('internal-server-error', 'an error inside this program', { cause: error }),
      );
    }
  }

  /** Reads nothing any more, and lets go of what is held. */
  close(): void {
    this.#mode = 'closed';
    this.#partial = nothing;
    this.#partialLength = 0;
    this.#unread = nothing;
    this.#wellFormedness = undefined;
  }

  /** Expects a new header, inside TLS. What is left of the chunk being read is refused: it came before TLS. */
  restart(): void {
    this.close();
    this.#mode = 'header';
    this.#restarted = true;
  }

  #run(bytes: Buffer): void {
    const { length } = bytes;
    const wasBetween = this.#mode === 'between';
    let at = 0;
    let onlyFiller = true;
    while (at < length) {
      if (this.#mode === 'between') {
        while (at < length && isFiller[bytes[at]!] === 1) at++;
        if (at === length) break;
      }
      onlyFiller = false;
      if (this.allowance <= 0) {
        this.#unread = Buffer.from(bytes.subarray(at));
        return;
      }
      at = this.#step(bytes, at);
      // A handler may have closed the stream, or have begun TLS: what follows is not ours to read.
      if (this.#isClosed()) return;
      if (this.#restarted) {
        while (at < length && isFiller[bytes[at]!] === 1) at++;
        if (at < length) throw new StreamError('policy-violation', 'data behind the negotiation of TLS');
        return;
      }
    }
    if (wasBetween && onlyFiller && length > 0) this.#handlers.keepalive();
  }

  #isClosed(): boolean {
    return this.#mode === 'closed';
  }

  /** Reads on from `at`, up to the end of a header or stanza at most, and returns how far it came. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#mode) {
      case 'header':
        return this.#readHeader(bytes, at);
      case 'between': {
        if (bytes[at] !== 0x3c) throw new StreamError('bad-format', 'text between stanzas');
        const stanza = scanner.scan(bytes, at, bytes.length);
        if (stanza !== undefined && scanner.end - at <= this.#limits.stanzaBytes) {
          this.allowance--;
          this.#handlers.stanza(stanza);
          return scanner.end;
        }
        this.#framer.begin();
        this.#mode = 'stanza';
        this.#scanned = 0;
        this.#wellFormedness = undefined;
        return this.#frame(bytes, at, at + 1);
      }
      case 'stanza':
        return this.#frame(bytes, at, at);
      case 'closed':
        return bytes.length;
    }
  }

  /** Continues a stanza whose octets in this chunk begin at `start` and have been framed up to `at`. */
  #frame(bytes: Buffer, start: number, at: number): number {
    const end = this.#framer.scan(bytes, at, bytes.length);
    const size = this.#partialLength + (end < 0 ? bytes.length : end) - start;
    if (size > this.#limits.stanzaBytes) {
      throw new StreamError('policy-violation', `a stanza of more than ${this.#limits.stanzaBytes} octets`);
    }
    if (end < 0) {
      const before = this.#partialLength;
      this.#keep(bytes, start);
      if (before <= headerStart.length) refuseHeader(this.#partial.subarray(0, this.#partialLength));
      this.#follow(bytes, start);
      return bytes.length;
    }
    const wasTorn = this.#partialLength > 0;
    const whole = this.#whole(bytes, start, end);
    refuseHeader(whole);
    this.#mode = 'between';
    switch (this.#framer.framed) {
      case 'stanza':
        this.#deliver(whole, wasTorn);
        break;
      case 'closing-tag':
        if (!/^<\/stream:stream\s*>$/.test(whole.toString('latin1'))) {
          throw new StreamError('not-well-formed', 'an end tag without its start tag');
        }
        this.close();
        this.#handlers.closed();
        break;
      case 'declaration':
        break; // deployed peers write one before the documents of TLS negotiation
    }
    return end;
  }

  /**
   * Looks at what there is of a torn stanza. While the scanner finds what it expects (it looks again whenever the
   * octets have doubled, so in linear time) nothing else needs to; from then on the octets are checked as they come.
   */
  #follow(bytes: Buffer, start: number): void {
    if (this.#framer.inDeclaration) return;
    if (this.#wellFormedness !== undefined) {
      this.#wellFormedness.check(bytes.subarray(start));
      return;
    }
    if (this.#partialLength < 2 * this.#scanned) return;
    scanner.scan(this.#partial, 0, this.#partialLength);
    this.#scanned = this.#partialLength;
    if (scanner.starved) return;
    this.#wellFormedness = new WellFormedness(this.#prefixes, this.#limits.attributes);
    this.#wellFormedness.check(this.#partial.subarray(0, this.#partialLength));
  }

  /** @param wasTorn the scanner has not seen the whole stanza yet */
  #deliver(whole: Buffer, wasTorn: boolean): void {
    const known = wasTorn ? scanner.scan(whole, 0, whole.length) : undefined;
    if (known !== undefined && scanner.end === whole.length) {
      this.allowance--;
      this.#handlers.stanza(known);
      return;
    }
    this.allowance -= Math.ceil(whole.length / STRICT_BYTES_PER_UNIT);
    this.#strictStanzas++;
    const stanza = readStanza(this.#parser.parse(whole));
    switch (stanza.type) {
      case 'features':
      case 'starttls':
      case 'proceed':
      case 'stream-error':
        this.#handlers.negotiation(stanza);
        break;
      default:
        this.#handlers.stanza(stanza);
    }
  }

  #readHeader(bytes: Buffer, at: number): number {
    const before = this.#partialLength;
    this.#keep(bytes, at);
    const end = Math.min(this.#partialLength, this.#limits.headerBytes);
    const found = headerEnd(this.#partial, end);
    if (found === undefined) {
      if (this.#partialLength > this.#limits.headerBytes) {
        throw new StreamError(
          'policy-violation',
          `a stream header of more than ${this.#limits.headerBytes} octets`,
        );
      }
      return bytes.length;
    }
    const header = readHeader(this.#partial.subarray(found.start, found.end), this.#limits.attributes);
    this.#partial = nothing;
    this.#partialLength = 0;
    this.#prefixes = header.prefixes;
    this.#parser =
      header.prefixes === ordinaryPrefixes && this.#limits.attributes === MAX_ATTRIBUTES
        ? ordinaryParser
        : new StrictParser(header.prefixes, this.#limits.attributes);
    this.#mode = 'between';
    this.#handlers.header(header);
    return at + found.end - before;
  }

  /** Copies `bytes[start…]` behind what is held already; the copy doubles, so that it costs linear time. */
  #keep(bytes: Buffer, start: number): void {
    const length = this.#partialLength + bytes.length - start;
    if (length > this.#partial.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.max(length, Math.min(2 * this.#partial.length, this.#limits.stanzaBytes)),
      );
      this.#partial.copy(grown, 0, 0, this.#partialLength);
      this.#partial = grown;
    }
    bytes.copy(this.#partial, this.#partialLength, start);
    this.#partialLength = length;
  }

  #whole(bytes: Buffer, start: number, end: number): Buffer {
    if (this.#partialLength === 0) return bytes.subarray(start, end);
    this.#keep(bytes.subarray(0, end), start);
    const whole = this.#partial.subarray(0, this.#partialLength);
    this.#partial = nothing;
    this.#partialLength = 0;
    return whole;
  }
}

const headerStart = Buffer.from('<stream:stream');

/** A second header would take every stanza behind it for a child of its own. */
function refuseHeader(bytes: Buffer): void {
  const { length } = headerStart;
  if (bytes.length <= length || bytes.compare(headerStart, 0, length, 0, length) !== 0) return;
  if (/[\s>/]/.test(String.fromCharCode(bytes[length]!)))
    throw new StreamError('bad-format', 'a second stream header');
}

/**
 * Octets that mean nothing between stanzas: blank, line feed, carriage return, tab, and the two of the keepalive
 * (U+0200), each on its own.
 */
const isFiller = new Uint8Array(256);
for (const octet of [0x20, 0x0a, 0x0d, 0x09, 0xc8, 0x80]) isFiller[octet] = 1;
