/**
 * What BGP roles make of ONLY_TO_CUSTOMER: a route that has once gone down to a customer or across to a peer goes down only.
 * The rules hold for IPv4 and IPv6 unicast and no policy changes them.
 * @see RFC 9234 §5
 */
import type { FamilyName, bgpRole } from '@vaportrail/bgp/wire';

/** What a peer is to us. @see RFC 9234 §4 */
export type Role = keyof typeof bgpRole;

interface LeakRule {
  /** Which received routes that carry it are leaks: all, those marked by another AS than the peer, none. */
  readonly leaks: 'all' | 'of-others' | 'none';
  /** Received routes without it are marked with the AS of the peer. */
  readonly marksReceived: boolean;
  /** Sent routes without it are marked with our AS. */
  readonly marksSent: boolean;
  /** Routes that carry it are not sent. */
  readonly keepsBack: boolean;
}

/** By what the peer is to us. */
export const leakRules = {
  provider: { leaks: 'none', marksReceived: true, marksSent: false, keepsBack: true },
  routeServer: { leaks: 'none', marksReceived: true, marksSent: false, keepsBack: true },
  peer: { leaks: 'of-others', marksReceived: true, marksSent: true, keepsBack: true },
  customer: { leaks: 'all', marksReceived: false, marksSent: true, keepsBack: false },
  routeServerClient: { leaks: 'all', marksReceived: false, marksSent: true, keepsBack: false },
} as const satisfies Record<Role, LeakRule>;

/** Whether the rules apply to a family. */
export function isGuarded(family: FamilyName): boolean {
  return family === 'inet' || family === 'inet6';
}

/**
 * Whether a received route is a leak.
 * @param mark value of its ONLY_TO_CUSTOMER, -1 without
 */
export function isLeak(role: Role, peerAsn: number, mark: number): boolean {
  const { leaks } = leakRules[role];
  return mark >= 0 && (leaks === 'all' || (leaks === 'of-others' && mark !== peerAsn));
}
