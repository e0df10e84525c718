/** What is told to the members of an update group, as far as it is the same for all of them. */
import { setFact } from './attribute-scan.ts';
import type { AttributeSet } from './attribute-set.ts';
import { type Role, leakRules } from './route-leak.ts';
import type { Identity } from './route-store.ts';
import type { Source } from './source.ts';

/** What the members of an update group have in common. */
export interface EgressProfile {
  /** The members are in our AS. */
  readonly internal: boolean;
  /** The AS number we show them. */
  readonly localAsn: number;
  /** Our address for the next hop of what we send; absent: the next hop stays. */
  readonly nextHopSelf: Uint8Array | undefined;
  /** AS numbers of four octets were negotiated. */
  readonly asn4: boolean;
  /** They understand long-lived graceful restart. @see RFC 9494 */
  readonly longLived: boolean;
  /** AIGP goes to them. @see RFC 7311 §3.3 */
  readonly aigp: boolean;
  /** Routes that have an IPv6 next hop go to them; false for IPv4 families where that was not agreed on. @see RFC 8950 */
  readonly ipv6NextHops: boolean;
  /** What they are to us, where that guards the family against leaks. @see RFC 9234 §5 */
  readonly peerRole: Role | undefined;
  /** Rewrites the attributes at the end, or keeps the path back; memoised like everything here. */
  readonly exportPolicy: ((set: AttributeSet, encoded: Uint8Array) => Uint8Array | undefined) | undefined;
}

const IPV4_OCTETS = 4;

const roleWords = {
  provider: 'a provider',
  routeServer: 'a route server',
  peer: 'a peer, not a customer',
  customer: 'a customer',
  routeServerClient: 'a client of this route server',
} as const satisfies Record<Role, string>;

/**
 * Why a path may not go to members of a kind at all, whoever they are; `undefined` when it may.
 * @see RFC 1997, RFC 4456 §6, RFC 9234 §5
 */
export function keptFromAll(
  facts: number,
  nextHopLength: number,
  source: Source,
  profile: EgressProfile,
  identity: Identity,
): string | undefined {
  if ((facts & setFact.noAdvertise) !== 0) return 'it carries the community no-advertise';
  if (!profile.internal && (facts & setFact.noExport) !== 0) return 'it carries the community no-export';
  const { peerRole, ipv6NextHops, nextHopSelf } = profile;
  if (!ipv6NextHops && (nextHopSelf?.length ?? nextHopLength) > IPV4_OCTETS) {
    return 'its next hop is IPv6, and the peer takes IPv4 next hops only';
  }
  if (peerRole !== undefined && leakRules[peerRole].keepsBack && (facts & setFact.onlyToCustomer) !== 0) {
    return `it carries ONLY_TO_CUSTOMER and the peer is ${roleWords[peerRole]}`;
  }
  if (isReflected(source, profile) && identity.clusterId === undefined) {
    return 'it came from a peer of our own AS and this router is no route reflector';
  }
  return undefined;
}

/** From a peer of our AS to others of our AS. */
export function isReflected(source: Source, profile: EgressProfile): boolean {
  return profile.internal && source.protocol === 'bgp' && source.internal;
}
