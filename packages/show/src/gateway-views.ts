/**
 * The views of a gateway: those of {@link RouteView} with what a Junos router tells beside them. Text output is made from
 * these alone, so anything that can be printed can be had as JSON.
 */
import type { NeighborView, PathView, RouteView } from './views.ts';

/** Who made an entry, as Junos names it; the preference behind it decides first. */
export type GatewayProtocol =
  'BGP' | 'Static' | 'Direct' | 'Local' | 'Multipath' | 'Tunnel' | 'RTarget' | 'VPN' | 'MPLS';

/** `*` active, `@` active for routing only, `#` for forwarding only, blank neither. */
export type ActiveMark = '*' | '@' | '#' | ' ';

export interface GatewayTableView {
  /** `k8s-test.inet.0` */
  readonly name: string;
  readonly family: string;
  /** Distinct prefixes, and entries of them: losers, hidden ones and Multipath entries included. */
  readonly destinations: number;
  readonly routes: number;
  readonly active: number;
  readonly holddown: number;
  readonly hidden: number;
  /** Whether multipath is, or has been, at work in this table: its legend then explains `@` and `#`. */
  readonly multipath: boolean;
  /** The routes asked for, in order of prefix. */
  readonly entries: readonly GatewayRouteView[];
}

export interface GatewayRouteView extends Omit<RouteView, 'paths'> {
  /** Entries handed on: to the forwarding table, to peers. */
  readonly announced: number;
  readonly paths: readonly GatewayPathView[];
  /** What the forwarding table was given; `extensive` shows it. */
  readonly installed?: InstalledView;
}

/** Indexes of the next hops given to the forwarding table for a prefix. */
export interface InstalledView {
  readonly type: 'indirect' | 'list' | 'router';
  readonly indexes: readonly number[];
}

export interface GatewayPathView extends PathView {
  readonly kind: GatewayProtocol;
  readonly mark: ActiveMark;
  readonly active: boolean;
  readonly preference: number;
  /** Local preference as Junos compares it: -(local preference + 1). */
  readonly preference2?: number;
  /** Address of the BGP peer. */
  readonly from?: string;
  readonly routerId?: string;
  readonly localAsn?: number;
  readonly peerAsn?: number;
  /** Seconds since the entry came. */
  readonly age: number;
  /** Cost to the protocol next hop. */
  readonly metric2?: number;
  /** Flags as Junos words them: `Secondary`, `Active`, `NotBest`, `Int`, `Ext`. */
  readonly state: readonly string[];
  readonly inactiveReason?: string;
  readonly task: string;
  /** `1-KRT`: who was told. */
  readonly announcementBits: readonly string[];
  readonly nextHopType:
    | 'Indirect'
    | 'Router'
    | 'Interface'
    | 'Local'
    | 'Discard'
    | 'Reject'
    | 'Unusable'
    | 'Tunnel'
    | 'Receive'
    | 'Table';
  readonly nextHops: readonly GatewayNextHopView[];
  readonly indirect: readonly IndirectView[];
  /** Where packets with a label are looked up once it is off: `k8s-test.inet.0`. */
  readonly lookupTable?: string;
  /** Extended communities as Junos words them. */
  readonly junosCommunities: readonly string[];
  readonly nextHopReferences?: number;
  /** Of a static or direct route. */
  readonly metric?: number;
}

/** One way out of an entry. */
export interface GatewayNextHopView {
  readonly interface: string;
  readonly address?: string;
  /** Label pushed on the way. */
  readonly label?: number;
  /** The leg this entry prefers; the only one unless the load is shared. */
  readonly selected: boolean;
  /** Index of the forwarding next hop, once it has one. */
  readonly index?: number;
}

/** The indirect next hop between a protocol next hop and its forwarding ones. */
export interface IndirectView {
  readonly protocolNextHop: string;
  readonly label?: number;
  readonly metric: number;
  /** Opaque hexadecimal name of the object. */
  readonly handle: string;
  /** Index in the forwarding table; absent while no route uses it. */
  readonly index?: number;
  readonly session: string;
  /** Route and table it resolved over. */
  readonly originatingRib: string;
  readonly resolvedBy: string;
  readonly nextHops: readonly GatewayNextHopView[];
}

export interface ForwardingTableView {
  /** `k8s-test.inet` */
  readonly name: string;
  readonly index: number;
  readonly family: 'inet' | 'inet6';
  readonly routes: readonly ForwardingRouteView[];
}

export interface ForwardingRouteView {
  readonly destination: string;
  readonly type: string;
  readonly references: number;
  readonly nextHop: ForwardingNextHopView;
}

export interface ForwardingNextHopView {
  /** `ulst`, `indr`, `ucst`, `rjct`, `dscd`, `locl`, `rslv`. */
  readonly type: string;
  readonly index: number;
  readonly references: number;
  /** `Push 26` */
  readonly operation?: string;
  readonly address?: string;
  readonly interface?: string;
  readonly members?: readonly ForwardingNextHopView[];
}

export interface DynamicTunnelView {
  readonly name: string;
  readonly type: 'gre' | 'udp';
  readonly source: string;
  readonly destination: string;
  readonly interface: string;
  readonly state: 'up' | 'hold-down';
  readonly references: number;
  readonly metric: number;
  readonly since: string;
  /** Index of the logical interface, and its SNMP index. */
  readonly index: number;
  readonly snmpIndex: number;
  readonly inputPackets: number;
  readonly outputPackets: number;
}

export interface DynamicTunnelsView {
  readonly table: 'inet.3';
  readonly networks: readonly {
    readonly name: string;
    readonly prefix: string;
    readonly type: 'gre' | 'udp';
    readonly source: string;
    readonly metric: number;
    readonly tunnels: readonly DynamicTunnelView[];
  }[];
}

/** A BGP peer of a gateway. */
export interface GatewayNeighborView extends NeighborView {
  readonly peerPort?: number;
  readonly localPort?: number;
  /** Seconds since the session came up or went down. */
  readonly lastChange: number;
  readonly tables: readonly NeighborTableView[];
}

/** What a peer has in one table. */
export interface NeighborTableView {
  readonly name: string;
  readonly active: number;
  readonly received: number;
  readonly accepted: number;
  readonly damped: number;
}
