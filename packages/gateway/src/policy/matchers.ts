/** What a term of a policy may ask of a route: one row per word behind `from`. */
import { type Prefix, compareBytes, covers, parseAddress, parsePrefix } from '@vaportrail/net';
import type { AttributeSet } from '@vaportrail/rib';
import { type CommunityMember, type From, communityMember } from './policy-options.ts';

/** Members of communities by name. */
export type Communities = ReadonlyMap<string, readonly CommunityMember[]>;

/** What a policy looks at, besides the prefix. */
export type Judged = Pick<AttributeSet, 'source' | 'attributes' | 'nextHop'>;

/** Whether a route has what is asked for, its prefix left out. */
export type Matcher = (route: Judged) => boolean;

type Matchers = {
  readonly [Word in Exclude<keyof From, 'route-filter'>]-?: (
    values: NonNullable<From[Word]>,
    communities: Communities,
  ) => Matcher;
};

/** A router's own routes are `static`, or `direct` when an interface brought them. */
const protocolOf = { local: 'direct', static: 'static', bgp: 'bgp' } as const satisfies Partial<
  Record<AttributeSet['source']['protocol'], string>
>;

/** By the word behind `from`: makes a test of routes out of its values. */
export const matchers = {
  protocol: (values) => {
    const wanted: readonly string[] = values;
    const names: Readonly<Record<string, string>> = protocolOf;
    return ({ source }) => wanted.includes(names[source.protocol] ?? source.protocol);
  },
  community: (values, communities) => {
    const wanted = values.map((value) => communities.get(value) ?? []);
    return (set) => wanted.some((members) => members.every((member) => carries(set, member)));
  },
  'next-hop': (values) => oneOf(values, ({ nextHop }) => nextHop),
  neighbor: (values) => oneOf(values, ({ source }) => source.address),
} as const satisfies Matchers;

function oneOf(values: readonly string[], addressOf: (route: Judged) => Uint8Array): Matcher {
  const wanted = values.map(parseAddress);
  return (set) => wanted.some((address) => compareBytes(address, addressOf(set)) === 0);
}

/** Whether a route carries a community. */
function carries({ attributes }: Judged, member: CommunityMember): boolean {
  switch (member.kind) {
    case 'standard':
      return attributes.communities.includes(member.value);
    case 'extended': {
      const all = attributes.extendedCommunities;
      for (let at = 0; at + 8 <= all.length; at += 8)
        if (compareBytes(all.subarray(at, at + 8), member.value) === 0) return true;
      return false;
    }
    case 'large':
      return attributes.largeCommunities.some((one) => one.every((part, i) => part === member.value[i]));
  }
}

/** Members of communities, ready to be compared. */
export function communitiesByName(
  list: readonly { readonly name: string; readonly members: readonly string[] }[],
): Communities {
  return new Map(list.map(({ name, members }) => [name, members.map(communityMember)]));
}

/**
 * Whether a prefix passes a list of route filters: of those that cover it the longest decides, by its own way of matching.
 */
export function prefixMatcher(filters: readonly string[]): (prefix: Prefix) => boolean {
  const rows = filters.map((filter) => {
    const [network = '', match = '', most = ''] = filter.split(' ');
    return { network: parsePrefix(network), match, most: Number(most.slice(1)) };
  });
  rows.sort((a, b) => b.network.length - a.network.length);
  return (prefix) => {
    const row = rows.find(({ network }) => covers(network, prefix));
    if (row === undefined) return false;
    switch (row.match) {
      case 'exact':
        return prefix.length === row.network.length;
      case 'longer':
        return prefix.length > row.network.length;
      case 'upto':
        return prefix.length <= row.most;
      default:
        return true;
    }
  };
}
