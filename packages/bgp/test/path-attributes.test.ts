import { hexText, parseHex } from '@vaportrail/net';
import t from 'tap';
import {
  PathAttributes,
  asPathLength,
  asPathText,
  encapsulationCommunity,
  encodeAttributes,
  extendedCommunityName,
  extendedCommunityText,
  mergeAs4Path,
  parseCommunity,
  parseExtendedCommunity,
  parseLargeCommunity,
  communityText,
  prependAs,
  sortExtendedCommunities,
} from '../src/wire/index.ts';

const asn4 = { asn4: true } as const;

t.test('a set is written in the order of codes and read field by field', async (t) => {
  const bytes = encodeAttributes({
    communities: [0xfde80064],
    origin: 'incomplete',
    localPref: 200,
    asPath: [
      { type: 'sequence', asns: [65001, 70000] },
      { type: 'set', asns: [1, 2] },
    ],
    extendedCommunities: parseExtendedCommunity('target:500:500'),
    originatorId: 0x0a010103,
    clusterList: [1, 2],
    aggregator: { asn: 65001, address: 0x0a010101 },
    unknown: [{ flags: 0xe0, code: 6 + 93, value: Uint8Array.of(1) }],
  });
  t.match(hexText(bytes), /^40010102400214/);
  const set = new PathAttributes(bytes, asn4);
  t.match(set, {
    origin: 'incomplete',
    localPref: 200,
    originatorId: 0x0a010103,
    asPathLength: 3,
    neighborAs: 65001,
  });
  t.same(set.communities, [0xfde80064]);
  t.same(set.clusterList, [1, 2]);
  t.same(set.aggregator, { asn: 65001, address: 0x0a010101 });
  t.equal(asPathText(set.asPath), '65001 70000 {1,2}');
  t.equal(set.originAs, 0, 'a path that ends in a set has no origin');
  t.equal(hexText(set.extendedCommunities), '000201f4000001f4');
  t.ok(set.has(99));
  t.match(set, { med: undefined, nextHop: undefined, atomicAggregate: false });
});

t.test('a long value gets a length of two octets', async (t) => {
  const bytes = encodeAttributes({ communities: Array.from({ length: 64 }, () => 1) });
  t.equal(hexText(bytes.subarray(0, 4)), 'd0080100');
  t.equal(new PathAttributes(bytes, asn4).communities.length, 64);
});

t.test('bytes that were never validated give undefined, not an exception', async (t) => {
  const set = new PathAttributes(parseHex('4002030205' + '00'), asn4);
  t.same(set.asPath, []);
  t.equal(new PathAttributes(parseHex('400104'), asn4).origin, undefined);
});

t.test('AS_PATH and AS4_PATH merge as RFC 6793 says', async (t) => {
  const sequence = (...asns: number[]) => [{ type: 'sequence', asns } as const];
  t.same(mergeAs4Path(sequence(100, 23456, 23456), sequence(70000, 70001)), sequence(100, 70000, 70001));
  t.same(mergeAs4Path(sequence(100), sequence(70000, 70001)), sequence(100), 'a longer AS4_PATH is stale');
  t.same(mergeAs4Path(sequence(100, 200), []), sequence(100, 200));
  const confed = { type: 'confed-sequence', asns: [64512] } as const;
  t.same(
    mergeAs4Path([...sequence(100, 23456), confed], sequence(70000)),
    sequence(100, 70000),
    'a confederation behind what AS4_PATH stands for goes with it',
  );
  t.same(mergeAs4Path([confed, ...sequence(100, 23456)], sequence(70000)), [confed, ...sequence(100, 70000)]);
  t.same(
    mergeAs4Path([...sequence(100), { type: 'set', asns: [1, 2] }], [{ type: 'set', asns: [70000, 2] }]),
    [...sequence(100), { type: 'set', asns: [70000, 2] }],
  );
});

t.test('a two-octet AGGREGATOR that is not AS_TRANS makes AS4_PATH and AS4_AGGREGATOR void', async (t) => {
  const path = '4002040201' + '5ba0' + 'c01106' + '0201' + '00011170' + 'c01208' + '000111700a010101';
  t.same(new PathAttributes(parseHex(path), { asn4: false }).asPath, [{ type: 'sequence', asns: [70000] }]);
  const stale = new PathAttributes(parseHex(path + 'c00706' + 'fde80a010101'), { asn4: false });
  t.same(stale.asPath, [{ type: 'sequence', asns: [23456] }]);
  t.equal(stale.aggregator?.asn, 65000);
  const merged = new PathAttributes(parseHex(path + 'c00706' + '5ba00a010101'), { asn4: false });
  t.equal(merged.aggregator?.asn, 70000);
});

