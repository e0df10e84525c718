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
import { certificateNames, mayBeNamed, type PeerNameRule } from './certificate-name.ts';
import { DEFAULT_HOLD_TIME } from './channel-fsm.ts';
import { ChannelTls, type TlsFiles } from './channel-tls.ts';
import { excerpt } from './element-reader.ts';
import { StreamError } from './stream-error.ts';
import { STREAM_ID, type StreamHeader } from './stream-header.ts';

/**
 * Most connections that have not finished their header (and TLS). Beyond it the one that has been silent for longest
 * is dropped for each new one: an agent speaks as soon as it is connected.
 */
export const MAX_PENDING_CONNECTIONS = 4096;
/** Most agents with a session; beyond it newcomers are refused. */
export const MAX_CHANNELS = 16_384;
/** Connections the operating system may hold for us before they are accepted. */
const LISTEN_BACKLOG = 4096;
/** Milliseconds of silence before TCP asks whether the peer is still there. */
const TCP_KEEPALIVE = 5000;
/** Milliseconds of each turn of the event loop for what comes from agents. */
const TURN_SHARE = 20;

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
  readonly maxPending?: number;
  readonly maxChannels?: number;
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

export interface XmppServerCounters {
  accepted: number;
  /** Closed before their session was up: silence, bad headers, evictions, refusals. */
  rejected: number;
  /** Of these, dropped to make room for newer connections. */
  evicted: number;
}

export class XmppServer {
  readonly counters: XmppServerCounters = { accepted: 0, rejected: 0, evicted: 0 };
  readonly #options: XmppServerOptions;
  readonly #limits: ChannelLimits;
  readonly #owner: ChannelOwner;
  readonly #servers = new Set<Server>();
  readonly #sockets = new Set<Socket>();
  /** Not up yet, in the order of arrival. */
  readonly #pending = new Map<Channel, Socket>();
  /** Up, by the agent's name. */
  readonly #channels = new Map<string, Channel>();

  /** @throws Error from OpenSSL when the TLS files are unusable */
  constructor(options: XmppServerOptions) {
    this.#options = options;
    this.#limits = { ...channelLimits, ...options.limits };
    this.#owner = {
      settings: {
        role: 'server',
        tls: options.tls !== undefined,
        holdTime: options.holdTime ?? DEFAULT_HOLD_TIME,
      },
      limits: this.#limits,
      share: new TurnShare(options.turnShare ?? TURN_SHARE),
      clock: options.clock ?? systemClock,
      tls: options.tls === undefined ? undefined : new ChannelTls(options.tls),
      header: (to) => ({ from: options.name, to, id: STREAM_ID, namespace: 'jabber:client' }),
      refuse: (channel, header) => this.#refuse(channel, header),
      accept: (channel) => {
        this.#pending.delete(channel);
        this.#channels.set(channel.name, channel);
        return options.accept(channel);
      },
      ended: (channel, { because }) => {
        if (this.#pending.delete(channel)) {
          this.counters.rejected++;
          options.refused?.(channel.address, because);
        }
        if (this.#channels.get(channel.name) === channel) this.#channels.delete(channel.name);
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
    for (const [channel, socket] of this.#pending) {
      channel.close();
      socket.destroy();
    }
    await Promise.all(closed);
  }

  /** Takes a connection that is there already, e.g. one of a replay, as if it had been accepted here. */
  adopt(socket: Socket): Channel {
    this.counters.accepted++;
    if (this.#pending.size >= (this.#options.maxPending ?? MAX_PENDING_CONNECTIONS)) this.#evict();
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const channel = new Channel(this.#owner);
    this.#pending.set(channel, socket);
    channel.attach(socket);
    return channel;
  }

  #evict(): void {
    for (const [channel, socket] of this.#pending) {
      this.counters.evicted++;
      channel.close();
      socket.destroy();
      return;
    }
  }

  /**
   * An agent has one session. A second connection of the same name is dropped as long as the first lives; with the
   * helper for graceful restart, one from the same address also ends the first, so that the next attempt succeeds.
   * (Two connections cannot share address and port: TCP sees to that.)
   */
  #refuse(channel: Channel, header: StreamHeader): StreamError | undefined {
    const { subCluster, gracefulRestartHelper, maxChannels, refuse } = this.#options;
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
    if (this.#channels.size >= (maxChannels ?? MAX_CHANNELS)) {
      return new StreamError('resource-constraint', 'as many agents as this control node serves');
    }
    return refuse?.(header, channel.address);
  }

  /** Whoever has a certificate of the authority is a node; which one its certificate says. */
  #refuseImpostor({ certificate }: Channel, { from }: StreamHeader): StreamError | undefined {
    const { tls, peerNames = 'certificate' } = this.#options;
    if (tls?.authority === undefined || peerNames === 'any') return undefined;
    if (certificate !== undefined && mayBeNamed(certificate, from, peerNames)) return undefined;
    const names = certificate === undefined ? [] : certificateNames(certificate);
    const whose = names.length === 0 ? 'no host' : excerpt(names.join(', '));
    return new StreamError('invalid-from', `the certificate is of ${whose}, not of ${excerpt(from)}`);
  }
}
