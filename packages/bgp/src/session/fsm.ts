/**
 * The finite state machine of one BGP connection, without sockets and clocks: {@link step} takes a state and an event
 * and yields the next state and what to do. It answers every pair and never throws.
 *
 * ```
 *            start               connected                OPEN                 KEEPALIVE
 *   Idle ───────────► Connect ──────────────► OpenSent ─────────► OpenConfirm ───────────► Established
 *     │                │    ▲                    ▲
 *     │ passive start  ▼    │ retry              │
 *     └─────────────► Active ────────────────────┘          any error: back to Idle
 * ```
 *
 * Where this machine does not follow the letter of RFC 4271 §8.2.2:
 * - A passive peer never connects; the RFC lets it connect when the ConnectRetryTimer expires.
 * - A second connection of the same peer gets a machine of its own (§8.2 asks for that), so a second OPEN on one
 *   connection is an unexpected message, and collisions are found by the owner of the machines.
 * - A NOTIFICATION is never answered by one, and a header error in Established is answered as §6.1 says.
 *
 * @see RFC 4271 §8, RFC 6608 (subcodes of Finite State Machine Error), RFC 9687 (SendHoldTimer)
 */

import { ceaseSubcode, errorCode } from '../wire/notification.ts';
import { complain, complaint, disconnect, stop, unexpected, type Action } from './fsm-action.ts';
import { isNeedless, type Event, type State } from './fsm-event.ts';

/** What of the configuration the machine goes by. */
export interface FsmOptions {
  /** Wait for the peer to connect and never connect to it. */
  readonly passive: boolean;
  /** Wait for the peer's OPEN before sending ours. @see RFC 4271 §8.1.1, DelayOpen */
  readonly delayOpen: boolean;
}

/** The machine as a value: a step makes another one. */
export interface Fsm {
  readonly state: State;
  readonly options: FsmOptions;
  /** How often this connection has been tried since it was started. */
  readonly connectRetryCounter: number;
  readonly delayOpenRunning: boolean;
  /** The negotiated hold time in seconds; 0 until OPEN has been received, or when there is none. */
  readonly holdTime: number;
}

/** The machine after an event, and what to do, in order. */
export interface Step {
  readonly fsm: Fsm;
  readonly actions: readonly Action[];
}

/** Hold time while waiting for the peer's OPEN, in seconds. @see RFC 4271 §8.2.2 */
export const LARGE_HOLD_TIME = 240;

/** A machine in Idle. */
export function idleFsm(options: FsmOptions): Fsm {
  return { state: 'Idle', options, connectRetryCounter: 0, delayOpenRunning: false, holdTime: 0 };
}

/** The next state and what to do. */
export function step(fsm: Fsm, event: Event): Step {
  switch (fsm.state) {
    case 'Idle':
      return idle(fsm, event);
    case 'Connect':
      return connect(fsm, event);
    case 'Active':
      return active(fsm, event);
    case 'OpenSent':
      return openSent(fsm, event);
    case 'OpenConfirm':
      return openConfirm(fsm, event);
    case 'Established':
      return established(fsm, event);
  }
}

function idle(fsm: Fsm, event: Event): Step {
  switch (event.type) {
    case 'ManualStart':
    case 'AutomaticStart':
      return begin({ ...fsm, connectRetryCounter: 0 }, fsm.options.passive);
    case 'ManualStart_with_PassiveTcpEstablishment':
    case 'AutomaticStart_with_PassiveTcpEstablishment':
      return begin({ ...fsm, connectRetryCounter: 0 }, true);
    case 'AutomaticStart_with_DampPeerOscillations':
    case 'IdleHoldTimer_Expires':
      return begin(fsm, fsm.options.passive);
    case 'AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment':
      return begin(fsm, true);
    case 'ManualStop':
    case 'AutomaticStop':
      return { fsm: { ...fsm, connectRetryCounter: 0 }, actions: [stop('idle-hold')] };
    case 'Tcp_CR_Acked':
    case 'TcpConnectionConfirmed':
      return { fsm, actions: [disconnect] };
    default:
      return stay(fsm);
  }
}

/** Leaves Idle: towards the peer, or, when `passive`, waiting for it. */
function begin(fsm: Fsm, passive: boolean): Step {
  const timers = [stop('idle-hold'), ...retryLater(fsm)];
  return passive
    ? { fsm: { ...fsm, state: 'Active' }, actions: timers }
    : { fsm: { ...fsm, state: 'Connect' }, actions: [...timers, { type: 'connect' }] };
}

