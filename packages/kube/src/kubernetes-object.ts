/**
 * The Kubernetes objects that matter here, as far as they matter: one row per kind. What an API server sends and what a
 * manifest holds go through the same schemas, so that neither can bring anything else into the mapping.
 */
import { z } from 'zod';

/** `null` stands for absent, as in Kubernetes. */
function optional<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}

function listOf<Schema extends z.ZodType>(schema: Schema) {
  return z
    .array(schema)
    .nullish()
    .transform((value) => value ?? []);
}

/** @see RFC 1123 §2.1; names of some kinds may have dots. */
const objectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, {
    error: 'must be lower case letters, digits, "-" and ".", e.g. service-web-lb',
  });
const words = z.record(z.string(), z.string()).nullish();
const texts = words.transform((value) => value ?? {});
const port = z.int().min(1, { error: 'must be 1 to 65535' }).max(65_535, { error: 'must be 1 to 65535' });
const address = z.union([z.ipv4(), z.ipv6()], { error: 'is no IP address' });
const protocol = z
  .enum(['TCP', 'UDP', 'SCTP'])
  .nullish()
  .transform((value) => value ?? 'TCP');

const metadata = z.object({
  name: objectName,
  namespace: optional(objectName),
  uid: optional(z.string().max(128)),
  resourceVersion: optional(z.string()),
  /** Set, it is on its way out: its finalizers are waited for. */
  deletionTimestamp: optional(z.string()),
  labels: texts,
  annotations: texts,
});

const condition = z.object({ type: z.string(), status: z.string() });

const namespace = z.object({ metadata });

const node = z.object({
  metadata,
  status: optional(z.object({ addresses: listOf(z.object({ type: z.string(), address: z.string() })) })),
});

const podSpec = z.object({
  nodeName: optional(z.string()),
  hostNetwork: optional(z.boolean()),
  containers: listOf(
    z.object({
      name: z.string(),
      ports: listOf(z.object({ name: optional(z.string()), containerPort: port, protocol })),
    }),
  ),
});

const pod = z.object({
  metadata,
  spec: podSpec,
  status: optional(
    z.object({
      phase: optional(z.string()),
      podIP: optional(address),
      /** One of each family; the first is `podIP`. */
      podIPs: listOf(z.object({ ip: address })),
      conditions: listOf(condition),
    }),
  ),
});

const servicePort = z.object({
  name: optional(z.string()),
  protocol,
  port,
  targetPort: optional(
    z.union([port, z.string().min(1)], { error: 'must be a port (1 to 65535) or a name' }),
  ),
  nodePort: optional(z.int()),
});

const service = z
  .object({
    metadata,
    spec: z.object({
      type: z
        .enum(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'], {
          error: 'must be ClusterIP, NodePort, LoadBalancer or ExternalName',
        })
        .nullish()
        .transform((value) => value ?? 'ClusterIP'),
      clusterIP: optional(
        z.union([address, z.literal('None'), z.literal('')], { error: 'is no IP address' }),
      ),
      /** One of each family; the first is `clusterIP`. */
      clusterIPs: listOf(z.string()),
      ports: listOf(servicePort),
      /** An empty one selects nothing, as in Kubernetes: somebody else says who stands behind the Service. */
      selector: words.transform((value) => (Object.keys(value ?? {}).length === 0 ? undefined : value!)),
      externalIPs: listOf(address),
      /** Set, it names the one that makes the load balancer; all others keep away. */
      loadBalancerClass: optional(z.string()),
      publishNotReadyAddresses: optional(z.boolean()),
      loadBalancerIP: optional(z.union([address, z.literal('')], { error: 'is no IP address' })),
      externalName: optional(z.string()),
      sessionAffinity: optional(z.string()),
      externalTrafficPolicy: optional(z.string()),
      internalTrafficPolicy: optional(z.string()),
      loadBalancerSourceRanges: listOf(z.string()),
    }),
    status: optional(
      z.object({
        loadBalancer: optional(z.object({ ingress: listOf(z.object({ ip: optional(z.string()) })) })),
      }),
    ),
  })
  .superRefine(({ spec }, context) => {
    if (spec.ports.length === 0 && spec.type !== 'ExternalName' && spec.clusterIP !== 'None')
      context.addIssue({
        code: 'custom',
        path: ['spec', 'ports'],
        message: 'is missing: a Service needs ports',
      });
    const ports = new Map<string, number>();
    const names = new Set<string>();
    spec.ports.forEach((each, index) => {
      const refuse = (key: string, message: string): void =>
        context.addIssue({ code: 'custom', path: ['spec', 'ports', index, key], message });
      const key = `${each.protocol} ${each.port}`;
      if (ports.has(key)) refuse('port', `${key} is already the port of ports[${ports.get(key)}]`);
      else ports.set(key, index);
      if (spec.ports.length > 1 && each.name === undefined)
        refuse('name', 'is missing: several ports need names');
      if (each.name !== undefined && names.has(each.name)) refuse('name', `"${each.name}" is there twice`);
      if (each.name !== undefined) names.add(each.name);
    });
  });

