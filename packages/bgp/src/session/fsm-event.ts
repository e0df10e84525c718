/** The states of a BGP connection, and what can happen to it. @see RFC 4271 §8.1, §8.2.2 */
import type { Complaint } from './fsm-action.ts';

/** The states of a connection. @see RFC 4271 §8.2.2 */
export const states = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const;
/** One of {@link states}. */
export type State = (typeof states)[number];

/** The events, with their numbers in RFC 4271 §8.1 (29 is RFC 9687; a ROUTE-REFRESH has none). */
export const eventNumbers = {
  ManualStart: 1,
  ManualStop: 2,
  AutomaticStart: 3,
  ManualStart_with_PassiveTcpEstablishment: 4,
  AutomaticStart_with_PassiveTcpEstablishment: 5,
  AutomaticStart_with_DampPeerOscillations: 6,
  AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment: 7,
  AutomaticStop: 8,
  ConnectRetryTimer_Expires: 9,
  HoldTimer_Expires: 10,
  KeepaliveTimer_Expires: 11,
  DelayOpenTimer_Expires: 12,
  IdleHoldTimer_Expires: 13,
  TcpConnection_Valid: 14,
  Tcp_CR_Invalid: 15,
  Tcp_CR_Acked: 16,
  TcpConnectionConfirmed: 17,
  TcpConnectionFails: 18,
  BGPOpen: 19,
  BGPOpen_with_DelayOpenTimer_running: 20,
  BGPHeaderErr: 21,
  BGPOpenMsgErr: 22,
  OpenCollisionDump: 23,
  NotifMsgVerErr: 24,
  NotifMsg: 25,
  KeepAliveMsg: 26,
  UpdateMsg: 27,
  UpdateMsgErr: 28,
  SendHoldTimer_Expires: 29,
  RouteRefreshMsg: 0,
} as const;
/** An event by its name in the RFC. */
export type EventName = keyof typeof eventNumbers;

type EventWithComplaint = 'BGPHeaderErr' | 'BGPOpenMsgErr' | 'UpdateMsgErr';
type EventWithNotice = 'ManualStop' | 'AutomaticStop' | 'OpenCollisionDump';
type EventWithOpen = 'BGPOpen' | 'BGPOpen_with_DelayOpenTimer_running';
type PlainEvent = Exclude<EventName, EventWithComplaint | EventWithNotice | EventWithOpen | 'NotifMsg'>;

/** An event with what comes with it. */
export type Event =
  | { [T in PlainEvent]: { readonly type: T } }[PlainEvent]
  /** `notification` is what to tell the peer; for a stop without one, Cease with the usual subcode. */
  | { readonly type: EventWithNotice; readonly notification?: Complaint }
  | { readonly type: EventWithComplaint; readonly notification: Complaint }
  /** `holdTime` is the negotiated one in seconds, 0 for none. */
  | { readonly type: EventWithOpen; readonly holdTime: number }
  | { readonly type: 'NotifMsg'; readonly notification: Complaint };

/** The six ways to start; a machine that has left Idle is started already. */
const starts: ReadonlySet<EventName> = new Set<StartEvent>([
  'ManualStart',
  'AutomaticStart',
  'ManualStart_with_PassiveTcpEstablishment',
  'AutomaticStart_with_PassiveTcpEstablishment',
  'AutomaticStart_with_DampPeerOscillations',
  'AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment',
]);

type StartEvent = Extract<PlainEvent, `${'Manual' | 'Automatic'}Start${string}`>;
type NeedlessEvent = StartEvent | 'TcpConnection_Valid' | 'Tcp_CR_Invalid';

/** Whether an event means nothing outside of Idle: another start, or news of a connection that the listener judges. */
export function isNeedless(event: Event): event is Extract<Event, { readonly type: NeedlessEvent }> {
  return starts.has(event.type) || event.type === 'TcpConnection_Valid' || event.type === 'Tcp_CR_Invalid';
}
