/**
 * Connections whose session is not up yet. Anybody can open one, so there is room for so many, and for so many of one
 * source. Beyond that the one silent for longest makes room for each new one: an agent speaks as soon as it is connected.
 */
import type { Socket } from 'node:net';
import type { Channel } from './channel.ts';
import type { ServerLimits } from './server-limits.ts';
import { sourceOf } from './source-address.ts';

/** A connection that may have to make room. */
export interface PendingConnection {
  readonly channel: Channel;
  readonly socket: Socket;
  /** An IPv4 address or an IPv6 /64. */
  readonly source: string;
}

/** Those of one server. */
export class PendingConnections {
  readonly #limits: Pick<ServerLimits, 'pending' | 'pendingPerAddress'>;
  readonly #byChannel = new Map<Channel, PendingConnection>();
  /** In the order of arrival. */
  readonly #bySource = new Map<string, Set<PendingConnection>>();

  constructor(limits: Pick<ServerLimits, 'pending' | 'pendingPerAddress'>) {
    this.#limits = limits;
  }

  /** How many there are. */
  get size(): number {
    return this.#byChannel.size;
  }

  /** In the order of arrival. */
  [Symbol.iterator](): IterableIterator<PendingConnection> {
    return this.#byChannel.values();
  }

  /** Takes one in. @returns the one that has to go for it */
  add(channel: Channel, socket: Socket): PendingConnection | undefined {
    const connection = { channel, socket, source: sourceOf(channel.address) };
    const { source } = connection;
    const [tooMany] = this.#crowd(source) ?? [];
    const present = this.#bySource.get(source);
    if (present === undefined) this.#bySource.set(source, new Set([connection]));
    else present.add(connection);
    this.#byChannel.set(channel, connection);
    return tooMany;
  }

  /** Takes one out. Tells whether it was there. */
  delete(channel: Channel): boolean {
    const connection = this.#byChannel.get(channel);
    if (connection === undefined) return false;
    this.#byChannel.delete(channel);
    const present = this.#bySource.get(connection.source)!;
    present.delete(connection);
    if (present.size === 0) this.#bySource.delete(connection.source);
    return true;
  }

  /** Those of whom one has to go before another of `source` comes. */
  #crowd(source: string): Set<PendingConnection> | undefined {
    const { pending, pendingPerAddress } = this.#limits;
    const own = this.#bySource.get(source);
    if (own !== undefined && own.size >= pendingPerAddress) return own;
    if (this.size < pending) return undefined;
    // The source with most of them pays: who has a few loses none to who has thousands.
    let largest = own;
    for (const one of this.#bySource.values()) if (one.size > (largest?.size ?? 0)) largest = one;
    return largest;
  }
}
