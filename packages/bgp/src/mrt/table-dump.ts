/** Routing tables in MRT: TABLE_DUMP_V2 with its ADD-PATH forms, and the older TABLE_DUMP. */
import { Reader, Truncated, Writer, addressText, prefixOctets } from '@vaportrail/net';
import { families, familyOf, type FamilyName } from '../families/table.ts';
import { u16, u32, type MrtRecord } from './record.ts';

/** One path of a destination. Offsets point into the record. */
export interface RibEntry {
  /** Number in the peer index. */
  readonly peerIndex: number;
  /** Seconds since the epoch at which the path was learned. */
  readonly originated: number;
  readonly pathId: number | undefined;
  readonly attributesAt: number;
  readonly attributesEnd: number;
}

/** One destination with its paths; AS numbers in their attributes have four octets. */
export interface RibRecord extends RibLocation {
  readonly entries: readonly RibEntry[];
}

/** One path of the older format; AS numbers in its attributes have two octets. */
export interface OldRibRecord {
  readonly sequence: number;
  readonly family: 'inet' | 'inet6';
  readonly prefix: string;
  /** The prefix as NLRI. */
  readonly nlri: Uint8Array;
  readonly peer: { readonly address: string; readonly asn: number };
  readonly originated: number;
  readonly attributesAt: number;
  readonly attributesEnd: number;
}

/** @see RFC 6396 §4.3.2–4.3.3, RFC 8050 §4.1–4.2 */
const ribSubtypes: Record<number, { family: FamilyName; addPath: boolean }> = {
  2: { family: 'inet', addPath: false },
  3: { family: 'inet-multicast', addPath: false },
  4: { family: 'inet6', addPath: false },
  5: { family: 'inet6-multicast', addPath: false },
  8: { family: 'inet', addPath: true },
  9: { family: 'inet-multicast', addPath: true },
  10: { family: 'inet6', addPath: true },
  11: { family: 'inet6-multicast', addPath: true },
};
/** Subtypes of TABLE_DUMP_V2 that belong to no single family. @see RFC 6396 §4.3, RFC 8050 §4.1 */
export const ribSubtype = { peerIndexTable: 1, ribGeneric: 6, ribGenericAddPath: 12 } as const;

const plainSubtypes = subtypesByFamily(false);
const addPathSubtypes = subtypesByFamily(true);

function subtypesByFamily(addPath: boolean): Partial<Record<FamilyName, number>> {
  const rows = Object.entries(ribSubtypes).filter(([, row]) => row.addPath === addPath);
  return Object.fromEntries(rows.map(([subtype, { family }]) => [family, Number(subtype)]));
}

/** The subtype to write for a family: its own, or RIB_GENERIC. */
export function ribSubtypeOf(family: FamilyName, addPath: boolean): number {
  const own = (addPath ? addPathSubtypes : plainSubtypes)[family];
  if (own !== undefined) return own;
  return addPath ? ribSubtype.ribGenericAddPath : ribSubtype.ribGeneric;
}

/** Where the parts of a RIB record of TABLE_DUMP_V2 are. */
export interface RibLocation {
  readonly sequence: number;
  readonly afi: number;
  readonly safi: number;
  readonly family: FamilyName | undefined;
  /** Octets of the NLRI in the record, without a path identifier. */
  readonly nlriAt: number;
  readonly nlriEnd: number;
  readonly addPath: boolean;
  /** Number of entries, and where the first begins: `peer(2) originated(4) [path id(4)] length(2) attributes`. */
  readonly count: number;
  readonly entriesAt: number;
}

/**
 * Finds the parts of a RIB record; `undefined` for a subtype nobody has defined.
 * @throws Truncated when the record is cut off before its entries
 */
export function locateRib({ bytes, at, end, subtype }: MrtRecord): RibLocation | undefined {
  const row = ribSubtypes[subtype];
  if (row === undefined) return locateGenericRib(bytes, at, end, subtype);
  const nlriAt = at + 4;
  if (nlriAt >= end) throw new Truncated(at, 5, end - at);
  // The length is believed even of a prefix that its family forbids.
  const nlriEnd = nlriAt + 1 + prefixOctets(bytes[nlriAt]!);
  if (nlriEnd + 2 > end) throw new Truncated(nlriAt, nlriEnd + 2 - nlriAt, end - nlriAt);
  const { afi, safi } = families[row.family];
  return {
    sequence: u32(bytes, at),
    afi,
    safi,
    family: row.family,
    nlriAt,
    nlriEnd,
    addPath: row.addPath,
    count: u16(bytes, nlriEnd),
    entriesAt: nlriEnd + 2,
  };
}

