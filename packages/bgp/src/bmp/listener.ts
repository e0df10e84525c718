/** A monitoring station for programs: routers connect, and what they say comes as events. */
import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { peerKey } from '../session/peer-address.ts';
import { readBmpDocuments, type BmpDocument } from './document.ts';

const MAX_ROUTERS = 1024;
/** After so many seconds of silence the kernel asks whether the router is still there; a router may say nothing for days. */
const KEEPALIVE = 60;

/** Where a {@link BmpListener} waits for routers. */
export interface BmpListenerSettings {
  /** All addresses of the machine unless given. */
  readonly address?: string;
  /** There is no well-known one; 0 lets the kernel choose. */
  readonly port: number;
  /** How many routers there may be at a time; 1,024 unless given. */
  readonly limit?: number;
}

/** Events by name, each with one object. `router` is who has connected: `192.0.2.1:40000`. */
export interface BmpListenerEvents {
  /** A router has connected. */
  connected: [{ readonly router: string }];
  /** A router has said something. The next message is read when the listeners have returned. */
  message: [{ readonly router: string; readonly message: BmpDocument }];
  /** The connection is gone. `error` when it broke ({@link Error}) or was no BMP (`BmpError`), and was closed for that. */
  end: [{ readonly router: string; readonly error?: Error }];
}

/** A station learns of everything anew when a router connects: it keeps nothing, and never answers. @see RFC 7854 §3.1 */
export class BmpListener {
  readonly #settings: BmpListenerSettings;
  readonly #events = new EventEmitter<BmpListenerEvents>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(settings: BmpListenerSettings) {
    this.#settings = settings;
  }

  /** Calls `listener` at every event of a kind. What it throws ends the connection, with that error. */
  on<E extends keyof BmpListenerEvents>(event: E, listener: (...told: BmpListenerEvents[E]) => void): this {
    this.#events.on(event, listener as never);
    return this;
  }

  /** Takes a listener away that {@link on} added. */
  off<E extends keyof BmpListenerEvents>(event: E, listener: (...told: BmpListenerEvents[E]) => void): this {
    this.#events.off(event, listener as never);
    return this;
  }

  /** Waits for routers, where it says. @throws Error when the address is in use */
  async start(): Promise<{ address: string; port: number }> {
    const { address: host, port, limit = MAX_ROUTERS } = this.#settings;
    const server = createServer((socket) => void this.#follow(socket));
    server.maxConnections = limit;
    server.listen({ port, ...(host !== undefined && { host }) });
    await once(server, 'listening');
    this.#server = server;
    const { address, port: bound } = server.address() as AddressInfo;
    return { address, port: bound };
  }

  /** Closes all connections. Resolves when they are gone. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** {@link stop}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #follow(socket: Socket): Promise<void> {
    const address = peerKey(socket.remoteAddress ?? '0.0.0.0');
    const router = `${address.includes(':') ? `[${address}]` : address}:${socket.remotePort}`;
    this.#sockets.add(socket);
    socket.setKeepAlive(true, KEEPALIVE * 1000);
    let error: Error | undefined;
    try {
      this.#events.emit('connected', { router });
      for await (const message of readBmpDocuments(socket)) this.#events.emit('message', { router, message });
    } catch (thrown) {
      // Closing them all is nobody's fault.
      if (this.#server !== undefined) error = thrown instanceof Error ? thrown : new Error(String(thrown));
    }
    socket.destroy();
    this.#sockets.delete(socket);
    this.#events.emit('end', { router, ...(error !== undefined && { error }) });
  }
}
