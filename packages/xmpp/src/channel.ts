/**
 * The driver of one end of the channel: it owns the socket and the timers, feeds the stream and the state machine, and
 * does what the state machine says. A client's channel lives through its reconnections; a server's is one connection.
 */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { systemClock, type Clock } from '@vaportrail/net';
import {
  idle,
  type ChannelAction,
  type ChannelChange,
  type ChannelEvent,
  type ChannelState,
  type ChannelStateName,
  type ChannelTimer,
} from './channel-event.ts';
import { step } from './channel-fsm.ts';
import {
  ChannelCounters,
  type ChannelDown,
  type ChannelHandlers,
  type ChannelOwner,
} from './channel-owner.ts';
import { ChannelTimers } from './channel-timers.ts';
import { OutgoingStream } from './outgoing-stream.ts';
import type { Negotiation, Stanza } from './stanza.ts';
import { StreamConnection } from './stream-connection.ts';
import { StreamError } from './stream-error.ts';
import { headerBytes, type StreamHeader } from './stream-header.ts';
import { TappedOctets } from './tapped-octets.ts';

/** Made by `XmppServer` and `XmppClient`; whoever is asked to `accept` it uses it from `up` to `down`. */
export class Channel {
  readonly counters = new ChannelCounters();
  readonly #owner: ChannelOwner;
  readonly #clock: Clock;
  readonly #timers: ChannelTimers;
  readonly #tapped: TappedOctets;
  #state: ChannelState = idle;
  #connection: StreamConnection | undefined;
  #outgoing: OutgoingStream | undefined;
  #handlers: ChannelHandlers | undefined;
  #name = '';
  #address = '';
  #port = 0;
  #heardAt = 0;
  #establishedAt: number | undefined;
  #lastChange: ChannelChange | undefined;
  /** Stanzas received when the last read was over. */
  #readStanzas = 0;
  /** Closed from this side. */
  #stopping = false;

  constructor(owner: ChannelOwner) {
    this.#owner = owner;
    this.#clock = owner.clock ?? systemClock;
    this.#timers = new ChannelTimers(this.#clock, (timer) => this.#expire(timer));
    this.#tapped = new TappedOctets(this, owner.tap);
  }

  /** The peer's name, from its stream header. */
  get name(): string {
    return this.#name;
  }

  /** Where the state machine is; stanzas go either way in `established`. */
  get state(): ChannelStateName {
    return this.#state.name;
  }

  /** The peer's address, IPv4 as such even on a socket of IPv6; empty before the first connection. */
  get address(): string {
    return this.#address;
  }

  /** The peer's port. */
  get port(): number {
    return this.#port;
  }

  /** Stanzas of this session that the fast scanner did not know. */
  get strictStanzas(): number {
    return this.#connection?.strictStanzas ?? 0;
  }

  /** Whether the connection is inside TLS. */
  get secure(): boolean {
    return this.#state.security === 'secure';
  }

  /** Of the peer; undefined without TLS, and where the peer was not asked for one. */
  get certificate(): X509Certificate | undefined {
    return this.#connection?.certificate;
  }

  /** Milliseconds since the epoch; undefined while the channel is not up. */
  get establishedAt(): number | undefined {
    return this.#establishedAt;
  }

  /** The last change of {@link state}; undefined before the first. */
  get lastChange(): ChannelChange | undefined {
    return this.#lastChange;
  }

  /** Octets queued and not yet taken by the operating system. */
  get backlog(): number {
    return this.#connection?.backlog ?? 0;
  }

  /** Starts to connect, and to reconnect (client). */
  start(): void {
    this.#step({ type: 'start' });
  }

  /** Takes an accepted connection (server). */
  attach(socket: Socket): void {
    this.#adopt(socket);
    this.#step({ type: 'accepted' });
  }

  /** Ends the session for good, and tells the peer why if there is an error to tell. */
  close(error?: StreamError): void {
    this.#stopping = true;
    this.#step(error === undefined ? { type: 'stop' } : { type: 'stop', error });
    this.#stopping = false;
  }

  /** Ends the session now if its connection has gone: word of that may still be on its way. */
  noticeLoss(): void {
    this.#connection?.noticeLoss();
  }

