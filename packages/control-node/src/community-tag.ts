/** Communities as agents write and read them. */
import { communityText, parseCommunity, wellKnownCommunity } from '@vaportrail/bgp/wire';

/** Communities that agents know by a name; others are numbers to them, also where we have a name. */
const namedCommunities = new Set<number>(
  (
    [
      'no-export',
      'no-advertise',
      'no-export-subconfed',
      'no-reoriginate',
      'accept-own',
      'accept-own-nexthop',
      'llgr-stale',
      'no-llgr',
    ] as const
  ).map((name) => wellKnownCommunity[name]),
);

/** Both numbers of a community of an agent are below it: well-known ones have no other text than their name. */
const NUMBER_END = 65_535;

/** The tag of a community: a name that agents know, otherwise `HIGH:LOW`. */
export function communityTag(community: number): string {
  return namedCommunities.has(community)
    ? communityText(community)
    : `${community >>> 16}:${community & 0xffff}`;
}

/** The community of a tag; undefined for what deployed control nodes cannot read and leave out. */
export function parseCommunityTag(tag: string): number | undefined {
  let community: number;
  try {
    community = parseCommunity(tag);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undefined;
  }
  if (!tag.includes(':')) return community;
  return community >>> 16 < NUMBER_END && (community & 0xffff) < NUMBER_END ? community : undefined;
}
