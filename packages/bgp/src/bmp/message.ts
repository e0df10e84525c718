/**
 * BMP messages as a router sends them to a monitoring station.
 *
 * ```
 * version(1)=3 | length(4) | type(1) | [per-peer header(42)] | body
 * ```
 * @see RFC 7854, RFC 8671 (Adj-RIB-Out), RFC 9069 (Loc-RIB)
 */
import { Writer } from '@vaportrail/net';

const VERSION = 3;

/** @see RFC 7854 §10.1 */
export const bmpType = {
  routeMonitoring: 0,
  statisticsReport: 1,
  peerDown: 2,
  peerUp: 3,
  initiation: 4,
  termination: 5,
} as const;

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

function message(type: number, body: (writer: Writer) => void): Uint8Array {
  const writer = new Writer();
  writer.u8(VERSION).u32(0).u8(type);
  body(writer);
  const bytes = writer.finish();
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(1, bytes.length);
  return bytes;
}

/** Sixteen octets: an IPv4 address stands in the last four. @see RFC 7854 §4.2 */
function writeAddress(writer: Writer, address: Uint8Array): void {
  writer.bytes(noAddress.subarray(address.length)).bytes(address);
}

/** `at` is in milliseconds since the epoch. */
function writePeer(writer: Writer, peer: BmpPeer, at: number): void {
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

function writeText(writer: Writer, type: number, text: string): void {
  writer.u16(type).length16((value) => value.bytes(new TextEncoder().encode(text)));
}

/** First message of a session with a station. @see RFC 7854 §4.3 */
export function initiation(sysName: string, sysDescription: string): Uint8Array {
  return message(bmpType.initiation, (writer) => {
    writeText(writer, 1, sysDescription);
    writeText(writer, 2, sysName);
  });
}

/** Last message: the session ends because the administrator wanted it. @see RFC 7854 §4.5 */
export function termination(text: string): Uint8Array {
  return message(bmpType.termination, (writer) => {
    writeText(writer, 0, text);
    writer.u16(1).u16(2).u16(0);
  });
}

/** One whole UPDATE of a peer (or made for it). @see RFC 7854 §4.6 */
export function routeMonitoring(peer: BmpPeer, at: number, update: Uint8Array): Uint8Array {
  return message(bmpType.routeMonitoring, (writer) => {
    writePeer(writer, peer, at);
    writer.bytes(update);
  });
}

export interface BmpPeerUp {
  readonly localAddress: Uint8Array;
  readonly localPort: number;
  readonly remotePort: number;
  /** The whole OPEN messages. */
  readonly sentOpen: Uint8Array;
  readonly receivedOpen: Uint8Array;
  /** Name of the table, for the Loc-RIB. @see RFC 9069 §5.2.1 */
  readonly tableName?: string;
}

/** @see RFC 7854 §4.10 */
export function peerUp(peer: BmpPeer, at: number, up: BmpPeerUp): Uint8Array {
  return message(bmpType.peerUp, (writer) => {
    writePeer(writer, peer, at);
    writeAddress(writer, up.localAddress);
    writer.u16(up.localPort).u16(up.remotePort).bytes(up.sentOpen).bytes(up.receivedOpen);
    if (up.tableName !== undefined) writeText(writer, 3, up.tableName);
  });
}

/** Why a session ended. @see RFC 7854 §4.9, RFC 9069 §5.3 */
export type BmpPeerDownReason =
  | { readonly reason: 'local-notification'; readonly notification: Uint8Array }
  | { readonly reason: 'local-event'; readonly event: number }
  | { readonly reason: 'remote-notification'; readonly notification: Uint8Array }
  | { readonly reason: 'remote-closed' }
  | { readonly reason: 'de-configured' }
  | { readonly reason: 'loc-rib'; readonly tableName: string };

/** A session has ended, and why. @param at milliseconds since the epoch @see RFC 7854 §4.9 */
export function peerDown(peer: BmpPeer, at: number, down: BmpPeerDownReason): Uint8Array {
  return message(bmpType.peerDown, (writer) => {
    writePeer(writer, peer, at);
    switch (down.reason) {
      case 'local-notification':
        return writer.u8(1).bytes(down.notification);
      case 'local-event':
        return writer.u8(2).u16(down.event);
      case 'remote-notification':
        return writer.u8(3).bytes(down.notification);
      case 'remote-closed':
        return writer.u8(4);
      case 'de-configured':
        return writer.u8(5);
      case 'loc-rib':
        writer.u8(6);
        return writeText(writer, 3, down.tableName);
    }
  });
}

/** Counters and gauges by type. @see RFC 7854 §4.8, RFC 8671 §6.2 */
const statistics = {
  rejectedPrefixes: { type: 0, octets: 4 },
  duplicateWithdrawals: { type: 2, octets: 4 },
  clusterListLoops: { type: 3, octets: 4 },
  asPathLoops: { type: 4, octets: 4 },
  originatorLoops: { type: 5, octets: 4 },
  adjRibInRoutes: { type: 7, octets: 8 },
  locRibRoutes: { type: 8, octets: 8 },
  updatesTreatedAsWithdraw: { type: 11, octets: 4 },
  adjRibOutRoutes: { type: 14, octets: 8 },
} as const;

export type BmpStatistics = { readonly [Name in keyof typeof statistics]?: number };

/** Counts of a session. @param at milliseconds since the epoch @see RFC 7854 §4.8 */
export function statisticsReport(peer: BmpPeer, at: number, values: BmpStatistics): Uint8Array {
  return message(bmpType.statisticsReport, (writer) => {
    writePeer(writer, peer, at);
    const given = Object.entries(values) as [keyof typeof statistics, number][];
    writer.u32(given.length);
    for (const [name, value] of given) {
      const { type, octets } = statistics[name];
      writer.u16(type).u16(octets);
      if (octets === 4) writer.u32(value);
      else writer.u64(BigInt(value));
    }
  });
}
