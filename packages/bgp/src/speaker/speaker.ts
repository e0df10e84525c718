/**
 * A BGP speaker for programs: peers, routes to announce, and events for what is learned. It keeps what it announces and
 * what each peer has announced; it chooses no paths and passes none on, which is what `@vaportrail/rib` does.
 */
import { EventEmitter } from 'node:events';
import { parseIpv4, systemClock, type Clock } from '@vaportrail/net';
import { families, type FamilyName } from '../families/table.ts';
import { Listener, type PeerRange } from '../session/listener.ts';
import type { Negotiated } from '../session/negotiate.ts';
import { Session } from '../session/session.ts';
import type { SessionSettings } from '../session/session-config.ts';
import type { SessionDown, SessionEnd } from '../session/session-end.ts';
import { endOfRib } from '../session/end-of-rib.ts';
import { MAX_EXTENDED_MESSAGE, MAX_MESSAGE } from '../wire/header.ts';
import { notificationOf, type UpdateProblem } from '../wire/update-problem.ts';
import { decodeUpdate, type Update } from '../wire/update.ts';
import {
  announceMessage,
  familyOfRoute,
  learnedRoutes,
  routeKey,
  withdrawMessage,
  type LearnedRoute,
  type Route,
  type RouteKey,
} from './route.ts';

export interface SpeakerSettings {
  readonly asn: number;
  /** BGP Identifier, `192.0.2.1`. */
  readonly routerId: string;
  /** Where peers can connect; without it all sessions are made from here. */
  readonly listen?: { readonly address?: string; readonly port?: number };
  readonly clock?: Clock;
}

/** A peer to speak with: what a session can be configured with, one level flatter. */
export interface PeerSettings extends Omit<SessionSettings, 'local' | 'peer' | 'families'> {
  readonly address: string;
  readonly port?: number;
  readonly asn: number | 'any';
  readonly passive?: boolean;
  /** IPv4 unicast unless given. */
  readonly families?: readonly FamilyName[];
  /** Address to connect from. */
  readonly localAddress?: string;
  /** AS number to show to this peer instead of the speaker's. */
  readonly localAs?: number;
}

/** What a speaker tells, by event. */
export interface SpeakerEvents {
  /** A session is up; the routes announced so far are on their way. */
  established: [{ readonly peer: Peer; readonly negotiated: Negotiated }];
  /** A peer has announced a route, or announced it anew. */
  route: [{ readonly peer: Peer; readonly route: LearnedRoute }];
  /** A peer has withdrawn a route, which is given as it was learned; also for each one when a session ends. */
  withdraw: [{ readonly peer: Peer; readonly route: LearnedRoute }];
  /** A peer has sent all its routes of a family. */
  endOfRib: [{ readonly peer: Peer; readonly family: FamilyName }];
  /** An UPDATE was wrong in a way that did not end the session. @see RFC 7606 */
  problem: [{ readonly peer: Peer; readonly problem: UpdateProblem }];
  /** A route does not fit into the messages agreed on with a peer: it has been withdrawn there. @see RFC 8654 §4 */
  unsent: [{ readonly peer: Peer; readonly route: Route; readonly because: string }];
  /** A peer has announced nearly as many prefixes of a family as it may. */
  manyPrefixes: [
    { readonly peer: Peer; readonly family: FamilyName; readonly count: number; readonly limit: number },
  ];
  /** A session has ended. It is tried again unless it was stopped. */
  down: [{ readonly peer: Peer; readonly end: SessionDown }];
  /** An attempt at a session has failed. */
  failed: [{ readonly peer: Peer; readonly end: SessionEnd }];
}

/** One peer of a speaker. */
export class Peer {
  readonly session: Session;
  /** What it has announced and not withdrawn, by key. */
  readonly routes = new Map<string, LearnedRoute>();
  readonly #speaker: SpeakerSide;
  readonly #counts = new Map<FamilyName, number>();
  /** Families whose routes cannot be read any more in this session. @see RFC 7606 §2 */
  readonly #disabled = new Set<FamilyName>();

