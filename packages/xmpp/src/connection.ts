/** One TCP connection of a channel, with TLS on it or not: octets in, octets out, and a gentle end. */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock, TurnShare } from '@vaportrail/net';
import type { ChannelTls } from './channel-tls.ts';
import { NOWHERE, Outbox, type OutboxWriter } from './outbox.ts';

/** Milliseconds a closed connection stays half open, so that the peer can read why. */
const LINGER = 2000;
/** What goes out in one system call is put together up to so many octets; more goes out as it is. */
const JOINED_OCTETS = 32 * 1024;

/** Of this process. */
const outbox = new Outbox();
/** Where that is; the system mostly takes it at once, and then the next connection uses it again. */
let joined: Buffer | undefined;

/** Who is told what happens on a connection; nobody, once it has been released. */
export interface ConnectionHandlers {
  connected(): void;
  received(chunk: Buffer): void;
  /** All that was queued has been written. */
  drained(): void;
  /** It has been closed, by the peer or by a failure. */
  lost(because: string): void;
}

/** From a socket, connected or on its way there, until it is {@link Connection.release released} or lost. */
export class Connection implements OutboxWriter {
  #socket: Socket;
  readonly #handlers: ConnectionHandlers;
  readonly #share: TurnShare;
  #released = false;
  #isClosed = false;
  /** Chunks that have been read and wait for their turn. */
  #unread = 0;
  #failure = '';
  /** A handshake is on its way. */
  #isSecuring = false;
  /** Octets written so far, and what the peer had taken of them when {@link stalled} last saw that change, and when. */
  #written = 0;
  #taken = 0;
  #takenAt: number;
  /** Where it stands in the outbox, and with how many octets. */
  #place = NOWHERE;
  #queuedOctets = 0;

  /**
   * @param share what it shares with other connections
   * @param now milliseconds
   */
  constructor(socket: Socket, handlers: ConnectionHandlers, share: TurnShare, now: number) {
    this.#takenAt = now;
    this.#socket = socket;
    this.#handlers = handlers;
    this.#share = share;
    socket.once('connect', () => {
      if (!this.#released) handlers.connected();
    });
    this.#listen(socket);
  }

  /** The peer's address, IPv4 as such even on a socket of IPv6. */
  get address(): string {
    return (this.#socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  }

  /** The peer's port. */
  get port(): number {
    return this.#socket.remotePort ?? 0;
  }

  /** Of the peer; undefined without TLS, and where the peer was not asked for one. */
  get certificate(): X509Certificate | undefined {
    return this.#socket instanceof TLSSocket ? this.#socket.getPeerX509Certificate() : undefined;
  }

  /** Octets queued and not yet taken by the operating system. */
  get backlog(): number {
    return this.#queuedOctets + this.#socket.writableLength;
  }

  /**
   * Milliseconds for which octets have waited and none of what was handed over at once has been taken as a whole; as exact
   * as it is asked often.
   */
  stalled(now: number): number {
    const { backlog } = this;
    const taken = this.#written - backlog;
    if (backlog === 0 || taken !== this.#taken) {
      this.#taken = taken;
      this.#takenAt = now;
    }
    return now - this.#takenAt;
  }

  /** Whether something that has been read waits for its turn. */
  get hasUnread(): boolean {
    return this.#unread > 0;
  }

  /** Writes at once, behind what waits in the outbox. */
  write(bytes: Uint8Array): void {
    this.#flush();
    this.#written += bytes.length;
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /**
   * Writes buffers, together with others of this turn of the event loop and perhaps some turns later. The array is not the
   * caller's any more.
   */
  writeAll(buffers: Uint8Array[]): void {
    for (const buffer of buffers) {
      this.#queuedOctets += buffer.length;
      this.#written += buffer.length;
    }
    this.#place = outbox.put(this, this.#place, buffers);
  }

  /** @see OutboxWriter.writeOut */
  writeOut(buffers: readonly Uint8Array[]): void {
    const octets = this.#queuedOctets;
    const socket = this.#socket;
    this.#place = NOWHERE;
    this.#queuedOctets = 0;
    if (!socket.writable) return;
    if (buffers.length === 1) socket.write(buffers[0]!);
    else if (octets <= JOINED_OCTETS) {
      const bytes = (joined ??= Buffer.allocUnsafeSlow(JOINED_OCTETS));
      let at = 0;
      for (const buffer of buffers) {
        bytes.set(buffer, at);
        at += buffer.length;
      }
      socket.write(bytes.subarray(0, octets));
      if (socket.writableLength > 0) joined = undefined;
    } else {
      socket.cork();
      for (const buffer of buffers) socket.write(buffer);
      socket.uncork();
    }
  }

  /** Hands what waits to the socket now. */
  #flush(): void {
    if (this.#place !== NOWHERE) this.writeOut(outbox.take(this.#place));
  }

  /** Reads no more until {@link resume}: TCP holds the peer back. */
  pause(): void {
    this.#socket.pause();
  }

  /** Reads on, unless what has been read waits for its turn. */
  resume(): void {
    if (this.#unread === 0 && this.#socket.isPaused()) this.#socket.resume();
  }

  /** Puts TLS on it; when the handshake fails the connection is lost. */
  secure(tls: ChannelTls, role: 'server' | 'client', secured: () => void): void {
    const raw = this.#socket;
    this.#isSecuring = true;
    raw.removeAllListeners('data');
    raw.removeAllListeners('drain');
    tls.begin(
      raw,
      role,
      (socket) => {
        this.#isSecuring = false;
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
    this.#flush();
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
    const receive = (chunk: Buffer): void => this.#receive(chunk);
    socket.on('data', (chunk: Buffer) => {
      if (this.#released || this.#share.serve(receive, chunk)) return;
      this.#unread++;
      socket.pause();
    });
    socket.on('drain', () => {
      if (!this.#released) this.#handlers.drained();
    });
    socket.on('error', ({ message }) => {
      this.#failure ||= message;
    });
    socket.on('close', () => {
      this.#isClosed = true;
      if (!this.#released) this.#share.serve(() => this.noticeLoss(), undefined);
    });
  }

  #receive(chunk: Buffer): void {
    if (this.#unread > 0) {
      this.#unread--;
      this.resume();
    }
    if (!this.#released) this.#handlers.received(chunk);
  }

  /** Tells that it has been closed, if it has and nobody knows yet: with thousands of others it may still be in line. */
  noticeLoss(): void {
    if (this.#released || !this.#isClosed) return;
    this.#released = true;
    // Node closes the connection of a peer whose certificate it does not accept before it says why.
    const because = this.#isSecuring
      ? 'the TLS handshake failed: one end does not accept the certificate of the other'
      : 'the peer closed the connection';
    this.#handlers.lost(this.#failure || because);
  }
}
