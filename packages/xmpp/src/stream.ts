/**
 * The guarded reader of one stream: octets in, stanzas out. Whatever the octets are, `push` does not throw; the
 * first thing wrong becomes one {@link StreamError}, and nothing is read after it.
 *
 * The fast scanner knows the shapes that deployed peers write and reads them in place. Anything else is framed octet by
 * octet, so that limits hold before memory is used, and goes to the strict parser as a whole. A stanza that does not
 * end in its chunk is also followed as it arrives, so that what is wrong with it is told at once.
 */
import { passFiller } from './filler.ts';
import { Framer } from './framer.ts';
import { HeldOctets } from './held-octets.ts';
import { StanzaScanner } from './stanza-scanner.ts';
import { readStanza } from './stanza-reader.ts';
import type { Negotiation, Stanza } from './stanza.ts';
import { StreamError } from './stream-error.ts';
import { headerEnd, readHeader, refuseHeader, type StreamHeader } from './stream-header.ts';
import { streamLimits, type StreamLimits } from './stream-limits.ts';
import {
  MAX_ATTRIBUTES,
  ordinaryPrefixes,
  StrictParser,
  WellFormedness,
  type Prefixes,
} from './strict-parser.ts';
import { strictWork } from './work-allowance.ts';
import { checkDeclaration } from './xml-declaration.ts';

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

/** One for each connection; begins anew inside TLS. */
export class XmppStream {
  /**
   * Work this stream may still cause before {@link push} stops and keeps what is left (see {@link stalled}): about
   * one unit per route or stanza that the fast scanner reads, and for the strict parser one per 256 octets and one per
   * two elements or attributes.
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
  readonly #partial: HeldOctets;
  /** Octets not looked at, because the allowance was used up. */
  #unread: Buffer = nothing;
  #strictStanzas = 0;
  /** A handler of the current push has called {@link restart}. */
  #restarted = false;

  constructor(handlers: StreamHandlers, limits: StreamLimits = streamLimits) {
    this.#handlers = handlers;
    this.#limits = limits;
    this.#framer = new Framer(limits.stanzaDepth);
    this.#partial = new HeldOctets(limits.stanzaBytes);
  }

  /** Whether octets wait for a new allowance; `push` of nothing continues with them. */
  get stalled(): boolean {
    return this.#unread.length > 0;
  }

  /** Octets of memory for a stanza that is not complete. */
  get heldBytes(): number {
    return this.#partial.capacity;
  }

  /** Stanzas so far that the fast scanner did not know. */
  get strictStanzas(): number {
    return this.#strictStanzas;
  }

  /** Takes what has been received. Never throws, and calls `failed` at most once. */
  push(chunk: Uint8Array): void {
    if (this.#mode === 'closed') return;
    this.#restarted = false;
    let bytes = Buffer.isBuffer(chunk)
      ? chunk
      : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
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
    this.#partial.clear();
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
        at = passFiller(bytes, at);
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
        at = passFiller(bytes, at);
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
          const { end } = scanner;
          this.#deliverKnown(stanza);
          return end;
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
    const size = this.#partial.length + (end < 0 ? bytes.length : end) - start;
    if (size > this.#limits.stanzaBytes) {
      throw new StreamError('policy-violation', `a stanza of more than ${this.#limits.stanzaBytes} octets`);
    }
    if (end < 0) {
      this.#partial.add(bytes, start, bytes.length);
      refuseHeader(this.#partial.view());
      this.#follow(bytes, start);
      return bytes.length;
    }
    const wasTorn = this.#partial.length > 0;
    if (wasTorn) this.#partial.add(bytes, start, end);
    const whole = wasTorn ? this.#partial.view() : bytes.subarray(start, end);
    this.#partial.clear();
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
        checkDeclaration(whole); // deployed peers write one before the documents of TLS negotiation
        break;
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
      this.#refuseTooMany();
      this.#wellFormedness.check(bytes.subarray(start));
      return;
    }
    const partial = this.#partial.view();
    if (partial.length < 2 * this.#scanned) return;
    scanner.scan(partial, 0, partial.length);
    this.#scanned = partial.length;
    if (scanner.starved) return;
    this.#refuseTooMany();
    this.#wellFormedness = new WellFormedness(this.#prefixes, this.#limits.attributes);
    this.#wellFormedness.check(partial);
  }

  /** @param wasTorn the scanner has not seen the whole stanza yet */
  #deliver(whole: Buffer, wasTorn: boolean): void {
    const known = wasTorn ? scanner.scan(whole, 0, whole.length) : undefined;
    if (known !== undefined && scanner.end === whole.length) {
      this.#deliverKnown(known);
      return;
    }
    this.#refuseTooMany();
    this.allowance -= strictWork(whole.length, this.#framer.nodes);
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

  #deliverKnown(stanza: Stanza): void {
    this.allowance -= stanza.type === 'publish' ? Math.max(1, stanza.items.length) : 1;
    this.#handlers.stanza(stanza);
  }

  #refuseTooMany(): void {
    const { stanzaNodes } = this.#limits;
    if (this.#framer.nodes <= stanzaNodes) return;
    throw new StreamError('policy-violation', `a stanza of more than ${stanzaNodes} elements and attributes`);
  }

  #readHeader(bytes: Buffer, at: number): number {
    const before = this.#partial.length;
    this.#partial.add(bytes, at, bytes.length);
    const partial = this.#partial.view();
    const { headerBytes, attributes } = this.#limits;
    const found = headerEnd(partial, Math.min(partial.length, headerBytes));
    if (found === undefined) {
      if (partial.length > headerBytes) {
        throw new StreamError('policy-violation', `a stream header of more than ${headerBytes} octets`);
      }
      return bytes.length;
    }
    const header = readHeader(partial.subarray(found.start, found.end), attributes);
    this.#partial.clear();
    this.#prefixes = header.prefixes;
    this.#parser =
      header.prefixes === ordinaryPrefixes && attributes === MAX_ATTRIBUTES
        ? ordinaryParser
        : new StrictParser(header.prefixes, attributes);
    this.#mode = 'between';
    this.#handlers.header(header);
    return at + found.end - before;
  }
}
