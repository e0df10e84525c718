/** The attributes of a path as an operator sees them. */
import {
  asPathText,
  communityText,
  extendedCommunityText,
  largeCommunityText,
  type PathAttributes,
} from '@vaportrail/bgp/wire';
import { ipv4Text, isRouteTarget, routeTargetText } from '@vaportrail/net';
import type { GatewayPathView } from '@vaportrail/show';
import { junosCommunities } from './junos-communities.ts';

type AttributeFields = Pick<
  GatewayPathView,
  | 'origin'
  | 'asPath'
  | 'routeTargets'
  | 'extendedCommunities'
  | 'communities'
  | 'largeCommunities'
  | 'originatorId'
  | 'clusterList'
  | 'junosCommunities'
>;

/** Thousands of paths share a set of attributes, and its words. */
const attributeFields = new WeakMap<PathAttributes, AttributeFields>();

/** The fields of a view that come from the attributes alone; the same object for the same set. */
export function attributeView(attributes: PathAttributes): AttributeFields {
  let fields = attributeFields.get(attributes);
  if (fields === undefined) attributeFields.set(attributes, (fields = readAttributes(attributes)));
  return fields;
}

function readAttributes(attributes: PathAttributes): AttributeFields {
  const {
    extendedCommunities: octets,
    originatorId,
    clusterList,
    communities,
    largeCommunities,
  } = attributes;
  const targets: string[] = [];
  const others: string[] = [];
  for (let at = 0; at + 8 <= octets.length; at += 8) {
    if (isRouteTarget(octets, at)) targets.push(routeTargetText(octets, at));
    else others.push(extendedCommunityText(octets, at));
  }
  return {
    origin: attributes.origin ?? 'incomplete',
    asPath: asPathText(attributes.asPath),
    routeTargets: targets,
    extendedCommunities: others,
    junosCommunities: junosCommunities(attributes),
    ...(communities.length === 0 ? {} : { communities: communities.map(communityText) }),
    ...(largeCommunities.length === 0 ? {} : { largeCommunities: largeCommunities.map(largeCommunityText) }),
    ...(originatorId === undefined ? {} : { originatorId: ipv4Text(originatorId) }),
    ...(clusterList.length === 0 ? {} : { clusterList: clusterList.map(ipv4Text) }),
  };
}
