/**
 * The inclusive multicast routes of agents, by what agents call them: an Ethernet tag, and an address that is the
 * unspecified one but for an agent that speaks for others (of switches). As NLRI a route has the address of the next hop
 * for its originator. So what an agent said last is kept here: another next hop replaces it, a withdrawal finds it
 * without one, and the agent gets its route back under its own name.
 */
import { sameBytes } from '@vaportrail/net';
import type { Source } from '@vaportrail/rib';
import { type EnetItem, type EnetKey, enetItemId } from '@vaportrail/xmpp';
import { replicatorOf } from './inclusive-tunnel.ts';
import { ItemDropped } from './item-dropped.ts';

/** What an agent said of one of its routes. */
export interface InclusiveRoute {
  readonly key: EnetKey;
  readonly nlri: Uint8Array;
  /** Of a leaf. */
  readonly replicator: Uint8Array | undefined;
}

/**
 * Most routes of an agent in one instance: it has one, and one for each switch that it speaks for. Each has a list of all
 * routers, so that more of them would be much work for little text.
 */
export const MAX_INCLUSIVE_ROUTES = 16;

/** Those of the agents of one instance. */
export class InclusiveRoutes {
  /** One route for each name, and for each NLRI. */
  readonly #bySource = new Map<Source, readonly InclusiveRoute[]>();

  /**
   * Keeps what an agent announces.
   * @returns the NLRI to withdraw before it is
   * @throws ItemDropped when the agent has too many
   */
  replace(source: Source, item: EnetItem, nlri: Uint8Array): Uint8Array | undefined {
    const before = this.#named(source, item) ?? this.find(source, nlri);
    const { ethernetTag, mac, prefix, group } = item;
    const key = { ethernetTag, mac, prefix, group, source: item.source };
    const route = { key, nlri, replicator: replicatorOf(item) };
    this.restore(source, route);
    // The replicator of a leaf is not in its attributes: without a withdrawal it would be no change.
    return before === undefined || isSame(before, route) ? undefined : before.nlri;
  }

  /** Keeps a route that is announced again as it was. */
  restore(source: Source, route: InclusiveRoute): void {
    const others = this.#of(source).filter(
      ({ key, nlri }) => !isNamed(key, route.key) && !sameBytes(nlri, route.nlri),
    );
    if (others.length >= MAX_INCLUSIVE_ROUTES)
      throw new ItemDropped(`more than ${MAX_INCLUSIVE_ROUTES} routes of inclusive multicast`);
    this.#bySource.set(source, [...others, route]);
  }

  /**
   * Forgets what an agent withdraws, which may go by another address where the tag has one route.
   * @returns the NLRI to withdraw; undefined when it had announced none
   */
  take(source: Source, key: EnetKey): Uint8Array | undefined {
    const routes = this.#of(source);
    const ofTag = routes.filter((route) => route.key.ethernetTag === key.ethernetTag);
    const gone = this.#named(source, key) ?? (ofTag.length === 1 ? ofTag[0] : undefined);
    if (gone === undefined) return undefined;
    if (routes.length === 1) this.#bySource.delete(source);
    else
      this.#bySource.set(
        source,
        routes.filter((route) => route !== gone),
      );
    return gone.nlri;
  }

  /** What an agent said of the route with an NLRI. */
  find(source: Source, wanted: Uint8Array): InclusiveRoute | undefined {
    return this.#of(source).find(({ nlri }) => sameBytes(nlri, wanted));
  }

  /** All routes of a source are gone. */
  forgetAll(source: Source): void {
    this.#bySource.delete(source);
  }

  #named(source: Source, wanted: EnetKey): InclusiveRoute | undefined {
    return this.#of(source).find(({ key }) => isNamed(key, wanted));
  }

  #of(source: Source): readonly InclusiveRoute[] {
    return this.#bySource.get(source) ?? [];
  }
}

function isNamed(key: EnetKey, other: EnetKey): boolean {
  return enetItemId(key) === enetItemId(other);
}

function isSame(a: InclusiveRoute, b: InclusiveRoute): boolean {
  return sameBytes(a.nlri, b.nlri) && sameBytes(a.replicator ?? none, b.replicator ?? none);
}

const none = new Uint8Array(0);
