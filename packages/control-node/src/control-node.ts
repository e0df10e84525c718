/** A control node: agents by XMPP, gateways and other control nodes by BGP, and the tables between them. */
import type { Socket } from 'node:net';
import { Monitoring, isInputWaiting } from '@vaportrail/bgp';
import { type Clock, ipv4Bytes, ipv4Text, systemClock } from '@vaportrail/net';
import { Rib } from '@vaportrail/rib';
import {
  type DaemonView,
  type Log,
  LogBudget,
  type NeighborView,
  type RouteView,
  type RoutingInstanceView,
  type TableView,
  ViewServer,
  silentLog,
} from '@vaportrail/show';
import type { Recorder } from '@vaportrail/show/recording';
import type { Channel } from '@vaportrail/xmpp';

import { Agents } from './agents.ts';
import type { BgpPeer } from './bgp-peer.ts';
import { BgpPeers } from './bgp-peers.ts';
import { ConfigServer } from './config-server.ts';
import { type ControlNodeConfig, selectionOf } from './config.ts';
import { refuseFixedChanges } from './fixed-settings.ts';
import type { LocalIdentity } from './introspect/neighbors.ts';
import type { Bound } from './listening.ts';
import { MembershipRoutes } from './membership-routes.ts';
import { NodeTables, createHubs } from './node-tables.ts';
import { recordedConfig } from './recorded-inputs.ts';
import type { RouteQuery } from './route-query.ts';
import { RoutingInstances } from './routing-instances.ts';
import { ToldConfiguration } from './told-configuration.ts';
import { allInstances } from './told-instances.ts';
import { serveViews } from './views.ts';
import type { XmppPeer } from './xmpp-peer.ts';

/** What surrounds a control node; in a program that runs as a daemon little of it need be said. */
export interface ControlNodeOptions {
  readonly clock?: Clock;
  readonly log?: Log;
  /** Everything the node is told is written there. */
  readonly recorder?: Recorder | undefined;
  /** Does what the tables have put off; `setImmediate` when left out. */
  readonly schedule?: (work: () => void) => void;
  /** Listen nowhere: connections are handed over. */
  readonly offline?: boolean;
}

const VERSION = '0.1.0';

/** Made from a checked configuration; listens and connects from `start` to `stop`. */
export class ControlNode {
  #config: ControlNodeConfig;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #budget: LogBudget;
  readonly #recorder: Recorder | undefined;
  readonly #isOffline: boolean;
  readonly #rib: Rib;
  readonly #instances: RoutingInstances;
  readonly #tables: NodeTables;
  readonly #agents: Agents;
  readonly #peers: BgpPeers;
  readonly #views: ViewServer;
  readonly #monitoring: Monitoring;
  readonly #told: ToldConfiguration;
  readonly #configServer: ConfigServer;
  #startedAt = 0;

