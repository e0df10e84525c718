/** Messages and state changes of sessions in MRT. @see RFC 6396 §4.4, RFC 8050 §3 */
import { Reader, Writer, addressText, parseAddress } from '@vaportrail/net';
import { HEADER_OCTETS, messageType } from '../wire/header.ts';
import { type UpdateFrame, locateUpdate } from '../wire/update-frame.ts';
import type { MrtRecord } from './record.ts';

/** Who talked to whom. */
export interface MrtSession {
  readonly peerAsn: number;
  readonly localAsn: number;
  readonly peer: string;
  readonly local: string;
  readonly interfaceIndex: number;
}

/** A message of a session, as it was sent or received. @see RFC 6396 §4.4.2 */
export interface MrtMessage extends MrtSession {
  readonly type: 'message';
  /** The whole BGP message is `bytes[messageAt…messageEnd)` of the record. */
  readonly messageAt: number;
  readonly messageEnd: number;
  /** Whether AS numbers of the message have four octets. */
  readonly asn4: boolean;
  readonly addPath: boolean;
  /** Sent, not received, by the one who wrote the file. */
  readonly sent: boolean;
}

/** A session came to another state. @see RFC 6396 §4.4.1 */
export interface MrtStateChange extends MrtSession {
  readonly type: 'state-change';
  /** 1 Idle, 2 Connect, 3 Active, 4 OpenSent, 5 OpenConfirm, 6 Established. */
  readonly from: number;
  readonly to: number;
}

interface Subtype {
  readonly number: number;
  readonly state: boolean;
  readonly asn4: boolean;
  readonly addPath: boolean;
  readonly local: boolean;
}

const plain = { state: false, asn4: false, addPath: false, local: false } as const;
const subtypes: readonly Subtype[] = [
  { ...plain, number: 0, state: true },
  { ...plain, number: 1 },
  { ...plain, number: 4, asn4: true },
  { ...plain, number: 5, state: true, asn4: true },
  { ...plain, number: 6, local: true },
  { ...plain, number: 7, asn4: true, local: true },
  { ...plain, number: 8, addPath: true },
  { ...plain, number: 9, asn4: true, addPath: true },
  { ...plain, number: 10, addPath: true, local: true },
  { ...plain, number: 11, asn4: true, addPath: true, local: true },
];

/**
 * Reads a BGP4MP record; `undefined` for a subtype nobody has defined.
 * @throws Truncated when the record is cut off
 */
export function decodeBgp4mp({
  bytes,
  at,
  end,
  subtype,
}: MrtRecord): MrtMessage | MrtStateChange | undefined {
  const row = subtypes.find(({ number }) => number === subtype);
  if (row === undefined) return undefined;
  const reader = new Reader(bytes, at, end);
  const peerAsn = row.asn4 ? reader.u32() : reader.u16();
  const localAsn = row.asn4 ? reader.u32() : reader.u16();
  const interfaceIndex = reader.u16();
  const addressOctets = reader.u16() === 2 ? 16 : 4;
  const peer = addressText(reader.slice(addressOctets));
  const local = addressText(reader.slice(addressOctets));
  const session = { peerAsn, localAsn, peer, local, interfaceIndex };
  if (row.state) return { type: 'state-change', ...session, from: reader.u16(), to: reader.u16() };
  return {
    type: 'message',
    ...session,
    messageAt: reader.at,
    messageEnd: end,
    asn4: row.asn4,
    addPath: row.addPath,
    sent: row.local,
  };
}

/** Lays out the UPDATE of a record; false for any other message, and for one that would have ended the session. */
export function locateLoggedUpdate(
  bytes: Uint8Array,
  { messageAt, messageEnd }: MrtMessage,
  frame: UpdateFrame,
): boolean {
  if (messageEnd - messageAt < HEADER_OCTETS + 4 || bytes[messageAt + 18] !== messageType.update)
    return false;
  return locateUpdate(bytes, messageAt, messageEnd, frame)?.approach !== 'session-reset';
}

/** Subtype and body of a record that logs a message; AS numbers of the session take four octets. */
export function encodeMessageLog(
  session: MrtSession,
  message: Uint8Array,
  { asn4, addPath, sent }: { readonly asn4: boolean; readonly addPath: boolean; readonly sent: boolean },
): { readonly subtype: number; readonly body: Uint8Array } {
  const row = subtypes.find(
    (entry) => !entry.state && entry.asn4 === asn4 && entry.addPath === addPath && entry.local === sent,
  )!;
  const writer = sessionHeader(session, asn4);
  return { subtype: row.number, body: writer.bytes(message).finish() };
}

/** Body of a BGP4MP_STATE_CHANGE_AS4 record (subtype 5). */
export function encodeStateChange(session: MrtSession, from: number, to: number): Uint8Array {
  return sessionHeader(session, true).u16(from).u16(to).finish();
}

function sessionHeader(
  { peerAsn, localAsn, peer, local, interfaceIndex }: MrtSession,
  asn4: boolean,
): Writer {
  const writer = new Writer();
  const peerBytes = parseAddress(peer);
  if (asn4) writer.u32(peerAsn).u32(localAsn);
  else writer.u16(peerAsn).u16(localAsn);
  writer.u16(interfaceIndex).u16(peerBytes.length === 16 ? 2 : 1);
  return writer.bytes(peerBytes).bytes(parseAddress(local));
}
