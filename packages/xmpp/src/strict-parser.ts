/**
 * The strict reader of one whole element: saxes checks it, and an `Element` of @xmpp/xml comes out. Everything that
 * the fast scanner does not know for certain ends here.
 */
import { isUtf8 } from 'node:buffer';
import { Element } from '@xmpp/xml';
import { SaxesParser } from 'saxes';
import { StreamError } from './stream-error.ts';

/** Most attributes on one element; the widest element of the channel is the stream header with seven. */
export const MAX_ATTRIBUTES = 32;

export const STREAMS_NAMESPACE = 'http://etherx.jabber.org/streams';

/** Prefixes declared on a stream header, by name; `stream` is among them. */
export type Prefixes = Readonly<Record<string, string>>;

/** What nearly every stream declares. Streams that declare it share one parser. */
export const ordinaryPrefixes: Prefixes = { stream: STREAMS_NAMESPACE };

/** Parses elements of one stream after the other; holds nothing between two elements. */
export class StrictParser {
  readonly #prefixes: Prefixes;
  readonly #maxAttributes: number;
  #saxes: SaxesParser<{ xmlns: true }> | undefined;
  #open: Element | undefined;
  #complete: Element | undefined;

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
    return this.#parse(bytes, true);
  }

  /**
   * The element whose start tag `bytes` holds, for the stream header, which stays open.
   * @throws StreamError as {@link parse}
   */
  parseStartTag(bytes: Uint8Array): Element {
    return this.#parse(bytes, false);
  }

  #parse(bytes: Uint8Array, whole: boolean): Element {
    if (!isUtf8(bytes)) throw new StreamError('not-well-formed', 'the octets are not UTF-8');
    const saxes = (this.#saxes ??= this.#create());
    this.#open = undefined;
    this.#complete = undefined;
    try {
      saxes.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
      // A parser that has met an error, or has been left inside an element, is not used again.
      if (whole && this.#complete === undefined)
        throw new StreamError('not-well-formed', 'the element does not end');
      const element = whole ? this.#complete : this.#open;
      if (element === undefined) throw new StreamError('not-well-formed', 'no element');
      if (!whole) this.#saxes = undefined;
      return element;
    } catch (error) {
      this.#saxes = undefined;
      throw error;
    } finally {
      this.#open = undefined;
      this.#complete = undefined;
    }
  }

  #create(): SaxesParser<{ xmlns: true }> {
    const saxes = new SaxesParser({
      xmlns: true,
      fragment: true,
      position: false,
      additionalNamespaces: { ...this.#prefixes },
    });
    // Exactly these six: `on` is a keyed store, and a seventh handler turns the parser object into a dictionary,
    // five to nine times slower for good. Comments and processing instructions never get past the framer.
    saxes.on('opentag', (tag) => {
      const attributes: Record<string, string> = {};
      let count = 0;
      for (const name in tag.attributes) {
        if (++count > this.#maxAttributes) {
          throw new StreamError(
            'policy-violation',
            `more than ${this.#maxAttributes} attributes on <${tag.name}>`,
          );
        }
        attributes[name] = tag.attributes[name]!.value;
      }
      const element = new Element(tag.name, attributes);
      if (this.#open !== undefined) {
        element.parent = this.#open;
        this.#open.children.push(element);
      } else if (this.#complete !== undefined) {
        throw new StreamError('not-well-formed', 'a second element');
      }
      this.#open = element;
    });
    saxes.on('closetag', () => {
      const element = this.#open;
      if (element === undefined) return; // the error event has said why
      this.#open = element.parent ?? undefined;
      // A stanza must not pin what it was part of.
      if (this.#open === undefined) this.#complete = element;
    });
    const text = (value: string): void => {
      this.#open?.children.push(value);
    };
    saxes.on('text', text);
    saxes.on('cdata', text);
    saxes.on('doctype', () => {
      throw new StreamError('restricted-xml', 'a DOCTYPE is not allowed in a stream');
    });
    saxes.on('error', (error) => {
      throw new StreamError('not-well-formed', error.message);
    });
    return saxes;
  }
}
