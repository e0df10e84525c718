/** Who stands behind a Service: Endpoints or EndpointSlices, in one form. */
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
  readonly ports: readonly BackendPort[];
  readonly ready: readonly BackendAddress[];
  readonly notReady: readonly BackendAddress[];
}

export function endpointsBackends(endpoints: Endpoints): BackendSet[] {
  return endpoints.subsets.map(({ addresses, notReadyAddresses, ports }) => ({
    ports,
    ready: addresses.map(({ ip, targetRef }) => ({ address: ip, pod: podOf(targetRef) })),
    notReady: notReadyAddresses.map(({ ip, targetRef }) => ({ address: ip, pod: podOf(targetRef) })),
  }));
}

/** A slice whose readiness is unknown counts as ready, as Kubernetes has it; one with names for addresses is left out. */
export function sliceBackends(slice: EndpointSlice): BackendSet[] {
  if (slice.addressType === 'FQDN') return [];
  const ready: BackendAddress[] = [];
  const notReady: BackendAddress[] = [];
  for (const { addresses, conditions, targetRef } of slice.endpoints) {
    const list = conditions?.ready === false ? notReady : ready;
    // Consumers use the first address; the others are equal to it.
    if (addresses[0] !== undefined) list.push({ address: addresses[0], pod: podOf(targetRef) });
  }
  const ports = slice.ports.flatMap(({ port, name, protocol }) =>
    port === undefined ? [] : [{ port, protocol, name: name === '' ? undefined : name }],
  );
  return [{ ports, ready, notReady }];
}

function podOf(target: { kind?: string | undefined; name: string } | undefined): string | undefined {
  return target !== undefined && (target.kind ?? 'Pod') === 'Pod' ? target.name : undefined;
}