  constructor(settings: SessionSettings, speaker: SpeakerSide, clock: Clock) {
    this.#speaker = speaker;
    this.session = new Session(
      settings,
      {
        established: (negotiated) => this.#established(negotiated),
        update: (bytes, start, end) => this.#update(bytes, start, end),
        routeRefresh: (family, subtype) => {
          if (subtype === 'request') this.#refresh(family);
        },
        down: (end) => this.#down(end),
        failed: (end) => void speaker.events.emit('failed', { peer: this, end }),
        prefixes: (family) => this.#counts.get(family) ?? 0,
        manyPrefixes: (family, count, limit) =>
          void speaker.events.emit('manyPrefixes', { peer: this, family, count, limit }),
      },
      clock,
    );
  }

  get address(): string {
    return this.session.config.peer.address;
  }

  announce(route: Route): void {
    const family = familyOfRoute(route);
    const { negotiated, endpoints, config } = this.session;
    if (negotiated?.families.includes(family) !== true) return;
    const { asn4, internal, addPath, extendedMessage } = negotiated;
    const message = announceMessage(route, {
      localAsn: config.local.asn,
      internal,
      asn4,
      addPath: addPath.send.includes(family),
      nextHop: endpoints?.local.address ?? '',
    });
    const longest = extendedMessage ? MAX_EXTENDED_MESSAGE : MAX_MESSAGE;
    if (message.length <= longest) return this.#send(message);
    // What the peer may have of it is no longer true.
    this.withdraw(route);
    const because = `${route.prefix ?? family} with its attributes takes ${message.length} octets, the peer takes ${longest} octets`;
    this.#speaker.events.emit('unsent', { peer: this, route, because });
  }

  withdraw(route: RouteKey): void {
    const family = familyOfRoute(route);
    const { negotiated } = this.session;
    if (negotiated?.families.includes(family) !== true) return;
    this.#send(withdrawMessage(route, negotiated.addPath.send.includes(family)));
  }

  #send(message: Uint8Array): void {
    this.session.countUpdates(1);
    this.session.write([message]);
  }

  #established(negotiated: Negotiated): void {
    for (const family of negotiated.families) this.#sendAll(family);
    this.#speaker.events.emit('established', { peer: this, negotiated });
  }

  #sendAll(family: FamilyName): void {
    for (const route of this.#speaker.routes()) if (familyOfRoute(route) === family) this.announce(route);
    this.#send(endOfRib(family));
  }

  /** Sends a family again, between two marks when the peer knows them. @see RFC 7313 §4 */
  #refresh(family: FamilyName): void {
    this.session.sendRefresh(family, 'beginning');
    for (const route of this.#speaker.routes()) if (familyOfRoute(route) === family) this.announce(route);
    if (!this.session.sendRefresh(family, 'end')) this.#send(endOfRib(family));
  }

  #update(bytes: Uint8Array, start: number, end: number): void {
    const { asn4, internal, addPath } = this.session.negotiated!;
    const withPathId = new Set(addPath.receive.map((name) => families[name].afi * 256 + families[name].safi));
    const update = decodeUpdate(bytes, start, end, {
      asn4,
      internal,
      addPath: (afi, safi) => withPathId.has(afi * 256 + safi),
    });
    const withdrawn = this.#handle(update);
    for (const route of learnedRoutes(update)) this.#learn(route, withdrawn);
    const { endOfRib: mark } = update;
    if (mark === undefined) return;
    const family = this.session.negotiated!.families.find(
      (name) => families[name].afi === mark.afi && families[name].safi === mark.safi,
    );
    if (family !== undefined) this.#speaker.events.emit('endOfRib', { peer: this, family });
  }

  /**
   * Does what RFC 7606 says about the problems of an UPDATE. Yields whether its routes count as withdrawn.
   * @throws NotificationError when the session must end
   */
  #handle(update: Update): boolean {
    let withdrawn = false;
    const attributes = update.attributes as Record<string, unknown>;
    for (const problem of update.problems) {
      if (problem.approach === 'session-reset') throw notificationOf(problem);
      this.#speaker.events.emit('problem', { peer: this, problem });
      if (problem.approach === 'treat-as-withdraw') withdrawn = true;
      if (problem.approach === 'attribute-discard' && problem.attribute !== undefined)
        delete attributes[problem.attribute];
      if (problem.approach === 'afi-safi-disable')
        for (const { family } of learnedRoutes(update)) if (family !== 'inet') this.#disable(family);
    }
    return withdrawn;
  }

  #disable(family: FamilyName): void {
    this.#disabled.add(family);
    for (const [key, route] of this.routes) if (route.family === family) this.#forget(key, route);
  }

  #learn(route: LearnedRoute, withdrawn: boolean): void {
    if (this.#disabled.has(route.family) || !this.session.negotiated!.families.includes(route.family)) return;
    const key = routeKey(route);
    if (route.op === 'withdraw' || withdrawn) {
      const known = this.routes.get(key);
      if (known !== undefined) this.#forget(key, known);
      return;
    }
    if (!this.routes.has(key)) this.#count(route.family, 1);
    this.routes.set(key, route);
    this.#speaker.events.emit('route', { peer: this, route });
  }

  #count(family: FamilyName, change: number): void {
    this.#counts.set(family, (this.#counts.get(family) ?? 0) + change);
  }

  #forget(key: string, route: LearnedRoute): void {
    this.routes.delete(key);
    this.#count(route.family, -1);
    this.#speaker.events.emit('withdraw', { peer: this, route });
  }

  #down(end: SessionDown): void {
    this.#disabled.clear();
    for (const [key, route] of this.routes) this.#forget(key, route);
    this.#speaker.events.emit('down', { peer: this, end });
  }
}