function connect(fsm: Fsm, event: Event): Step {
  switch (event.type) {
    case 'ConnectRetryTimer_Expires':
      return {
        fsm: { ...fsm, delayOpenRunning: false },
        actions: [disconnect, stop('delay-open'), ...retryLater(fsm), { type: 'connect' }],
      };
    case 'TcpConnectionFails':
      if (!fsm.delayOpenRunning) return toIdle(fsm, []);
      return {
        fsm: { ...fsm, state: 'Active', delayOpenRunning: false },
        actions: [disconnect, stop('delay-open'), ...retryLater(fsm)],
      };
    default:
      return beforeOpen(fsm, event);
  }
}

function active(fsm: Fsm, event: Event): Step {
  switch (event.type) {
    case 'ConnectRetryTimer_Expires':
      // A connection that waits for DelayOpen has arrived meanwhile: connecting as well would only collide with it.
      if (fsm.options.passive || fsm.delayOpenRunning) return stay(fsm);
      return { fsm: { ...fsm, state: 'Connect' }, actions: [...retryLater(fsm), { type: 'connect' }] };
    case 'TcpConnectionFails':
      return toIdle(failed(fsm), []);
    default:
      return beforeOpen(fsm, event);
  }
}

/** What Connect and Active answer alike. */
function beforeOpen(fsm: Fsm, event: Event): Step {
  if (isNeedless(event)) return stay(fsm);
  switch (event.type) {
    case 'ManualStop':
      return toIdle({ ...fsm, connectRetryCounter: 0 }, []);
    case 'Tcp_CR_Acked':
    case 'TcpConnectionConfirmed':
      if (fsm.options.delayOpen)
        return {
          fsm: { ...fsm, delayOpenRunning: true },
          actions: [stop('connect-retry'), { type: 'start-timer', timer: 'delay-open' }],
        };
      return sendOpen(fsm);
    case 'DelayOpenTimer_Expires':
      return fsm.delayOpenRunning ? sendOpen(fsm) : toIdle(failed(fsm), []);
    case 'BGPOpen_with_DelayOpenTimer_running':
      if (!fsm.delayOpenRunning) return toIdle(failed(fsm), []);
      return confirm(fsm, event.holdTime, [stop('delay-open'), { type: 'send-open' }]);
    case 'BGPHeaderErr':
    case 'BGPOpenMsgErr':
      // SendNOTIFICATIONwithoutOPEN: the peer learns what was wrong although it has not seen our OPEN.
      return toIdle(failed(fsm), [complain(event.notification)], 'damp');
    case 'NotifMsgVerErr':
      return toIdle(fsm.delayOpenRunning ? fsm : failed(fsm), []);
    default:
      return toIdle(failed(fsm), []);
  }
}

function openSent(fsm: Fsm, event: Event): Step {
  switch (event.type) {
    case 'TcpConnectionFails':
      return {
        fsm: { ...fsm, state: 'Active', delayOpenRunning: false },
        actions: [stop('hold'), disconnect, ...retryLater(fsm)],
      };
    case 'BGPOpen':
      return confirm(fsm, event.holdTime, []);
    case 'NotifMsgVerErr':
      return toIdle(fsm, []);
    default:
      return conversation(fsm, event);
  }
}

function openConfirm(fsm: Fsm, event: Event): Step {
  switch (event.type) {
    case 'KeepAliveMsg':
      return {
        fsm: { ...fsm, state: 'Established' },
        actions: [...holdOn(fsm), { type: 'start-timer', timer: 'send-hold' }, { type: 'established' }],
      };
    case 'KeepaliveTimer_Expires':
      return { fsm, actions: keepAlive(fsm) };
    case 'NotifMsgVerErr':
      return toIdle(fsm, []);
    default:
      return conversation(fsm, event);
  }
}

function established(fsm: Fsm, event: Event): Step {
  switch (event.type) {
    case 'KeepAliveMsg':
    case 'UpdateMsg':
    case 'RouteRefreshMsg':
      return { fsm, actions: holdOn(fsm) };
    case 'KeepaliveTimer_Expires':
      return { fsm, actions: keepAlive(fsm) };
    case 'UpdateMsgErr':
      return toIdle(failed(fsm), [complain(event.notification)], 'damp');
    default:
      return conversation(fsm, event);
  }
}

