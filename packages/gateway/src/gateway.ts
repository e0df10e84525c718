/** The provider edge: peers, routing instances, tunnels and forwarding tables under one configuration. */
import { Listener, Monitoring, isInputWaiting } from '@vaportrail/bgp';
import { ipv4Bytes, systemClock, type Clock } from '@vaportrail/net';
import { Rib } from '@vaportrail/rib';
import {
  LogBudget,
  listenProblem,
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
import { changedConfig, type Change } from './change.ts';
import type { GatewayConfig } from './config.ts';
import { refuseFixedChanges } from './fixed-settings.ts';
import type { Flow } from './flow-hash.ts';
import { ForwardingNextHops, type NextHopIndexes } from './forwarding-next-hop.ts';
import type { Forwarded } from './forwarding-table.ts';
import { gatewayServer } from './gateway-server.ts';
import { Memberships } from './memberships.ts';
import { PeerSet } from './peer-set.ts';
import { RoutingTables, bgpTables, type BgpTables, type TableFilter } from './routing-tables.ts';
import { statementLines } from './statement.ts';
import { dynamicTunnelsView } from './tunnel-view.ts';
import { Underlay, type InterfaceIndexes } from './underlay.ts';
import { VrfSet, type ForwardingFilter } from './vrf-set.ts';
import { writtenConfig } from './written-config.ts';

/** What surrounds a gateway; in a program that runs as a daemon little of it need be said. */
export interface GatewayOptions {
  readonly clock?: Clock;
  readonly log?: Log;
  /** First numbers of what the gateway numbers; a router that has been up for a while does not begin with the lowest. */
  readonly indexes?: NextHopIndexes & InterfaceIndexes;
}

const VERSION = '0.1.0';

/** Made from a checked configuration; listens and connects from `start` to `stop`. */
export class Gateway {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #budget: LogBudget;
  readonly #rib: Rib;
  readonly #underlay: Underlay;
  readonly #listener: Listener;
  readonly #peers: PeerSet;
  readonly #vrfs: VrfSet;
  readonly #memberships: Memberships;
  readonly #tables: RoutingTables;
  readonly #monitoring: Monitoring;
  readonly #server;
  #config: GatewayConfig;
  #startedAt = 0;
  readonly #bgpAddresses: { readonly address: string; readonly port: number }[] = [];

  /** @param config as the schema `gatewayConfig` yields it */
  constructor(
    config: GatewayConfig,
    { clock = systemClock, log = silentLog, indexes = {} }: GatewayOptions = {},
  ) {
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
    this.#budget = new LogBudget(log, clock);
    this.#rib = new Rib({
      asn: config.asn,
      routerId: config['router-id'],
      schedule: (drain) => void setImmediate(drain),
      isInputWaiting,
      now: () => clock.now(),
    });
    const self = this.#rib.addSource({ name: config.name, protocol: 'local', routerId: config['router-id'] });
    this.#underlay = new Underlay(config, indexes, clock, (nextHop) => this.#rib.reconsider(nextHop));
    const { tunnels, resolver } = this.#underlay;
    const address = ipv4Bytes(config['router-id']);
    this.#vrfs = new VrfSet({
      rib: this.#rib,
      resolver,
      nextHops: new ForwardingNextHops(indexes),
      selection: config.bgp['always-compare-med'] ? 'junos-always-compare-med' : 'junos',
      address,
      resolve: (nextHop, source) => this.#underlay.resolve(nextHop, source),
      now: () => clock.now(),
    });
    const tables = bgpTables(this.#rib);
    this.#memberships = new Memberships(tables['route-target'], self, address);
    this.#listener = new Listener({
      clock,
      refused: (address, because) =>
        this.#budget.of(address).info({ address }, `connection refused: ${because}`),
    });
    this.#tables = new RoutingTables({
      rib: this.#rib,
      bgpTables: tables,
      vrfs: this.#vrfs,
      peers: () => this.#peers,
      resolver,
      tunnels,
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
        budget: this.#budget,
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
    this.#underlay.configure(config);
    this.#vrfs.configure(config['routing-instances'], config['policy-options']);
    this.#memberships.announce(config);
    this.#peers.configure(config.bgp);
  }

  /** The configuration in force. */
  get config(): GatewayConfig {
    return this.#config;
  }

  /** Its BGP peers. */
  get peers(): PeerSet {
    return this.#peers;
  }

  /** Where its views are served; undefined before it has started. */
  get url(): string | undefined {
    return this.#server.url;
  }

  /** Where BGP peers connect, one for each address listened on. */
  get bgpAddresses(): readonly { readonly address: string; readonly port: number }[] {
    return this.#bgpAddresses;
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
      for (const endpoint of this.#config.bgp.listen) await this.#listen(endpoint);
    } catch (error) {
      await this.#server.close();
      await this.#listener.close();
      throw error;
    }
    this.#monitoring.start();
    this.#peers.start();
    this.#log.info({ url: this.url, peers: this.#peers.size, instances: this.#vrfs.size }, 'gateway is up');
  }

  async #listen({ address, port }: GatewayConfig['bgp']['listen'][number]): Promise<void> {
    try {
      this.#bgpAddresses.push(await this.#listener.listen({ address, port }));
    } catch (error) {
      const because = listenProblem(error as NodeJS.ErrnoException);
      throw new Error(`cannot listen for BGP on ${address} port ${port}: ${because}`, { cause: error });
    }
  }

  /** Tells its peers and stops. */
  async stop(): Promise<void> {
    await this.#peers.stop();
    await this.#listener.close();
    await this.#server.close();
    await this.#monitoring.stop();
    this.#underlay.close();
    this.#budget.close();
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
    void Promise.all(this.#apply(changedConfig(this.#config, change)));
    this.#log.info(change, 'configuration changed');
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
      const tunnel = this.#underlay.tunnels
        .tunnels()
        .find(({ interface: name }) => name === forwarded.leg?.interface);
      if (tunnel !== undefined) tunnel.outputPackets++;
    }
    return forwarded;
  }

  /** BGP peers, with what each has in which table. */
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

  /** Destination networks with the tunnels that were made inside them. */
  dynamicTunnels(): DynamicTunnelsView {
    return dynamicTunnelsView(this.#underlay.tunnels);
  }

  /** Routing instances with their route distinguishers, targets and counts. */
  vrfs(): VrfView[] {
    return this.#vrfs.views();
  }

  /** Counts of every routing table. */
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

  /** Differences to another configuration, put in force at once; the promises are of sessions that end meanwhile. */
  #apply(config: GatewayConfig): Promise<void>[] {
    refuseFixedChanges(this.#config, config);
    this.#config = config;
    this.#underlay.configure(config);
    this.#vrfs.configure(config['routing-instances'], config['policy-options']);
    this.#monitoring.sessions.instancesChanged();
    this.#memberships.announce(config);
    const { made, ended } = this.#peers.configure(config.bgp);
    for (const peer of made) peer.start();
    return ended;
  }
}
