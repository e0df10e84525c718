/**
 * A connection without a network: a recording gives it its octets, what is written to it goes nowhere, and it closes
 * the moment it is told to. It has those parts of a socket that sessions use.
 */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Clock } from '@vaportrail/net';

export interface ReplayedConnection {
  /** To be handed to whoever takes sockets. */
  readonly socket: Socket;
  /** Whether this side has closed it. */
  readonly closed: boolean;
  /** Tells a client that it is connected. */
  connect(): void;
  /** The peer writes. */
  receive(octets: Buffer): void;
  /** The peer, or the network, closes it. */
  close(because?: string): void;
}

/** @param clock fires what a socket does later: telling that octets have been taken */
export function replayedConnection(clock: Clock, address: string, port: number): ReplayedConnection {
  const socket = new EventEmitter();
  let closed = false;
  const close = (error?: Error): void => {
    if (closed) return;
    closed = true;
    Object.assign(socket, { destroyed: true, writable: false });
    if (error !== undefined && socket.listenerCount('error') > 0) socket.emit('error', error);
    socket.emit('close');
  };
  const take = (_octets: Uint8Array, written?: () => void): boolean => {
    if (written !== undefined) clock.after(0, written);
    return true;
  };
  const none = (): unknown => socket;
  Object.assign(socket, {
    remoteAddress: address,
    remotePort: port,
    localAddress: address.includes(':') ? '::1' : '127.0.0.1',
    localPort: 0,
    connecting: false,
    destroyed: false,
    writable: true,
    writableLength: 0,
    write: take,
    end: () => close(),
    destroy: () => close(),
    resetAndDestroy: () => close(),
    isPaused: () => false,
    cork: none,
    uncork: none,
    pause: none,
    resume: none,
    setNoDelay: none,
    setKeepAlive: none,
    setTimeout: none,
  });
  return {
    socket: socket as unknown as Socket,
    get closed() {
      return closed;
    },
    connect: () => void socket.emit('connect'),
    receive: (octets) => void (closed || socket.emit('data', octets)),
    close: (because) => close(because === undefined ? undefined : new Error(because)),
  };
}
