/** Nodes: one virtual-router each, at the address that control nodes and tunnels reach. */
import { globalSystemConfig, virtualRouterName } from './cluster-settings.ts';
import type { Desired } from './desired-object.ts';
import type { Node } from '../kubernetes-object.ts';

export function nodeObjects(node: Node): Desired {
  const address = node.status?.addresses.find(({ type }) => type === 'InternalIP')?.address;
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
