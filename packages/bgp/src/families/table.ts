/** All address families, by name. A new one is a file, a line here and a test. */
import { evpn } from './evpn.ts';
import type { Family } from './family.ts';
import { inet6Flow, inet6VpnFlow, inetFlow, inetVpnFlow, l2vpnFlow } from './flow-specification.ts';
import { l2vpn } from './l2vpn.ts';
import { linkState, linkStateVpn } from './link-state.ts';
import { inet6Mvpn, inetMvpn } from './mvpn.ts';
import { ermVpn, mup, mup6 } from './opaque-route.ts';
import { routeTarget } from './route-target.ts';
import { srTe, srTe6 } from './sr-policy.ts';
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
  'e-vpn': evpn,
  'inet-flow': inetFlow,
  'inet6-flow': inet6Flow,
  'inet-vpn-flow': inetVpnFlow,
  'inet6-vpn-flow': inet6VpnFlow,
  'l2vpn-flow': l2vpnFlow,
  l2vpn,
  'inet-mvpn': inetMvpn,
  'inet6-mvpn': inet6Mvpn,
  ls: linkState,
  'ls-vpn': linkStateVpn,
  'sr-te': srTe,
  'sr-te6': srTe6,
  mup,
  mup6,
  'erm-vpn': ermVpn,
} as const satisfies Record<string, Family>;

/** A family by its name here: `inet`, `inet-vpn`, `e-vpn`, … */
export type FamilyName = keyof typeof families;

/** The fields that an NLRI of a family has. */
export type NlriOf<F extends FamilyName> = (typeof families)[F] extends Family<infer N> ? N : never;

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
