/** Who owns a channel, who uses it, and what either is told. */
import type { Socket } from 'node:net';
import type { Clock, TurnShare } from '@vaportrail/net';
import type { ChannelSettings } from './channel-event.ts';
import type { ChannelTls } from './channel-tls.ts';
import type { Channel } from './channel.ts';
import type { HeldBudget } from './held-budget.ts';
import type { Stanza } from './stanza.ts';
import type { StreamError } from './stream-error.ts';
import type { headerBytes, StreamHeader } from './stream-header.ts';
import { streamLimits, type StreamLimits } from './stream-limits.ts';
import { WORK_AT_ONCE, WORK_IN_ONE_GO, WORK_PER_SECOND } from './work-allowance.ts';

/** Octets queued for a peer that does not read; with more the channel is closed. */
export const MAX_BACKLOG_BYTES = 16 * 1024 * 1024;
/** What one peer may ask of its channel. */
export interface ChannelLimits extends StreamLimits {
  /** Octets queued and not read, beyond which the channel is closed. */
  readonly backlogBytes: number;
  /** Units of work a second that the peer may cause, and at once. */
  readonly workPerSecond: number;
  readonly workAtOnce: number;
  /** Units after which others get their turn. */
  readonly workInOneGo: number;
}

/** The limits where nothing else is said. */
export const channelLimits: ChannelLimits = {
  ...streamLimits,
  backlogBytes: MAX_BACKLOG_BYTES,
  workPerSecond: WORK_PER_SECOND,
  workAtOnce: WORK_AT_ONCE,
  workInOneGo: WORK_IN_ONE_GO,
};

/** Why a session ended. `error` is what the peer was told, if it was told anything. */
export interface ChannelDown {
  readonly because: string;
  readonly error?: StreamError;
}

/** Who uses a channel. What a handler throws closes the channel it was called for, and no other. */
export interface ChannelHandlers {
  up?(channel: Channel): void;
  stanza(stanza: Stanza): void;
  /** All stanzas of one read have been given. */
  batchEnd?(): void;
  /** What was queued has been written. */
  drained?(): void;
  /** The session that was up is over. Stanzas sent and not yet written are lost. */
  down(reason: ChannelDown): void;
}

/** Is told what comes from peers, octet by octet and after TLS, so that it can be recorded. */
export interface ChannelTap {
  /** A session came up; `octets` are all it brought so far: its header, and what stood behind it in the same read. */
  opened(channel: Channel, octets: Uint8Array): void;
  /** More octets of a session, before they are looked at. */
  received(channel: Channel, octets: Uint8Array): void;
  /** The session is over, after its handlers have been told. */
  closed(channel: Channel, reason: ChannelDown): void;
  /** An attempt to connect came to nothing (client). */
  failed?(channel: Channel, because: string): void;
}

/** Of all sessions of a channel. */
export class ChannelCounters {
  receivedOctets = 0;
  receivedStanzas = 0;
  receivedKeepalives = 0;
  sentOctets = 0;
  sentMessages = 0;
  sentKeepalives = 0;
  sessions = 0;
}

/** What the owner of a channel decides; a server and a client differ in it. */
export interface ChannelOwner {
  readonly settings: ChannelSettings;
  readonly limits: ChannelLimits;
  readonly clock?: Clock;
  /** What its channels share of each turn of the event loop. */
  readonly share: TurnShare;
  /** What its channels may hold together of stanzas that have not come to an end. */
  readonly budget?: HeldBudget | undefined;
  readonly tls?: ChannelTls | undefined;
  /** A new connection on its way (client). */
  connect?(): Socket;
  /** This end's header, for a peer whose name may not be known yet. */
  header(peer: string): Parameters<typeof headerBytes>[0];
  /** Why the peer of this header is not let in. */
  refuse?(channel: Channel, header: StreamHeader): StreamError | undefined;
  /** The channel is up: who uses it? */
  accept(channel: Channel): ChannelHandlers;
  /** A session or an attempt is over, after the handlers have been told. */
  ended?(channel: Channel, reason: ChannelDown): void;
  timedOut?(attempts: number): void;
  readonly tap?: ChannelTap | undefined;
  /** A handler threw where no channel was left to close. */
  report?(error: unknown): void;
}
