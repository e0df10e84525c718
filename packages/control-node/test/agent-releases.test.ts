// What agents of other releases and other makes write: the same routes in other words, and what only looks like one.
import { MASTER_INSTANCE } from '@vaportrail/xmpp';

import { type Case, cases } from './agent-cases.ts';
import { type EntryText, encapsulations, hop, hopFields, hops, nlri } from './agent-text.ts';
import { RED } from './running.ts';

const leaf = (name: string, value: string): string => `<${name}>${value}</${name}>`;
const inHop = (change: EntryText): EntryText => ({ 'next-hops': hops(hop(change)) });
const address = (text: string, afi = '<af>1</af>'): EntryText =>
  inHop({ af: afi, address: leaf('address', text) });
const tunnels = (...names: readonly string[]): EntryText =>
  inHop({ encapsulations: encapsulations(...names) });
/** The usual communities of a route, and others. */
const communities = (...more: readonly string[]): { extendedCommunities: readonly string[] } => ({
  extendedCommunities: ['encapsulation:gre', 'encapsulation:udp', ...more],
});

cases('labels that mean something elsewhere are labels of agents like any', [
  ['explicit null of IPv6', inHop({ label: leaf('label', '2') }), { path: { label: 2 }, vpn: { label: 2 } }],
  ['implicit null', inHop({ label: leaf('label', '3') }), { path: { label: 3 }, vpn: { label: 3 } }],
  ['the last reserved one', inHop({ label: leaf('label', '15') }), { path: { label: 15 } }],
  ['one in a VNI field alone', inHop({ label: '', vni: leaf('vni', '25') }), { dropped: /label 0/ }],
  ['a VNI beside it', inHop({ vni: leaf('vni', '5000') }), { path: { label: 25 } }],
  ['a VNI that is none', inHop({ vni: leaf('vni', 'x') }), { dropped: /vni is not a number/ }],
  ['digits of another script', inHop({ label: leaf('label', '٢٥') }), { dropped: /label is not a number/ }],
  ['a blank inside', inHop({ label: leaf('label', '2 5') }), { dropped: /label is not a number/ }],
  ['a no-break space around', inHop({ label: leaf('label', '&#160;25') }), { path: { label: 25 } }],
]);

cases('prefixes are told in one way', [
  ['host bits', { nlri: nlri('10.3.4.5/16') }, { path: { label: 25 }, prefix: '10.3.0.0/16' }],
  ['host bits of the default route', { nlri: nlri('10.3.4.5/0') }, { path: {}, prefix: '0.0.0.0/0' }],
  ['a length with a zero before it', { nlri: nlri('10.3.4.5/032') }, { path: {}, prefix: '10.3.4.5/32' }],
  ['an octet with a zero before it', { nlri: nlri('10.3.4.05/32') }, { dropped: /not a prefix/ }],
  ['a mask', { nlri: nlri('10.3.4.0/255.255.255.0') }, { dropped: /not a prefix/ }],
  ['a number for an address', { nlri: nlri('168430085/32') }, { dropped: /not a prefix/ }],
  ['hexadecimal', { nlri: nlri('0xa.3.4.5/32') }, { dropped: /not a prefix/ }],
  ['a blank before the slash', { nlri: nlri('10.3.4.5 /32') }, { dropped: /not a prefix/ }],
  ['multicast', { nlri: nlri('225.0.0.1/32') }, { path: { label: 25 }, prefix: '225.0.0.1/32' }],
  ['broadcast', { nlri: nlri('255.255.255.255/32') }, { path: {}, prefix: '255.255.255.255/32' }],
  ['the loopback', { nlri: nlri('127.0.0.1/32') }, { path: {}, prefix: '127.0.0.1/32' }],
  [
    'an AFI with blanks and zeros',
    { nlri: '<nlri><af> 01 </af><safi>&#49;</safi><address>10.3.4.5/32</address></nlri>' },
    { path: {}, prefix: '10.3.4.5/32' },
  ],
  [
    'fields in another order, and others between',
    { nlri: '<nlri><address>10.3.4.5/32</address><path-id>7</path-id><safi>1</safi><af>1</af></nlri>' },
    { path: {}, prefix: '10.3.4.5/32' },
  ],
  [
    'two of them: the first counts',
    { nlri: nlri('10.3.4.5/32') + nlri('10.3.4.6/32') },
    { path: {}, prefix: '10.3.4.5/32' },
  ],
  [
    'an address in pieces',
    { nlri: '<nlri><af>1</af><safi>1</safi><address>10.3<![CDATA[.4]]>&#46;5&#x2f;32</address></nlri>' },
    { path: {}, prefix: '10.3.4.5/32' },
  ],
]);

