/**
 * Routing tables as MRT records, in pieces: TABLE_DUMP_V2 for unicast, RIB_GENERIC for all other families.
 *
 * Each table begins with its own PEER_INDEX_TABLE, whose view name is the name of the table, so that one file can hold
 * several. @see RFC 6396 §4.3, RFC 8050 §4
 */
import {
  type DumpedPath,
  beginRib,
  encodePeerIndex,
  mrtType,
  ribSubtype,
  ribSubtypeOf,
  writeRibEntries,
} from '@vaportrail/bgp/mrt';
import {
  type FamilyName,
  OPTIONAL,
  type PathAttributes,
  TRANSITIVE,
  attributes as attributeRows,
  encodeAttributes,
  families,
} from '@vaportrail/bgp/wire';
import { Writer, addressText, ipv4Text, prefixOctets } from '@vaportrail/net';
import type { Path, Route } from './route.ts';
import type { Source } from './source.ts';
import type { Table } from './table.ts';

/** A piece is handed on when it is about so long, or so many destinations were visited. */
const PIECE_OCTETS = 64 * 1024;
const PIECE_ROUTES = 256;
/** Length, label, route distinguisher, address. */
const MAX_PREFIX_OCTETS = 28;
/** Paths of what is not a neighbour belong to this peer, the first of the index. */
const SELF = 0;

/** What of the router is said in the dump, and when it was made. */
export interface TableDumpOptions {
  /** Our BGP identifier as an unsigned number. */
  readonly routerId: number;
  readonly asn: number;
  /** Who may have paths in the tables; paths of others, who came since, are left out. */
  readonly sources: readonly Source[];
  /** Seconds since the epoch. */
  readonly now: number;
}

/**
 * The octets of a dump, piece by piece; each piece holds whole records and takes a few milliseconds to make. Tables
 * may change between pieces: a route that comes or goes meanwhile is in the dump or not.
 */
export function* dumpTables(
  tables: Iterable<Table>,
  options: TableDumpOptions,
): Generator<Uint8Array, void, undefined> {
  const index = new Map<Source, number>();
  const neighbors = options.sources.filter(({ protocol }) => protocol === 'bgp' || protocol === 'xmpp');
  neighbors.forEach((source, number) => index.set(source, number + 1));
  for (const source of options.sources) if (!index.has(source)) index.set(source, SELF);
  const peers = [
    { routerId: ipv4Text(options.routerId), address: '0.0.0.0', asn: options.asn },
    ...neighbors.map(({ routerId, address, asn }) => ({
      routerId: ipv4Text(routerId),
      address: address.length === 0 ? '0.0.0.0' : addressText(address),
      asn,
    })),
  ];
  const attributes = new DumpedAttributes();
  for (const table of tables) {
    const collector = ipv4Text(options.routerId);
    const piece = new Writer(2 * PIECE_OCTETS);
    writeRecord(
      piece,
      options.now,
      ribSubtype.peerIndexTable,
      encodePeerIndex({ collector, viewName: table.name, peers }),
    );
    let sequence = 0;
    let visited = 0;
    for (const route of table.routes({ explained: false })) {
      const paths = dumpedPaths(route, index, attributes);
      if (paths.length > 0) writeRoute(piece, options.now, route, sequence++, paths);
      if (++visited % PIECE_ROUTES !== 0 && piece.length < PIECE_OCTETS) continue;
      yield piece.finish();
      piece.reset();
    }
    if (piece.length > 0) yield piece.finish();
  }
}

function writeRecord(writer: Writer, seconds: number, subtype: number, body: Uint8Array): void {
  writer.u32(seconds).u16(mrtType.tableDumpV2).u16(subtype).u32(body.length).bytes(body);
}

function dumpedPaths(
  route: Route,
  index: ReadonlyMap<Source, number>,
  attributes: DumpedAttributes,
): (DumpedPath & { readonly path: Path })[] {
  const dumped: (DumpedPath & { readonly path: Path })[] = [];
  for (const path of route.paths) {
    const peerIndex = index.get(path.source);
    if (peerIndex === undefined) continue;
    dumped.push({
      peerIndex,
      originated: path.receivedAt,
      pathId: path.pathId,
      attributes: attributes.of(path, route.family),
      path,
    });
  }
  return dumped;
}

