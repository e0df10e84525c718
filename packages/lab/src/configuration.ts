/**
 * Kubernetes manifests of a lab as configuration: config database, kube and load-balancer drivers in this process, and
 * what daemons have to have, said again whenever it changes.
 */
import { ApiServer, ConfigDatabase, EmbeddedStore, LoadBalancerDrivers } from '@vaportrail/config';
import { KubeManager, kubeServer, ManifestSource, type KubernetesReports } from '@vaportrail/kube';
import { VirtualRouters } from '@vaportrail/schema';
import { announceEndpoint, silentLog, type Log, type ViewServer } from '@vaportrail/show';
import { removeFolder, temporaryFolder } from './daemon-process.ts';

export interface ConfigurationSettings {
  /** Files and folders, followed while the lab runs. */
  readonly manifests: readonly string[];
  /** Names of the compute nodes to follow. */
  readonly nodes: readonly string[];
  readonly reports?: Partial<KubernetesReports> | undefined;
  readonly log?: Log;
  /** Brings a daemon to what it has to have now: a compute node by its name, the control node without one. */
  readonly apply: (node: string | undefined) => Promise<void>;
}

export class Configuration {
  readonly database: ConfigDatabase;
  readonly kube: KubeManager;
  readonly routers: VirtualRouters;
  readonly #settings: ConfigurationSettings;
  readonly #log: Log;
  readonly #drivers: LoadBalancerDrivers;
  readonly #undo: (() => Promise<void> | void)[] = [];
  /** Daemons whose settings have changed. */
  readonly #stale = new Set<string | undefined>();
  #applying: Promise<void> | undefined;
  #source: ManifestSource | undefined;

  private constructor(settings: ConfigurationSettings, database: ConfigDatabase) {
    const { reports, log = silentLog } = settings;
    this.#settings = settings;
    this.#log = log;
    this.database = database;
    this.kube = new KubeManager({
      client: database,
      reports: reports ?? {},
      placeOf: (key) => this.#source?.placeOf(key),
      log,
    });
    this.routers = new VirtualRouters(database);
    this.#drivers = new LoadBalancerDrivers(database, { log });
  }

  /** Makes an empty configuration in a folder of its own; nothing is read before {@link begin}. */
  static async open(settings: ConfigurationSettings): Promise<Configuration> {
    const folder = await temporaryFolder('config');
    const store = EmbeddedStore.open(folder);
    const configuration = new Configuration(settings, await ConfigDatabase.open(store));
    configuration.#undo.push(
      () => removeFolder(folder),
      () => store.close(),
      () => configuration.database.close(),
      () => configuration.routers.close(),
    );
    return configuration;
  }

  /** Reads the manifests and follows them. @throws Error when one of the paths does not exist */
  async begin(): Promise<void> {
    const { manifests, nodes } = this.#settings;
    const log = this.#log;
    this.routers.followInstances(() => this.#changed(undefined));
    for (const name of nodes) this.routers.follow(name, () => this.#changed(name));
    this.#drivers.start();
    this.#undo.push(() => this.#drivers.stop());
    await this.kube.start();
    this.#undo.push(() => this.kube.stop());
    const { serviceSubnet } = this.kube.settings;
    const source = new ManifestSource(this.kube, { paths: manifests, serviceSubnet, log });
    this.#source = source;
    source.start();
    this.#undo.push(() => source.stop());
    await this.#serve('kube', kubeServer('kube', this.kube, this.database.graph, log));
    await this.#serve('config-node', new ApiServer(this.database));
    await this.settled();
  }

  /** Lets commands find it: `vaportrail trace service`, `vaportrail get`. */
  async #serve(kind: 'kube' | 'config-node', server: ViewServer | ApiServer): Promise<void> {
    await server.listen({ address: '127.0.0.1', port: 0 });
    this.#undo.push(() => server.close());
    this.#undo.push(announceEndpoint({ kind, name: kind, url: server.url! }));
  }

  /** The pod that has an address. */
  podAt(address: string): string | undefined {
    const { graph } = this.database;
    for (const ip of graph.ofType('instance-ip')) {
      if (ip.properties['instance_ip_address'] !== address) continue;
      const [vmi] = graph.references(ip, 'virtual-machine-interface');
      const [machine] = vmi === undefined ? [] : graph.references(vmi, 'virtual-machine');
      return machine?.fqName.at(-1)!.split('__').at(-1);
    }
    return undefined;
  }

  /** Ends when everything the manifests say has reached the daemons. */
  async settled(): Promise<void> {
    await this.kube.settled();
    await this.#drivers.settled();
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#applying !== undefined) await this.#applying;
  }

  /** Ends everything, last started first. */
  async stop(): Promise<void> {
    for (const undo of this.#undo.splice(0).reverse()) await undo();
  }

  #changed(node: string | undefined): void {
    this.#stale.add(node);
    this.#applying ??= this.#apply()
      .catch((error: unknown) => this.#log.error({ err: error }, 'the configuration could not be applied'))
      .finally(() => void (this.#applying = undefined));
  }

  async #apply(): Promise<void> {
    // What changes in the same turn is applied once.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#stale.size > 0) {
      const [node] = this.#stale;
      this.#stale.delete(node);
      await this.#settings.apply(node);
    }
  }
}
