/** The session as its conversations see it: what they need of it, and what they tell it. */
import type { Socket } from 'node:net';
import type { Clock } from '@vaportrail/net';
import type { NotificationError } from '../wire/notification.ts';
import type { Open } from '../wire/open.ts';
import type { Conversation } from './conversation.ts';
import type { TimerName } from './fsm-action.ts';
import type { EventName, State } from './fsm-event.ts';
import type { Negotiated } from './negotiate.ts';
import type { SessionEnd } from './session-end.ts';

/** One for both conversations of a session. */
export interface ConversationOwner {
  readonly clock: Clock;
  /** Opens a connection to the peer. @throws Error when it cannot even be tried */
  dial(): Socket;
  /** The OPEN to send, header included. */
  openMessage(): Uint8Array;
  /** Seconds for the timers whose time the machine does not know. */
  seconds(timer: TimerName, state: State): number;
  /**
   * The peer's OPEN is there. Yields what both sides agree on, or undefined when the conversation has lost against
   * another and has been told so.
   * @throws NotificationError when the OPEN is not acceptable
   */
  opened(conversation: Conversation, open: Open): Negotiated | undefined;
  /** The machine has come to Established. */
  established(conversation: Conversation): void;
  /** Established has been left. */
  released(conversation: Conversation, end: SessionEnd): void;
  /** One message in Established that is neither OPEN, KEEPALIVE nor NOTIFICATION. */
  message(conversation: Conversation, type: number, bytes: Uint8Array, start: number, end: number): void;
  /** Any message in Established, before it is acted upon. */
  heard(bytes: Uint8Array, start: number, end: number): void;
  /** All messages of one read in Established have been handed on. */
  batchEnd(conversation: Conversation): void;
  /** The backlog has fallen to `LOW_WATER` or below. */
  drained(conversation: Conversation): void;
  /** Nobody has answered an attempt to connect in its time; another one begins. */
  unanswered(): void;
  /** The state has changed by `event`; `end` says why when the attempt is over. */
  moved(conversation: Conversation, from: State, end: SessionEnd | undefined, event: EventName): void;
  /** A message went out that the session counts. */
  sent(message: 'open' | 'keepalive' | 'notification'): void;
  /** A message came in that the session counts. */
  received(message: 'open' | 'keepalive' | 'notification'): void;
  /** A handler threw something that is no answer to the peer. */
  failed(error: unknown): NotificationError;
}
