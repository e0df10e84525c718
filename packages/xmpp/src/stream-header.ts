/** The stream header of both ends: found in the first octets of a connection, read, and written. */
import { escapeXML } from '@xmpp/xml';
import { StreamError } from './stream-error.ts';
import { ordinaryPrefixes, STREAMS_NAMESPACE, StrictParser, type Prefixes } from './strict-parser.ts';
import { checkDeclaration, MAX_DECLARATION_BYTES } from './xml-declaration.ts';

/** Most octets before the header of a stream is complete. */
export const MAX_HEADER_BYTES = 4096;

/** Longest name of a peer. A host name has 253 characters at most. */
const MAX_NAME_LENGTH = 255;

/** Stream id of every control node; agents do not look at it. */
export const STREAM_ID = '++123';

/** What a header says, read and checked. */
export interface StreamHeader {
  /** Who speaks: an agent's host name, or a control node's. */
  readonly from: string;
  readonly to: string;
  readonly id: string;
  /** Default namespace: an agent writes the name of its sub-cluster (usually empty), a control node `jabber:client`. */
  readonly namespace: string;
  /** Prefixes declared for the rest of the stream. */
  readonly prefixes: Prefixes;
}

const declarationStart = '<?xml';
const headerStart = '<stream:stream';

/**
 * Where the header begins and ends; undefined when it is not complete yet. White space and an XML declaration may precede it.
 * @throws StreamError as soon as the octets cannot become a header
 */
export function headerEnd(bytes: Buffer, end: number): { start: number; end: number } | undefined {
  let at = skipSpace(bytes, 0, end);
  if (at === end) return undefined;
  if (bytes[at] !== 0x3c) throw new StreamError('not-well-formed', 'text before the stream header');
  if (bytes[at + 1] === 0x3f && at + 1 < end) {
    requirePrefix(bytes, at, end, declarationStart);
    const closed = bytes.indexOf('?>', at, 'latin1');
    if (closed < 0 || closed + 2 > end) {
      if (end - at > MAX_DECLARATION_BYTES) {
        throw new StreamError('policy-violation', 'an XML declaration without an end');
      }
      return undefined;
    }
    checkDeclaration(bytes.subarray(at, closed + 2));
    at = skipSpace(bytes, closed + 2, end);
    if (at === end) return undefined;
  }
  requirePrefix(bytes, at, end, headerStart);
  let quote = 0;
  for (let i = at + 1; i < end; i++) {
    const octet = bytes[i]!;
    if (quote !== 0) {
      if (octet === quote) quote = 0;
    } else if (octet === 0x22 || octet === 0x27) quote = octet;
    else if (octet === 0x3e) return { start: at, end: i + 1 };
    if (octet === 0x3c) throw new StreamError('not-well-formed', '"<" inside the stream header');
  }
  return undefined;
}

function skipSpace(bytes: Buffer, at: number, end: number): number {
  let i = at;
  while (i < end && (bytes[i] === 0x20 || bytes[i] === 0x0a || bytes[i] === 0x0d || bytes[i] === 0x09)) i++;
  return i;
}

/** Refuses octets that already differ from what must come. */
function requirePrefix(bytes: Buffer, at: number, end: number, expected: string): void {
  const seen = bytes.toString('latin1', at, Math.min(end, at + expected.length));
  if (expected.startsWith(seen)) return;
  if (seen.startsWith('<!')) {
    throw new StreamError('restricted-xml', 'a comment or DOCTYPE is not allowed in a stream');
  }
  if (seen.startsWith('<?')) {
    throw new StreamError('restricted-xml', 'a processing instruction is not allowed in a stream');
  }
  throw new StreamError('bad-format', `a stream starts with ${headerStart}`);
}

/**
 * Reads a header that {@link headerEnd} has found.
 * @throws StreamError `invalid-namespace`, `invalid-from`, `bad-format`, or why it is not well-formed
 */
export function readHeader(bytes: Uint8Array, maxAttributes?: number): StreamHeader {
  if (bytes[bytes.length - 2] === 0x2f)
    throw new StreamError('bad-format', 'the stream header closes the stream');
  const { name, attrs } = new StrictParser({}, maxAttributes).parseStartTag(bytes);
  if (name !== 'stream:stream') throw new StreamError('bad-format', `a stream starts with ${headerStart}`);
  const attribute = (key: string): string =>
    Object.hasOwn(attrs, key) ? String((attrs as Record<string, unknown>)[key]) : '';
  if (attribute('xmlns:stream') !== STREAMS_NAMESPACE) {
    throw new StreamError('invalid-namespace', `the prefix stream must stand for ${STREAMS_NAMESPACE}`);
  }
  const from = attribute('from');
  if (from === '') throw new StreamError('invalid-from', 'the stream header does not say who speaks');
  // It goes into logs, views and the head of every message.
  if (from.length > MAX_NAME_LENGTH || /[\s\p{Cc}\p{Cf}]/u.test(from)) {
    throw new StreamError('invalid-from', 'the stream header does not say who speaks by a name');
  }
  const declared = Object.keys(attrs).filter((key) => key.startsWith('xmlns:'));
  return {
    from,
    to: attribute('to'),
    id: attribute('id'),
    namespace: attribute('xmlns'),
    prefixes:
      declared.length === 1
        ? ordinaryPrefixes
        : Object.fromEntries(declared.map((key) => [key.slice('xmlns:'.length), attribute(key)])),
  };
}

/**
 * A second header would take every stanza behind it for a child of its own.
 * @param bytes what stands between two stanzas, perhaps not all of it
 * @throws StreamError `bad-format` when it begins like a header
 */
export function refuseHeader(bytes: Buffer): void {
  const { length } = headerStart;
  if (bytes.length <= length || bytes.toString('latin1', 0, length) !== headerStart) return;
  if (/[\s>/]/.test(String.fromCharCode(bytes[length]!)))
    throw new StreamError('bad-format', 'a second stream header');
}

/**
 * The header in the exact octets of deployed peers: `xmlns:stream` last, two blanks before `>` and the element left
 * open. Receivers find its end by searching for the namespace, a quote and `>`.
 */
export function headerBytes(header: { from: string; to: string; id?: string; namespace: string }): Buffer {
  const id = header.id === undefined ? '' : ` id="${escapeXML(header.id)}"`;
  return Buffer.from(
    `<stream:stream from="${escapeXML(header.from)}" to="${escapeXML(header.to)}"${id} version="1.0" xml:lang="en"` +
      ` xmlns="${escapeXML(header.namespace)}" xmlns:stream="${STREAMS_NAMESPACE}"  >`,
  );
}
