import assert from 'node:assert/strict';
import { type AttributeFields, PathAttributes, encodeAttributes } from '@vaportrail/bgp/wire';
import { parseAddress, parsePrefix, parseRouteTarget, routeTargetText } from '@vaportrail/net';
import { type AttributeSet, Rib } from '@vaportrail/rib';
import t from 'tap';
import { policyOptions } from '../../src/policy/policy-options.ts';
import { VrfPolicy, targetsOf } from '../../src/policy/vrf-policy.ts';

const rib = new Rib({ asn: 64512, routerId: 1 });
const peer = rib.addSource({ name: 'peer', protocol: 'bgp', address: parseAddress('10.0.0.9'), asn: 65001 });
const host = parsePrefix('101.101.101.252/32');

/** A route as a policy sees it. */
function route(fields: AttributeFields = {}, nextHop = '10.169.25.20'): AttributeSet {
  const encoded = encodeAttributes({ origin: 'igp', asPath: [], localPref: 100, ...fields });
  const attributes = new PathAttributes(encoded, { asn4: true });
  return { source: peer, attributes, nextHop: parseAddress(nextHop) } as AttributeSet;
}

const community = [
  { name: 'gold', members: ['64512:300'] },
  { name: 'both', members: ['64512:300', 'target:500:500'] },
  { name: 'k8s', members: 'target:500:500' },
  { name: 'wide', members: 'large:64512:1:2' },
];

/** What a policy of these terms makes of a route: its verdict, or the attributes it changes. */
function outcome(terms: object[], set: AttributeSet, prefix = host): object | string {
  const options = policyOptions.parse({ community, 'policy-statement': [{ name: 'p', terms }] });
  const policy = new VrfPolicy(['p'], options);
  const verdict = policy.judge(set, policy.kindOf?.(prefix) ?? 0);
  assert.deepEqual(policy.explain(set, prefix).verdict, verdict, 'the explanation says what was done');
  if (verdict.action !== 'modify') return verdict.action;
  const { localPref, med, asPath, communities, extendedCommunities, largeCommunities } = new PathAttributes(
    verdict.attributes,
    { asn4: true },
  );
  const targets = Array.from({ length: extendedCommunities.length / 8 }, (_, i) =>
    routeTargetText(extendedCommunities, i * 8),
  );
  return { localPref, med, asPath, communities, targets, largeCommunities };
}

const gold = 64512 * 65536 + 300;

t.test('terms are asked in order, and what none accepts is rejected', async (t) => {
  t.equal(outcome([{ name: 'all', then: 'accept' }], route()), 'accept');
  t.equal(outcome([{ name: 'marks', then: { metric: 5 } }], route()), 'reject');
  const terms = [
    { name: 'first', from: { community: 'gold' }, then: { 'local-preference': 300 } },
    { name: 'second', from: { protocol: 'static' }, then: 'reject' },
    { name: 'third', then: { metric: 7, action: 'accept' } },
  ];
  t.match(outcome(terms, route({ communities: [gold] })), { localPref: 300, med: 7 });
  t.match(outcome(terms, route()), { localPref: 100, med: 7 });
});

