/**
 * The driver of one end of the channel: it owns the socket and the timers, feeds the stream and the state machine, and
 * does what the state machine says. A client's channel lives through its reconnections; a server's is one connection.
 */
import type { Socket } from 'node:net';
import { systemClock, type Clock, type Timer } from '@vaportrail/net';
import {
  idle,
  type ChannelAction,
  type ChannelEvent,
  type ChannelState,
  type ChannelStateName,
  type ChannelTimer,
} from './channel-event.ts';
import { BACK_OFF_JITTER, step } from './channel-fsm.ts';
import type { ChannelCounters, ChannelDown, ChannelHandlers, ChannelOwner } from './channel-owner.ts';
import { Connection } from './connection.ts';
import { messageHeader } from './item-message.ts';
import { CLOSING_TAG, FEATURES, KEEPALIVE, PROCEED, STARTTLS } from './negotiation.ts';
import type { Negotiation, Stanza } from './stanza.ts';
import { StreamError, streamErrorBytes } from './stream-error.ts';
import { headerBytes, type StreamHeader } from './stream-header.ts';
import { XmppStream } from './stream.ts';
import { WorkAllowance } from './work-allowance.ts';

/** A change of a channel's state: what it was before, the event, and when, in milliseconds since the epoch. */
export interface ChannelChange {
  readonly from: ChannelStateName;
  readonly event: ChannelEvent['type'];
  readonly at: number;
}

export class Channel {
  readonly counters: ChannelCounters = {
    receivedOctets: 0,
    receivedStanzas: 0,
    receivedKeepalives: 0,
    sentOctets: 0,
    sentMessages: 0,
    sentKeepalives: 0,
    sessions: 0,
  };
  readonly #owner: ChannelOwner;
  readonly #clock: Clock;
  readonly #timers = new Map<ChannelTimer | 'allowance', Timer>();
  #state: ChannelState = idle;
  #connection: Connection | undefined;
  #stream: XmppStream | undefined;
  #sentHeader = false;
  #allowance: WorkAllowance;
  #handlers: ChannelHandlers | undefined;
  #name = '';
  #peerHeader: StreamHeader | undefined;
  #messageHeader: Buffer = Buffer.alloc(0);
  #address = '';
  #port = 0;
  #heardAt = 0;
  #establishedAt: number | undefined;
  #lastChange: ChannelChange | undefined;
  /** What came before the session was up, for the tap. */
  #early: Uint8Array[] = [];
  /** Closed from this side. */
  #stopping = false;

  constructor(owner: ChannelOwner) {
    this.#owner = owner;
    this.#clock = owner.clock ?? systemClock;
    this.#allowance = this.#newAllowance();
  }

  /** The peer's name, from its stream header. */
  get name(): string {
    return this.#name;
  }

  get state(): ChannelStateName {
    return this.#state.name;
  }

  /** The peer's address and port. */
  get address(): string {
    return this.#address;
  }

  get port(): number {
    return this.#port;
  }

  /** The stream header as the peer wrote it; undefined before it came. */
  get peerHeader(): StreamHeader | undefined {
    return this.#peerHeader;
  }

  /** Stanzas of this session that the fast scanner did not know. */
  get strictStanzas(): number {
    return this.#stream?.strictStanzas ?? 0;
  }

  /** Whether the connection is inside TLS. */
  get secure(): boolean {
    return this.#state.security === 'secure';
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
    const connection = this.#connection;
    if (this.#state.name !== 'established' || connection === undefined) return false;
    for (const buffer of buffers) this.counters.sentOctets += buffer.length;
    connection.writeAll(buffers);
    const { backlog } = connection;
    if (backlog <= this.#owner.limits.backlogBytes) return true;
    const error = new StreamError('resource-constraint', `${backlog} octets queued and not read`);
    this.#step({ type: 'stream-failed', error });
    return false;
  }

  /** Queues messages: before each body goes the header with this peer's name. @returns as {@link send} */
  sendMessage(bodies: readonly Uint8Array[]): boolean {
    const header = this.#messageHeader;
    const buffers = bodies.length === 1 ? [header, bodies[0]!] : bodies.flatMap((body) => [header, body]);
    this.counters.sentMessages += bodies.length;
    return this.send(buffers);
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
      case 'send-header':
        this.#sendHeader();
        break;
      case 'send-features':
        this.#write(FEATURES);
        break;
      case 'send-starttls':
        this.#write(STARTTLS);
        break;
      case 'send-proceed':
        this.#write(PROCEED);
        break;
      case 'send-keepalive':
        this.counters.sentKeepalives++;
        this.#write(KEEPALIVE);
        break;
      case 'send-closing-tag':
        this.#write(CLOSING_TAG);
        break;
      case 'send-error':
        // An error needs a stream to be in, so the header goes first when it has not gone yet.
        if (!this.#sentHeader) this.#sendHeader();
        this.#write(streamErrorBytes(action.error));
        break;
      case 'begin-tls':
        this.#beginTls();
        break;
      case 'close-connection':
        this.#release();
        break;
      case 'set-timer':
        this.#setTimer(action.timer, action.milliseconds);
        break;
      case 'cancel-timers':
        for (const timer of this.#timers.values()) timer.cancel();
        this.#timers.clear();
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
    }
  }

  #sendHeader(): void {
    this.#sentHeader = true;
    this.#write(headerBytes(this.#owner.header(this.#name)));
  }

  #write(bytes: Buffer): void {
    this.counters.sentOctets += bytes.length;
    this.#connection?.write(bytes);
  }

  #setTimer(timer: ChannelTimer, milliseconds: number): void {
    const jitter = timer === 'back-off' ? 1 + (2 * this.#clock.random() - 1) * BACK_OFF_JITTER : 1;
    this.#timers.get(timer)?.cancel();
    this.#timers.set(
      timer,
      this.#clock.after(milliseconds * jitter, () => this.#expire(timer)),
    );
  }

