/**
 * The Kubernetes objects as they are now, and which of them depend on which: what has to be mapped anew when one changes.
 */
import { endpointsBackends, sliceBackends, type BackendSet } from './mapping/endpoints.ts';
import {
  namespaceOf,
  podAddresses,
  type Endpoints,
  type EndpointSlice,
  type Kind,
  type KubernetesObject,
  type Namespace,
  type NetworkAttachmentDefinition,
  type Node,
  type Pod,
  type Service,
} from './kubernetes-object.ts';

/** Names an object among all: `Service ns-user-1/service-web-lb`, `Namespace ns-user-1`. */
export type ObjectKey = string;

const SERVICE_OF_SLICE = 'kubernetes.io/service-name';

/** `Service default/web`; without a namespace `Namespace default`. */
export function objectKey(kind: Kind, namespace: string | undefined, name: string): ObjectKey {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** The key of an object; kinds that live in no namespace are named without one. */
export function keyOf({ kind, object }: KubernetesObject): ObjectKey {
  const clusterWide = kind === 'Namespace' || kind === 'Node';
  return objectKey(kind, clusterWide ? undefined : namespaceOf(object), object.metadata.name);
}

export class Cluster {
  readonly #objects = new Map<ObjectKey, KubernetesObject>();
  readonly #podByAddress = new Map<string, ObjectKey>();
  /** Keys of slices by the key of their Service. */
  readonly #slices = new Map<ObjectKey, Set<ObjectKey>>();
  /** Services by the pods and addresses behind them. */
  readonly #servicesOf = new Map<string, Set<ObjectKey>>();
  readonly #behind = new Map<ObjectKey, Set<string>>();
  readonly #attachments = new Map<ObjectKey, NetworkAttachmentDefinition>();
  readonly #inNamespace = new Map<string, Set<ObjectKey>>();

  /** The object of a key, with its kind. */
  get(key: ObjectKey): KubernetesObject | undefined {
    return this.#objects.get(key);
  }

  get keys(): Iterable<ObjectKey> {
    return this.#objects.keys();
  }

  /** By name. */
  namespace(name: string): Namespace | undefined {
    return this.#objects.get(objectKey('Namespace', undefined, name))?.object as Namespace | undefined;
  }

  /** By namespace and name. */
  service(namespace: string, name: string): Service | undefined {
    return this.#objects.get(objectKey('Service', namespace, name))?.object as Service | undefined;
  }

  /** Those of all namespaces. */
  *services(): Iterable<Service> {
    for (const each of this.#objects.values()) if (each.kind === 'Service') yield each.object;
  }

  /** The definitions of all namespaces. */
  networkAttachments(): Iterable<NetworkAttachmentDefinition> {
    return this.#attachments.values();
  }

  /** The pod of a name, or the one with an address. */
  pod(namespace: string, name: string | undefined, address: string): Pod | undefined {
    const key = name === undefined ? this.#podByAddress.get(address) : objectKey('Pod', namespace, name);
    return key === undefined ? undefined : (this.#objects.get(key)?.object as Pod | undefined);
  }

  /** What stands behind a Service: its EndpointSlices where there are any, else its Endpoints. */
  backends(namespace: string, name: string): BackendSet[] {
    const slices = this.#slices.get(objectKey('Service', namespace, name));
    if (slices !== undefined && slices.size > 0)
      return [...slices].flatMap((key) => sliceBackends(this.#objects.get(key)!.object as EndpointSlice));
    const endpoints = this.#objects.get(objectKey('Endpoints', namespace, name));
    return endpoints === undefined ? [] : endpointsBackends(endpoints.object as Endpoints);
  }

  /** Takes in an object; yields what has to be mapped anew, itself among it where it is mapped. */
  put(one: KubernetesObject): Set<ObjectKey> {
    const key = keyOf(one);
    const isNew = !this.#objects.has(key);
    const affected = this.#forget(key);
    this.#objects.set(key, one);
    const namespace = key.includes('/') ? namespaceOf(one.object) : undefined;
    if (namespace !== undefined) add(this.#inNamespace, namespace, key);
    if (one.kind === 'Pod')
      for (const address of podAddresses(one.object)) this.#podByAddress.set(address, key);
    if (one.kind === 'NetworkAttachmentDefinition') this.#attachments.set(key, one.object);
    if (one.kind === 'EndpointSlice') {
      const service = serviceOfSlice(one.object);
      if (service !== undefined) add(this.#slices, service, key);
    }
    for (const each of this.#dependents(one, key)) affected.add(each);
    // A node that comes, or comes back, has pods that could not be linked to it.
    if (one.kind === 'Node' && isNew) for (const pod of this.#podsOn(one.object)) affected.add(pod);
    return affected;
  }

  /** Lets go of an object; yields what has to be mapped anew. */
  remove(key: ObjectKey): Set<ObjectKey> {
    return this.#forget(key);
  }

  #forget(key: ObjectKey): Set<ObjectKey> {
    const before = this.#objects.get(key);
    if (before === undefined) return new Set();
    const affected = this.#dependents(before, key);
    this.#objects.delete(key);
    this.#attachments.delete(key);
    if (key.includes('/')) take(this.#inNamespace, namespaceOf(before.object), key);
    if (before.kind === 'Pod')
      for (const address of podAddresses(before.object))
        if (this.#podByAddress.get(address) === key) this.#podByAddress.delete(address);
    if (before.kind === 'EndpointSlice') {
      const service = serviceOfSlice(before.object);
      if (service !== undefined) take(this.#slices, service, key);
    }
    return affected;
  }

  *#podsOn({ metadata: { name } }: Node): Iterable<ObjectKey> {
    for (const [key, one] of this.#objects)
      if (one.kind === 'Pod' && one.object.spec.nodeName === name) yield key;
  }

  #dependents(one: KubernetesObject, key: ObjectKey): Set<ObjectKey> {
    switch (one.kind) {
      case 'Namespace': {
        const inside = this.#inNamespace.get(one.object.metadata.name) ?? [];
        return new Set([key, ...[...inside].filter((each) => /^(Pod|Service) /.test(each))]);
      }
      case 'Pod': {
        const words = [key, ...podAddresses(one.object)];
        return new Set([key, ...words.flatMap((word) => [...(this.#servicesOf.get(word) ?? [])])]);
      }
      case 'Endpoints': {
        const service = objectKey('Service', namespaceOf(one.object), one.object.metadata.name);
        // They say again what slices say, and those count.
        if (this.#slices.has(service)) return new Set();
        this.#index(service);
        return new Set([service]);
      }
      case 'EndpointSlice': {
        const service = serviceOfSlice(one.object);
        if (service === undefined) return new Set();
        this.#index(service);
        return new Set([service]);
      }
      case 'NetworkAttachmentDefinition': {
        // Each is held against the others, of which there are few.
        return new Set([key, ...this.#attachments.keys()]);
      }
      case 'Deployment':
        return new Set();
      default:
        return new Set([key]);
    }
  }

  /** Notes which pods and addresses stand behind a Service now. */
  #index(service: ObjectKey): void {
    for (const word of this.#behind.get(service) ?? []) take(this.#servicesOf, word, service);
    const [namespace = '', name = ''] = service.slice('Service '.length).split('/');
    const words = new Set<string>();
    for (const { ready, draining, notReady } of this.backends(namespace, name)) {
      for (const { address, pod } of [...ready, ...draining, ...notReady])
        words.add(pod === undefined ? address : objectKey('Pod', namespace, pod));
    }
    if (words.size === 0) this.#behind.delete(service);
    else this.#behind.set(service, words);
    for (const word of words) add(this.#servicesOf, word, service);
  }
}

function serviceOfSlice(slice: EndpointSlice): ObjectKey | undefined {
  const service = slice.metadata.labels[SERVICE_OF_SLICE];
  return service === undefined ? undefined : objectKey('Service', namespaceOf(slice), service);
}

function add<Key>(map: Map<Key, Set<string>>, key: Key, value: string): void {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([value]));
  else set.add(value);
}

function take<Key>(map: Map<Key, Set<string>>, key: Key, value: string): void {
  const set = map.get(key);
  set?.delete(value);
  if (set?.size === 0) map.delete(key);
}
