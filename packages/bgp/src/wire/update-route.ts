/** The routes of an UPDATE as plain data: as they are read, and as they may be written. */
import { families, type FamilyName, isFamilyName, type NlriOf } from '../families/table.ts';
import type { Nlri, NlriOctets } from '../families/family.ts';
import type { LabeledPrefixNlri } from '../families/prefix.ts';
import type { AfiSafi } from './capability.ts';

/** What every route of an UPDATE has, and what those of most families have. */
interface AnyRoute extends AfiSafi, NlriOctets {
  readonly op: 'announce' | 'withdraw';
  /** In families of prefixes, and in EVPN routes that are one: `203.0.113.0/24`. */
  readonly prefix?: string;
  /** Route distinguisher, `64512:1` or `10.0.0.1:1`. */
  readonly rd?: string;
  readonly labels?: readonly number[];
  /** Path identifier, `null` without ADD-PATH. */
  readonly pathId: number | null;
  /** Absent in withdrawals, and where the family needs none. */
  readonly nextHop?: string;
  /** The second address of an IPv6 next hop of 32 or 48 octets. @see RFC 2545 §3 */
  readonly linkLocalNextHop?: string;
}

/** A route of a family that is not in the table of families: its octets. */
type UnnamedRoute = AnyRoute & { readonly family?: undefined; readonly nlri: string };

/**
 * One route of an UPDATE: `family` tells which fields its NLRI has beside those of every route. Without it, the family is not in the
 * table of families, and `nlri` has the octets of all its routes.
 */
export type UpdateRoute =
  { [F in FamilyName]: AnyRoute & NlriOf<F> & { readonly family: F } }[FamilyName] | UnnamedRoute;

/** What a route to write may have in any family. */
interface AnyRouteFields {
  readonly op: 'announce' | 'withdraw';
  /** Path identifier: for sessions that agreed on ADD-PATH, and only for them. */
  readonly pathId?: number | null;
  readonly nextHop?: string;
  readonly linkLocalNextHop?: string;
}

/** The fields that an NLRI is written from: of labels the numbers or the whole fields, where both are read. */
type WrittenNlri<N> = N extends { readonly labelFields: readonly number[] }
  ? Omit<N, 'labels' | 'labelFields'> & {
      readonly labels?: readonly number[];
      readonly labelFields?: readonly number[];
    }
  : N;

/** The fields of an NLRI by the name of its family, or without: a VPN prefix when there is a route distinguisher, a unicast one otherwise. */
export type NamedNlri =
  | { [F in FamilyName]: WrittenNlri<NlriOf<F>> & { readonly family: F } }[FamilyName]
  | (LabeledPrefixNlri & { readonly rd?: string; readonly family?: undefined });

/** A route to write: its family by name, by numbers, or as its prefix shows. Every {@link UpdateRoute} is one. */
export type RouteFields =
  | (AnyRouteFields & NamedNlri & { readonly afi?: number; readonly safi?: number })
  | (AnyRouteFields & Nlri & AfiSafi & { readonly family?: undefined })
  | UnnamedRoute;

/** A route with the numbers of its family. */
export type NumberedRoute = AnyRouteFields & Nlri & AfiSafi;

/**
 * The name of the family of a route: as it says, or else VPN with a route distinguisher and unicast otherwise.
 * @throws RangeError when it says a name that no family has, or nothing that tells
 */
export function familyOfNlri(route: NamedNlri): FamilyName {
  const { family, prefix, rd } = route as Nlri;
  if (family !== undefined) return familyNamed(family);
  if (typeof prefix !== 'string') throw new RangeError('a route needs family, afi and safi, or prefix');
  const six = prefix.includes(':');
  if (rd !== undefined) return six ? 'inet6-vpn' : 'inet-vpn';
  return six ? 'inet6' : 'inet';
}

/** A name that is one of a family. @throws RangeError when it is not */
export function familyNamed(family: unknown): FamilyName {
  if (typeof family === 'string' && isFamilyName(family)) return family;
  throw new RangeError(`no address family is named ${JSON.stringify(family)}`);
}

/**
 * The same route with the numbers of its family.
 * @throws RangeError when the family cannot be told, or is told in two ways
 */
export function numbered(route: RouteFields): NumberedRoute {
  const { op, family, afi, safi } = route;
  // Left out, it would be an UPDATE without routes, which says that these were all.
  if (op !== 'announce' && op !== 'withdraw')
    throw new RangeError('a route needs op, "announce" or "withdraw"');
  if (family === undefined && afi !== undefined && safi !== undefined) return route as NumberedRoute;
  const row = families[familyOfNlri(route as NamedNlri)];
  if ((afi ?? row.afi) !== row.afi || (safi ?? row.safi) !== row.safi)
    throw new RangeError(`family "${family}" is AFI ${row.afi}, SAFI ${row.safi}, not ${afi}, ${safi}`);
  return afi === undefined || safi === undefined
    ? { ...route, afi: row.afi, safi: row.safi }
    : (route as NumberedRoute);
}
