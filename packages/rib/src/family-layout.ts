/** How the NLRI of each family become keys of packed records. */
import type { FamilyName } from '@vaportrail/bgp/wire';
import { evpnKey } from './evpn-key.ts';

/** Keys of a fixed number of words: prefixes. */
export interface PrefixLayout {
  readonly kind: 'prefix';
  /** Words of the address: 1 for IPv4, 4 for IPv6. */
  readonly addressWords: 1 | 4;
  readonly labeled: boolean;
  readonly distinguished: boolean;
}

/**
 * Keys of any length: the octets of the NLRI, or what `canonical` makes of them where some do not name the route. It
 * writes the key to `into` at `to` and returns its length, which is not more than that of the NLRI.
 */
export interface ByteLayout {
  readonly kind: 'bytes';
  readonly canonical?: (
    bytes: Uint8Array,
    at: number,
    length: number,
    into: Uint8Array,
    to: number,
  ) => number;
  /** Where the route distinguisher stands in an NLRI; tables of routing instances have zeros there. */
  readonly distinguisherAt?: number;
}

/** How keys of a family are made. */
export type FamilyLayout = PrefixLayout | ByteLayout;

const prefix = (addressWords: 1 | 4, labeled: boolean, distinguished: boolean): PrefixLayout => ({
  kind: 'prefix',
  addressWords,
  labeled,
  distinguished,
});
const bytes: ByteLayout = { kind: 'bytes' };

const prefixLayouts: { readonly [N in FamilyName]?: PrefixLayout } = {
  inet: prefix(1, false, false),
  inet6: prefix(4, false, false),
  'inet-multicast': prefix(1, false, false),
  'inet6-multicast': prefix(4, false, false),
  'inet-labeled': prefix(1, true, false),
  'inet6-labeled': prefix(4, true, false),
  'inet-vpn': prefix(1, true, true),
  'inet6-vpn': prefix(4, true, true),
  'inet-vpn-multicast': prefix(1, false, true),
  'inet6-vpn-multicast': prefix(4, false, true),
};

const byteLayouts: { readonly [N in FamilyName]?: ByteLayout } = {
  'e-vpn': { kind: 'bytes', canonical: evpnKey, distinguisherAt: 2 },
  'inet-mvpn': { kind: 'bytes', distinguisherAt: 2 },
  'erm-vpn': { kind: 'bytes', distinguisherAt: 2 },
};

/** The layout of a family; of one nobody made a row for the octets are the key. */
export function layoutOf(family: FamilyName): FamilyLayout {
  return prefixLayouts[family] ?? byteLayouts[family] ?? bytes;
}

/** Words of a key: `rd << 6 | length` or `rd << 8 | length`, then the address; two for a byte string. */
export function keyWords(layout: FamilyLayout): number {
  return layout.kind === 'prefix' ? 1 + layout.addressWords : 2;
}

/** Bits of the length in the first key word. */
export function lengthBits(layout: PrefixLayout): number {
  return layout.addressWords === 1 ? 6 : 8;
}

/** The family of the VPN table that routes of a VRF table are replicated to; EVPN and multicast routes look the same in both. */
export const vpnFamilyOf: { readonly [N in FamilyName]?: FamilyName } = {
  inet: 'inet-vpn',
  inet6: 'inet6-vpn',
  'inet-multicast': 'inet-vpn-multicast',
  'inet6-multicast': 'inet6-vpn-multicast',
  'e-vpn': 'e-vpn',
  'inet-mvpn': 'inet-mvpn',
  'erm-vpn': 'erm-vpn',
};
