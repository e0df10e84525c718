/**
 * BMP messages as a router sends them to a monitoring station.
 *
 * ```
 * version(1)=3 | length(4) | type(1) | [per-peer header(42)] | body
 * ```
 * @see RFC 7854, RFC 8671 (Adj-RIB-Out), RFC 9069 (Loc-RIB)
 */
import { Writer } from '@vaportrail/net';
import { writeAddress, writePeer, type BmpPeer } from './peer-header.ts';
import { writeStatistics, type BmpStatistics } from './statistics.ts';

/** @see RFC 7854 §4.1 */
export const BMP_VERSION = 3;

/** @see RFC 7854 §10.1 */
export const bmpType = {
  routeMonitoring: 0,
  statisticsReport: 1,
  peerDown: 2,
  peerUp: 3,
  initiation: 4,
  termination: 5,
  routeMirroring: 6,
} as const;

function message(type: number, body: (writer: Writer) => void): Uint8Array {
  const writer = new Writer();
  writer.u8(BMP_VERSION).u32(0).u8(type);
  body(writer);
  const bytes = writer.finish();
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(1, bytes.length);
  return bytes;
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

/** What a peer up message says of a session. @see RFC 7854 §4.10 */
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

/** Counts of a session. @param at milliseconds since the epoch @see RFC 7854 §4.8 */
export function statisticsReport(peer: BmpPeer, at: number, values: BmpStatistics): Uint8Array {
  return message(bmpType.statisticsReport, (writer) => {
    writePeer(writer, peer, at);
    writeStatistics(writer, values);
  });
}
