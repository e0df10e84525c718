/** What of the octets of an NLRI names the route, and what else it says. */
import { compareBytes } from '@vaportrail/net';
import type { FamilyLayout } from './family-layout.ts';
import type { RouteStore } from './route-store.ts';

/** The octets that name the route. */
export function keyOfNlri(layout: FamilyLayout, nlri: Uint8Array): Uint8Array {
  if (layout.kind !== 'bytes' || layout.canonical === undefined) return nlri;
  const key = new Uint8Array(nlri.length);
  return key.subarray(0, layout.canonical(nlri, 0, nlri.length, key, 0));
}

/** The number of an NLRI that says more than its key; 0 for one that does not. */
export function payloadOfNlri(store: RouteStore, nlri: Uint8Array, key: Uint8Array): number {
  return compareBytes(key, nlri) === 0 ? 0 : store.payloads.intern(nlri, 0, nlri.length);
}
