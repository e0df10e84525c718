/** What packets are forwarded by: one table per routing instance and address family, longest match first. */
import { addressText, clearHostBits, parsePrefix, prefixText } from '@vaportrail/net';
import { chooseLeg, flowHash, type Flow } from './flow-hash.ts';
import {
  legsOf,
  type ForwardingLeg,
  type ForwardingNextHop,
  type ForwardingNextHops,
  type TerminalNextHop,
  type UnicastNextHop,
} from './forwarding-next-hop.ts';

/** How a route came into the table, as Junos letters it. */
export type ForwardingRouteType = 'user' | 'intf' | 'perm' | 'dest';

/** What a route does with packets. */
export type ForwardingAction =
  | { readonly type: 'forward'; readonly legs: readonly ForwardingLeg[] }
  | { readonly type: TerminalNextHop['type']; readonly interface?: string };

/** One destination, and where its packets go. */
export interface ForwardingRoute {
  readonly destination: string;
  readonly type: ForwardingRouteType;
  readonly nextHop: ForwardingNextHop;
}

/** Where one packet went. */
export interface Forwarded {
  readonly route: ForwardingRoute;
  /** Absent when the packet ended here: rejected, discarded or delivered. */
  readonly leg: UnicastNextHop | undefined;
}

/** One for each family of a routing instance. */
export class ForwardingTable {
  /** `k8s-test.inet`. */
  readonly name: string;
  readonly #nextHops: ForwardingNextHops;
  readonly #width: 32 | 128;
  /** Routes by prefix length, then by prefix. */
  readonly #byLength = new Map<number, Map<string, ForwardingRoute>>();

  /** @param nextHops shared by all tables of a gateway */
  constructor(name: string, family: 'inet' | 'inet6', nextHops: ForwardingNextHops) {
    this.name = name;
    this.#nextHops = nextHops;
    this.#width = family === 'inet' ? 32 : 128;
    this.install(family === 'inet' ? '0.0.0.0/0' : '::/0', 'perm', { type: 'reject' });
  }

  /** Routes in it. */
  get size(): number {
    let size = 0;
    for (const routes of this.#byLength.values()) size += routes.size;
    return size;
  }

  /** All routes in order of address and length. */
  routes(): ForwardingRoute[] {
    const all = [...this.#byLength.values()].flatMap((routes) => [...routes.values()]);
    return all
      .map((route) => ({ route, prefix: parsePrefix(route.destination) }))
      .sort((a, b) => Buffer.compare(a.prefix.bytes, b.prefix.bytes) || a.prefix.length - b.prefix.length)
      .map(({ route }) => route);
  }

  /** The route of a prefix, as text. */
  route(destination: string): ForwardingRoute | undefined {
    return this.#byLength.get(lengthOf(destination))?.get(destination);
  }

  /** Adds a route or gives it another next hop. The new next hop is acquired before the old one is let go. */
  install(destination: string, type: ForwardingRouteType, action: ForwardingAction): ForwardingRoute {
    const nextHop =
      action.type === 'forward'
        ? this.#nextHops.acquire(action.legs)
        : this.#nextHops.terminal(action.type, action.interface);
    const length = lengthOf(destination);
    let routes = this.#byLength.get(length);
    if (routes === undefined) this.#byLength.set(length, (routes = new Map()));
    const before = routes.get(destination);
    const route: ForwardingRoute = { destination, type, nextHop };
    routes.set(destination, route);
    if (before !== undefined) this.#nextHops.release(before.nextHop);
    return route;
  }

  /** Removes a route; the default route goes back to rejecting. */
  remove(destination: string): void {
    const routes = this.#byLength.get(lengthOf(destination));
    const route = routes?.get(destination);
    if (routes === undefined || route === undefined || route.type === 'perm') return;
    if (lengthOf(destination) === 0) {
      this.install(destination, 'perm', { type: 'reject' });
      return;
    }
    routes.delete(destination);
    this.#nextHops.release(route.nextHop);
  }

  /** Takes all routes out and lets their next hops go. */
  clear(): void {
    for (const routes of this.#byLength.values())
      for (const route of routes.values()) this.#nextHops.release(route.nextHop);
    this.#byLength.clear();
  }

  /** The longest match for an address. */
  lookUp(address: Uint8Array): ForwardingRoute | undefined {
    for (let length = this.#width; length >= 0; length--) {
      const routes = this.#byLength.get(length);
      if (routes === undefined) continue;
      const bytes = address.slice();
      clearHostBits(bytes, length);
      const route = routes.get(`${addressText(bytes)}/${length}`);
      if (route !== undefined) return route;
    }
    return undefined;
  }

  /**
   * Tells the routes that a destination asks for: a prefix, or the longest match for an address.
   * @throws RangeError when the text is neither
   */
  matching(destination: string): (destination: string) => boolean {
    const prefix = parsePrefix(destination);
    const wanted = destination.includes('/') ? prefixText(prefix) : this.lookUp(prefix.bytes)?.destination;
    return (each) => each === wanted;
  }

  /** Where a flow's packets go; every packet of a flow takes the same leg for as long as the leg is there. */
  forward(flow: Flow, seed = 0): Forwarded | undefined {
    const route = this.lookUp(flow.destination);
    if (route === undefined) return undefined;
    const legs = legsOf(route.nextHop);
    if (legs.length === 0) return { route, leg: undefined };
    const chosen = chooseLeg(
      flowHash(flow, seed),
      legs.map((leg) => leg.key),
    );
    return { route, leg: legs[chosen]!.unicast };
  }
}

function lengthOf(destination: string): number {
  return Number(destination.slice(destination.lastIndexOf('/') + 1));
}