/** What OpenSent, OpenConfirm and Established answer alike. */
function conversation(fsm: Fsm, event: Event): Step {
  if (isNeedless(event)) return stay(fsm);
  switch (event.type) {
    case 'Tcp_CR_Acked':
    case 'TcpConnectionConfirmed':
      return stay(fsm);
    case 'ManualStop':
      return toIdle({ ...fsm, connectRetryCounter: 0 }, [
        complain(event.notification ?? complaint(errorCode.cease, ceaseSubcode.administrativeShutdown)),
      ]);
    case 'AutomaticStop':
      return toIdle(failed(fsm), [complain(event.notification ?? complaint(errorCode.cease))], 'damp');
    case 'OpenCollisionDump':
      return toIdle(failed(fsm), [
        complain(event.notification ?? complaint(errorCode.cease, ceaseSubcode.connectionCollision)),
      ]);
    case 'HoldTimer_Expires':
      return toIdle(failed(fsm), [complain(complaint(errorCode.holdTimerExpired))]);
    case 'SendHoldTimer_Expires':
      return toIdle(failed(fsm), [complain(complaint(errorCode.sendHoldTimerExpired))]);
    case 'BGPHeaderErr':
    case 'BGPOpenMsgErr':
      return toIdle(failed(fsm), [complain(event.notification)], 'damp');
    case 'TcpConnectionFails':
    case 'NotifMsgVerErr':
      return toIdle(failed(fsm), []);
    case 'NotifMsg':
      return toIdle(failed(fsm), [], event.notification.code === errorCode.cease ? undefined : 'damp');
    case 'BGPOpen':
    case 'BGPOpen_with_DelayOpenTimer_running':
    case 'KeepAliveMsg':
    case 'UpdateMsg':
    case 'UpdateMsgErr':
    case 'RouteRefreshMsg':
      return toIdle(failed(fsm), [complain(unexpected(fsm.state))], 'damp');
    case 'ConnectRetryTimer_Expires':
    case 'KeepaliveTimer_Expires':
    case 'DelayOpenTimer_Expires':
    case 'IdleHoldTimer_Expires':
      return toIdle(failed(fsm), [complain(complaint(errorCode.fsm))], 'damp');
  }
}

function stay(fsm: Fsm): Step {
  return { fsm, actions: [] };
}

function failed(fsm: Fsm): Fsm {
  return { ...fsm, connectRetryCounter: fsm.connectRetryCounter + 1 };
}

function retryLater(fsm: Fsm): Action[] {
  return fsm.options.passive ? [] : [{ type: 'start-timer', timer: 'connect-retry' }];
}

function holdOn(fsm: Fsm): Action[] {
  return fsm.holdTime === 0 ? [] : [{ type: 'start-timer', timer: 'hold', seconds: fsm.holdTime }];
}

function keepAlive(fsm: Fsm): Action[] {
  if (fsm.holdTime === 0) return [];
  return [{ type: 'send-keepalive' }, { type: 'start-timer', timer: 'keepalive', seconds: fsm.holdTime / 3 }];
}

function sendOpen(fsm: Fsm): Step {
  return {
    fsm: { ...fsm, state: 'OpenSent', delayOpenRunning: false },
    actions: [
      stop('connect-retry'),
      stop('delay-open'),
      { type: 'send-open' },
      { type: 'start-timer', timer: 'hold', seconds: LARGE_HOLD_TIME },
    ],
  };
}

/** OPEN has been received: acknowledges it with a KEEPALIVE. A hold time of zero means no timers. */
function confirm(fsm: Fsm, holdTime: number, before: readonly Action[]): Step {
  const timers: Action[] =
    holdTime === 0
      ? [stop('hold'), stop('keepalive')]
      : [
          { type: 'start-timer', timer: 'keepalive', seconds: holdTime / 3 },
          { type: 'start-timer', timer: 'hold', seconds: holdTime },
        ];
  return {
    fsm: { ...fsm, state: 'OpenConfirm', delayOpenRunning: false, holdTime },
    actions: [stop('connect-retry'), ...before, { type: 'send-keepalive' }, ...timers],
  };
}

/**
 * Gives the connection up. With `damp` the machine stays Idle until the IdleHoldTimer expires (DampPeerOscillations);
 * without, its owner may start it again at once.
 */
function toIdle(fsm: Fsm, before: readonly Action[], damp?: 'damp'): Step {
  return {
    fsm: { ...fsm, state: 'Idle', delayOpenRunning: false, holdTime: 0 },
    actions: [
      stop('connect-retry'),
      stop('delay-open'),
      stop('hold'),
      stop('keepalive'),
      stop('send-hold'),
      ...before,
      disconnect,
      ...(fsm.state === 'Established' ? [{ type: 'released' } as const] : []),
      ...(damp === undefined ? [] : [{ type: 'start-timer', timer: 'idle-hold' } as const]),
    ],
  };
}
