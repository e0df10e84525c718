/** What the state machine of a channel is told, what it has done about it, and the states it goes through. */
import type { StreamError } from './stream-error.ts';

/** What does not change while a channel lives. */
export interface ChannelSettings {
  readonly role: 'server' | 'client';
  readonly tls: boolean;
  /** Seconds; 0 means no hold and keepalive timers. */
  readonly holdTime: number;
}

/** `open-confirm` is with TLS alone: the header was answered, and what comes next is its negotiation. */
export type ChannelStateName = 'idle' | 'active' | 'connect' | 'open-sent' | 'open-confirm' | 'established';

/** Where a channel is, and what of its past counts for what comes next. */
export interface ChannelState {
  readonly name: ChannelStateName;
  /** Connection attempts since the channel was last stable (client). */
  readonly attempts: number;
  /** Where the negotiation of TLS stands. */
  readonly security: 'plain' | 'awaiting-starttls' | 'awaiting-proceed' | 'handshake' | 'secure';
}

/** Before `start` or `accepted`, and when all is over. */
export const idle: ChannelState = { name: 'idle', attempts: 0, security: 'plain' };

/** What a channel waits for, each at most once at a time. */
export type ChannelTimer = 'open' | 'hold' | 'keepalive' | 'back-off' | 'stable';

/** What happened: to the connection, in the stream, to a timer, or because the owner wants it. */
export type ChannelEvent =
  /** The client shall connect, now and whenever the connection is lost. */
  | { readonly type: 'start' }
  /** The channel shall close; `error` tells the peer why. */
  | { readonly type: 'stop'; readonly error?: StreamError }
  /** The server has a new connection. */
  | { readonly type: 'accepted' }
  | { readonly type: 'connected' }
  | { readonly type: 'connection-lost'; readonly because: string }
  /** A stream header was read; `refusal` is why this peer is not let in. */
  | { readonly type: 'header'; readonly refusal?: StreamError | undefined }
  | { readonly type: 'features'; readonly starttls: boolean }
  | { readonly type: 'starttls' }
  | { readonly type: 'proceed' }
  | { readonly type: 'secured' }
  /** A stanza was read. In `established` the driver counts it and does not ask. */
  | { readonly type: 'stanza' }
  /** The peer's octets are no stream, or ask for too much. */
  | { readonly type: 'stream-failed'; readonly error: StreamError }
  /** The peer closed its stream, or sent a stream error. */
  | { readonly type: 'stream-closed'; readonly because: string }
  | { readonly type: 'open-timer-expires' }
  /** `silence`: milliseconds since a stanza or keepalive came; `unread`: octets are waiting to be read. */
  | { readonly type: 'hold-timer-expires'; readonly silence: number; readonly unread: boolean }
  /** `stalled`: milliseconds for which octets have waited and the peer has taken none. */
  | { readonly type: 'keepalive-timer-expires'; readonly stalled: number }
  | { readonly type: 'back-off-timer-expires' }
  | { readonly type: 'stable-timer-expires' };

/** A change of a channel's state: what it was before, the event, and when, in milliseconds since the epoch. */
export interface ChannelChange {
  readonly from: ChannelStateName;
  readonly event: ChannelEvent['type'];
  readonly at: number;
}

/** What the driver is to do, in the order in which the actions stand. */
export type ChannelAction =
  | { readonly do: 'connect' }
  | { readonly do: 'send-header' | 'send-features' | 'send-starttls' | 'send-proceed' }
  | { readonly do: 'send-keepalive' | 'send-closing-tag' }
  | { readonly do: 'send-error'; readonly error: StreamError }
  /** Put TLS on the connection, and read the stream from its beginning. */
  | { readonly do: 'begin-tls' }
  | { readonly do: 'close-connection' }
  | { readonly do: 'set-timer'; readonly timer: ChannelTimer; readonly milliseconds: number }
  | { readonly do: 'cancel-timers' }
  | { readonly do: 'up' }
  /** The session, or the attempt at one, is over. */
  | { readonly do: 'down'; readonly because: string; readonly error?: StreamError }
  /** The server has not answered for so many attempts; the client goes on trying. */
  | { readonly do: 'timed-out'; readonly attempts: number };

/** The state after an event, and what to do on the way there. */
export interface ChannelStep {
  readonly state: ChannelState;
  readonly actions: readonly ChannelAction[];
}
