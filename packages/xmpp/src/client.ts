/** The agent's end: connects to one control node, and again whenever the connection is lost. */
import { connect, type Socket } from 'node:net';
import { TurnShare, systemClock, type Clock } from '@vaportrail/net';
import { Channel } from './channel.ts';
import {
  channelLimits,
  type ChannelDown,
  type ChannelHandlers,
  type ChannelLimits,
  type ChannelTap,
} from './channel-owner.ts';
import { DEFAULT_HOLD_TIME } from './channel-fsm.ts';
import { refuseName, type PeerNameRule } from './certificate-name.ts';
import { ChannelTls, type TlsFiles } from './channel-tls.ts';
import { CONTROL_NODE_JID } from './jid.ts';
import { unlimitedWork } from './work-allowance.ts';

/** Most octets of one stanza from a control node, which may send whole ECMP sets and configuration. */
const MAX_STANZA_BYTES_OF_SERVER = 1024 * 1024;
/** Most elements and attributes of one: 32 items of 128 next hops have some 60,000. */
const MAX_STANZA_NODES_OF_SERVER = 131_072;
/** Milliseconds of silence before TCP asks whether the peer is still there. */
const TCP_KEEPALIVE = 5000;

/** Who connects, to whom, and who is told what comes of it. */
export interface XmppClientOptions {
  /** The agent's host name: its whole identity. */
  readonly name: string;
  readonly server: {
    readonly address: string;
    readonly port: number;
    /** Who it must be by its certificate; whoever it says it is when left out. */
    readonly name?: string | undefined;
  };
  readonly handlers: ChannelHandlers & {
    /** Four or more attempts have failed; they go on, but another server may be worth a try. */
    timedOut?(attempts: number): void;
    /** An attempt failed, or a session ended. */
    ended?(reason: ChannelDown): void;
  };
  /** Address to connect from: the control node takes it for the agent's identifier. */
  readonly localAddress?: string;
  readonly clock?: Clock;
  /** Seconds; 0 switches hold and keepalive timers off. */
  readonly holdTime?: number;
  /** With it, the server must speak TLS; without, it must not ask for it. */
  readonly tls?: TlsFiles;
  /** What the server's name has to do with its certificate; `certificate` where there is an authority. */
  readonly peerNames?: PeerNameRule | undefined;
  readonly limits?: Partial<ChannelLimits>;
  /** Name of the agent's sub-cluster, which its stream header carries; none when left out. */
  readonly subCluster?: string;
  /** Is told what the control node writes, for a recording. */
  readonly tap?: ChannelTap | undefined;
  /** Makes the connection; TCP to the server when left out. */
  readonly connect?: (() => Socket) | undefined;
}

/** Goes on connecting from `start` to `stop`; its channel is the same one through all its sessions. */
export class XmppClient {
  readonly channel: Channel;

  /** @throws Error from OpenSSL when the TLS files are unusable */
  constructor(options: XmppClientOptions) {
    const { name, server, handlers, localAddress, tls } = options;
    this.channel = new Channel({
      settings: { role: 'client', tls: tls !== undefined, holdTime: options.holdTime ?? DEFAULT_HOLD_TIME },
      limits: {
        ...channelLimits,
        stanzaBytes: MAX_STANZA_BYTES_OF_SERVER,
        stanzaNodes: MAX_STANZA_NODES_OF_SERVER,
        // A control node is not held back: it is the one that decides what an agent has to know.
        ...unlimitedWork,
        ...options.limits,
      },
      clock: options.clock ?? systemClock,
      share: new TurnShare(Number.POSITIVE_INFINITY),
      tls: tls === undefined ? undefined : new ChannelTls(tls),
      tap: options.tap,
      connect:
        options.connect ??
        (() =>
          connect({
            host: server.address,
            port: server.port,
            noDelay: true,
            keepAlive: true,
            keepAliveInitialDelay: TCP_KEEPALIVE,
            ...(localAddress === undefined ? {} : { localAddress }),
          })),
      header: () => ({ from: name, to: CONTROL_NODE_JID, namespace: options.subCluster ?? '' }),
      // Before TLS it is only a claim.
      refuse: ({ secure, certificate }, { from }) =>
        secure && tls?.authority !== undefined
          ? refuseName(certificate, server.name ?? from, options.peerNames ?? 'certificate')
          : undefined,
      accept: () => handlers,
      ended: (_channel, reason) => handlers.ended?.(reason),
      timedOut: (attempts) => handlers.timedOut?.(attempts),
    });
  }

  /** Connects, and keeps trying until {@link stop}. */
  start(): void {
    this.channel.start();
  }

  /** Closes the connection for good. */
  stop(): void {
    this.channel.close();
  }
}
