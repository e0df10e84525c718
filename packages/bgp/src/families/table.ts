/** All address families, by name. A new one is a file, a line here and a test. */
import type { Family } from './family.ts';
import { routeTarget } from './route-target.ts';
import {
  inet,
  inet6,
  inet6Labeled,
  inet6Multicast,
  inet6Vpn,
  inet6VpnMulticast,
  inetLabeled,
  inetMulticast,
  inetVpn,
  inetVpnMulticast,
} from './unicast.ts';

/** @see https://www.iana.org/assignments/address-family-numbers, https://www.iana.org/assignments/safi-namespace */
export const families = {
  inet,
  inet6,
  'inet-multicast': inetMulticast,
  'inet6-multicast': inet6Multicast,
  'inet-labeled': inetLabeled,
  'inet6-labeled': inet6Labeled,
  'inet-vpn': inetVpn,
  'inet6-vpn': inet6Vpn,
  'inet-vpn-multicast': inetVpnMulticast,
  'inet6-vpn-multicast': inet6VpnMulticast,
  'route-target': routeTarget,
} as const satisfies Record<string, Family>;

export type FamilyName = keyof typeof families;

const byNumber = new Map<number, FamilyName>();
for (const [name, { afi, safi }] of Object.entries(families))
  byNumber.set((afi << 8) | safi, name as FamilyName);

/** The name of a family by its numbers on the wire, `undefined` when it is not in the table. */
export function familyOf(afi: number, safi: number): FamilyName | undefined {
  return byNumber.get((afi << 8) | safi);
}

/** Whether a text names a family, for configuration. */
export function isFamilyName(text: string): text is FamilyName {
  return Object.hasOwn(families, text);
}
