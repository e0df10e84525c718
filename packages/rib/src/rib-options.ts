/** What a `Rib`, its tables and its update groups are made with, and what it counts. */
import type { FamilyName } from '@vaportrail/bgp/wire';
import type { AttributeSet } from './attribute-set.ts';
import type { NextHopResolver } from './next-hop-resolution.ts';
import type { RoutePolicy } from './policy.ts';
import type { Role } from './route-leak.ts';
import type { RuleSetName } from './selection/rules.ts';
import type { MultipathMode } from './selection/step.ts';
import type { Table } from './table.ts';
import type { DistinguisherOf } from './targeted-table.ts';

/** Who the router is, and who does what a `Rib` does not: tell the time, and wake it. */
export interface RibOptions {
  readonly asn: number;
  /** BGP identifier as an unsigned number. */
  readonly routerId: number;
  /** Makes this router a route reflector. @see RFC 4456 §7 */
  readonly clusterId?: number | undefined;
  /**
   * Asks the driver to call its argument soon, but not now: `setImmediate`. Without it the owner calls `Rib.drain`.
   */
  readonly schedule?: ((drain: () => void) => void) | undefined;
  /**
   * Whether more from peers waits to be read. Then a drain is put off until there is enough to do: routes that are looked up, sorted and
   * written together take half the time, and leave in fewer messages.
   */
  readonly isInputWaiting?: (() => boolean) | undefined;
  /** Milliseconds since the epoch, for the age of paths. */
  readonly now?: (() => number) | undefined;
}

/** What a table is to be. */
export interface TableOptions {
  /** `bgp.l3vpn.0`, `default-domain:demo:public:public.inet.0`; unique in a `Rib`. */
  readonly name: string;
  readonly family: FamilyName;
  /** Rules of its path selection; `rfc4271` unless stated. */
  readonly selection?: RuleSetName | undefined;
  /** Where the NLRI of this family go that BGP sources send. True for the first table of a family with `vpn` or `main`. */
  readonly main?: boolean | undefined;
  /**
   * Whether it is the table that routing instances export to. Follows from the family, but for EVPN, whose routes look
   * the same on both sides: there it is true unless stated.
   */
  readonly vpn?: boolean | undefined;
  /** Route targets (eight octets each) of routes to import. */
  readonly imports?: readonly Uint8Array[] | undefined;
  /** Route targets added to exported routes; a table without is not exported. */
  readonly exports?: readonly Uint8Array[] | undefined;
  /** Extended community naming the virtual network of the table; added to exported routes. */
  readonly originVn?: Uint8Array | undefined;
  /** Route distinguisher of exported routes; without it `next hop:instance id`, see {@link Table.setInstanceId}. */
  readonly routeDistinguisher?: Uint8Array | DistinguisherOf | undefined;
  /** Sixteen bits in the place of the upper half of the next hop there. */
  readonly clusterSeed?: number | undefined;
  /** `multipath`: only the best paths are copied to other tables (control node); `all`: all feasible ones (provider edge). */
  readonly replicates?: 'multipath' | 'all' | undefined;
  /** Multipath mode; the one of the rule set unless stated. */
  readonly multipath?: MultipathMode | undefined;
  /** Decides about routes that come here by route target, and about routes that are exported; see {@link Table.setPolicies}. */
  readonly importPolicy?: RoutePolicy | undefined;
  readonly exportPolicy?: RoutePolicy | undefined;
  /** Tells the cost of next hops; without it every next hop is near. */
  readonly resolve?: NextHopResolver | undefined;
}

/** What the members of an update group have in common. */
export interface UpdateGroupOptions {
  readonly table: Table;
  /** The members are in our AS. */
  readonly internal: boolean;
  /** The AS number we show them; ours unless stated. */
  readonly localAsn?: number | undefined;
  /** Our address as next hop of what they are sent; absent: the next hop stays. */
  readonly nextHopSelf?: Uint8Array | undefined;
  /** AS numbers of four octets were negotiated; true unless stated. */
  readonly asn4?: boolean | undefined;
  /** They understand long-lived graceful restart; others are told stale paths with LOCAL_PREF 0 and NO_EXPORT. */
  readonly longLived?: boolean | undefined;
  readonly extendedMessage?: boolean | undefined;
  /** A route is not told to a peer that itself supplied any path of it, as a control node does it; not where it takes several. */
  readonly sparesSuppliers?: boolean | undefined;
  /**
   * They negotiated ADD-PATH and take several paths of a destination: at most so many of the best ones, or Infinity. Absent:
   * they take one, without path identifier. @see RFC 7911
   */
  readonly paths?: number | undefined;
  /** AIGP goes to them; to peers in our AS unless stated. @see RFC 7311 §3.3 */
  readonly aigp?: boolean | undefined;
  /** IPv6 next hops of IPv4 families were agreed on; true unless stated. @see RFC 8950 */
  readonly extendedNextHop?: boolean | undefined;
  /** What they are to us; guards unicast routes against leaks. @see RFC 9234 §5 */
  readonly peerRole?: Role | undefined;
  /** Rewrites the encoded attributes, or keeps paths back; groups with different functions are different groups. */
  readonly exportPolicy?: ((set: AttributeSet, encoded: Uint8Array) => Uint8Array | undefined) | undefined;
}

/** What a `Rib` holds, for an operator. */
export interface RibStatistics {
  readonly attributeSets: number;
  readonly sources: number;
  readonly tables: number;
  readonly paths: number;
  /** Numbers in use for route targets, for route distinguishers, and for where copies come from. */
  readonly routeTargets: number;
  readonly routeDistinguishers: number;
  readonly origins: number;
  /** NLRI that say more than their key. */
  readonly payloads: number;
}
