/**
 * What a cluster does with plain manifests: Deployments become pods on nodes, Services get their clusterIP and their
 * endpoints. Everything follows from the manifests alone, so that the same files always give the same pods.
 */
import { ipv4Text, parseIpv4 } from '@vaportrail/net';
import { createHash } from 'node:crypto';
import { keyOf } from './cluster.ts';
import {
  namespaceOf,
  type Endpoints,
  type KubernetesObject,
  type Pod,
  type Service,
} from './kubernetes-object.ts';
import type { Deployment } from './kubernetes-object.ts';
import { podUid } from './mapping/pod.ts';
import { serviceUid } from './mapping/service-name.ts';

/** On a Deployment or Pod: which pods fail their readiness, as ordinals from 0 or names, separated by commas. */
const NOT_READY = 'vaportrail.io/not-ready';

export interface WorkloadSettings {
  /** clusterIPs come from here where a Service does not ask for one. */
  readonly serviceSubnet: string;
}

export interface Workload {
  readonly objects: readonly KubernetesObject[];
  readonly problems: readonly string[];
}

/** All objects of a cluster that was given these manifests. */
export function expand(manifests: readonly KubernetesObject[], settings: WorkloadSettings): Workload {
  const problems: string[] = [];
  const given = new Map<string, KubernetesObject>();
  for (const one of manifests) {
    const key = keyOf(one);
    if (given.has(key)) problems.push(`${key} is defined twice: the first is used`);
    else given.set(key, one);
  }
  const objects: KubernetesObject[] = [...impliedNamespaces(given)];
  const nodes = [...given.values()].flatMap((one) => (one.kind === 'Node' ? [one.object.metadata.name] : []));
  const pods: Pod[] = [];
  for (const one of given.values()) {
    if (one.kind === 'Pod') pods.push(placed(one.object, nodes, 0));
    else if (one.kind === 'Deployment') pods.push(...podsOf(one.object, nodes));
  }
  if (pods.some((pod) => pod.spec.nodeName === undefined))
    problems.push('there is no Node, and pods that name none: they have no place to run');
  for (const object of pods) objects.push({ kind: 'Pod', object });
  const addresses = new ClusterIps(settings.serviceSubnet, given.values());
  for (const one of given.values()) {
    if (one.kind === 'Service') {
      const service = addresses.addressed(one.object, problems);
      objects.push({ kind: 'Service', object: service });
      const endpoints = endpointsOf(service, pods);
      if (endpoints !== undefined) objects.push({ kind: 'Endpoints', object: endpoints });
    } else if (one.kind === 'Endpoints') {
      const service = given.get(`Service ${namespaceOf(one.object)}/${one.object.metadata.name}`);
      if (service?.kind !== 'Service' || service.object.spec.selector === undefined) objects.push(one);
    } else if (one.kind !== 'Deployment' && one.kind !== 'Pod') {
      objects.push(one);
    }
  }
  return { objects, problems };
}

/** Namespaces that objects live in without anybody having defined them. */
function impliedNamespaces(given: ReadonlyMap<string, KubernetesObject>): KubernetesObject[] {
  const names = new Set<string>();
  for (const [key, { object }] of given) if (key.includes('/')) names.add(namespaceOf(object));
  return [...names]
    .filter((name) => !given.has(`Namespace ${name}`))
    .map((name) => ({ kind: 'Namespace', object: { metadata: named(name, undefined) } }));
}

function named(name: string, namespace: string | undefined): Pod['metadata'] {
  return {
    name,
    namespace,
    uid: undefined,
    resourceVersion: undefined,
    deletionTimestamp: undefined,
    labels: {},
    annotations: {},
  };
}

/** `replicas` pods with names that stay: `webserver-<template>-<ordinal>`, hashed as in a cluster. */
function podsOf(deployment: Deployment, nodes: readonly string[]): Pod[] {
  const { metadata, spec } = deployment;
  const { template } = spec;
  const notReady = listed(metadata.annotations[NOT_READY] ?? template.metadata.annotations[NOT_READY]);
  const hash = shortHash(JSON.stringify([template.spec, template.metadata.labels]), 10);
  return Array.from({ length: spec.replicas }, (_, ordinal) => {
    const name = `${metadata.name}-${hash}-${shortHash(`${metadata.name}/${ordinal}`, 5)}`;
    const ready = !notReady.has(String(ordinal)) && !notReady.has(name);
    const pod: Pod = {
      metadata: {
        ...named(name, namespaceOf(deployment)),
        labels: { ...template.metadata.labels, 'pod-template-hash': hash },
        annotations: template.metadata.annotations,
      },
      spec: template.spec,
      status: {
        phase: 'Running',
        podIP: undefined,
        podIPs: [],
        conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      },
    };
    return placed(pod, nodes, ordinal);
  });
}

