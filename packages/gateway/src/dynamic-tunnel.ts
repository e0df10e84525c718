/**
 * Tunnels made on demand: a destination network says where they may go, the first route that needs a protocol next hop
 * inside it makes one, and the last to leave starts its hold-down. Each becomes a host route in `inet.3`.
 */
import { covers, ipv4Bytes, type Clock, type Prefix, type Timer } from '@vaportrail/net';

/** Units of dynamic tunnel interfaces count from here on every tunnel PIC. */
const FIRST_TUNNEL_UNIT = 32768;
/** Preference of a tunnel route in `inet.3`. */
export const TUNNEL_PREFERENCE = 300;
/** Logical interfaces and their SNMP indexes are numbered from here, behind those that a router has anyway. */
const FIRST_INTERFACE_INDEX = 329;
const FIRST_SNMP_INDEX = 501;
/** How long a tunnel nobody uses is kept, in milliseconds. */
const TUNNEL_HOLD_DOWN = 15 * 60_000;

/** How packets go to a compute node: MPLS in GRE, or in UDP. */
export type TunnelType = 'gre' | 'udp';

/**
 * What the interfaces of a tunnel type are called. `ud` is unverified: no capture of a UDP tunnel was available.
 * @see RFC 4023 (MPLS in GRE), RFC 7510 (MPLS in UDP)
 */
const interfaceTypes = { gre: 'gr', udp: 'ud' } as const satisfies Record<TunnelType, string>;

/** A range of tunnel end points. The longest matching one decides the metric of the tunnel's route. */
export interface DestinationNetwork {
  readonly prefix: Prefix;
  readonly metric: number;
}

/** One `dynamic-tunnels NAME` statement. */
export interface DynamicTunnelSettings {
  readonly name: string;
  /** Outer source address, as a number. */
  readonly source: number;
  readonly type: TunnelType;
  readonly destinations: readonly DestinationNetwork[];
}

/** Where tunnels are put, and from which number on. */
export interface DynamicTunnelOptions {
  /** Tunnel PICs as `fpc/pic/port`, e.g. `2/2/0`; tunnels are spread over them. */
  readonly pics: readonly string[];
  readonly firstUnit?: number;
  /** Milliseconds an unused tunnel stays up. */
  readonly holdDown?: number;
  /** First index of logical interfaces, and of their SNMP twins. */
  readonly firstIndex?: number;
  readonly firstSnmpIndex?: number;
  readonly clock: Clock;
  /** Called when the route of a tunnel in `inet.3` comes or goes. */
  changed?(tunnel: DynamicTunnel): void;
}

/** One tunnel and the logical interface that stands for it. */
export interface DynamicTunnel {
  readonly name: string;
  readonly type: TunnelType;
  readonly source: number;
  readonly destination: number;
  /** `gr-2/3/0.32771`. */
  readonly interface: string;
  readonly pic: string;
  readonly unit: number;
  readonly metric: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Index of the logical interface, and its SNMP index. */
  readonly index: number;
  readonly snmpIndex: number;
  /** Packets that were forwarded over it, as far as somebody asked where a flow goes. */
  outputPackets: number;
  /** Protocol next hops that resolve over it. */
  readonly references: number;
  readonly state: 'up' | 'hold-down';
}

interface LiveTunnel extends DynamicTunnel {
  metric: number;
  references: number;
  state: 'up' | 'hold-down';
  holdDown: Timer | undefined;
}

/** All dynamic tunnels of a gateway. */
export class DynamicTunnels {
  #settings: readonly DynamicTunnelSettings[];
  readonly #options: DynamicTunnelOptions;
  readonly #tunnels = new Map<number, LiveTunnel>();
  #made = 0;

  constructor(settings: readonly DynamicTunnelSettings[], options: DynamicTunnelOptions) {
    if (options.pics.length === 0) throw new RangeError('dynamic tunnels need a tunnel PIC');
    this.#settings = settings;
    this.#options = options;
  }

  /** The statements in force. */
  get settings(): readonly DynamicTunnelSettings[] {
    return this.#settings;
  }