  /**
   * @param config as the schema `controlNodeConfig` yields it
   * @throws Error when a file of `xmpp.tls` cannot be read or used
   */
  constructor(config: ControlNodeConfig, options: ControlNodeOptions = {}) {
    const { clock = systemClock, log = silentLog, recorder, schedule = setImmediate } = options;
    this.#config = config;
    this.#recorder = recorder;
    this.#isOffline = options.offline ?? false;
    this.#clock = clock;
    this.#log = log;
    this.#budget = new LogBudget(log, clock);
    this.#rib = new Rib({
      asn: config.asn,
      routerId: config['router-id'],
      ...(config['cluster-id'] !== undefined && { clusterId: config['cluster-id'] }),
      schedule,
      isInputWaiting,
      now: () => clock.now(),
    });
    const self = this.#rib.addSource({
      name: config.name,
      protocol: 'local',
      address: ipv4Bytes(config['router-id']),
      routerId: config['router-id'],
      asn: config.asn,
      internal: true,
    });
    createHubs(this.#rib, selectionOf(config));
    const memberships = new MembershipRoutes(this.#rib.table('bgp.rtarget.0')!, self, config.asn);
    if (config['cluster-id'] !== undefined) memberships.wantEverything();
    this.#instances = new RoutingInstances({
      rib: this.#rib,
      asn: config.asn,
      clusterSeed: config['rd-cluster-seed'],
      selection: selectionOf(config),
      agents: () => this.#agents,
      wanted: (imports, isWanted) => memberships.wanted(imports, isWanted),
    });
    this.#tables = new NodeTables(this.#rib, this.#instances, {
      asn: config.asn,
      routerId: config['router-id'],
    });
    this.#monitoring = new Monitoring(config, {
      name: config.name,
      description: `Vaportrail control node ${VERSION}`,
      tables: this.#tables.monitored(() => this.#peers),
      clock,
      log,
      dump: (names) => this.dump(names),
    });
    this.#views = new ViewServer(log);
    serveViews(this.#views, this);
    this.#told = new ToldConfiguration(
      this.#isOffline ? undefined : config.config,
      {
        instancesChanged: () => this.#configureInstances(),
        object: (line, first) => this.tellObject(line, first),
      },
      log,
    );
    this.#configServer = new ConfigServer({
      begin: config.config && (() => this.#told.followObjects()),
      schedule,
      isAlone: this.#isOffline,
      failed: (error) => log.error({ err: error }, 'what an agent is told could not be found out'),
    });
    this.#agents = new Agents({
      config,
      rib: this.#rib,
      clock,
      log,
      budget: this.#budget,
      configServer: this.#configServer,
      recorder,
      isOffline: this.#isOffline,
      instance: (name) => this.#instances.get(name),
    });
    this.#peers = new BgpPeers({
      rib: this.#rib,
      clock,
      budget: this.#budget,
      monitor: this.#monitoring.sessions,
      recorder,
      table: (family) => this.#tables.ofPeers(family),
    });
    this.#instances.configure(config['routing-instances']);
  }

  /**
   * Listens everywhere it should, and only then connects to its peers.
   * @throws Error naming the address that is in use or not of this machine; nothing is left running then
   */
  async start(): Promise<void> {
    if (!this.#isOffline) await this.#listen();
    this.#startedAt = this.#clock.now();
    this.#recorder?.start('control-node', this.#config.name, recordedConfig(this.#config));
    this.#monitoring.start();
    this.#told.start();
    await this.#peers.configure(this.#config);
    this.#log.info(
      { bgp: this.bgpAddresses, xmpp: this.xmppAddress, views: this.url },
      'control node started',
    );
  }

  async #listen(): Promise<void> {
    const { bgp, introspect } = this.#config;
    try {
      await this.#peers.listen(bgp.listen);
      await this.#agents.listen();
      await this.#views.listen(introspect);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Takes a connection of an agent that is there already. */
  adoptAgent(socket: Socket): Channel {
    return this.#agents.adopt(socket);
  }

  /** Takes a connection of a BGP peer that is there already. */
  adoptPeer(socket: Socket): void {
    this.#peers.adopt(socket);
  }

  /** Says goodbye to peers and agents and closes everything. Stopping twice does nothing. */
  async stop(): Promise<void> {
    this.#recorder?.record({ type: 'stop' });
    this.#recorder?.close();
    await this.#told.close();
    await Promise.all([
      this.#peers.stop('the control node is shutting down'),
      this.#agents.close(),
      this.#views.close(),
    ]);
    await this.#monitoring.stop();
    this.#budget.close();
  }

  /**
   * Takes over another configuration. Peers and instances that did not change are not touched, and neither are
   * the sessions of agents.
   * @throws Error when something changed that cannot change while the node runs; nothing has changed then
   */
  async reload(config: ControlNodeConfig): Promise<void> {
    refuseFixedChanges(this.#config, config);
    this.#config = config;
    this.#configureInstances();
    await this.#peers.configure(config);
  }

  /** Where the views are served; undefined before the start. */
  get url(): string | undefined {
    return this.#views.url;
  }

  /** Where agents connect; undefined before the start. */
  get xmppAddress(): Bound | undefined {
    return this.#agents.address;
  }

  /** Where BGP peers connect, one for each address listened on. */
  get bgpAddresses(): readonly Bound[] {
    return this.#peers.addresses;
  }

  /** Who it is, since when, and how it stands with its config node. */
  daemon(): DaemonView {
    const { name, asn, 'router-id': routerId } = this.#config;
    const selection = selectionOf(this.#config);
    const configuration = this.#told.view;
    return {
      name,
      kind: 'control-node',
      asn,
      routerId: ipv4Text(routerId),
      startedAt: new Date(this.#startedAt).toISOString(),
      version: VERSION,
      ...(selection !== 'contrail' && { selection }),
      ...(configuration && { configuration }),
    };
  }

  /** What views of neighbours say of our end. */
  identity(): LocalIdentity {
    const { asn, 'router-id': routerId, 'cluster-id': clusterId } = this.#config;
    return {
      asn,
      routerId: ipv4Text(routerId),
      clusterId: clusterId === undefined ? undefined : ipv4Text(clusterId),
    };
  }

  /** BGP peers in the order of the configuration, then agents by name. */
  neighbors(): NeighborView[] {
    return [...this.#peers.views(), ...this.#agents.views()];
  }

  /** Everybody of {@link neighbors}. */
  *peers(): Generator<BgpPeer | XmppPeer> {
    yield* this.#peers;
    yield* this.#agents;
  }

  /** In the order of the configuration, the underlay first. */
  routingInstances(): RoutingInstanceView[] {
    return Array.from(this.#instances, (instance) => instance.view());
  }

  /** Connections of agents, those without a session as well, and the address they come to. */
  xmppConnections(): { open: number; established: number; listening: string } {
    return this.#agents.connections();
  }

  /** Tables, those of no instance first. */
  tables(): TableView[] {
    return this.#tables.views();
  }

  /** @throws ViewError when the query names a table or instance that is not there, or a prefix that is none */
  routes(query: RouteQuery): RouteView[] {
    return this.#tables.routes(query);
  }

  /**
   * Tables as MRT records, in pieces that take a few milliseconds each; all tables unless names are given.
   * @throws ViewError when there is no table of a name
   */
  dump(names?: readonly string[]): Generator<Uint8Array> {
    return this.#tables.dump(names, Math.floor(this.#clock.now() / 1000));
  }

  /** Takes a line of the config node's `/watch/objects`, of which agents are told what concerns them. */
  tellObject(line: unknown, first: boolean): void {
    this.#recorder?.record({ type: 'objects', line, first });
    this.#configServer.take(line, first);
  }

  /** Puts the instances of the file and those that were told in force; they are recorded as if the file had all of them. */
  #configureInstances(): void {
    const instances = allInstances(this.#config['routing-instances'], this.#told.instances);
    const config = { ...this.#config, 'routing-instances': instances };
    this.#recorder?.record({ type: 'config', config: recordedConfig(config) });
    this.#instances.configure(instances);
  }
}