  /**
   * Queues octets of whole stanzas. Buffers are not copied and may be shared between channels; they must not change
   * afterwards.
   * @returns false when the channel is not up, or was closed because the peer does not read
   */
  send(buffers: readonly Uint8Array[]): boolean {
    if (this.#state.name !== 'established') return false;
    this.#outgoing?.stanzas(buffers);
    return this.#isRead();
  }

  /** Queues messages: before each body goes the header with this peer's name. @returns as {@link send} */
  sendMessage(bodies: readonly Uint8Array[]): boolean {
    if (this.#state.name !== 'established') return false;
    this.#outgoing?.messages(bodies);
    return this.#isRead();
  }

  /** Whether the peer reads what is queued for it; otherwise the channel is closed now. */
  #isRead(): boolean {
    const { backlog } = this;
    if (backlog <= this.#owner.limits.backlogBytes) return true;
    const error = new StreamError('resource-constraint', `${backlog} octets queued and not read`);
    this.#step({ type: 'stream-failed', error });
    return false;
  }

  #step(event: ChannelEvent): void {
    const { state, actions } = step(this.#owner.settings, this.#state, event);
    if (state.name !== this.#state.name)
      this.#lastChange = { from: this.#state.name, event: event.type, at: this.#clock.now() };
    this.#state = state;
    for (const action of actions) this.#do(action);
  }

  #do(action: ChannelAction): void {
    switch (action.do) {
      case 'connect':
        if (this.#owner.connect !== undefined) this.#adopt(this.#owner.connect());
        break;
      case 'begin-tls':
        this.#beginTls();
        break;
      case 'close-connection':
        this.#connection?.release();
        this.#forget();
        break;
      case 'set-timer':
        this.#timers.set(action.timer, action.milliseconds);
        break;
      case 'cancel-timers':
        this.#timers.cancel();
        break;
      case 'up':
        this.#up();
        break;
      case 'down':
        this.#down(
          action.error === undefined
            ? { because: action.because }
            : { because: action.because, error: action.error },
        );
        break;
      case 'timed-out':
        this.#owner.timedOut?.(action.attempts);
        break;
      default:
        this.#outgoing?.do(action);
    }
  }

  #expire(timer: ChannelTimer): void {
    const now = this.#clock.now();
    switch (timer) {
      case 'hold': {
        const unread = this.#connection?.hasUnread === true;
        this.#step({ type: 'hold-timer-expires', silence: now - this.#heardAt, unread });
        break;
      }
      case 'keepalive':
        this.#step({ type: 'keepalive-timer-expires', stalled: this.#connection?.stalled(now) ?? 0 });
        break;
      default:
        this.#step({ type: `${timer}-timer-expires` });
    }
  }

  #adopt(socket: Socket): void {
    const { limits, share, budget } = this.#owner;
    const connection: StreamConnection = new StreamConnection(
      socket,
      {
        connected: () => {
          this.#readAddress(connection);
          this.#step({ type: 'connected' });
        },
        received: (chunk) => {
          this.counters.receivedOctets += chunk.length;
          this.#tapped.received(chunk);
        },
        header: (header) => this.#header(header),
        stanza: (stanza) => this.#stanza(stanza),
        negotiation: (negotiation) => this.#negotiate(negotiation),
        keepalive: () => this.#keepalive(),
        closed: () => this.#step({ type: 'stream-closed', because: 'the peer closed its stream' }),
        failed: (error) => this.#step({ type: 'stream-failed', error }),
        read: () => this.#batchEnd(),
        drained: () => this.#call(() => this.#handlers?.drained?.()),
        lost: (because) => {
          this.#forget();
          this.#step({ type: 'connection-lost', because });
        },
      },
      { limits, clock: this.#clock, share, budget },
    );
    this.#connection = connection;
    this.#outgoing = new OutgoingStream(connection, this.counters, () =>
      headerBytes(this.#owner.header(this.#name)),
    );
    this.#tapped.restart();
    this.#readAddress(connection);
  }

  #readAddress({ address, port }: StreamConnection): void {
    this.#address = address;
    this.#port = port;
  }

  #header(header: StreamHeader): void {
    this.#name = header.from;
    if (this.#outgoing !== undefined) this.#outgoing.peer = header.from;
    this.#step({ type: 'header', refusal: this.#owner.refuse?.(this, header) });
  }

  #stanza(stanza: Stanza): void {
    if (this.#state.name !== 'established') {
      this.#step({ type: 'stanza' });
      return;
    }
    this.counters.receivedStanzas++;
    this.#handlers?.stanza(stanza);
  }

  /** Octets have been read: their stanzas, if they held any, are over. */
  #batchEnd(): void {
    if (this.counters.receivedStanzas === this.#readStanzas) return;
    this.#readStanzas = this.counters.receivedStanzas;
    this.#heardAt = this.#clock.now();
    this.#call(() => this.#handlers?.batchEnd?.());
  }

  #keepalive(): void {
    this.counters.receivedKeepalives++;
    this.#heardAt = this.#clock.now();
  }

  #negotiate(negotiation: Negotiation): void {
    if (negotiation.type !== 'stream-error') {
      this.#step(negotiation);
      return;
    }
    const { condition, text } = negotiation;
    this.#step({
      type: 'stream-closed',
      because: `the peer reports ${condition}${text === '' ? '' : `: ${text}`}`,
    });
  }

  #beginTls(): void {
    const { tls, settings } = this.#owner;
    if (tls === undefined) return;
    this.#tapped.restart();
    this.#outgoing?.restart();
    this.#connection?.secure(tls, settings.role, () => this.#step({ type: 'secured' }));
  }

  #up(): void {
    const now = this.#clock.now();
    this.#heardAt = now;
    this.#establishedAt = now;
    this.counters.sessions++;
    this.#tapped.opened();
    this.#call(() => {
      this.#handlers = this.#owner.accept(this);
      this.#handlers.up?.(this);
    });
  }

  #down(reason: ChannelDown): void {
    const wasUp = this.#establishedAt !== undefined;
    const handlers = this.#handlers;
    this.#handlers = undefined;
    this.#establishedAt = undefined;
    try {
      handlers?.down(reason);
    } catch (error) {
      if (this.#owner.report === undefined) process.emitWarning(error as Error);
      else this.#owner.report(error);
    }
    this.#owner.ended?.(this, reason);
    if (wasUp) this.#tapped.closed(reason);
    else if (!this.#stopping) this.#tapped.failed(reason.because);
  }

  /** Calls a handler; what it throws ends this session. */
  #call(handler: () => void): void {
    try {
      handler();
    } catch (cause) {
      const error = new StreamError('internal-server-error', 'an error inside this program', { cause });
      this.#step({ type: 'stream-failed', error });
    }
  }

  #forget(): void {
    this.#connection = undefined;
    this.#outgoing = undefined;
  }
}
