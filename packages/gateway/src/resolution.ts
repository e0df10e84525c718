/**
 * How a protocol next hop becomes an interface: the longest match in `inet.3`, where tunnels live, or in `inet.0`.
 * A next hop that nothing covers makes its routes hidden.
 */
import { addressText, covers, ipv4At, ipv4Bytes, prefixText, type Prefix } from '@vaportrail/net';
import { TUNNEL_PREFERENCE, type DynamicTunnels } from './dynamic-tunnel.ts';

/** The tables that protocol next hops resolve over. */
export type ResolutionRib = 'inet.3' | 'inet.0';

/** Where packets leave. */
export interface Gateway {
  readonly interface: string;
  /** Address of the neighbour on that interface; absent on a point-to-point one. */
  readonly address?: string;
}

/** A route that other routes resolve over. */
export interface ResolvingRoute {
  readonly prefix: Prefix;
  readonly protocol: 'Static' | 'Direct' | 'Tunnel';
  readonly preference: number;
  readonly metric: number;
  readonly gateways: readonly Gateway[];
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** The answer for one protocol next hop. */
export interface Resolution {
  readonly rib: ResolutionRib;
  readonly prefix: Prefix;
  readonly protocol: ResolvingRoute['protocol'];
  readonly preference: number;
  /** Cost of reaching the next hop: `Metric2` of the routes behind it. */
  readonly metric: number;
  readonly gateways: readonly Gateway[];
}

interface Tracked {
  readonly address: Uint8Array;
  references: number;
  /** Set when this next hop holds a reference on a dynamic tunnel. */
  tunnel: number | undefined;
  resolution: Resolution | undefined;
}

/**
 * Resolves protocol next hops and keeps the answers of those in use. A tracked next hop holds a reference on its dynamic
 * tunnel, so tunnels follow the routes that need them.
 */
export class Resolver {
  readonly #tunnels: DynamicTunnels;
  readonly #changed: (nextHop: Uint8Array) => void;
  readonly #tracked = new Map<string, Tracked>();
  #routes: Readonly<Record<ResolutionRib, readonly ResolvingRoute[]>> = { 'inet.3': [], 'inet.0': [] };
  #ribs: readonly ResolutionRib[] = ['inet.3'];

  /** @param changed called with a tracked next hop whose resolution has become another */
  constructor(tunnels: DynamicTunnels, changed: (nextHop: Uint8Array) => void = () => {}) {
    this.#tunnels = tunnels;
    this.#changed = changed;
  }

  /** The configured routes of a resolution table. */
  routes(rib: ResolutionRib): readonly ResolvingRoute[] {
    return this.#routes[rib];
  }

  /** Replaces the configured routes and the tables that VPN routes resolve over, then looks at every next hop again. */
  configure(
    routes: Readonly<Record<ResolutionRib, readonly ResolvingRoute[]>>,
    ribs: readonly ResolutionRib[],
  ): void {
    this.#routes = routes;
    this.#ribs = ribs;
    this.refresh();
  }

  /** Looks at every tracked next hop again, e.g. after tunnels were reconfigured. */
  refresh(): void {
    for (const tracked of this.#tracked.values()) {
      const before = tracked.resolution;
      if (tracked.tunnel !== undefined && this.#tunnels.tunnelTo(tracked.tunnel) === undefined)
        tracked.tunnel = undefined;
      tracked.resolution = this.#lookUp(tracked);
      if (!sameResolution(before, tracked.resolution)) this.#changed(tracked.address);
    }
  }

  /**
   * The resolution of a next hop that somebody may soon use; it is kept until the next {@link sweep}.
   */
  resolve(nextHop: Uint8Array): Resolution | undefined {
    return this.#entry(nextHop).resolution;
  }

  /** Starts using a next hop, or uses it once more, and yields its resolution. */
  track(nextHop: Uint8Array): Resolution | undefined {
    const tracked = this.#entry(nextHop);
    tracked.references++;
    return tracked.resolution;
  }

  /** Stops using a next hop once; with the last use its tunnel is let go. */
  untrack(nextHop: Uint8Array): void {
    const key = addressText(nextHop);
    const tracked = this.#tracked.get(key);
    if (tracked !== undefined && --tracked.references <= 0) this.#drop(key, tracked);
  }

  /** Lets go of every next hop that was resolved and then used by nobody. */
  sweep(): void {
    for (const [key, tracked] of this.#tracked) if (tracked.references === 0) this.#drop(key, tracked);
  }

  /** The resolution of a next hop that is tracked; undefined when it is not, or does not resolve. */
  resolution(nextHop: Uint8Array): Resolution | undefined {
    return this.#tracked.get(addressText(nextHop))?.resolution;
  }

  #entry(nextHop: Uint8Array): Tracked {
    const key = addressText(nextHop);
    let tracked = this.#tracked.get(key);
    if (tracked === undefined) {
      tracked = { address: nextHop.slice(), references: 0, tunnel: undefined, resolution: undefined };
      this.#tracked.set(key, tracked);
      tracked.resolution = this.#lookUp(tracked);
    }
    return tracked;
  }

  #drop(key: string, tracked: Tracked): void {
    this.#tracked.delete(key);
    if (tracked.tunnel !== undefined) this.#tunnels.release(tracked.tunnel);
  }

