/** One peer of a speaker: its session, what it has announced, and what it is told. */
import type { EventEmitter } from 'node:events';
import type { Clock } from '@vaportrail/net';
import { families, type FamilyName } from '../families/table.ts';
import { endOfRib } from '../session/end-of-rib.ts';
import type { Negotiated } from '../session/negotiate.ts';
import { Session } from '../session/session.ts';
import type { SessionSettings } from '../session/session-config.ts';
import type { SessionDown } from '../session/session-end.ts';
import { MAX_EXTENDED_MESSAGE, MAX_MESSAGE } from '../wire/header.ts';
import { notificationOf } from '../wire/update-problem.ts';
import { decodeUpdate, type Update } from '../wire/update.ts';
import { familyOfNlri } from '../wire/update-route.ts';
import {
  announceMessage,
  learnedRoutes,
  routeKey,
  withdrawMessage,
  type LearnedRoute,
  type Route,
  type RouteKey,
} from './route.ts';
import type { SpeakerEvents } from './speaker-events.ts';

/** A speaker as its peers see it. */
export interface SpeakerSide {
  readonly events: EventEmitter<SpeakerEvents>;
  /** What is announced. */
  routes(): Iterable<Route>;
}

/** Made by {@link Speaker.peer}. What it is asked to announce or withdraw goes to this peer alone. */
export class Peer {
  /** Its state, what was agreed on, counters; `requestRefresh` asks for its routes again. */
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

  /** As it was given, or as it has connected. */
  get address(): string {
    return this.session.config.peer.address;
  }

  /** Sends a route, when the session carries its family. @throws RangeError naming the field that is missing or wrong */
  announce(route: Route): void {
    const family = familyOfNlri(route);
    const { negotiated, endpoints, config } = this.session;
    if (negotiated?.families.includes(family) !== true) return;
    const { asn4, internal, addPath, extendedMessage } = negotiated;
    const announcing = {
      localAsn: config.local.asn,
      internal,
      asn4,
      addPath: addPath.send.includes(family),
      nextHop: endpoints?.local.address ?? '',
    };
    const what = 'prefix' in route ? String(route.prefix) : family;
    let message: Uint8Array;
    try {
      message = announceMessage(route, announcing);
    } catch (error) {
      // What is wrong with the route itself comes out here; otherwise it is the address of this session.
      announceMessage(route, { ...announcing, nextHop: families[family].afi === 2 ? '::' : '0.0.0.0' });
      return this.#unsent(route, `${what} has no next hop: ${(error as Error).message}`);
    }
    const longest = extendedMessage ? MAX_EXTENDED_MESSAGE : MAX_MESSAGE;
    if (message.length <= longest) return this.#send(message);
    const taken = `takes ${message.length} octets, the peer takes ${longest} octets`;
    this.#unsent(route, `${what} with its attributes ${taken}`);
  }

  /** What the peer may have of the route is no longer true. */
  #unsent(route: Route, because: string): void {
    this.withdraw(route);
    this.#speaker.events.emit('unsent', { peer: this, route, because });
  }

  /** Takes a route back, when the session carries its family. */
  withdraw(route: RouteKey): void {
    const family = familyOfNlri(route);
    const { negotiated } = this.session;
    if (negotiated?.families.includes(family) !== true) return;
    this.#send(withdrawMessage(route, negotiated.addPath.send.includes(family)));
  }

  #send(message: Uint8Array): void {
    this.session.write([message]);
  }

  #established(negotiated: Negotiated): void {
    for (const family of negotiated.families) this.#sendAll(family);
    this.#speaker.events.emit('established', { peer: this, negotiated });
  }

  #sendAll(family: FamilyName): void {
    for (const route of this.#speaker.routes()) if (familyOfNlri(route) === family) this.announce(route);
    this.#send(endOfRib(family));
  }

  /** Sends a family again, between two marks when the peer knows them. @see RFC 7313 §4 */
  #refresh(family: FamilyName): void {
    this.session.sendRefresh(family, 'beginning');
    for (const route of this.#speaker.routes()) if (familyOfNlri(route) === family) this.announce(route);
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
