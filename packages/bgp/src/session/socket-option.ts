/**
 * Socket options that Node does not offer, set through the C library: Linux only, and only where the optional package
 * `koffi` is installed. Nothing is loaded before the first option is set.
 */
import { createRequire } from 'node:module';
import type { Server, Socket } from 'node:net';
import type * as Koffi from 'koffi';

type SetSocketOption = (fd: number, level: number, name: number, value: Uint8Array, length: number) => number;

/** The C library's `setsockopt`, and the error number of its last call. */
interface CLibrary {
  readonly setsockopt: SetSocketOption;
  errno(): number;
}

let library: CLibrary | undefined;

/**
 * Makes sure that socket options can be set.
 * @throws Error saying what is missing: Linux, or the package `koffi`
 */
export function requireSocketOptions(purpose: string): void {
  library ??= load(purpose);
}

function load(purpose: string): CLibrary {
  if (process.platform !== 'linux') throw new Error(`${purpose} needs Linux, this is ${process.platform}`);
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
    const declaration = 'int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t length)';
    return {
      setsockopt: koffi.load(null).func(declaration) as SetSocketOption,
      errno: () => koffi.errno(),
    };
  } catch (cause) {
    throw new Error(`${purpose} needs the optional package koffi: npm install koffi`, { cause });
  }
}

/** Sets an option of a socket. @throws Error with the error number when the kernel refuses */
export function setSocketOption(fd: number, level: number, name: number, value: Uint8Array): void {
  requireSocketOptions('setting a socket option');
  if (library!.setsockopt(fd, level, name, value, value.length) === 0) return;
  throw new SocketOptionError(level, name, library!.errno());
}

/** The kernel has refused a socket option. */
export class SocketOptionError extends Error {
  override readonly name = 'SocketOptionError';
  readonly errno: number;

  constructor(level: number, option: number, errno: number) {
    super(`the kernel refuses option ${option} of level ${level}: error ${errno}`);
    this.errno = errno;
  }
}

/** What Node keeps behind a socket or server; no documented interface leads to the file descriptor. */
interface Handle {
  readonly fd?: number;
  bind?(address: string, port: number): number;
  bind6?(address: string, port: number, flags: number): number;
}

function handleOf(owner: Socket | Server): Handle {
  return (owner as unknown as { readonly _handle?: Handle | null })._handle ?? {};
}

/** The file descriptor of a socket or server. @throws Error when this version of Node does not show it */
export function descriptorOf(owner: Socket | Server): number {
  const { fd } = handleOf(owner);
  if (fd === undefined || fd < 0) throw new Error('this version of Node does not show file descriptors');
  return fd;
}

/**
 * Binds a socket for which `connect` has just been called, so that its descriptor exists before the connection is
 * made: Node connects only in the next tick.
 */
export function bindEarly(socket: Socket, address: string): void {
  const handle = handleOf(socket);
  const error = address.includes(':') ? handle.bind6?.(address, 0, 0) : handle.bind?.(address, 0);
  if (error === undefined) throw new Error('this version of Node does not let sockets be bound');
  if (error !== 0) throw new Error(`cannot bind ${address}: error ${-error}`);
}