const targetRef = optional(
  z.object({ kind: optional(z.string()), name: z.string(), namespace: optional(z.string()) }),
);
const endpointAddress = z.object({ ip: address, nodeName: optional(z.string()), targetRef });

const endpoints = z.object({
  metadata,
  subsets: listOf(
    z.object({
      addresses: listOf(endpointAddress),
      notReadyAddresses: listOf(endpointAddress),
      ports: listOf(z.object({ name: optional(z.string()), port, protocol })),
    }),
  ),
});

const endpointSlice = z.object({
  metadata,
  addressType: optional(z.string()),
  endpoints: listOf(
    z.object({
      addresses: listOf(z.string()),
      conditions: optional(
        z.object({
          ready: optional(z.boolean()),
          serving: optional(z.boolean()),
          terminating: optional(z.boolean()),
        }),
      ),
      nodeName: optional(z.string()),
      targetRef,
    }),
  ),
  ports: listOf(z.object({ name: optional(z.string()), port: optional(port), protocol })),
});

const networkAttachment = z.object({ metadata, spec: optional(z.object({ config: optional(z.string()) })) });

const deployment = z.object({
  metadata,
  spec: z.object({
    replicas: z
      .int()
      .min(0)
      .max(10_000, { error: 'must be 0 to 10000' })
      .nullish()
      .transform((value) => value ?? 1),
    selector: z.object({ matchLabels: texts }),
    template: z.object({ metadata: z.object({ labels: texts, annotations: texts }), spec: podSpec }),
  }),
});

/**
 * Every kind that is understood: its group and version, its model in the client library (a custom resource has none),
 * whether objects live in a namespace, and its schema.
 */
export const kinds = {
  Namespace: {
    apiVersion: 'v1',
    model: 'V1Namespace',
    plural: 'namespaces',
    namespaced: false,
    schema: namespace,
  },
  Node: { apiVersion: 'v1', model: 'V1Node', plural: 'nodes', namespaced: false, schema: node },
  NetworkAttachmentDefinition: {
    apiVersion: 'k8s.cni.cncf.io/v1',
    model: 'NetworkAttachmentDefinition',
    plural: 'network-attachment-definitions',
    namespaced: true,
    schema: networkAttachment,
  },
  Pod: { apiVersion: 'v1', model: 'V1Pod', plural: 'pods', namespaced: true, schema: pod },
  Service: { apiVersion: 'v1', model: 'V1Service', plural: 'services', namespaced: true, schema: service },
  Endpoints: {
    apiVersion: 'v1',
    model: 'V1Endpoints',
    plural: 'endpoints',
    namespaced: true,
    schema: endpoints,
  },
  EndpointSlice: {
    apiVersion: 'discovery.k8s.io/v1',
    /** Before Kubernetes 1.21; what is read of it is the same. */
    olderVersions: ['discovery.k8s.io/v1beta1'],
    model: 'V1EndpointSlice',
    plural: 'endpointslices',
    namespaced: true,
    schema: endpointSlice,
  },
  Deployment: {
    apiVersion: 'apps/v1',
    model: 'V1Deployment',
    plural: 'deployments',
    namespaced: true,
    schema: deployment,
  },
} as const satisfies Record<
  string,
  {
    apiVersion: string;
    olderVersions?: readonly string[];
    model?: string;
    plural: string;
    namespaced: boolean;
    schema: z.ZodType;
  }
>;

/** A kind of object that is read, as Kubernetes calls it. */
export type Kind = keyof typeof kinds;

// What is read of each kind; what else an object has is left out.

export type Namespace = z.output<typeof namespace>;
export type Node = z.output<typeof node>;
export type Pod = z.output<typeof pod>;
export type Service = z.output<typeof service>;
export type ServicePort = z.output<typeof servicePort>;
export type Endpoints = z.output<typeof endpoints>;
export type EndpointSlice = z.output<typeof endpointSlice>;
export type NetworkAttachmentDefinition = z.output<typeof networkAttachment>;
export type Deployment = z.output<typeof deployment>;

/** An object with its kind: what a manifest or a watch yields. */
export type KubernetesObject = {
  [K in Kind]: { readonly kind: K; readonly object: z.output<(typeof kinds)[K]['schema']> };
}[Kind];

/** Whether objects of a kind are looked at. */
export function isKind(name: string): name is Kind {
  return Object.hasOwn(kinds, name);
}

/** The namespace an object lives in; `default` when it does not say. */
export function namespaceOf({
  metadata: { namespace },
}: {
  metadata: { namespace?: string | undefined };
}): string {
  return namespace ?? 'default';
}

/** The addresses of a pod: none before the cluster has said them, two where it has both families. */
export function podAddresses({ status }: Pod): string[] {
  const { podIP, podIPs = [] } = status ?? {};
  return [...new Set([...(podIP === undefined ? [] : [podIP]), ...podIPs.map(({ ip }) => ip)])];
}
