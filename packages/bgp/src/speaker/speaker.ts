/**
 * A BGP speaker for programs: peers, routes to announce, and events for what is learned. It keeps what it announces and
 * what each peer has announced; it chooses no paths and passes none on, which is what `@vaportrail/rib` does.
 */
import { EventEmitter, on, once } from 'node:events';
import { parseIpv4, parsePrefix, prefixText, systemClock, type Clock, type Prefix } from '@vaportrail/net';
import { families, type FamilyName } from '../families/table.ts';
import { Listener } from '../session/listener.ts';
import type { Session } from '../session/session.ts';
import type { SessionSettings } from '../session/session-config.ts';
import { familyOfNlri } from '../wire/update-route.ts';
import { Peer } from './peer.ts';
import { announceMessage, checkFieldNames, routeKey, type Route, type RouteKey } from './route.ts';
import type { SpeakerEvents } from './speaker-events.ts';

/** Who a {@link Speaker} is, and where it can be reached. */
export interface SpeakerSettings {
  /** AS number. */
  readonly asn: number;
  /** BGP Identifier, `192.0.2.1`. */
  readonly routerId: string;
  /** Where peers can connect; without it all sessions are made from here. */
  readonly listen?: { readonly address?: string; readonly port?: number };
  /** The time of this machine unless given. */
  readonly clock?: Clock;
}

/** A peer to speak with: what a session can be configured with, one level flatter. */
export interface PeerSettings extends Omit<SessionSettings, 'local' | 'peer' | 'families'> {
  readonly address: string;
  /** Port to connect to, 179 unless given. */
  readonly port?: number;
  /** The AS that it must be in. */
  readonly asn: number | 'any';
  /** Wait for it to connect; the speaker must listen. */
  readonly passive?: boolean;
  /** IPv4 unicast unless given. */
  readonly families?: readonly FamilyName[];
  /** Address to connect from. */
  readonly localAddress?: string;
  /** AS number to show to this peer instead of the speaker's. */
  readonly localAs?: number;
}

/** Who may connect without being named, and how to speak with them. */
export interface AcceptSettings extends Omit<PeerSettings, 'address' | 'port' | 'passive'> {
  readonly prefix: string | Prefix;
  /** How many such peers there may be at a time. */
  readonly limit: number;
}

/**
 * Peers and routes may be added before it is started and afterwards; routes go to all peers whose session carries
 * their family.
 */
export class Speaker {
  readonly #settings: SpeakerSettings;
  readonly #clock: Clock;
  readonly #events = new EventEmitter<SpeakerEvents>();
  readonly #listener: Listener;
  readonly #peers = new Set<Peer>();
  readonly #routes = new Map<string, Route>();
  #alive: NodeJS.Timeout | undefined;

