/** The BGP role of a router towards a peer, as operators configure it. @see RFC 9234 §4 */
import { z } from 'zod';

/** The words of the setting, with those of RFC 9234 §4.1. */
export const bgpRoles = {
  provider: 'provider',
  customer: 'customer',
  peer: 'peer',
  rs: 'routeServer',
  'rs-client': 'routeServerClient',
} as const;

export const bgpRole = z.enum(Object.keys(bgpRoles) as (keyof typeof bgpRoles)[]);
