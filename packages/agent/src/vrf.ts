/** VRFs: the routing tables of one virtual network on this node. */
import { clearHostBits, compareBytes, parseAddress, parsePrefix, prefixText } from '@vaportrail/net';
import { Route } from './route.ts';

/** The underlay: instance 0 of every node. */
export const FABRIC_VRF = 'default-domain:default-project:ip-fabric:__default__';

export type VrfFamily = 'inet' | 'inet6';

export class Vrf {
  readonly name: string;
  /** This node's own number for the VRF; control nodes build its route distinguishers from it. */
  readonly id: number;
  /** The network's name, e.g. `default-domain:demo:public`. */
  readonly virtualNetwork: string;
  /** Whether it was asked for by name; others come and go with the interfaces and floating IPs in them. */
  declared = false;
  /** Interfaces and floating IPs in it. */
  users = 0;
  readonly inet = new RouteTable('inet');
  readonly inet6 = new RouteTable('inet6');

  constructor(name: string, id: number, virtualNetwork: string) {
    this.name = name;
    this.id = id;
    this.virtualNetwork = virtualNetwork;
  }

  /** The table that holds an address or prefix. */
  table(text: string): RouteTable {
    return text.includes(':') ? this.inet6 : this.inet;
  }

  /** The longest match for an address. */
  lookup(address: string): Route | undefined {
    return this.table(address).lookup(address);
  }

  /** The routes of both families, IPv4 first. */
  *routes(): IterableIterator<Route> {
    yield* this.inet.routes();
    yield* this.inet6.routes();
  }
}

/** The network's name in the name of a routing instance: all but the last component. */
export function virtualNetworkOf(vrf: string): string {
  const at = vrf.lastIndexOf(':');
  return at < 0 ? vrf : vrf.slice(0, at);
}

/** The unicast routes of one family, by prefix, with longest-prefix lookup. */
export class RouteTable {
  readonly family: VrfFamily;
  readonly #routes = new Map<string, Route>();
  /** Every length there was a route of, the longest first: what a lookup has to try. */
  readonly #lengths: number[] = [];

  constructor(family: VrfFamily) {
    this.family = family;
  }

  get size(): number {
    return this.#routes.size;
  }

  routes(): IterableIterator<Route> {
    return this.#routes.values();
  }

  /** Every route, by address and length. */
  inOrder(): Route[] {
    const keyed = [...this.#routes.values()].map((route) => ({ route, prefix: parsePrefix(route.prefix) }));
    keyed.sort(({ prefix: a }, { prefix: b }) => compareBytes(a.bytes, b.bytes) || a.length - b.length);
    return keyed.map(({ route }) => route);
  }

  get(prefix: string): Route | undefined {
    return this.#routes.get(prefix);
  }

  /** The route of a prefix, made when it is not there. The text must be canonical. */
  ensure(prefix: string): Route {
    let route = this.#routes.get(prefix);
    if (route === undefined) {
      route = new Route(prefix);
      this.#routes.set(prefix, route);
      const length = Number(prefix.slice(prefix.lastIndexOf('/') + 1));
      if (!this.#lengths.includes(length)) {
        this.#lengths.push(length);
        this.#lengths.sort((a, b) => b - a);
      }
    }
    return route;
  }

  /** Takes a route out. */
  delete(prefix: string): void {
    this.#routes.delete(prefix);
  }

  /** The longest match for an address. @throws RangeError when the text is no address */
  lookup(address: string): Route | undefined {
    const bytes = parseAddress(address);
    for (const length of this.#lengths) {
      clearHostBits(bytes, length);
      const route = this.#routes.get(prefixText({ bytes, length }));
      if (route?.active !== undefined) return route;
    }
    return undefined;
  }
}

/** `10.0.0.1/32` or `2001:db8::1/128` of an address in canonical text. */
export function hostPrefix(address: string): string {
  return address.includes(':') ? `${address}/128` : `${address}/32`;
}
