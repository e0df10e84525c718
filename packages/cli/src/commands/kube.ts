/** `vaportrail kube`: Kubernetes objects become configuration, from a cluster or from plain manifests. */
import { exitCode, UsageError, type Subcommand } from '../command.ts';
import type { KubeOptions } from '../run-kube.ts';

export const kube = {
  summary: 'turn Kubernetes Services, from a cluster or from manifests, into configuration objects',
  examples: [
    ['vaportrail kube -f manifests/', 'plain files, followed as they change; no cluster needed'],
    ['vaportrail kube -f manifests/ --check', 'only say what is wrong with the files'],
    [
      'vaportrail kube -f manifests/ --check --config-api http://127.0.0.1:8082',
      'which has pools made by hand',
    ],
    ['vaportrail kube --kubeconfig ~/.kube/config', 'watch a cluster'],
    ['vaportrail kube --pod-subnet 10.244.0.0/16', 'one whose pods have other addresses'],
    ['vaportrail kube --config-api http://127.0.0.1:8082', 'into the configuration of a config node'],
  ],
  build: (command) =>
    command
      .option('-f, --filename <path...>', 'manifests: files or folders')
      .option(
        '--kubeconfig <file>',
        'a cluster (default: $KUBECONFIG, ~/.kube/config, or the pod this runs in)',
      )
      .option(
        '--config-api <url>',
        'a config node to write to, its token in $VAPORTRAIL_TOKEN (default: a configuration of its own)',
      )
      .option('--store <folder>', 'where its own configuration is kept', 'vaportrail-config')
      .option('--api <address:port>', 'where the API of its own configuration listens', '127.0.0.1:8082')
      .option('--introspect <address:port>', 'where its views listen; 0 is any free port', '127.0.0.1:0')
      .option(
        '--pool <pool>',
        'floating-IP pool where none is named: as in the annotation opencontrail.org/fip-pool',
      )
      .option('--cluster-name <name>', 'begins the names of projects and networks', 'k8s')
      .option('--pod-subnet <prefix>', 'where the cluster has its pods', '10.32.0.0/12')
      .option('--service-subnet <prefix>', 'where the cluster has its Services', '10.96.0.0/12')
      .option('--external-ips', 'write external addresses to spec.externalIPs as well, as Contrail does')
      .option(
        '--check',
        'only say what is wrong with the manifests, as if they were all there is, and touch nothing; with --config-api beside the pools and networks there',
      )
      .action(async (options: KubeOptions) => {
        if (options.filename !== undefined && options.kubeconfig !== undefined)
          throw new UsageError('either -f or --kubeconfig, not both');
        // Loaded when it is run: other commands start faster without.
        const { checkManifests, runKube } = await import('../run-kube.ts');
        if (options.check !== true) await runKube(options);
        else if (!(await checkManifests(options))) process.exitCode = exitCode.failed;
      }),
} as const satisfies Subcommand;
