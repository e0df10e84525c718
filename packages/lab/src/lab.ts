/** A topology, running: control nodes, agents and our gateway in this process, FRR and GoBGP as its children. */
import { Fleet, agentFileConfig } from '@vaportrail/agent';
import { ControlNode, controlNodeConfig } from '@vaportrail/control-node';
import { fetchView, silentLog, type Log, type NeighborView, type RouteView } from '@vaportrail/show';
import type { KubernetesReports } from '@vaportrail/kube';
import { loopbackAddresses, type Addressing } from './addressing.ts';
import { Configuration } from './configuration.ts';
import { agentSettings, controlNodeSettings } from './daemon-settings.ts';
import { startDaemon, type Undo } from './daemon.ts';
import { startGateways, type MissingPeer } from './gateways.ts';
import { thisNetwork, type Place } from './namespace.ts';
import { numbered } from './numbered.ts';
import type { Peer } from './peers/peer.ts';
import type { ExpectedPath, Seen } from './story.ts';
import { StoryManifests } from './story-manifests.ts';
import type {
  GatewayKind,
  GatewayTopology,
  NetworkTopology,
  PodTopology,
  ServiceTopology,
  Topology,
} from './topology.ts';

/** Which lab, where, and how much of it. */
export interface LabSettings {
  readonly topology: Topology;
  /** Kinds of gateway to run; default all the topology has, without those that are not installed. */
  readonly peers?: readonly GatewayKind[];
  /** Where the addresses are; the caller's to release. */
  readonly addressing?: Addressing;
  /** Where a real peer runs; default this network. */
  readonly place?: (gateway: GatewayTopology) => Place;
  /**
   * Kubernetes manifests from which networks, pods and services come, instead of from the topology; followed while the
   * lab runs. Labels and VRF numbers that the topology has for a node are used.
   */
  readonly manifests?: readonly string[];
  /** A folder of manifests for the story: copied, and the topology's first service played with in the copy. */
  readonly storyManifests?: string;
  readonly reports?: Partial<KubernetesReports>;
  readonly log?: Log;
  /** What there is to say about the manifests; default {@link LabSettings.log}. */
  readonly manifestLog?: Log;
}

/** A running lab, with real peers as its children. */
export class Lab {
  readonly topology: Topology;
  readonly addressing: Addressing;
  readonly controlNode: ControlNode;
  readonly agents = new Map<string, Fleet>();
  readonly peers: Peer[] = [];
  readonly missing: MissingPeer[] = [];
  /** The service the story is about, its floating IP as a prefix, and the network that is in. */
  readonly service: ServiceTopology;
  readonly prefix: string;
  readonly network: NetworkTopology;
  /** Its pods in the order in which they come. */
  readonly pods: readonly PodTopology[];
  /** What manifests make, when the lab has any. */
  configuration: Configuration | undefined;
  readonly manifests: StoryManifests | undefined;
  /** The topology as far as manifests leave it alone. */
  readonly #fixed: Topology;
  #backends = 0;
  /** What to undo, last first. */
  readonly #undo: Undo = [];
  readonly #gateways: readonly GatewayTopology[];
  readonly #log: Log;

