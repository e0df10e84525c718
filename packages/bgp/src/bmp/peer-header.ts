/**
 * The per-peer header of BMP: which peer, and which view of its routes, a message speaks of.
 *
 * ```
 * type(1) | flags(1) | distinguisher(8) | address(16) | AS(4) | BGP identifier(4) | seconds(4) | microseconds(4)
 * ```
 * @see RFC 7854 §4.2, RFC 8671 §4, RFC 9069 §4.2
 */
import type { Reader, Writer } from '@vaportrail/net';

/** Which view of the routes of a peer a message speaks of. */
export type BmpView =
  'adj-rib-in-pre' | 'adj-rib-in-post' | 'adj-rib-out-pre' | 'adj-rib-out-post' | 'loc-rib';

/** The peer that a message is about. */
export interface BmpPeer {
  readonly view: BmpView;
  /** Route distinguisher of a routing instance; eight zero octets for the global one. */
  readonly distinguisher?: Uint8Array;
  /** 4 or 16 octets; ignored for the Loc-RIB, which has no peer. */
  readonly address: Uint8Array;
  readonly asn: number;
  /** BGP identifier as an unsigned number. */
  readonly routerId: number;
  /** Whether AS numbers in the messages of this peer have four octets. */
  readonly asn4: boolean;
}

const GLOBAL_INSTANCE = 0;
const INSTANCE_WITH_DISTINGUISHER = 1;
const LOC_RIB_INSTANCE = 3;
const flag = { ipv6: 0x80, postPolicy: 0x40, asn2: 0x20, adjRibOut: 0x10 } as const;
const viewFlags: Record<BmpView, number> = {
  'adj-rib-in-pre': 0,
  'adj-rib-in-post': flag.postPolicy,
  'adj-rib-out-pre': flag.adjRibOut,
  'adj-rib-out-post': flag.adjRibOut | flag.postPolicy,
  'loc-rib': 0,
};
const noDistinguisher = new Uint8Array(8);
const noAddress = new Uint8Array(16);

/** Sixteen octets: an IPv4 address stands in the last four. @see RFC 7854 §4.2 */
export function writeAddress(writer: Writer, address: Uint8Array): void {
  writer.bytes(noAddress.subarray(address.length)).bytes(address);
}

/** The address in sixteen octets, in 4 or 16 of its own. */
export function readAddress(reader: Reader, ipv6: boolean): Uint8Array {
  const octets = reader.copy(16);
  return ipv6 ? octets : octets.slice(12);
}

/** `at` is in milliseconds since the epoch. */
export function writePeer(writer: Writer, peer: BmpPeer, at: number): void {
  const distinguisher = peer.distinguisher ?? noDistinguisher;
  const locRib = peer.view === 'loc-rib';
  const plainType = distinguisher.some((octet) => octet !== 0)
    ? INSTANCE_WITH_DISTINGUISHER
    : GLOBAL_INSTANCE;
  const flags =
    viewFlags[peer.view] |
    (locRib || peer.asn4 ? 0 : flag.asn2) |
    (!locRib && peer.address.length === 16 ? flag.ipv6 : 0);
  writer
    .u8(locRib ? LOC_RIB_INSTANCE : plainType)
    .u8(flags)
    .bytes(distinguisher);
  writeAddress(writer, locRib ? noAddress : peer.address);
  writer.u32(peer.asn).u32(peer.routerId);
  writer.u32(Math.floor(at / 1000)).u32((at % 1000) * 1000);
}

/** What {@link writePeer} wrote; `at` is in milliseconds since the epoch. @throws Truncated when it is cut off */
export function readPeer(reader: Reader): { readonly peer: BmpPeer; readonly at: number } {
  const type = reader.u8();
  const flags = reader.u8();
  const distinguisher = reader.copy(8);
  const locRib = type === LOC_RIB_INSTANCE;
  const address = readAddress(reader, !locRib && (flags & flag.ipv6) !== 0);
  const [asn, routerId] = [reader.u32(), reader.u32()];
  const at = reader.u32() * 1000 + reader.u32() / 1000;
  // Behind flags of the Loc-RIB is another one: that the table is filtered.
  const view = locRib ? 'loc-rib' : viewOf(flags);
  return { peer: { view, distinguisher, address, asn, routerId, asn4: locRib || !(flags & flag.asn2) }, at };
}

function viewOf(flags: number): BmpView {
  const side = (flags & flag.adjRibOut) === 0 ? 'adj-rib-in' : 'adj-rib-out';
  return (flags & flag.postPolicy) === 0 ? `${side}-pre` : `${side}-post`;
}
