/** One connection of a channel and the stream on it: stanzas in, as fast as the peer's allowance lets, octets out. */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock, Timer, TurnShare } from '@vaportrail/net';
import type { ChannelLimits } from './channel-owner.ts';
import type { ChannelTls } from './channel-tls.ts';
import { Connection } from './connection.ts';
import { XmppStream, type StreamHandlers } from './stream.ts';
import { WorkAllowance } from './work-allowance.ts';

export interface StreamConnectionHandlers extends StreamHandlers {
  connected(): void;
  /** Octets came, before they are looked at. */
  received(chunk: Buffer): void;
  /** They have been looked at, as far as the allowance goes; the channel may have ended meanwhile. */
  read(): void;
  /** All that was queued has been written. */
  drained(): void;
  lost(because: string): void;
}

export interface StreamConnectionSettings {
  readonly limits: ChannelLimits;
  readonly clock: Clock;
  /** What it shares with other connections. */
  readonly share: TurnShare;
}

const nothing = Buffer.alloc(0);

export class StreamConnection {
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
    this.#stream = new XmppStream(handlers, limits);
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

  get address(): string {
    return this.#connection.address;
  }

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

  write(bytes: Uint8Array): void {
    this.#connection.write(bytes);
  }

  writeAll(buffers: readonly Uint8Array[]): void {
    this.#connection.writeAll(buffers);
  }

  /** Puts TLS on it, inside which the stream begins anew. */
  secure(tls: ChannelTls, role: 'server' | 'client', secured: () => void): void {
    this.#stream.restart();
    this.#connection.secure(tls, role, secured);
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
  }

  #receive(chunk: Buffer): void {
    this.#handlers.received(chunk);
    this.#stream.allowance = this.#allowance.left(this.#settings.clock.now());
    this.#stream.push(chunk);
    this.#allowance.keep(this.#stream.allowance);
    this.#handlers.read();
    if (this.#isReleased) return;
    if (!this.#stream.stalled) {
      this.#connection.resume();
      return;
    }
    this.#connection.pause();
    this.#wait?.cancel();
    this.#wait = this.#settings.clock.after(this.#allowance.wait, () => this.#receive(nothing));
  }
}
