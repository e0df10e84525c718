/** The attributes that every router shows of a path, as text. */
import { ipv4Text, isRouteTarget, routeTargetText } from '@vaportrail/net';
import { asPathText } from './as-path.ts';
import { communityText, largeCommunityText } from './communities.ts';
import { extendedCommunityText } from './extended-communities.ts';
import type { PathAttributes } from './path-attributes.ts';

/** Lists that are empty and attributes that are not there are absent. */
export interface AttributeTexts {
  readonly origin?: NonNullable<PathAttributes['origin']>;
  readonly asPath: string;
  readonly localPref?: number;
  readonly med?: number;
  readonly communities?: readonly string[];
  readonly largeCommunities?: readonly string[];
  readonly routeTargets?: readonly string[];
  /** Those that are no route targets. */
  readonly extendedCommunities?: readonly string[];
  readonly originatorId?: string;
  readonly clusterList?: readonly string[];
}

/** Reads them all; to be kept by those who show many paths with the same attributes. */
export function attributeTexts(attributes: PathAttributes): AttributeTexts {
  const { origin, localPref, med, originatorId } = attributes;
  const { communities, largeCommunities, clusterList, extendedCommunities } = attributes;
  const targets: string[] = [];
  const others: string[] = [];
  for (let at = 0; at + 8 <= extendedCommunities.length; at += 8) {
    if (isRouteTarget(extendedCommunities, at)) targets.push(routeTargetText(extendedCommunities, at));
    else others.push(extendedCommunityText(extendedCommunities, at));
  }
  return {
    ...(origin !== undefined && { origin }),
    asPath: asPathText(attributes.asPath),
    ...(localPref !== undefined && { localPref }),
    ...(med !== undefined && { med }),
    ...(communities.length > 0 && { communities: communities.map(communityText) }),
    ...(largeCommunities.length > 0 && { largeCommunities: largeCommunities.map(largeCommunityText) }),
    ...(targets.length > 0 && { routeTargets: targets }),
    ...(others.length > 0 && { extendedCommunities: others }),
    ...(originatorId !== undefined && { originatorId: ipv4Text(originatorId) }),
    ...(clusterList.length > 0 && { clusterList: clusterList.map(ipv4Text) }),
  };
}
