/** A cluster of any size as an API server would list it: nodes, isolated namespaces, and Services with pods behind each. */
import { ipv4Text, parseIpv4 } from '@vaportrail/net';
import { kinds, type Kind, type KubernetesObject } from '@vaportrail/kube';

export interface ClusterPlan {
  readonly services: number;
  /** Pods behind each Service. */
  readonly pods: number;
  readonly nodes: number;
  readonly namespaces: number;
  /** Nodes that the pods of one namespace are on. */
  readonly spread: number;
}

/** Route target of the public network: what the gateway imports. */
export const ROUTE_TARGET = '500:500';
const PUBLIC = 'public';

export function nodeName(node: number): string {
  return `node-${node}`;
}

/** Address of a node in the fabric. */
export function nodeAddress(node: number): string {
  return ipv4Text(parseIpv4('10.1.0.1') + node);
}

function namespaceName(plan: ClusterPlan, service: number): string {
  return `team-${service % plan.namespaces}`;
}

function podName(service: number, pod: number): string {
  return `web-${service}-${pod}`;
}

/** Pods of a namespace fill its nodes in turn; the nodes of a namespace stand side by side. */
function nodeOf(plan: ClusterPlan, service: number, pod: number): number {
  const namespace = service % plan.namespaces;
  const nth = Math.floor(service / plan.namespaces) * plan.pods + pod;
  const first = Math.floor((namespace * plan.nodes) / plan.namespaces);
  return (first + (nth % Math.min(plan.spread, plan.nodes))) % plan.nodes;
}

/** All objects, in the order in which watches of several kinds bring them. */
export function* clusterObjects(plan: ClusterPlan): IterableIterator<KubernetesObject> {
  for (let node = 0; node < plan.nodes; node++) {
    const addresses = [{ type: 'InternalIP', address: nodeAddress(node) }];
    yield made('Node', { metadata: { name: nodeName(node) }, status: { addresses } });
  }
  yield made('Namespace', { metadata: { name: PUBLIC } });
  yield made('NetworkAttachmentDefinition', {
    metadata: {
      name: 'vn-public',
      namespace: PUBLIC,
      annotations: {
        'opencontrail.org/cidr': '100.64.0.0/10',
        'vaportrail.io/route-targets': `target:${ROUTE_TARGET}`,
        'vaportrail.io/fip-pools': 'pool-public',
      },
    },
  });
  const pool = {
    domain: 'default-domain',
    project: `k8s-${PUBLIC}`,
    network: 'vn-public',
    name: 'pool-public',
  };
  for (let namespace = 0; namespace < plan.namespaces; namespace++) {
    const annotations = {
      'opencontrail.org/isolation': 'true',
      'opencontrail.org/fip-pool': JSON.stringify(pool),
    };
    yield made('Namespace', { metadata: { name: `team-${namespace}`, annotations } });
  }
  for (let service = 0; service < plan.services; service++) {
    for (let pod = 0; pod < plan.pods; pod++) yield podObject(plan, service, pod);
  }
  for (let service = 0; service < plan.services; service++) {
    yield made('Service', {
      metadata: { name: `web-${service}`, namespace: namespaceName(plan, service) },
      spec: {
        type: 'LoadBalancer',
        clusterIP: ipv4Text(parseIpv4('10.96.0.2') + service),
        ports: [{ port: 8888, targetPort: 80 }],
        selector: { app: `web-${service}` },
      },
    });
    yield endpointsObject(plan, service, new Set());
  }
}

function podObject(plan: ClusterPlan, service: number, pod: number): KubernetesObject {
  return made('Pod', {
    metadata: {
      name: podName(service, pod),
      namespace: namespaceName(plan, service),
      labels: { app: `web-${service}` },
    },
    spec: {
      nodeName: nodeName(nodeOf(plan, service, pod)),
      containers: [{ name: 'web', ports: [{ containerPort: 80 }] }],
    },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  });
}

/** What stands behind a Service, with some of its pods failing their readiness. */
export function endpointsObject(
  plan: ClusterPlan,
  service: number,
  notReady: ReadonlySet<number>,
): KubernetesObject {
  return made('EndpointSlice', {
    metadata: {
      name: `web-${service}-slice`,
      namespace: namespaceName(plan, service),
      labels: { 'kubernetes.io/service-name': `web-${service}` },
    },
    addressType: 'IPv4',
    endpoints: Array.from({ length: plan.pods }, (_, pod) => ({
      addresses: [ipv4Text(parseIpv4('10.200.0.0') + service * plan.pods + pod)],
      conditions: { ready: !notReady.has(pod) },
      nodeName: nodeName(nodeOf(plan, service, pod)),
      targetRef: { kind: 'Pod', name: podName(service, pod), namespace: namespaceName(plan, service) },
    })),
    ports: [{ port: 80, protocol: 'TCP' }],
  });
}

function made<K extends Kind>(kind: K, object: unknown): KubernetesObject {
  return { kind, object: kinds[kind].schema.parse(object) } as KubernetesObject;
}
