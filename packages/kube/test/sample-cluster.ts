/** Kubernetes objects of the tests, made from as little as matters. */
import {
  kinds,
  type Kind,
  type KubernetesObject,
  type Namespace,
  type Pod,
  type Service,
} from '../src/kubernetes-object.ts';
import { defaultSettings } from '../src/mapping/cluster-settings.ts';
import type { Desired } from '../src/mapping/desired-object.ts';
import type { BackendSet } from '../src/mapping/endpoints.ts';
import { serviceObjects } from '../src/mapping/service.ts';
import type { ServiceSurroundings } from '../src/mapping/service-surroundings.ts';

export const serviceUid = '99fe8ce7-9e75-11e9-b485-0050569e6cfc';
export const poolText =
  "{'domain':'default-domain','project':'k8s-ns-user-1','network':'vn-ns-default','name':'pool-ns-default'}";
export const poolName = [
  'default-domain',
  'k8s-ns-user-1',
  'k8s-vn-ns-default-pod-network',
  'pool-ns-default',
];

export function made<K extends Kind>(kind: K, object: unknown): KubernetesObject {
  return { kind, object: kinds[kind].schema.parse(object) } as KubernetesObject;
}

export function namespace(annotations: Record<string, string> = {}): Namespace {
  return made('Namespace', { metadata: { name: 'ns-user-1', annotations } }).object as Namespace;
}

export const isolated = namespace({
  'opencontrail.org/isolation': 'true',
  'opencontrail.org/fip-pool': poolText,
});

export function pod(
  name: string,
  over: { node?: string; ip?: string; uid?: string; labels?: object } = {},
): Pod {
  return made('Pod', {
    metadata: { name, namespace: 'ns-user-1', uid: over.uid, labels: over.labels ?? { app: 'webserver' } },
    spec: {
      nodeName: over.node ?? 'cent222',
      containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 80 }] }],
    },
    status: { podIP: over.ip, phase: 'Running' },
  }).object as Pod;
}

export function service(spec: object, metadata: object = {}): Service {
  return made('Service', {
    metadata: { name: 'service-web-clusterip', namespace: 'ns-user-1', uid: serviceUid, ...metadata },
    spec: {
      clusterIP: '10.105.139.153',
      ports: [{ port: 8888, targetPort: 80 }],
      selector: { app: 'webserver' },
      ...spec,
    },
  }).object as Service;
}

/** One set of endpoints at port 80 with the pods ready. */
export function behind(...pods: string[]): BackendSet[] {
  const ready = pods.map((name, index) => ({ address: `10.47.255.${238 - index}`, pod: name }));
  return [{ ports: [{ name: undefined, protocol: 'TCP', port: 80 }], ready, draining: [], notReady: [] }];
}

export function mapped(one: Service, around: Partial<ServiceSurroundings> = {}): Desired {
  return serviceObjects(defaultSettings, one, {
    namespace: isolated,
    backends: [],
    pod: (name) => (name === undefined ? undefined : pod(name)),
    hasPool: ({ fqName }) => fqName.join() === poolName.join(),
    addressOf: () => undefined,
    hasRouteTarget: () => true,
    ...around,
  });
}

/** Properties of the objects of a type. */
export function propertiesOf(desired: Desired, type: string): Properties[] {
  return desired.objects
    .filter((object) => object.type === type)
    .map(({ properties }) => properties as Properties);
}

/** What the tests look at; every property is an object or a plain value. */
type Properties = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export function namesOf(desired: Desired, type: string): string[] {
  return desired.objects.filter((object) => object.type === type).map(({ fqName }) => fqName.at(-1)!);
}

export function reasons(desired: Desired): string[] {
  return desired.notes.map(({ reason }) => reason);
}
