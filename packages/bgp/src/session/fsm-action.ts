/** What the owner of a BGP connection is asked to do, and what the peer is told. @see RFC 4271 §8.2.2 */
import { errorCode, fsmSubcode } from '../wire/notification.ts';
import type { State } from './fsm-event.ts';

/** What a connection waits for. @see RFC 4271 §10, RFC 9687 */
export type TimerName = 'connect-retry' | 'hold' | 'keepalive' | 'delay-open' | 'idle-hold' | 'send-hold';

/** What a NOTIFICATION to the peer says; a `NotificationError` is one. */
export interface Complaint {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}

/** What the owner of the connection has to do, in this order. */
export type Action =
  /** `seconds` is given for the timers whose time the machine knows; the owner knows the others, and adds jitter. */
  | { readonly type: 'start-timer'; readonly timer: TimerName; readonly seconds?: number }
  | { readonly type: 'stop-timer'; readonly timer: TimerName }
  | { readonly type: 'connect' }
  | { readonly type: 'disconnect' }
  | { readonly type: 'send-open' }
  | { readonly type: 'send-keepalive' }
  | { readonly type: 'send-notification'; readonly notification: Complaint }
  | { readonly type: 'established' }
  /** Established has been left: the routes of the peer go. */
  | { readonly type: 'released' };

const nothing = new Uint8Array(0);
/** Closes the connection, or stops making it. */
export const disconnect: Action = { type: 'disconnect' };

/** A complaint without data. */
export function complaint(code: number, subcode = 0): Complaint {
  return { code, subcode, data: nothing };
}

/** Receive Unexpected Message in OpenSent, OpenConfirm, Established. @see RFC 6608 §3 */
export function unexpected(state: State): Complaint {
  if (state === 'OpenSent') return complaint(errorCode.fsm, fsmSubcode.openSent);
  return complaint(errorCode.fsm, state === 'OpenConfirm' ? fsmSubcode.openConfirm : fsmSubcode.established);
}

/** Stops a timer, if it runs. */
export function stop(timer: TimerName): Action {
  return { type: 'stop-timer', timer };
}

/** Tells the peer. */
export function complain(notification: Complaint): Action {
  return { type: 'send-notification', notification };
}
