/** What the agents of a routing instance publish, item by item, into the table of its family. */
import { computeNodeDistinguisher } from '@vaportrail/net';
import type { Source, Table } from '@vaportrail/rib';
import type { EnetItem, Item, MulticastItem, MvpnItem, UnicastItem } from '@vaportrail/xmpp';

import { evpnNlri, isInclusiveMulticast } from './evpn-route.ts';
import { type InclusiveRoute, InclusiveRoutes } from './inclusive-routes.ts';
import type { InstanceFamily } from './instance-families.ts';
import { ItemDropped } from './item-dropped.ts';
import type { KeptRoute } from './kept-routes.ts';
import { multicastNlri, multicastPath } from './multicast-route.ts';
import { publishedEvpnPath, publishedPath } from './published-path.ts';
import { UnderlayOrigins } from './underlay-origins.ts';

const multicastFamilies = { ermvpn: 'erm-vpn', 'inet-mvpn': 'inet-mvpn' } as const;

/** What they need of their instance. */
export interface PublishedRoutesOwner {
  /** Name of the instance. */
  readonly instance: string;
  readonly asn: number;
  /** Of route distinguishers; 0 is none. */
  readonly clusterSeed: number;
  table(family: InstanceFamily): Table | undefined;
  /** Of the underlay: the VPN routes that its own are leaked beside. */
  readonly vpn: Table | undefined;
}

/** One for each instance; every agent is a source. */
export class PublishedRoutes {
  readonly #owner: PublishedRoutesOwner;
  readonly #inclusive = new InclusiveRoutes();
  /** Of the underlay. */
  readonly #origins: UnderlayOrigins | undefined;

  constructor(owner: PublishedRoutesOwner) {
    this.#owner = owner;
    if (owner.vpn === undefined) return;
    this.#origins = new UnderlayOrigins(this.#table('inet'), owner.vpn, (source, item, origin) =>
      this.#announceUnicast(source, item, origin),
    );
  }

  /** Routes of an earlier life of the instance are there again. */
  restored(source: Source, routes: readonly KeptRoute[]): void {
    for (const { inclusive } of routes)
      if (inclusive !== undefined) this.#inclusive.restore(source, inclusive);
  }

  /** What a source said of an EVPN route of its own that is inclusive multicast. */
  inclusive(source: Source, nlri: Uint8Array): InclusiveRoute | undefined {
    return this.#inclusive.find(source, nlri);
  }

  /** All routes of a source are gone. */
  forgetAll(source: Source): void {
    this.#inclusive.forgetAll(source);
    this.#origins?.forgetAll(source);
  }

  /**
   * Puts the route of an item into its table.
   * @param instanceId number of the VRF at the agent
   * @param nativeId number of the workload's own VRF, of a route leaked into the underlay; 0 of others
   * @throws ItemDropped when the item is no route of this instance
   */
  announce(source: Source, instanceId: number, item: Item, nativeId: number): void {
    if (item.family === 'e-vpn') {
      this.#announceEvpn(source, item);
    } else if (item.family === 'ermvpn' || item.family === 'inet-mvpn') {
      const bytes = this.#multicastNlri(source, item, instanceId);
      this.#table(multicastFamilies[item.family]).announce(
        source,
        { bytes },
        multicastPath(item, source.routerId),
      );
    } else if (this.#origins !== undefined && item.family === 'inet') {
      this.#announceInUnderlay(this.#origins, source, item, nativeId);
    } else this.#announceUnicast(source, item);
  }

  /** Takes the route of an item back. @throws ItemDropped when the item is no route of this instance */
  withdraw(source: Source, instanceId: number, item: Item): void {
    if (item.family === 'e-vpn') {
      const bytes = evpnNlri(item);
      const told = isInclusiveMulticast(item) ? this.#inclusive.take(source, item) : undefined;
      this.#table('e-vpn').withdraw(source, { bytes: told ?? bytes });
    } else if (item.family === 'ermvpn' || item.family === 'inet-mvpn') {
      const bytes = this.#multicastNlri(source, item, instanceId);
      this.#table(multicastFamilies[item.family]).withdraw(source, { bytes });
    } else {
      this.#origins?.forget(source, item);
      this.#table(item.family).withdraw(source, { prefix: item.prefix });
    }
  }

  #announceEvpn(source: Source, item: EnetItem): void {
    const table = this.#table('e-vpn');
    const { nlri, nextHop, attributes, infeasible } = publishedEvpnPath(item, this.#owner);
    const before = isInclusiveMulticast(item) ? this.#inclusive.replace(source, item, nlri) : undefined;
    if (before !== undefined) table.withdraw(source, { bytes: before });
    table.announce(source, { bytes: nlri }, { attributes, nextHop, infeasible });
  }

  /** A route that names the VRF of its workload has the origin of the VPN route with its distinguisher. */
  #announceInUnderlay(origins: UnderlayOrigins, source: Source, item: UnicastItem, nativeId: number): void {
    if (nativeId === 0) {
      origins.forget(source, item);
      this.#announceUnicast(source, item);
      return;
    }
    const [hop] = item.attributes.nextHops;
    const { clusterSeed } = this.#owner;
    origins.announce(source, item, computeNodeDistinguisher(hop!.address, nativeId, clusterSeed));
  }

  /** @param origin the origin VN of a leaked route */
  #announceUnicast(source: Source, item: UnicastItem, origin?: Uint8Array): void {
    const { family, prefix } = item;
    const master = this.#origins !== undefined;
    const path = publishedPath(item, { asn: this.#owner.asn, master, origin });
    const { attributes, nextHop, labelField, infeasible } = path;
    this.#table(family).announce(source, { prefix }, { attributes, nextHop, labelField, infeasible });
  }

  /** @throws ItemDropped when it withdraws a route of a type that there is none of */
  #multicastNlri(source: Source, item: MulticastItem | MvpnItem, instanceId: number): Uint8Array {
    const { asn, clusterSeed } = this.#owner;
    return multicastNlri(item, { asn, clusterSeed, agent: source.routerId, instanceId });
  }

  #table(family: InstanceFamily): Table {
    const table = this.#owner.table(family);
    if (table === undefined) throw new ItemDropped(`${this.#owner.instance} has no table of ${family}`);
    return table;
  }
}
