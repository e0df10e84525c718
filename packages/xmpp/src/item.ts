/** What one `<item>` of a publish or of an items message says: a route of some family, and its attributes. */
import type { Prefix } from '@vaportrail/net';

/** Families carried on the channel, by the names `bgp` uses; `ermvpn` (SAFI 241) exists on this channel only. */
export type ItemFamily = 'inet' | 'inet6' | 'inet-labeled' | 'e-vpn' | 'ermvpn' | 'inet-mvpn';

/** One next hop of an item. Agents publish exactly one; a control node sends one per ECMP member, best first. */
export interface NextHop {
  /** 4 or 16 octets. */
  readonly address: Uint8Array;
  /** MPLS label, or VNI where `encapsulations` has `vxlan`; 0 when absent. */
  readonly label: number;
  /** Encapsulation names as written (`gre`, `udp`, `vxlan`, …), known or not, in the order of the item. */
  readonly encapsulations: readonly string[];
  /** Fully qualified name of the virtual network, or the empty string. */
  readonly virtualNetwork: string;
  readonly tags: readonly number[];
  /** Six octets; undefined when absent or all zero. */
  readonly mac: Uint8Array | undefined;
  readonly localSequence: number;
  readonly vni: number;
  /** EVPN only: label of the layer-3 VRF, 0 when absent. */
  readonly l3Label: number;
}

/** Sequence number of a workload's move, and whether it may not move. Zero means that it never moved. */
export interface Mobility {
  readonly sequence: number;
  readonly sticky: boolean;
}

/** How flows are spread over the next hops of a prefix. */
export interface LoadBalance {
  /** Names of the header fields hashed; empty means all five (the default). */
  readonly fields: readonly string[];
  /** `field-hash` (the default) or `source-bias`. */
  readonly decision: string;
}

/** What routes of every family carry. Immutable and possibly shared by many items: identity is a valid cache key. */
export interface ItemAttributes {
  readonly nextHops: readonly NextHop[];
  readonly version: number;
  readonly virtualNetwork: string;
  /** `mobility` of the item, or its older `sequence-number` where mobility is zero. */
  readonly mobility: Mobility;
  readonly securityGroups: readonly number[];
  /** Community strings as written: `64512:100`, `no-export`, …. */
  readonly communityTags: readonly string[];
  /** 0 when absent; a control node takes 0 for 100. */
  readonly localPref: number;
  readonly med: number;
  readonly loadBalance: LoadBalance;
  /** `interface` unless the item says otherwise. */
  readonly subProtocol: string;
}

const silentNextHop = {
  virtualNetwork: '',
  tags: [],
  mac: undefined,
  localSequence: 0,
  vni: 0,
  l3Label: 0,
} as const satisfies Partial<NextHop>;

/** A next hop that says nothing but what is given. */
export function nextHop(
  says: Pick<NextHop, 'address' | 'label' | 'encapsulations'> & Partial<NextHop>,
): NextHop {
  return { ...silentNextHop, ...says };
}

const silentAttributes = {
  version: 1,
  virtualNetwork: '',
  mobility: { sequence: 0, sticky: false },
  securityGroups: [],
  communityTags: [],
  localPref: 0,
  med: 0,
  loadBalance: { fields: [], decision: 'field-hash' },
  subProtocol: 'interface',
} as const satisfies Partial<ItemAttributes>;

/** Attributes that say nothing but what is given. */
export function itemAttributes(
  says: Pick<ItemAttributes, 'nextHops'> & Partial<ItemAttributes>,
): ItemAttributes {
  return { ...silentAttributes, ...says };
}

/** A route of an `xmpp_unicast` entry (AFI/SAFI 1/1, 2/1, 1/4). */
export interface UnicastItem {
  readonly family: 'inet' | 'inet6' | 'inet-labeled';
  readonly prefix: Prefix;
  readonly attributes: ItemAttributes;
}

/** What EVPN routes carry beyond {@link ItemAttributes}. */
export interface EnetAttributes extends ItemAttributes {
  /** Ingress replication list, from the control node to the agent. */
  readonly olist: readonly NextHop[];
  readonly leafOlist: readonly NextHop[];
  readonly edgeReplicationNotSupported: boolean;
  readonly assistedReplicationSupported: boolean;
  /** Address of the assisted replicator as written, or the empty string. */
  readonly replicatorAddress: string;
  readonly etreeLeaf: boolean;
}

/**
 * An EVPN route (AFI/SAFI 25/242): a workload's MAC with or without address, inclusive multicast
 * (`ff:ff:ff:ff:ff:ff`), an IP prefix (`00:00:00:00:00:00`), or selective multicast (`group` not empty).
 */
export interface EnetItem {
  readonly family: 'e-vpn';
  readonly ethernetTag: number;
  /** Six octets. */
  readonly mac: Uint8Array;
  /** Host prefix of the workload, any prefix for an IP prefix route, length 0 for MAC only. */
  readonly prefix: Prefix;
  /** Addresses as written, empty except for selective multicast. */
  readonly group: string;
  readonly source: string;
  readonly flags: number;
  readonly attributes: EnetAttributes;
}

/** A member of a multicast tree; `label` is a range `START-END` from agents and a decimal number to them. */
export interface MulticastNextHop {
  readonly address: Uint8Array;
  readonly label: string;
  readonly encapsulations: readonly string[];
}

/** Edge-replicated multicast (AFI/SAFI 1/241): accepted and carried, trees are not computed here. */
export interface MulticastItem {
  readonly family: 'ermvpn';
  /** IPv4 addresses, 4 octets. */
  readonly group: Uint8Array;
  readonly source: Uint8Array;
  readonly sourceLabel: number;
  /** As written, or the empty string. */
  readonly sourceAddress: string;
  readonly attributes: MulticastAttributes;
}

/** What multicast items carry. */
export interface MulticastAttributes {
  readonly nextHops: readonly MulticastNextHop[];
  /** Whom to send copies to, from the control node to the agent. */
  readonly olist: readonly MulticastNextHop[];
}

/** BGP multicast VPN joins (AFI/SAFI 1/5): accepted and carried. */
export interface MvpnItem {
  readonly family: 'inet-mvpn';
  readonly group: Uint8Array;
  readonly source: Uint8Array;
  /** 5 source active, 7 source-tree join. */
  readonly routeType: number;
  readonly attributes: MulticastAttributes;
}

/** An item of any family, told apart by `family`. */
export type Item = UnicastItem | EnetItem | MulticastItem | MvpnItem;

/** What part of an item a problem is about. */
export type ItemProblemKind = 'token' | 'family' | 'prefix' | 'next-hop';

/** Why an item was dropped; the session lives on. */
export interface ItemProblem {
  /** The item as far as it could be told: its node, id or address. */
  readonly item: string;
  /** A sentence for the log, e.g. `label is not a number: "abc"`. */
  readonly because: string;
  readonly family?: ItemFamily | undefined;
  /** What is wrong with it; a value that cannot be read is a `token`. */
  readonly kind?: ItemProblemKind | undefined;
}
