/** The attributes of a path as an operator reads them. */
import {
  type AttributeFields,
  type AttributeTexts,
  type PathAttributes,
  attributeTexts,
} from '@vaportrail/bgp/wire';
import { addressText, hexText } from '@vaportrail/net';
import type { PathView } from '@vaportrail/show';

import { routeProperties } from './contrail-communities.ts';
import { edgesOf } from './multicast-route.ts';
import { tunnelTypeName } from './inclusive-tunnel.ts';
import { UNRESOLVED } from './reflected-item.ts';
import type { VirtualNetworks } from './virtual-networks.ts';

/** Those fields of a path view that its attributes and its next hop say. */
export type AttributeView = AttributeTexts &
  Pick<
    PathView,
    | 'nextHop'
    | 'onlyToCustomer'
    | 'originVirtualNetwork'
    | 'encapsulations'
    | 'sequence'
    | 'pmsiTunnel'
    | 'edges'
  >;

/** Attributes in text; fields that say nothing are absent. */
export function attributeView(
  attributes: PathAttributes,
  nextHop: Uint8Array,
  networks: VirtualNetworks,
  asn: number,
): AttributeView {
  const extended = attributes.extendedCommunities;
  const { encapsulations, mobility, originVirtualNetwork } = routeProperties(extended, asn);
  const network = networks.nameOf(originVirtualNetwork, extended);
  const onlyToCustomer = attributes.get('onlyToCustomer');
  const tunnel = attributes.get('pmsiTunnel');
  const edges = attributes.get('edgeDiscovery');
  return {
    ...(nextHop.length > 0 && { nextHop: nextHopText(nextHop) }),
    ...attributeTexts(attributes),
    ...(onlyToCustomer !== undefined && { onlyToCustomer }),
    ...(network !== UNRESOLVED && { originVirtualNetwork: network }),
    ...(encapsulations.length > 0 && { encapsulations }),
    ...(mobility !== undefined && { sequence: mobility.sequence }),
    ...(edges !== undefined && { edges: edgesOf(edges) }),
    ...(tunnel !== undefined && { pmsiTunnel: tunnelView(tunnel, encapsulations.includes('vxlan')) }),
  };
}

function tunnelView(
  { type, identifier, labelField, flags }: NonNullable<AttributeFields['pmsiTunnel']>,
  vxlan: boolean,
): NonNullable<PathView['pmsiTunnel']> {
  const isAddress = identifier.length === 4 || identifier.length === 16;
  return {
    type: tunnelTypeName(type),
    identifier: isAddress ? addressText(identifier) : hexText(identifier),
    label: vxlan ? labelField : labelField >>> 4,
    flags,
  };
}

/** Text of a next hop; behind a route distinguisher of zero or a link-local address only the global address counts. */
function nextHopText(nextHop: Uint8Array): string {
  switch (nextHop.length) {
    case 12:
      return addressText(nextHop.subarray(8));
    case 24:
    case 48:
      return addressText(nextHop.subarray(8, 24));
    case 32:
      return addressText(nextHop.subarray(0, 16));
    default:
      return nextHop.length === 4 || nextHop.length === 16 ? addressText(nextHop) : '';
  }
}
