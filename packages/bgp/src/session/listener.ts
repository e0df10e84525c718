/** Listens on addresses and ports, and hands each connection to the session of the peer it comes from. */
import { createServer, type Server, type Socket } from 'node:net';
import { covers, hostPrefix, prefixText, systemClock, type Clock, type Prefix } from '@vaportrail/net';
import { frameMessage, messageType } from '../wire/header.ts';
import { ceaseSubcode, errorCode } from '../wire/notification.ts';
import { peerKey } from './peer-address.ts';
import type { Session } from './session.ts';
import { expectPeers, expectSignature, requireTransportSecurity } from './transport-security.ts';

/** Peers that need not be configured one by one: whoever connects from a prefix. */
export interface PeerRange {
  readonly prefix: Prefix;
  /** How many of them may have a session, or be expected back, at a time. */
  readonly limit: number;
  /** All of them sign with this password. @see RFC 2385 */
  readonly password?: string;
  /** All of them have TTL security. @see RFC 5082 */
  readonly ttlSecurity?: number;
  /** Makes the session of a peer that has connected, passive. Called again when the peer comes back after it had gone. */
  create(address: string): Session;
  /**
   * A peer has no connection left. Where this yields true it is expected back, and keeps its session and its place until
   * {@link Listener.remove}; otherwise its session is removed and stopped.
   */
  left?(session: Session): boolean;
}

interface RangeEntry {
  readonly range: PeerRange;
  /** Addresses of those that have a place. */
  readonly peers: Set<string>;
}

/** How much a listener puts up with, and who is told what it refuses. */
export interface ListenerSettings {
  readonly clock?: Clock;
  /** Connections whose OPEN has not arrived yet, over all peers. */
  readonly maxUnopened?: number;
  /** Seconds a connection may take until its OPEN has arrived. */
  readonly openTime?: number;
  /** A connection has been refused, and why. */
  readonly refused?: (address: string, because: string) => void;
}

const MAX_UNOPENED = 512;
const OPEN_TIME = 60;
/** Refused connections that are told so; more at a time are just closed. */
const MAX_FAREWELLS = 64;
/** How long a refused peer may take to close, in milliseconds. */
const FAREWELL = 1000;

/** Cease/Connection Rejected. @see RFC 4486 §4 */
const rejected = frameMessage(
  messageType.notification,
  Uint8Array.of(errorCode.cease, ceaseSubcode.connectionRejected),
);

/**
 * Sessions are added and removed at any time; a connection that belongs to none of them, nor to a range of peers, is
 * refused.
 */
export class Listener {
  readonly #clock: Clock;
  readonly #settings: Required<Pick<ListenerSettings, 'maxUnopened' | 'openTime'>> & ListenerSettings;
  readonly #servers = new Set<Server>();
  readonly #sessions = new Map<string, Session>();
  /** The longest prefix first. */
  #ranges: RangeEntry[] = [];
  readonly #unopened = new Set<Socket>();
  #farewells = 0;

  constructor(settings: ListenerSettings = {}) {
    this.#settings = { maxUnopened: MAX_UNOPENED, openTime: OPEN_TIME, ...settings };
    this.#clock = settings.clock ?? systemClock;
  }

