/** One connection of a channel and the stream on it: stanzas in, as fast as the peer's allowance lets, octets out. */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock, Timer, TurnShare } from '@vaportrail/net';
import type { ChannelLimits } from './channel-owner.ts';
import type { ChannelTls } from './channel-tls.ts';
import { Connection } from './connection.ts';
import type { HeldBudget, Holder } from './held-budget.ts';
import { sourceOf } from './source-address.ts';
import type { Stanza } from './stanza.ts';
import { StreamError } from './stream-error.ts';
import { XmppStream, type StreamHandlers } from './stream.ts';
import { WorkAllowance, timedWork } from './work-allowance.ts';

/** Who is told what happens; nobody, once the connection was released or lost. */
export interface StreamConnectionHandlers extends StreamHandlers {
  connected(): void;
  /** Octets came, before they are looked at. */
  received(chunk: Buffer): void;
  /** They have been looked at, as far as the allowance goes; the channel may have ended meanwhile. */
  read(): void;
  /** All that was queued has been written. */
  drained(): void;
  /** It has been closed, by the peer or by a failure. */
  lost(because: string): void;
}

/** What a connection may do, and with whom it shares that. */
export interface StreamConnectionSettings {
  readonly limits: ChannelLimits;
  readonly clock: Clock;
  /** What it shares with other connections. */
  readonly share: TurnShare;
  /** What it may hold beside them; as much as its limits allow when left out. */
  readonly budget?: HeldBudget | undefined;
}

const nothing = Buffer.alloc(0);

/**
 * Stanzas that are short and make long work: joining and leaving a network walks over its tables, a config subscription
 * over all that the agent may know.
 */
const laborious: ReadonlySet<Stanza['type']> = new Set([
  'subscribe',
  'unsubscribe',
  'config-subscribe',
  'config-unsubscribe',
]);

/** One for each connection of a channel: a client that reconnects makes another. */
export class StreamConnection implements Holder {
  readonly #handlers: StreamConnectionHandlers;
  readonly #settings: StreamConnectionSettings;
  readonly #connection: Connection;
  readonly #stream: XmppStream;
  readonly #allowance: WorkAllowance;
  /** Ends the wait for a new allowance. */
  #wait: Timer | undefined;
  #isReleased = false;

  constructor(socket: Socket, handlers: StreamConnectionHandlers, settings: StreamConnectionSettings) {
    const { limits, clock, share } = settings;
    const now = clock.now();
    this.#handlers = handlers;
    this.#settings = settings;
    this.#stream = new XmppStream({ ...handlers, stanza: (stanza) => this.#take(stanza) }, limits);
    this.#allowance = new WorkAllowance(limits.workPerSecond, limits.workAtOnce, now);
    this.#connection = new Connection(
      socket,
      {
        connected: () => handlers.connected(),
        received: (chunk) => this.#receive(chunk),
        drained: () => handlers.drained(),
        lost: (because) => {
          this.#close();
          handlers.lost(because);
        },
      },
      share,
      now,
    );
  }

  /** The peer's address. */
  get address(): string {
    return this.#connection.address;
  }

  /** What of the peer's address counts for limits: an IPv4 address or an IPv6 /64. */
  get source(): string {
    return sourceOf(this.address);
  }

  /** The peer's port. */
  get port(): number {
    return this.#connection.port;
  }

  /** Of the peer; undefined without TLS, and where the peer was not asked for one. */
  get certificate(): X509Certificate | undefined {
    return this.#connection.certificate;
  }

  /** Octets queued and not yet taken by the operating system. */
  get backlog(): number {
    return this.#connection.backlog;
  }

  /** Whether something that came has not been looked at yet. */
  get hasUnread(): boolean {
    return this.#stream.stalled || this.#connection.hasUnread;
  }

  /** Stanzas so far that the fast scanner did not know. */
  get strictStanzas(): number {
    return this.#stream.strictStanzas;
  }

  /** Milliseconds for which octets have waited and the peer has taken none. */
  stalled(now: number): number {
    return this.#connection.stalled(now);
  }

  /** @see Connection.write */
  write(bytes: Uint8Array): void {
    this.#connection.write(bytes);
  }

  /** @see Connection.writeAll */
  writeAll(buffers: Uint8Array[]): void {
    this.#connection.writeAll(buffers);
  }

  /** Puts TLS on it, inside which the stream begins anew. */
  secure(tls: ChannelTls, role: 'server' | 'client', secured: () => void): void {
    this.#stream.restart();
    this.#connection.secure(tls, role, secured);
  }

  /** @internal All connections hold too much, and this one most. */
  evict(because: string): void {
    this.#stream.close();
    this.#handlers.failed(new StreamError('resource-constraint', because));
  }

  /** Tells that it has been closed, if it has and nobody knows yet. */
  noticeLoss(): void {
    this.#connection.noticeLoss();
  }

  /** Lets it go: nobody is told anything any more, and it closes when the peer has had time to read what is queued. */
  release(): void {
    const { clock, limits } = this.#settings;
    this.#connection.release(clock, limits.backlogBytes);
    this.#close();
  }

  #close(): void {
    this.#isReleased = true;
    this.#wait?.cancel();
    this.#stream.close();
    this.#settings.budget?.note(this, 0);
  }

  /** Gives a stanza on. Some are short and may be long work: for them the time counts that it takes. */
  #take(stanza: Stanza): void {
    if (!laborious.has(stanza.type)) {
      this.#handlers.stanza(stanza);
      return;
    }
    const begun = performance.now();
    this.#handlers.stanza(stanza);
    this.#stream.allowance -= timedWork(performance.now() - begun);
  }

  #receive(chunk: Buffer): void {
    if (this.#isReleased) return;
    this.#handlers.received(chunk);
    const { clock, limits } = this.#settings;
    const given = Math.min(this.#allowance.left(clock.now()), limits.workInOneGo);
    this.#stream.allowance = given;
    this.#stream.push(chunk);
    this.#allowance.use(given - this.#stream.allowance);
    this.#settings.budget?.note(this, this.#stream.heldBytes);
    this.#handlers.read();
    // It may have been released by what was read.
    if (this.#isOver()) return;
    if (!this.#stream.stalled) {
      this.#connection.resume();
      return;
    }
    this.#connection.pause();
    this.#goOnLater();
  }

  /** What has not been looked at waits for the others, or for a new allowance. */
  #goOnLater(): void {
    const { clock, share } = this.#settings;
    const goOn = (): void => this.#receive(nothing);
    this.#wait?.cancel();
    if (this.#allowance.left(clock.now()) > 0) setImmediate(() => share.serve(goOn, undefined));
    else this.#wait = clock.after(this.#allowance.wait, goOn);
  }

  #isOver(): boolean {
    return this.#isReleased;
  }
}
