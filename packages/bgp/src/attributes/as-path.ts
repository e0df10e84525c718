/** AS_PATH and AS4_PATH: the autonomous systems a route came through. */
import type { Reader, Writer } from '@vaportrail/net';
import {
  type Attribute,
  type Fault,
  type PlainForm,
  isZeroAs,
  optionalTransitive,
  twoOctetOnly,
  wellKnown,
} from './attribute.ts';
import { AS_TRANS } from '../wire/open.ts';
import { plainList, plainNumber, plainRecord } from './plain.ts';

/** Segment types by number on the wire; 0 is unused. @see RFC 4271 §4.3 (b), RFC 5065 §3 */
const segmentTypes = [undefined, 'set', 'sequence', 'confed-sequence', 'confed-set'] as const;

/** ASes of one segment of a path. @see RFC 4271 §4.3, RFC 5065 §3 */
export interface AsPathSegment {
  readonly type: 'set' | 'sequence' | 'confed-sequence' | 'confed-set';
  /** 1–255 AS numbers. */
  readonly asns: readonly number[];
}
/** A path by its segments, the AS that it came through last in front. */
export type AsPath = readonly AsPathSegment[];

/** Malformed AS_PATH, AS 0 included. @see RFC 7606 §7.2, RFC 7607 §2 */
function checkSegments(bytes: Uint8Array, at: number, end: number, octets: number): Fault | undefined {
  while (at < end) {
    if (end - at < 2) return malformed('a segment header is cut off');
    const type = bytes[at]!;
    const count = bytes[at + 1]!;
    if (type === 0 || type > 4) return malformed(`segment type ${type} is undefined`);
    if (count === 0) return malformed('a segment holds no AS number');
    let asn = at + 2;
    at = asn + count * octets;
    if (at > end) return malformed(`a segment of ${count} AS numbers passes the end`);
    for (; asn < at; asn += octets) if (isZeroAs(bytes, asn, octets)) return malformed('AS 0');
  }
  return undefined;
}

function malformed(because: string): Fault {
  return { subcode: 11, because };
}

function decodeSegments(reader: Reader, asn4: boolean): AsPathSegment[] {
  const segments: AsPathSegment[] = [];
  while (reader.remaining > 0) {
    const type = segmentTypes[reader.u8()] ?? 'sequence';
    const asns: number[] = [];
    for (let left = reader.u8(); left > 0; left--) asns.push(asn4 ? reader.u32() : reader.u16());
    segments.push({ type, asns });
  }
  return segments;
}

function encodeSegments(writer: Writer, path: AsPath, asn4: boolean): void {
  for (const { type, asns } of path) {
    writer.u8(segmentTypes.indexOf(type)).u8(asns.length);
    for (const asn of asns) {
      if (asn4) writer.u32(asn);
      else writer.u16(asn > 0xffff ? AS_TRANS : asn);
    }
  }
}

/** An AS number of a sequence, or a segment by its type: `{ set: [64512, 64513] }`. */
export type PlainAsPathItem = number | { readonly [T in AsPathSegment['type']]?: readonly number[] };
/** A path as plain data, item by item. */
export type PlainAsPath = readonly PlainAsPathItem[];

/**
 * A path as plain data: the AS numbers of a sequence one by one, every other segment as an object of its type, and a
 * sequence that follows another one likewise, so that the segments can be told apart again.
 */
const plainAsPath: PlainForm<AsPath, PlainAsPath> = {
  of(path) {
    const plain: PlainAsPathItem[] = [];
    let open = false;
    for (const { type, asns } of path) {
      if (type !== 'sequence' || open) plain.push({ [type]: asns });
      else for (const asn of asns) plain.push(asn);
      open = type === 'sequence';
    }
    return plain;
  },
  parse(plain) {
    const path: { type: AsPathSegment['type']; asns: number[] }[] = [];
    let bare: number[] | undefined;
    for (const item of plainList(plain)) {
      if (typeof item === 'number') {
        if (bare === undefined) path.push({ type: 'sequence', asns: (bare = []) });
        bare.push(plainNumber(item));
        continue;
      }
      bare = undefined;
      for (const [type, asns] of Object.entries(plainRecord(item))) {
        const known = segmentTypes.find((name) => name === type);
        if (known === undefined) throw new RangeError(`"${type}" is not a type of AS_PATH segment`);
        path.push({ type: known, asns: plainList(asns).map((asn) => plainNumber(asn)) });
      }
    }
    if (path.some(({ asns }) => asns.length === 0 || asns.length > 255)) {
      throw new RangeError('an AS_PATH segment has 1 to 255 AS numbers');
    }
    return path;
  },
};