/** Paths with one NLRI share a record; where labels differ there is one for each label. */
function writeRoute(
  piece: Writer,
  now: number,
  route: Route,
  sequence: number,
  paths: readonly (DumpedPath & { readonly path: Path })[],
): void {
  const { family } = route;
  const addPath = paths.some(({ pathId = 0 }) => pathId !== 0);
  const labels = paths.length === 1 ? [] : [...new Set(paths.map(({ path }) => path.labelField))];
  const groups =
    labels.length < 2
      ? [paths]
      : labels.map((label) => paths.filter(({ path }) => path.labelField === label));
  for (const members of groups) {
    piece.u32(now).u16(mrtType.tableDumpV2).u16(ribSubtypeOf(family, addPath)).u32(0);
    const start = piece.length;
    beginRib(piece, family, addPath, sequence);
    writeNlri(piece, route, members[0]!.path.labelField);
    writeRibEntries(piece, addPath, members);
    piece.patch32(start - 4, piece.length - start);
  }
}

/** The octets of the NLRI in an announcement. */
export function nlriOf(route: Route, labelField: number): Uint8Array {
  if (route.nlri !== undefined) return route.nlri;
  const writer = new Writer(MAX_PREFIX_OCTETS);
  writeNlri(writer, route, labelField);
  return writer.finish();
}

function writeNlri(
  writer: Writer,
  { family, prefix, routeDistinguisher, nlri }: Route,
  labelField: number,
): void {
  if (nlri !== undefined) return void writer.bytes(nlri);
  const { bytes, length } = prefix!;
  const labeled = isLabeled(family);
  writer.u8(length + (labeled ? 24 : 0) + (routeDistinguisher === undefined ? 0 : 64));
  if (labeled) writer.u24(labelField);
  if (routeDistinguisher !== undefined) writer.bytes(routeDistinguisher);
  for (let i = 0; i < prefixOctets(length); i++) writer.u8(bytes[i]!);
}

function isLabeled(family: FamilyName): boolean {
  const { safi } = families[family];
  return safi === 4 || safi === 128;
}

/** Attributes as a dump has them, made once for each attribute set. */
class DumpedAttributes {
  readonly #made = new WeakMap<PathAttributes, Map<boolean, Uint8Array>>();

  of(path: Path, family: FamilyName): Uint8Array {
    const plain = family === 'inet' && path.nextHop.length === 4;
    let forms = this.#made.get(path.attributes);
    if (forms === undefined) this.#made.set(path.attributes, (forms = new Map()));
    let bytes = forms.get(plain);
    if (bytes === undefined) forms.set(plain, (bytes = attributesInDump(path, family, plain)));
    return bytes;
  }
}

const { asPath, as4Path, aggregator, as4Aggregator, nextHop } = attributeRows;
const MP_REACH = 14;

/**
 * Attributes with AS numbers of four octets and with a next hop, which the RIB keeps apart: in NEXT_HOP when `plain`,
 * otherwise in MP_REACH_NLRI. @see RFC 6396 §4.3.4
 */
export function attributesInDump(
  { attributes, nextHop: address }: Path,
  family: FamilyName,
  plain: boolean,
): Uint8Array {
  const replaced = new Set<number>([nextHop.code, MP_REACH]);
  const added: { flags: number; code: number; value: Uint8Array }[] = [];
  if (!attributes.asn4)
    for (const { code } of [asPath, as4Path, aggregator, as4Aggregator]) replaced.add(code);
  if (plain) added.push({ flags: TRANSITIVE, code: nextHop.code, value: address });
  else if (address.length > 0)
    added.push({ flags: OPTIONAL, code: MP_REACH, value: dumpedReach(address, family) });
  const { bytes } = attributes;
  for (let at = 0; at + 3 <= bytes.length;) {
    const flags = bytes[at]!;
    const extended = (flags & 0x10) !== 0;
    const value = at + (extended ? 4 : 3);
    const end = value + (extended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!);
    if (!replaced.has(bytes[at + 1]!))
      added.push({ flags, code: bytes[at + 1]!, value: bytes.subarray(value, end) });
    at = end;
  }
  return encodeAttributes(
    {
      unknown: added,
      ...(attributes.asn4 ? {} : { asPath: attributes.asPath, aggregator: attributes.aggregator }),
    },
    { asn4: true },
  );
}

/**
 * The value of MP_REACH_NLRI. RFC 6396 wants the next hop alone there, and for IPv6 everybody writes it so. Behind a route
 * distinguisher readers (mrtparse 1.6) understand only the whole attribute, which GoBGP writes: here it is whole but for
 * the NLRI, which the record has already.
 */
function dumpedReach(address: Uint8Array, family: FamilyName): Uint8Array {
  const { afi, safi } = families[family];
  const octets = safi === 128 ? [0, 0, 0, 0, 0, 0, 0, 0, ...address] : [...address];
  const short = [octets.length, ...octets];
  const generic = ribSubtypeOf(family, false) === ribSubtype.ribGeneric;
  return Uint8Array.from(generic ? [afi >>> 8, afi & 0xff, safi, ...short, 0] : short);
}