t.test('paths are counted and prepended to', async (t) => {
  const full = { type: 'sequence', asns: Array.from({ length: 255 }, () => 1) } as const;
  t.same(prependAs([{ type: 'set', asns: [1] }], 5, 2)[0], { type: 'sequence', asns: [5, 5] });
  t.same(prependAs([{ type: 'sequence', asns: [1] }], 5), [{ type: 'sequence', asns: [5, 1] }]);
  t.equal(prependAs([full], 5).length, 2);
  t.equal(
    asPathLength([{ type: 'confed-sequence', asns: [1, 2] }, full, { type: 'set', asns: [1, 2] }]),
    256,
  );
});

t.test('extended communities have names, Contrail and all', async (t) => {
  for (const [hex, text] of [
    ['0002fc00007a1204', 'target:64512:8000004'],
    ['01020a0101010005', 'target:10.1.1.1:5'],
    ['0202000111700005', 'target:70000:5'],
    ['02020000fc000005', 'target:64512L:5'],
    ['030c00000000000d', 'encapsulation:udp'],
    ['030c000000009089', 'encapsulation:udp-contrail'],
    ['8071fc0000000006', 'origin-vn:64512:6'],
    ['8004fc00007a1202', 'security-group:64512:8000002'],
    ['8084fc0000000001', 'tag:64512:1'],
    ['0600000000000001', 'mobility:non-sticky:1'],
    ['0600010000000001', 'mobility:sticky:1'],
    ['0603525400aa0003', 'router-mac:52:54:00:aa:00:03'],
    ['03aa880000000000', 'load-balance:l3-source-address,l4-destination-port'],
    ['c000000000070000', 'local-sequence:7'],
    ['c000000000070001', '0xc000000000070001'],
    ['4004fde849989680', 'link-bandwidth:65000:1250000'],
    ['8006000000000000', 'traffic-rate:0:0'],
    ['030d000000000000', 'default-gateway'],
    ['4300000000000002', 'origin-validation:invalid'],
    ['8007000000000000', 'traffic-action'],
    ['8007000000000003', 'traffic-action:sample,terminal'],
    ['800a130005dc0064', 'layer2-info:19:0:1500:100'],
    ['0004fde849989680', 'transitive-link-bandwidth:65000:1250000'],
    ['4301800100000064', 'cost:128:1:100'],
    ['0800000000000001', 'redirect-to-next-hop:copy'],
    ['010c0a0101010000', 'redirect-ip:10.1.1.1:0'],
    ['8008fde800000064', 'redirect:65000:100'],
    ['82080001000a0064', 'redirect:65546:100'],
    ['0306000000000501', 'ospf-route-type:0.0.0.0:5:1'],
    ['8000000000000501', 'old-ospf-route-type:0.0.0.0:5:1'],
    ['8001ac1002010000', 'old-ospf-router-id:172.16.2.1'],
    ['0604000205dc0000', 'l2-attributes:2:1500'],
    ['0606024000007fff', 'df-election:2:16384:0:32767'],
    ['0608030000000000', 'arp-nd:override,router'],
    ['0608800000000000', '0x0608800000000000'],
    ['0609000300000000', 'multicast-flags:igmp,mld'],
    ['0c00000a0000000a', 'mup-segment:10:10'],
    ['0123456789abcdef', '0x0123456789abcdef'],
  ] as const) {
    t.equal(extendedCommunityText(parseHex(hex)), text);
    t.equal(hexText(parseExtendedCommunity(text)), hex);
  }
  t.equal(extendedCommunityName(parseHex('8071fc0000000006')), 'origin-vn');
  t.equal(hexText(encapsulationCommunity('gre')), '030c000000000002');
  for (const wrong of [
    'target:1',
    'nonsense:1:2',
    'mobility:7',
    'encapsulation:pigeon',
    'etree:leaf',
    '0x12',
    'color:1',
    'traffic-action:samples',
    'layer2-info:1:2:3',
    'cost:256:1:1',
  ]) {
    t.throws(() => parseExtendedCommunity(wrong), RangeError, wrong);
  }
});

t.test('extended communities are sorted by octets and each stands once', async (t) => {
  const list = ['8004fc00007a1202', '0002fc00007a1204', '8004fc00007a1202'].map((hex) => parseHex(hex));
  t.equal(hexText(sortExtendedCommunities(list)), '0002fc00007a12048004fc00007a1202');
});

t.test('communities are numbers with names for some', async (t) => {
  t.equal(communityText(parseCommunity('64512:100')), '64512:100');
  t.equal(communityText(parseCommunity('no-export')), 'no-export');
  t.same(parseLargeCommunity('64512:1:4294967295'), [64512, 1, 4294967295]);
  for (const wrong of ['65536:1', '1', 'a:b', '1:65536']) t.throws(() => parseCommunity(wrong), RangeError);
  for (const wrong of ['1:2', '1:2:4294967296', '1:2:x'])
    t.throws(() => parseLargeCommunity(wrong), RangeError);
});
