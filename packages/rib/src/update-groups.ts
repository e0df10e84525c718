/** The update groups of a `Rib`: peers that are told the same out of a table are members of one. */
import { type FamilyName, families } from '@vaportrail/bgp/wire';
import { compareBytes } from '@vaportrail/net';
import type { Advertisement } from './advertisement.ts';
import { layoutOf } from './family-layout.ts';
import type { UpdateGroupOptions } from './rib-options.ts';
import { isGuarded } from './route-leak.ts';
import type { RouteStore } from './route-store.ts';
import type { RouteTargetFilter } from './route-target-filter.ts';
import type { Table } from './table.ts';
import type { Nlri } from './table-keys.ts';
import { UpdateGroup, type UpdateGroupSettings } from './update-group.ts';

/** One for a `Rib`. */
export class UpdateGroups {
  readonly #store: RouteStore;
  readonly #filter: RouteTargetFilter;
  readonly #groups = new Map<Table, UpdateGroup[]>();

  /** @param filter what each peer wants, by route target */
  constructor(store: RouteStore, filter: RouteTargetFilter) {
    this.#store = store;
    this.#filter = filter;
  }

  /** The group for peers with these settings; made, and made a follower of its table, when the first one needs it. */
  require(options: UpdateGroupOptions): UpdateGroup {
    const { table } = options;
    const settings = settingsOf(options, this.#store.identity.asn);
    const groups = this.#groups.get(table) ?? [];
    this.#groups.set(table, groups);
    let group = groups.find((other) => sameSettings(other.settings, settings));
    if (group === undefined) {
      group = new UpdateGroup(this.#store, table.packed, table.family, this.#filter, settings);
      groups.push(group);
      table.packed.followers.push(group.distribution);
    }
    return group;
  }

  /** Which members of the groups of a table have been told about a route, and why the others have not. */
  advertised(table: Table, nlri: Nlri): Advertisement[] {
    const number = table.find(nlri);
    if (number === 0) return [];
    return (this.#groups.get(table) ?? []).flatMap((group) => group.advertised(number));
  }

  /** The route targets that a peer wants, by the number of its source, have changed. */
  interestsChanged(source: number): void {
    for (const groups of this.#groups.values()) for (const group of groups) group.interestsChanged(source);
  }

  /** A table is gone, and its groups with it. */
  forget(table: Table): void {
    this.#groups.delete(table);
  }
}

/** Settings with nothing left open. */
function settingsOf(options: UpdateGroupOptions, asn: number): UpdateGroupSettings {
  const { family } = options.table;
  return {
    internal: options.internal,
    localAsn: options.localAsn ?? asn,
    nextHopSelf: options.nextHopSelf,
    asn4: options.asn4 ?? true,
    longLived: options.longLived ?? false,
    extendedMessage: options.extendedMessage ?? false,
    sparesSuppliers: options.sparesSuppliers ?? false,
    paths: options.paths ?? 0,
    aigp: options.aigp ?? options.internal,
    ipv6NextHops: (options.extendedNextHop ?? true) || !hasIpv4NextHop(family),
    peerRole: isGuarded(family) ? options.peerRole : undefined,
    exportPolicy: options.exportPolicy,
  };
}

/** Families whose next hop is IPv4 unless something else is agreed on. @see RFC 8950 §4 */
function hasIpv4NextHop(family: FamilyName): boolean {
  return families[family].afi === 1 && layoutOf(family).kind === 'prefix';
}

function sameSettings(a: UpdateGroupSettings, b: UpdateGroupSettings): boolean {
  return (
    a.internal === b.internal &&
    a.localAsn === b.localAsn &&
    a.asn4 === b.asn4 &&
    a.longLived === b.longLived &&
    a.extendedMessage === b.extendedMessage &&
    a.sparesSuppliers === b.sparesSuppliers &&
    a.paths === b.paths &&
    a.aigp === b.aigp &&
    a.ipv6NextHops === b.ipv6NextHops &&
    a.peerRole === b.peerRole &&
    a.exportPolicy === b.exportPolicy &&
    (a.nextHopSelf === b.nextHopSelf ||
      (a.nextHopSelf !== undefined &&
        b.nextHopSelf !== undefined &&
        compareBytes(a.nextHopSelf, b.nextHopSelf) === 0))
  );
}
