/** Routes as programs write and read them: text for addresses, names for attributes. */
import type { FamilyName } from '../families/table.ts';
import type { Origin } from '../attributes/origin.ts';
import { HEADER_OCTETS } from '../wire/header.ts';
import { encodeUpdate } from '../wire/update-encode.ts';
import { attributes as attributeTable } from '../attributes/table.ts';
import type { PlainAsPath } from '../attributes/as-path.ts';
import type { PlainAttributes } from '../attributes/plain-attributes.ts';
import type { Update } from '../wire/update.ts';
import { familyOfNlri, type NamedNlri, type UpdateRoute } from '../wire/update-route.ts';

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

/** What a route to announce may have beside the fields of its NLRI. */
interface RouteOptions {
  /** Path identifier, where ADD-PATH is agreed on. */
  readonly pathId?: number | null;
  /** Without it, the address of the session. */
  readonly nextHop?: string;
  readonly linkLocalNextHop?: string;
  readonly attributes?: RouteAttributes;
}

/**
 * A route to announce: `family` says which fields its NLRI has. Without it, a VPN route when there is a route
 * distinguisher, a unicast one otherwise. Every {@link LearnedRoute} is one.
 */
export type Route = NamedNlri & RouteOptions;

/** What tells one route from another: the fields of its NLRI, and its path identifier. Every {@link Route} is one. */
export type RouteKey = NamedNlri & Pick<RouteOptions, 'pathId'>;

/** A route as it was learned: `family` tells which fields it has, beside those of every route. */
export type LearnedRoute = Extract<UpdateRoute, { readonly family: FamilyName }> & {
  readonly attributes: RouteAttributes;
};

/** A text that is the same for the same destination: family, path identifier, and the octets of its withdrawal. */
export function routeKey(route: RouteKey): string {
  const { nlri: _octets, ...fields } = route;
  // The octets of a prefix as they came may hold what does not belong to the destination, such as a label.
  const withdrawal = withdrawMessage('prefix' in fields ? (fields as RouteKey) : route, false);
  return `${familyOfNlri(route)} ${route.pathId ?? ''} ${Buffer.from(withdrawal).toString('latin1', HEADER_OCTETS)}`;
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
      routes: [{ nextHop, ...fields, op: 'announce', pathId }],
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

const optionNames = ['pathId', 'nextHop', 'linkLocalNextHop', 'attributes'] as const;

/**
 * Finds what would be passed over without a word: an attribute beside `attributes`, or an option in another spelling. Fields of
 * the program's own are none of our business.
 * @throws RangeError naming the field, and where it belongs
 */
export function checkFieldNames(route: Route): void {
  for (const field of Object.keys(route)) {
    if (field !== 'nextHop' && Object.hasOwn(attributeTable, field))
      throw new RangeError(`${field}: an attribute of a route stands in its attributes`);
    const meant = optionNames.find((name) => name.toLowerCase() === field.replace(/[-_]/g, '').toLowerCase());
    if (meant !== undefined && meant !== field) throw new RangeError(`${field}: a route has ${meant}`);
  }
}

/** The UPDATE that withdraws a route. @throws RangeError naming the field that is missing or wrong */
export function withdrawMessage(route: RouteKey, addPath: boolean): Uint8Array {
  const pathId = addPath ? (route.pathId ?? 1) : null;
  return encodeUpdate({ routes: [{ ...route, op: 'withdraw', pathId }] });
}

/** The routes of an UPDATE, each with the attributes of the message. Families nobody knows are left out. */
export function learnedRoutes({ routes, attributes }: Update): LearnedRoute[] {
  return routes.flatMap((route) => (route.family === undefined ? [] : [{ ...route, attributes }]));
}
