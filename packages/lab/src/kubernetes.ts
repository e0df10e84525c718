/**
 * The lab driven by Kubernetes manifests: configuration, kube manager and load-balancer driver in this process, and what
 * they decide applied to a running control node and its compute nodes as it changes.
 */
import { Fleet, agentFileConfig } from '@vaportrail/agent';
import { ConfigDatabase, EmbeddedStore, NativeDriver, VirtualRouters } from '@vaportrail/config';
import { ControlNode, controlNodeConfig } from '@vaportrail/control-node';
import { KubeManager, kubeServer, ManifestSource, type KubernetesReports } from '@vaportrail/kube';
import { announceEndpoint, silentLog, type DaemonView, type Log } from '@vaportrail/show';
import { loopbackAddresses, type Addressing } from './addressing.ts';
import {
  agentSettings,
  controlNodeSettings,
  frrSettings,
  gatewaySettings,
  gobgpSettings,
} from './daemon-settings.ts';
import { removeFolder, temporaryFolder } from './daemon-process.ts';
import { Gateway, gatewayConfig } from '@vaportrail/gateway';
import { thisNetwork } from './namespace.ts';
import { Frr } from './peers/frr.ts';
import { GatewayPeer } from './peers/gateway.ts';
import { Gobgp } from './peers/gobgp.ts';
import type { Peer } from './peers/peer.ts';
import type { GatewayKind, GatewayTopology, Topology } from './topology.ts';

export interface KubernetesLabSettings {
  /** Control node, compute nodes and gateways; its networks, pods and services are left to the manifests. */
  readonly topology: Topology;
  readonly peers: readonly GatewayKind[];
  /** Files and folders, followed while the lab runs. */
  readonly manifests: readonly string[];
  readonly reports?: Partial<KubernetesReports>;
  readonly log?: Log;
}

export class KubernetesLab {
  readonly database: ConfigDatabase;
  readonly kube: KubeManager;
  readonly driver: NativeDriver;
  readonly #routers: VirtualRouters;
  readonly controlNode: ControlNode;
  readonly agents = new Map<string, Fleet>();
  readonly peers: Peer[] = [];
  readonly #topology: Topology;
  readonly #addressing: Addressing;
  readonly #gateways: readonly GatewayTopology[];
  readonly #log: Log;
  readonly #undo: (() => Promise<void> | void)[] = [];
  /** Daemons whose settings have changed. */
  readonly #stale = new Set<string>();
  #applying: Promise<void> | undefined;

  private constructor(settings: KubernetesLabSettings, database: ConfigDatabase, addressing: Addressing) {
    const { topology, peers, reports, log = silentLog } = settings;
    this.#topology = { ...topology, networks: [], pods: [], services: [] };
    this.#gateways = topology.gateways.filter(({ kind }) => peers.includes(kind));
    this.#addressing = addressing;
    this.#log = log;
    this.database = database;
    this.kube = new KubeManager({ client: database, reports: reports ?? {}, log });
    this.driver = new NativeDriver(database, { log });
    this.#routers = new VirtualRouters(database);
    this.controlNode = new ControlNode(this.#controlNodeConfig(), { log });
  }

  static async start(settings: KubernetesLabSettings): Promise<KubernetesLab> {
    const folder = await temporaryFolder('config');
    const store = EmbeddedStore.open(folder);
    const addressing = await loopbackAddresses();
    const database = await ConfigDatabase.open(store);
    const lab = new KubernetesLab(settings, database, addressing);
    lab.#undo.push(
      () => removeFolder(folder),
      () => store.close(),
      () => database.close(),
      () => addressing.release(),
    );
    try {
      await lab.#begin(settings);
      return lab;
    } catch (error) {
      await lab.stop();
      throw error;
    }
  }