/** The same of RIB_GENERIC, whose family stands in the record. */
function locateGenericRib(
  bytes: Uint8Array,
  at: number,
  end: number,
  subtype: number,
): RibLocation | undefined {
  if (subtype !== ribSubtype.ribGeneric && subtype !== ribSubtype.ribGenericAddPath) return undefined;
  const reader = new Reader(bytes, at, end);
  const sequence = reader.u32();
  const afi = reader.u16();
  const safi = reader.u8();
  const addPath = subtype === ribSubtype.ribGenericAddPath;
  const nlriAt = reader.at;
  const family = familyOf(afi, safi);
  const measured = family === undefined ? -1 : families[family].measure(bytes, nlriAt, end, false);
  // Of an unknown family, or of a prefix that its family forbids, only a length in bits can be believed.
  reader.skip(measured > 0 ? measured : 1 + prefixOctets(bytes[nlriAt] ?? 0));
  const nlriEnd = reader.at;
  const count = reader.u16();
  return { sequence, afi, safi, family, nlriAt, nlriEnd, addPath, count, entriesAt: reader.at };
}

/**
 * Reads a RIB record with all its entries; `undefined` for a subtype nobody has defined.
 * @throws Truncated when lengths do not fit the record
 */
export function decodeRib(record: MrtRecord): RibRecord | undefined {
  const location = locateRib(record);
  if (location === undefined) return undefined;
  const reader = new Reader(record.bytes, location.entriesAt, record.end);
  const entries: RibEntry[] = [];
  for (let i = 0; i < location.count; i++) {
    const peerIndex = reader.u16();
    const originated = reader.u32();
    const pathId = location.addPath ? reader.u32() : undefined;
    const length = reader.u16();
    const attributesAt = reader.at;
    reader.skip(length);
    entries.push({ peerIndex, originated, pathId, attributesAt, attributesEnd: reader.at });
  }
  return { ...location, entries };
}

/**
 * Reads a record of TABLE_DUMP, which holds one path.
 * @throws Truncated when lengths do not fit the record
 * @see RFC 6396 §4.2
 */
export function decodeTableDump({ bytes, at, end, subtype }: MrtRecord): OldRibRecord | undefined {
  if (subtype !== 1 && subtype !== 2) return undefined;
  const [family, addressOctets] = subtype === 1 ? (['inet', 4] as const) : (['inet6', 16] as const);
  const reader = new Reader(bytes, at, end);
  reader.skip(2); // view number
  const sequence = reader.u16();
  const address = reader.slice(addressOctets);
  const bits = reader.u8();
  const prefix = `${addressText(address)}/${bits}`;
  const nlri = Uint8Array.of(bits, ...address.subarray(0, prefixOctets(bits)));
  reader.skip(1); // status
  const originated = reader.u32();
  const peer = { address: addressText(reader.slice(addressOctets)), asn: reader.u16() };
  const length = reader.u16();
  const attributesAt = reader.at;
  reader.skip(length);
  return { sequence, family, prefix, nlri, peer, originated, attributesAt, attributesEnd: reader.at };
}

/** A path to be written. */
export interface DumpedPath {
  readonly peerIndex: number;
  readonly originated: number;
  readonly pathId?: number;
  /** As in an UPDATE with four-octet AS numbers, MP_REACH_NLRI in the short form of {@link dumpedReach} included. */
  readonly attributes: Uint8Array;
}

/** The body of a RIB record. @see RFC 6396 §4.3.2–4.3.4 */
export function encodeRib(
  family: FamilyName,
  addPath: boolean,
  sequence: number,
  nlri: Uint8Array,
  paths: readonly DumpedPath[],
): Uint8Array {
  const writer = new Writer();
  beginRib(writer, family, addPath, sequence);
  writer.bytes(nlri);
  writeRibEntries(writer, addPath, paths);
  return writer.finish();
}

/** The part of the body in front of the NLRI, for those who write the NLRI themselves, and the part behind it. */
export function beginRib(writer: Writer, family: FamilyName, addPath: boolean, sequence: number): void {
  writer.u32(sequence);
  if (ribSubtypes[ribSubtypeOf(family, addPath)] !== undefined) return;
  const { afi, safi } = families[family];
  writer.u16(afi).u8(safi);
}

/** @see beginRib @throws RangeError when attributes do not fit 65535 octets */
export function writeRibEntries(writer: Writer, addPath: boolean, paths: readonly DumpedPath[]): void {
  writer.u16(paths.length);
  for (const { peerIndex, originated, pathId = 0, attributes } of paths) {
    writer.u16(peerIndex).u32(originated);
    if (addPath) writer.u32(pathId);
    if (attributes.length > 0xffff) throw new RangeError(`attributes of ${attributes.length} octets`);
    writer.u16(attributes.length).bytes(attributes);
  }
}

/** MP_REACH_NLRI as a dump holds it: only the next hop and its length. @see RFC 6396 §4.3.4 */
export function dumpedReach(nextHop: Uint8Array): Uint8Array {
  const writer = new Writer();
  writer
    .u8(0x80)
    .u8(14)
    .length8((value) => value.length8((body) => body.bytes(nextHop)));
  return writer.finish();
}