export const asPath: Attribute<AsPath, PlainAsPath> = {
  code: 2,
  title: 'AS_PATH',
  flags: wellKnown,
  malformed: 'treat-as-withdraw',
  see: 'RFC 4271 §5.1.2, RFC 6793 §4.1, RFC 7606 §7.2',
  check: (bytes, at, end, { asn4 }) => checkSegments(bytes, at, end, asn4 ? 4 : 2),
  decode: (reader, { asn4 }) => decodeSegments(reader, asn4),
  encode: (writer, value, { asn4 }) => encodeSegments(writer, value, asn4),
  plain: plainAsPath,
};

/** Carries the four-octet AS numbers past a speaker that knows only two octets. */
export const as4Path: Attribute<AsPath, PlainAsPath> = {
  code: 17,
  title: 'AS4_PATH',
  flags: optionalTransitive,
  malformed: 'attribute-discard',
  see: 'RFC 6793 §3, §6',
  check: twoOctetOnly((bytes, at, end) =>
    at === end ? malformed('no segment') : checkSegments(bytes, at, end, 4),
  ),
  decode: (reader) => decodeSegments(reader, true),
  encode: (writer, value) => encodeSegments(writer, value, true),
  plain: plainAsPath,
};

/**
 * Length for comparison: a set counts one, confederation segments nothing.
 * @see RFC 4271 §9.1.2.2 (a), RFC 5065 §5.3
 */
export function asPathLength(path: AsPath): number {
  let length = 0;
  for (const { type, asns } of path) {
    if (type === 'sequence') length += asns.length;
    else if (type === 'set') length += 1;
  }
  return length;
}

/**
 * The path of four-octet AS numbers behind AS_PATH (with AS_TRANS in it) and AS4_PATH: as many leading AS numbers of
 * AS_PATH as it is longer, then AS4_PATH. When AS4_PATH is the longer one, AS_PATH stands alone. Confederation segments
 * of AS4_PATH are ignored.
 * @see RFC 6793 §4.2.3, §6
 */
export function mergeAs4Path(path: AsPath, path4: AsPath): AsPath {
  const tail = path4.filter(({ type }) => type === 'set' || type === 'sequence');
  let lead = asPathLength(path) - asPathLength(tail);
  if (lead < 0 || tail.length === 0) return path;
  const merged: AsPathSegment[] = [];
  for (const segment of path) {
    if (segment.type === 'confed-sequence' || segment.type === 'confed-set') {
      merged.push(segment);
      continue;
    }
    if (lead === 0) break;
    const asns = segment.type === 'sequence' ? segment.asns.slice(0, lead) : segment.asns;
    lead -= segment.type === 'sequence' ? asns.length : 1;
    merged.push({ type: segment.type, asns });
    if (asns.length < segment.asns.length) break; // what follows is next to nothing that was kept
  }
  return joinSequences([...merged, ...tail]);
}

/** Joins neighbouring sequences, as far as one segment can hold them. */
function joinSequences(path: AsPath): AsPath {
  const joined: AsPathSegment[] = [];
  for (const segment of path) {
    const last = joined.at(-1);
    if (
      last?.type === 'sequence' &&
      segment.type === 'sequence' &&
      last.asns.length + segment.asns.length <= 255
    ) {
      joined[joined.length - 1] = { type: 'sequence', asns: [...last.asns, ...segment.asns] };
    } else joined.push(segment);
  }
  return joined;
}

/** The path with an AS number in front, as a speaker adds its own when it announces to another AS. @see RFC 4271 §5.1.2 */
export function prependAs(path: AsPath, asn: number, times = 1): AsPath {
  const [first, ...rest] = path;
  const added = Array.from({ length: times }, () => asn);
  if (first?.type === 'sequence' && first.asns.length + times <= 255) {
    return [{ type: 'sequence', asns: [...added, ...first.asns] }, ...rest];
  }
  return [{ type: 'sequence', asns: added }, ...path];
}

const brackets = {
  sequence: ['', ' ', ''],
  set: ['{', ',', '}'],
  'confed-sequence': ['(', ' ', ')'],
  'confed-set': ['[', ',', ']'],
} as const;

/** `65001 65002 {64512,64513}`, confederation segments `(65100)` and `[65101,65102]`; empty for an empty path. */
export function asPathText(path: AsPath): string {
  return path
    .map(({ type, asns }) => `${brackets[type][0]}${asns.join(brackets[type][1])}${brackets[type][2]}`)
    .join(' ');
}
