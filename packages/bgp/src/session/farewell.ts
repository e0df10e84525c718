/** The NOTIFICATIONs with which a session is ended on purpose. */
import { NotificationError, ceaseSubcode, encodeShutdownText, errorCode } from '../wire/notification.ts';
import type { Negotiated } from './negotiate.ts';

/** Cease/Administrative Shutdown with a text for the operator of the peer, if there is one. @see RFC 9003 §2 */
export function administrativeShutdown(text: string): NotificationError {
  const data = text === '' ? undefined : encodeShutdownText(text);
  return new NotificationError(errorCode.cease, ceaseSubcode.administrativeShutdown, data);
}

/** Cease/Administrative Reset with a text for the operator of the peer. @see RFC 9003 §2 */
export function administrativeReset(text: string): NotificationError {
  return new NotificationError(errorCode.cease, ceaseSubcode.administrativeReset, encodeShutdownText(text));
}

/**
 * A Cease in a hard reset, where both sides agreed that NOTIFICATIONs need not lose routes: a session that is ended on
 * purpose shall lose them. Anything else as it is.
 * @see RFC 8538 §3.1
 */
export function hardened(
  notification: NotificationError,
  negotiated: Negotiated | undefined,
): NotificationError {
  const { code, subcode, data, because } = notification;
  if (negotiated?.gracefulRestart?.notification !== true) return notification;
  if (code !== errorCode.cease || subcode === ceaseSubcode.hardReset) return notification;
  const inside = Uint8Array.of(code, subcode, ...data);
  return new NotificationError(code, ceaseSubcode.hardReset, inside, because);
}

/** Cease/BFD Down: the path to the peer is broken, says whoever watches it. @see RFC 9384 §3 */
export function bfdDown(): NotificationError {
  return new NotificationError(errorCode.cease, ceaseSubcode.bfdDown);
}