t.test('a route matches by communities, next hop, peer and prefix', async (t) => {
  const accepts = (from: object, set: AttributeSet, prefix = host): boolean =>
    outcome([{ name: 'x', from, then: 'accept' }], set, prefix) === 'accept';
  const target = parseRouteTarget('500:500');
  t.ok(accepts({ community: 'k8s' }, route({ extendedCommunities: target })));
  t.notOk(accepts({ community: 'both' }, route({ extendedCommunities: target })), 'all members of one');
  t.ok(accepts({ community: ['both', 'gold'] }, route({ communities: [gold] })), 'or of another one');
  t.ok(accepts({ community: 'wide' }, route({ largeCommunities: [[64512, 1, 2]] })));
  t.ok(accepts({ 'next-hop': ['10.169.25.21', '10.169.25.20'] }, route()));
  t.notOk(accepts({ 'next-hop': '10.169.25.21' }, route()));
  t.ok(accepts({ neighbor: '10.0.0.9', protocol: 'bgp' }, route()));
  t.notOk(accepts({ neighbor: '10.0.0.9', protocol: ['static', 'direct'] }, route()));
  const filter = (text: string | string[], prefix: string): boolean =>
    accepts({ 'route-filter': text }, route(), parsePrefix(prefix));
  t.ok(filter('101.101.101.0/24 orlonger', '101.101.101.252/32'));
  t.ok(filter('101.101.101.0/24 orlonger', '101.101.101.0/24'));
  t.notOk(filter('101.101.101.0/24 longer', '101.101.101.0/24'));
  t.notOk(filter('101.101.101.0/24 exact', '101.101.101.252/32'));
  t.ok(filter('101.101.101.0/24 upto /28', '101.101.101.16/28'));
  t.notOk(filter('101.101.101.0/24 upto /28', '101.101.101.252/32'));
  t.notOk(
    filter(['101.0.0.0/8 orlonger', '101.101.101.0/24 exact'], '101.101.101.252/32'),
    'the longest decides',
  );
  t.ok(filter('2001:db8::/32 orlonger', '2001:db8:1::/48'));
  t.notOk(filter('0.0.0.0/0 orlonger', '2001:db8:1::/48'));
});

t.test('actions change attributes, and leave the others as they are', async (t) => {
  const set = route({
    communities: [gold, 1],
    extendedCommunities: parseRouteTarget('500:500'),
    asPath: [{ type: 'sequence', asns: [65001] }],
  });
  const then = (actions: object): object | string =>
    outcome([{ name: 'x', then: { ...actions, action: 'accept' } }], set);
  t.match(then({ 'as-path-prepend': [64512, 64513] }), {
    asPath: [{ type: 'sequence', asns: [64512, 64513, 65001] }],
    communities: [gold, 1],
    targets: ['500:500'],
  });
  t.match(then({ community: { delete: 'both' } }), { communities: [1], targets: [] });
  t.match(then({ community: { add: ['wide', 'gold'] } }), {
    communities: [gold, 1],
    largeCommunities: [[64512, 1, 2]],
  });
  t.match(then({ community: { set: 'k8s' } }), { communities: [], targets: ['500:500'] });
});

t.test('a policy hands over to the next one, and names the term that decided', async (t) => {
  const options = policyOptions.parse({
    'policy-statement': [
      {
        name: 'a',
        terms: [
          { name: 'out', then: { metric: 3, action: 'next-policy' } },
          { name: 'never', then: 'reject' },
        ],
      },
      { name: 'b', terms: [{ name: 'in', from: { 'next-hop': '10.169.25.20' }, then: 'accept' }] },
    ],
  });
  const policy = new VrfPolicy(['a', 'b'], options);
  t.match(policy.explain(route(), host), {
    verdict: { action: 'modify' },
    term: 'policy-statement b term in',
  });
  t.match(policy.explain(route({}, '1.1.1.1'), host), { verdict: { action: 'reject' }, term: undefined });
  t.equal(policy.kindOf, undefined, 'no term looks at prefixes');
});

t.test('the route targets that an import policy names, and mistakes in one', async (t) => {
  const terms = [{ name: 'x', from: { community: ['both', 'gold'] }, then: 'accept' }];
  const options = policyOptions.parse({ community, 'policy-statement': [{ name: 'p', terms }] });
  t.same(targetsOf(['p'], options), [parseRouteTarget('500:500')]);
  t.same(targetsOf([], options), []);
  const problems = (input: object): string[] =>
    policyOptions
      .safeParse(input)
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
  t.same(
    problems({ 'policy-statement': [{ name: 'p', terms: [{ name: 'x', from: { community: 'no' } }] }] }),
    ['policy-statement.0.terms.0.from.community: there is no community "no" in policy-options'],
  );
  t.match(problems({ community: [{ name: 'c', members: ['target:nonsense'] }] }), [/^community.0.members/]);
  t.match(
    problems({
      'policy-statement': [{ name: 'p', terms: [{ name: 'x', from: { 'route-filter': '10.0.0.0/8' } }] }],
    }),
    [/must be a prefix and how it matches/],
  );
});
