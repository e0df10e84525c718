/** All tables of a control node: those of no instance, where routes of peers come in and go out, and those of instances. */
import type { MonitoredTables } from '@vaportrail/bgp';
import type { FamilyName } from '@vaportrail/bgp/wire';
import {
  type Rib,
  type RuleSetName,
  type Source,
  type Table,
  dumpTables,
  locRibInstance,
  monitoredTables,
} from '@vaportrail/rib';
import { type RouteView, type TableView, ViewError } from '@vaportrail/show';
import { MASTER_INSTANCE } from '@vaportrail/xmpp';

import type { BgpPeer } from './bgp-peer.ts';
import { staleOriginal } from './original-path.ts';
import type { RouteQuery } from './route-query.ts';
import { routeViews, tableView } from './route-view.ts';
import type { RoutingInstances } from './routing-instances.ts';

/** Tables that belong to no instance. */
const hubs = [
  ['bgp.rtarget.0', 'route-target'],
  ['bgp.l3vpn.0', 'inet-vpn'],
  ['bgp.l3vpn-inet6.0', 'inet6-vpn'],
  ['bgp.evpn.0', 'e-vpn'],
  ['bgp.ermvpn.0', 'erm-vpn'],
  ['bgp.mvpn.0', 'inet-mvpn'],
] as const;

/** Makes the tables that belong to no instance. */
export function createHubs(rib: Rib, selection: RuleSetName): void {
  for (const [name, family] of hubs) rib.createTable({ name, family, selection, main: true });
}

/** This router, as dumps and monitoring stations name it. */
export interface RouterIdentity {
  readonly asn: number;
  /** BGP identifier as an unsigned number. */
  readonly routerId: number;
}

/** One for a control node: finds tables, and answers questions about all of them. */
export class NodeTables {
  readonly #rib: Rib;
  readonly #instances: RoutingInstances;
  readonly #identity: RouterIdentity;

  constructor(rib: Rib, instances: RoutingInstances, identity: RouterIdentity) {
    this.#rib = rib;
    this.#instances = instances;
    this.#identity = identity;
  }

  /** The table that routes of a family with peers come from and go to. */
  ofPeers(family: FamilyName): Table | undefined {
    const hub = hubs.find(([, hubFamily]) => hubFamily === family);
    if (hub !== undefined) return this.#rib.table(hub[0]);
    return this.#instances.get(MASTER_INSTANCE)?.tables.find((table) => table.family === family);
  }

  /** Summaries, those of tables of no instance first. */
  views(): TableView[] {
    return this.#all().map(([table, instance]) => tableView(table, instance));
  }

  /** The routes that a query asks for. @throws ViewError when the query names a table or instance that is not there, or a prefix that is none */
  routes(query: RouteQuery): RouteView[] {
    const tables = this.#all()
      .filter(([table, instance]) => {
        if (query.table !== undefined && table.name !== query.table) return false;
        return query.instance === undefined || instance === query.instance;
      })
      .map(([table]) => table);
    if (tables.length === 0) {
      throw new ViewError(
        404,
        query.table === undefined ? `no instance ${query.instance}` : `no table ${query.table}`,
      );
    }
    const networks = new Map(
      [...this.#instances].flatMap(({ tables: own, virtualNetwork }) =>
        own.map((table): [Table, string] => [table, virtualNetwork]),
      ),
    );
    return routeViews(tables, query, {
      asn: this.#identity.asn,
      networks: this.#instances.networks,
      networkOf: (table) => networks.get(table),
      isStale: (route, path) => path.stale || staleOriginal(this.#rib, route, path) !== undefined,
      advertised: (table, { prefix, routeDistinguisher, nlri }) =>
        this.#rib.advertised(
          table,
          nlri === undefined ? { prefix: prefix!, routeDistinguisher } : { bytes: nlri },
        ),
    });
  }

  /**
   * Tables as MRT records, in pieces that take a few milliseconds each; all tables unless names are given.
   * @param now seconds since the epoch
   * @throws ViewError when there is no table of a name
   */
  dump(names: readonly string[] | undefined, now: number): Generator<Uint8Array> {
    const all = this.#all().map(([table]) => table);
    const unknown = names?.find((name) => !all.some((table) => table.name === name));
    if (unknown !== undefined) throw new ViewError(404, `no table ${unknown}`);
    const wanted = names === undefined ? all : all.filter(({ name }) => names.includes(name));
    return dumpTables(wanted, { ...this.#identity, sources: this.#rib.sources(), now });
  }

  /** What monitoring stations are told of them. */
  monitored(peers: () => Iterable<BgpPeer>): MonitoredTables {
    return monitoredTables({
      ...this.#identity,
      tables: () => this.#hubs(),
      peers,
      locRib: () => [locRibInstance('global', this.#hubs())],
    });
  }

  #hubs(): Table[] {
    return hubs.map(([name]) => this.#rib.table(name)!);
  }

  #all(): [table: Table, instance: string][] {
    return [
      ...this.#hubs().map((table): [Table, string] => [table, MASTER_INSTANCE]),
      ...[...this.#instances].flatMap(({ tables, name }) =>
        tables.map((table): [Table, string] => [table, name]),
      ),
    ];
  }
}

/** Paths of a source in some tables. */
export function pathsOf(tables: readonly Table[], source: Source): number {
  return tables.reduce((sum, table) => sum + table.pathsOf(source), 0);
}
