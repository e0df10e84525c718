/** What steps of more than one set of rules compare; each set says in its own words what the loser is told. */
import { origins } from '@vaportrail/bgp/wire';
import { addressText, compareBytes, ipv4Text } from '@vaportrail/net';
import { pathFlag } from '../destinations.ts';
import { distance, distanceWords } from './accumulated-metric.ts';
import { identifier } from './identifier.ts';
import { type Step, higher, lower, preferred } from './step.ts';

/** Steps without the words for the loser, which a rule set adds as `reason`. */
export const comparisons = {
  feasible: {
    name: 'feasible',
    rank: (set) => preferred(set.infeasible === undefined),
    value: ({ set }) => set.infeasible ?? 'feasible',
  },
  /** Stale here, or stale already where it comes from. @see RFC 9494 §4.3 */
  longLivedStale: {
    name: 'long-lived-stale',
    rank: (set) => preferred(!set.compared.longLivedStale),
    flag: pathFlag.longLivedStale,
    value: ({ set, flags }) => (flags & pathFlag.longLivedStale) !== 0 || set.compared.longLivedStale,
  },
  localPreference: {
    name: 'local-preference',
    rank: (set) => higher(set.compared.localPreference),
    value: ({ set }) => set.compared.localPreference,
  },
  /** @see RFC 7311 §4.1 */
  accumulatedMetric: {
    name: 'aigp',
    rank: (set) => lower(distance(set)),
    value: ({ set }) => distanceWords(set),
  },
  asPathLength: {
    name: 'as-path-length',
    rank: (set) => set.compared.asPathLength,
    value: ({ set }) => set.compared.asPathLength,
  },
  origin: {
    name: 'origin',
    rank: (set) => set.compared.origin,
    value: ({ set }) => origins[set.compared.origin] ?? 'incomplete',
  },
  med: {
    name: 'med',
    rank: (set) => lower(set.compared.med),
    // Paths of our own AS are neighbours too, and 0 would exempt them.
    within: (set) => set.compared.neighborAs || -1,
    value: ({ set }) => set.compared.med,
  },
  interiorMetric: {
    name: 'igp-metric',
    rank: (set) => lower(set.resolution?.metric ?? 0),
    value: ({ set }) => set.resolution?.metric ?? 0,
  },
  routerId: {
    name: 'router-id',
    rank: (set) => lower(identifier(set)),
    value: ({ set }) => ipv4Text(identifier(set)),
  },
  /** @see RFC 4456 §9 */
  clusterListLength: {
    name: 'cluster-list-length',
    rank: (set) => set.compared.clusterListLength,
    value: ({ set }) => set.compared.clusterListLength,
  },
  peerAddress: {
    name: 'peer-address',
    order: (a, b) => compareBytes(a.set.source.address, b.set.source.address),
    value: ({ set }) => addressText(set.source.address),
  },
} as const satisfies Record<string, Omit<Step, 'reason'>>;
