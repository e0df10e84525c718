/** The provider edge: peers, routing instances, tunnels and forwarding tables under one configuration. */
import { Listener, families as bgpFamilies, type FamilyName } from '@vaportrail/bgp';
import { encodeAttributes, wellKnownCommunity } from '@vaportrail/bgp/wire';
import {
  FIRST_UNRESERVED_LABEL,
  ipv4Bytes,
  parseIpv4,
  routeDistinguisherText,
  routeTargetText,
  systemClock,
  type Clock,
  type Timer,
} from '@vaportrail/net';
import {
  Rib,
  routeTargetNlri,
  type Advertisement,
  type Path,
  type Route,
  type Source,
  type Table,
} from '@vaportrail/rib';
import {
  silentLog,
  type DynamicTunnelsView,
  type ForwardingTableView,
  type GatewayNeighborView,
  type GatewayRouteView,
  type GatewayTableView,
  type Log,
  type TableView,
  type VrfView,
} from '@vaportrail/show';
import { BgpPeer } from './bgp-peer.ts';
import { gatewayConfig, type GatewayConfig, type PeerConfig } from './config.ts';
import { DynamicTunnels, type DynamicTunnelSettings } from './dynamic-tunnel.ts';
import type { Flow } from './flow-hash.ts';
import { ForwardingNextHops, type NextHopIndexes } from './forwarding-next-hop.ts';
import type { Forwarded } from './forwarding-table.ts';
import { forwardingTableView } from './forwarding-view.ts';
import { gatewayServer } from './gateway-server.ts';
import { localRoutes, resolvingRoutes, type LocalRoute } from './local-routes.ts';
import { Resolver } from './resolution.ts';
import { resolvingTableView } from './resolving-table-view.ts';
import { StatementError, applyStatement, statementLines } from './statement.ts';
import { ribTableView, type EntryFilter, type TableContext } from './table-view.ts';
import { dynamicTunnelsView } from './tunnel-view.ts';
import { Vrf } from './vrf.ts';
import { importTargets, type VrfOwner, type VrfTable } from './vrf-table.ts';
import { writtenConfig } from './written-config.ts';

export interface GatewayOptions {
  readonly clock?: Clock;
  readonly log?: Log;
  /** First numbers of what the gateway numbers; a router that has been up for a while does not begin with the lowest. */
  readonly indexes?: NextHopIndexes & { readonly interface?: number; readonly snmp?: number };
}

/** Which tables and entries to show. */
export interface TableFilter extends EntryFilter {
  /** `k8s-test.inet.0`; all tables unless given. */
  readonly table?: string | undefined;
  /** Only what a peer was told, by address or name. */
  readonly advertised?: string | undefined;
}

/** A change at run time: a statement to set or to delete. */
export type Change = { readonly set: string } | { readonly delete: string };

/** Thrown for a configuration that needs the gateway to be started anew. */
export class ReloadError extends Error {
  override readonly name = 'ReloadError';
}

/** Next hops that were resolved and found no user are let go after this many milliseconds. */
const SWEEP_PAUSE = 1000;
/** VPN tables by family; membership routes are in a table of their own. */
const vpnTables = { 'inet-vpn': 'bgp.l3vpn.0', 'inet6-vpn': 'bgp.l3vpn-inet6.0' } as const;
const MEMBERSHIP_TABLE = 'bgp.rtarget.0';
const membershipAttributes = encodeAttributes({ origin: 'igp', asPath: [], localPref: 100 });

export class Gateway {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #rib: Rib;
  readonly #tunnels: DynamicTunnels;
  readonly #resolver: Resolver;
  readonly #nextHops: ForwardingNextHops;
  readonly #listener: Listener;
  readonly #peers = new Map<string, BgpPeer>();
  readonly #vrfs = new Map<string, Vrf>();
  readonly #vrfOwner: VrfOwner;
  readonly #routeTable: Record<FamilyName, Table | undefined>;
  readonly #self: Source;
  readonly #server;
  #config: GatewayConfig;
  #memberships = new Map<string, Uint8Array>();
  #sweep: Timer | undefined;
  #startedAt = 0;

