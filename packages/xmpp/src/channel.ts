/**
 * The driver of one end of the channel: it owns the socket and the timers, feeds the stream and the state machine, and
 * does what the state machine says. A client's channel lives through its reconnections; a server's is one connection.
 */
import type { Socket } from 'node:net';
import { systemClock, type Clock, type Timer } from '@vaportrail/net';
import {
  BACK_OFF_JITTER,
  idle,
  step,
  type ChannelAction,
  type ChannelEvent,
  type ChannelSettings,
  type ChannelState,
  type ChannelStateName,
  type ChannelTimer,
} from './channel-fsm.ts';
import type { ChannelTls } from './channel-tls.ts';
import { messageHeader } from './item-message.ts';
import { CLOSING_TAG, FEATURES, KEEPALIVE, PROCEED, STARTTLS } from './negotiation.ts';
import type { Negotiation, Stanza } from './stanza.ts';
import { StreamError, streamErrorBytes } from './stream-error.ts';
import { headerBytes, type StreamHeader } from './stream-header.ts';
import { streamLimits, XmppStream, type StreamLimits } from './stream.ts';
import { WORK_AT_ONCE, WORK_PER_SECOND, WorkAllowance } from './work-allowance.ts';

/** Octets queued for a peer that does not read; with more the channel is closed. */
export const MAX_BACKLOG_BYTES = 16 * 1024 * 1024;
/** Milliseconds a closed connection stays half open, so that the peer can read why. */
const LINGER = 2000;

export interface ChannelLimits extends StreamLimits {
  readonly backlogBytes: number;
  /** Units of work a second that the peer may cause, and at once. */
  readonly workPerSecond: number;
  readonly workAtOnce: number;
}

