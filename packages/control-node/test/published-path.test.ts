import { PathAttributes } from '@vaportrail/bgp/wire';
import { hexText, parseAddress, parseHex, parseMac, parsePrefix } from '@vaportrail/net';
import type { ItemAttributes, NextHop, UnicastItem } from '@vaportrail/xmpp';
import t from 'tap';

import { ItemDropped } from '../src/item-dropped.ts';
import { tagsOfLarge } from '../src/large-tag.ts';
import { multiExitDiscriminator, publishedPath } from '../src/published-path.ts';

const nextHop: NextHop = {
  address: parseAddress('10.1.1.3'),
  label: 25,
  encapsulations: ['gre', 'udp'],
  virtualNetwork: 'default-domain:demo:public',
  tags: [],
  mac: parseMac('52:54:00:aa:00:03'),
  localSequence: 0,
  vni: 0,
  l3Label: 0,
};

const attributes: ItemAttributes = {
  nextHops: [nextHop],
  version: 1,
  virtualNetwork: '',
  mobility: { sequence: 1, sticky: false },
  securityGroups: [8000002],
  communityTags: [],
  localPref: 200,
  med: 0,
  loadBalance: { fields: [], decision: 'field-hash' },
  subProtocol: 'interface',
};

function item(change: Partial<ItemAttributes> = {}, hop: Partial<NextHop> = {}): UnicastItem {
  return {
    family: 'inet',
    prefix: parsePrefix('172.16.0.3/32'),
    attributes: { ...attributes, nextHops: [{ ...nextHop, ...hop }], ...change },
  };
}

const vrf = { asn: 64512, master: false };

t.test('a floating IP of compute-1 becomes the attributes of the reference', async (t) => {
  const path = publishedPath(item(), vrf);
  t.equal(
    hexText(path.attributes),
    hexText(
      parseHex(
        '40010102 400200 80040400000064 400504000000c8 c01028' +
          '030c000000000002 030c00000000000d 0600000000000001 0603525400aa0003 8004fc00007a1202',
      ),
    ),
  );
  t.equal(hexText(path.nextHop), '0a010103');
  t.equal(path.label, 25);
  t.equal(path.infeasible, undefined);
});

t.test('the pod route of the Day One lab carries its security group and tags in order', async (t) => {
  const path = publishedPath(
    item(
      { mobility: { sequence: 0, sticky: false }, securityGroups: [8000007] },
      {
        address: parseAddress('10.169.25.20'),
        label: 44,
        mac: undefined,
        tags: [0x10000, 0xff0004, 0x1020006, 0x1030001],
      },
    ),
    { asn: 60100, master: false },
  );
  t.equal(
    hexText(path.attributes),
    hexText(
      parseHex(
        '40010102 400200 80040400000064 400504000000c8 c01038' +
          '030c000000000002 030c00000000000d 8004eac4007a1207' +
          '8084eac400010000 8084eac400ff0004 8084eac401020006 8084eac401030001',
      ),
    ),
  );
});

t.test('the metric mirrors the preference', async (t) => {
  t.equal(multiExitDiscriminator(0, 100), 200);
  t.equal(multiExitDiscriminator(0, 200), 100);
  t.equal(multiExitDiscriminator(0, 0), 0);
  t.equal(multiExitDiscriminator(0, 150), 0xffffffff - 150);
  t.equal(multiExitDiscriminator(7, 200), 7);
});

t.test('an agent without preference gets 100 and no metric', async (t) => {
  const { attributes } = publishedPath(
    item(
      { localPref: 0, securityGroups: [], mobility: { sequence: 0, sticky: false } },
      { mac: undefined, encapsulations: [] },
    ),
    vrf,
  );
  t.equal(hexText(attributes), hexText(parseHex('40010102 400200 40050400000064')));
});

t.test('communities are read from their strings, and what cannot be read is left out', async (t) => {
  const { attributes } = publishedPath(
    item({ communityTags: ['64512:300', 'no-export', 'accept-own', '64512', '70000:1'] }, {}),
    vrf,
  );
  t.match(hexText(attributes), 'c0080cfc00012cffff0001ffffff01');
});

