/** One TCP connection of a channel, with TLS on it or not: octets in, octets out, and a gentle end. */
import type { Socket } from 'node:net';
import type { Clock } from '@vaportrail/net';
import type { ChannelTls } from './channel-tls.ts';

/** Milliseconds a closed connection stays half open, so that the peer can read why. */
const LINGER = 2000;

/** Who is told what happens on a connection; nobody, once it has been released. */
export interface ConnectionHandlers {
  connected(): void;
  received(chunk: Buffer): void;
  /** All that was queued has been written. */
  drained(): void;
  /** It has been closed, by the peer or by a failure. */
  lost(because: string): void;
}

export class Connection {
  #socket: Socket;
  readonly #handlers: ConnectionHandlers;
  #released = false;
  #corked = false;
  #failure = '';

  constructor(socket: Socket, handlers: ConnectionHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    socket.once('connect', () => {
      if (!this.#released) handlers.connected();
    });
    this.#listen(socket);
  }

  /** The peer's address, IPv4 as such even on a socket of IPv6. */
  get address(): string {
    return (this.#socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  }

  get port(): number {
    return this.#socket.remotePort ?? 0;
  }

  /** Octets queued and not yet taken by the operating system. */
  get backlog(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Writes buffers; what is written in one turn of the event loop goes out in one system call. */
  writeAll(buffers: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        socket.uncork();
      });
    }
    for (const buffer of buffers) socket.write(buffer);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** Puts TLS on it; when the handshake fails the connection is lost. */
  secure(tls: ChannelTls, role: 'server' | 'client', secured: () => void): void {
    const raw = this.#socket;
    raw.removeAllListeners('data');
    raw.removeAllListeners('drain');
    tls.begin(
      raw,
      role,
      (socket) => {
        if (this.#released) {
          socket.destroy();
          return;
        }
        this.#socket = socket;
        this.#listen(socket);
        secured();
      },
      (because) => {
        this.#failure ||= because;
      },
    );
  }

  /**
   * Lets it go: nobody is told anything any more, and it closes when what is queued has been written, or has not been
   * for a while. With more than `backlogLimit` queued it closes at once.
   */
  release(clock: Clock, backlogLimit: number): void {
    this.#released = true;
    const socket = this.#socket;
    if (socket.connecting || socket.writableLength > backlogLimit) {
      socket.destroy();
      return;
    }
    // Octets left unread would make the close a reset, and the peer might never see why.
    socket.removeAllListeners('data');
    socket.resume();
    socket.end();
    const linger = clock.after(LINGER, () => socket.destroy());
    socket.once('close', () => linger.cancel());
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      if (!this.#released) this.#handlers.received(chunk);
    });
    socket.on('drain', () => {
      if (!this.#released) this.#handlers.drained();
    });
    socket.on('error', ({ message }) => {
      this.#failure ||= message;
    });
    socket.on('close', () => {
      if (this.#released) return;
      this.#released = true;
      this.#handlers.lost(this.#failure || 'the peer closed the connection');
    });
  }
}