export const channelLimits: ChannelLimits = {
  ...streamLimits,
  backlogBytes: MAX_BACKLOG_BYTES,
  workPerSecond: WORK_PER_SECOND,
  workAtOnce: WORK_AT_ONCE,
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

export interface ChannelCounters {
  receivedOctets: number;
  receivedStanzas: number;
  receivedKeepalives: number;
  sentOctets: number;
  sentMessages: number;
  sentKeepalives: number;
  sessions: number;
}

/** What the owner of a channel decides; a server and a client differ in it. */
export interface ChannelOwner {
  readonly settings: ChannelSettings;
  readonly limits: ChannelLimits;
  readonly clock?: Clock;
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
  /** A handler threw where no channel was left to close. */
  report?(error: unknown): void;
}

/** One TCP connection; TLS replaces its socket. */
interface Connection {
  socket: Socket;
  readonly stream: XmppStream;
  sentHeader: boolean;
  /** Why the socket failed, when it did. */
  error: string;
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
  #allowance: WorkAllowance;
  #handlers: ChannelHandlers | undefined;
  #name = '';
  #peerHeader: StreamHeader | undefined;
  #messageHeader: Buffer = Buffer.alloc(0);
  #address = '';
  #port = 0;
  #heardAt = 0;
  #corked = false;
  #establishedAt: number | undefined;

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
    return this.#connection?.stream.strictStanzas ?? 0;
  }

  /** Whether the connection is inside TLS. */
  get secure(): boolean {
    return this.#state.security === 'secure';
  }

  /** Milliseconds since the epoch; undefined while the channel is not up. */
  get establishedAt(): number | undefined {
    return this.#establishedAt;
  }

  /** Octets queued and not yet taken by the operating system. */
  get backlog(): number {
    return this.#connection?.socket.writableLength ?? 0;
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
    this.#step(error === undefined ? { type: 'stop' } : { type: 'stop', error });
  }

  /**
   * Queues octets of whole stanzas. Buffers are not copied and may be shared between channels; they must not change
   * afterwards.
   * @returns false when the channel is not up, or was closed because the peer does not read
   */
  send(buffers: readonly Uint8Array[]): boolean {
    const socket = this.#connection?.socket;
    if (this.#state.name !== 'established' || socket === undefined) return false;
    this.#cork(socket);
    for (const buffer of buffers) {
      this.counters.sentOctets += buffer.length;
      socket.write(buffer);
    }
    if (socket.writableLength <= this.#owner.limits.backlogBytes) return true;
    const error = new StreamError(
      'resource-constraint',
      `${socket.writableLength} octets queued and not read`,
    );
    this.#step({ type: 'stream-failed', error });
    return false;
  }

  /** Queues messages: before each body goes the header with this peer's name. @returns as {@link send} */
  sendMessage(bodies: readonly Uint8Array[]): boolean {
    const buffers: Uint8Array[] = [];
    for (const body of bodies) buffers.push(this.#messageHeader, body);
    this.counters.sentMessages += bodies.length;
    return this.send(buffers);
  }

  /** What is written in one turn of the event loop goes out in one system call. */
  #cork(socket: Socket): void {
    if (this.#corked) return;
    this.#corked = true;
    socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      socket.uncork();
    });
  }

  #step(event: ChannelEvent): void {
    const { state, actions } = step(this.#owner.settings, this.#state, event);
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
        if (this.#connection?.sentHeader === false) this.#sendHeader();
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
    if (this.#connection !== undefined) this.#connection.sentHeader = true;
    this.#write(headerBytes(this.#owner.header(this.#name)));
  }

  #write(bytes: Buffer): void {
    const socket = this.#connection?.socket;
    if (socket === undefined || !socket.writable) return;
    this.counters.sentOctets += bytes.length;
    socket.write(bytes);
  }

  #setTimer(timer: ChannelTimer, milliseconds: number): void {
    const jitter = timer === 'back-off' ? 1 + (2 * Math.random() - 1) * BACK_OFF_JITTER : 1;
    this.#timers.get(timer)?.cancel();
    this.#timers.set(
      timer,
      this.#clock.after(milliseconds * jitter, () => this.#expire(timer)),
    );
  }

  #expire(timer: ChannelTimer): void {
    if (timer !== 'hold') {
      this.#step({ type: `${timer}-timer-expires` });
      return;
    }
    const silence = this.#clock.now() - this.#heardAt;
    this.#step({ type: 'hold-timer-expires', silence, unread: this.#connection?.stream.stalled === true });
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
    const connection: Connection = { socket, stream, sentHeader: false, error: '' };
    this.#connection = connection;
    this.#allowance = this.#newAllowance();
    this.#readAddress(socket);
    if (socket.connecting) {
      socket.once('connect', () => {
        if (this.#connection !== connection) return;
        this.#readAddress(socket);
        this.#step({ type: 'connected' });
      });
    }
    this.#listen(connection);
  }

  #readAddress(socket: Socket): void {
    this.#address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    this.#port = socket.remotePort ?? 0;
  }

  #listen(connection: Connection): void {
    const { socket } = connection;
    const isCurrent = (): boolean => this.#connection === connection;
    socket.on('data', (chunk: Buffer) => {
      if (isCurrent()) this.#receive(connection, chunk);
    });
    socket.on('drain', () => {
      if (isCurrent()) this.#call(() => this.#handlers?.drained?.());
    });
    socket.on('error', (error) => {
      connection.error = error.message;
    });
    socket.on('close', () => {
      if (!isCurrent()) return;
      this.#connection = undefined;
      connection.stream.close();
      this.#step({ type: 'connection-lost', because: connection.error || 'the peer closed the connection' });
    });
  }

  #receive(connection: Connection, chunk: Buffer): void {
    const { stream, socket } = connection;
    const before = this.counters.receivedStanzas;
    this.counters.receivedOctets += chunk.length;
    stream.allowance = this.#allowance.left(this.#clock.now());
    stream.push(chunk);
    this.#allowance.keep(stream.allowance);
    if (this.counters.receivedStanzas > before) this.#call(() => this.#handlers?.batchEnd?.());
    if (this.#connection !== connection) return;
    if (!stream.stalled) {
      if (socket.isPaused()) socket.resume();
      return;
    }
    socket.pause();
    this.#timers.set(
      'allowance',
      this.#clock.after(this.#allowance.wait, () => {
        if (this.#connection === connection) this.#receive(connection, nothing);
      }),
    );
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
    this.#heardAt = this.#clock.now();
    this.#handlers?.stanza(stanza);
  }

  #keepalive(): void {
    this.counters.receivedKeepalives++;
    this.#heardAt = this.#clock.now();
    this.#step({ type: 'keepalive' });
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
    const connection = this.#connection;
    if (connection === undefined || this.#owner.tls === undefined) return;
    const raw = connection.socket;
    raw.removeAllListeners('data');
    raw.removeAllListeners('drain');
    connection.stream.restart();
    this.#owner.tls.begin(
      raw,
      this.#owner.settings.role,
      (socket) => {
        if (this.#connection !== connection) {
          socket.destroy();
          return;
        }
        connection.socket = socket;
        this.#listen(connection);
        this.#step({ type: 'secured' });
      },
      (because) => {
        connection.error ||= because;
      },
    );
  }

  #up(): void {
    const now = this.#clock.now();
    this.#heardAt = now;
    this.#establishedAt = now;
    this.counters.sessions++;
    this.#call(() => {
      this.#handlers = this.#owner.accept(this);
      this.#handlers.up?.(this);
    });
  }

  #down(reason: ChannelDown): void {
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

  /** Lets the connection go: it is read from no more, and closed once what is queued has been written. */
  #release(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    connection.stream.close();
    const { socket } = connection;
    if (socket.connecting || socket.writableLength > this.#owner.limits.backlogBytes) {
      socket.destroy();
      return;
    }
    // Octets left unread would make the close a reset, and the peer might never see why.
    socket.removeAllListeners('data');
    socket.resume();
    socket.end();
    const linger = this.#clock.after(LINGER, () => socket.destroy());
    socket.once('close', () => linger.cancel());
  }
}

const nothing = Buffer.alloc(0);
