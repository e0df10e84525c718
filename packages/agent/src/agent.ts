/**
 * One compute node: its interfaces and floating IPs, the routes it publishes, and the forwarding tables made from what
 * control nodes say. Everything can be changed while it runs; each change is published or withdrawn on its own.
 */
import type { Socket } from 'node:net';
import { type Clock, ipv4Bytes, parseIpv4, parseMac, systemClock } from '@vaportrail/net';
import { ConfigChannel, type Log, ViewServer, silentLog } from '@vaportrail/show';
import type { Recorder } from '@vaportrail/show/recording';
import type { UnicastItem } from '@vaportrail/xmpp';
import { AgentError } from './agent-error.ts';
import {
  type AgentConfig,
  type AgentConfigInput,
  type FloatingIpConfigInput,
  type InterfaceConfigInput,
  type VrfConfigInput,
  agentConfig,
  floatingIpConfig,
  interfaceConfig,
  vrfConfig,
} from './config.ts';
import { ConfigSubscription } from './config-subscription.ts';
import { ConfiguredContents } from './configured-contents.ts';
import type { ControlNodePeer } from './control-node-peer.ts';
import { ControlNodes } from './control-nodes.ts';
import { type NodeConfig, nodeConfig, refuseFixedChanges } from './fixed-settings.ts';
import type { FloatingIp } from './floating-ip.ts';
import type { Packet } from './flow.ts';
import type { FlowTable, Verdict } from './flow-table.ts';
import { ForwardingTables } from './forwarding-tables.ts';
import type { Interface } from './interface.ts';
import { type InterfaceTable, defaultMac } from './interface-table.ts';
import { LoadBalancers } from './load-balancer/load-balancers.ts';
import type { LocalRoute, LocalRoutes } from './local-routes.ts';
import type { MplsTable } from './mpls.ts';
import type { NextHopTable } from './next-hop.ts';
import { type PublishingNode, offeredEncapsulations, publishedItem } from './published-item.ts';
import { type CallRecorder, callRecorder } from './recorded-call.ts';
import type { Route } from './route.ts';
import { type TunnelType, tunnelTypesOf } from './tunnel-type.ts';
import { serveViews } from './views.ts';
import type { Vrf } from './vrf.ts';
import type { VrfTable } from './vrf-table.ts';

/** What surrounds an agent; in a program that runs as a daemon little of it need be said. */
export interface AgentOptions {
  readonly clock?: Clock;
  readonly log?: Log;
  /** Called when a session comes up, is in sync, or goes down. */
  readonly onSession?: (peer: ControlNodePeer) => void;
  /** What control nodes say and programs ask for is written there. */
  readonly recorder?: Recorder | undefined;
  /** Makes connections to control nodes, and there are no views then; TCP when left out. */
  readonly connect?: ((server: { readonly address: string; readonly port: number }) => Socket) | undefined;
}

/**
 * Made from a checked configuration, or by {@link Agent.from}; connects to its control nodes from `start` to `stop`.
 */
export class Agent {
  readonly name: string;
  /** The node's own address, the next hop of all it publishes. */
  readonly address: string;
  readonly mac: string;
  readonly clock: Clock;
  readonly nextHops: NextHopTable;
  readonly labels: MplsTable;
  readonly flows: FlowTable;
  readonly vrfs: VrfTable;
  readonly interfaces: InterfaceTable;
  readonly localRoutes: LocalRoutes;
  readonly #tables: ForwardingTables;
  readonly loadBalancers: LoadBalancers;
  readonly #controlNodes: ControlNodes;
  readonly #log: Log;
  readonly #called: CallRecorder;
  readonly #isOffline: boolean;
  readonly #publishing: PublishingNode;
  readonly #contents: ConfiguredContents;
  /** Tells what is on the node, where a config node does or control nodes do. */
  readonly channel: ConfigChannel | ConfigSubscription | undefined;
  #node: NodeConfig;
  #views: ViewServer | undefined;
  startedAt: number | undefined;

