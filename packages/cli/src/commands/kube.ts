/** `vaportrail kube`: Kubernetes objects become configuration, from a cluster or from plain manifests. */
import { announceEndpoint, createLog } from '@vaportrail/show';
import { exitCode, UsageError, type Subcommand } from '../command.ts';

interface KubeOptions {
  readonly filename?: readonly string[];
  readonly kubeconfig?: string;
  readonly store: string;
  readonly api: string;
  readonly pool?: string;
  readonly externalIps?: true;
  readonly check?: true;
}

export const kube = {
  summary: 'turn Kubernetes Services, from a cluster or from manifests, into configuration objects',
  examples: [
    ['vaportrail kube -f manifests/', 'plain files, followed as they change; no cluster needed'],
    ['vaportrail kube -f manifests/ --check', 'only say what is wrong with the files'],
    ['vaportrail kube --kubeconfig ~/.kube/config', 'watch a cluster'],
  ],
  build: (command) =>
    command
      .option('-f, --filename <path...>', 'manifests: files or folders')
      .option(
        '--kubeconfig <file>',
        'a cluster (default: $KUBECONFIG, ~/.kube/config, or the pod this runs in)',
      )
      .option('--store <folder>', 'where the configuration is kept', 'vaportrail-config')
      .option('--api <address:port>', 'where the configuration API listens', '127.0.0.1:8082')
      .option(
        '--pool <pool>',
        'floating-IP pool where none is named: as in the annotation opencontrail.org/fip-pool',
      )
      .option('--external-ips', 'write external addresses to spec.externalIPs as well, as Contrail does')
      .option('--check', 'only read the manifests and say what is wrong with them')
      .action(async (options: KubeOptions) => {
        if (options.filename !== undefined && options.kubeconfig !== undefined)
          throw new UsageError('either -f or --kubeconfig, not both');
        if (options.check === true) await check(options.filename ?? []);
        else await run(options);
      }),
} as const satisfies Subcommand;

async function check(paths: readonly string[]): Promise<void> {
  if (paths.length === 0) throw new UsageError('--check needs -f');
  const { defaultSettings, ManifestSource } = await import('@vaportrail/kube');
  const sink = { put: () => {}, remove: () => {}, synced: () => {} };
  const source = new ManifestSource(sink, { paths, serviceSubnet: defaultSettings.serviceSubnet });
  source.read();
  for (const problem of source.problems) process.stdout.write(`${problem}\n`);
  if (source.problems.length > 0) process.exitCode = exitCode.failed;
}

async function run(options: KubeOptions): Promise<void> {
  const { ApiServer, ConfigDatabase, EmbeddedStore, LoadBalancerDrivers } =
    await import('@vaportrail/config');
  const { clusterReports, ClusterSource, KubeManager, kubeServer, KubernetesApi, ManifestSource } =
    await import('@vaportrail/kube');
  const log = createLog('kube');
  const at = /^(.+):(\d+)$/.exec(options.api);
  if (at === null) throw new UsageError(`--api: "${options.api}" is not address:port`);
  const externalIps = options.externalIps === true;
  const api = options.filename === undefined ? KubernetesApi.from(options.kubeconfig) : undefined;

  const store = EmbeddedStore.open(options.store);
  const database = await ConfigDatabase.open(store);
  const drivers = new LoadBalancerDrivers(database, { log });
  const manager = new KubeManager({
    client: database,
    settings: { publicPool: options.pool },
    ...(api === undefined ? {} : { reports: clusterReports(api, { log, externalIps }) }),
    log,
  });
  const { serviceSubnet } = manager.settings;
  const source =
    api === undefined
      ? new ManifestSource(manager, { paths: options.filename ?? [], serviceSubnet, log })
      : new ClusterSource(manager, api, { log });
  const views = kubeServer('kube', manager, database.graph, log);
  await views.listen({ address: '127.0.0.1', port: 0 });
  const configuration = new ApiServer(database);
  await configuration.listen({ address: at[1]!, port: Number(at[2]) });
  drivers.start();
  await manager.start();
  source.start();
  announceEndpoint({ kind: 'kube', name: 'kube', url: views.url! });
  log.info({ api: options.api, views: views.url }, 'kube is up');

  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const each of ['SIGTERM', 'SIGINT'] as const) process.once(each, resolve);
  });
  log.info({ signal }, 'kube stops');
  source.stop();
  await manager.stop();
  await drivers.stop();
  await configuration.close();
  await views.close();
  database.close();
  await store.close();
  process.exit(exitCode.ok);
}
