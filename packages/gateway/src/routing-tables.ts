/** The routing tables of a gateway, as operators ask for them, as MRT dumps have them and as BMP stations are told of them. */
import type { MonitoredTables } from '@vaportrail/bgp';
import { wellKnownCommunity } from '@vaportrail/bgp/wire';
import {
  type Advertisement,
  type Rib,
  type Route,
  type Table,
  dumpTables,
  locRibInstance,
  monitoredTables,
} from '@vaportrail/rib';
import type { GatewayTableView, TableView } from '@vaportrail/show';
import type { GatewayConfig, GatewayFamily } from './config.ts';
import type { DynamicTunnels } from './dynamic-tunnel.ts';
import { LABEL_TABLE, labelTableView } from './label-table-view.ts';
import type { PeerSet } from './peer-set.ts';
import type { Resolver } from './resolution.ts';
import { resolvingTableView } from './resolving-table-view.ts';
import { type EntryFilter, type TableContext, ribTableView } from './table-view.ts';
import type { VrfSet } from './vrf-set.ts';

/** Which tables and entries to show. */
export interface TableFilter extends EntryFilter {
  /** `k8s-test.inet.0`; all tables unless given. */
  readonly table?: string | undefined;
  /** Only what a peer was told, by address or name. */
  readonly advertised?: string | undefined;
}

/** The tables that BGP fills, by family. */
export type BgpTables = Readonly<Record<GatewayFamily, Table>>;

/** Makes the tables that peers' routes come into. */
export function bgpTables(rib: Rib): BgpTables {
  const vpn = { selection: 'junos', replicates: 'all' } as const;
  return {
    'inet-vpn': rib.createTable({ name: 'bgp.l3vpn.0', family: 'inet-vpn', ...vpn }),
    'inet6-vpn': rib.createTable({ name: 'bgp.l3vpn-inet6.0', family: 'inet6-vpn', ...vpn }),
    'route-target': rib.createTable({ name: 'bgp.rtarget.0', family: 'route-target', main: true }),
  };
}

/** What the tables are of. */
export interface RoutingTablesOwner {
  readonly rib: Rib;
  readonly bgpTables: BgpTables;
  readonly vrfs: VrfSet;
  readonly resolver: Resolver;
  readonly tunnels: DynamicTunnels;
  config(): GatewayConfig;
  peers(): PeerSet;
  /** Milliseconds since the epoch. */
  now(): number;
  startedAt(): number;
}

/** One for a gateway: answers questions about all its tables. */
export class RoutingTables {
  readonly #owner: RoutingTablesOwner;

  constructor(owner: RoutingTablesOwner) {
    this.#owner = owner;
  }

  /** With the entries asked for. @throws RangeError for a prefix that is none */
  views(filter: TableFilter): GatewayTableView[] {
    const { rib, vrfs, resolver, tunnels } = this.#owner;
    const [now, peers] = [this.#owner.now(), this.#owner.peers()];
    const context: TableContext = {
      resolver,
      now,
      asn: this.#owner.config().asn,
      task: (path) => peers.ofSource(path.source)?.task ?? path.source.name,
      localRoute: (table, prefix, path) => vrfs.localRoute(table, prefix, path),
      advertised: (table, route) => this.#advertised(table, route),
      rejectedBy: (table, prefix, path) => vrfs.rejectedBy(table, prefix, path),
    };
    const told = filter.advertised === undefined ? undefined : peers.named(filter.advertised);
    const views: GatewayTableView[] = [];
    for (const table of rib.tables()) {
      const vpn = table.family === 'inet-vpn' || table.family === 'inet6-vpn';
      if (filter.table !== undefined && filter.table !== table.name) continue;
      if (filter.advertised !== undefined && told?.speaks(table.family) !== true) continue;
      const shows =
        told !== undefined
          ? (route: Route) =>
              this.#advertised(table, route).some((each) => each.told && each.to === told.source)
          : vpn
            ? (route: Route) => this.#isWanted(route)
            : undefined;
      const asked = told === undefined ? filter : { ...filter, bestOnly: true };
      views.push(ribTableView(table, vrfs.tableOf(table), context, asked, shows));
    }
    if (filter.advertised !== undefined || filter.received !== undefined) return views.filter(hasEntries);
    for (const name of ['inet.0', 'inet.3'] as const) {
      if (filter.table !== undefined && filter.table !== name) continue;
      views.push(resolvingTableView(name, resolver, tunnels, now, filter));
    }
    if (filter.table === undefined || filter.table === LABEL_TABLE) {
      const age = Math.max(0, Math.floor((now - this.#owner.startedAt()) / 1000));
      const labels = labelTableView(vrfs, age, filter);
      // Who asks for a prefix does not mean labels.
      if (filter.table !== undefined || filter.prefix === undefined || hasEntries(labels)) views.push(labels);
    }
    return filter.table === undefined ? views.filter(({ routes }) => routes > 0) : views;
  }

  /** How many routes and paths each has. */
  summaries(): TableView[] {
    return [...this.#owner.rib.tables()].map((table) => {
      const { routes: prefixes, octets: _octets, ...counts } = table.summary();
      const instance = this.#owner.vrfs.tableOf(table)?.vrf.name;
      return {
        ...counts,
        prefixes,
        ...(instance === undefined ? {} : { instance }),
      };
    });
  }

  /** As MRT records, in pieces. @throws RangeError when there is no table of a name */
  dump(names: readonly string[] | undefined): Generator<Uint8Array> {
    const { rib } = this.#owner;
    const { asn, 'router-id': routerId } = this.#owner.config();
    const all = [...rib.tables()];
    const unknown = names?.find((name) => !all.some((table) => table.name === name));
    if (unknown !== undefined) throw new RangeError(`there is no table ${unknown}`);
    return dumpTables(names === undefined ? all : all.filter(({ name }) => names.includes(name)), {
      routerId,
      asn,
      sources: rib.sources(),
      now: Math.floor(this.#owner.now() / 1000),
    });
  }

  /** What monitoring stations are told of them. */
  monitored(): MonitoredTables {
    const { bgpTables: tables, vrfs } = this.#owner;
    const { asn, 'router-id': routerId } = this.#owner.config();
    return monitoredTables({
      asn,
      routerId,
      tables: () => Object.values(tables),
      peers: () => this.#owner.peers(),
      locRib: () => [
        locRibInstance('global', Object.values(tables)),
        ...Array.from(vrfs, ({ name, tables: own, config }) =>
          locRibInstance(
            name,
            own.map(({ table }) => table),
            config['route-distinguisher'],
          ),
        ),
      ],
    });
  }

  #advertised(table: Table, { prefix, routeDistinguisher, nlri }: Route): readonly Advertisement[] {
    const { rib } = this.#owner;
    if (nlri !== undefined) return rib.advertised(table, { bytes: nlri });
    return prefix === undefined ? [] : rib.advertised(table, { prefix, routeDistinguisher });
  }

  /** A VPN route is kept for an instance that imports it, or because it is our own. */
  #isWanted(route: Route): boolean {
    if (this.#owner.config().bgp['keep-all'] || route.replicatedTo.length > 0) return true;
    return route.paths.some(({ source, feasible, attributes }) =>
      source.protocol === 'bgp'
        ? !feasible
        : !attributes.communities.includes(wellKnownCommunity['no-advertise']),
    );
  }
}

function hasEntries(view: GatewayTableView): boolean {
  return view.entries.length > 0;
}
