/** One TCP connection that carries BGP: messages in, octets out, and what is still on its way out. */
import type { Socket } from 'node:net';
import { TurnShare, type Clock } from '@vaportrail/net';
import { MessageStream, type MessageSink } from './framing.ts';
import { wireAddress } from './peer-address.ts';

/** Who is told what happens on a connection; nobody, once it has been closed from this side. */
export interface ConnectionEvents {
  /** One message has arrived; see {@link MessageSink}. */
  readonly message: MessageSink;
  /** All messages of one read have been handed on. */
  readonly batchEnd: () => void;
  /** The octets are no BGP, or a handler threw; called at most once per read. */
  readonly fault: (error: unknown) => void;
  /** The connection is gone, without {@link Connection.close} having been called. */
  readonly lost: (text: string) => void;
  /** The backlog has fallen to the low-water mark or below. */
  readonly drained: () => void;
}

/** `drained` is called when the backlog falls to this many octets. */
export const LOW_WATER = 64 * 1024;
/** Octets handed to the kernel at a time; what is behind them can still be overtaken or dropped. */
const PIECE = 256 * 1024;
/** How long a closed connection may take to deliver its last message, in milliseconds. */
const LINGER = 2000;

/** What one call of {@link Connection.write} brought. */
interface Written {
  readonly buffers: readonly Uint8Array[];
  readonly octets: number;
  readonly done: (() => void) | undefined;
}

/** Of this process, in octets: so much is read before the event loop comes round, from all connections together. */
const readingTurn = new TurnShare(128 * 1024);

/** Whether more has arrived, from peers of this process, than has been read yet. */
export function isInputWaiting(): boolean {
  return readingTurn.isAnybodyWaiting;
}

/** From a connected socket until {@link Connection.close}, or until it is lost. */
export class Connection {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #events: ConnectionEvents;
  readonly #stream: MessageStream;
  /** What waits, and what the kernel is taking now. */
  #waiting: Written[] = [];
  #leaving: Written[] = [];
  #backlog = 0;
  #progressAt: number;
  #open = true;
  /** A chunk has been read and waits for its turn, and how the connection has been lost since: what it says comes first. */
  #hasUnread = false;
  #lostSince: string | undefined;

