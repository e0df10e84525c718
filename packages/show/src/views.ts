/**
 * The shape of every view: plain JSON, text for addresses and communities, numbers for numbers.
 *
 * Times are ISO 8601 in UTC; durations are seconds. A field that does not apply is absent.
 */
import type { ConfigChannelView } from './config-channel.ts';

/** Who a daemon talks to, by BGP or by XMPP. */
export interface NeighborView {
  readonly name: string;
  readonly address: string;
  readonly protocol: 'bgp' | 'xmpp';
  readonly type: 'internal' | 'external' | 'agent' | 'control-node';
  /** `Established`, or the state that the session is in. */
  readonly state: string;
  readonly asn?: number;
  readonly localAsn?: number;
  readonly routerId?: string;
  readonly localAddress?: string;
  readonly passive?: boolean;
  /** The prefix by which it was let in, e.g. `10.0.0.0/24`, where it is not configured by itself. */
  readonly dynamic?: string;
  /** Families in use, e.g. `inet-vpn`; what was configured while the session is down. */
  readonly families?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly holdTime?: number;
  readonly establishedAt?: string;
  readonly flaps: number;
  /** Why the session last ended or does not come up. */
  readonly lastError?: string;
  /** The state before the present one, the event that ended it, and when. */
  readonly lastTransition?: { readonly from: string; readonly event: string; readonly at: string };
  /** When the session was last lost. */
  readonly lostAt?: string;
  readonly authentication?: 'none' | 'md5' | 'tls';
  /** What is kept of the neighbour while it is away; families where they are agreed on. Times in seconds. */
  readonly gracefulRestart?: GracefulRestartView;
  /** Tables it gets the routes of. */
  readonly routingTables?: readonly string[];
  /** UPDATEs or items of it that had something wrong. */
  readonly errors?: number;
  readonly received: TrafficView;
  readonly sent: TrafficView;
  /** Paths of this neighbour in our tables, and routes we told it. */
  readonly paths: number;
  readonly advertised?: number;
  /** Octets that wait for the neighbour to read. */
  readonly backlog: number;
  /** Whether the End-of-RIB came, by family. */
  readonly endOfRib?: Readonly<Record<string, boolean>>;
  /** Absent where nothing is kept of a neighbour that is away. */
  readonly retention?: PathRetentionView;
  /** Of the items with something wrong, those of IPv6 by what it was. */
  readonly inet6Errors?: Readonly<Record<'token' | 'family' | 'prefix' | 'next-hop', number>>;
  /** The port it speaks from, while it has a connection. */
  readonly port?: number;
  readonly prefixLimit?: number;
  /** Of the configuration, what an agent has been told over the channel. */
  readonly configuration?: { readonly nodes: number; readonly links: number };
  readonly subscriptions?: readonly SubscriptionView[];
  /** Of a BGP session. */
  readonly session?: BgpSessionView;
}

/** What both speakers of a BGP session said and what came of it. Seconds; what takes two is there while it is Established. */
export interface BgpSessionView {
  readonly holdTimes: { readonly ours: number; readonly theirs?: number };
  readonly keepalive?: number;
  readonly connectRetry: number;
  readonly localPort?: number;
  readonly remotePort: number;
  /** Routers that may lie between, and one. @see RFC 5082 */
  readonly ttlSecurity?: number;
  readonly capabilitiesSent?: readonly string[];
  readonly capabilitiesReceived?: readonly string[];
  readonly refreshesSent: number;
  readonly refreshesReceived: number;
  /** How the last session ended that was Established. */
  readonly lastReset?: { readonly at: string; readonly because: string };
}

export interface GracefulRestartView {
  readonly restartTime: number;
  readonly families: readonly string[];
  readonly longLivedTime: number;
  readonly longLivedFamilies: readonly string[];
}

export interface TrafficView {
  readonly messages: number;
  readonly octets: number;
  readonly updates: number;
  /** Routes announced and withdrawn, and ends of initial updates. */
  readonly reach?: number;
  readonly unreach?: number;
  readonly endsOfRib?: number;
  readonly opens?: number;
  readonly keepalives?: number;
  readonly notifications?: number;
}

/** What has become of the paths of a neighbour whenever its session was lost: the present state, and how often each step was taken. */
export interface PathRetentionView {
  readonly state: 'present' | 'stale' | 'long-lived' | 'refreshing' | 'gone';
  readonly losses: number;
  readonly staled: number;
  readonly longLivedStaled: number;
  readonly sweeps: number;
  readonly deletions: number;
}

/** An agent's membership of a routing instance. */
export interface SubscriptionView {
  readonly instance: string;
  readonly agent: string;
  /** The agent's own index of the VRF, which becomes the number of its route distinguishers. */
  readonly instanceId: number;
  /** `pending`: the routing instance is not configured; `stale`: the agent is away and may come back. */
  readonly state: 'established' | 'pending' | 'stale';
  readonly deferredRoutes?: number;
  /** False for an agent that publishes and wants no routes. */
  readonly isToldRoutes?: boolean;
  /** Import targets of the routing instance, if it is there. */
  readonly importTargets?: readonly string[];
}