/** On the node it names, else on the nodes in turn. */
function placed(pod: Pod, nodes: readonly string[], ordinal: number): Pod {
  const nodeName = pod.spec.nodeName ?? nodes[ordinal % Math.max(1, nodes.length)];
  const metadata = { ...pod.metadata, uid: podUid(pod) };
  return { ...pod, metadata, spec: { ...pod.spec, nodeName } };
}

/** Endpoints of a Service with a selector; pods that have a port by another number make a subset of their own. */
function endpointsOf(service: Service, pods: readonly Pod[]): Endpoints | undefined {
  const { selector, ports, publishNotReadyAddresses } = service.spec;
  const namespace = namespaceOf(service);
  if (selector === undefined) return undefined;
  const subsets = new Map<string, Endpoints['subsets'][number]>();
  for (const pod of pods) {
    const { labels } = pod.metadata;
    const selected = Object.entries(selector).every(([key, value]) => labels[key] === value);
    if (!selected || namespaceOf(pod) !== namespace) continue;
    const targets = ports.flatMap((port) => {
      const number = targetOf(port, pod);
      return number === undefined ? [] : [{ name: port.name, protocol: port.protocol, port: number }];
    });
    const key = JSON.stringify(targets);
    let subset = subsets.get(key);
    if (subset === undefined)
      subsets.set(key, (subset = { addresses: [], notReadyAddresses: [], ports: targets }));
    const address = {
      // The configuration gives pods of manifests their addresses; the pod is what counts here.
      ip: pod.status?.podIP ?? '',
      nodeName: pod.spec.nodeName,
      targetRef: { kind: 'Pod', name: pod.metadata.name, namespace },
    };
    (isReady(pod) || publishNotReadyAddresses === true ? subset.addresses : subset.notReadyAddresses).push(
      address,
    );
  }
  return { metadata: named(service.metadata.name, namespace), subsets: [...subsets.values()] };
}

/** The number a port has at a pod; `undefined` when the pod has no port of that name. */
function targetOf(
  { port, protocol, targetPort }: Service['spec']['ports'][number],
  pod: Pod,
): number | undefined {
  if (typeof targetPort !== 'string') return targetPort ?? port;
  for (const container of pod.spec.containers) {
    const found = container.ports.find((each) => each.name === targetPort && each.protocol === protocol);
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

function isReady(pod: Pod): boolean {
  if (pod.metadata.annotations[NOT_READY] === pod.metadata.name) return false;
  return pod.status?.conditions.find(({ type }) => type === 'Ready')?.status !== 'False';
}

function listed(text: string | undefined): Set<string> {
  return new Set((text ?? '').split(',').map((part) => part.trim()));
}

/** Letters and digits as Kubernetes has them in the names of pods: none that make words. */
function shortHash(text: string, length: number): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  const bytes = createHash('sha256').update(text).digest();
  return Array.from({ length }, (_, index) => alphabet[bytes[index]! % alphabet.length]).join('');
}

/** Addresses of Services: those they ask for, and for the others one that follows from the name. */
class ClusterIps {
  readonly #taken = new Map<string, string>();
  readonly #first: number;
  readonly #size: number;

  constructor(subnet: string, given: Iterable<KubernetesObject>) {
    const [address = '', length = ''] = subnet.split('/');
    this.#first = parseIpv4(address);
    this.#size = 2 ** (32 - Number(length));
    for (const one of given) {
      const address = one.kind === 'Service' ? one.object.spec.clusterIP : undefined;
      if (address !== undefined && !this.#taken.has(address)) this.#taken.set(address, keyOf(one));
    }
  }

  addressed(service: Service, problems: string[]): Service {
    const key = keyOf({ kind: 'Service', object: service });
    const metadata = { ...service.metadata, uid: serviceUid(service) };
    const { clusterIP, type } = service.spec;
    if (type === 'ExternalName' || clusterIP === 'None') return { ...service, metadata };
    if (clusterIP !== undefined && clusterIP !== '') {
      const holder = this.#taken.get(clusterIP);
      if (holder === key) return { ...service, metadata };
      problems.push(`${key}: clusterIP ${clusterIP} is that of ${holder}`);
      return { ...service, metadata, spec: { ...service.spec, clusterIP: undefined } };
    }
    const begin = createHash('sha256').update(key).digest().readUInt32BE();
    for (let step = 0; step < this.#size; step++) {
      const offset = (begin + step) % this.#size;
      // The first is that of `kubernetes`, the last three the network keeps for itself.
      if (offset < 2 || offset >= this.#size - 3) continue;
      const address = ipv4Text(this.#first + offset);
      if (this.#taken.has(address)) continue;
      this.#taken.set(address, key);
      return { ...service, metadata, spec: { ...service.spec, clusterIP: address } };
    }
    problems.push(`${key}: no address is left for a clusterIP`);
    return { ...service, metadata };
  }
}
