/**
 * The agent's side of the relation with one control node: what is said when the session comes up, and what becomes of
 * what the control node said when it goes.
 *
 * Up: subscribe to every VRF (the underlay first), publish every route, End-of-RIB. What the node said in an earlier
 * session stays in use until it is confirmed, and is swept at its End-of-RIB or after a time without one.
 * Down: what it said is stale. It is forgotten at once when another control node has everything, else after a time.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '@vaportrail/net';
import {
  type Channel,
  type ChannelTap,
  type PeerNameRule,
  type Stanza,
  type TlsFiles,
  XmppClient,
  type XmppClientOptions,
  agentEndOfRib,
  announceStanzas,
  subscribeStanza,
  unsubscribeStanza,
  withdrawStanzas,
  type UnicastItem,
} from '@vaportrail/xmpp';
import type { LearnedSource } from './learned-routes.ts';
import type { Vrf } from './vrf.ts';

/** Who connects, to which control node, and how patient it is. */
export interface PeerSettings {
  /** The agent's name on the channel. */
  readonly agent: string;
  readonly server: XmppClientOptions['server'];
  readonly localAddress: string | undefined;
  readonly tls?: TlsFiles | undefined;
  /** What the name of the control node has to do with its certificate. */
  readonly peerNames?: PeerNameRule | undefined;
  /** Seconds of silence after which the control node is given up; 0 switches that off. */
  readonly holdTime: number;
  /** Seconds for which its paths are kept when it is lost. */
  readonly staleTime: number;
  /** Seconds after which it has told everything even if it does not say so. */
  readonly endOfRibTimeout: number;
  readonly clock: Clock;
  /** Is told what the control node writes, for a recording. */
  readonly tap?: ChannelTap | undefined;
  /** Makes the connection; TCP when left out. */
  readonly connect?: (() => Socket) | undefined;
}

/** What a control node peer asks of its agent. */
export interface PeerListener {
  /** VRFs to subscribe to, in order, and what to publish in each. */
  subscriptions(): Iterable<Vrf>;
  publications(vrf: Vrf): Iterable<UnicastItem>;
  /** What is said before anything else: subscriptions to configuration. */
  opening(peer: ControlNodePeer): Iterable<Uint8Array>;
  /** Whether what is published is everything, so that an End-of-RIB is true. */
  isComplete(): boolean;
  receive(peer: ControlNodePeer, stanza: Stanza): void;
  /** Whether another control node has told everything. */
  othersInSync(peer: ControlNodePeer): boolean;
  markStale(peer: ControlNodePeer): void;
  /** Forget what the peer said in sessions before a generation. */
  sweep(peer: ControlNodePeer, generation: number): void;
  /** A session came up, came in sync, or went down. */
  changed(peer: ControlNodePeer): void;
  /** Connecting failed several times. */
  timedOut(peer: ControlNodePeer): void;
}

/** Octets that may wait in the socket before an agent holds back: thousands of routes must not fill it at once. */
const HIGH_WATER = 1024 * 1024;

/** `idle`: not started or a spare; `connecting`: no session yet, or not any more. */
export type PeerState = 'idle' | 'connecting' | 'established';

/** One for each configured control node, whether it is in use or a spare. */
export class ControlNodePeer implements LearnedSource {
  readonly rank: number;
  readonly settings: PeerSettings;
  readonly #listener: PeerListener;
  #client: XmppClient | undefined;
  state: PeerState = 'idle';
  /** Number of the session, from 1. */
  generation = 0;
  /** Whether the End-of-RIB of this session came. */
  inSync = false;
  establishedAt: number | undefined;
  flaps = 0;
  lastError: string | undefined;
  /** When the session was last lost, in milliseconds of the clock. */
  lostAt: number | undefined;
  /** Routes received and retracted, items passed over, of these unreadable ones, and routes published and withdrawn. */
  readonly counters = { items: 0, retracts: 0, ignored: 0, dropped: 0, published: 0, withdrawn: 0 };
  #sequence = 0;
  /** What a new session begins with, as far as it has not been written. */
  #everything: Iterator<Uint8Array> | undefined;
  /** Changes to tell once there is room, from `written` on. */
  #waiting: (() => Uint8Array)[] = [];
  #written = 0;
  #staleTimer: Timer | undefined;
  #syncTimer: Timer | undefined;

  constructor(rank: number, settings: PeerSettings, listener: PeerListener) {
    this.rank = rank;
    this.settings = settings;
    this.#listener = listener;
  }

  /** The address of the control node: what its paths are listed under. */
  get name(): string {
    return this.settings.server.address;
  }

  /** The channel, for its counters; undefined before the first start. */
  get channel(): Channel | undefined {
    return this.#client?.channel;
  }