  /** @param config as the schema `gatewayConfig` yields it */
  constructor(config: GatewayConfig, { clock = systemClock, log = silentLog, indexes }: GatewayOptions = {}) {
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
    this.#rib = new Rib({
      asn: config.asn,
      routerId: config['router-id'],
      schedule: (drain) => void setImmediate(drain),
      now: () => clock.now(),
    });
    this.#self = this.#rib.addSource({ name: config.name, protocol: 'local', routerId: config['router-id'] });
    this.#tunnels = new DynamicTunnels(tunnelSettings(config), {
      pics: config['tunnel-services'].pics,
      firstUnit: config['tunnel-services']['first-unit'],
      holdDown: config['tunnel-services']['hold-down'] * 1000,
      ...(indexes?.interface === undefined ? {} : { firstIndex: indexes.interface }),
      ...(indexes?.snmp === undefined ? {} : { firstSnmpIndex: indexes.snmp }),
      clock,
    });
    this.#resolver = new Resolver(this.#tunnels, (nextHop) => this.#rib.reconsider(nextHop));
    this.#nextHops = new ForwardingNextHops(indexes);
    this.#vrfOwner = {
      rib: this.#rib,
      resolver: this.#resolver,
      nextHops: this.#nextHops,
      selection: config.bgp['always-compare-med'] ? 'junos-always-compare-med' : 'junos',
      address: ipv4Bytes(config['router-id']),
      resolve: (nextHop, source) => this.#resolve(nextHop, source),
      now: () => clock.now(),
      localRoute: (table, prefix, path) => this.#localRoute(table, prefix, path),
    };
    this.#routeTable = this.#bgpTables();
    this.#listener = new Listener({
      clock,
      refused: (address, because) => this.#log.info({ address }, `connection refused: ${because}`),
    });
    this.#server = gatewayServer(this, log);
    this.#configureResolution();
    for (const instance of config['routing-instances']) this.#addVrf(instance);
    this.#announceMemberships();
    for (const peer of config.bgp.peers) this.#addPeer(peer);
  }

  get config(): GatewayConfig {
    return this.#config;
  }

  /** Where its views are served; undefined before it has started. */
  get url(): string | undefined {
    return this.#server.url;
  }

  /** When it was started, in milliseconds since the epoch. */
  get startedAt(): number {
    return this.#startedAt;
  }

  /** Milliseconds since the epoch, by the gateway's clock. */
  now(): number {
    return this.#clock.now();
  }

  /** Listens and connects. @throws Error naming the address that cannot be had */
  async start(): Promise<void> {
    this.#startedAt = this.#clock.now();
    try {
      await this.#server.listen(this.#config.introspect);
      for (const endpoint of this.#config.bgp.listen) await this.#listener.listen(endpoint);
    } catch (error) {
      await this.#server.close();
      await this.#listener.close();
      throw error;
    }
    for (const peer of this.#peers.values()) peer.start();
    this.#log.info({ url: this.url, peers: this.#peers.size, instances: this.#vrfs.size }, 'gateway is up');
  }

  /** Tells its peers and stops. */
  async stop(): Promise<void> {
    this.#sweep?.cancel();
    await Promise.all([...this.#peers.values()].map((peer) => peer.stop()));
    await this.#listener.close();
    await this.#server.close();
    this.#tunnels.clear();
  }

  /**
   * Puts another configuration in force; peers and instances that are the same in both go on undisturbed.
   * @throws ReloadError when the difference is one that only a new start can make
   */
  async reload(config: GatewayConfig): Promise<void> {
    await Promise.all(this.#apply(config));
  }

  /**
   * Sets or deletes a statement, e.g. `{ set: 'routing-instances k8s-test routing-options multipath' }`.
   * @throws StatementError, ReloadError; Error naming the field when the result is no valid configuration
   */
  change(change: Change): void {
    const [action, statement] =
      'set' in change ? (['set', change.set] as const) : (['delete', change.delete] as const);
    const written = writtenConfig(this.#config);
    applyStatement(
      written,
      action,
      statement.split(/\s+/).filter((word) => word !== ''),
    );
    const parsed = gatewayConfig.safeParse(written);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new StatementError(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
    }
    void Promise.all(this.#apply(parsed.data));
    this.#log.info({ [action]: statement }, 'configuration changed');
  }

  /** The configuration as statements, one per line: `set routing-instances …`. */
  statements(): string[] {
    return statementLines(writtenConfig(this.#config));
  }

  /** Turns the multipath of an instance to a mode. @throws StatementError when there is no such instance */
  setMultipath(instance: string, mode: 'off' | 'multipath' | 'vpn-unequal-cost'): void {
    const knob = `routing-instances ${instance} routing-options multipath`;
    this.change({ delete: knob });
    if (mode !== 'off') this.change({ set: mode === 'multipath' ? knob : `${knob} ${mode}` });
  }

  /** Where the packets of a flow go that come in on an instance. */
  forward(instance: string, flow: Flow): Forwarded | undefined {
    const table = this.#vrfs.get(instance)?.tables[flow.destination.length === 4 ? 0 : 1];
    const forwarded = table?.forwarding.forward(flow, this.#config['router-id']);
    if (forwarded?.leg !== undefined) {
      const tunnel = this.#tunnels.tunnels().find(({ interface: name }) => name === forwarded.leg?.interface);
      if (tunnel !== undefined) tunnel.outputPackets++;
    }
    return forwarded;
  }

  neighbors(): GatewayNeighborView[] {
    return [...this.#peers.values()].map((peer) => peer.view());
  }

  /** Routing tables with the entries asked for. @throws RangeError for a prefix that is none */
  routeTables(filter: TableFilter = {}): GatewayTableView[] {
    const context: TableContext = {
      resolver: this.#resolver,
      now: this.#clock.now(),
      asn: this.#config.asn,
      task: (path) => this.#peerOf(path.source)?.task ?? path.source.name,
      localRoute: this.#vrfOwner.localRoute,
      advertised: (table, route) => this.#advertised(table, route),
    };
    const told = filter.advertised === undefined ? undefined : this.#peerNamed(filter.advertised);
    const views: GatewayTableView[] = [];
    for (const table of this.#rib.tables()) {
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
      views.push(ribTableView(table, this.#vrfTable(table), context, asked, shows));
    }
    if (filter.advertised !== undefined || filter.received !== undefined) return views.filter(hasEntries);
    for (const rib of ['inet.0', 'inet.3'] as const) {
      if (filter.table !== undefined && filter.table !== rib) continue;
      views.push(resolvingTableView(rib, this.#resolver, this.#tunnels, this.#clock.now(), filter));
    }
    return filter.table === undefined ? views.filter(({ routes }) => routes > 0) : views;
  }

  /** The routes of a table alone. */
  routes(filter: TableFilter = {}): GatewayRouteView[] {
    return this.routeTables(filter).flatMap(({ entries }) => entries);
  }

  /** Forwarding tables; a destination asks for the longest match. */
  forwardingTables(
    filter: { instance?: string | undefined; destination?: string | undefined } = {},
  ): ForwardingTableView[] {
    const { instance, destination } = filter;
    const views: ForwardingTableView[] = [];
    let index = 0;
    for (const vrf of this.#vrfs.values()) {
      for (const table of vrf.tables) {
        index++;
        if (instance !== undefined && ![vrf.name, table.forwarding.name].includes(instance)) continue;
        const wanted = destinationTest(table, destination);
        if (wanted === undefined) continue;
        views.push(forwardingTableView(table.forwarding, table.family, index, wanted));
      }
    }
    return views;
  }

  dynamicTunnels(): DynamicTunnelsView {
    return dynamicTunnelsView(this.#tunnels);
  }

  vrfs(): VrfView[] {
    return [...this.#vrfs.values()].map(({ name, config, tables }) => ({
      name,
      routeDistinguisher: routeDistinguisherText(config['route-distinguisher']),
      import: importTargets(config).map((target) => routeTargetText(target)),
      export: importTargets({ ...config, import: config.export }).map((target) => routeTargetText(target)),
      routes: tables.reduce((sum, { table }) => sum + table.summary().routes, 0),
      paths: tables.reduce((sum, { table }) => sum + table.summary().paths, 0),
    }));
  }

  tables(): TableView[] {
    return [...this.#rib.tables()].map((table) => {
      const { routes, paths, primaryPaths, secondaryPaths, infeasiblePaths } = table.summary();
      const instance = this.#vrfTable(table)?.vrf.name;
      return {
        name: table.name,
        family: table.family,
        prefixes: routes,
        paths,
        primaryPaths,
        secondaryPaths,
        infeasiblePaths,
        ...(instance === undefined ? {} : { instance }),
      };
    });
  }

  #resolve(nextHop: Uint8Array, source: Source): { metric: number; gateways: number } | undefined {
    if (source.protocol !== 'bgp') return { metric: 0, gateways: 1 };
    this.#sweep ??= this.#clock.after(SWEEP_PAUSE, () => {
      this.#sweep = undefined;
      this.#resolver.sweep();
    });
    const resolution = this.#resolver.resolve(nextHop);
    return resolution === undefined
      ? undefined
      : { metric: resolution.metric, gateways: resolution.gateways.length };
  }

  #bgpTables(): Record<FamilyName, Table | undefined> {
    const tables: Partial<Record<FamilyName, Table>> = {};
    for (const [family, name] of Object.entries(vpnTables) as [keyof typeof vpnTables, string][])
      tables[family] = this.#rib.createTable({ name, family, selection: 'junos', replicates: 'all' });
    tables['route-target'] = this.#rib.createTable({
      name: MEMBERSHIP_TABLE,
      family: 'route-target',
      main: true,
    });
    return Object.fromEntries(
      Object.keys(bgpFamilies).map((family) => [family, tables[family as FamilyName]]),
    ) as Record<FamilyName, Table | undefined>;
  }

  /** Differences to another configuration, put in force at once; the promises are of sessions that end meanwhile. */
  #apply(config: GatewayConfig): Promise<void>[] {
    const before = this.#config;
    for (const field of ['name', 'asn', 'local-as', 'router-id', 'introspect', 'tunnel-services'] as const)
      if (JSON.stringify(config[field]) !== JSON.stringify(before[field]))
        throw new ReloadError(`${field} cannot be changed while the gateway runs: start it anew`);
    for (const field of ['listen', 'always-compare-med'] as const)
      if (JSON.stringify(config.bgp[field]) !== JSON.stringify(before.bgp[field]))
        throw new ReloadError(`bgp.${field} cannot be changed while the gateway runs: start it anew`);
    this.#config = config;
    this.#configureResolution();
    this.#applyVrfs(config);
    this.#announceMemberships();
    return this.#applyPeers(config);
  }

  #applyVrfs(config: GatewayConfig): void {
    const wanted = new Map(config['routing-instances'].map((instance) => [instance.name, instance]));
    for (const vrf of this.#vrfs.values()) {
      const instance = wanted.get(vrf.name);
      if (instance !== undefined && !vrf.mustRestart(instance)) continue;
      vrf.close();
      this.#vrfs.delete(vrf.name);
    }
    for (const [name, instance] of wanted) {
      const vrf = this.#vrfs.get(name);
      if (vrf === undefined) this.#addVrf(instance);
      else if (vrf.config !== instance) vrf.reconfigure(instance);
    }
  }

  #applyPeers(config: GatewayConfig): Promise<void>[] {
    const ended: Promise<void>[] = [];
    const wanted = new Map(config.bgp.peers.map((peer) => [peerKey(peer), peer]));
    for (const [key, peer] of this.#peers) {
      const now = wanted.get(key);
      if (now !== undefined && JSON.stringify(now) === JSON.stringify(peer.config)) continue;
      this.#listener.remove(peer.session);
      this.#peers.delete(key);
      ended.push(peer.stop(now === undefined ? 'peer deconfigured' : 'configuration changed'));
    }
    for (const [key, peer] of wanted) if (!this.#peers.has(key)) this.#addPeer(peer).start();
    return ended;
  }

  #addVrf(instance: GatewayConfig['routing-instances'][number]): void {
    const configured = instance['vrf-table-label'];
    const label = typeof configured === 'number' ? configured : this.#freeLabel();
    this.#vrfs.set(instance.name, new Vrf(instance, label, this.#vrfOwner));
  }

  #freeLabel(): number {
    const taken = new Set([...this.#vrfs.values()].map(({ label }) => label));
    for (const { 'vrf-table-label': label } of this.#config['routing-instances'])
      if (typeof label === 'number') taken.add(label);
    let label = FIRST_UNRESERVED_LABEL;
    while (taken.has(label)) label++;
    return label;
  }

  #addPeer(config: PeerConfig): BgpPeer {
    const peer = new BgpPeer(config, {
      rib: this.#rib,
      clock: this.#clock,
      log: this.#log,
      asn: this.#config.asn,
      localAsn: this.#config['local-as'] ?? this.#config.asn,
      routerId: this.#config['router-id'],
      tableOf: (family) => this.#routeTable[family],
      tables: () => this.#rib.tables(),
    });
    this.#peers.set(peerKey(config), peer);
    this.#listener.add(peer.session);
    return peer;
  }

  #configureResolution(): void {
    const { interfaces, 'routing-options': options } = this.#config;
    const now = this.#clock.now();
    this.#tunnels.reconfigure(tunnelSettings(this.#config));
    this.#resolver.configure(
      {
        'inet.0': resolvingRoutes(localRoutes(interfaces, options.static), now),
        'inet.3': resolvingRoutes(localRoutes(interfaces, options['inet.3'].static), now).filter(
          ({ protocol }) => protocol === 'Static',
        ),
      },
      options['resolution-ribs'],
    );
  }

  /** Tells peers which route targets some instance imports. @see RFC 4684 §4 */
  #announceMemberships(): void {
    const table = this.#routeTable['route-target'];
    if (table === undefined) return;
    const asn = this.#config['local-as'] ?? this.#config.asn;
    const wanted = new Map<string, Uint8Array>();
    for (const instance of this.#config['routing-instances'])
      for (const target of importTargets(instance)) {
        const nlri = routeTargetNlri(asn, target);
        wanted.set(nlri.join(), nlri);
      }
    for (const [key, bytes] of this.#memberships) if (!wanted.has(key)) table.withdraw(this.#self, { bytes });
    for (const [key, bytes] of wanted)
      if (!this.#memberships.has(key))
        table.announce(
          this.#self,
          { bytes },
          { attributes: membershipAttributes, nextHop: this.#vrfOwner.address },
        );
    this.#memberships = wanted;
  }

  #advertised(table: Table, { prefix, routeDistinguisher, nlri }: Route): readonly Advertisement[] {
    if (nlri !== undefined) return this.#rib.advertised(table, { bytes: nlri });
    return prefix === undefined ? [] : this.#rib.advertised(table, { prefix, routeDistinguisher });
  }

  /** A VPN route is kept for an instance that imports it, or because it is our own. */
  #isWanted(route: Route): boolean {
    if (this.#config.bgp['keep-all'] || route.replicatedTo.length > 0) return true;
    return route.paths.some(({ source, feasible, attributes }) =>
      source.protocol === 'bgp'
        ? !feasible
        : !attributes.communities.includes(wellKnownCommunity['no-advertise']),
    );
  }

  /** Copies in VPN tables and in other instances stand for the route of the instance that has it. */
  #localRoute(table: string, prefix: string, path: Path): LocalRoute | undefined {
    if (path.source.protocol === 'bgp') return undefined;
    const home = path.primaryTable ?? table;
    for (const vrf of this.#vrfs.values())
      if (vrf.tables.some((candidate) => candidate.table.name === home))
        return vrf.localRoute(prefix, path.pathId);
    return undefined;
  }

  #vrfTable(table: Table): VrfTable | undefined {
    for (const vrf of this.#vrfs.values())
      for (const candidate of vrf.tables) if (candidate.table === table) return candidate;
    return undefined;
  }

  #peerOf(source: Source): BgpPeer | undefined {
    for (const peer of this.#peers.values()) if (peer.source === source) return peer;
    return undefined;
  }

  #peerNamed(name: string): BgpPeer | undefined {
    for (const peer of this.#peers.values())
      if (peer.name === name || peer.config.address === name) return peer;
    return undefined;
  }
}

function tunnelSettings(config: GatewayConfig): DynamicTunnelSettings[] {
  return config['dynamic-tunnels'].map((tunnel) => ({
    name: tunnel.name,
    source: parseIpv4(tunnel['source-address']),
    type: tunnel.type,
    destinations: tunnel['destination-networks'],
  }));
}

function peerKey({ address, port }: PeerConfig): string {
  return `${address} ${port}`;
}

function hasEntries(view: GatewayTableView): boolean {
  return view.entries.length > 0;
}

/** Which destinations of a forwarding table are asked for; undefined when it cannot have them. */
function destinationTest(
  table: VrfTable,
  destination: string | undefined,
): ((destination: string) => boolean) | undefined {
  if (destination === undefined) return () => true;
  const isIpv6 = destination.includes(':');
  if (isIpv6 !== (table.family === 'inet6')) return undefined;
  return table.forwarding.matching(destination);
}
