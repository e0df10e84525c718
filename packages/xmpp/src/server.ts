/** The control node's end: listens, lets agents in, and keeps strangers from keeping them out. */
import { createServer, type Server, type Socket } from 'node:net';
import { TurnShare, systemClock, type Clock } from '@vaportrail/net';
import { Channel } from './channel.ts';
import {
  channelLimits,
  type ChannelHandlers,
  type ChannelLimits,
  type ChannelOwner,
  type ChannelTap,
} from './channel-owner.ts';
import { refuseName, type PeerNameRule } from './certificate-name.ts';
import { DEFAULT_HOLD_TIME } from './channel-fsm.ts';
import { ChannelTls, type TlsFiles } from './channel-tls.ts';
import { excerpt } from './element-reader.ts';
import { HeldBudget } from './held-budget.ts';
import { PendingConnections } from './pending-connections.ts';
import { serverLimits, type ServerLimits } from './server-limits.ts';
import { sourceOf } from './source-address.ts';
import { StreamError } from './stream-error.ts';
import { STREAM_ID, type StreamHeader } from './stream-header.ts';

/** Connections the operating system may hold for us before they are accepted. */
const LISTEN_BACKLOG = 4096;
/** Milliseconds of silence before TCP asks whether the peer is still there. */
const TCP_KEEPALIVE = 5000;
/** Milliseconds of each turn of the event loop for what comes from agents. */
const TURN_SHARE = 20;

/** Who listens, whom it lets in, and who is told what comes of it. */
export interface XmppServerOptions {
  /** This node's host name, which the stream header carries. */
  readonly name: string;
  /** Called when an agent's session is up; who uses the channel from then on. */
  readonly accept: (channel: Channel) => ChannelHandlers;
  readonly clock?: Clock;
  /** Seconds; 0 switches hold and keepalive timers off. */
  readonly holdTime?: number;
  /** With it, every agent must speak TLS; without, none can. */
  readonly tls?: TlsFiles;
  /** What an agent's name has to do with its certificate; `certificate` where agents have to show one. */
  readonly peerNames?: PeerNameRule | undefined;
  readonly limits?: Partial<ChannelLimits>;
  /** How many agents and connections; {@link serverLimits} where nothing is said. */
  readonly capacity?: Partial<ServerLimits>;
  /** Whether a second connection of a known agent sends the first into graceful restart (else it must wait). */
  readonly gracefulRestartHelper?: boolean;
  /** Only agents of this sub-cluster are let in. */
  readonly subCluster?: string;
  /** A further reason not to let an agent in. */
  readonly refuse?: (header: StreamHeader, address: string) => StreamError | undefined;
  /** A connection ended before its session was up: silence, a bad header or certificate, another session of its name. */
  readonly refused?: (address: string, because: string) => void;
  /** A handler threw where no channel was left to close. */
  readonly report?: (error: unknown) => void;
  /** Milliseconds of each turn of the event loop for what comes from agents. */
  readonly turnShare?: number;
  /** Is told what agents write, for a recording. */
  readonly tap?: ChannelTap | undefined;
}

/** Connections since the server was made. */
export interface XmppServerCounters {
  accepted: number;
  /** Closed before their session was up: silence, bad headers, evictions, refusals. */
  rejected: number;
  /** Of these, dropped to make room for newer connections. */
  evicted: number;
}

/**
 * Every accepted connection becomes a channel; the one of an agent's name is found in {@link XmppServer.channels}
 * once it is up.
 */
export class XmppServer {
  readonly counters: XmppServerCounters = { accepted: 0, rejected: 0, evicted: 0 };
  readonly #options: XmppServerOptions;
  readonly #capacity: ServerLimits;
  readonly #owner: ChannelOwner;
  readonly #servers = new Set<Server>();
  readonly #pending: PendingConnections;
  /** Up, by the agent's name. */
  readonly #channels = new Map<string, Channel>();
  /** How many of them each source has. */
  readonly #perSource = new Map<string, number>();

