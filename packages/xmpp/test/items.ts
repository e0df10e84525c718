/** Items for the tests of this package: the floating IP of the lab, and arbitrary ones. */
import { parseAddress, parseMac, parsePrefix } from '@vaportrail/net';
import fc from 'fast-check';
import type { EnetItem, ItemAttributes, NextHop, UnicastItem } from '../src/index.ts';

export const publicInstance = 'default-domain:demo:public:public';

export const nextHop: NextHop = {
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

export const attributes: ItemAttributes = {
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

export const floatingIp: UnicastItem = { family: 'inet', prefix: parsePrefix('172.16.0.3/32'), attributes };

export const workload: EnetItem = {
  family: 'e-vpn',
  ethernetTag: 0,
  mac: parseMac('02:aa:bb:cc:dd:01'),
  prefix: parsePrefix('10.2.0.4/32'),
  group: '',
  source: '',
  flags: 0,
  attributes: {
    ...attributes,
    nextHops: [{ ...nextHop, virtualNetwork: '', l3Label: 7 }],
    version: 0,
    loadBalance: { fields: [], decision: 'field-hash' },
    olist: [],
    leafOlist: [],
    edgeReplicationNotSupported: false,
    assistedReplicationSupported: true,
    replicatorAddress: '10.1.1.9',
    etreeLeaf: true,
  },
};

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

/** A record that is an object like any other, so that strict comparison holds. */
const plain = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;

/** Text as peers write it, now and then with what XML must escape and with letters beyond ASCII. */
const text = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[a-z][a-z0-9:_. -]{0,20}$/) },
  { weight: 1, arbitrary: fc.stringMatching(/^[&<>"'\]é€ a-z]{1,8}$/) },
);
const u32 = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 0xffff_ffff }));

const anyNextHop: fc.Arbitrary<NextHop> = plain({
  address: fc.oneof({ weight: 4, arbitrary: bytes(4) }, { weight: 1, arbitrary: bytes(16) }),
  label: u32,
  encapsulations: fc.array(fc.constantFrom('gre', 'udp', 'vxlan', 'native', 'mpls-o-gre'), { maxLength: 3 }),
  virtualNetwork: text,
  tags: fc.array(u32, { maxLength: 2 }),
  mac: fc.option(
    bytes(6).filter((mac) => mac.some((octet) => octet !== 0)),
    { nil: undefined },
  ),
  localSequence: u32,
  vni: u32,
  l3Label: fc.constant(0),
});

export const anyAttributes: fc.Arbitrary<ItemAttributes> = plain({
  nextHops: fc.array(anyNextHop, { maxLength: 3 }),
  version: u32,
  virtualNetwork: text,
  // What has never moved cannot be told to stay.
  mobility: plain({ sequence: u32, sticky: fc.boolean() }).map(({ sequence, sticky }) => ({
    sequence,
    sticky: sticky && sequence > 0,
  })),
  securityGroups: fc.array(u32, { maxLength: 3 }),
  communityTags: fc.array(text, { maxLength: 2 }),
  localPref: u32,
  med: u32,
  loadBalance: plain({
    fields: fc.array(fc.constantFrom('l3-source-address', 'l4-protocol'), { maxLength: 2 }),
    decision: fc.constantFrom('field-hash', 'source-bias'),
  }),
  subProtocol: fc.constantFrom('interface', 'interface-static', 'bgpaas'),
});

export const anyUnicastItem: fc.Arbitrary<UnicastItem> = fc
  .record({
    family: fc.constantFrom('inet' as const, 'inet6' as const, 'inet-labeled' as const),
    octets: bytes(16),
    length: fc.integer({ min: 0, max: 128 }),
    attributes: anyAttributes,
  })
  .map(({ family, octets, length, attributes }) => {
    const size = family === 'inet6' ? 16 : 4;
    const address = family === 'inet6' ? octets : octets.subarray(0, 4);
    const groups = [...address].map((octet) => octet.toString(16).padStart(2, '0')).join('');
    const written = size === 16 ? groups.replace(/(....)(?=.)/g, '$1:') : [...address].join('.');
    return { family, prefix: parsePrefix(`${written}/${Math.min(length, size * 8)}`), attributes };
  });
