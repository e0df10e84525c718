/** Floating IPs: addresses of another network that stand for an interface, with or without a map of ports. */

import type { Vrf } from './vrf.ts';

/** Which side may begin a flow through a floating IP. Those of services are `ingress`: pods do not leave by them. */
export type Direction = 'both' | 'ingress' | 'egress';

/** `natPort` is what the client sees, `port` what the workload listens on; the protocol is an IANA number. */
export interface PortMap {
  readonly protocol: number;
  readonly port: number;
  readonly natPort: number;
}

export interface FloatingIp {
  readonly address: string;
  /** The VRF in which the address is published: that of the pool's network. */
  readonly vrf: Vrf;
  readonly direction: Direction;
  /** Empty: every port is passed as it is. */
  readonly portMaps: readonly PortMap[];
  /** The address of the interface it stands for. */
  readonly fixedIp: string;
}

/** Protocols whose ports can be mapped. */
export const protocols = { icmp: 1, tcp: 6, udp: 17, sctp: 132 } as const;

/**
 * The port behind a floating IP for a packet to `port` of it; undefined when a map exists and has no line for it, in
 * which case the packet is dropped.
 */
export function mappedPort(floatingIp: FloatingIp, protocol: number, port: number): number | undefined {
  if (floatingIp.portMaps.length === 0) return port;
  return floatingIp.portMaps.find((map) => map.protocol === protocol && map.natPort === port)?.port;
}

export function acceptsIngress(floatingIp: FloatingIp): boolean {
  return floatingIp.direction !== 'egress';
}

export function acceptsEgress(floatingIp: FloatingIp): boolean {
  return floatingIp.direction !== 'ingress';
}
