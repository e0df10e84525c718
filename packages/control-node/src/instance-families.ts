/** The families of a routing instance, and the tables they are in. */
import type { FamilyName } from '@vaportrail/bgp/wire';

import type { InstanceTargets } from './config.ts';

/** Families of a routing instance, with the end of their tables' names. */
export const instanceFamilies = {
  inet: 'inet.0',
  inet6: 'inet6.0',
  'e-vpn': 'evpn.0',
  'erm-vpn': 'ermvpn.0',
  'inet-mvpn': 'mvpn.0',
} as const;
/** The master instance has the labelled routes of the underlay, and its tables have short names. */
export const masterFamilies = { inet: 'inet.0', inet6: 'inet6.0', 'inet-labeled': 'inet.3' } as const;

/** A family of any instance, the master instance included. */
export type InstanceFamily = keyof typeof instanceFamilies | keyof typeof masterFamilies;

/** Whether agents' routes of a family go with their session. */
export function isMulticast(family: FamilyName): boolean {
  return family === 'erm-vpn' || family === 'inet-mvpn';
}

/** The targets of the table of a family. Native ermvpn routes stay where they are: nobody computes trees of them. */
export function targetsFor(family: FamilyName, targets: InstanceTargets): InstanceTargets {
  return family === 'erm-vpn' ? { imports: targets.imports, exports: [] } : targets;
}
