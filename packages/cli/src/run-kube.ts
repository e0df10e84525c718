/** What `vaportrail kube` does: Kubernetes objects into a configuration of its own, or into that of a config node. */
import {
  ApiServer,
  ConfigDatabase,
  EmbeddedStore,
  LoadBalancerDrivers,
  RestConfigClient,
  type ConfigClient,
} from '@vaportrail/config';
import {
  ClusterLease,
  clusterReports,
  ClusterSource,
  defaultSettings,
  type ClusterSettings,
  KubeManager,
  KubernetesApi,
  kubeServer,
  manifestProblems,
  ManifestSource,
} from '@vaportrail/kube';
import { covers, parsePrefix, prefixText, type Prefix } from '@vaportrail/net';
import { announceEndpoint, createLog, silentLog, type Log } from '@vaportrail/show';
import { hostname } from 'node:os';
import { exitCode, UsageError } from './command.ts';

export interface KubeOptions {
  readonly filename?: readonly string[];
  readonly kubeconfig?: string;
  readonly configApi?: string;
  readonly store: string;
  readonly api: string;
  readonly introspect: string;
  readonly pool?: string;
  readonly clusterName: string;
  readonly podSubnet: string;
  readonly serviceSubnet: string;
  readonly externalIps?: true;
  readonly check?: true;
}

/** What has been started, to be ended last first. */
type Undo = (() => Promise<void> | void)[];

/** Says what is wrong with manifests; yields whether nothing is. */
export async function checkManifests(options: KubeOptions): Promise<boolean> {
  const { filename: paths = [] } = options;
  if (paths.length === 0) throw new UsageError('--check needs -f');
  const settings = clusterSettings(options);
  const { configApi } = options;
  const client = configApi === undefined ? undefined : await clientOf(configApi, silentLog);
  const problems = await manifestProblems(paths, settings, client?.graph);
  client?.close();
  const lines = problems.length > 0 ? problems : [`${paths.join(', ')}: nothing is wrong`];
  process.stdout.write(`${lines.join('\n')}\n`);
  return problems.length === 0;
}

/**
 * Runs until SIGTERM or SIGINT.
 * @throws Error when the store is in use, or the config node or an address cannot be had, or another kube has taken over
 * the cluster; nothing is left running then
 */
export async function runKube(options: KubeOptions): Promise<void> {
  const log = createLog('kube');
  const undo: Undo = [];
  try {
    const ended = new Promise<void>((resolve, reject) => {
      const signalled = (signal: NodeJS.Signals): void => {
        log.info({ signal }, 'kube stops');
        resolve();
      };
      for (const each of ['SIGTERM', 'SIGINT'] as const) process.once(each, signalled);
      const lost = (holder: string): void => reject(new Error(`${holder} looks after the cluster now`));
      start(options, log, undo, lost).catch(reject);
    });
    await ended;
  } finally {
    for (const step of undo.reverse()) await step();
  }
  process.exit(exitCode.ok);
}

async function start(
  options: KubeOptions,
  log: Log,
  undo: Undo,
  lost: (holder: string) => void,
): Promise<void> {
  const { filename, kubeconfig } = options;
  const settings = clusterSettings(options);
  const api = filename === undefined ? KubernetesApi.from(kubeconfig) : undefined;
  const introspect = endpoint('--introspect', options.introspect);
  const client = await configuration(options, log, undo);
  const externalIps = options.externalIps === true;
  const manager: KubeManager = new KubeManager({
    client,
    settings,
    ...(api === undefined ? {} : { reports: clusterReports(api, { log, externalIps }) }),
    placeOf: (key) => (source instanceof ManifestSource ? source.placeOf(key) : undefined),
    log,
  });
  const { serviceSubnet } = settings;
  const source: ManifestSource | ClusterSource =
    api === undefined
      ? new ManifestSource(manager, { paths: filename ?? [], serviceSubnet, log })
      : new ClusterSource(manager, api, { log });
  const holder = `kube on ${hostname()} (pid ${process.pid})`;
  const lease = new ClusterLease(client, { cluster: settings.name, holder, lost, log });
  const views = kubeServer('kube', manager, client.graph, log, lease);
  await views.listen(introspect);
  undo.push(() => views.close());
  undo.push(() => lease.release());
  if (options.configApi === undefined) await lease.clear();
  await lease.acquire();
  await manager.start();
  undo.push(() => manager.stop());
  source.start();
  undo.push(() => source.stop());
  undo.push(announceEndpoint({ kind: 'kube', name: 'kube', url: views.url! }));
  log.info({ views: views.url, configuration: options.configApi ?? options.store }, 'kube is up');
}

/** A config node elsewhere. @throws Error when it does not answer or refuses */
function clientOf(url: string, log: Log): Promise<RestConfigClient> {
  const token = process.env['VAPORTRAIL_TOKEN'];
  return RestConfigClient.open(url, { log, ...(token && { token }) });
}

/** The configuration of a config node, or one of this process with drivers and API. */
async function configuration(options: KubeOptions, log: Log, undo: Undo): Promise<ConfigClient> {
  if (options.configApi !== undefined) {
    const client = await clientOf(options.configApi, log);
    undo.push(() => client.close());
    return client;
  }
  const at = endpoint('--api', options.api);
  const store = EmbeddedStore.open(options.store);
  undo.push(() => store.close());
  const database = await ConfigDatabase.open(store);
  undo.push(() => database.close());
  const server = new ApiServer(database);
  await server.listen(at);
  undo.push(() => server.close());
  undo.push(announceEndpoint({ kind: 'config-node', name: 'kube', url: server.url }));
  const drivers = new LoadBalancerDrivers(database, { log });
  drivers.start();
  undo.push(() => drivers.stop());
  return database;
}

/** @throws UsageError for a name that is no DNS label, a subnet that is none, or two that overlap */
export function clusterSettings({
  clusterName: name,
  podSubnet,
  serviceSubnet,
  pool,
}: Pick<KubeOptions, 'clusterName' | 'podSubnet' | 'serviceSubnet' | 'pool'>): ClusterSettings {
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
    throw new UsageError(`--cluster-name: "${name}" is not of small letters, digits and "-"`);
  const pods = subnet('--pod-subnet', podSubnet);
  const services = subnet('--service-subnet', serviceSubnet);
  if (covers(pods, services) || covers(services, pods))
    throw new UsageError(`--pod-subnet ${podSubnet} and --service-subnet ${serviceSubnet} overlap`);
  return { ...defaultSettings, name, podSubnet, serviceSubnet, publicPool: pool };
}

/** @throws UsageError */
function subnet(option: string, text: string): Prefix {
  try {
    const prefix = parsePrefix(text);
    // With bits of a host, or a length left out, somebody meant something else.
    if (text.includes('/') && prefixText(prefix) === text) return prefix;
  } catch {
    // Said below.
  }
  throw new UsageError(`${option}: "${text}" is no subnet such as 10.32.0.0/12`);
}

/** @throws UsageError */
function endpoint(option: string, text: string): { readonly address: string; readonly port: number } {
  const at = /^(.+):(\d{1,5})$/.exec(text);
  if (at === null || Number(at[2]) > 65_535) throw new UsageError(`${option}: "${text}" is not address:port`);
  return { address: at[1]!, port: Number(at[2]) };
}