const v6 = (text: string): EntryText => ({ nlri: nlri(text, [2, 1]) });
cases(
  'IPv6 prefixes are told in one way',
  [
    ['capitals', v6('2001:DB8::A/128'), { path: { label: 25 }, prefix: '2001:db8::a/128', rd: '10.1.1.3:4' }],
    [
      'all groups',
      v6('2001:0db8:0000:0000:0000:0000:0000:0009/128'),
      { path: {}, prefix: '2001:db8::9/128' },
    ],
    ['host bits', v6('2001:db8::9/64'), { path: {}, prefix: '2001:db8::/64' }],
    ['an IPv4 tail', v6('64:ff9b::10.3.4.5/128'), { path: {}, prefix: '64:ff9b::a03:405/128' }],
    ['a mapped address', v6('::ffff:10.3.4.5/128'), { path: {} }],
    ['link-local', v6('fe80::1/128'), { path: {}, prefix: 'fe80::1/128' }],
    ['brackets', v6('[2001:db8::9]/128'), { dropped: /not a prefix/ }],
    ['two gaps', v6('2001::db8::9/128'), { dropped: /not a prefix/ }],
    ['nine groups', v6('1:2:3:4:5:6:7:8:9/128'), { dropped: /not a prefix/ }],
    ['a group too long', v6('2001:00db8::9/128'), { dropped: /not a prefix/ }],
    [
      'what makes communities of IPv4 makes them here',
      {
        mobility: '<mobility seqno="4" sticky="true"/>',
        'security-groups': `<security-group-list>${leaf('security-group', '8000002')}</security-group-list>`,
        communities: `<community-tag-list>${leaf('community-tag', 'no-export')}</community-tag-list>`,
      },
      {
        path: {
          sequence: 4,
          communities: ['no-export'],
          ...communities('mobility:sticky:4', 'security-group:64512:8000002'),
        },
      },
    ],
    ['no encapsulation is known', tunnels('pigeon'), { path: { feasible: false } }],
    ['no next hop', { 'next-hops': '<next-hops/>' }, { dropped: /0 next hops/ }],
    ['two next hops', { 'next-hops': hops(hop(), hop()) }, { dropped: /2 next hops/ }],
    ['the next hop ::', address('::', '<af>2</af>'), { dropped: /unspecified/ }],
  ],
  { family: '2/1', table: `${RED}.inet6.0`, vpnTable: 'bgp.l3vpn-inet6.0' },
);

cases('next hops', [
  [
    'an AFI that does not fit its address',
    address('10.1.1.3', '<af>2</af>'),
    { path: { nextHop: '10.1.1.3' } },
  ],
  ['a mapped address', address('::ffff:10.1.1.3'), { dropped: /not IPv4/ }],
  ['two addresses in a list', address('10.1.1.3, 10.1.1.4'), { dropped: /not an address/ }],
  ['a port', address('10.1.1.3:5269'), { dropped: /not an address/ }],
  [
    'fields in another order',
    { 'next-hops': hops(`<next-hop>${Object.values(hopFields).toReversed().join('')}</next-hop>`) },
    { path: { nextHop: '10.1.1.3', label: 25 } },
  ],
  ['what younger releases add', inHop({ more: leaf('is-new-tags-list', 'true') }), { path: { label: 25 } }],
  [
    'peers, as younger releases tell them',
    { more: '<peers><peer>10.1.1.9</peer></peers>' },
    { path: { label: 25 } },
  ],
  [
    'labels and encapsulations that differ',
    {
      'next-hops': hops(
        hop({ encapsulations: encapsulations('udp') }),
        hop({ label: leaf('label', '26'), encapsulations: encapsulations('vxlan') }),
      ),
    },
    { dropped: /2 next hops/ },
  ],
  ['an empty one', { 'next-hops': '<next-hops><next-hop/></next-hops>' }, { dropped: /not an address/ }],
  ['one outside of the list', { 'next-hops': hop() }, { dropped: /0 next hops/ }],
  [
    'a local sequence number',
    inHop({ 'local-sequence-number': leaf('local-sequence-number', '7') }),
    { path: { label: 25 } },
  ],
  [
    'a local sequence number that is none',
    inHop({ 'local-sequence-number': leaf('local-sequence-number', '7.5') }),
    { dropped: /local-sequence-number is not/ },
  ],
  [
    'a network of another name',
    inHop({ 'virtual-network': leaf('virtual-network', 'a:b:c') }),
    {
      path: { originVirtualNetwork: 'default-domain:demo:red' },
      vpn: { originVirtualNetwork: 'default-domain:demo:red' },
    },
  ],
]);

