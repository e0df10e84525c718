/**
 * How a Contrail control node chooses: the order of `BgpPath::PathCompare`. Paths that tie through the MED are one ECMP set,
 * without a limit on its size.
 */
import { ipv4At, ipv4Text } from '@vaportrail/net';
import type { AttributeSet } from '../attribute-set.ts';
import type { SourceProtocol } from '../source.ts';
import { comparisons } from './comparisons.ts';
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
  { ...comparisons.feasible, reason: 'not feasible' },
  { ...comparisons.localPreference, reason: 'lower LOCAL_PREF' },
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
  { ...comparisons.longLivedStale, reason: 'long-lived stale' },
  { ...comparisons.asPathLength, reason: 'longer AS_PATH' },
  { ...comparisons.origin, reason: 'higher ORIGIN' },
  {
    // Paths from agents have no neighbour AS: their MEDs, the mirror image of LOCAL_PREF, are not compared.
    ...comparisons.med,
    reason: 'higher MULTI_EXIT_DISC',
    within: (set) => set.compared.neighborAs,
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
  { ...comparisons.routerId, reason: 'higher router id' },
  { ...comparisons.clusterListLength, reason: 'longer CLUSTER_LIST' },
  { ...comparisons.peerAddress, reason: 'higher peer address' },
];

/** `contrail`: the multipath set is on unless a table says otherwise. */
export const contrail: RuleSet = {
  name: 'contrail',
  steps,
  multipath: { multipath: { through: 'med' } },
  defaultMultipath: 'multipath',
  noDifference: 'no difference',
};

function adjusted(name: string, knobs: { alwaysCompareMed?: boolean; ignoreAsPath?: boolean }): RuleSet {
  const { alwaysCompareMed = false, ignoreAsPath = false } = knobs;
  return {
    ...contrail,
    name,
    steps: steps
      .filter((step) => !ignoreAsPath || step.name !== comparisons.asPathLength.name)
      .map((step) => {
        if (!alwaysCompareMed || step.within === undefined) return step;
        const { within: _within, ...compared } = step;
        return compared;
      }),
  };
}

/** The same with knobs of the global configuration: MEDs of any neighbouring ASes are compared, or AS paths are not. */
export const contrailAdjusted = {
  'contrail-always-compare-med': adjusted('contrail-always-compare-med', { alwaysCompareMed: true }),
  'contrail-ignore-as-path': adjusted('contrail-ignore-as-path', { ignoreAsPath: true }),
  'contrail-always-compare-med-ignore-as-path': adjusted('contrail-always-compare-med-ignore-as-path', {
    alwaysCompareMed: true,
    ignoreAsPath: true,
  }),
} as const;
