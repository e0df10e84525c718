/** A route of this node in the form in which agents publish it: always with one next hop, the node. */
import { parsePrefix } from '@vaportrail/net';
import { type UnicastItem, itemAttributes, nextHop } from '@vaportrail/xmpp';
import type { LocalRoute } from './local-routes.ts';
import { type TunnelType, tunnelTypeNames, tunnelTypes } from './tunnel-type.ts';

/** What every route of a node has in common. */
export interface PublishingNode {
  /** 4 octets. */
  readonly address: Uint8Array;
  readonly mac: Uint8Array;
  readonly encapsulations: readonly string[];
}

/** The encapsulations to offer: routes carry MPLS labels, so those of our priority list that carry them. */
export function offeredEncapsulations(priority: readonly TunnelType[]): string[] {
  return tunnelTypeNames
    .filter((name) => tunnelTypes[name].label === 'mpls' && priority.includes(name))
    .map((name) => tunnelTypes[name].item);
}

/** The item of a route, with what its interfaces have in common or in sum. */
export function publishedItem(node: PublishingNode, route: LocalRoute): UnicastItem {
  const { vrf, prefix, active, label, preference, sequence } = route;
  const first = active[0]!;
  return {
    family: prefix.includes(':') ? 'inet6' : 'inet',
    prefix: parsePrefix(prefix),
    attributes: itemAttributes({
      nextHops: [
        nextHop({
          address: node.address,
          label,
          encapsulations: node.encapsulations,
          virtualNetwork: vrf.virtualNetwork,
          tags: first.tags,
          mac: node.mac,
        }),
      ],
      mobility: { sequence, sticky: false },
      securityGroups: [...new Set(active.flatMap(({ securityGroups }) => securityGroups))],
      communityTags: [...new Set(active.flatMap(({ communities }) => communities))],
      localPref: preference,
    }),
  };
}
