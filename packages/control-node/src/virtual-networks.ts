/** Which virtual network a route came from, told by the communities it carries. */
import { hexText, isRouteTarget } from '@vaportrail/net';

import { UNRESOLVED } from './reflected-item.ts';

/** What names a virtual network: its index, and the route targets that only its instances export. */
export interface NamedNetwork {
  readonly virtualNetwork: string;
  readonly index: number | undefined;
  readonly exports: readonly Uint8Array[];
}

/** The virtual networks of the configuration. */
export class VirtualNetworks {
  readonly #ownNetwork: string;
  readonly #byIndex = new Map<number, string>();
  readonly #byTarget = new Map<string, string | undefined>();

  /** @param ownNetwork the network of routes whose origin is index 0: that of the underlay */
  constructor(networks: Iterable<NamedNetwork>, ownNetwork: string) {
    this.#ownNetwork = ownNetwork;
    for (const { virtualNetwork, index, exports } of networks) {
      if (index !== undefined) this.#byIndex.set(index, virtualNetwork);
      for (const target of exports) {
        const key = hexText(target);
        const other = this.#byTarget.has(key) && this.#byTarget.get(key) !== virtualNetwork;
        this.#byTarget.set(key, other ? undefined : virtualNetwork);
      }
    }
  }

  /**
   * The network that an origin community names; without one the network whose instances alone export a route target
   * of the route; otherwise `unresolved`.
   */
  nameOf(origin: number | undefined, extendedCommunities: Uint8Array): string {
    if (origin === 0) return this.#ownNetwork;
    if (origin !== undefined) return this.#byIndex.get(origin) ?? UNRESOLVED;
    for (let at = 0; at + 8 <= extendedCommunities.length; at += 8) {
      if (!isRouteTarget(extendedCommunities, at)) continue;
      const name = this.#byTarget.get(hexText(extendedCommunities, at, at + 8));
      if (name !== undefined) return name;
    }
    return UNRESOLVED;
  }
}