export interface TableView {
  readonly name: string;
  readonly family: string;
  readonly instance?: string;
  /** Destinations, and paths to them. */
  readonly prefixes: number;
  readonly paths: number;
  /** Paths that came into being here, and copies from other tables. */
  readonly primaryPaths?: number;
  readonly secondaryPaths?: number;
  readonly infeasiblePaths?: number;
  readonly stalePaths?: number;
  /** Of the stale ones, those whose peer is away for long. */
  readonly longLivedStalePaths?: number;
  /** How often a path was not taken, as its source has too many of the destination. */
  readonly refusedPaths?: number;
}

export interface RoutingInstanceView {
  readonly name: string;
  readonly virtualNetwork: string;
  readonly virtualNetworkIndex?: number;
  readonly import: readonly string[];
  readonly export: readonly string[];
  readonly tables: readonly TableView[];
  readonly subscribers: readonly SubscriptionView[];
  /** Set on the instance that holds the VPN tables. */
  readonly master?: boolean;
}

/** Everything known of one destination. Paths are in order of preference, the best one first. */
export interface RouteView {
  readonly table: string;
  readonly family: string;
  /** Text of the NLRI; VPN routes begin with the route distinguisher: `10.1.1.3:4:172.16.0.3/32`. */
  readonly prefix: string;
  readonly paths: readonly PathView[];
}

export interface PathView {
  readonly protocol: 'bgp' | 'xmpp' | 'local' | 'static' | 'direct' | 'aggregate';
  /** Who told us: the name of a neighbour, or of this router. */
  readonly source: string;
  readonly best: boolean;
  /** Whether the path takes part in forwarding beside the best. */
  readonly multipath: boolean;
  readonly feasible: boolean;
  /** Why the path cannot be used; absent when it can. */
  readonly because?: string;
  /** The step of the selection that the path lost, with both values. */
  readonly notBest?: {
    readonly step: string;
    readonly reason: string;
    readonly ours?: string;
    readonly theirs?: string;
  };
  readonly nextHop?: string;
  readonly label?: number;
  readonly routeDistinguisher?: string;
  readonly origin?: 'igp' | 'egp' | 'incomplete';
  readonly asPath?: string;
  readonly localPref?: number;
  readonly med?: number;
  /** Accumulated IGP metric, in digits: it has 64 bits. @see RFC 7311 */
  readonly aigp?: string;
  readonly communities?: readonly string[];
  readonly largeCommunities?: readonly string[];
  readonly routeTargets?: readonly string[];
  /** Extended communities that are not route targets, e.g. `encapsulation:udp`. */
  readonly extendedCommunities?: readonly string[];
  readonly originatorId?: string;
  readonly clusterList?: readonly string[];
  /** The AS behind which it goes to customers only. @see RFC 9234 */
  readonly onlyToCustomer?: number;
  readonly originVirtualNetwork?: string;
  readonly encapsulations?: readonly string[];
  /** The tunnel of multicast traffic: its type by name, or by number where it has none here. @see RFC 6514 §5 */
  readonly pmsiTunnel?: {
    readonly type: string;
    readonly identifier: string;
    readonly label: number;
    readonly flags: number;
  };
  /** Agents that take part in a multicast tree, with the labels they have for it: `100-199`. */
  readonly edges?: readonly { readonly address: string; readonly labels: string }[];
  readonly sequence?: number;
  /** Marks such as `Stale`, `LlgrStale`. */
  readonly flags?: readonly string[];
  /** Where a copy comes from, and where copies of this path went. */
  readonly primaryTable?: string;
  readonly secondaryTables?: readonly string[];
  readonly receivedAt?: string;
  /** Identifier that the neighbour gave it. @see RFC 7911 */
  readonly pathId?: number;
  /** Neighbours that were told, with the identifier for those who take several paths, and why others were not. */
  readonly advertisedTo?: readonly string[];
  readonly advertisedPathIds?: Readonly<Record<string, number>>;
  readonly notAdvertised?: readonly { readonly neighbor: string; readonly because: string }[];
}

/** A VRF of an agent or of a gateway. */
export interface VrfView {
  readonly name: string;
  /** The agent's index of the VRF. */
  readonly instanceId?: number;
  readonly routeDistinguisher?: string;
  readonly import?: readonly string[];
  readonly export?: readonly string[];
  readonly routes: number;
  readonly paths?: number;
}

/** A next hop as a forwarding plane has it. */
export interface NextHopView {
  readonly id: number;
  readonly type: 'encap' | 'tunnel' | 'composite' | 'receive' | 'discard' | 'resolve';
  readonly vrf?: string;
  readonly interface?: string;
  readonly tunnel?: 'MPLSoGRE' | 'MPLSoUDP' | 'VXLAN';
  readonly source?: string;
  readonly destination?: string;
  readonly label?: number;
  /** Members of an ECMP composite, in order of their index. */
  readonly members?: readonly { readonly id: number; readonly label?: number }[];
}

/** What a daemon is, at `/`-level: name, version, since when. */
export interface DaemonView {
  readonly name: string;
  readonly kind: 'control-node' | 'agent' | 'gateway' | 'kube' | 'config-node';
  readonly asn?: number;
  readonly routerId?: string;
  readonly startedAt: string;
  readonly version: string;
  /** Name of the rules by which its tables choose, where they are not the usual ones of its kind. */
  readonly selection?: string;
  /** The config node it follows, where it follows one. */
  readonly configuration?: ConfigChannelView;
}