/** A speaker as its peers see it. */
interface SpeakerSide {
  readonly events: EventEmitter<SpeakerEvents>;
  /** What is announced. */
  routes(): Iterable<Route>;
}

export class Speaker {
  readonly #settings: SpeakerSettings;
  readonly #clock: Clock;
  readonly #events = new EventEmitter<SpeakerEvents>();
  readonly #listener: Listener;
  readonly #peers = new Set<Peer>();
  readonly #routes = new Map<string, Route>();
  #alive: NodeJS.Timeout | undefined;

  constructor(settings: SpeakerSettings) {
    this.#settings = settings;
    this.#clock = settings.clock ?? systemClock;
    this.#listener = new Listener({ clock: this.#clock });
  }

  get peers(): Iterable<Peer> {
    return this.#peers;
  }

  /** Calls `listener` at every event of a kind. */
  on<E extends keyof SpeakerEvents>(event: E, listener: (...told: SpeakerEvents[E]) => void): this {
    this.#events.on(event, listener as never);
    return this;
  }

  off<E extends keyof SpeakerEvents>(event: E, listener: (...told: SpeakerEvents[E]) => void): this {
    this.#events.off(event, listener as never);
    return this;
  }

  /** Adds a peer; the session is started with the speaker, or now if that has started. @throws RangeError, Error as {@link Session} does */
  peer(settings: PeerSettings): Peer {
    const peer = this.#make(settings);
    this.#listener.add(peer.session);
    if (this.#alive !== undefined) peer.session.start();
    return peer;
  }

  /** Accepts peers that connect from a prefix, all with the same settings. */
  acceptFrom(range: Omit<PeerRange, 'create'> & Omit<PeerSettings, 'address' | 'port' | 'passive'>): void {
    const { prefix, limit, ...settings } = range;
    const create = (address: string): Session => {
      for (const peer of this.#peers) if (peer.address === address) this.#peers.delete(peer);
      return this.#make({ ...settings, address, passive: true }).session;
    };
    const { password } = range;
    this.#listener.acceptRange({ prefix, limit, create, ...(password === undefined ? {} : { password }) });
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
    // Written once for nobody, so that what is wrong with it comes out here.
    const { asn, routerId } = this.#settings;
    const nextHop = (route.prefix ?? '').includes(':') ? '::' : routerId;
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

  /** Ends all sessions with a text for the operators of the peers. Resolves when the connections are gone. */
  async stop(text = ''): Promise<void> {
    clearInterval(this.#alive);
    this.#alive = undefined;
    await Promise.all([...this.#peers].map(({ session }) => session.stop(text)));
    await this.#listener.close();
  }
}
