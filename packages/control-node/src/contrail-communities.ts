/**
 * The extended communities that carry Contrail's own properties of a route, both ways.
 *
 * Eight octets each: a type, a sub-type and six octets of value. In an attribute they stand sorted as unsigned
 * octets and without repetition. Numbers that belong to an AS have a form for two-octet AS numbers (type 0x80) and
 * one for longer ones (type 0x82).
 */
import {
  type TunnelType,
  encapsulationCommunity,
  sortExtendedCommunities,
  tunnelType,
} from '@vaportrail/bgp/wire';
import { Writer, compareBytes, ipv4At } from '@vaportrail/net';

import { FIRST_GLOBAL_TAG, MAX_SHORT_TAG, ascendingTags } from './large-tag.ts';

/** Encapsulations that agents and control nodes know, by their names on XMPP. */
export const encapsulationNames = ['gre', 'udp', 'vxlan', 'nvgre', 'mpls', 'vxlan-gpe', 'native'] as const;
type Encapsulation = (typeof encapsulationNames)[number];

const tunnelTypes: Readonly<Record<Encapsulation, TunnelType>> = {
  gre: 'gre',
  udp: 'udp',
  vxlan: 'vxlan',
  nvgre: 'nvgre',
  mpls: 'mpls',
  'vxlan-gpe': 'vxlan-gpe',
  native: 'bare',
};
/** What `gre` means besides where labels are carried in it: EVPN routes say both. */
const MPLS_IN_GRE = encapsulationCommunity('mpls-o-gre');

/** Names by the number of the tunnel type; two of them have older numbers besides. */
const nameOfTunnelType = new Map<number, string>([
  ...Object.entries(tunnelTypes).map(([name, type]) => [tunnelType[type], name] as const),
  [tunnelType['mpls-o-gre'], 'gre'],
  [tunnelType['udp-contrail'], 'udp'],
]);

function isEncapsulation(name: string): name is Encapsulation {
  return Object.hasOwn(tunnelTypes, name);
}

/** Whether a route names encapsulations and nobody knows any of them; one that names none may have any. */
export function hasNoTunnel(names: readonly string[]): boolean {
  return names.length > 0 && !names.some(isEncapsulation);
}

/** The communities of the encapsulations that are known. @see RFC 9012 §4.1 */
export function encapsulationCommunities(names: readonly string[]): Uint8Array[] {
  return names.flatMap((name) => (isEncapsulation(name) ? [encapsulationCommunity(tunnelTypes[name])] : []));
}

/** Hash fields of a load-balance community, with their bits. */
const loadBalanceBits: Readonly<Record<string, number>> = {
  'l3-source-address': 0x80,
  'l3-destination-address': 0x40,
  'l4-protocol': 0x20,
  'l4-source-port': 0x10,
  'l4-destination-port': 0x08,
};
const ALL_LOAD_BALANCE_BITS = 0xf8;

/** How traffic is spread over the paths that share the load. */
export interface LoadBalance {
  /** Hash fields by name; all five when nothing was restricted. */
  readonly fields: readonly string[];
  readonly decision: 'field-hash' | 'source-bias';
}

/** What the extended communities of a route say in Contrail's terms. */
export interface RouteProperties {
  /** Names, e.g. `gre`, `udp`. */
  readonly encapsulations: readonly string[];
  readonly securityGroups: readonly number[];
  readonly tags: readonly number[];
  readonly mobility?: { readonly sequence: number; readonly sticky: boolean };
  readonly loadBalance?: LoadBalance;
  readonly routerMac?: Uint8Array;
  readonly etreeLeaf?: boolean;
  /** Index of the virtual network in which the route came into being. */
  readonly originVirtualNetwork?: number;
}

const SECURITY_GROUP = 0x04;
const ORIGIN_VN = 0x71;
const TAG = 0x84;
/** Security groups up to here mean the same in every AS. */
const LAST_GLOBAL_SECURITY_GROUP = 7_999_999;

