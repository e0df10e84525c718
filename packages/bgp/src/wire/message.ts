/** All BGP messages: one reader and one writer for the four that are not UPDATE. */
import {
  type Notification,
  NotificationError,
  decodeNotification,
  errorCode,
  headerSubcode,
} from './notification.ts';
import { type Open, decodeOpen, encodeOpen } from './open.ts';
import { type RouteRefresh, decodeRouteRefresh, encodeRouteRefresh } from './route-refresh.ts';
import { HEADER_OCTETS, MAX_EXTENDED_MESSAGE, frameMessage, messageLength, messageType } from './header.ts';

/** An UPDATE stays bytes here: {@link locateUpdate} and `decodeUpdate` read it. `end` is the offset behind it. */
export interface RawUpdate {
  readonly type: 'update';
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** A message that is no UPDATE, decoded. */
export type SessionMessage = Open | Notification | RouteRefresh | { readonly type: 'keepalive' };
/** Any message, told apart by `type`. */
export type Message = SessionMessage | RawUpdate;

/** The one KEEPALIVE there is. @see RFC 4271 §4.4 */
export const keepalive: { readonly type: 'keepalive' } = { type: 'keepalive' };

/**
 * Reads the whole message that starts at `start`; its length is in its header and `bytes` must hold all of it.
 * @throws NotificationError what to answer to a message that cannot be read
 */
export function decodeMessage(bytes: Uint8Array, start = 0, longest = MAX_EXTENDED_MESSAGE): Message {
  const there = bytes.length - start;
  if (there < HEADER_OCTETS) throw cutOff(there);
  const end = start + messageLength(bytes, start, longest);
  if (end > bytes.length) throw cutOff(there);
  const body = start + HEADER_OCTETS;
  switch (bytes[start + 18]) {
    case messageType.open:
      return decodeOpen(bytes, body, end);
    case messageType.update:
      return { type: 'update', bytes, start, end };
    case messageType.notification:
      return decodeNotification(bytes, body, end);
    case messageType.routeRefresh:
      return decodeRouteRefresh(bytes, body, end);
    default:
      return keepalive;
  }
}

function cutOff(octets: number): NotificationError {
  const because = `the message is cut off after ${octets} octets`;
  return new NotificationError(errorCode.header, headerSubcode.badLength, undefined, because);
}

/** The whole message, header included. */
export function encodeMessage(message: SessionMessage): Uint8Array {
  switch (message.type) {
    case 'open':
      return frameMessage(messageType.open, encodeOpen(message));
    case 'keepalive':
      return frameMessage(messageType.keepalive, new Uint8Array(0));
    case 'notification':
      return frameMessage(
        messageType.notification,
        Uint8Array.of(message.code, message.subcode, ...message.data),
      );
    case 'route-refresh':
      return frameMessage(messageType.routeRefresh, encodeRouteRefresh(message));
  }
}
