/**
 * The strict reader of one element: saxes checks it, and an `Element` of @xmpp/xml comes out. Everything that the fast
 * scanner does not know for certain ends here.
 */
import { isUtf8 } from 'node:buffer';
import { Element } from '@xmpp/xml';
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { StreamError } from './stream-error.ts';

/** Most attributes on one element; the widest element of the channel is the stream header with seven. */
export const MAX_ATTRIBUTES = 32;

/** Of the header's own element and of stream errors. @see RFC 6120 §4.8.1 */
export const STREAMS_NAMESPACE = 'http://etherx.jabber.org/streams';

/** Prefixes declared on a stream header, by name; `stream` is among them. */
export type Prefixes = Readonly<Record<string, string>>;

/** What nearly every stream declares. Streams that declare it share one parser. */
export const ordinaryPrefixes: Prefixes = { stream: STREAMS_NAMESPACE };

/** What is told of an element while it is parsed. */
interface ElementHandlers {
  open(tag: SaxesTagNS): void;
  close(): void;
  text(value: string): void;
}

function createSaxes(
  prefixes: Prefixes,
  maxAttributes: number,
  handlers: ElementHandlers,
): SaxesParser<{ xmlns: true }> {
  const saxes = new SaxesParser({
    xmlns: true,
    fragment: true,
    position: false,
    additionalNamespaces: { ...prefixes },
  });
  // Exactly these six: `on` is a keyed store, and a seventh handler turns the parser object into a dictionary, five to
  // nine times slower for good. Comments and processing instructions never get past the framer.
  saxes.on('opentag', (tag) => {
    let count = 0;
    for (const _ in tag.attributes) count++;
    if (count > maxAttributes) {
      throw new StreamError('policy-violation', `more than ${maxAttributes} attributes on one element`);
    }
    handlers.open(tag);
  });
  saxes.on('closetag', () => handlers.close());
  saxes.on('text', (value) => handlers.text(value));
  saxes.on('cdata', (value) => handlers.text(value));
  saxes.on('doctype', () => {
    throw new StreamError('restricted-xml', 'a DOCTYPE is not allowed in a stream');
  });
  saxes.on('error', (error) => {
    throw new StreamError('not-well-formed', error.message);
  });
  return saxes;
}

/** Parses whole elements of one stream, one after the other; holds nothing between two of them. */
export class StrictParser {
  readonly #prefixes: Prefixes;
  readonly #maxAttributes: number;
  #saxes: SaxesParser<{ xmlns: true }> | undefined;
  #open: Element | undefined;
  #complete: Element | undefined;
  readonly #handlers: ElementHandlers = {
    open: (tag) => this.#begin(tag),
    close: () => this.#end(),
    text: (value) => void this.#open?.children.push(value),
  };

  constructor(prefixes: Prefixes = ordinaryPrefixes, maxAttributes = MAX_ATTRIBUTES) {
    this.#prefixes = prefixes;
    this.#maxAttributes = maxAttributes;
  }

  /**
   * The one element that `bytes` holds.
   * @throws StreamError `not-well-formed` when the octets are no UTF-8 or not one well-formed element with declared
   *   prefixes, `policy-violation` for too many attributes, `restricted-xml` for a DOCTYPE
   */
  parse(bytes: Uint8Array): Element {
    return this.#parse(bytes, () => this.#complete);
  }

  /**
   * The element whose start tag `bytes` holds, for the stream header, which stays open.
   * @throws StreamError as {@link parse}
   */
  parseStartTag(bytes: Uint8Array): Element {
    return this.#parse(bytes, () => this.#open);
  }

  #parse(bytes: Uint8Array, result: () => Element | undefined): Element {
    if (!isUtf8(bytes)) throw new StreamError('not-well-formed', 'the octets are not UTF-8');
    const saxes = (this.#saxes ??= createSaxes(this.#prefixes, this.#maxAttributes, this.#handlers));
    // A parser that has met an error, or stays inside an element, is not used again.
    this.#saxes = undefined;
    try {
      saxes.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
      const element = result();
      if (element === undefined) throw new StreamError('not-well-formed', 'not one whole element');
      if (this.#open === undefined) this.#saxes = saxes;
      return element;
    } finally {
      this.#open = undefined;
      this.#complete = undefined;
    }
  }

  #begin(tag: SaxesTagNS): void {
    const attributes: Record<string, string> = {};
    for (const name in tag.attributes) attributes[name] = tag.attributes[name]!.value;
    const element = new Element(tag.name, attributes);
    if (this.#open !== undefined) {
      element.parent = this.#open;
      this.#open.children.push(element);
    } else if (this.#complete !== undefined) {
      throw new StreamError('not-well-formed', 'a second element');
    }
    this.#open = element;
  }

  #end(): void {
    const element = this.#open;
    if (element === undefined) return; // the error event has said why
    this.#open = element.parent ?? undefined;
    if (this.#open === undefined) this.#complete = element;
  }
}

const ignore: ElementHandlers = { open: () => {}, close: () => {}, text: () => {} };

/**
 * Follows an element as it arrives and refuses it at the first octet that cannot be right. Builds nothing: a peer that
 * never ends its stanza gets no memory for a tree.
 */
export class WellFormedness {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  readonly #saxes: SaxesParser<{ xmlns: true }>;

  constructor(prefixes: Prefixes, maxAttributes: number) {
    this.#saxes = createSaxes(prefixes, maxAttributes, ignore);
  }

  /** Takes the octets that came next. @throws StreamError as {@link StrictParser.parse} */
  check(bytes: Uint8Array): void {
    let text: string;
    try {
      text = this.#decoder.decode(bytes, { stream: true });
    } catch (cause) {
      throw new StreamError('not-well-formed', 'the octets are not UTF-8', { cause });
    }
    this.#saxes.write(text);
  }
}
