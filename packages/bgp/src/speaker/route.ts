/** Routes as programs write and read them: text for addresses, names for attributes. */
import { families, familyOf, type FamilyName, type NlriOf } from '../families/table.ts';
import type { Origin } from '../attributes/origin.ts';
import { HEADER_OCTETS } from '../wire/header.ts';
import { encodeUpdate } from '../wire/update-encode.ts';
import type { PlainAsPath } from '../attributes/as-path.ts';
import type { PlainAttributes } from '../attributes/plain-attributes.ts';
import type { Update, UpdateRoute } from '../wire/update.ts';

/** Attributes by name; those not spelled out here are in the table of `@vaportrail/bgp/wire` under the same names. */
export interface RouteAttributes extends PlainAttributes {
  readonly origin?: Origin;
  /** AS numbers, nearest first; sets as `{ set: [64512, 64513] }`. */
  readonly asPath?: PlainAsPath;
  readonly med?: number;
  readonly localPref?: number;
  /** `64512:100`, or the name of a well-known one: `no-export`. */
  readonly communities?: readonly string[];
  /** `target:64512:100` */
  readonly extendedCommunities?: readonly string[];
  readonly largeCommunities?: readonly string[];
}

/** What tells one route from another: the fields of its NLRI, which differ by family. */
export interface RouteKey {
  /** Without it: VPN when there is a route distinguisher, unicast otherwise. */
  readonly family?: FamilyName;
  readonly prefix?: string;
  /** Route distinguisher, `64512:1` or `10.0.0.1:1`. */
  readonly rd?: string;
  /** Path identifier, where ADD-PATH is agreed on. */
  readonly pathId?: number | null;
  readonly [field: string]: unknown;
}

/** A route to announce. */
export interface Route extends RouteKey {
  /** Without it, the address of the session. */
  readonly nextHop?: string;
  readonly labels?: readonly number[];
  readonly attributes?: RouteAttributes;
}

/** A route as it was learned: `family` tells which fields it has, beside those of every route. */
export type LearnedRoute = {
  [F in FamilyName]: UpdateRoute & NlriOf<F> & { readonly family: F; readonly attributes: RouteAttributes };
}[FamilyName];

/** The family of a route that may not say so. */
export function familyOfRoute({ family, prefix = '', rd }: RouteKey): FamilyName {
  if (family !== undefined) return family;
  const six = prefix.includes(':');
  if (rd !== undefined) return six ? 'inet6-vpn' : 'inet-vpn';
  return six ? 'inet6' : 'inet';
}

/** A text that is the same for the same destination: family, path identifier, and the octets of its withdrawal. */
export function routeKey(route: RouteKey): string {
  const { nlri: _octets, ...fields } = route;
  // The octets of a prefix as they came may hold what does not belong to the destination, such as a label.
  const withdrawal = withdrawMessage(fields.prefix === undefined ? route : fields, false);
  return `${familyOfRoute(route)} ${route.pathId ?? ''} ${Buffer.from(withdrawal).toString('latin1', HEADER_OCTETS)}`;
}

/** What a session adds to a route. */
export interface Announcing {
  readonly localAsn: number;
  readonly internal: boolean;
  readonly asn4: boolean;
  /** Whether its NLRI carry path identifiers. */
  readonly addPath: boolean;
  /** Next hop of routes that name none. */
  readonly nextHop: string;
}

/**
 * The UPDATE that announces a route on a session.
 * @throws RangeError naming the field that is missing or wrong
 */
export function announceMessage(
  route: Route,
  { localAsn, internal, asn4, addPath, nextHop }: Announcing,
): Uint8Array {
  const { attributes = {}, ...fields } = route;
  const { localPref = 100, asPath = [], origin = 'igp', ...others } = attributes;
  const pathId = addPath ? (route.pathId ?? 1) : null;
  return encodeUpdate(
    {
      routes: [{ nextHop, ...fields, op: 'announce', ...numbers(familyOfRoute(route)), pathId }],
      attributes: {
        ...others,
        origin,
        asPath: internal ? asPath : [localAsn, ...asPath],
        ...(internal ? { localPref } : {}),
      },
    },
    { asn4 },
  );
}

/** The UPDATE that withdraws a route. @throws RangeError naming the field that is missing or wrong */
export function withdrawMessage(route: RouteKey, addPath: boolean): Uint8Array {
  const family = familyOfRoute(route);
  const pathId = addPath ? (route.pathId ?? 1) : null;
  return encodeUpdate({ routes: [{ ...route, op: 'withdraw', ...numbers(family), pathId }] });
}

/** The routes of an UPDATE, each with the attributes of the message. Families nobody knows are left out. */
export function learnedRoutes({ routes, attributes }: Update): LearnedRoute[] {
  return routes.flatMap((route) => {
    const family = familyOf(route.afi, route.safi);
    return family === undefined ? [] : [{ ...route, family, attributes } as LearnedRoute];
  });
}

function numbers(family: FamilyName): { afi: number; safi: number } {
  const { afi, safi } = families[family];
  return { afi, safi };
}