  /**
   * Accepts connections on an address and port; 0 takes a free port. May be called for several.
   * @returns where it listens
   * @throws Error of the system when the address is in use or not ours
   */
  async listen(at: { readonly address?: string; readonly port?: number }): Promise<{
    address: string;
    port: number;
  }> {
    const server = createServer({ noDelay: true }, (socket) => this.adopt(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: at.address, port: at.port ?? 179 }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    try {
      for (const { config } of this.#sessions.values())
        expectPeers(server, hostPrefix(config.peer.address), config);
      for (const { range } of this.#ranges) expectPeers(server, range.prefix, range);
    } catch (error) {
      server.close();
      throw error;
    }
    this.#servers.add(server);
    server.on('error', (error) => this.#settings.refused?.('', error.message));
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('the server has no address');
    return { address: bound.address, port: bound.port };
  }

  /** The sessions that take connections here. */
  get sessions(): Iterable<Session> {
    return this.#sessions.values();
  }

  /**
   * Has a session take the connections of its peer.
   * @throws RangeError when a session with a peer of this address is there already
   * @throws Error when the kernel does not sign for it
   */
  add(session: Session): void {
    const key = peerKey(session.config.peer.address);
    if (this.#sessions.has(key)) throw new RangeError(`there is a session with ${key} already`);
    for (const server of this.#servers) expectPeers(server, hostPrefix(key), session.config);
    this.#sessions.set(key, session);
  }

  /** Forgets a session, which goes on; the place it had in a range is free again. */
  remove(session: Session): void {
    const key = peerKey(session.config.peer.address);
    if (this.#sessions.get(key) !== session) return;
    this.#sessions.delete(key);
    // Those of a range are signed for by its prefix.
    const isDynamic = this.#ranges.some(({ peers }) => peers.delete(key));
    if (session.config.password !== undefined && !isDynamic)
      for (const server of this.#servers) expectSignature(server, hostPrefix(key), undefined);
  }

  /**
   * Accepts peers by prefix; where ranges overlap the longest prefix counts. A range takes the place of another one with the
   * same prefix, and those who are there stay.
   * @throws Error when the kernel does not sign for them, or this machine lacks what that needs
   */
  acceptRange(range: PeerRange): void {
    requireTransportSecurity({ ...range, peer: { address: prefixText(range.prefix) } });
    const peers = this.removeRange(range.prefix);
    for (const server of this.#servers) expectPeers(server, range.prefix, range);
    this.#ranges.push({ range, peers });
    this.#ranges.sort((a, b) => b.range.prefix.length - a.range.prefix.length);
  }

  /**
   * Accepts nobody new by a prefix; those who are there stay until {@link remove}.
   * @returns their addresses
   */
  removeRange(prefix: Prefix): Set<string> {
    const text = prefixText(prefix);
    const entry = this.#ranges.find(({ range }) => prefixText(range.prefix) === text);
    if (entry === undefined) return new Set();
    this.#ranges = this.#ranges.filter((one) => one !== entry);
    if (entry.range.password !== undefined)
      for (const server of this.#servers) expectSignature(server, prefix, undefined);
    return entry.peers;
  }

  /** Stops listening. The sessions go on. */
  async close(): Promise<void> {
    for (const socket of this.#unopened) socket.destroy();
    await Promise.all(
      [...this.#servers].map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
    this.#servers.clear();
  }

  /** Takes a connection that is there already, e.g. one of a replay, as if it had been accepted here. */
  adopt(socket: Socket): void {
    socket.on('error', () => {});
    const address = socket.remoteAddress;
    if (address === undefined) return void socket.destroy();
    const key = peerKey(address);
    if (this.#unopened.size >= this.#settings.maxUnopened)
      return this.#refuse(socket, key, 'too many connections wait for OPEN');
    const session = this.#sessions.get(key) ?? this.#admit(key);
    if (typeof session === 'string') return this.#refuse(socket, key, session);
    const opened = this.#expectOpen(socket);
    let because = `the session is ${session.state} and takes no connection`;
    try {
      if (session.accept(socket, opened)) {
        socket.once('close', () => this.#forgetDynamic(session, key));
        return;
      }
    } catch (error) {
      because = (error as Error).message;
    }
    opened();
    this.#refuse(socket, key, because);
    this.#forgetDynamic(session, key);
  }

  /** The session of a peer that is not configured but in a range, or why there is none. */
  #admit(key: string): Session | string {
    const peer = hostPrefix(key);
    const entry = this.#ranges.find(({ range }) => covers(range.prefix, peer));
    if (entry === undefined) return 'unknown peer';
    if (entry.peers.size >= entry.range.limit) return `${entry.range.limit} peers of its range are there`;
    let session: Session;
    try {
      session = entry.range.create(key);
    } catch (error) {
      return (error as Error).message;
    }
    this.#sessions.set(key, session);
    entry.peers.add(key);
    session.start();
    return session;
  }

  /** A peer that came by prefix and has no connection left gives its place to others, unless it is expected back. */
  #forgetDynamic(session: Session, key: string): void {
    if (session.isConnected || this.#sessions.get(key) !== session) return;
    const entry = this.#ranges.find(({ peers }) => peers.has(key));
    if (entry === undefined || entry.range.left?.(session) === true) return;
    this.remove(session);
    void session.stop();
  }

  /** Gives a connection `openTime` seconds to show that it speaks BGP; the function returned says that it has. */
  #expectOpen(socket: Socket): () => void {
    const timer = this.#clock.after(this.#settings.openTime * 1000, () => socket.destroy());
    const opened = (): void => {
      timer.cancel();
      this.#unopened.delete(socket);
    };
    this.#unopened.add(socket);
    socket.once('close', opened);
    return opened;
  }

  #refuse(socket: Socket, address: string, because: string): void {
    this.#settings.refused?.(address, because);
    if (this.#farewells >= MAX_FAREWELLS) return void socket.resetAndDestroy();
    this.#farewells++;
    const timer = this.#clock.after(FAREWELL, () => socket.destroy());
    socket.once('close', () => {
      this.#farewells--;
      timer.cancel();
    });
    socket.resume();
    socket.end(rejected);
  }
}
