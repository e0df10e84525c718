/** NOTIFICATION: the error a speaker sends before it closes, and the names of all codes. @see RFC 4271 §4.5 */
import { copyOctets } from '@vaportrail/net';

/** Codes of a NOTIFICATION. @see RFC 4271 §4.5, RFC 7313 §5, RFC 9687 */
export const errorCode = {
  header: 1,
  open: 2,
  update: 3,
  holdTimerExpired: 4,
  fsm: 5,
  cease: 6,
  routeRefresh: 7,
  sendHoldTimerExpired: 8,
} as const;

/** Message Header Error. @see RFC 4271 §6.1 */
export const headerSubcode = { notSynchronized: 1, badLength: 2, badType: 3 } as const;

/** OPEN Message Error. @see RFC 4271 §6.2, RFC 5492 §5, RFC 9234 §4.2 */
export const openSubcode = {
  unspecific: 0,
  unsupportedVersion: 1,
  badPeerAs: 2,
  badIdentifier: 3,
  unsupportedOptionalParameter: 4,
  unacceptableHoldTime: 6,
  unsupportedCapability: 7,
  roleMismatch: 11,
} as const;

/** UPDATE Message Error. @see RFC 4271 §6.3 */
export const updateSubcode = {
  unspecific: 0,
  malformedAttributeList: 1,
  unrecognizedWellKnown: 2,
  missingWellKnown: 3,
  attributeFlags: 4,
  attributeLength: 5,
  invalidOrigin: 6,
  invalidNextHop: 8,
  optionalAttribute: 9,
  invalidNetworkField: 10,
  malformedAsPath: 11,
} as const;

/** Finite State Machine Error. @see RFC 6608 §3 */
export const fsmSubcode = { unspecified: 0, openSent: 1, openConfirm: 2, established: 3 } as const;

/** Cease. @see RFC 4486 §4, RFC 8538 §3, RFC 9384 §3 */
export const ceaseSubcode = {
  maximumPrefixes: 1,
  administrativeShutdown: 2,
  peerDeconfigured: 3,
  administrativeReset: 4,
  connectionRejected: 5,
  otherConfigurationChange: 6,
  connectionCollision: 7,
  outOfResources: 8,
  hardReset: 9,
  bfdDown: 10,
} as const;

/** ROUTE-REFRESH Message Error. @see RFC 7313 §5 */
export const routeRefreshSubcode = { invalidLength: 1 } as const;

/** IANA names of the error codes and their subcodes; an absent subcode is an unassigned one. */
const errorNames: Readonly<Record<number, { name: string; subcodes: Readonly<Record<number, string>> }>> = {
  1: {
    name: 'Message Header Error',
    subcodes: { 1: 'Connection Not Synchronized', 2: 'Bad Message Length', 3: 'Bad Message Type' },
  },
  2: {
    name: 'OPEN Message Error',
    subcodes: {
      1: 'Unsupported Version Number',
      2: 'Bad Peer AS',
      3: 'Bad BGP Identifier',
      4: 'Unsupported Optional Parameter',
      5: 'Authentication Failure (deprecated)',
      6: 'Unacceptable Hold Time',
      7: 'Unsupported Capability',
      11: 'Role Mismatch',
    },
  },
  3: {
    name: 'UPDATE Message Error',
    subcodes: {
      1: 'Malformed Attribute List',
      2: 'Unrecognized Well-known Attribute',
      3: 'Missing Well-known Attribute',
      4: 'Attribute Flags Error',
      5: 'Attribute Length Error',
      6: 'Invalid ORIGIN Attribute',
      7: 'AS Routing Loop (deprecated)',
      8: 'Invalid NEXT_HOP Attribute',
      9: 'Optional Attribute Error',
      10: 'Invalid Network Field',
      11: 'Malformed AS_PATH',
    },
  },
  4: { name: 'Hold Timer Expired', subcodes: {} },
  5: {
    name: 'Finite State Machine Error',
    subcodes: {
      1: 'Unexpected Message in OpenSent',
      2: 'Unexpected Message in OpenConfirm',
      3: 'Unexpected Message in Established',
    },
  },
  6: {
    name: 'Cease',
    subcodes: {
      1: 'Maximum Number of Prefixes Reached',
      2: 'Administrative Shutdown',
      3: 'Peer De-configured',
      4: 'Administrative Reset',
      5: 'Connection Rejected',
      6: 'Other Configuration Change',
      7: 'Connection Collision Resolution',
      8: 'Out of Resources',
      9: 'Hard Reset',
      10: 'BFD Down',
    },
  },
  7: { name: 'ROUTE-REFRESH Message Error', subcodes: { 1: 'Invalid Message Length' } },
  8: { name: 'Send Hold Timer Expired', subcodes: {} },
};