  private constructor(
    settings: LabSettings,
    addressing: Addressing,
    gateways: readonly GatewayTopology[],
    manifests: StoryManifests | undefined,
  ) {
    const { topology } = settings;
    this.topology = topology;
    this.manifests = manifests;
    const told = settings.manifests !== undefined || manifests !== undefined;
    this.#fixed = told ? { ...topology, networks: [], pods: [], services: [] } : topology;
    this.addressing = addressing;
    this.#log = settings.log ?? silentLog;
    this.service = topology.services[0]!;
    this.prefix = `${this.service['external-ip']}/32`;
    this.network = topology.networks.find((each) => each.name === this.service['external-network'])!;
    const backends = this.service.backends.map((name) => topology.pods.find((pod) => pod.name === name)!);
    this.pods =
      manifests?.pods(backends.length).map(({ name, node }) => ({
        ...(backends.find((pod) => pod.node === node) ?? backends[0]!),
        name,
        node,
      })) ?? backends;
    this.#gateways = gateways;
    this.controlNode = new ControlNode(this.#controlNodeFile(), { log: this.#log });
  }

  /**
   * Starts everything. A peer that is not installed is left out and listed in {@link Lab.missing}, unless it was
   * asked for by name.
   * @throws PeerMissing when a peer that was asked for is not installed; Error when something does not start. Nothing
   * stays behind then.
   */
  static async start(settings: LabSettings): Promise<Lab> {
    const { topology, peers: wanted } = settings;
    const gateways = topology.gateways.filter(({ kind }) => wanted === undefined || wanted.includes(kind));
    const absent = wanted?.find((kind) => !gateways.some((gateway) => gateway.kind === kind));
    if (absent !== undefined) throw new Error(`topology ${topology.name} has no gateway of kind ${absent}`);
    const { storyManifests: folder } = settings;
    const manifests =
      folder === undefined ? undefined : await StoryManifests.copy(folder, topology.services[0]!.name);
    const addressing = settings.addressing ?? (await loopbackAddresses());
    const lab = new Lab(settings, addressing, gateways, manifests);
    if (settings.addressing === undefined) lab.#undo.push(() => addressing.release());
    if (manifests !== undefined) lab.#undo.push(() => manifests.remove());
    try {
      await lab.#begin(gateways, settings);
      const paths = manifests === undefined ? settings.manifests : [manifests.folder];
      if (paths !== undefined) await lab.#configure(paths, settings);
      return lab;
    } catch (error) {
      await lab.stop();
      throw error;
    }
  }

  async #begin(
    gateways: readonly GatewayTopology[],
    { peers: wanted, place = () => thisNetwork }: LabSettings,
  ): Promise<void> {
    const mustHaveAll = wanted !== undefined;
    const { peers, missing } = await startGateways(gateways, mustHaveAll, {
      topology: this.topology,
      addressing: this.addressing,
      place,
      log: this.#log,
      undo: this.#undo,
    });
    this.peers.push(...peers);
    this.missing.push(...missing);
    const { name } = this.topology['control-nodes'][0]!;
    await startDaemon('control-node', name, this.controlNode, this.#undo);
    for (const node of this.topology.nodes) await this.startAgent(node.name);
  }

  /** Lets manifests say from now on what the daemons have. */
  async #configure(manifests: readonly string[], settings: LabSettings): Promise<void> {
    const configuration = await Configuration.open({
      manifests,
      nodes: this.topology.nodes.map(({ name }) => name),
      reports: settings.reports,
      log: settings.manifestLog ?? this.#log,
      apply: async (node) => {
        if (node === undefined) await this.controlNode.reload(this.#controlNodeFile());
        else await this.agents.get(node)?.reload(this.#agentFile(node));
      },
    });
    this.#undo.push(() => configuration.stop());
    this.configuration = configuration;
    await configuration.begin();
  }

  /** A compute node comes, with the pods it has now. */
  async startAgent(name: string): Promise<void> {
    const agent = new Fleet(this.#agentFile(name), { log: this.#log });
    this.agents.set(name, agent);
    await startDaemon('agent', name, agent, this.#undo);
  }

  /** A compute node goes; the control node sees its session end. */
  async stopAgent(name: string): Promise<void> {
    await this.agents.get(name)?.stop();
    this.agents.delete(name);
  }

  #controlNodeFile() {
    const { name } = this.topology['control-nodes'][0]!;
    const settings = controlNodeSettings(this.#fixed, name, this.addressing, this.#gateways);
    const instances = this.configuration?.routers.instances;
    return controlNodeConfig.parse({ ...settings, ...(instances && { 'routing-instances': instances }) });
  }

  #agentFile(name: string) {
    const settings = agentSettings(this.#fixed, name, this.addressing, (service) =>
      service === this.service ? this.#backends : 0,
    );
    const { configuration, topology } = this;
    const told = configuration?.routers.settings(name);
    const contents = told && numbered(told, topology, (address) => configuration?.podAt(address));
    return agentFileConfig.parse({ ...settings, ...contents });
  }

  /** How many of the service's pods run: its addresses appear on, or disappear from, their interfaces. */
  async setBackends(count: number): Promise<void> {
    this.#backends = count;
    // What is edited is seen by those who follow the files.
    if (this.manifests !== undefined) return this.manifests.set(count);
    for (const [name, agent] of this.agents) await agent.reload(this.#agentFile(name));
  }

  /** How that is done, where it is done by manifests. */
  announcement(count: number): string {
    return this.manifests === undefined ? '' : ` (${this.manifests.announcement(count)})`;
  }

  /** Ends when everything the manifests say has reached the daemons. */
  async settled(): Promise<void> {
    await this.configuration?.settled();
  }

  /** Turns the multipath knob of every peer that has one; yields what was said to whom. */
  async setMultipath(on: boolean): Promise<void> {
    await Promise.all(this.peers.map((peer) => peer.setMultipath(on)));
  }

  /** What every peer must show of a pod's route. */
  readonly expected = (pod: PodTopology): ExpectedPath => {
    const { address } = this.topology.nodes.find(({ name }) => name === pod.node)!;
    return {
      rd: `${address}:${this.network['instance-ids'][pod.node]}`,
      prefix: this.prefix,
      nextHop: address,
      label: pod.label,
      routeTargets: this.routeTargets,
    };
  };

  /** Route targets of the public network. */
  get routeTargets(): readonly string[] {
    const { name, 'route-targets': listed } = this.network;
    const told = this.configuration?.routers.instances.find((instance) => instance.name === name);
    return told?.['route-targets'].map((text) => text.replace('target:', '')) ?? listed;
  }

  /** The address from which the control node speaks BGP. */
  get peerAddress(): string {
    return this.addressing.at(this.topology['control-nodes'][0]!.address);
  }

  /** A pod by its place; the last one where there are fewer. */
  pod(index: number): PodTopology {
    return this.pods[Math.min(index, this.pods.length - 1)]!;
  }

  /** Looks at everything at once. */
  async look(): Promise<Seen> {
    const [neighbors, instance, vpn, ...paths] = await Promise.all([
      this.view<NeighborView[]>('/neighbors'),
      this.instanceRoutes(),
      this.vpnRoutes(),
      ...this.peers.map((peer) => peer.paths(this.prefix)),
    ]);
    const up = new Set(neighbors.filter(({ state }) => state === 'Established').map(({ name }) => name));
    const { nodes, gateways } = this.topology;
    const running = gateways.filter(({ kind }) => this.peers.some((peer) => peer.kind === kind));
    return {
      down: [...nodes, ...running].map(({ name }) => name).filter((name) => !up.has(name)),
      instance,
      vpn,
      peers: new Map(this.peers.map((peer, index) => [peer, paths[index]!])),
    };
  }

  /** Routes to the floating IP in the public network's table of the control node. */
  instanceRoutes(): Promise<RouteView[]> {
    return this.view('/routes', { table: `${this.network.name}.inet.0`, prefix: this.prefix });
  }

  /** Routes to the floating IP in the VPN table of the control node. */
  vpnRoutes(): Promise<RouteView[]> {
    return this.view('/routes', { table: 'bgp.l3vpn.0', prefix: this.prefix });
  }

  /** Routes to the floating IP in a VRF of a compute node. */
  agentRoutes(node: string, vrf: string): Promise<RouteView[]> {
    const query = { table: `${vrf}.inet.0`, prefix: this.prefix };
    return fetchView<RouteView[]>(this.agents.get(node)!.url!, '/routes', query);
  }

  /** A view of the control node. */
  view<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
    return fetchView<T>(this.controlNode.url!, path, query);
  }

  /** Ends everything, last started first. */
  async stop(): Promise<void> {
    for (const undo of this.#undo.splice(0).reverse()) await undo();
  }
}
