/**
 * Sockets with one buffer each that all their octets are read into. Left alone, Node makes a new one of 64 KB for each read:
 * where every route comes in an UPDATE of its own, that is what the garbage collector works for.
 */
import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';

const RECEIVE_OCTETS = 64 * 1024;
/** Windows is given its buffers long before it fills them, and goes on while a socket is paused. */
const isSupported = process.platform !== 'win32';

/**
 * Options of a socket to be made. What it gives with `data` is overwritten with what comes next: when the event is over, or
 * when the socket, paused in it, is resumed.
 */
export function withReceiveBuffer(socket: () => Socket): { readonly onread?: OnReadOpts } {
  if (!isSupported) return {};
  const buffer = Buffer.allocUnsafeSlow(RECEIVE_OCTETS);
  const callback = (octets: number): boolean => {
    socket().emit('data', buffer.subarray(0, octets));
    return true;
  };
  return { onread: { buffer, callback } };
}

/**
 * Gives a connection just accepted a receive buffer, which takes another socket: only one that is made for it has one, and
 * servers make others. No documented interface leads from one socket to the other. A version of Node that has no such way
 * leaves the socket as it was, and the rest of the program does not notice.
 */
export function acceptedWithReceiveBuffer(accepted: Socket): Socket {
  const { _handle: handle } = accepted as unknown as { readonly _handle?: object | null };
  if (!isSupported || handle === undefined || handle === null) return accepted;
  const options = { handle, ...withReceiveBuffer(() => socket) } as SocketConstructorOpts;
  const socket = new Socket(options);
  if (socket.remoteAddress === undefined) return accepted;
  Object.assign(accepted, { _handle: null });
  accepted.destroy();
  return socket;
}