  /** The tunnels that exist, in order of their end points. */
  tunnels(): DynamicTunnel[] {
    return [...this.#tunnels.values()].sort((a, b) => a.destination - b.destination);
  }

  /** The tunnel to an address, where there is one. Takes no reference on it. */
  tunnelTo(destination: number): DynamicTunnel | undefined {
    return this.#tunnels.get(destination);
  }

  /**
   * Takes a reference on the tunnel to an address and makes the tunnel if need be.
   * Undefined when no destination network covers the address.
   */
  acquire(destination: number): DynamicTunnel | undefined {
    const existing = this.#tunnels.get(destination);
    if (existing !== undefined) {
      existing.references++;
      existing.holdDown?.cancel();
      existing.holdDown = undefined;
      existing.state = 'up';
      return existing;
    }
    const match = this.#networkOf(destination);
    if (match === undefined) return undefined;
    const { pic, unit } = this.#freeUnit();
    const tunnel: LiveTunnel = {
      name: match.settings.name,
      type: match.settings.type,
      source: match.settings.source,
      destination,
      interface: `${interfaceTypes[match.settings.type]}-${pic}.${unit}`,
      pic,
      unit,
      metric: match.network.metric,
      since: this.#options.clock.now(),
      index: (this.#options.firstIndex ?? FIRST_INTERFACE_INDEX) + this.#made,
      snmpIndex: (this.#options.firstSnmpIndex ?? FIRST_SNMP_INDEX) + this.#made++,
      outputPackets: 0,
      references: 1,
      state: 'up',
      holdDown: undefined,
    };
    this.#tunnels.set(destination, tunnel);
    this.#options.changed?.(tunnel);
    return tunnel;
  }

  /** Gives a reference back; the last one starts the hold-down, at the end of which the tunnel is torn down. */
  release(destination: number): void {
    const tunnel = this.#tunnels.get(destination);
    if (tunnel === undefined || tunnel.references === 0) return;
    tunnel.references--;
    if (tunnel.references > 0) return;
    tunnel.state = 'hold-down';
    tunnel.holdDown = this.#options.clock.after(this.#options.holdDown ?? TUNNEL_HOLD_DOWN, () =>
      this.#tearDown(tunnel),
    );
  }

  /**
   * Puts other statements in force. Tunnels that no statement would make like this any more are torn down at once,
   * whatever their references; metrics follow in place.
   */
  reconfigure(settings: readonly DynamicTunnelSettings[]): void {
    this.#settings = settings;
    for (const tunnel of this.#tunnels.values()) {
      const match = this.#networkOf(tunnel.destination);
      const same =
        match !== undefined &&
        match.settings.name === tunnel.name &&
        match.settings.type === tunnel.type &&
        match.settings.source === tunnel.source;
      if (!same) this.#tearDown(tunnel);
      else if (tunnel.metric !== match.network.metric) {
        tunnel.metric = match.network.metric;
        this.#options.changed?.(tunnel);
      }
    }
  }

  /** Tears everything down, e.g. when the gateway stops. */
  clear(): void {
    for (const tunnel of this.#tunnels.values()) tunnel.holdDown?.cancel();
    this.#tunnels.clear();
  }

  #tearDown(tunnel: LiveTunnel): void {
    tunnel.holdDown?.cancel();
    this.#tunnels.delete(tunnel.destination);
    this.#options.changed?.(tunnel);
  }

  #networkOf(
    destination: number,
  ): { settings: DynamicTunnelSettings; network: DestinationNetwork } | undefined {
    const host: Prefix = { bytes: ipv4Bytes(destination), length: 32 };
    let longest: { settings: DynamicTunnelSettings; network: DestinationNetwork } | undefined;
    for (const settings of this.#settings) {
      for (const network of settings.destinations) {
        if (!covers(network.prefix, host)) continue;
        if (longest === undefined || network.prefix.length > longest.network.prefix.length)
          longest = { settings, network };
      }
    }
    return longest;
  }

  /** The PIC with the fewest tunnels, the first of them in configuration order, and its lowest free unit. */
  #freeUnit(): { pic: string; unit: number } {
    let chosen: { pic: string; used: Set<number> } | undefined;
    for (const pic of this.#options.pics) {
      const used = new Set<number>();
      for (const tunnel of this.#tunnels.values()) if (tunnel.pic === pic) used.add(tunnel.unit);
      if (chosen === undefined || used.size < chosen.used.size) chosen = { pic, used };
    }
    if (chosen === undefined) throw new RangeError('dynamic tunnels need a tunnel PIC');
    let unit = this.#options.firstUnit ?? FIRST_TUNNEL_UNIT;
    while (chosen.used.has(unit)) unit++;
    return { pic: chosen.pic, unit };
  }
}
