/** The provider edge: peers, routing instances, tunnels and forwarding tables under one configuration. */
import { Listener, Monitoring, isInputWaiting } from '@vaportrail/bgp';
import { ipv4Bytes, parseIpv4, systemClock, type Clock, type Timer } from '@vaportrail/net';
import { Rib, type Source } from '@vaportrail/rib';
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
import { ReloadError, type Change } from './change.ts';
import { gatewayConfig, type GatewayConfig } from './config.ts';
import { DynamicTunnels, type DynamicTunnelSettings } from './dynamic-tunnel.ts';
import type { Flow } from './flow-hash.ts';
import { ForwardingNextHops, type NextHopIndexes } from './forwarding-next-hop.ts';
import type { Forwarded } from './forwarding-table.ts';
import { gatewayServer } from './gateway-server.ts';
import { localRoutes, resolvingRoutes } from './local-routes.ts';
import { Memberships } from './memberships.ts';
import { PeerSet } from './peer-set.ts';
import { Resolver } from './resolution.ts';
import { RoutingTables, bgpTables, type BgpTables, type TableFilter } from './routing-tables.ts';
import { StatementError } from './statement-row.ts';
import { applyStatement, statementLines } from './statement.ts';
import { dynamicTunnelsView } from './tunnel-view.ts';
import { VrfSet, type ForwardingFilter } from './vrf-set.ts';
import { writtenConfig } from './written-config.ts';

export interface GatewayOptions {
  readonly clock?: Clock;
  readonly log?: Log;
  /** First numbers of what the gateway numbers; a router that has been up for a while does not begin with the lowest. */
  readonly indexes?: NextHopIndexes & { readonly interface?: number; readonly snmp?: number };
}

const VERSION = '0.1.0';
/** Next hops that were resolved and found no user are let go after this many milliseconds. */
const SWEEP_PAUSE = 1000;

