/** Nodes: one virtual-router each, at the address that control nodes and tunnels reach. */
import { ofFamily } from './address-family.ts';
import { globalSystemConfig, virtualRouterName } from './cluster-settings.ts';
import type { Desired } from './desired-object.ts';
import type { Node } from '../kubernetes-object.ts';

export function nodeObjects(node: Node): Desired {
  const internal = (node.status?.addresses ?? []).filter(({ type }) => type === 'InternalIP');
  const addresses = internal.map(({ address }) => address);
  // Tunnels and next hops are IPv4 wherever a node has that.
  const address = ofFamily(addresses, 'IPv4') ?? addresses[0];
  const { name } = node.metadata;
  return {
    objects: [
      {
        ...virtualRouterName(name),
        parent: globalSystemConfig,
        properties: address === undefined ? {} : { virtual_router_ip_address: address },
        references: [],
      },
    ],
    links: [],
    notes:
      address === undefined
        ? [{ level: 'warning', reason: 'NoInternalIP', message: `node ${name} has no InternalIP address` }]
        : [],
  };
}