cases('encapsulations', [
  ['an empty name', tunnels(''), { path: { feasible: false } }],
  [
    'an empty name beside a known one',
    tunnels('', 'udp'),
    { path: { feasible: true, encapsulations: ['udp'] } },
  ],
  ['blanks around a name', tunnels(' udp '), { path: { feasible: false } }],
  [
    'the list in a list',
    inHop({
      encapsulations: `<tunnel-encapsulation-list>${encapsulations('udp')}</tunnel-encapsulation-list>`,
    }),
    { path: { feasible: true } },
  ],
  ['native alone', tunnels('native'), { path: { feasible: true, encapsulations: ['native'] } }],
  ['a name as a character reference', tunnels('&#117;dp'), { path: { encapsulations: ['udp'] } }],
  ['64 of them', tunnels(...Array.from({ length: 64 }, () => 'udp')), { path: { encapsulations: ['udp'] } }],
  ['65 of them', tunnels(...Array.from({ length: 65 }, () => 'udp')), { dropped: /64 entries/ }],
]);

cases('preferences and metrics', [
  ['1', { 'local-preference': leaf('local-preference', '1') }, { path: { localPref: 1, med: 0xffff_fffe } }],
  [
    'the largest has no metric',
    { 'local-preference': leaf('local-preference', '4294967295') },
    { path: { localPref: 0xffff_ffff, med: undefined as never } },
  ],
  [
    'an empty one',
    { 'local-preference': '<local-preference/>' },
    { path: { localPref: 100, med: undefined as never } },
  ],
  [
    'a metric without preference',
    { 'local-preference': '', med: leaf('med', '7') },
    { path: { localPref: 100, med: 7 } },
  ],
  ['the largest metric', { med: leaf('med', '4294967295') }, { path: { med: 0xffff_ffff } }],
  ['a metric too large', { med: leaf('med', '4294967296') }, { dropped: /med is not/ }],
]);

cases('sequence numbers and mobility', [
  [
    'no mobility, as of old',
    { mobility: '', 'sequence-number': leaf('sequence-number', '9') },
    { path: { sequence: 9, ...communities('mobility:non-sticky:9') } },
  ],
  ['neither', { mobility: '', 'sequence-number': '' }, { path: communities() }],
  [
    'mobility without attributes',
    { mobility: '<mobility/>', 'sequence-number': leaf('sequence-number', '9') },
    { path: { sequence: 9 } },
  ],
  [
    'mobility with a number alone',
    { mobility: '<mobility seqno="9"/>' },
    { path: communities('mobility:non-sticky:9') },
  ],
  ['empty attributes', { mobility: '<mobility seqno="" sticky=""/>' }, { path: communities() }],
  [
    'numbers between blanks',
    { mobility: '<mobility seqno=" 9 " sticky=" true "/>' },
    { path: communities('mobility:sticky:9') },
  ],
  [
    'attributes of a name space',
    { mobility: '<mobility xmlns:a="b" a:seqno="8" seqno="9" sticky="false"/>' },
    { path: { sequence: 9 } },
  ],
  [
    'elements instead of attributes',
    { mobility: '<mobility><seqno>9</seqno></mobility>' },
    { path: communities() },
  ],
  ['a negative number', { mobility: '<mobility seqno="-1" sticky="false"/>' }, { dropped: /seqno is not/ }],
  [
    'an older field that is none',
    { 'sequence-number': leaf('sequence-number', 'x') },
    { dropped: /sequence-number is not/ },
  ],
]);

