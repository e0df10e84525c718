/**
 * The conversations of a session: the one that is started, retried and stopped, and a further one while the peer has
 * opened a connection of its own and neither of both is given up.
 * @see RFC 4271 §6.8, §8.2
 */
import type { Socket } from 'node:net';
import type { NotificationError } from '../wire/notification.ts';
import { type SpeakerIdentity, survivor } from './collision.ts';
import { Conversation } from './conversation.ts';
import type { ConversationOwner } from './conversation-owner.ts';
import { states, type State } from './fsm-event.ts';
import type { FsmOptions } from './fsm.ts';
import type { Negotiated } from './negotiate.ts';

/** Lives as long as its session; which two conversations it holds changes. */
export class ConversationPair {
  readonly #owner: ConversationOwner;
  readonly #options: FsmOptions;
  readonly #local: SpeakerIdentity;
  #first: Conversation;
  #second: Conversation | undefined;

  /** @param local who we are when two connections collide */
  constructor(owner: ConversationOwner, options: FsmOptions, local: SpeakerIdentity) {
    this.#owner = owner;
    this.#options = options;
    this.#local = local;
    this.#first = new Conversation(owner, options);
  }

  /** The state of the more advanced one. */
  get state(): State {
    const second = this.#second?.state ?? 'Idle';
    return states.indexOf(second) > states.indexOf(this.#first.state) ? second : this.#first.state;
  }

  /** Whether there is a connection with the peer, in whatever state. */
  get isConnected(): boolean {
    return this.#first.isConnected || (this.#second?.isConnected ?? false);
  }

  /** Connects to the peer, or waits for it when it is passive. */
  start(): void {
    this.#first.feed({ type: 'ManualStart' });
  }

  /** Ends both; `toFirst` is what the peer is told where the session may be established. Resolves when they are gone. */
  async stop(notification: NotificationError, toFirst: NotificationError): Promise<void> {
    const gone = this.#gone();
    this.#second?.feed({ type: 'ManualStop', notification });
    this.#first.feed({ type: 'ManualStop', notification: toFirst });
    await gone;
  }

  /** Closes both without a word. Resolves when they are gone. */
  async abandon(): Promise<void> {
    const gone = this.#gone();
    this.#second?.abandon('abandoned');
    this.#first.abandon('abandoned');
    this.#first.feed({ type: 'ManualStop' });
    await gone;
  }

  /**
   * Takes a connection the peer has opened; `opened` is called when it has brought an acceptable OPEN.
   * Yields false when there are two already, or none is wanted.
   */
  accept(socket: Socket, opened: () => void): boolean {
    if (this.#first.state === 'Active' && !this.#first.isConnected) {
      this.#first.accept(socket, opened);
      return true;
    }
    if (this.#first.state === 'Idle' || this.#second !== undefined) return false;
    const second = new Conversation(this.#owner, { ...this.#options, passive: true });
    this.#second = second;
    second.feed({ type: 'ManualStart_with_PassiveTcpEstablishment' });
    second.accept(socket, opened);
    return true;
  }

  /**
   * Resolves a collision between the conversation on which OPEN has arrived and the other one, if there is one. The loser
   * has been told when this returns; yields whether it is the other one.
   * @param changedAt when the session became Established, if it is, in milliseconds of the clock
   */
  survives(conversation: Conversation, negotiated: Negotiated, changedAt: number): boolean {
    const other = conversation === this.#first ? this.#second : this.#first;
    switch (other?.state) {
      case undefined:
      case 'Idle':
      case 'OpenSent':
        return true;
      case 'Connect':
      case 'Active':
        // The peer is there: no need to go on connecting.
        if (!other.isConnected) other.feed({ type: 'ManualStop' });
        return true;
      case 'OpenConfirm': {
        const peer = { routerId: negotiated.peerRouterId, asn: negotiated.peerAsn };
        const ours = survivor(this.#local, peer) === 'ours';
        const loser = conversation.initiatedByUs === ours ? other : conversation;
        loser.feed({ type: 'OpenCollisionDump' });
        return loser === other;
      }
      case 'Established': {
        // A peer that has restarted gracefully connects anew before we have noticed that the old connection is dead.
        const restarted =
          (other.negotiated?.gracefulRestart?.families.length ?? 0) > 0 &&
          conversation.connectedAt >= changedAt;
        if (restarted) other.abandon('the peer has connected again');
        else conversation.feed({ type: 'OpenCollisionDump' });
        return restarted;
      }
    }
  }

  /** A conversation has ended: forgets it if it is the second. Yields whether it was. */
  forgetSecond(conversation: Conversation): boolean {
    if (conversation !== this.#second) return false;
    this.#second = undefined;
    return true;
  }

  /** The first has ended: the second takes its place. Yields false when there is none. */
  promoteSecond(): boolean {
    const second = this.#second;
    if (second === undefined) return false;
    second.adopt(this.#options);
    this.#first = second;
    this.#second = undefined;
    return true;
  }

  /** Resolves when the connections there are now are gone. */
  #gone(): Promise<unknown> {
    return Promise.all([this.#first, this.#second].map((conversation) => conversation?.connection?.closed()));
  }
}