/** `06 00 FLAGS 00 SEQUENCE(4)` @see RFC 7432 §7.7 */
export function mobilityCommunity(sequence: number, sticky: boolean): Uint8Array {
  return community(0x06, 0x00)
    .u8(sticky ? 1 : 0)
    .u8(0)
    .u32(sequence)
    .finish();
}

/** `06 05 LEAF 00 00 LABEL(3)` @see RFC 8317 §5.1 */
export function etreeCommunity(isLeaf: boolean, label: number): Uint8Array {
  return community(0x06, 0x05)
    .u8(isLeaf ? 1 : 0)
    .u16(0)
    .u24(label << 4)
    .finish();
}

/** The encapsulations of an EVPN route, where `gre` stands for two types. */
export function evpnEncapsulationCommunities(names: readonly string[]): Uint8Array[] {
  const communities = encapsulationCommunities(names);
  return names.includes('gre') ? [...communities, MPLS_IN_GRE] : communities;
}

/** `06 03 MAC(6)` @see RFC 9135 §6.1 */
export function routerMacCommunity(mac: Uint8Array): Uint8Array {
  return community(0x06, 0x03).bytes(mac).finish();
}

/** `80 71 AS(2) INDEX(4)`, or `82 71 AS(4) INDEX(2)` */
export function originVirtualNetworkCommunity(asn: number, index: number): Uint8Array {
  return asn <= 0xffff
    ? community(0x80, ORIGIN_VN).u16(asn).u32(index).finish()
    : community(0x82, ORIGIN_VN).u32(asn).u16(index).finish();
}

/** The origin VN among extended communities, as it stands there. */
export function originVirtualNetworkOf(value: Uint8Array): Uint8Array | undefined {
  for (let at = 0; at + 8 <= value.length; at += 8) {
    const isNumbered = value[at] === 0x80 || value[at] === 0x82;
    if (isNumbered && value[at + 1] === ORIGIN_VN) return value.subarray(at, at + 8);
  }
  return undefined;
}

/** `80 04 AS(2) GROUP(4)` each; for a longer AS number a pair that an index joins. */
export function securityGroupCommunities(asn: number, groups: readonly number[]): Uint8Array[] {
  return numbered(asn, SECURITY_GROUP, groups);
}

/** `80 84 AS(2) TAG(4)` each; for a longer AS number a pair that an index joins. Longer tags are left to `largeTags`. */
export function tagCommunities(asn: number, tags: readonly number[]): Uint8Array[] {
  return numbered(
    asn,
    TAG,
    tags.filter((tag) => tag <= MAX_SHORT_TAG),
  );
}

/** `03 AA FIELDS 00 BIAS 000000`; undefined for the default, which is not sent. */
export function loadBalanceCommunity({ fields, decision }: LoadBalance): Uint8Array | undefined {
  let bits = 0;
  for (const field of fields) bits |= loadBalanceBits[field] ?? 0;
  if (bits === 0) bits = ALL_LOAD_BALANCE_BITS;
  if (bits === ALL_LOAD_BALANCE_BITS && decision === 'field-hash') return undefined;
  return community(0x03, 0xaa)
    .u8(bits)
    .u8(0)
    .u8(decision === 'source-bias' ? 0x80 : 0)
    .bytes(new Uint8Array(3))
    .finish();
}

/** `C0 00 SEQUENCE(4) 0000` */
export function localSequenceCommunity(sequence: number): Uint8Array {
  return community(0xc0, 0x00).u32(sequence).u16(0).finish();
}

function community(type: number, subtype: number): Writer {
  return new Writer(8).u8(type).u8(subtype);
}

function numbered(asn: number, subtype: number, values: readonly number[]): Uint8Array[] {
  if (asn <= 0xffff) return values.map((value) => community(0x80, subtype).u16(asn).u32(value).finish());
  return values.flatMap((value, index) => [
    community(0x82, subtype).u32(asn).u16(index).finish(),
    community(0x80, subtype).u16(index).u32(value).finish(),
  ]);
}