  /** Takes over a connected socket. */
  constructor(socket: Socket, clock: Clock, events: ConnectionEvents) {
    this.#socket = socket;
    this.#clock = clock;
    this.#events = events;
    this.#stream = new MessageStream(events.message);
    this.#progressAt = clock.now();
    socket.setNoDelay(true);
    const take = (chunk: Uint8Array): void => this.#take(chunk);
    socket.on('data', (chunk: Uint8Array) => {
      if (readingTurn.serve(take, chunk, chunk.length)) return;
      this.#hasUnread = true;
      socket.pause();
    });
    socket.on('error', (error) => this.#lose(error.message));
    socket.on('end', () => this.#lose('closed by the peer'));
    socket.on('close', () => this.#lose('closed'));
  }

  /** Without a zone; empty when the socket has none any more. */
  get localAddress(): string {
    const { localAddress } = this.#socket;
    return localAddress === undefined ? '' : wireAddress(localAddress);
  }

  /** 0 when the socket has none any more. */
  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  /** Without a zone; empty when the socket has none any more. */
  get remoteAddress(): string {
    const { remoteAddress } = this.#socket;
    return remoteAddress === undefined ? '' : wireAddress(remoteAddress);
  }

  /** 0 when the socket has none any more. */
  get remotePort(): number {
    return this.#socket.remotePort ?? 0;
  }

  /** Neither closed nor lost. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** Octets given to {@link write} that the kernel has not taken yet. */
  get backlog(): number {
    return this.#backlog;
  }

  /** When the kernel last took what was written, or when the backlog last began, in milliseconds of the clock. */
  get progressAt(): number {
    return this.#progressAt;
  }

  /** Accepts messages of up to 65,535 octets from here on. @see RFC 8654 §4 */
  acceptExtendedMessages(): void {
    this.#stream.acceptExtendedMessages();
  }

  /** Sends whole messages in order. The buffers must not change until `done` is called; the peer may not have them then. */
  write(buffers: readonly Uint8Array[], done?: () => void): void {
    if (!this.#open || buffers.length === 0) return;
    this.#waiting.push(this.#accept(buffers, done));
    if (this.#leaving.length === 0) this.#send();
  }

  /** Sends one message ahead of all that waits. */
  writeFirst(message: Uint8Array): void {
    if (!this.#open) return;
    this.#waiting.unshift(this.#accept([message], undefined));
    if (this.#leaving.length === 0) this.#send();
  }

  #accept(buffers: readonly Uint8Array[], done: (() => void) | undefined): Written {
    let octets = 0;
    for (const buffer of buffers) octets += buffer.length;
    if (this.#backlog === 0) this.#progressAt = this.#clock.now();
    this.#backlog += octets;
    return { buffers, octets, done };
  }

  /** Hands the kernel the next piece. */
  #send(): void {
    let count = 0;
    for (let octets = 0; count < this.#waiting.length && octets < PIECE; count++)
      octets += this.#waiting[count]!.octets;
    if (count === 0) return;
    const isAll = count === this.#waiting.length;
    this.#leaving = isAll ? this.#waiting : this.#waiting.splice(0, count);
    if (isAll) this.#waiting = [];
    const socket = this.#socket;
    const first = this.#leaving[0]!.buffers;
    // A single change is a single buffer, and goes the short way.
    if (count === 1 && first.length === 1) return void socket.write(first[0]!, this.#sent);
    socket.cork();
    for (let i = 0; i < count; i++) {
      const { buffers } = this.#leaving[i]!;
      const last = i === count - 1 ? buffers.length - 1 : -1;
      for (let j = 0; j < buffers.length; j++) socket.write(buffers[j]!, j === last ? this.#sent : undefined);
    }
    socket.uncork();
  }

  readonly #sent = (error?: Error | null): void => {
    if (error) return;
    const gone = this.#leaving;
    this.#leaving = [];
    const before = this.#backlog;
    for (const { octets } of gone) this.#backlog -= octets;
    this.#progressAt = this.#clock.now();
    for (const { done } of gone) done?.();
    if (!this.#open) return;
    if (this.#leaving.length === 0) this.#send();
    if (before > LOW_WATER && this.#backlog <= LOW_WATER) this.#events.drained();
  };

  /**
   * Closes the connection behind an optional last message, which overtakes what waits: that is dropped. What the peer
   * still sends is read and dropped, because closing with unread octets makes the kernel reset the connection, and the peer
   * would not see the message.
   */
  close(lastMessage?: Uint8Array): void {
    if (!this.#open) return;
    this.#open = false;
    this.#waiting = [];
    const socket = this.#socket;
    if (lastMessage === undefined) socket.end();
    else socket.end(lastMessage);
    const linger = this.#clock.after(LINGER, () => socket.destroy());
    socket.once('close', () => linger.cancel());
  }

  /** Resolves when the socket is gone. */
  closed(): Promise<void> {
    if (this.#socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  /** Takes what has arrived apart. */
  #take(chunk: Uint8Array): void {
    this.#hasUnread = false;
    // Paused as long as this waited for its turn; closing, it drops what still comes.
    if (this.#socket.isPaused()) this.#socket.resume();
    if (!this.#open) return;
    try {
      this.#stream.push(chunk);
      if (this.#open) this.#events.batchEnd();
    } catch (error) {
      this.#events.fault(error);
    }
    if (this.#lostSince !== undefined) this.#lose(this.#lostSince);
  }

  #lose(text: string): void {
    if (!this.#open) return;
    if (this.#hasUnread) {
      this.#lostSince ??= text;
      return;
    }
    this.#open = false;
    this.#socket.destroy();
    this.#events.lost(text);
  }
}