  #expire(timer: ChannelTimer): void {
    const now = this.#clock.now();
    switch (timer) {
      case 'hold': {
        const unread = this.#stream?.stalled === true || this.#connection?.hasUnread === true;
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

  #newAllowance(): WorkAllowance {
    const { workPerSecond, workAtOnce } = this.#owner.limits;
    return new WorkAllowance(workPerSecond, workAtOnce, this.#clock.now());
  }

  #adopt(socket: Socket): void {
    const stream: XmppStream = new XmppStream(
      {
        header: (header) => this.#header(header),
        stanza: (stanza) => this.#stanza(stanza),
        negotiation: (negotiation) => this.#negotiate(negotiation),
        keepalive: () => this.#keepalive(),
        closed: () => this.#step({ type: 'stream-closed', because: 'the peer closed its stream' }),
        failed: (error) => this.#step({ type: 'stream-failed', error }),
      },
      this.#owner.limits,
    );
    const connection: Connection = new Connection(
      socket,
      {
        connected: () => {
          this.#readAddress(connection);
          this.#step({ type: 'connected' });
        },
        received: (chunk) => this.#receive(connection, stream, chunk),
        drained: () => this.#call(() => this.#handlers?.drained?.()),
        lost: (because) => {
          this.#forget();
          this.#step({ type: 'connection-lost', because });
        },
      },
      this.#owner.share,
      this.#clock.now(),
    );
    this.#connection = connection;
    this.#stream = stream;
    this.#sentHeader = false;
    this.#allowance = this.#newAllowance();
    this.#readAddress(connection);
  }

  #readAddress({ address, port }: Connection): void {
    this.#address = address;
    this.#port = port;
  }

  #receive(connection: Connection, stream: XmppStream, chunk: Buffer): void {
    const before = this.counters.receivedStanzas;
    this.counters.receivedOctets += chunk.length;
    this.#tap(chunk);
    const now = this.#clock.now();
    stream.allowance = this.#allowance.left(now);
    stream.push(chunk);
    this.#allowance.keep(stream.allowance);
    if (this.counters.receivedStanzas > before) {
      this.#heardAt = now;
      this.#call(() => this.#handlers?.batchEnd?.());
    }
    if (this.#connection !== connection) return;
    if (!stream.stalled) {
      connection.resume();
      return;
    }
    connection.pause();
    const again = (): void => {
      if (this.#connection === connection) this.#receive(connection, stream, nothing);
    };
    this.#timers.get('allowance')?.cancel();
    this.#timers.set('allowance', this.#clock.after(this.#allowance.wait, again));
  }

  #tap(chunk: Buffer): void {
    const { tap } = this.#owner;
    if (tap === undefined || chunk.length === 0) return;
    if (this.#state.name === 'established') tap.received(this, chunk);
    else this.#early.push(chunk);
  }

  #header(header: StreamHeader): void {
    this.#name = header.from;
    this.#peerHeader = header;
    this.#messageHeader = messageHeader(header.from);
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
    this.#stream?.restart();
    this.#early = [];
    this.#connection?.secure(tls, settings.role, () => this.#step({ type: 'secured' }));
  }

  #up(): void {
    const now = this.#clock.now();
    this.#heardAt = now;
    this.#establishedAt = now;
    this.counters.sessions++;
    this.#owner.tap?.opened(this, Buffer.concat(this.#early));
    this.#early = [];
    this.#call(() => {
      this.#handlers = this.#owner.accept(this);
      this.#handlers.up?.(this);
    });
  }

  #down(reason: ChannelDown): void {
    const { tap } = this.#owner;
    const wasUp = this.#establishedAt !== undefined;
    const handlers = this.#handlers;
    this.#early = [];
    this.#handlers = undefined;
    this.#establishedAt = undefined;
    try {
      handlers?.down(reason);
    } catch (error) {
      if (this.#owner.report === undefined) process.emitWarning(error as Error);
      else this.#owner.report(error);
    }
    this.#owner.ended?.(this, reason);
    if (wasUp) tap?.closed(this, reason);
    else if (!this.#stopping) tap?.failed?.(this, reason.because);
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

  #release(): void {
    this.#connection?.release(this.#clock, this.#owner.limits.backlogBytes);
    this.#forget();
  }

  #forget(): void {
    this.#stream?.close();
    this.#connection = undefined;
    this.#stream = undefined;
  }
}

const nothing = Buffer.alloc(0);