const groups = (...list: readonly string[]): EntryText => ({
  'security-groups': `<security-group-list>${list.map((one) => leaf('security-group', one)).join('')}</security-group-list>`,
});
const names = (...list: readonly string[]): EntryText => ({
  communities: `<community-tag-list>${list.map((one) => leaf('community-tag', one)).join('')}</community-tag-list>`,
});
const balance = (inside: string): EntryText => ({ 'load-balance': `<load-balance>${inside}</load-balance>` });
const fields = (...list: readonly string[]): string =>
  `<load-balance-fields>${list.map((one) => leaf('load-balance-field-list', one)).join('')}</load-balance-fields>`;

cases('lists', [
  ['security groups twice', groups('256', '256'), { path: communities('security-group:64512:256') }],
  ['a security group of 24 bits', groups('16777215'), { path: communities('security-group:64512:16777215') }],
  ['security group 0', groups('0'), { path: communities('security-group:64512:0') }],
  ['a security group beyond 32 bits', groups('4294967296'), { dropped: /security-group is not/ }],
  ['an empty security group', groups(''), { path: communities('security-group:64512:0') }],
  ['communities twice', names('1:1', '1:1'), { path: { communities: ['1:1'] } }],
  ['communities with blanks', names(' 1:1', '2:2'), { path: { communities: ['2:2'] } }],
  ['a number alone', names('65537'), { path: { label: 25 } }],
  [
    'names of communities in capitals',
    names('NO-EXPORT', 'no_export', '2:2'),
    { path: { communities: ['2:2'] } },
  ],
  [
    'unknown elements among them',
    { communities: '<community-tag-list><x>1:1</x><community-tag>2:2</community-tag></community-tag-list>' },
    { path: { communities: ['2:2'] } },
  ],
  ['load-balance without anything', balance(''), { path: communities() }],
  ['no load-balance', { 'load-balance': '' }, { path: communities() }],
  ['one hash field', balance(fields('l4-protocol')), { path: communities('load-balance:l4-protocol') }],
  [
    'a hash field twice',
    balance(fields('l4-protocol', 'l4-protocol')),
    { path: communities('load-balance:l4-protocol') },
  ],
  ['an unknown decision', balance(leaf('load-balance-decision', 'coin-flip')), { path: communities() }],
  ['an empty decision', balance('<load-balance-decision/>'), { path: communities() }],
]);

cases('the same in other XML', [
  [
    'a prefix on every name',
    { version: '<a:version xmlns:a="urn:a">1</a:version>' },
    { path: { label: 25 } },
  ],
  [
    'attributes that nobody reads',
    { version: `<version xml:lang='de' xml:space="preserve" a='"'>1</version>` },
    { path: { label: 25 } },
  ],
  [
    'an empty field and an empty element',
    { 'virtual-network': '<virtual-network/>', version: '<version></version>' },
    { path: { label: 25 } },
  ],
  [
    'text between fields',
    { version: ' and <version>1</version> so on &amp; <![CDATA[<on>]]>' },
    { path: { label: 25 } },
  ],
  ['letters of other alphabets', { more: leaf('novelty', '東京 – Zürich 🛰') }, { path: { label: 25 } }],
  ['twenty levels of something new', { more: '<a>'.repeat(20) + '</a>'.repeat(20) }, { path: { label: 25 } }],
  [
    'a field with ten thousand characters',
    { more: leaf('novelty', 'x'.repeat(10_000)) },
    { path: { label: 25 } },
  ],
  [
    'elements named as what every object has',
    { more: '<constructor/><__proto__>1</__proto__><toString/>' },
    { path: { label: 25 } },
  ],
]);

const MAC = '02:aa:bb:cc:dd:01';
const enet = (mac: string, ip: string, tag = '0', more = ''): EntryText => ({
  nlri: `<nlri><af>25</af><safi>242</safi><ethernet-tag>${tag}</ethernet-tag><mac>${mac}</mac><address>${ip}</address>${more}</nlri>`,
});