/** Communities in ascending order and without repetition, as agents are told of them: a peer may have sent them otherwise. */
export function ascending(value: Uint8Array): Uint8Array {
  const list = Array.from({ length: value.length >> 3 }, (_, place) =>
    value.subarray(place * 8, place * 8 + 8),
  );
  const isSorted = list.every((one, place) => place === 0 || compareBytes(list[place - 1]!, one) < 0);
  return isSorted ? value : sortExtendedCommunities(list);
}

/**
 * Reads the value of an EXTENDED COMMUNITIES attribute.
 * Security groups and tags of another AS than `asn` are left out unless they are global.
 */
export function routeProperties(value: Uint8Array, asn: number): RouteProperties {
  const names = new Set<string>();
  const securityGroups: number[] = [];
  const tags: number[] = [];
  const longAsns = new Map<number, number>();
  let mobility: RouteProperties['mobility'];
  let loadBalance: LoadBalance | undefined;
  let routerMac: Uint8Array | undefined;
  let originVirtualNetwork: number | undefined;
  let etreeLeaf: boolean | undefined;
  for (let at = 0; at + 8 <= value.length; at += 8) {
    if (value[at] === 0x82 && value[at + 1] !== ORIGIN_VN) {
      longAsns.set(pairKey(value[at + 1]!, u16(value, at + 6)), ipv4At(value, at + 2));
    }
  }
  /** The AS of a number: the two octets behind its type, or what is paired with them. */
  const ownerOf = (subtype: number, at: number): number => {
    const number = u16(value, at + 2);
    return longAsns.get(pairKey(subtype, number)) ?? number;
  };
  for (let at = 0; at + 8 <= value.length; at += 8) {
    switch (u16(value, at)) {
      case 0x030c: {
        const text = nameOfTunnelType.get(u16(value, at + 6));
        if (text !== undefined) names.add(text);
        break;
      }
      case 0x03aa: {
        const bits = value[at + 2]!;
        const fields = Object.keys(loadBalanceBits).filter((field) => (bits & loadBalanceBits[field]!) !== 0);
        loadBalance = { fields, decision: (value[at + 4]! & 0x80) !== 0 ? 'source-bias' : 'field-hash' };
        break;
      }
      case 0x0600:
        mobility = { sequence: ipv4At(value, at + 4), sticky: (value[at + 2]! & 1) !== 0 };
        break;
      case 0x0603:
        routerMac = value.slice(at + 2, at + 8);
        break;
      case 0x0605:
        etreeLeaf = (value[at + 2]! & 1) !== 0;
        break;
      case 0x8071:
        originVirtualNetwork = ipv4At(value, at + 4);
        break;
      case 0x8271:
        originVirtualNetwork = u16(value, at + 6);
        break;
      case 0x8004: {
        const group = ipv4At(value, at + 4);
        const isGlobal = group >= 1 && group <= LAST_GLOBAL_SECURITY_GROUP;
        if (isGlobal || ownerOf(SECURITY_GROUP, at) === asn) securityGroups.push(group);
        break;
      }
      case 0x8084: {
        const tag = ipv4At(value, at + 4);
        if (tag >= FIRST_GLOBAL_TAG || ownerOf(TAG, at) === asn) tags.push(tag);
        break;
      }
    }
  }
  return {
    encapsulations: [...names].sort(),
    securityGroups,
    tags: ascendingTags(tags),
    ...(mobility && { mobility }),
    ...(loadBalance && { loadBalance }),
    ...(routerMac && { routerMac }),
    ...(etreeLeaf !== undefined && { etreeLeaf }),
    ...(originVirtualNetwork !== undefined && { originVirtualNetwork }),
  };
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function pairKey(subtype: number, index: number): number {
  return (subtype << 16) | index;
}