  /** @throws Error from OpenSSL when the TLS files are unusable */
  constructor(options: XmppServerOptions) {
    this.#options = options;
    this.#capacity = { ...serverLimits, ...options.capacity };
    this.#pending = new PendingConnections(this.#capacity);
    this.#owner = {
      settings: {
        role: 'server',
        tls: options.tls !== undefined,
        holdTime: options.holdTime ?? DEFAULT_HOLD_TIME,
      },
      limits: { ...channelLimits, ...options.limits },
      share: new TurnShare(options.turnShare ?? TURN_SHARE),
      budget: new HeldBudget(this.#capacity.unfinishedBytes),
      clock: options.clock ?? systemClock,
      tls: options.tls === undefined ? undefined : new ChannelTls(options.tls),
      header: (to) => ({ from: options.name, to, id: STREAM_ID, namespace: 'jabber:client' }),
      refuse: (channel, header) => this.#refuse(channel, header),
      accept: (channel) => {
        this.#pending.delete(channel);
        this.#channels.set(channel.name, channel);
        this.#count(channel, 1);
        return options.accept(channel);
      },
      ended: (channel, { because }) => {
        this.#reject(channel, because);
        if (this.#channels.get(channel.name) !== channel) return;
        this.#channels.delete(channel.name);
        this.#count(channel, -1);
      },
      tap: options.tap,
      ...(options.report === undefined ? {} : { report: options.report }),
    };
  }

  /** Agents whose session is up, by name. */
  get channels(): ReadonlyMap<string, Channel> {
    return this.#channels;
  }

  /** Connections whose session is not up yet. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Listens on one more address. Port 0 is any free port.
   * @throws Error with the code of the system, e.g. `EADDRINUSE`
   */
  listen({ address, port }: { address: string; port: number }): Promise<{ address: string; port: number }> {
    const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEPALIVE });
    server.on('connection', (socket) => this.adopt(socket));
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port, backlog: LISTEN_BACKLOG }, () => {
        server.off('error', reject);
        // Out of descriptors: the connection is lost, the listener is not.
        server.on('error', (error) => this.#options.report?.(error));
        this.#servers.add(server);
        const bound = server.address();
        resolve(
          typeof bound === 'object' && bound !== null ? { address, port: bound.port } : { address, port },
        );
      });
    });
  }

  /** Stops listening, closes every channel, and waits until the connections are gone. */
  async close(): Promise<void> {
    const closed = [...this.#servers].map(
      (server) => new Promise<void>((done) => server.close(() => done())),
    );
    this.#servers.clear();
    for (const channel of this.#channels.values()) {
      channel.close(new StreamError('system-shutdown', 'this control node is going down'));
    }
    for (const { channel, socket } of this.#pending) {
      channel.close();
      socket.destroy();
    }
    await Promise.all(closed);
  }

  /** Takes a connection that is there already, e.g. one of a replay, as if it had been accepted here. */
  adopt(socket: Socket): Channel {
    this.counters.accepted++;
    const channel = new Channel(this.#owner);
    channel.attach(socket);
    const evicted = this.#pending.add(channel, socket);
    if (evicted === undefined) return channel;
    this.counters.evicted++;
    this.#reject(evicted.channel, 'it had not spoken, and there was room for no more');
    // Without a word: whoever opens thousands should not have us write to each.
    evicted.channel.close();
    evicted.socket.destroy();
    return channel;
  }

  /** A connection is over before its session was up. */
  #reject(channel: Channel, because: string): void {
    if (!this.#pending.delete(channel)) return;
    this.counters.rejected++;
    this.#options.refused?.(channel.address, because);
  }

  /** An agent of the source of this channel came, or went. */
  #count({ address }: Channel, difference: 1 | -1): void {
    const source = sourceOf(address);
    const count = (this.#perSource.get(source) ?? 0) + difference;
    if (count === 0) this.#perSource.delete(source);
    else this.#perSource.set(source, count);
  }

  /**
   * An agent has one session. A second connection of the same name is dropped as long as the first lives; with the
   * helper for graceful restart, one from the same address also ends the first, so that the next attempt succeeds.
   * (Two connections cannot share address and port: TCP sees to that.)
   */
  #refuse(channel: Channel, header: StreamHeader): StreamError | undefined {
    const { subCluster, gracefulRestartHelper, refuse } = this.#options;
    const { agents, agentsPerAddress } = this.#capacity;
    if (subCluster !== undefined && subCluster !== header.namespace) {
      return new StreamError(
        'policy-violation',
        `sub-cluster "${excerpt(header.namespace)}" is not served here`,
      );
    }
    // Before TLS a name is no more than a claim.
    const claimed = this.#owner.settings.tls && !channel.secure;
    const impostor = claimed ? undefined : this.#refuseImpostor(channel, header);
    if (impostor !== undefined) return impostor;
    if (!claimed) this.#channels.get(header.from)?.noticeLoss();
    const known = claimed ? undefined : this.#channels.get(header.from);
    if (known !== undefined) {
      const because = `${excerpt(header.from)} has a session from ${known.address}`;
      if (gracefulRestartHelper === true && known.address === channel.address) {
        known.close(new StreamError('conflict', 'the same agent has connected again'));
      }
      return new StreamError('conflict', because);
    }
    if ((this.#perSource.get(sourceOf(channel.address)) ?? 0) >= agentsPerAddress) {
      return new StreamError(
        'resource-constraint',
        `more than ${agentsPerAddress} agents from ${channel.address}`,
      );
    }
    if (this.#channels.size >= agents) {
      return new StreamError('resource-constraint', 'as many agents as this control node serves');
    }
    return refuse?.(header, channel.address);
  }

  #refuseImpostor({ certificate }: Channel, { from }: StreamHeader): StreamError | undefined {
    const { tls, peerNames = 'certificate' } = this.#options;
    return tls?.authority === undefined ? undefined : refuseName(certificate, from, peerNames);
  }
}
