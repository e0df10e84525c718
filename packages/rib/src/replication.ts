/**
 * Copies routes between tables by route target: a VRF exports to the VPN table of its family and to every VRF that
 * imports one of its targets, and VPN tables feed the VRFs that import.
 *
 * Here is who exchanges routes with whom; the copies are made by the {@link Replicator} of each table.
 */
import type { FamilyName } from '@vaportrail/bgp/wire';
import { Exchange } from './exchange.ts';
import { vpnFamilyOf } from './family-layout.ts';
import type { Follower } from './follower.ts';
import { Replicator } from './replicator.ts';
import type { RouteStore } from './route-store.ts';
import type { TargetedTable } from './targeted-table.ts';

/** All exchanges of a `Rib`. */
export class Replication {
  readonly #store: RouteStore;
  readonly #exchanges = new Map<FamilyName, Exchange>();
  readonly #replicators = new Map<TargetedTable, Replicator>();
  readonly #tables = new Map<number, TargetedTable>();

  constructor(store: RouteStore) {
    this.#store = store;
  }

  /** Takes a table in. @returns the follower that replicates its routes */
  add(table: TargetedTable): Follower | undefined {
    const exchange = this.#exchangeOf(table);
    if (exchange === undefined) return undefined;
    if (!table.isVpn) exchange.members.add(table);
    else if (exchange.vpn === undefined) {
      exchange.vpn = table;
      for (const member of exchange.members) this.exportsChanged(member);
    }
    exchange.forgetImporters();
    this.#tables.set(table.packed.number, table);
    const replicator = new Replicator(this.#store, table, exchange, this.#tables);
    this.#replicators.set(table, replicator);
    this.#reconsiderSources(exchange, table, table.imports);
    return replicator;
  }

  /** Takes a table out, with all copies it made. Copies in it go with the table. */
  remove(table: TargetedTable): void {
    const exchange = this.#exchangeOf(table);
    if (exchange === undefined) return;
    this.#replicators.get(table)?.stop();
    this.#replicators.delete(table);
    exchange.members.delete(table);
    if (exchange.vpn === table) exchange.vpn = undefined;
    this.#tables.delete(table.packed.number);
    exchange.forgetImporters();
  }

  /** The import targets of a table changed; `changed` came or went. */
  importsChanged(table: TargetedTable, changed: ReadonlySet<number>): void {
    const exchange = this.#exchangeOf(table);
    if (exchange === undefined) return;
    exchange.forgetImporters();
    this.#reconsiderSources(exchange, table, changed);
  }

  /** What a table exports changed: its targets, its route distinguishers. */
  exportsChanged(table: TargetedTable): void {
    this.#replicators.get(table)?.reconsider(undefined);
  }

  /** Names of the tables that hold copies of a destination. */
  copies(table: TargetedTable, destination: number): string[] {
    return this.#replicators.get(table)?.copies(destination) ?? [];
  }

  #reconsiderSources(exchange: Exchange, importer: TargetedTable, targets: ReadonlySet<number>): void {
    if (targets.size === 0) return;
    for (const table of [exchange.vpn, ...exchange.members]) {
      if (table !== undefined && table !== importer) this.#replicators.get(table)?.reconsider(targets);
    }
  }

  #exchangeOf(table: TargetedTable): Exchange | undefined {
    const family = table.isVpn ? table.family : vpnFamilyOf[table.family];
    if (family === undefined) return undefined;
    let exchange = this.#exchanges.get(family);
    if (exchange === undefined) this.#exchanges.set(family, (exchange = new Exchange(this.#store)));
    return exchange;
  }
}