cases(
  'Ethernet routes',
  [
    [
      'no address element',
      { nlri: enet(MAC, '')['nlri']!.replace('<address></address>', '') },
      { path: { label: 25 } },
    ],
    ['a blank for an address', enet(MAC, ' '), { path: { label: 25 } }],
    ['a tag', enet(MAC, '10.2.0.4/32', '5001'), { path: { label: 25 }, vpn: { label: 25 } }],
    ['the largest tag', enet(MAC, '10.2.0.4/32', '4294967295'), { path: { label: 25 } }],
    ['a tag too large', enet(MAC, '10.2.0.4/32', '4294967296'), { dropped: /ethernet-tag is not/ }],
    [
      'no tag',
      { nlri: enet(MAC, '10.2.0.4/32')['nlri']!.replace(/<ethernet-tag>.*<\/ethernet-tag>/, '') },
      { path: { label: 25 } },
    ],
    ['a MAC address without colons', enet('02aabbccdd01', '10.2.0.4/32'), { dropped: /mac is not/ }],

    [
      'a label of the layer-3 VRF',
      { ...enet(MAC, '10.2.0.4/32'), ...inHop({ more: leaf('l3-label', '26') }) },
      { path: { label: 25 } },
    ],
    [
      'a list of whom to copy to, which is for agents',
      { ...enet(MAC, '10.2.0.4/32'), more: `<olist>${hop()}</olist>` },
      { path: { label: 25 } },
    ],
    [
      'edge replication',
      { ...enet('ff:ff:ff:ff:ff:ff', '10.1.1.3/32'), more: leaf('edge-replication-not-supported', 'true') },
      { path: { pmsiTunnel: { type: 'IngressReplication', identifier: '10.1.1.3', label: 25, flags: 0 } } },
    ],
    [
      'edge replication in other words',
      { ...enet('ff:ff:ff:ff:ff:ff', '10.1.1.3/32'), more: leaf('edge-replication-not-supported', 'yes') },
      { path: { pmsiTunnel: { type: 'IngressReplication', identifier: '10.1.1.3', label: 25, flags: 0 } } },
    ],
    ['a default route', enet('00:00:00:00:00:00', '0.0.0.0/0'), { path: { label: 25 } }],
    ['host bits of an IP prefix', enet('00:00:00:00:00:00', '10.2.3.4/16'), { path: { label: 25 } }],
  ],
  { family: '25/242', table: `${RED}.evpn.0`, vpnTable: 'bgp.evpn.0' },
);

cases(
  'the underlay of another AFI than its node',
  [
    [
      'a labelled route under the node of plain ones',
      { nlri: nlri('10.9.0.1/32', [1, 4]) },
      { dropped: /label 0/ },
    ],
    [
      'a next hop of zeros',
      inHop({ label: leaf('label', '0'), address: leaf('address', '0.0.0.0') }),
      { dropped: /unspecified/ },
    ],
    [
      'whatever would become an extended community',
      {
        ...inHop({
          label: leaf('label', '0'),
          mac: leaf('mac', '52:54:00:aa:00:03'),
          tags: `<tag-list>${leaf('tag', '7')}</tag-list>`,
        }),
        mobility: '<mobility seqno="4" sticky="true"/>',
        ...groups('8000002'),
        ...names('no-export'),
      },
      { path: { extendedCommunities: undefined as never, communities: ['no-export'] } },
    ],
  ],
  { instance: MASTER_INSTANCE, table: 'inet.0' },
);

const seeded: readonly Case[] = [
  [
    'the seed is in the place of the upper half of the address',
    {},
    { path: { label: 25 }, rd: '0.100.1.3:4' },
  ],
  ['of any next hop', address('192.168.7.9'), { path: { label: 25 }, rd: '0.100.7.9:4' }],
];
cases('route distinguishers with a cluster seed', seeded, { config: { 'rd-cluster-seed': 100 } });

cases(
  'security groups and tags in an AS beyond 16 bits are pairs',
  [
    [
      'two groups',
      groups('8000002', '8000003'),
      {
        path: {
          extendedCommunities: [
            'encapsulation:gre',
            'encapsulation:udp',
            /security-group/,
            /security-group/,
            /security-group.*70000/,
            /security-group.*70000/,
          ] as never,
        },
      },
    ],
  ],
  { config: { asn: 70000 } },
);