/** `UPDATE Message Error (3) / Malformed AS_PATH (11)`; unassigned numbers are named as such. */
export function notificationText(code: number, subcode: number): string {
  const known = errorNames[code];
  const name = `${known?.name ?? 'Unassigned'} (${code})`;
  if (subcode === 0) return name;
  return `${name} / ${known?.subcodes[subcode] ?? 'Unassigned'} (${subcode})`;
}

/**
 * A protocol error that ends the session: what it carries is the NOTIFICATION to send. Decoders throw it, the driver
 * of the session catches it once.
 */
export class NotificationError extends Error {
  override readonly name = 'NotificationError';
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
  /** What was wrong, in a few words; the message puts the names of code and subcode in front. */
  readonly because: string;

  constructor(code: number, subcode: number, data: Uint8Array = new Uint8Array(0), because = '') {
    super(
      because === '' ? notificationText(code, subcode) : `${notificationText(code, subcode)}: ${because}`,
    );
    this.code = code;
    this.subcode = subcode;
    this.data = data;
    this.because = because;
  }
}

/** A NOTIFICATION, decoded. @see RFC 4271 §4.5 */
export interface Notification {
  readonly type: 'notification';
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}

/** Reads the body of a NOTIFICATION (two octets at least, as {@link messageLength} made sure). */
export function decodeNotification(bytes: Uint8Array, start: number, end: number): Notification {
  return {
    type: 'notification',
    code: bytes[start]!,
    subcode: bytes[start + 1]!,
    data: copyOctets(bytes, start + 2, end),
  };
}

/** Longest text a shutdown or reset may carry, in octets of UTF-8. @see RFC 9003 §2 */
export const MAX_SHUTDOWN_TEXT = 255;

/**
 * Data of a Cease with a reason for people: one octet of length, then UTF-8, cut at a character so that it fits.
 * @see RFC 9003 §2
 */
export function encodeShutdownText(text: string): Uint8Array {
  let utf8 = new TextEncoder().encode(text);
  if (utf8.length > MAX_SHUTDOWN_TEXT) {
    let cut = MAX_SHUTDOWN_TEXT;
    while ((utf8[cut]! & 0xc0) === 0x80) cut--;
    utf8 = utf8.slice(0, cut);
  }
  const data = new Uint8Array(utf8.length + 1);
  data[0] = utf8.length;
  data.set(utf8, 1);
  return data;
}

/**
 * The text an administrative shutdown (6/2) or reset (6/4) carries, `undefined` when it carries none or its length
 * is wrong. Characters that would disturb a terminal are replaced. @see RFC 9003 §2, §4
 */
export function shutdownText(
  notification: Pick<Notification, 'code' | 'subcode' | 'data'>,
): string | undefined {
  const { code, subcode, data } = notification;
  if (code !== errorCode.cease) return undefined;
  if (subcode !== ceaseSubcode.administrativeShutdown && subcode !== ceaseSubcode.administrativeReset)
    return undefined;
  const length = data[0] ?? 0;
  if (length === 0 || length > data.length - 1) return undefined;
  return new TextDecoder().decode(data.subarray(1, 1 + length)).replace(/[\p{Cc}\u2028\u2029]/gu, '\ufffd');
}

/** How many prefixes of which family were the most a peer takes, in the data of Cease 6/1. @see RFC 4486 §4 */
export function prefixLimitOf(
  notification: Pick<Notification, 'code' | 'subcode' | 'data'>,
): { readonly afi: number; readonly safi: number; readonly limit: number } | undefined {
  const { code, subcode, data } = notification;
  if (code !== errorCode.cease || subcode !== ceaseSubcode.maximumPrefixes || data.length < 7)
    return undefined;
  const view = new DataView(data.buffer, data.byteOffset, 7);
  return { afi: view.getUint16(0), safi: data[2]!, limit: view.getUint32(3) };
}

/** The NOTIFICATION inside a hard reset (6/9), which ends the session without graceful restart. @see RFC 8538 §3.1 */
export function encapsulatedNotification(notification: Notification): Notification | undefined {
  const { code, subcode, data } = notification;
  if (code !== errorCode.cease || subcode !== ceaseSubcode.hardReset || data.length < 2) return undefined;
  return decodeNotification(data, 0, data.length);
}
