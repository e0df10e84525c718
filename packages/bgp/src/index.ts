/** A BGP speaker, and the sessions it is made of. Messages, attributes and address families are in `@vaportrail/bgp/wire`. */
export { Session, type Endpoint, type StateChange } from './session/session.ts';
export { type MessageCounts, type SessionCounters } from './session/session-counters.ts';
export { type SessionHandlers } from './session/session-handlers.ts';
export { peerKey, wireAddress } from './session/peer-address.ts';
export { Listener, type ListenerSettings, type PeerRange } from './session/listener.ts';
export { PeerRanges } from './session/peer-ranges.ts';
export {
  sessionConfig,
  type IdleHold,
  type LocalGracefulRestart,
  type LocalSpeaker,
  type PeerSpeaker,
  type SessionConfig,
  type SessionSettings,
} from './session/session-config.ts';
export {
  counterpart,
  localOpen,
  negotiate,
  type AddPathMode,
  type GracefulRestart,
  type LongLivedFamily,
  type Negotiated,
  type Role,
} from './session/negotiate.ts';
export { sessionDetail, type SessionDetail } from './session/session-detail.ts';
export { administrativeReset } from './session/farewell.ts';
export { stillForwarded, type SessionDown, type SessionEnd } from './session/session-end.ts';
export { type PrefixLimit, type PrefixLimits } from './session/prefix-limit.ts';
export { LOW_WATER, isInputWaiting } from './session/connection.ts';
export { endOfRib } from './session/end-of-rib.ts';
export { MessageStream, type MessageSink } from './session/framing.ts';
export type { Action, Complaint, TimerName } from './session/fsm-action.ts';
export { eventNumbers, states, type Event, type EventName, type State } from './session/fsm-event.ts';
export { LARGE_HOLD_TIME, idleFsm, step, type Fsm, type FsmOptions, type Step } from './session/fsm.ts';
export { Speaker, type AcceptSettings, type PeerSettings, type SpeakerSettings } from './speaker/speaker.ts';
export { Peer } from './speaker/peer.ts';
export { type SpeakerEvents } from './speaker/speaker-events.ts';
export { type LearnedRoute, type Route, type RouteAttributes, type RouteKey } from './speaker/route.ts';
export { NotificationError, ceaseSubcode, errorCode, notificationText } from './wire/notification.ts';
export { families, familyOf, isFamilyName, type FamilyName } from './families/table.ts';
export { Monitoring, type MonitoredRouter, type MonitoringSettings } from './monitor/monitoring.ts';
export { OutgoingFamily, type AgreedFormat } from './monitor/outgoing-family.ts';
export { SessionMonitor, type MonitorSettings } from './monitor/session-monitor.ts';
export type { LocRibInstance, MonitoredTables } from './monitor/monitored-tables.ts';
