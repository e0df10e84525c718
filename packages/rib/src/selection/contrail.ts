/**
 * How a Contrail control node chooses: the order of `BgpPath::PathCompare`. Paths that tie through the MED are one ECMP set,
 * without a limit on its size.
 */
import { origins } from '@vaportrail/bgp/wire';
import { addressText, compareBytes, ipv4At, ipv4Text } from '@vaportrail/net';
import type { AttributeSet } from '../attribute-set.ts';
import { pathFlag } from '../destinations.ts';
import type { SourceProtocol } from '../source.ts';
import { identifier } from './identifier.ts';
import { type RuleSet, type Step, higher, lower, preferred } from './step.ts';

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
    rank: (set) => higher(set.compared.localPreference),
    value: ({ set }) => set.compared.localPreference,
  },
  {
    name: 'etree',
    reason: 'E-tree leaf',
    rank: (set) => preferred(!set.compared.leaf),
    value: ({ set }) => (set.compared.leaf ? 'leaf' : 'root'),
  },
  {
    // The comment in the original means sticky first, its comparison prefers the other.
    name: 'sticky-mac',
    reason: 'sticky MAC',
    rank: (set) => preferred(!set.compared.sticky),
    value: ({ set }) => set.compared.sticky,
  },
  {
    name: 'mobility-sequence',
    reason: 'lower mobility sequence number',
    rank: (set) => higher(set.compared.mobilitySequence),
    value: ({ set }) => set.compared.mobilitySequence,
  },
  {
    name: 'long-lived-stale',
    reason: 'long-lived stale',
    rank: (set) => preferred(!set.compared.longLivedStale),
    flag: pathFlag.longLivedStale,
    value: ({ set, flags }) => (flags & pathFlag.longLivedStale) !== 0 || set.compared.longLivedStale,
  },
  {
    name: 'as-path-length',
    reason: 'longer AS_PATH',
    rank: (set) => set.compared.asPathLength,
    value: ({ set }) => set.compared.asPathLength,
  },
  {
    name: 'origin',
    reason: 'higher ORIGIN',
    rank: (set) => set.compared.origin,
    value: ({ set }) => origins[set.compared.origin] ?? 'incomplete',
  },
  {
    // Paths from agents have no neighbour AS: their MEDs, the mirror image of LOCAL_PREF, are not compared.
    name: 'med',
    reason: 'higher MULTI_EXIT_DISC',
    rank: (set) => lower(set.compared.med),
    within: (set) => set.compared.neighborAs,
    value: ({ set }) => set.compared.med,
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
    rank: (set) => set.compared.clusterListLength,
    value: ({ set }) => set.compared.clusterListLength,
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