  #lookUp(tracked: Tracked): Resolution | undefined {
    const address = forwardingAddress(tracked.address);
    let best: Resolution | undefined;
    for (const rib of this.#ribs) {
      const candidate = this.#longestMatch(rib, address, tracked);
      if (candidate !== undefined && (best === undefined || preferred(candidate, best))) best = candidate;
    }
    if (best?.protocol !== 'Tunnel' && tracked.tunnel !== undefined) {
      this.#tunnels.release(tracked.tunnel);
      tracked.tunnel = undefined;
    }
    return best;
  }

  #longestMatch(rib: ResolutionRib, address: Uint8Array, tracked: Tracked): Resolution | undefined {
    const host: Prefix = { bytes: address, length: address.length * 8 };
    let longest: ResolvingRoute | undefined;
    for (const route of this.#routes[rib]) {
      if (!covers(route.prefix, host)) continue;
      if (
        longest === undefined ||
        route.prefix.length > longest.prefix.length ||
        (route.prefix.length === longest.prefix.length && route.preference < longest.preference)
      )
        longest = route;
    }
    const hostRoute = longest?.prefix.length === host.length;
    if (rib === 'inet.3' && address.length === 4 && !hostRoute) {
      const destination = ipv4At(address, 0);
      if (tracked.tunnel === undefined && this.#tunnels.acquire(destination) !== undefined)
        tracked.tunnel = destination;
      const tunnel = this.#tunnels.tunnelTo(destination);
      if (tracked.tunnel !== undefined && tunnel !== undefined) {
        return {
          rib,
          prefix: { bytes: ipv4Bytes(destination), length: 32 },
          protocol: 'Tunnel',
          preference: TUNNEL_PREFERENCE,
          metric: tunnel.metric,
          gateways: [{ interface: tunnel.interface }],
        };
      }
    }
    if (longest === undefined || longest.gateways.length === 0) return undefined;
    const { prefix, protocol, preference, metric, gateways } = longest;
    return { rib, prefix, protocol, preference, metric, gateways };
  }
}

/**
 * The address packets are really sent to: an IPv4-mapped IPv6 next hop stands for the IPv4 one.
 * @see RFC 4659 §3.2.1.2
 */
function forwardingAddress(nextHop: Uint8Array): Uint8Array {
  if (nextHop.length !== 16) return nextHop;
  for (let i = 0; i < 10; i++) if (nextHop[i] !== 0) return nextHop;
  return nextHop[10] === 0xff && nextHop[11] === 0xff ? nextHop.subarray(12) : nextHop;
}

/** Between tables the lower preference value wins, then `inet.3`, then the route with more gateways. */
function preferred(ours: Resolution, theirs: Resolution): boolean {
  if (ours.preference !== theirs.preference) return ours.preference < theirs.preference;
  if (ours.rib !== theirs.rib) return ours.rib === 'inet.3';
  return ours.gateways.length > theirs.gateways.length;
}

function sameResolution(a: Resolution | undefined, b: Resolution | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.rib === b.rib &&
    a.metric === b.metric &&
    a.preference === b.preference &&
    a.protocol === b.protocol &&
    prefixText(a.prefix) === prefixText(b.prefix) &&
    a.gateways.length === b.gateways.length &&
    a.gateways.every(
      (gateway, i) =>
        gateway.interface === b.gateways[i]!.interface && gateway.address === b.gateways[i]!.address,
    )
  );
}
