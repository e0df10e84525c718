/** Who stands behind a Service: Endpoints or EndpointSlices, in one form. */
import type { AddressFamily } from './address-family.ts';
import type { Endpoints, EndpointSlice } from '../kubernetes-object.ts';

/** A port of a Service at one set of addresses; the number may differ from set to set. */
export interface BackendPort {
  readonly name: string | undefined;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
}

export interface BackendAddress {
  readonly address: string;
  /** The pod's name, where the address belongs to one. */
  readonly pod: string | undefined;
}

export interface BackendSet {
  /** Of a Service with two families each has its slices; Endpoints are those of the first. */
  readonly family?: AddressFamily;
  readonly ports: readonly BackendPort[];
  readonly ready: readonly BackendAddress[];
  /** Pods that end and still serve: better than nobody. */
  readonly draining: readonly BackendAddress[];
  readonly notReady: readonly BackendAddress[];
}

/**
 * The addresses that take the traffic of a port, each with the set it is of: those that are ready, and where there are
 * none those that end and still serve, as kube-proxy has it.
 * @see https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#terminating
 */
export function serving(sets: readonly BackendSet[]): readonly (readonly [BackendSet, BackendAddress])[] {
  const of = (which: 'ready' | 'draining'): (readonly [BackendSet, BackendAddress])[] =>
    sets.flatMap((set) => set[which].map((address) => [set, address] as const));
  const ready = of('ready');
  return ready.length > 0 ? ready : of('draining');
}

export function endpointsBackends(endpoints: Endpoints): BackendSet[] {
  return endpoints.subsets.map(({ addresses, notReadyAddresses, ports }) => ({
    ports,
    ready: addresses.map(({ ip, targetRef }) => ({ address: ip, pod: podOf(targetRef) })),
    draining: [],
    notReady: notReadyAddresses.map(({ ip, targetRef }) => ({ address: ip, pod: podOf(targetRef) })),
  }));
}

/** A slice whose readiness is unknown counts as ready, as Kubernetes has it; one with names for addresses is left out. */
export function sliceBackends(slice: EndpointSlice): BackendSet[] {
  if (slice.addressType === 'FQDN') return [];
  const lists = { ready: [], draining: [], notReady: [] } as Record<Condition, BackendAddress[]>;
  for (const { addresses, conditions, targetRef } of slice.endpoints) {
    // Consumers use the first address; the others are equal to it.
    if (addresses[0] === undefined) continue;
    lists[conditionOf(conditions)].push({ address: addresses[0], pod: podOf(targetRef) });
  }
  const ports = slice.ports.flatMap(({ port, name, protocol }) =>
    port === undefined ? [] : [{ port, protocol, name: name === '' ? undefined : name }],
  );
  return [{ family: slice.addressType === 'IPv6' ? 'IPv6' : 'IPv4', ports, ...lists }];
}

type Condition = Exclude<keyof BackendSet, 'ports' | 'family'>;

function conditionOf(conditions: EndpointSlice['endpoints'][number]['conditions']): Condition {
  if (conditions?.ready !== false) return 'ready';
  return conditions.terminating === true && conditions.serving === true ? 'draining' : 'notReady';
}

function podOf(target: { kind?: string | undefined; name: string } | undefined): string | undefined {
  return target !== undefined && (target.kind ?? 'Pod') === 'Pod' ? target.name : undefined;
}
