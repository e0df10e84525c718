// The files of deploy/kubernetes as kubectl puts them together: what they name is there, and what daemons read is good.
// A real API server takes them in interop/kubernetes-api-server.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agentFileConfig } from '@vaportrail/agent';
import { configNodeConfig } from '@vaportrail/config';
import { controlNodeConfig } from '@vaportrail/control-node';
import { gatewayConfig } from '@vaportrail/gateway';
import t from 'tap';
import { parse, parseAllDocuments } from 'yaml';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = join(root, 'deploy/kubernetes');
const vaportrail = join(root, 'packages/cli/bin/vaportrail.js');
const skip = spawnSync('kubectl', ['version', '--client']).error !== undefined && 'kubectl is not installed';

interface Probe {
  readonly httpGet?: { path: string; port: string };
  readonly tcpSocket?: { port: string };
}
interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: string[];
  readonly args: string[];
  readonly ports: { name: string; containerPort: number }[];
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly volumeMounts?: { name: string; mountPath: string }[];
}
interface KubernetesDocument {
  readonly kind: string;
  readonly metadata: { name: string; namespace?: string };
  readonly data: Record<string, string>;
  readonly rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
  readonly spec: {
    template: {
      metadata: { labels: Record<string, string> };
      spec: {
        containers: Container[];
        serviceAccountName?: string;
        volumes?: { name: string; configMap?: { name: string } }[];
      };
    };
    selector: { matchLabels: Record<string, string> };
    volumeClaimTemplates?: { metadata: { name: string } }[];
  };
}

const documents = (): KubernetesDocument[] =>
  parseAllDocuments(execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' })).map(
    (document) => document.toJS() as KubernetesDocument,
  );

const files = ['agent.yaml', 'config-node.yaml', 'control-node.yaml', 'gateway.yaml'];

/** A configuration as a pod reads it. */
function configuration(name: string): string {
  return readFileSync(join(folder, 'config', name), 'utf8')
    .replace('NODE_NAME', 'node-1')
    .replace('NODE_ADDRESS', '10.169.25.20');
}

t.test('every configuration is one that its daemon starts with', async (t) => {
  t.same(readdirSync(join(folder, 'config')).sort(), files);
  for (const name of files) {
    const path = join(t.testdir({}), name);
    writeFileSync(path, configuration(name));
    const command = name === 'config-node.yaml' ? 'config' : name.replace('.yaml', '');
    const { status, stderr } = spawnSync(process.execPath, [vaportrail, command, '-c', path, '--check'], {
      encoding: 'utf8',
    });
    t.equal(status, 0, `${name} ${stderr}`);
  }
});

t.test('ports of containers and probes are those of the configurations', { skip }, async (t) => {
  const control = controlNodeConfig.parse(parse(configuration('control-node.yaml')));
  const configured: Record<string, Record<string, number>> = {
    'config-node': { api: configNodeConfig.parse(parse(configuration('config-node.yaml'))).listen.port },
    'control-node': {
      bgp: control.bgp.listen[0]!.port,
      xmpp: control.xmpp.listen.port,
      views: control.introspect.port,
    },
    agent: { views: agentFileConfig.parse(parse(configuration('agent.yaml'))).introspect.port },
    gateway: {
      bgp: 179,
      views: gatewayConfig.parse(parse(configuration('gateway.yaml'))).introspect.port,
    },
    kube: { views: 8108 },
  };
  const found = documents();
  const names = (kind: string): string[] =>
    found.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);
  for (const { kind, metadata, spec } of found) {
    if (!['Deployment', 'DaemonSet', 'StatefulSet'].includes(kind)) continue;
    t.equal(metadata.namespace, 'vaportrail');
    t.same(spec.selector.matchLabels, spec.template.metadata.labels, `${metadata.name} finds its pods`);
    const pod = spec.template.spec;
    for (const { ports, readinessProbe, livenessProbe, image, volumeMounts = [] } of pod.containers) {
      t.same(
        Object.fromEntries(ports.map(({ name, containerPort }) => [name, containerPort])),
        configured[metadata.name],
        metadata.name,
      );
      for (const probe of [readinessProbe, livenessProbe]) {
        const port = probe.httpGet?.port ?? probe.tcpSocket?.port;
        t.ok(
          ports.some(({ name }) => name === port),
          `${metadata.name}: ${JSON.stringify(probe)}`,
        );
      }
      t.equal(image, 'vaportrail:0.1.0');
      const volumes = [
        ...(pod.volumes ?? []).map(({ name }) => name),
        ...(spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata.name),
      ];
      for (const { name } of volumeMounts) t.ok(volumes.includes(name), `${metadata.name}: volume ${name}`);
    }
    for (const { configMap } of pod.volumes ?? [])
      if (configMap !== undefined) t.ok(names('ConfigMap').includes(configMap.name), configMap.name);
    if (pod.serviceAccountName !== undefined)
      t.ok(names('ServiceAccount').includes(pod.serviceAccountName), pod.serviceAccountName);
  }
});

t.test('kube may do what it does, and nothing else', { skip }, async (t) => {
  const role = documents().find(({ kind }) => kind === 'ClusterRole')!;
  const allowed = role.rules.flatMap(({ apiGroups, resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${apiGroups[0]}/${resource}`)),
  );
  const watched = [
    '/namespaces',
    '/nodes',
    '/pods',
    '/services',
    '/endpoints',
    'discovery.k8s.io/endpointslices',
    'k8s.cni.cncf.io/network-attachment-definitions',
  ];
  t.same(
    allowed.sort(),
    [
      ...watched.flatMap((what) => [`list ${what}`, `watch ${what}`]),
      'patch /services/status',
      'create /events',
    ].sort(),
  );
});