export class Gateway {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #rib: Rib;
  readonly #tunnels: DynamicTunnels;
  readonly #resolver: Resolver;
  readonly #listener: Listener;
  readonly #peers: PeerSet;
  readonly #vrfs: VrfSet;
  readonly #memberships: Memberships;
  readonly #tables: RoutingTables;
  readonly #monitoring: Monitoring;
  readonly #server;
  #config: GatewayConfig;
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
      isInputWaiting,
      now: () => clock.now(),
    });
    const self = this.#rib.addSource({ name: config.name, protocol: 'local', routerId: config['router-id'] });
    this.#tunnels = new DynamicTunnels(tunnelSettings(config), {
      pics: config['tunnel-services'].pics,
      firstUnit: config['tunnel-services']['first-unit'],
      holdDown: config['tunnel-services']['hold-down'] * 1000,
      ...(indexes?.interface === undefined ? {} : { firstIndex: indexes.interface }),
      ...(indexes?.snmp === undefined ? {} : { firstSnmpIndex: indexes.snmp }),
      clock,
    });
    this.#resolver = new Resolver(this.#tunnels, (nextHop) => this.#rib.reconsider(nextHop));
    const address = ipv4Bytes(config['router-id']);
    this.#vrfs = new VrfSet({
      rib: this.#rib,
      resolver: this.#resolver,
      nextHops: new ForwardingNextHops(indexes),
      selection: config.bgp['always-compare-med'] ? 'junos-always-compare-med' : 'junos',
      address,
      resolve: (nextHop, source) => this.#resolve(nextHop, source),
      now: () => clock.now(),
    });
    const tables = bgpTables(this.#rib);
    this.#memberships = new Memberships(tables['route-target'], self, address);
    this.#listener = new Listener({
      clock,
      refused: (address, because) => this.#log.info({ address }, `connection refused: ${because}`),
    });
    this.#tables = new RoutingTables({
      rib: this.#rib,
      bgpTables: tables,
      vrfs: this.#vrfs,
      peers: () => this.#peers,
      resolver: this.#resolver,
      tunnels: this.#tunnels,
      config: () => this.#config,
      now: () => clock.now(),
      startedAt: () => this.#startedAt,
    });
    this.#monitoring = new Monitoring(config, {
      name: config.name,
      description: `Vaportrail gateway ${VERSION}`,
      tables: this.#tables.monitored(),
      clock,
      log,
      dump: (names) => this.dump(names),
    });
    this.#peers = new PeerSet(
      {
        rib: this.#rib,
        clock,
        log,
        monitor: this.#monitoring.sessions,
        asn: config.asn,
        localAsn: config['local-as'] ?? config.asn,
        routerId: config['router-id'],
        tableOf: (family) => (family in tables ? tables[family as keyof BgpTables] : undefined),
        tables: () => this.#rib.tables(),
      },
      this.#listener,
    );
    this.#server = gatewayServer(this, log);
    this.#configureResolution();
    this.#vrfs.configure(config['routing-instances'], config['policy-options']);
    this.#memberships.announce(config);
    this.#peers.configure(config.bgp);
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
    this.#monitoring.start();
    this.#peers.start();
    this.#log.info({ url: this.url, peers: this.#peers.size, instances: this.#vrfs.size }, 'gateway is up');
  }

  /** Tells its peers and stops. */
  async stop(): Promise<void> {
    this.#sweep?.cancel();
    await this.#peers.stop();
    await this.#listener.close();
    await this.#server.close();
    await this.#monitoring.stop();
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
    applyStatement(written, action, wordsOf(statement));
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
    const table = this.#vrfs.named(instance)?.tables[flow.destination.length === 4 ? 0 : 1];
    const forwarded = table?.forwarding.forward(flow, this.#config['router-id']);
    if (forwarded?.leg !== undefined) {
      const tunnel = this.#tunnels.tunnels().find(({ interface: name }) => name === forwarded.leg?.interface);
      if (tunnel !== undefined) tunnel.outputPackets++;
    }
    return forwarded;
  }

  neighbors(): GatewayNeighborView[] {
    return this.#peers.views(this.#rib.sources());
  }

  /** Routing tables with the entries asked for. @throws RangeError for a prefix that is none */
  routeTables(filter: TableFilter = {}): GatewayTableView[] {
    return this.#tables.views(filter);
  }

  /** The routes of a table alone. */
  routes(filter: TableFilter = {}): GatewayRouteView[] {
    return this.routeTables(filter).flatMap(({ entries }) => entries);
  }

  /** Forwarding tables; a destination asks for the longest match. @throws RangeError for one that is none */
  forwardingTables(filter: ForwardingFilter = {}): ForwardingTableView[] {
    return this.#vrfs.forwardingViews(filter);
  }

  dynamicTunnels(): DynamicTunnelsView {
    return dynamicTunnelsView(this.#tunnels);
  }

  vrfs(): VrfView[] {
    return this.#vrfs.views();
  }

  tables(): TableView[] {
    return this.#tables.summaries();
  }

  /**
   * Tables as MRT records, in pieces that take a few milliseconds each; all tables unless names are given.
   * @throws RangeError when there is no table of a name
   */
  dump(names?: readonly string[]): Generator<Uint8Array> {
    return this.#tables.dump(names);
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

  /** Differences to another configuration, put in force at once; the promises are of sessions that end meanwhile. */
  #apply(config: GatewayConfig): Promise<void>[] {
    const before = this.#config;
    for (const field of [
      'name',
      'asn',
      'local-as',
      'router-id',
      'introspect',
      'tunnel-services',
      'mrt',
    ] as const)
      if (JSON.stringify(config[field]) !== JSON.stringify(before[field]))
        throw new ReloadError(`${field} cannot be changed while the gateway runs: start it anew`);
    for (const field of ['listen', 'always-compare-med'] as const)
      if (JSON.stringify(config.bgp[field]) !== JSON.stringify(before.bgp[field]))
        throw new ReloadError(`bgp.${field} cannot be changed while the gateway runs: start it anew`);
    this.#config = config;
    this.#configureResolution();
    this.#vrfs.configure(config['routing-instances'], config['policy-options']);
    this.#monitoring.sessions.instancesChanged();
    this.#memberships.announce(config);
    const { made, ended } = this.#peers.configure(config.bgp);
    for (const peer of made) peer.start();
    return ended;
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
}

function tunnelSettings(config: GatewayConfig): DynamicTunnelSettings[] {
  return config['dynamic-tunnels'].map((tunnel) => ({
    name: tunnel.name,
    source: parseIpv4(tunnel['source-address']),
    type: tunnel.type,
    destinations: tunnel['destination-networks'],
  }));
}

/** The words of a statement; what is in quotation marks is one. */
function wordsOf(statement: string): string[] {
  return (statement.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
}