  /** Begins to connect; once a session is up everything is said in the order of this file's beginning. Does nothing while it runs. */
  start(): void {
    if (this.state !== 'idle') return;
    this.state = 'connecting';
    const { agent, server, localAddress, holdTime, clock, tap, connect, tls, peerNames } = this.settings;
    this.#client = new XmppClient({
      name: agent,
      server,
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(tls === undefined ? {} : { tls }),
      peerNames,
      holdTime,
      clock,
      tap,
      connect,
      handlers: {
        up: () => this.#up(),
        stanza: (stanza) => this.#stanza(stanza),
        drained: () => this.#flush(),
        down: ({ because }) => this.#down(because),
        ended: ({ because }) => {
          if (this.state !== 'idle') this.lastError = because;
        },
        timedOut: () => this.#listener.timedOut(this),
      },
    });
    this.#client.start();
  }

  /** Ends the session, if there is one, and stops trying. What was learned stays stale for its time. */
  stop(): void {
    this.#down('stopped');
    this.state = 'idle';
    this.#client?.stop();
  }

  /** Forgets everything and stops every timer. */
  close(): void {
    this.stop();
    this.#staleTimer?.cancel();
    this.#syncTimer?.cancel();
    this.#listener.sweep(this, Infinity);
  }

  /** Says that the VRF is here, when there is a session; the next session hears of all VRFs anyway. */
  subscribe({ name, id }: Vrf): void {
    this.#send(() => subscribeStanza(this.settings.agent, name, id));
  }

  /** Says that the VRF is left, when there is a session. */
  unsubscribe({ name, id }: Vrf): void {
    this.#send(() => unsubscribeStanza(this.settings.agent, name, id));
  }

  /** Publishes an item in place of an earlier one for the same prefix, when there is a session. */
  announce(vrf: Vrf, item: UnicastItem): void {
    this.#send(() => this.#announcement(vrf, item));
  }

  /** Takes an item back, when there is a session. */
  withdraw({ name }: Vrf, item: UnicastItem): void {
    this.#send(() => {
      this.counters.withdrawn++;
      return withdrawStanzas(this.settings.agent, name, item, this.#sequence++);
    });
  }

  /** Says something that is neither subscription nor route, after what waits. */
  say(stanza: Uint8Array): void {
    this.#send(() => stanza);
  }

  /** Tells that everything has been published; before that a control node keeps what it knew of this node. */
  endOfRib(): void {
    this.#send(() => agentEndOfRib(this.settings.agent));
  }

  /** What the peer said is no longer needed or wanted while its session is down. */
  forget(): void {
    if (this.state === 'established') return;
    this.#staleTimer?.cancel();
    this.#listener.sweep(this, Infinity);
  }

  #announcement(vrf: Vrf, item: UnicastItem): Uint8Array {
    this.counters.published++;
    return announceStanzas(this.settings.agent, vrf.name, item, this.#sequence++);
  }

  /** Stanzas for a session that is not there are not kept: a new session begins by telling everything. */
  #send(stanza: () => Uint8Array): void {
    if (this.state !== 'established') return;
    this.#waiting.push(stanza);
    this.#flush();
  }

  /** Writes what there is to say, first everything and then what changed meanwhile, as fast as the peer reads. */
  #flush(): void {
    const channel = this.#client?.channel;
    while (this.state === 'established' && channel !== undefined && channel.backlog < HIGH_WATER) {
      const next = this.#everything?.next();
      if (next?.done === false) {
        channel.send([next.value]);
        continue;
      }
      this.#everything = undefined;
      const stanza = this.#waiting[this.#written++];
      if (stanza === undefined) {
        this.#waiting = [];
        this.#written = 0;
        return;
      }
      channel.send([stanza()]);
    }
  }

  *#tellEverything(): IterableIterator<Uint8Array> {
    const { agent } = this.settings;
    yield* this.#listener.opening(this);
    const vrfs = [...this.#listener.subscriptions()];
    for (const vrf of vrfs) yield subscribeStanza(agent, vrf.name, vrf.id);
    for (const vrf of vrfs) {
      for (const item of this.#listener.publications(vrf)) yield this.#announcement(vrf, item);
    }
    if (this.#listener.isComplete()) yield agentEndOfRib(agent);
  }

  #up(): void {
    const { clock, endOfRibTimeout } = this.settings;
    this.generation++;
    this.state = 'established';
    this.inSync = false;
    this.establishedAt = clock.now();
    this.#staleTimer?.cancel();
    this.#syncTimer = clock.after(endOfRibTimeout * 1000, () => this.#synchronised());
    this.#everything = this.#tellEverything();
    this.#waiting = [];
    this.#written = 0;
    this.#flush();
    this.#listener.changed(this);
  }

  #stanza(stanza: Stanza): void {
    if (stanza.type === 'end-of-rib') this.#synchronised();
    else this.#listener.receive(this, stanza);
  }

  #synchronised(): void {
    this.#syncTimer?.cancel();
    if (this.inSync) return;
    this.inSync = true;
    this.#listener.sweep(this, this.generation);
    this.#listener.changed(this);
  }

  #down(because: string): void {
    if (this.state !== 'established') return;
    this.lastError = because;
    const { clock, staleTime } = this.settings;
    this.state = 'connecting';
    this.inSync = false;
    this.establishedAt = undefined;
    this.lostAt = clock.now();
    this.flaps++;
    this.#syncTimer?.cancel();
    if (staleTime === 0 || this.#listener.othersInSync(this)) {
      this.#listener.sweep(this, Infinity);
    } else {
      this.#listener.markStale(this);
      this.#staleTimer = clock.after(staleTime * 1000, () => this.#listener.sweep(this, Infinity));
    }
    this.#listener.changed(this);
  }
}
