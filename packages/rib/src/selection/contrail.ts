/**
 * How a Contrail control node chooses: the order of `BgpPath::PathCompare`. Paths that tie through the MED are one ECMP set,
 * without a limit on its size.
 */
import { origins } from '@vaportrail/bgp/wire';
import { addressText, compareBytes, ipv4At, ipv4Text } from '@vaportrail/net';
import type { AttributeSet } from '../attribute-set.ts';
import { pathFlag } from '../destinations.ts';
import type { SourceProtocol } from '../source.ts';
import { carriesLongLivedStale, localPreference } from './compared.ts';
import { type RuleSet, type Step, higher, lower, preferred } from './step.ts';

const MOBILITY = 0x0600;
const ETREE = 0x0605;

/** Offset of the first extended community with these two octets, -1 without. */
function communityAt({ attributes }: AttributeSet, head: number): number {
  const communities = attributes.extendedCommunities;
  for (let at = 0; at + 8 <= communities.length; at += 8) {
    if (((communities[at]! << 8) | communities[at + 1]!) === head) return at;
  }
  return -1;
}

function isLeaf(set: AttributeSet): boolean {
  const at = communityAt(set, ETREE);
  return at >= 0 && (set.attributes.extendedCommunities[at + 2]! & 1) !== 0;
}

function isSticky(set: AttributeSet): boolean {
  const at = communityAt(set, MOBILITY);
  return at >= 0 && (set.attributes.extendedCommunities[at + 2]! & 1) !== 0;
}

function sequence(set: AttributeSet): number {
  const at = communityAt(set, MOBILITY);
  return at < 0 ? 0 : ipv4At(set.attributes.extendedCommunities, at + 4);
}

/** `BgpPath::PathSource`, higher is better. */
const sourceRank = {
  local: 5,
  aggregate: 4,
  static: 3,
  'service-chain': 2,
  xmpp: 1,
  bgp: 1,
} as const satisfies Record<SourceProtocol, number>;

const hasPeer = (set: AttributeSet): boolean =>
  set.source.protocol === 'bgp' || set.source.protocol === 'xmpp';

/** The low 32 bits of the next hop address, which the original uses as path id. */
function pathId({ nextHop }: AttributeSet): number {
  return nextHop.length < 4 ? 0 : ipv4At(nextHop, nextHop.length - 4);
}

const identifier = ({ attributes, source }: AttributeSet): number =>
  attributes.originatorId ?? source.routerId;

const steps: readonly Step[] = [
  {
    name: 'feasible',
    reason: 'not feasible',
    rank: (set) => preferred(set.infeasible === undefined),
    value: ({ set }) => set.infeasible ?? 'feasible',
  },
  {
    name: 'local-preference',
    reason: 'lower LOCAL_PREF',
    rank: (set) => higher(localPreference(set)),
    value: ({ set }) => localPreference(set),
  },
  {
    name: 'etree',
    reason: 'E-tree leaf',
    rank: (set) => preferred(!isLeaf(set)),
    value: ({ set }) => (isLeaf(set) ? 'leaf' : 'root'),
  },
  {
    // The comment in the original means sticky first, its comparison prefers the other.
    name: 'sticky-mac',
    reason: 'sticky MAC',
    rank: (set) => preferred(!isSticky(set)),
    value: ({ set }) => isSticky(set),
  },
  {
    name: 'mobility-sequence',
    reason: 'lower mobility sequence number',
    rank: (set) => higher(sequence(set)),
    value: ({ set }) => sequence(set),
  },
  {
    name: 'long-lived-stale',
    reason: 'long-lived stale',
    rank: (set) => preferred(!carriesLongLivedStale(set)),
    flag: pathFlag.longLivedStale,
    value: ({ set, flags }) => (flags & pathFlag.longLivedStale) !== 0 || carriesLongLivedStale(set),
  },
  {
    name: 'as-path-length',
    reason: 'longer AS_PATH',
    rank: (set) => set.attributes.asPathLength,
    value: ({ set }) => set.attributes.asPathLength,
  },
  {
    name: 'origin',
    reason: 'higher ORIGIN',
    rank: (set) => origins.indexOf(set.attributes.origin ?? 'incomplete'),
    value: ({ set }) => set.attributes.origin ?? 'incomplete',
  },
  {
    // Paths from agents have no neighbour AS: their MEDs, the mirror image of LOCAL_PREF, are not compared.
    name: 'med',
    reason: 'higher MULTI_EXIT_DISC',
    rank: (set) => lower(set.attributes.med ?? 0),
    within: (set) => set.attributes.neighborAs,
    value: ({ set }) => set.attributes.med ?? 0,
  },
  {
    name: 'local',
    reason: 'learned from a peer',
    rank: (set) => preferred(!hasPeer(set)),
    value: ({ set }) => (hasPeer(set) ? 'peer' : 'local'),
  },
  {
    name: 'source',
    reason: 'lower path source',
    rank: (set) => -sourceRank[set.source.protocol],
    value: ({ set }) => set.source.protocol,
  },
  {
    name: 'xmpp',
    reason: 'learned by BGP',
    rank: (set) => preferred(set.source.protocol !== 'bgp'),
    value: ({ set }) => set.source.protocol,
  },
  {
    name: 'external',
    reason: 'learned by IBGP',
    rank: (set) => preferred(!(set.source.protocol === 'bgp' && set.source.internal)),
    value: ({ set }) => (set.source.internal ? 'internal' : 'external'),
  },
  {
    name: 'path-id',
    reason: 'higher next hop',
    rank: (set) => lower(pathId(set)),
    value: ({ set }) => ipv4Text(pathId(set)),
  },
  {
    name: 'router-id',
    reason: 'higher router id',
    rank: (set) => lower(identifier(set)),
    value: ({ set }) => ipv4Text(identifier(set)),
  },
  {
    name: 'cluster-list-length',
    reason: 'longer CLUSTER_LIST',
    rank: (set) => set.attributes.clusterList.length,
    value: ({ set }) => set.attributes.clusterList.length,
  },
  {
    name: 'peer-address',
    reason: 'higher peer address',
    order: (a, b) => compareBytes(a.set.source.address, b.set.source.address),
    value: ({ set }) => addressText(set.source.address),
  },
];

export const contrail: RuleSet = {
  name: 'contrail',
  steps,
  multipath: { multipath: { through: 'med' } },
  defaultMultipath: 'multipath',
  noDifference: 'no difference',
};
