/** The decision process of the standards. @see RFC 4271 §9.1.2, RFC 4456 §9, RFC 7311 §4.1, RFC 9494 §4.3 */
import { compareBytes } from '@vaportrail/net';
import { pathFlag } from '../destinations.ts';
import { distance, distanceWords } from './accumulated-metric.ts';
import { identifier } from './identifier.ts';
import { type RuleSet, type Step, higher, lower, preferred } from './step.ts';
import { origins } from '@vaportrail/bgp/wire';
import { addressText, ipv4Text } from '@vaportrail/net';

const steps: readonly Step[] = [
  {
    name: 'feasible',
    reason: 'not feasible',
    rank: (set) => preferred(set.infeasible === undefined),
    value: ({ set }) => set.infeasible ?? 'feasible',
  },
  {
    name: 'long-lived-stale',
    reason: 'long-lived stale',
    rank: (set) => preferred(!set.compared.longLivedStale),
    flag: pathFlag.longLivedStale,
    value: ({ set, flags }) => (flags & pathFlag.longLivedStale) !== 0 || set.compared.longLivedStale,
  },
  {
    name: 'local-preference',
    reason: 'lower LOCAL_PREF',
    rank: (set) => higher(set.compared.localPreference),
    value: ({ set }) => set.compared.localPreference,
  },
  {
    name: 'aigp',
    reason: 'higher AIGP',
    rank: (set) => lower(distance(set)),
    value: ({ set }) => distanceWords(set),
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
    name: 'med',
    reason: 'higher MULTI_EXIT_DISC',
    rank: (set) => lower(set.compared.med),
    // Paths of our own AS are neighbours too, and 0 would exempt them.
    within: (set) => set.compared.neighborAs || -1,
    value: ({ set }) => set.compared.med,
  },
  {
    name: 'external',
    reason: 'learned by IBGP',
    rank: (set) => preferred(!set.source.internal),
    value: ({ set }) => (set.source.internal ? 'internal' : 'external'),
  },
  {
    name: 'igp-metric',
    reason: 'next hop farther away',
    rank: (set) => lower(set.resolution?.metric ?? 0),
    value: ({ set }) => set.resolution?.metric ?? 0,
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

export const rfc4271: RuleSet = {
  name: 'rfc4271',
  steps,
  multipath: { multipath: { through: 'igp-metric' } },
  defaultMultipath: 'off',
  noDifference: 'no difference',
};
