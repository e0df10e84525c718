/**
 * How a Junos provider edge chooses in a VRF, with the words it prints behind `Inactive reason:`.
 *
 * Paths are grouped by neighbouring AS; who loses inside its group is `NotBest` and its reason says so, the winner of a group
 * that loses against another group has the bare reason.
 * @see https://www.juniper.net/documentation/us/en/software/junos/vpn-l2/bgp/topics/concept/routing-protocols-address-representation.html
 */
import { addressText, compareBytes, routeDistinguisherText } from '@vaportrail/net';
import type { AttributeSet } from '../attribute-set.ts';
import { pathFlag } from '../destinations.ts';
import type { SourceProtocol } from '../source.ts';
import { comparisons } from './comparisons.ts';
import { type RuleSet, type Step, higher, lower } from './step.ts';

/** Route preference of what this router may hold beside BGP. */
const preference = {
  local: 0,
  static: 5,
  xmpp: 170,
  'service-chain': 170,
  aggregate: 130,
  bgp: 170,
} as const satisfies Record<SourceProtocol, number>;

function routePreference({ source }: AttributeSet): number {
  return source.preference ?? preference[source.protocol];
}

/** Strictly internal routes, then EBGP, then IBGP. */
function exterior({ source }: AttributeSet): number {
  return source.protocol !== 'bgp' ? 0 : source.internal ? 2 : 1;
}

const exteriorNames = ['interior', 'exterior', 'exterior via interior'] as const;
const noRouteDistinguisher = new Uint8Array(8);

/**
 * What is printed when everything up to the peer address ties: two copies of one peer that differ in their route
 * distinguisher. Public captures show this string whenever the other steps tie, but none shows exactly this
 * case: unverified.
 */
const TIE_REASON = 'Update source';

const steps: readonly Step[] = [
  {
    ...comparisons.feasible,
    name: 'usable',
    reason: 'Unusable path',
    value: ({ set }) => set.infeasible ?? 'usable',
  },
  {
    name: 'route-preference',
    reason: 'Route Preference',
    rank: (set) => lower(routePreference(set)),
    value: ({ set }) => routePreference(set),
  },
  { ...comparisons.localPreference, reason: 'Local Preference' },
  { ...comparisons.accumulatedMetric, reason: 'AIGP' },
  { ...comparisons.asPathLength, reason: 'AS path' },
  { ...comparisons.origin, reason: 'Origin' },
  { ...comparisons.med, reason: 'Route Metric or MED comparison' },
  {
    name: 'exterior',
    reason: 'Interior > Exterior > Exterior via Interior',
    rank: exterior,
    value: ({ set }) => exteriorNames[exterior(set)]!,
  },
  { ...comparisons.interiorMetric, reason: 'IGP metric' },
  {
    name: 'gateways',
    reason: 'Number of gateways',
    rank: (set) => higher(set.resolution?.gateways ?? 1),
    value: ({ set }) => set.resolution?.gateways ?? 1,
  },
  {
    // Between paths of external peers the one in use stays, against flapping.
    name: 'active',
    reason: 'Active preferred',
    order: (a, b) =>
      exterior(a.set) === 1 && exterior(b.set) === 1 ? Number(b.incumbent) - Number(a.incumbent) : 0,
    value: ({ incumbent }) => (incumbent ? 'active' : 'newer'),
  },
  {
    name: 'primary',
    reason: 'Secondary path',
    flag: pathFlag.secondary,
    value: ({ flags }) => ((flags & pathFlag.secondary) !== 0 ? 'secondary' : 'primary'),
  },
  { ...comparisons.routerId, reason: 'Router ID' },
  { ...comparisons.clusterListLength, reason: 'Cluster list length' },
  { ...comparisons.peerAddress, reason: 'Update source' },
  {
    // Not documented: inferred from two captures in which the lower next hop won whatever the age.
    name: 'next-hop',
    reason: TIE_REASON,
    order: (a, b) => compareBytes(a.set.nextHop, b.set.nextHop),
    value: ({ set }) => addressText(set.nextHop),
  },
  {
    name: 'route-distinguisher',
    reason: TIE_REASON,
    order: (a, b) =>
      compareBytes(
        a.routeDistinguisher ?? noRouteDistinguisher,
        b.routeDistinguisher ?? noRouteDistinguisher,
      ),
    value: ({ routeDistinguisher }) => routeDistinguisherText(routeDistinguisher ?? noRouteDistinguisher),
  },
];

/** `junos`: one best path unless a table turns one of the knobs. */
export const junos: RuleSet = {
  name: 'junos',
  steps,
  multipath: {
    multipath: { through: 'igp-metric' },
    'vpn-unequal-cost': { through: 'igp-metric', ignoring: ['igp-metric'] },
    'equal-external-internal': { through: 'igp-metric', ignoring: ['igp-metric', 'exterior'] },
  },
  defaultMultipath: 'off',
  group: {
    of: (set) => set.compared.neighborAs,
    prefix: 'Not Best in its group - ',
  },
  noDifference: 'No difference',
};

/** The same with `path-selection always-compare-med`: MEDs of different neighbouring ASes are compared, too. */
export const junosAlwaysCompareMed: RuleSet = {
  ...junos,
  name: 'junos-always-compare-med',
  steps: steps.map((step) => {
    if (step.within === undefined) return step;
    const { within: _within, ...compared } = step;
    return { ...compared, reason: 'Always Compare MED' };
  }),
};