  async #begin({ manifests }: KubernetesLabSettings): Promise<void> {
    for (const gateway of this.#gateways) this.peers.push(await this.#startPeer(gateway));
    await this.#startDaemon('control-node', this.#topology['control-nodes'][0]!.name, this.controlNode);
    for (const { name } of this.#topology.nodes) {
      const agent = new Fleet(this.#agentFile(name), { log: this.#log });
      this.agents.set(name, agent);
      await this.#startDaemon('agent', name, agent);
    }
    this.#undo.push(() => this.#routers.close());
    this.#routers.followInstances(() => this.#changed('control-node'));
    for (const name of this.agents.keys()) this.#routers.follow(name, () => this.#changed(name));
    this.driver.start();
    this.#undo.push(() => this.driver.stop());
    await this.kube.start();
    this.#undo.push(() => this.kube.stop());
    const { serviceSubnet } = this.kube.settings;
    const source = new ManifestSource(this.kube, { paths: manifests, serviceSubnet, log: this.#log });
    source.start();
    this.#undo.push(() => source.stop());
    const views = kubeServer('kube', this.kube, this.database.graph, this.#log);
    await views.listen({ address: '127.0.0.1', port: 0 });
    this.#undo.push(() => views.close());
    this.#undo.push(announceEndpoint({ kind: 'kube', name: 'kube', url: views.url! }));
    await this.settled();
  }

  /** Ends when everything the manifests say has reached the daemons. */
  async settled(): Promise<void> {
    await this.kube.settled();
    await this.driver.settled();
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#applying !== undefined) await this.#applying;
  }

  #changed(daemon: string): void {
    this.#stale.add(daemon);
    this.#applying ??= this.#apply()
      .catch((error: unknown) => this.#log.error({ err: error }, 'the configuration could not be applied'))
      .finally(() => void (this.#applying = undefined));
  }

  async #apply(): Promise<void> {
    // What changes in the same turn is applied once.
    await new Promise((resolve) => setImmediate(resolve));
    for (let daemon = first(this.#stale); daemon !== undefined; daemon = first(this.#stale)) {
      this.#stale.delete(daemon);
      if (daemon === 'control-node') await this.controlNode.reload(this.#controlNodeConfig());
      else await this.agents.get(daemon)!.reload(this.#agentFile(daemon));
    }
  }

  #controlNodeConfig() {
    const { name } = this.#topology['control-nodes'][0]!;
    const settings = controlNodeSettings(this.#topology, name, this.#addressing, this.#gateways);
    return controlNodeConfig.parse({
      ...settings,
      'routing-instances': this.#routers.instances,
    });
  }

  #agentFile(name: string) {
    const settings = agentSettings(this.#topology, name, this.#addressing, () => 0);
    const { vrfs, interfaces, 'load-balancers': balancers } = this.#routers.settings(name) ?? {};
    return agentFileConfig.parse({ ...settings, vrfs, interfaces, 'load-balancers': balancers });
  }

  async #startPeer(gateway: GatewayTopology): Promise<Peer> {
    const peer = await this.#makePeer(gateway);
    this.#undo.push(() => peer.stop());
    return peer;
  }

  async #makePeer(gateway: GatewayTopology): Promise<Peer> {
    const topology = this.#topology;
    const addressing = this.#addressing;
    switch (gateway.kind) {
      case 'frr':
        return Frr.start(frrSettings(topology, gateway, addressing), thisNetwork);
      case 'gobgp':
        return Gobgp.start(gobgpSettings(topology, gateway, addressing), thisNetwork);
      case 'gateway': {
        const config = (multipath: boolean) =>
          gatewayConfig.parse(gatewaySettings(topology, gateway, addressing, multipath));
        const daemon = new Gateway(config(false), { log: this.#log });
        await this.#startDaemon('gateway', gateway.name, daemon);
        const { name, vrf } = gateway;
        return new GatewayPeer({
          name,
          vrf,
          address: addressing.at(gateway.address),
          port: addressing.bgpPort,
          gateway: daemon,
          config,
        });
      }
    }
  }

  async #startDaemon(
    kind: DaemonView['kind'],
    name: string,
    daemon: { start(): Promise<void>; stop(): Promise<void>; readonly url: string | undefined },
  ): Promise<void> {
    this.#undo.push(() => daemon.stop());
    await daemon.start();
    if (daemon.url !== undefined) this.#undo.push(announceEndpoint({ kind, name, url: daemon.url }));
  }

  /** Ends everything, last started first. */
  async stop(): Promise<void> {
    for (const undo of this.#undo.splice(0).reverse()) await undo();
  }
}

function first(set: ReadonlySet<string>): string | undefined {
  return set.values().next().value;
}
