/** Tunnel types between compute nodes and towards gateways, and which one is used. */

/** What each tunnel type is called in an item, and what forwarding adds to a packet. */
export const tunnelTypes = {
  MPLSoGRE: { item: 'gre', label: 'mpls' },
  MPLSoUDP: { item: 'udp', label: 'mpls' },
  VXLAN: { item: 'vxlan', label: 'vni' },
} as const satisfies Record<string, { item: string; label: 'mpls' | 'vni' }>;

export type TunnelType = keyof typeof tunnelTypes;

/** All tunnel types, in the order in which agents write them into an item. */
export const tunnelTypeNames = Object.keys(tunnelTypes) as readonly TunnelType[];

/** Priority of an agent that was not told another: node to node by UDP, which underlays spread over their links. */
export const DEFAULT_ENCAPSULATION_PRIORITY: readonly TunnelType[] = ['MPLSoUDP', 'MPLSoGRE', 'VXLAN'];

/** The tunnel types a list of item encapsulations stands for; unknown words are passed over. */
export function tunnelTypesOf(encapsulations: readonly string[]): TunnelType[] {
  return tunnelTypeNames.filter((name) => encapsulations.includes(tunnelTypes[name].item));
}

/**
 * The tunnel type towards a next hop: the first of our priorities that it advertised. A next hop that advertised none
 * of them, as gateways usually do, is reached by MPLSoGRE.
 */
export function chooseTunnelType(
  priority: readonly TunnelType[],
  encapsulations: readonly string[],
): TunnelType {
  return priority.find((name) => encapsulations.includes(tunnelTypes[name].item)) ?? 'MPLSoGRE';
}
