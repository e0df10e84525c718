/**
 * Route refresh on one session: what is asked for, and a bound on the time a peer may take to send a family again.
 * While it sends, the routes it had before count as stale; a peer that marks a beginning and never an end would keep
 * them alive, so after `refreshTime` the end is taken for said.
 * @see RFC 2918, RFC 7313 §4
 */
import type { Clock, Timer } from '@vaportrail/net';
import { families, familyOf, type FamilyName } from '../families/table.ts';
import { HEADER_OCTETS, frameMessage, messageType } from '../wire/header.ts';
import { decodeRouteFilters } from '../wire/route-filter.ts';
import { decodeRouteRefresh, encodeRouteRefresh, refreshSubtype } from '../wire/route-refresh.ts';
import type { RefreshSubtype } from '../wire/route-refresh.ts';
import type { Negotiated } from './negotiate.ts';
import type { SessionHandlers } from './session-handlers.ts';

const subtypeNames: Readonly<Record<number, RefreshSubtype>> = {
  [refreshSubtype.request]: 'request',
  [refreshSubtype.beginning]: 'beginning',
  [refreshSubtype.end]: 'end',
};

/**
 * Milliseconds between two beginnings of a family that are acted upon. Each has every route of the family looked at before the
 * next word of the peer: who begins all the time, for two dozen octets each, would have nobody else be heard. What it does
 * not send again has then to be withdrawn.
 */
const LEAST_PAUSE = 10_000;

/** One for a session, for all the times it is up. */
export class RouteRefreshes {
  readonly #handlers: Pick<SessionHandlers, 'routeRefresh' | 'routeFilters'>;
  readonly #clock: Clock;
  /** Milliseconds; 0 waits for ever. */
  readonly #longest: number;
  readonly #fault: (error: unknown) => void;
  /** By family, until its end: when to take the end for said. */
  readonly #open = new Map<FamilyName, Timer | undefined>();
  /** By family: when the last beginning was that was acted upon, in milliseconds of the clock. */
  readonly #begunAt = new Map<FamilyName, number>();

  /** `refreshTime` in seconds; `fault` is told what a handler throws when the time is over. */
  constructor(
    handlers: Pick<SessionHandlers, 'routeRefresh' | 'routeFilters'>,
    clock: Clock,
    refreshTime: number,
    fault: (error: unknown) => void,
  ) {
    this.#handlers = handlers;
    this.#clock = clock;
    this.#longest = refreshTime * 1000;
    this.#fault = fault;
  }

  /**
   * Acts on the ROUTE-REFRESH in `bytes[start…end)`. What was not negotiated is ignored.
   * @throws NotificationError when a marker is longer than it may be
   * @see RFC 2918 §4, RFC 7313 §5
   */
  receive(bytes: Uint8Array, start: number, end: number, negotiated: Negotiated): void {
    const refresh = decodeRouteRefresh(bytes, start + HEADER_OCTETS, end);
    const family = familyOf(refresh.afi, refresh.safi);
    const subtype = subtypeNames[refresh.subtype];
    if (family === undefined || subtype === undefined || !negotiated.families.includes(family)) return;
    if (subtype !== 'request' && !negotiated.enhancedRefresh) return;
    const filters = decodeRouteFilters(refresh.filters, refresh.afi);
    if (filters !== undefined) this.#handlers.routeFilters?.(family, filters);
    if (subtype === 'beginning' && !this.#begin(family)) return;
    // An end without a beginning says nothing (RFC 7313 §4.2).
    if (subtype === 'end' && !this.#finish(family)) return;
    this.#handlers.routeRefresh(family, subtype);
  }

  /** Yields whether it is to be acted upon. */
  #begin(family: FamilyName): boolean {
    const now = this.#clock.now();
    if (now - (this.#begunAt.get(family) ?? Number.NEGATIVE_INFINITY) < LEAST_PAUSE) return false;
    this.#begunAt.set(family, now);
    this.#finish(family);
    const expire = (): void => {
      this.#open.delete(family);
      try {
        this.#handlers.routeRefresh(family, 'end');
      } catch (error) {
        this.#fault(error);
      }
    };
    this.#open.set(family, this.#longest === 0 ? undefined : this.#clock.after(this.#longest, expire));
    return true;
  }

  /** Yields whether the family was being sent again. */
  #finish(family: FamilyName): boolean {
    this.#open.get(family)?.cancel();
    return this.#open.delete(family);
  }

  /** The session is over, and with it what was being sent. */
  clear(): void {
    for (const timer of this.#open.values()) timer?.cancel();
    this.#open.clear();
  }
}

/** A ROUTE-REFRESH of a family, header included; undefined when the peer would not understand it. @see RFC 7313 §4 */
export function refreshMessage(
  negotiated: Negotiated | undefined,
  family: FamilyName,
  subtype: RefreshSubtype,
): Uint8Array | undefined {
  const understood = subtype === 'request' ? negotiated?.routeRefresh : negotiated?.enhancedRefresh;
  if (understood !== true || negotiated?.families.includes(family) !== true) return undefined;
  const { afi, safi } = families[family];
  const body = { afi, safi, subtype: refreshSubtype[subtype], filters: new Uint8Array(0) };
  return frameMessage(messageType.routeRefresh, encodeRouteRefresh(body));
}
