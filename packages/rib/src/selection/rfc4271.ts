/** The decision process of the standards. @see RFC 4271 §9.1.2, RFC 4456 §9, RFC 7311 §4.1, RFC 9494 §4.3 */
import { comparisons } from './comparisons.ts';
import { type RuleSet, type Step, preferred } from './step.ts';

const steps: readonly Step[] = [
  { ...comparisons.feasible, reason: 'not feasible' },
  { ...comparisons.longLivedStale, reason: 'long-lived stale' },
  { ...comparisons.localPreference, reason: 'lower LOCAL_PREF' },
  { ...comparisons.accumulatedMetric, reason: 'higher AIGP' },
  { ...comparisons.asPathLength, reason: 'longer AS_PATH' },
  { ...comparisons.origin, reason: 'higher ORIGIN' },
  { ...comparisons.med, reason: 'higher MULTI_EXIT_DISC' },
  {
    name: 'external',
    reason: 'learned by IBGP',
    rank: (set) => preferred(!set.source.internal),
    value: ({ set }) => (set.source.internal ? 'internal' : 'external'),
  },
  { ...comparisons.interiorMetric, reason: 'next hop farther away' },
  { ...comparisons.routerId, reason: 'higher router id' },
  { ...comparisons.clusterListLength, reason: 'longer CLUSTER_LIST' },
  { ...comparisons.peerAddress, reason: 'higher peer address' },
];

/** `rfc4271`: one best path unless a table says otherwise. */
export const rfc4271: RuleSet = {
  name: 'rfc4271',
  steps,
  multipath: { multipath: { through: 'igp-metric' } },
  defaultMultipath: 'off',
  noDifference: 'no difference',
};
