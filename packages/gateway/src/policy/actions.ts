/** What a term of a policy does to a route: one row per word behind `then`. */
import {
  type AttributeFields,
  type LargeCommunity,
  prependAs,
  sortExtendedCommunities,
} from '@vaportrail/bgp/wire';
import { compareBytes } from '@vaportrail/net';
import { editedAttributes } from '@vaportrail/rib';
import type { Communities, Judged } from './matchers.ts';
import type { Actions, CommunityMember } from './policy-options.ts';

/** The attributes of a route that a policy has changed so far. */
export interface Draft {
  localPref?: number;
  med?: number;
  asPath?: Judged['attributes']['asPath'];
  communities?: readonly number[];
  extendedCommunities?: readonly Uint8Array[];
  largeCommunities?: readonly LargeCommunity[];
}

/** Changes a draft. */
export type Action = (draft: Draft, route: Judged) => void;

type ActionRows = {
  readonly [Word in Exclude<keyof Actions, 'action'>]-?: (
    value: NonNullable<Actions[Word]>,
    communities: Communities,
  ) => Action;
};

/** By the word behind `then`: makes a change to routes out of its value. */
export const actions = {
  'local-preference': (value) => (draft) => void (draft.localPref = value),
  metric: (value) => (draft) => void (draft.med = value),
  community: (change, communities) => {
    const members = (names: readonly string[] | undefined): CommunityMember[] | undefined =>
      names?.flatMap((one) => communities.get(one) ?? []);
    const set = members(change.set);
    const added = members(change.add) ?? [];
    const deleted = members(change.delete) ?? [];
    /** First `set`, then `delete`, then `add`. */
    function changed<Kind extends CommunityMember['kind']>(
      kind: Kind,
      before: readonly ValueOf<Kind>[],
      same: (a: ValueOf<Kind>, b: ValueOf<Kind>) => boolean,
    ): ValueOf<Kind>[] {
      const gone = valuesOf(kind, deleted);
      const kept = (set === undefined ? before : valuesOf(kind, set)).filter(
        (value) => !gone.some((other) => same(value, other)),
      );
      const fresh = valuesOf(kind, added).filter((value) => !kept.some((other) => same(value, other)));
      return [...kept, ...fresh];
    }
    return (draft, { attributes }) => {
      const { communities: standard, largeCommunities: large, extendedCommunities: extended } = attributes;
      draft.communities = changed('standard', draft.communities ?? standard, (a, b) => a === b);
      draft.extendedCommunities = changed(
        'extended',
        draft.extendedCommunities ?? eights(extended),
        (a, b) => compareBytes(a, b) === 0,
      );
      draft.largeCommunities = changed('large', draft.largeCommunities ?? large, (a, b) =>
        a.every((part, i) => part === b[i]),
      );
    };
  },
  'as-path-prepend': (values) => (draft, route) => {
    draft.asPath = values
      .toReversed()
      .reduce((path, asn) => prependAs(path, asn), draft.asPath ?? route.attributes.asPath);
  },
} as const satisfies ActionRows;

/** The octets of a route's attributes with what a policy has changed. */
export function redrafted({ attributes }: Judged, draft: Draft): Uint8Array {
  const { communities, extendedCommunities, largeCommunities, ...rest } = draft;
  const lists = { communities, extendedCommunities, largeCommunities } as const;
  const fields: AttributeFields = {
    ...rest,
    ...(communities !== undefined && communities.length > 0 && { communities }),
    ...(extendedCommunities !== undefined &&
      extendedCommunities.length > 0 && {
        extendedCommunities: sortExtendedCommunities(extendedCommunities),
      }),
    ...(largeCommunities !== undefined && largeCommunities.length > 0 && { largeCommunities }),
  };
  const emptied = (Object.keys(lists) as (keyof typeof lists)[]).filter((name) => lists[name]?.length === 0);
  return editedAttributes(attributes.bytes, fields, emptied, attributes.asn4);
}

type ValueOf<Kind extends CommunityMember['kind']> = Extract<CommunityMember, { kind: Kind }>['value'];

function valuesOf<Kind extends CommunityMember['kind']>(
  kind: Kind,
  members: readonly CommunityMember[],
): ValueOf<Kind>[] {
  return members.filter((member) => member.kind === kind).map(({ value }) => value as ValueOf<Kind>);
}

function eights(octets: Uint8Array): Uint8Array[] {
  return Array.from({ length: octets.length >>> 3 }, (_, i) => octets.subarray(i * 8, i * 8 + 8));
}