  /** @throws AgentError when two parts of the configuration contradict each other; Error when a file of `tls` cannot be read */
  constructor(config: AgentConfig, options: AgentOptions = {}) {
    this.#node = nodeConfig(config);
    this.name = config.name;
    this.address = config.address;
    this.mac = config.mac ?? defaultMac(config.address);
    this.clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLog;
    const { recorder, connect } = options;
    this.#called = callRecorder(recorder, config.name);
    this.#isOffline = connect !== undefined;
    const priority = config['encapsulation-priority'];
    const address = ipv4Bytes(parseIpv4(config.address));
    this.#publishing = { address, mac: parseMac(this.mac), encapsulations: offeredEncapsulations(priority) };
    this.#tables = new ForwardingTables(
      { address: this.address, addressOctets: address, mac: this.mac, encapsulationPriority: priority },
      {
        joined: (vrf) => this.#controlNodes.subscribe(vrf),
        left: (vrf) => this.#controlNodes.unsubscribe(vrf),
        announce: (route) => this.#controlNodes.announce(route.vrf, this.#item(route)),
        withdraw: (route) => this.#controlNodes.withdraw(route.vrf, this.#item(route)),
      },
    );
    ({
      nextHops: this.nextHops,
      labels: this.labels,
      flows: this.flows,
      vrfs: this.vrfs,
      interfaces: this.interfaces,
      localRoutes: this.localRoutes,
    } = this.#tables);
    const configuration =
      config.config === 'xmpp' ? this.#subscription(config['virtual-machines']) : undefined;
    this.channel = configuration;
    this.#controlNodes = new ControlNodes(config, {
      configuration,
      clock: this.clock,
      log: this.#log,
      recorder,
      connect,
      tables: this.#tables,
      publications: (vrf) => this.#publications(vrf),
      sessionChanged: (peer) => options.onSession?.(peer),
    });
    this.loadBalancers = new LoadBalancers({
      haproxy: config.haproxy,
      clock: this.clock,
      log: this.#log,
      changed: () => this.withhold([...this.loadBalancers.withheld()]),
    });
    if (typeof config.config === 'object' && !this.#isOffline)
      this.channel = new ConfigChannel(
        config.config,
        `/watch/virtual-router/${encodeURIComponent(config.name)}`,
        (line, first) => this.tell(line, first),
        { log: this.#log },
      );
    this.#contents = new ConfiguredContents(
      config,
      this.#tables,
      this.#isOffline ? undefined : this.loadBalancers,
    );
  }

  /** An agent from settings as a file or a program writes them. @throws ZodError when they are not valid */
  static from(config: AgentConfigInput, options?: AgentOptions): Agent {
    return new Agent(agentConfig.parse(config), options);
  }

  /**
   * Serves its views, when the configuration says where, and begins to connect. Sessions come up by themselves and
   * return after they were lost. An agent with a config node first waits for what it says, and one that is told by
   * control nodes ends its first RIB when it has been told everything: one that came without routes would make control
   * nodes forget those that it had before.
   * @throws Error when the address of the views is in use
   */
  async start(): Promise<void> {
    this.startedAt = this.clock.now();
    if (this.#node.introspect !== undefined && !this.#isOffline) {
      this.#views = new ViewServer(this.#log);
      serveViews(this.#views, [this]);
      await this.#views.listen(this.#node.introspect);
    }
    this.#contents.start();
    if (this.channel instanceof ConfigChannel) this.channel.start();
    else this.#controlNodes.connect();
  }

  /** Ends every session. The control nodes withdraw what this node published, or keep it for its graceful restart. */
  async stop(): Promise<void> {
    await this.channel?.close();
    this.#controlNodes.close();
    await this.loadBalancers.stop();
    await this.#views?.close();
  }

  /** Every configured control node, in order; the first two are in use, the others are spares. */
  get peers(): readonly ControlNodePeer[] {
    return this.#controlNodes.peers;
  }

  /** Where its own views are; undefined when it serves none. */
  get url(): string | undefined {
    return this.#views?.url;
  }

  /** The MAC of an address of the underlay, where it was told. */
  neighborMac(address: string): string | undefined {
    return this.#node.neighbors.find((neighbor) => neighbor.address === address)?.mac;
  }

  /** Tunnel types that its own routes are offered with. */
  get tunnelTypes(): TunnelType[] {
    return tunnelTypesOf(this.#publishing.encapsulations);
  }

  /** The route of a prefix in a VRF. @throws RangeError when the text is no prefix */
  route(vrf: string, prefix: string): Route | undefined {
    return this.#tables.route(vrf, prefix);
  }

  /** The longest match for an address in a VRF. @throws RangeError when the text is no address */
  lookup(vrf: string, address: string): Route | undefined {
    return this.vrfs.get(vrf)?.lookup(address);
  }

  /**
   * Subscribes to a VRF; one that is there because of an interface becomes permanent.
   * @throws AgentError when the instance id is taken or the VRF has another one
   */
  subscribe(settings: VrfConfigInput): Vrf {
    this.#called('subscribe', settings);
    return this.vrfs.declare(vrfConfig.parse(settings));
  }

  /** Unsubscribes from a VRF. @throws AgentError when interfaces or floating IPs are in it, or it is the underlay */
  unsubscribe(name: string): void {
    this.#called('unsubscribe', name);
    const vrf = this.vrfs.get(name);
    if (vrf === undefined) return;
    if (vrf === this.vrfs.fabric) throw new AgentError('the underlay cannot be left');
    if (vrf.users > 0) throw new AgentError(`${vrf.users} interfaces or floating IPs are in ${name}`);
    this.vrfs.undeclare(vrf);
  }

  /**
   * Adds an interface with its floating IPs and publishes their addresses.
   * @throws AgentError when its name, label or index is taken, or a floating IP does not fit
   */
  addInterface(settings: InterfaceConfigInput): Interface {
    this.#called('addInterface', settings);
    return this.interfaces.add(interfaceConfig.parse(settings));
  }

  /** Withdraws the addresses of an interface, floating ones first, and takes it away. Tells whether it was there. */
  removeInterface(name: string): boolean {
    this.#called('removeInterface', name);
    return this.interfaces.remove(name);
  }

  /** Gives an interface a floating IP and publishes it. @throws AgentError when the interface is not there or has it */
  addFloatingIp(interfaceName: string, settings: FloatingIpConfigInput): FloatingIp {
    this.#called('addFloatingIp', interfaceName, settings);
    return this.interfaces.addFloatingIp(
      this.interfaces.workload(interfaceName),
      floatingIpConfig.parse(settings),
    );
  }

  /**
   * Gives a floating IP another direction or other port maps, without withdrawing it.
   * @throws AgentError when the interface does not have it
   */
  changeFloatingIp(interfaceName: string, settings: FloatingIpConfigInput): FloatingIp {
    this.#called('changeFloatingIp', interfaceName, settings);
    return this.interfaces.changeFloatingIp(
      this.interfaces.workload(interfaceName),
      floatingIpConfig.parse(settings),
    );
  }

  /** Withdraws a floating IP of an interface, in one VRF or in every one. Tells whether there was any. */
  removeFloatingIp(interfaceName: string, address: string, vrf?: string): boolean {
    this.#called('removeFloatingIp', interfaceName, address, ...(vrf === undefined ? [] : [vrf]));
    return this.interfaces.removeFloatingIps(interfaceName, address, vrf);
  }

  /** Makes an interface active (200), standby (100) or anything else, and publishes its addresses anew. */
  setPreference(interfaceName: string, preference: number, sequence?: number): void {
    this.#called('setPreference', interfaceName, preference, ...(sequence === undefined ? [] : [sequence]));
    const changed = this.interfaces.workload(interfaceName);
    this.interfaces.setPreference(changed, preference, sequence ?? changed.sequence);
  }

  /**
   * The workload of an interface has come to life here, e.g. after it moved: its addresses are preferred, with a
   * sequence number above every one heard of.
   */
  takeOver(interfaceName: string): void {
    this.#called('takeOver', interfaceName);
    this.interfaces.takeOver(interfaceName);
  }

  /**
   * A workload was plugged in here by an orchestrator: control nodes are asked for its configuration. Tells whether that
   * is new. @throws AgentError when it is not control nodes that tell configuration
   */
  plug(machine: string): boolean {
    this.#called('plug', machine);
    return this.#configuration().plug(machine);
  }

  /** A workload was unplugged. Tells whether it was here. @throws AgentError as {@link plug} */
  unplug(machine: string): boolean {
    this.#called('unplug', machine);
    return this.#configuration().unplug(machine);
  }

  #configuration(): ConfigSubscription {
    if (this.channel instanceof ConfigSubscription) return this.channel;
    throw new AgentError('workloads are plugged in where config is xmpp: control nodes are asked for them');
  }

  #subscription(machines: readonly string[]): ConfigSubscription {
    return new ConfigSubscription(machines, {
      agent: this.name,
      clock: this.clock,
      log: this.#log,
      told: (changes) => this.#contents.take({ changes }, false),
      complete: () => this.#controlNodes.endOfRib(),
    });
  }

  /** A packet leaves a workload of this node. @throws AgentError when there is no such interface */
  send(interfaceName: string, packet: Packet): Verdict {
    this.#called('send', interfaceName, packet);
    return this.#tables.send(interfaceName, packet);
  }

  /** A packet arrives by tunnel with a label. */
  receive(tunnelSource: string, label: number, packet: Packet): Verdict {
    this.#called('receive', tunnelSource, label, packet);
    return this.#tables.receive(tunnelSource, label, packet);
  }

  /**
   * Makes the agent be what another configuration says: VRFs, interfaces and floating IPs come and go, what did not
   * change stays untouched, and so does what a program added.
   * @throws AgentError when the node itself or its control nodes would change
   */
  reload(config: AgentConfig): void {
    const node = nodeConfig(config);
    refuseFixedChanges(this.#node, node);
    const before = this.#node['virtual-machines'];
    this.#node = node;
    const now = node['virtual-machines'];
    for (const machine of before) if (!now.includes(machine)) this.#configuration().unplug(machine);
    for (const machine of now) this.#configuration().plug(machine);
    this.#contents.load(config);
  }

  /**
   * Takes what a config node says is on the node; the first line of a stream says everything.
   * @throws AgentError naming what cannot be used; the rest is
   */
  tell(line: unknown, first: boolean): void {
    this.#called('tell', line, first);
    this.#contents.take(line, first);
    this.#controlNodes.connect();
  }

  /** Publishes all configured interfaces but these: no proxy answers at their addresses. The load balancers ask for it. */
  withhold(names: readonly string[]): void {
    this.#called('withhold', names);
    this.#contents.withhold(names);
  }

  #item(route: LocalRoute): UnicastItem {
    return publishedItem(this.#publishing, route);
  }

  *#publications(vrf: Vrf): IterableIterator<UnicastItem> {
    for (const route of this.localRoutes.of(vrf)) yield this.#item(route);
  }
}
