/** Why a session, or an attempt at one, came to its end. */
import type { FamilyName } from '../families/table.ts';
import {
  ceaseSubcode,
  encapsulatedNotification,
  errorCode,
  notificationText,
  shutdownText,
  type Notification,
} from '../wire/notification.ts';
import type { Complaint } from './fsm-action.ts';
import type { LongLivedFamily, Negotiated } from './negotiate.ts';
import type { SessionConfig } from './session-config.ts';

/** The end of a session or of an attempt. */
export interface SessionEnd {
  /** Who said so: we or the peer by NOTIFICATION, or the connection failed. */
  readonly direction: 'sent' | 'received' | 'transport';
  /** Code and subcode of the NOTIFICATION; for a hard reset those of the NOTIFICATION inside. */
  readonly code?: number;
  readonly subcode?: number;
  /** For people: names of the codes, the shutdown text, what the kernel said. */
  readonly text: string;
  /** Ended by a hard reset: nothing is kept. @see RFC 8538 §3 */
  readonly hard: boolean;
}

/** The end of an established session. */
export interface SessionDown extends SessionEnd {
  /** Families whose routes are to be kept as stale, because the peer may only be restarting. @see RFC 4724 §4.2 */
  readonly retain: readonly FamilyName[];
  /** Seconds to wait for the peer to come back. */
  readonly restartTime: number;
  /** Families whose stale routes live on behind the restart time, and how long. @see RFC 9494 §4.2 */
  readonly longLived: readonly LongLivedFamily[];
}

/** The end that a NOTIFICATION makes. */
export function notified(direction: 'sent' | 'received', complaint: Complaint): SessionEnd {
  const outer: Notification = { type: 'notification', ...complaint };
  const inner = encapsulatedNotification(outer);
  const { code, subcode } = inner ?? outer;
  const because = complaint instanceof Error && 'because' in complaint ? complaint.because : '';
  const said = shutdownText(inner ?? outer) ?? (typeof because === 'string' ? because : '');
  const name = notificationText(code, subcode);
  return {
    direction,
    code,
    subcode,
    text: `${direction} ${name}${inner === undefined ? '' : ' by hard reset'}${said === '' ? '' : `: ${said}`}`,
    hard: complaint.code === errorCode.cease && complaint.subcode === ceaseSubcode.hardReset,
  };
}

/** The end of a connection that failed, or could not be made. */
export function broken(text: string): SessionEnd {
  return { direction: 'transport', text, hard: false };
}

/** Nobody answered: what is secured and does not fit is dropped by the kernel of the other side without a word. */
export function unanswered({ peer, connectRetry, password, ttlSecurity }: SessionConfig): SessionEnd {
  const secured = [
    ...(password === undefined ? [] : ['the TCP MD5 password is another one']),
    ...(ttlSecurity === undefined ? [] : ['ttl-security allows no peer as far away']),
  ];
  const perhaps = secured.length === 0 ? '' : ` (perhaps ${secured.join(', or ')})`;
  return broken(`no answer from ${peer.address} port ${peer.port ?? 179} in ${connectRetry} s${perhaps}`);
}

/** What the end of an established session means for the routes of the peer. @see RFC 4724 §4.2, RFC 8538 §4, RFC 9494 §4.2 */
export function sessionDown(end: SessionEnd, negotiated: Negotiated): SessionDown {
  const { gracefulRestart, longLived = [] } = negotiated;
  const soft = end.direction === 'transport' || (gracefulRestart?.notification === true && !end.hard);
  if (gracefulRestart === undefined || !soft) return { ...end, retain: [], restartTime: 0, longLived: [] };
  const retain = gracefulRestart.families.map(({ family }) => family);
  return {
    ...end,
    retain: [...new Set([...retain, ...longLived.map(({ family }) => family)])],
    restartTime: gracefulRestart.restartTime,
    longLived,
  };
}

/**
 * Families whose routes of the session before are kept until the peer has sent them again, because it says that it went on
 * forwarding along them. Those of all other families go when it comes back.
 * @see RFC 4724 §4.2, RFC 9494 §4.2
 */
export function stillForwarded({ gracefulRestart, longLived = [] }: Negotiated): ReadonlySet<FamilyName> {
  const said = [...(gracefulRestart?.families ?? []), ...longLived];
  return new Set(said.flatMap(({ family, forwarding }) => (forwarding ? [family] : [])));
}
