/**
 * Finds where a stanza ends, octet by octet, without building anything. It keeps its place between chunks, so a
 * stanza that arrives one octet at a time costs the same as one that arrives whole. What it cannot be sure of it
 * leaves to the strict parser, which sees the same octets; what no stanza may contain (comments, processing
 * instructions, DOCTYPE) it refuses at the first octet that shows it.
 */
import { StreamError } from './stream-error.ts';
import { MAX_DECLARATION_BYTES } from './xml-declaration.ts';

/** What the framer came to the end of. */
export type Framed = 'stanza' | 'closing-tag' | 'declaration';

type State =
  | 'tag' // behind `<`
  | 'open-tag'
  | 'quoted' // inside an attribute value
  | 'close-tag'
  | 'text'
  | 'bang' // behind `<!`
  | 'cdata'
  | 'declaration'; // behind `<?`

const LESS = 0x3c;
const GREATER = 0x3e;
const SLASH = 0x2f;
const BANG = 0x21;
const QUESTION = 0x3f;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const BRACKET = 0x5d;

const cdataStart = Buffer.from('[CDATA[');
const declarationStart = Buffer.from('xml');

/** One for a stream: {@link Framer.begin} a stanza, then {@link Framer.scan} its octets as they come. */
export class Framer {
  readonly #maxDepth: number;
  #state: State = 'tag';
  #depth = 0;
  #nodes = 0;
  /** Quote that ends the attribute value. */
  #quote = 0;
  /** Octets matched of `[CDATA[`, `xml`, `]]` or `?`. */
  #matched = 0;
  #declarationBytes = 0;
  /** The octet before, inside an open tag: `/` there makes an empty element. */
  #previous = 0;
  #framed: Framed = 'stanza';

  /** @param maxDepth deepest element accepted; the stanza itself is at depth 1 */
  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
  }

  /** What ended at the offset that {@link scan} returned. */
  get framed(): Framed {
    return this.#framed;
  }

  /** Elements and attributes so far of the stanza: what it costs to read. */
  get nodes(): number {
    return this.#nodes;
  }

  /** Whether the octets so far are those of an XML declaration, or may become it. */
  get inDeclaration(): boolean {
    return this.#state === 'declaration' || (this.#state === 'tag' && this.#depth === 0);
  }

  /** Prepares for the octet behind a `<` between stanzas. */
  begin(): void {
    this.#state = 'tag';
    this.#depth = 0;
    this.#nodes = 0;
    this.#matched = 0;
  }

  /**
   * Continues with `bytes[at…end)`.
   * @returns the offset just behind the stanza (closing tag, XML declaration), or -1 when it does not end here
   * @throws StreamError for what must not occur in a stream
   */
  scan(bytes: Uint8Array, at: number, end: number): number {
    let i = at;
    while (i < end) {
      const octet = bytes[i++]!;
      switch (this.#state) {
        case 'text':
          if (octet === LESS) this.#state = 'tag';
          break;

        case 'tag':
          this.#matched = 0;
          if (octet === SLASH) this.#state = 'close-tag';
          else if (octet === BANG) {
            if (this.#depth === 0) throw restricted('a comment or DOCTYPE');
            this.#state = 'bang';
          } else if (octet === QUESTION) {
            if (this.#depth > 0) throw restricted('a processing instruction');
            this.#state = 'declaration';
            this.#declarationBytes = 0;
          } else {
            this.#state = 'open-tag';
            this.#nodes++;
            this.#previous = 0;
            i--; // `<>` is an open tag without a name; the strict parser says so
          }
          break;

        case 'open-tag':
          if (octet === GREATER) {
            if (this.#previous === SLASH) {
              this.#state = 'text';
              if (this.#depth === 0) return this.#end('stanza', i);
              break;
            }
            if (++this.#depth > this.#maxDepth) {
              throw new StreamError('policy-violation', `elements nested deeper than ${this.#maxDepth}`);
            }
            this.#state = 'text';
          } else if (octet === DOUBLE_QUOTE || octet === SINGLE_QUOTE) {
            this.#quote = octet;
            this.#nodes++;
            this.#state = 'quoted';
          } else if (octet === LESS) throw new StreamError('not-well-formed', '"<" inside a tag');
          this.#previous = octet;
          break;

        case 'quoted':
          if (octet === this.#quote) this.#state = 'open-tag';
          else if (octet === LESS) throw new StreamError('not-well-formed', '"<" inside an attribute value');
          break;

        case 'close-tag':
          if (octet === LESS) throw new StreamError('not-well-formed', '"<" inside a tag');
          if (octet !== GREATER) break;
          this.#state = 'text';
          if (this.#depth === 0) return this.#end('closing-tag', i);
          if (--this.#depth === 0) return this.#end('stanza', i);
          break;

        case 'bang':
          if (octet !== cdataStart[this.#matched++]) throw restricted('a comment or DOCTYPE');
          if (this.#matched === cdataStart.length) {
            this.#state = 'cdata';
            this.#matched = 0;
          }
          break;

        case 'cdata':
          if (octet === BRACKET) this.#matched = Math.min(this.#matched + 1, 2);
          else if (octet === GREATER && this.#matched === 2) this.#state = 'text';
          else this.#matched = 0;
          break;

        case 'declaration':
          if (++this.#declarationBytes > MAX_DECLARATION_BYTES) {
            throw new StreamError('policy-violation', 'an XML declaration without an end');
          }
          if (this.#declarationBytes <= declarationStart.length) {
            if (octet !== declarationStart[this.#declarationBytes - 1]) {
              throw restricted('a processing instruction');
            }
          } else if (this.#declarationBytes === declarationStart.length + 1 && octet > 0x20) {
            throw restricted('a processing instruction');
          } else if (octet === LESS) {
            throw new StreamError('not-well-formed', '"<" inside the XML declaration');
          } else if (octet === QUESTION) this.#matched = 1;
          else if (octet === GREATER && this.#matched === 1) return this.#end('declaration', i);
          else this.#matched = 0;
          break;
      }
    }
    return -1;
  }

  #end(framed: Framed, at: number): number {
    this.#framed = framed;
    this.#depth = 0;
    return at;
  }
}

/** @see RFC 6120 §11.1 */
function restricted(what: string): StreamError {
  return new StreamError('restricted-xml', `${what} is not allowed in a stream`);
}
