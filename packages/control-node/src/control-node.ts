/** A control node: agents by XMPP, gateways and other control nodes by BGP, and the tables between them. */
import type { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { Listener, SessionMonitor, isInputWaiting } from '@vaportrail/bgp';
import { TableDumps } from '@vaportrail/bgp/mrt-file';
import { NotificationError, ceaseSubcode, errorCode } from '@vaportrail/bgp/wire';
import { type Clock, ipv4Bytes, ipv4Text, systemClock } from '@vaportrail/net';
import { Rib } from '@vaportrail/rib';
import {
  ConfigChannel,
  type DaemonView,
  type Log,
  type NeighborView,
  type RouteView,
  type RoutingInstanceView,
  type TableView,
  ViewServer,
  isWorthALine,
  listenProblem,
  silentLog,
} from '@vaportrail/show';
import type { Recorder } from '@vaportrail/show/recording';
import { type Channel, StreamError, XmppServer, excerpt, readTlsFiles } from '@vaportrail/xmpp';

import type { AgentSession } from './agent-session.ts';
import { BgpPeer } from './bgp-peer.ts';
import { ConfigServer } from './config-server.ts';
import {
  type BgpPeerConfig,
  type ControlNodeConfig,
  type RoutingInstanceConfig,
  selectionOf,
} from './config.ts';
import type { RestartTimes } from './graceful-restart.ts';
import type { LocalIdentity } from './introspect/neighbors.ts';
import { MembershipRoutes } from './membership-routes.ts';
import { NodeTables, createHubs } from './node-tables.ts';
import { agentTap, recordedConfig } from './recorded-inputs.ts';
import type { RouteQuery } from './route-query.ts';
import { RoutingInstances } from './routing-instances.ts';
import { allInstances, readToldInstances } from './told-instances.ts';
import { serveViews } from './views.ts';
import { XmppPeer } from './xmpp-peer.ts';

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

/** Where something listens. */
export interface Bound {
  readonly address: string;
  readonly port: number;
}

const VERSION = '0.1.0';

/** What cannot change while a control node runs. */
const fixed = [
  'name',
  'asn',
  'router-id',
  'cluster-id',
  'rd-cluster-seed',
  'sub-cluster',
  'xmpp',
  'introspect',
  'graceful-restart',
  'mrt',
  'config',
] as const;

export class ControlNode {
  #config: ControlNodeConfig;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #recorder: Recorder | undefined;
  readonly #isOffline: boolean;
  readonly #rib: Rib;
  readonly #instances: RoutingInstances;
  readonly #tables: NodeTables;
  readonly #agents = new Map<string, XmppPeer>();
  readonly #peers = new Map<string, BgpPeer>();
  readonly #listener: Listener;
  readonly #xmpp: XmppServer;
  readonly #views: ViewServer;
  readonly #monitor: SessionMonitor;
  readonly #dumps: TableDumps | undefined;
  readonly #channel: ConfigChannel | undefined;
  /** All objects of the config node, for {@link #configServer}; followed once an agent asks. */
  readonly #objects: ConfigChannel | undefined;
  readonly #configServer: ConfigServer;
  /** Routing instances beside those of the configuration. */
  #told: readonly RoutingInstanceConfig[] = [];
  #startedAt = 0;
  #xmppAddress: Bound | undefined;
  #bgpAddresses: Bound[] = [];

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
      agents: () => this.#agents.values(),
      wanted: (imports, isWanted) => memberships.wanted(imports, isWanted),
    });
    this.#tables = new NodeTables(this.#rib, this.#instances, {
      asn: config.asn,
      routerId: config['router-id'],
    });
    this.#listener = new Listener({
      clock,
      refused: (address, because) => log.info({ address, because }, 'BGP connection refused'),
    });
    this.#xmpp = new XmppServer({
      name: config.name,
      clock,
      holdTime: config.xmpp['hold-time'],
      accept: (channel) => this.#accept(channel),
      refuse: ({ from }, address) => this.#refuse(from, address),
      refused: (address, because) => {
        const refused = this.#xmpp.counters.rejected;
        if (isWorthALine(refused)) log.info({ address, because, refused }, 'XMPP connection refused');
      },
      ...(config.xmpp.tls !== undefined && { tls: readTlsFiles(config.xmpp.tls) }),
      ...(config['sub-cluster'] !== undefined && { subCluster: config['sub-cluster'] }),
      gracefulRestartHelper: config['graceful-restart'].enabled,
      report: (error) => log.error({ err: error }, 'a handler failed'),
      tap: recorder && agentTap(recorder),
      // Nobody else waits for the turns of a replay.
      ...(this.#isOffline && { turnShare: Number.POSITIVE_INFINITY }),
    });
    const { table, messages } = config.mrt;
    this.#monitor = new SessionMonitor({
      messages,
      stations: config.bmp.stations,
      statistics: config.bmp['statistics-interval'],
      name: config.name,
      description: `Vaportrail control node ${VERSION}`,
      tables: this.#tables.monitored(() => this.#peers.values()),
      clock,
      log: (text) => log.warn({}, text),
    });
    if (table !== undefined) {
      this.#dumps = new TableDumps(
        table,
        () => this.dump(table.tables),
        clock,
        (outcome) => {
          if (outcome instanceof Error) log.error({ err: outcome }, 'the tables could not be dumped');
          else log.info(outcome, 'tables dumped');
        },
      );
    }
    this.#views = new ViewServer(log);
    serveViews(this.#views, this);
    if (config.config !== undefined && !this.#isOffline)
      this.#channel = new ConfigChannel(
        config.config,
        '/watch/routing-instances',
        (line) => this.#tell(line),
        {
          log,
        },
      );
    if (config.config !== undefined && !this.#isOffline)
      this.#objects = new ConfigChannel(
        config.config,
        '/watch/objects',
        (line, first) => this.tellObject(line, first),
        { log },
      );
    this.#configServer = new ConfigServer({
      begin: config.config && (() => this.#objects?.start()),
      schedule,
      isAlone: this.#isOffline,
      failed: (error) => log.error({ err: error }, 'what an agent is told could not be found out'),
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
    this.#monitor.start();
    this.#dumps?.start();
    this.#channel?.start();
    for (const peer of this.#config.bgp.peers) this.#addPeer(peer);
    this.#log.info(
      { bgp: this.#bgpAddresses, xmpp: this.#xmppAddress, views: this.url },
      'control node started',
    );
  }

  async #listen(): Promise<void> {
    const { bgp, xmpp, introspect } = this.#config;
    try {
      for (const at of bgp.listen) {
        this.#bgpAddresses.push(await listening('BGP', at, this.#listener.listen(at)));
      }
      this.#xmppAddress = await listening('XMPP', xmpp.listen, this.#xmpp.listen(xmpp.listen));
      await this.#views.listen(introspect);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Takes a connection of an agent that is there already. */
  adoptAgent(socket: Socket): Channel {
    return this.#xmpp.adopt(socket);
  }

  /** Takes a connection of a BGP peer that is there already. */
  adoptPeer(socket: Socket): void {
    this.#listener.adopt(socket);
  }

  /** Says goodbye to peers and agents and closes everything. Stopping twice does nothing. */
  async stop(): Promise<void> {
    this.#recorder?.record({ type: 'stop' });
    this.#recorder?.close();
    await Promise.all([this.#channel?.close(), this.#objects?.close()]);
    const peers = [...this.#peers.values()];
    this.#peers.clear();
    await Promise.all([
      ...peers.map((peer) => peer.stop('the control node is shutting down')),
      this.#xmpp.close(),
      this.#listener.close(),
      this.#views.close(),
      this.#dumps?.stop(),
    ]);
    await this.#monitor.stop();
  }

  /**
   * Takes over another configuration. Peers and instances that did not change are not touched, and neither are
   * the sessions of agents.
   * @throws Error when something changed that cannot change while the node runs; nothing has changed then
   */
  async reload(config: ControlNodeConfig): Promise<void> {
    for (const key of fixed) {
      if (!isDeepStrictEqual(config[key], this.#config[key]))
        throw new Error(`${key} cannot change without a restart`);
    }
    for (const key of ['listen', 'always-compare-med', 'ignore-as-path'] as const) {
      if (!isDeepStrictEqual(config.bgp[key], this.#config.bgp[key]))
        throw new Error(`bgp.${key} cannot change without a restart`);
    }
    this.#config = config;
    this.#configureInstances();
    const wanted = new Map(config.bgp.peers.map((peer) => [peer.address, peer]));
    for (const [address, peer] of this.#peers) {
      if (isDeepStrictEqual(wanted.get(address), peer.config)) wanted.delete(address);
      else {
        this.#peers.delete(address);
        this.#listener.remove(peer.session);
        const subcode = wanted.has(address)
          ? ceaseSubcode.otherConfigurationChange
          : ceaseSubcode.peerDeconfigured;
        await peer.stop(new NotificationError(errorCode.cease, subcode));
      }
    }
    for (const peer of wanted.values()) this.#addPeer(peer);
  }

  /** Where the views are served; undefined before the start. */
  get url(): string | undefined {
    return this.#views.url;
  }

  /** Where agents connect; undefined before the start. */
  get xmppAddress(): Bound | undefined {
    return this.#xmppAddress;
  }

  /** Where BGP peers connect, one for each address listened on. */
  get bgpAddresses(): readonly Bound[] {
    return this.#bgpAddresses;
  }

  daemon(): DaemonView {
    const { name, asn, 'router-id': routerId } = this.#config;
    const selection = selectionOf(this.#config);
    return {
      name,
      kind: 'control-node',
      asn,
      routerId: ipv4Text(routerId),
      startedAt: new Date(this.#startedAt).toISOString(),
      version: VERSION,
      ...(selection !== 'contrail' && { selection }),
      ...(this.#channel !== undefined && { configuration: this.#channel.view }),
    };
  }

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
    const agents = Array.from(this.#agents.values(), (agent) => agent.view());
    agents.sort((a, b) => (a.name < b.name ? -1 : 1));
    return [...Array.from(this.#peers.values(), (peer) => peer.view()), ...agents];
  }

  routingInstances(): RoutingInstanceView[] {
    return Array.from(this.#instances, (instance) => instance.view());
  }

  xmppConnections(): { open: number; established: number; listening: string } {
    const established = this.#xmpp.channels.size;
    const { address, port } = this.#xmppAddress ?? this.#config.xmpp.listen;
    return { open: established + this.#xmpp.pending, established, listening: `${address}:${port}` };
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

  /** While the routes of an agent wait for its return, nobody has its name at another address. */
  #refuse(name: string, address: string): StreamError | undefined {
    const absent = this.#agents.get(name);
    if (absent === undefined || absent.isUp || absent.address === address) return undefined;
    return new StreamError('conflict', `${excerpt(name)} is expected back from ${absent.address}`);
  }

  #accept(channel: Channel): AgentSession {
    const absent = this.#agents.get(channel.name);
    if (absent !== undefined) return absent.resume(channel);
    const { xmpp, 'graceful-restart': restart } = this.#config;
    const agent = new XmppPeer(channel, {
      rib: this.#rib,
      clock: this.#clock,
      log: this.#log,
      endOfRibDelay: xmpp['end-of-rib-delay'],
      holdTime: xmpp['hold-time'],
      restart: restart.enabled ? restartTimes(restart) : undefined,
      configServer: this.#configServer,
      instance: (name) => this.#instances.get(name),
      gone: (peer) => {
        if (this.#agents.get(peer.name) === peer) this.#agents.delete(peer.name);
      },
    });
    this.#agents.set(agent.name, agent);
    return agent.session;
  }

  #addPeer(config: BgpPeerConfig): void {
    const peer = new BgpPeer(config, {
      config: this.#config,
      rib: this.#rib,
      clock: this.#clock,
      log: this.#log,
      monitor: this.#monitor,
      recorder: this.#recorder,
      table: (family) => this.#tables.ofPeers(family),
    });
    this.#peers.set(config.address, peer);
    this.#listener.add(peer.session);
    peer.start();
  }

  /** Takes over routing instances that the configuration channel tells. */
  #tell(line: unknown): void {
    const { values, problems } = readToldInstances(line);
    this.#told = values;
    this.#configureInstances();
    if (problems.length > 0) throw new Error(problems.join('; '));
  }

  /** Takes a line of the config node's `/watch/objects`, of which agents are told what concerns them. */
  tellObject(line: unknown, first: boolean): void {
    this.#recorder?.record({ type: 'objects', line, first });
    this.#configServer.take(line, first);
  }

  /** Puts the instances of the file and those that were told in force; they are recorded as if the file had all of them. */
  #configureInstances(): void {
    const instances = allInstances(this.#config['routing-instances'], this.#told);
    const config = { ...this.#config, 'routing-instances': instances };
    this.#recorder?.record({ type: 'config', config: recordedConfig(config) });
    this.#instances.configure(instances);
  }
}

function restartTimes(config: ControlNodeConfig['graceful-restart']): RestartTimes {
  return {
    restart: config['restart-time'],
    longLived: config['long-lived-restart-time'],
    endOfRib: config['end-of-rib-timeout'],
  };
}

/** Resolves where something listens, or says where it cannot. */
async function listening(what: string, { address, port }: Bound, bound: Promise<Bound>): Promise<Bound> {
  try {
    return await bound;
  } catch (error) {
    const because = listenProblem(error as NodeJS.ErrnoException);
    throw new Error(`cannot listen for ${what} on ${address} port ${port}: ${because}`, { cause: error });
  }
}