t.test('numbers of a long AS go in pairs', async (t) => {
  const { attributes } = publishedPath(
    item({ mobility: { sequence: 0, sticky: false } }, { mac: undefined, encapsulations: [], tags: [7] }),
    { asn: 70000, master: false },
  );
  const extended = hexText(attributes).split('c01020')[1];
  t.equal(
    extended,
    ['8004000000' + '7a1202', '8084000000000007', '8204000111700000', '8284000111700000'].join(''),
  );
});

t.test('routes of the underlay have no extended communities', async (t) => {
  const underlay = publishedPath(item({}, { label: 0 }), { ...vrf, master: true });
  t.notMatch(hexText(underlay.attributes), 'c010');
});

t.test('an IPv6 next hop drops the item', async (t) => {
  t.throws(() => publishedPath(item({}, { address: parseAddress('2001:db8::1') }), vrf), ItemDropped);
});

t.test('a path without any known encapsulation is kept and cannot be used', async (t) => {
  const infeasible = (...encapsulations: string[]) =>
    publishedPath(item({}, { encapsulations }), vrf).infeasible;
  t.equal(infeasible('mpls-o-gre'), 'no-tunnel-encapsulation');
  t.equal(infeasible('constructor'), 'no-tunnel-encapsulation');
  t.equal(infeasible('mpls-o-gre', 'udp'), undefined);
  t.equal(infeasible(), undefined);
});

t.test('items of one shape share their attributes, and any difference but the label counts', async (t) => {
  const { attributes: some } = publishedPath(item(), vrf);
  t.equal(publishedPath(item({}, { label: 31 }), vrf).attributes, some, 'the very same octets');
  const changes: [Partial<ItemAttributes>, Partial<NextHop>][] = [
    [{ mobility: { sequence: 2, sticky: false } }, {}],
    [{ securityGroups: [8000003] }, {}],
    [{ communityTags: ['64512:7'] }, {}],
    [{ localPref: 100 }, {}],
    [{ med: 50 }, {}],
    [{}, { encapsulations: ['vxlan'] }],
    [{}, { tags: [0x10001] }],
    [{}, { mac: undefined }],
    [{}, { localSequence: 3 }],
  ];
  for (const [change, hop] of changes) {
    const shared = publishedPath(item(change, hop), vrf);
    const alone = publishedPath(item({ ...change, loadBalance: { ...attributes.loadBalance } }, hop), vrf);
    t.equal(hexText(shared.attributes), hexText(alone.attributes), JSON.stringify({ ...change, ...hop }));
    t.not(hexText(shared.attributes), hexText(some));
  }
});

// Tags of OpenSDN have 64 bits; `TagLC` there.
t.test(
  'a tag that is too long for an extended community is a large one, and so are all beside it',
  async (t) => {
    const tags = [0x2_0000_0001, 7, 0x1234_5678_9abc, 2 ** 60];
    const { attributes: bytes } = publishedPath(item({}, { tags, mac: undefined }), vrf);
    const attributes = new PathAttributes(bytes, { asn4: true });
    t.same(attributes.largeCommunities, [
      [64512, 0x0100_0000, 7],
      [64512, 0x0100_0002, 1],
      [64512, 0x0100_1234, 0x5678_9abc],
    ]);
    t.match(hexText(attributes.extendedCommunities), '8084fc0000000007');
    t.same(tagsOfLarge(attributes.largeCommunities, 64512), [7, 0x2_0000_0001, 0x1234_5678_9abc]);
    t.same(
      tagsOfLarge(attributes.largeCommunities, 64511),
      [0x2_0000_0001, 0x1234_5678_9abc],
      'in another AS those of everybody',
    );
    t.equal(tagsOfLarge([[64512, 5, 7]], 64512), undefined, 'other large communities are none');
    const short = new PathAttributes(publishedPath(item({}, { tags: [7, 0xffff_ffff] }), vrf).attributes, {
      asn4: true,
    });
    t.same(short.largeCommunities, []);
    const underlay = publishedPath(item({}, { tags, label: 0 }), { asn: 64512, master: true });
    t.same(
      new PathAttributes(underlay.attributes, { asn4: true }).largeCommunities,
      [],
      'the underlay has none',
    );
  },
);
