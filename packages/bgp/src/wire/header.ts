/** The nineteen octets in front of every BGP message: marker, length, type. @see RFC 4271 §4.1 */
import { NotificationError, errorCode, headerSubcode } from './notification.ts';

/** Marker, length and type. @see RFC 4271 §4.1 */
export const HEADER_OCTETS = 19;
/** Longest message unless both sides announced extended messages. @see RFC 4271 §4 */
export const MAX_MESSAGE = 4096;
/** Longest message with the extended message capability; never for OPEN and KEEPALIVE. @see RFC 8654 §4 */
export const MAX_EXTENDED_MESSAGE = 65535;
/** Sixteen octets of ones. */
export const MARKER: Uint8Array = new Uint8Array(16).fill(0xff);

/** Message types. @see https://www.iana.org/assignments/bgp-parameters */
export const messageType = { open: 1, update: 2, notification: 3, keepalive: 4, routeRefresh: 5 } as const;
/** The number of a type of message. */
export type MessageType = (typeof messageType)[keyof typeof messageType];

/** Shortest message of each type, header included. @see RFC 4271 §4, RFC 2918 §3 */
const shortest: Record<MessageType, number> = { 1: 29, 2: 23, 3: 21, 4: 19, 5: 23 };

/** A header alone, for a body of `length - 19` octets to be written behind it. */
export function messageHeader(type: MessageType, length: number): Uint8Array {
  const header = new Uint8Array(HEADER_OCTETS);
  header.set(MARKER);
  header[16] = length >>> 8;
  header[17] = length;
  header[18] = type;
  return header;
}

/** A whole message from its type and body. */
export function frameMessage(type: MessageType, body: Uint8Array): Uint8Array {
  const message = new Uint8Array(HEADER_OCTETS + body.length);
  message.set(messageHeader(type, message.length));
  message.set(body, HEADER_OCTETS);
  return message;
}

/**
 * The length of the message whose header starts at `at`; the caller has made sure that 19 octets are there.
 *
 * `longest` is what the session negotiated; it applies to UPDATE, NOTIFICATION and ROUTE-REFRESH, the others stay
 * at 4096.
 * @throws NotificationError Message Header Error: not synchronized (1), bad length (2, the length as data) or bad
 *   type (3, the type as data). @see RFC 4271 §6.1
 */
export function messageLength(bytes: Uint8Array, at: number, longest = MAX_MESSAGE): number {
  if (!isMarker(bytes, at)) {
    throw new NotificationError(
      errorCode.header,
      headerSubcode.notSynchronized,
      undefined,
      'the marker is not all ones',
    );
  }
  const length = (bytes[at + 16]! << 8) | bytes[at + 17]!;
  const type = bytes[at + 18]!;
  if (length < HEADER_OCTETS || length > longest) throw badLength(length, type);
  if (!isMessageType(type)) {
    throw new NotificationError(
      errorCode.header,
      headerSubcode.badType,
      Uint8Array.of(type),
      `message type ${type}`,
    );
  }
  if (length < shortest[type]) throw badLength(length, type);
  if (type === messageType.keepalive && length !== HEADER_OCTETS) throw badLength(length, type);
  if (type === messageType.open && length > MAX_MESSAGE) throw badLength(length, type);
  return length;
}

/** Whether sixteen octets are ones; written out, because a loop takes twice as long and every message has one. */
function isMarker(bytes: Uint8Array, at: number): boolean {
  const ones =
    bytes[at]! &
    bytes[at + 1]! &
    bytes[at + 2]! &
    bytes[at + 3]! &
    bytes[at + 4]! &
    bytes[at + 5]! &
    bytes[at + 6]! &
    bytes[at + 7]! &
    bytes[at + 8]! &
    bytes[at + 9]! &
    bytes[at + 10]! &
    bytes[at + 11]! &
    bytes[at + 12]! &
    bytes[at + 13]! &
    bytes[at + 14]! &
    bytes[at + 15]!;
  return ones === 0xff;
}

/** Each whole message of a buffer that holds one behind the other, as those have that we send; views, not copies. */
export function* messagesIn(buffer: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + HEADER_OCTETS <= buffer.length;) {
    const end = at + ((buffer[at + 16]! << 8) | buffer[at + 17]!);
    if (end < at + HEADER_OCTETS) return;
    yield buffer.subarray(at, end);
    at = end;
  }
}

/** How many UPDATEs are among the messages of a buffer. */
export function countUpdates(buffer: Uint8Array): number {
  let count = 0;
  for (let at = 0; at + HEADER_OCTETS <= buffer.length;) {
    const length = (buffer[at + 16]! << 8) | buffer[at + 17]!;
    if (length < HEADER_OCTETS) return count;
    if (buffer[at + 18] === messageType.update) count++;
    at += length;
  }
  return count;
}

function isMessageType(type: number): type is MessageType {
  return type >= messageType.open && type <= messageType.routeRefresh;
}

function badLength(length: number, type: number): NotificationError {
  return new NotificationError(
    errorCode.header,
    headerSubcode.badLength,
    Uint8Array.of(length >>> 8, length),
    `a message of type ${type} cannot be ${length} octets long`,
  );
}