  /** @throws RangeError when the AS number or the router id is none */
  constructor(settings: SpeakerSettings) {
    const { asn, routerId } = settings;
    if (!(Number.isInteger(asn) && asn > 0 && asn <= 0xffff_ffff))
      throw new RangeError(`asn: ${JSON.stringify(asn)} is not a number from 1 to 4294967295`);
    if (typeof routerId !== 'string')
      throw new RangeError(`routerId: ${JSON.stringify(routerId)} is not an IPv4 address`);
    parseIpv4(routerId);
    this.#settings = settings;
    this.#clock = settings.clock ?? systemClock;
    this.#listener = new Listener({
      clock: this.#clock,
      refused: (address, because) => void this.#events.emit('refused', { address, because }),
    });
  }

  /** All that were added, and those accepted from a prefix. */
  get peers(): Iterable<Peer> {
    return this.#peers;
  }

  /** Calls `listener` at every event of a kind. */
  on<E extends keyof SpeakerEvents>(event: E, listener: (...told: SpeakerEvents[E]) => void): this {
    this.#events.on(event, listener as never);
    return this;
  }

  /** Takes a listener away that {@link on} added. */
  off<E extends keyof SpeakerEvents>(event: E, listener: (...told: SpeakerEvents[E]) => void): this {
    this.#events.off(event, listener as never);
    return this;
  }

  /**
   * The next event of a kind: `await speaker.once('established')`.
   * @throws AbortError (as a rejection) when the signal comes first
   */
  async once<E extends keyof SpeakerEvents>(
    event: E,
    options?: { readonly signal?: AbortSignal },
  ): Promise<SpeakerEvents[E][0]> {
    const [told] = (await once(this.#events, event, options)) as SpeakerEvents[E];
    return told;
  }

  /**
   * Every event of a kind from now on, for `for await`. What is not taken yet is kept, so that a loop which waits long holds
   * much.
   * @throws AbortError when the signal comes, which otherwise only `break` ends
   */
  each<E extends keyof SpeakerEvents>(
    event: E,
    options?: { readonly signal?: AbortSignal },
  ): AsyncIterable<SpeakerEvents[E][0]> {
    // Listens now, not when the loop begins.
    return firsts(on(this.#events, event, options) as AsyncIterable<[SpeakerEvents[E][0]]>);
  }

  /** Adds a peer; the session is started with the speaker, or now if that has started. @throws RangeError, Error as {@link Session} does */
  peer(settings: PeerSettings): Peer {
    if (settings.passive === true) this.#listens(settings.address);
    const peer = this.#make(settings);
    this.#listener.add(peer.session);
    if (this.#alive !== undefined) peer.session.start();
    return peer;
  }

  /** Accepts peers that connect from a prefix, `10.0.0.0/8`, all with the same settings. @throws RangeError when it is none */
  acceptFrom(range: AcceptSettings): void {
    const { prefix, limit, ...settings } = range;
    this.#listens(typeof prefix === 'string' ? prefix : prefixText(prefix));
    if (!(Number.isInteger(limit) && limit > 0))
      throw new RangeError(`limit: ${limit} is not a number of peers`);
    const create = (address: string): Session => {
      for (const peer of this.#peers) if (peer.address === address) this.#peers.delete(peer);
      return this.#make({ ...settings, address, passive: true }).session;
    };
    const { password, ttlSecurity } = range;
    this.#listener.acceptRange({
      prefix: typeof prefix === 'string' ? parsePrefix(prefix) : prefix,
      limit,
      create,
      ...(password === undefined ? {} : { password }),
      ...(ttlSecurity === undefined ? {} : { ttlSecurity }),
    });
  }

  /** @throws RangeError when nobody could ever connect */
  #listens(who: string): void {
    if (this.#settings.listen === undefined)
      throw new RangeError(
        `${who} is to connect, but the speaker does not listen: it needs the setting "listen"`,
      );
  }

  #make(settings: PeerSettings): Peer {
    const {
      address,
      port,
      asn,
      passive,
      localAddress,
      localAs,
      families: names = ['inet'],
      ...others
    } = settings;
    const peer = new Peer(
      {
        ...others,
        families: names,
        local: {
          asn: localAs ?? this.#settings.asn,
          routerId: parseIpv4(this.#settings.routerId),
          ...(localAddress === undefined ? {} : { address: localAddress }),
        },
        peer: {
          address,
          asn,
          ...(port === undefined ? {} : { port }),
          ...(passive === undefined ? {} : { passive }),
        },
      },
      { events: this.#events, routes: () => this.#routes.values() },
      this.#clock,
    );
    this.#peers.add(peer);
    return peer;
  }

  /** Announces a route to all peers, now and whenever one comes up, until it is withdrawn. @throws RangeError when a field is wrong */
  announce(route: Route): void {
    checkFieldNames(route);
    // Written once for nobody, so that what is wrong with it comes out here.
    const { asn, routerId } = this.#settings;
    const nextHop = families[familyOfNlri(route)].afi === 2 ? '::' : routerId;
    announceMessage(route, { localAsn: asn, internal: true, asn4: true, addPath: false, nextHop });
    this.#routes.set(routeKey(route), route);
    for (const peer of this.#peers) peer.announce(route);
  }

  /** Withdraws a route; yields false when it was not announced. */
  withdraw(route: RouteKey): boolean {
    if (!this.#routes.delete(routeKey(route))) return false;
    for (const peer of this.#peers) peer.withdraw(route);
    return true;
  }

  /** Listens if asked to, and starts the sessions. The process stays alive until {@link stop}. @throws Error when the address is in use */
  async start(): Promise<{ address: string; port: number } | undefined> {
    const { listen } = this.#settings;
    const bound = listen === undefined ? undefined : await this.#listener.listen(listen);
    this.#alive ??= setInterval(() => {}, 0x7fff_ffff);
    for (const { session } of this.#peers) session.start();
    return bound;
  }

  /**
   * Ends all sessions without a word, so that peers with graceful restart keep the routes until the next speaker is
   * there. Resolves when the connections are gone. @see RFC 4724 §4.1
   */
  async abandon(): Promise<void> {
    clearInterval(this.#alive);
    this.#alive = undefined;
    await Promise.all([...this.#peers].map(({ session }) => session.abandon()));
    await this.#listener.close();
  }

  /** {@link stop}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Ends all sessions with a text for the operators of the peers. Resolves when the connections are gone. */
  async stop(text = ''): Promise<void> {
    clearInterval(this.#alive);
    this.#alive = undefined;
    await Promise.all([...this.#peers].map(({ session }) => session.stop(text)));
    await this.#listener.close();
  }
}

async function* firsts<T>(lists: AsyncIterable<[T]>): AsyncGenerator<T, void> {
  for await (const [first] of lists) yield first;
}
