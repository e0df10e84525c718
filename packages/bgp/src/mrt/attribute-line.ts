/**
 * The attributes of a path as the last fields of a line, written digit by digit from their octets: the fast half of
 * {@link attributesText}, which prints whatever this one does not know.
 */
import { lineAddress } from './line-address.ts';
import { u16, u32 } from './record.ts';
import { writeDecimal, writeIpv4, writeOctets } from './line-buffer.ts';

const BAR = 0x7c;
const SPACE = 0x20;
const COLON = 0x3a;
const NEWLINE = 0x0a;
const EXTENDED_LENGTH = 0x10;

const origins = ['IGP', 'EGP', 'INCOMPLETE'].map(octets);
const noNextHop = octets('255.255.255.255');
const atomic = octets('AG');
const notAtomic = octets('NAG');
const noExport = octets('no-export');
const noAdvertise = octets('no-advertise');
const localAs = octets('local-AS');
/** Opening, separator, closing of the segment types 1 to 4. */
const segmentMarks = ['', '{,}', '  ', '( )', '[,]'].map(octets);

/** Octets that the text of so many octets of attributes takes at most: four of a community may become `no-advertise `. */
export function attributeLineOctets(octets: number): number {
  return 4 * octets + 128;
}

/**
 * Writes the fields from the AS path on, and the newline, of the attributes (AS numbers of four octets) in
 * `source[start…end)`. Gives the offset behind them, or -1 when they hold anything that is not as it is in every table:
 * what has been written is void then.
 */
export function writeAttributes(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  let origin = 2;
  let nextHop = -1;
  let nextHopOctets = 4;
  let localPref = 0;
  let med = 0;
  let atomicAggregate = false;
  let path = -1;
  let pathEnd = -1;
  let aggregator = -1;
  let communities = -1;
  let communitiesEnd = -1;
  let seen = 0;
  for (let header = start; header < end;) {
    if (header + 3 > end) return -1;
    const extended = (source[header]! & EXTENDED_LENGTH) !== 0;
    if (extended && header + 4 > end) return -1;
    const code = source[header + 1]!;
    const value = header + (extended ? 4 : 3);
    const length = extended ? u16(source, header + 2) : source[header + 2]!;
    header = value + length;
    if (header > end) return -1;
    if (code < 31) {
      if ((seen & (1 << code)) !== 0) return -1;
      seen |= 1 << code;
    }
    switch (code) {
      case 1:
        if (length !== 1 || source[value]! > 2) return -1;
        origin = source[value]!;
        break;
      case 2:
        path = value;
        pathEnd = header;
        break;
      case 3:
        if (length !== 4) return -1;
        // MP_REACH_NLRI says more than NEXT_HOP, wherever it stands.
        if (nextHop === -1) nextHop = value;
        break;
      case 4:
        if (length !== 4) return -1;
        med = u32(source, value);
        break;
      case 5:
        if (length !== 4) return -1;
        localPref = u32(source, value);
        break;
      case 6:
        atomicAggregate = true;
        break;
      case 7:
        if (length !== 8) return -1;
        aggregator = value;
        break;
      case 8:
        if (length % 4 !== 0) return -1;
        communities = value;
        communitiesEnd = header;
        break;
      case 14: {
        // The form of a dump, length and address; the whole attribute begins with a zero.
        nextHopOctets = source[value]!;
        if (length !== nextHopOctets + 1) return -1;
        if (nextHopOctets !== 4 && nextHopOctets !== 16 && nextHopOctets !== 32) return -1;
        nextHop = value + 1;
        break;
      }
    }
  }
  if (path !== -1) {
    at = writeAsPath(target, at, source, path, pathEnd);
    if (at === -1) return -1;
  }
  target[at++] = BAR;
  at = writeText(target, at, origins[origin]!);
  target[at++] = BAR;
  if (nextHop === -1) at = writeText(target, at, noNextHop);
  else if (nextHopOctets === 4) at = writeIpv4(target, at, source, nextHop);
  else at = writeText(target, at, ipv6Octets(source, nextHop));
  target[at++] = BAR;
  at = writeDecimal(target, at, localPref);
  target[at++] = BAR;
  at = writeDecimal(target, at, med);
  target[at++] = BAR;
  const communitiesAt = at;
  for (let from = communities; from < communitiesEnd; from += 4) {
    if (at > communitiesAt) target[at++] = SPACE;
    at = writeCommunity(target, at, source, from);
  }
  target[at++] = BAR;
  at = writeText(target, at, atomicAggregate ? atomic : notAtomic);
  target[at++] = BAR;
  if (aggregator !== -1 && u32(source, aggregator + 4) !== 0xffff_ffff) {
    at = writeDecimal(target, at, u32(source, aggregator));
    target[at++] = SPACE;
    at = writeIpv4(target, at, source, aggregator + 4);
  }
  target[at++] = BAR;
  target[at++] = NEWLINE;
  return at;
}

function writeAsPath(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): number {
  for (let segment = start; segment < end;) {
    const type = source[segment]!;
    const count = source[segment + 1]!;
    if (type === 0 || type > 4 || count === 0 || segment + 2 + 4 * count > end) return -1;
    const marks = segmentMarks[type]!;
    if (segment > start) target[at++] = SPACE;
    segment += 2;
    if (type !== 2) target[at++] = marks[0]!;
    for (const last = segment + 4 * (count - 1); ; segment += 4) {
      at = writeDecimal(target, at, u32(source, segment));
      if (segment === last) break;
      target[at++] = marks[1]!;
    }
    segment += 4;
    if (type !== 2) target[at++] = marks[2]!;
  }
  return at;
}

function writeCommunity(target: Uint8Array, at: number, source: Uint8Array, from: number): number {
  const high = u16(source, from);
  const low = u16(source, from + 2);
  if (high === 0xffff) {
    if (low === 0xff01) return writeText(target, at, noExport);
    if (low === 0xff02) return writeText(target, at, noAdvertise);
    if (low === 0xff03) return writeText(target, at, localAs);
  }
  at = writeDecimal(target, at, high);
  target[at++] = COLON;
  return writeDecimal(target, at, low);
}

function writeText(target: Uint8Array, at: number, text: Uint8Array): number {
  return writeOctets(target, at, text, 0, text.length);
}

function octets(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** Next hops are few: the text of the last one of each slot is kept. */
const SLOTS = 1024;
const knownAddresses = new Uint32Array(SLOTS * 4);
const knownTexts: (Uint8Array | undefined)[] = Array.from({ length: SLOTS }, () => undefined);

function ipv6Octets(source: Uint8Array, at: number): Uint8Array {
  const [a, b, c, d] = [u32(source, at), u32(source, at + 4), u32(source, at + 8), u32(source, at + 12)];
  const hash = Math.imul(a ^ Math.imul(b, 31) ^ Math.imul(c, 961) ^ Math.imul(d, 29_791), 0x85eb_ca6b);
  const slot = hash >>> 22;
  const known = knownTexts[slot];
  const key = slot * 4;
  if (
    known !== undefined &&
    knownAddresses[key] === a &&
    knownAddresses[key + 1] === b &&
    knownAddresses[key + 2] === c &&
    knownAddresses[key + 3] === d
  )
    return known;
  const text = octets(lineAddress(source.subarray(at, at + 16)));
  knownAddresses.set([a, b, c, d], key);
  knownTexts[slot] = text;
  return text;
}
