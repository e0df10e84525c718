/** The tables of a compute node as its vRouter has them; `text/` prints them as the vRouter's own commands do. */

export interface VrouterNextHopView {
  readonly id: number;
  readonly type:
    'discard' | 'receive' | 'l2-receive' | 'encap' | 'tunnel' | 'resolve' | 'composite' | 'vrf-translate';
  readonly family: 'inet' | 'inet6' | 'bridge';
  /** References, the table's own among them. */
  readonly references: number;
  readonly vrf: number;
  /** In the order in which they are printed: `Valid`, `Policy`, `MPLSoUDP`, `Ecmp`, `Etree Root`, …. */
  readonly flags: readonly string[];
  /** Index of the outgoing interface. */
  readonly interface?: number;
  /** The Ethernet header put in front, in hexadecimal without separators. */
  readonly rewrite?: string;
  /** Ends of a tunnel. */
  readonly source?: string;
  readonly destination?: string;
  /** What a composite hashes over: names of items, e.g. `l4-protocol`. */
  readonly hashFields?: readonly string[];
  /** Members of a composite by index; an id of -1 is a place that was emptied. */
  readonly members?: readonly { readonly id: number; readonly label?: number }[];
}

export interface VrouterRouteView {
  readonly prefix: string;
  /** Length of the route that fills this place of the table. */
  readonly replacedLength: number;
  readonly flags: readonly ('label-valid' | 'arp-proxy' | 'arp-trap' | 'arp-flood')[];
  readonly label?: number;
  readonly nextHop: number;
  /** MAC of the workload, and its place in the bridge table. */
  readonly mac?: { readonly address: string; readonly index: number };
}

/** All unicast routes of one VRF and family. */
export interface VrouterRouteTableView {
  readonly vrf: number;
  readonly name: string;
  readonly family: 'inet' | 'inet6';
  readonly routes: readonly VrouterRouteView[];
}

export interface VrouterInterfaceView {
  readonly index: number;
  readonly name: string;
  readonly type: 'physical' | 'host' | 'agent' | 'virtual';
  /** Whether the operating system has it under its name. */
  readonly os: boolean;
  readonly nextHop?: number;
  readonly mac: string;
  readonly address?: string;
  readonly address6?: string;
  readonly vrf: number;
  /** Letters as the vRouter prints them: `P`, `L3`, `D`, `Er`, …. */
  readonly flags: readonly string[];
  readonly references: number;
  readonly received: VrouterCounterView;
  readonly sent: VrouterCounterView;
  readonly drops: number;
}

export interface VrouterCounterView {
  readonly packets: number;
  readonly octets: number;
  readonly errors: number;
}

export interface VrouterLabelView {
  readonly label: number;
  readonly nextHop: number;
}

/** How a flow rewrites packets: source or destination address, and their ports. */
export type NatPart = 'source' | 'destination' | 'source-port' | 'destination-port';

export type TcpMark =
  | 'syn'
  | 'syn-reverse'
  | 'established'
  | 'established-reverse'
  | 'fin'
  | 'fin-reverse'
  | 'reset'
  | 'half-close'
  | 'dead';

export interface VrouterFlowView {
  readonly index: number;
  readonly reverse?: number;
  readonly generation: number;
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  readonly protocol: number;
  readonly vrf: number;
  /** The VRF behind the translation, when it is another one or the same on purpose. */
  readonly destinationVrf?: number;
  readonly keyNextHop: number;
  readonly action: 'forward' | 'drop' | 'nat' | 'hold';
  readonly nat?: readonly NatPart[];
  readonly dropReason?: string;
  readonly tcp?: readonly TcpMark[];
  /** Index of the member chosen of an ECMP composite. */
  readonly ecmpIndex?: number;
  readonly sourceNextHop: number;
  readonly packets: number;
  readonly octets: number;
  readonly udpSourcePort: number;
  /** Outer source of packets that come by tunnel, or the index of the interface. */
  readonly sourceInformation: string | number;
}

export interface VrouterFlowTableView {
  /** Octets of the table's memory, and entries it has room for. */
  readonly size: number;
  readonly entries: number;
  readonly created: number;
  readonly added: number;
  readonly deleted: number;
  readonly changed: number;
  readonly processed: number;
  readonly overflow: number;
  readonly flows: readonly VrouterFlowView[];
}
