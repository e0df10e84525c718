import { addressText, parseAddress, parseHex } from '@vaportrail/net';
import t from 'tap';

import { routeProperties } from '../src/contrail-communities.ts';
import { type ReflectedPath, UNRESOLVED, reflectedAttributes } from '../src/reflected-item.ts';

const communities =
  '0002fc00007a1204 030c000000000002 030c00000000000d 0600000000000001 0603525400aa0003 8004fc00007a1202 8071fc0000000006';

function path(change: Partial<ReflectedPath> = {}): ReflectedPath {
  return {
    nextHop: parseAddress('10.1.1.3'),
    label: 25,
    localPref: 200,
    med: 100,
    communities: [],
    properties: routeProperties(parseHex(communities), 64512),
    virtualNetwork: 'default-domain:demo:public',
    ...change,
  };
}

t.test('extended communities say what Contrail means by them', async (t) => {
  t.same(routeProperties(parseHex(communities), 64512), {
    encapsulations: ['gre', 'udp'],
    securityGroups: [8000002],
    tags: [],
    mobility: { sequence: 1, sticky: false },
    routerMac: parseHex('525400aa0003'),
    originVirtualNetwork: 6,
  });
});

// `BgpXmppInetvpn2ControlNodeTest.TagListDifferentAsn` and `SecurityGroupsDifferentAsn` of Contrail.
t.test('security groups and tags of another AS are its own, but for those of everybody', async (t) => {
  const of = (asn: number, ...values: string[]) => {
    const { tags, securityGroups } = routeProperties(parseHex(values.join(' ')), asn);
    return { tags, securityGroups };
  };
  const numbers = ['8084fc00007a11ff', '8084fc00007a1200', '8004fc00007a11ff', '8004fc00007a1200'];
  t.same(of(64512, ...numbers), { tags: [7999999, 8000000], securityGroups: [7999999, 8000000] });
  t.same(of(64511, ...numbers), { tags: [8000000], securityGroups: [7999999] });
  const long = ['8284000111700000', '8084000000000005'];
  t.same(of(70000, ...long), { tags: [5], securityGroups: [] }, 'the pair of a longer AS number');
  t.same(of(70001, ...long), { tags: [], securityGroups: [] });
  t.same(
    of(64512, '8084fbff007a1200', '8084fc0000000003', '8084fc00007a1200').tags,
    [3, 8000000],
    'each once',
  );
});

t.test('two nodes make one item with both next hops, the best first', async (t) => {
  const item = reflectedAttributes([path(), path({ nextHop: parseAddress('10.1.1.4'), label: 31 })]);
  t.same(
    item.nextHops.map((one) => [addressText(one.address), one.label, one.encapsulations]),
    [
      ['10.1.1.3', 25, ['gre', 'udp']],
      ['10.1.1.4', 31, ['gre', 'udp']],
    ],
  );
  t.match(item, {
    version: 1,
    virtualNetwork: 'default-domain:demo:public',
    mobility: { sequence: 1, sticky: false },
    securityGroups: [8000002],
    localPref: 200,
    med: 100,
    loadBalance: { fields: [], decision: 'field-hash' },
    subProtocol: 'interface',
  });
});

t.test('the same next hop from two control nodes stands once', async (t) => {
  t.equal(reflectedAttributes([path(), path({ localPref: 100 })]).nextHops.length, 1);
  t.equal(reflectedAttributes([path(), path({ virtualNetwork: UNRESOLVED })]).nextHops.length, 2);
});

t.test('encapsulations default to gre, and to none without a label', async (t) => {
  const bare = { properties: routeProperties(new Uint8Array(0), 64512) };
  t.same(reflectedAttributes([path(bare)]).nextHops[0]!.encapsulations, ['gre']);
  t.same(reflectedAttributes([path({ ...bare, label: 0 })]).nextHops[0]!.encapsulations, []);
});

t.test('other numbers of GRE and UDP have the same names', async (t) => {
  const properties = routeProperties(parseHex('030c00000000000b 030c000000009089 030c00000000ffff'), 64512);
  t.same(properties.encapsulations, ['gre', 'udp']);
});

t.test('security groups of another AS stay there unless they are global', async (t) => {
  const { securityGroups } = routeProperties(
    parseHex('8004000100000007 80040001007a1202 8004fc00007a1203'),
    64512,
  );
  t.same(securityGroups, [7, 8000003]);
  const pair = routeProperties(parseHex('80040001007a1202 8204000111700001'), 70000);
  t.same(pair.securityGroups, [8000002]);
});

t.test('load balancing is told when it is not the default', async (t) => {
  const properties = routeProperties(parseHex('03aac00080000000'), 64512);
  t.same(reflectedAttributes([path({ properties })]).loadBalance, {
    fields: ['l3-source-address', 'l3-destination-address'],
    decision: 'source-bias',
  });
});

t.test('communities are strings, and a mapped next hop is IPv4', async (t) => {
  const item = reflectedAttributes([
    path({ communities: [0xfc00012c, 0xffffff01], nextHop: parseAddress('::ffff:10.1.1.4') }),
  ]);
  t.same(item.communityTags, ['64512:300', 'no-export']);
  t.equal(addressText(item.nextHops[0]!.address), '10.1.1.4');
});
