// What agents may write, sentence by sentence, over real connections: a route, an item that is dropped, or a closed session.
import { MASTER_INSTANCE } from '@vaportrail/xmpp';

import { cases } from './agent-cases.ts';
import { type EntryText, encapsulations, hop, hops, nlri } from './agent-text.ts';
import { RED } from './running.ts';

const label = (text: string, more: EntryText = {}): EntryText => ({
  'next-hops': hops(hop({ label: text, ...more })),
});
const nextHop = (text: string, more: EntryText = {}): EntryText => ({
  'next-hops': hops(hop({ address: text, ...more })),
});
const leaf = (name: string, value: string): string => `<${name}>${value}</${name}>`;

cases('labels', [
  ['the smallest', label('<label>1</label>'), { path: { label: 1 } }],
  ['the largest', label('<label>1048575</label>'), { path: { label: 1048575 }, vpn: { label: 1048575 } }],
  ['one beyond 20 bits', label('<label>1048576</label>'), { dropped: /20 bits/ }],
  [
    'a VNI of 24 bits',
    label('<label>16777215</label>', { encapsulations: encapsulations('vxlan') }),
    { path: { label: 16777215 }, vpn: { label: 16777215 } },
  ],
  [
    'one beyond 24 bits',
    label('<label>16777216</label>', { encapsulations: encapsulations('vxlan') }),
    { dropped: /24 bits/ },
  ],
  ['zero', label('<label>0</label>'), { dropped: /label 0/ }],
  ['none', label(''), { dropped: /label 0/ }],
  ['empty', label('<label></label>'), { dropped: /label 0/ }],
  ['an empty element', label('<label/>'), { dropped: /label 0/ }],
  ['negative', label('<label>-1</label>'), { dropped: /label is not a number/ }],
  ['with a plus sign', label('<label>+25</label>'), { path: { label: 25 } }],
  ['two signs', label('<label>+-25</label>'), { dropped: /label is not a number/ }],
  ['a sign alone', label('<label>+</label>'), { dropped: /label is not a number/ }],
  ['hexadecimal', label('<label>0x19</label>'), { dropped: /label is not a number/ }],
  ['with an exponent', label('<label>1e1</label>'), { dropped: /label is not a number/ }],
  ['a fraction', label('<label>25.0</label>'), { dropped: /label is not a number/ }],
  ['beyond 64 bits', label('<label>99999999999999999999999</label>'), { dropped: /label is not a number/ }],
  ['between blanks', label('<label> \n25\t</label>'), { path: { label: 25 } }],
  ['with zeros before it', label('<label>0000025</label>'), { path: { label: 25 } }],
  ['as character references', label('<label>&#50;&#x35;</label>'), { path: { label: 25 } }],
  ['in a CDATA section', label('<label><![CDATA[25]]></label>'), { path: { label: 25 } }],
  ['in two pieces', label('<label>2<![CDATA[5]]></label>'), { path: { label: 25 } }],
  ['twice: the last counts', label('<label>25</label><label>26</label>'), { path: { label: 26 } }],
  ['with an element inside', label('<label><b>25</b></label>'), { dropped: /label 0/ }],
]);

cases('prefixes', [
  ['the default route', '0.0.0.0/0', { path: { label: 25 } }],
  ['a network', '10.3.0.0/16', { path: { label: 25 }, vpn: { label: 25 }, rd: '10.1.1.3:4' }],
  ['host bits are cleared', { nlri: nlri('10.3.4.5/16') }, { path: { label: 25 } }],
  ['between blanks', { nlri: nlri(' 10.3.4.5/32 ') }, { path: { label: 25 } }],
  ['33 bits', { nlri: nlri('10.3.4.5/33') }, { dropped: /address is not a prefix/ }],
  ['a negative length', { nlri: nlri('10.3.4.5/-1') }, { dropped: /address is not a prefix/ }],
  ['no length', { nlri: nlri('10.3.4.5') }, { dropped: /address is not a prefix/ }],
  ['an empty length', { nlri: nlri('10.3.4.5/') }, { dropped: /address is not a prefix/ }],
  ['two lengths', { nlri: nlri('10.3.4.5/32/4') }, { dropped: /address is not a prefix/ }],
  ['nothing', { nlri: nlri('') }, { dropped: /address is not a prefix/ }],
  ['three octets', { nlri: nlri('10.3.4/24') }, { dropped: /address is not a prefix/ }],
  ['an octet too large', { nlri: nlri('10.3.4.256/32') }, { dropped: /address is not a prefix/ }],
  ['an IPv6 prefix', { nlri: nlri('2001:db8::1/128') }, { dropped: /family inet/ }],
  ['a name', { nlri: nlri('localhost/32') }, { dropped: /address is not a prefix/ }],
  ['another AFI', { nlri: nlri('10.3.4.5/32', [2, 1]) }, { dropped: /af\/safi is 2\/1/ }],
  ['another SAFI', { nlri: nlri('10.3.4.5/32', [1, 128]) }, { dropped: /af\/safi is 1\/128/ }],
  ['that of labels', { nlri: nlri('10.3.4.5/32', [1, 4]) }, { dropped: /labelled routes belong into/ }],
  [
    'no AFI',
    { nlri: '<nlri><safi>1</safi><address>10.3.4.5/32</address></nlri>' },
    { dropped: /af\/safi is 0\/1/ },
  ],
  ['no nlri', { nlri: '' }, { dropped: /no nlri/ }],
  ['no address', { nlri: '<nlri><af>1</af><safi>1</safi></nlri>' }, { dropped: /address is not a prefix/ }],
]);

cases('next hops', [
  ['one', {}, { path: { nextHop: '10.1.1.3' } }],
  [
    'the address between blanks',
    nextHop('<address> 10.1.1.3\n</address>'),
    { path: { nextHop: '10.1.1.3' } },
  ],
  ['none', { 'next-hops': '<next-hops />' }, { dropped: /0 next hops/ }],
  [
    'one in the second of two lists',
    { 'next-hops': `<next-hops/>${hops(hop())}` },
    { path: { nextHop: '10.1.1.3' } },
  ],
  ['one in each of two lists', { 'next-hops': hops(hop()) + hops(hop()) }, { dropped: /2 next hops/ }],
  ['no list of them', { 'next-hops': '' }, { dropped: /0 next hops/ }],
  [
    'two',
    { 'next-hops': hops(hop(), hop({ address: '<address>10.1.1.4</address>' })) },
    { dropped: /2 next hops/ },
  ],
  ['the same twice', { 'next-hops': hops(hop(), hop()) }, { dropped: /2 next hops/ }],
  [
    'five hundred',
    { 'next-hops': hops(...Array.from({ length: 500 }, () => hop())) },
    { dropped: /500 next hops/ },
  ],
  ['0.0.0.0', nextHop('<address>0.0.0.0</address>'), { dropped: /unspecified/ }],
  ['nothing', nextHop('<address></address>'), { dropped: /not an address/ }],
  ['a name', nextHop('<address>compute-1</address>'), { dropped: /not an address/ }],
  ['a prefix', nextHop('<address>10.1.1.3/32</address>'), { dropped: /not an address/ }],
  ['IPv6', nextHop('<address>2001:db8::1</address>', { af: '<af>2</af>' }), { dropped: /not IPv4/ }],
  [
    'no AFI, as of old',
    nextHop('<address>10.1.1.3</address>', { af: '' }),
    { path: { nextHop: '10.1.1.3' } },
  ],
  [
    'an AFI that is no number',
    { 'next-hops': hops(hop({ af: '<af>IPv4</af>' })) },
    { dropped: /af is not a number/ },
  ],
  ['an AFI that is none', { 'next-hops': hops(hop({ af: '<af>3</af>' })) }, { dropped: /not an address/ }],
  [
    'a MAC address becomes a community',
    { 'next-hops': hops(hop({ mac: leaf('mac', '52:54:00:aa:00:03') })) },
    {
      path: {},
      vpn: {
        extendedCommunities: [
          'encapsulation:gre',
          'encapsulation:udp',
          'router-mac:52:54:00:aa:00:03',
          'origin-vn:64512:6',
        ],
      },
    },
  ],
  [
    'a MAC address of zeros is none',
    { 'next-hops': hops(hop({ mac: leaf('mac', '00:00:00:00:00:00') })) },
    { path: { nextHop: '10.1.1.3' } },
  ],
  [
    'a MAC address that is none',
    { 'next-hops': hops(hop({ mac: leaf('mac', '52:54:00') })) },
    { dropped: /mac/i },
  ],
]);

cases('encapsulations', [
  [
    'all that are known',
    {
      'next-hops': hops(
        hop({
          encapsulations: encapsulations('gre', 'udp', 'vxlan', 'native', 'mpls', 'nvgre', 'vxlan-gpe'),
        }),
      ),
    },
    {
      path: {
        feasible: true,
        encapsulations: ['gre', 'mpls', 'native', 'nvgre', 'udp', 'vxlan', 'vxlan-gpe'],
      },
    },
  ],
  [
    'none',
    { 'next-hops': hops(hop({ encapsulations: '<tunnel-encapsulation-list />' })) },
    { path: { feasible: true } },
  ],
  ['no list', { 'next-hops': hops(hop({ encapsulations: '' })) }, { path: { feasible: true } }],
  [
    'one of two is unknown',
    { 'next-hops': hops(hop({ encapsulations: encapsulations('pigeon', 'udp') })) },
    { path: { feasible: true, encapsulations: ['udp'] } },
  ],
  [
    'none is known',
    {
      'next-hops': hops(
        hop({ encapsulations: encapsulations('pigeon', 'mpls-o-gre', 'udp-contrail', 'GRE') }),
      ),
    },
    { path: { feasible: false, because: 'no-tunnel-encapsulation' } },
  ],
  [
    'a name of every object',
    { 'next-hops': hops(hop({ encapsulations: encapsulations('constructor', '__proto__') })) },
    { path: { feasible: false } },
  ],
  [
    'the same twice',
    { 'next-hops': hops(hop({ encapsulations: encapsulations('udp', 'udp') })) },
    { path: { encapsulations: ['udp'] } },
  ],
]);

cases('preferences', [
  ['200', {}, { path: { localPref: 200, med: 100 } }],
  ['100', { 'local-preference': leaf('local-preference', '100') }, { path: { localPref: 100, med: 200 } }],
  [
    'another',
    { 'local-preference': leaf('local-preference', '300') },
    { path: { localPref: 300, med: 0xffff_ffff - 300 } },
  ],
  [
    '0 is 100, without metric',
    { 'local-preference': leaf('local-preference', '0') },
    { path: { localPref: 100, med: undefined as never } },
  ],
  ['none is 100', { 'local-preference': '' }, { path: { localPref: 100 } }],
  [
    'the largest',
    { 'local-preference': leaf('local-preference', '4294967295') },
    { path: { localPref: 0xffff_ffff } },
  ],
  [
    'one more',
    { 'local-preference': leaf('local-preference', '4294967296') },
    { dropped: /local-preference is not a number/ },
  ],
  [
    'negative',
    { 'local-preference': leaf('local-preference', '-1') },
    { dropped: /local-preference is not a number/ },
  ],
  ['a metric of its own', { med: leaf('med', '7') }, { path: { localPref: 200, med: 7 } }],
  ['a metric that is none', { med: leaf('med', 'x') }, { dropped: /med is not a number/ }],
]);

cases('sequence numbers', [
  [
    'mobility',
    { mobility: '<mobility seqno="5" sticky="false" />' },
    {
      path: { sequence: 5 },
      vpn: {
        extendedCommunities: ['encapsulation:gre', 'encapsulation:udp', 'mobility:non-sticky:5'] as never,
      },
    },
  ],
  [
    'sticky',
    { mobility: '<mobility seqno="5" sticky="true" />' },
    {
      path: { sequence: 5 },
      vpn: { extendedCommunities: ['encapsulation:gre', 'encapsulation:udp', 'mobility:sticky:5'] as never },
    },
  ],
  ['the older field', { 'sequence-number': leaf('sequence-number', '9') }, { path: { sequence: 9 } }],
  [
    'both: mobility counts',
    { mobility: '<mobility seqno="5" sticky="false" />', 'sequence-number': leaf('sequence-number', '9') },
    { path: { sequence: 5 } },
  ],
  [
    'sticky without a number: the older field counts, and is not sticky',
    { mobility: '<mobility seqno="0" sticky="true" />', 'sequence-number': leaf('sequence-number', '9') },
    {
      path: {
        sequence: 9,
        extendedCommunities: ['encapsulation:gre', 'encapsulation:udp', 'mobility:non-sticky:9'],
      },
    },
  ],
  [
    'both zero: no community',
    {},
    { path: { extendedCommunities: ['encapsulation:gre', 'encapsulation:udp'] } },
  ],
  [
    'the largest',
    { mobility: '<mobility seqno="4294967295" sticky="false" />' },
    { path: { sequence: 0xffff_ffff } },
  ],
  [
    'one more',
    { mobility: '<mobility seqno="4294967296" sticky="false" />' },
    { dropped: /seqno is not a number/ },
  ],
  [
    'neither true nor false',
    { mobility: '<mobility seqno="1" sticky="perhaps" />' },
    {
      path: { sequence: 1 },
      vpn: {
        extendedCommunities: ['encapsulation:gre', 'encapsulation:udp', 'mobility:non-sticky:1'] as never,
      },
    },
  ],
  [
    'attributes in single quotes and the other order',
    { mobility: `<mobility sticky='true' seqno='3'></mobility>` },
    { path: { sequence: 3 } },
  ],
]);

const groups = (...list: readonly string[]): EntryText => ({
  'security-groups': `<security-group-list>${list.map((one) => leaf('security-group', one)).join('')}</security-group-list>`,
});
const tags = (...list: readonly string[]): EntryText => ({
  communities: `<community-tag-list>${list.map((one) => leaf('community-tag', one)).join('')}</community-tag-list>`,
});
const balance = (decision: string, ...fields: readonly string[]): EntryText => ({
  'load-balance': `<load-balance><load-balance-fields>${fields.map((one) => leaf('load-balance-field-list', one)).join('')}</load-balance-fields>${leaf('load-balance-decision', decision)}</load-balance>`,
});
const tagged = (...list: readonly string[]): EntryText => ({
  'next-hops': hops(
    hop({ encapsulations: '', tags: `<tag-list>${list.map((one) => leaf('tag', one)).join('')}</tag-list>` }),
  ),
});

cases('communities', [
  [
    'security groups in order',
    groups('8000002', '5'),
    {
      path: {
        extendedCommunities: [
          'encapsulation:gre',
          'encapsulation:udp',
          'security-group:64512:5',
          'security-group:64512:8000002',
        ],
      },
    },
  ],
  [
    'the largest security group',
    groups('4294967295'),
    {
      path: {
        extendedCommunities: ['encapsulation:gre', 'encapsulation:udp', 'security-group:64512:4294967295'],
      },
    },
  ],
  ['a security group that is none', groups('x'), { dropped: /security-group is not a number/ }],
  [
    '65 security groups',
    groups(...Array.from({ length: 65 }, (_, i) => String(i + 1))),
    { dropped: /64 entries/ },
  ],
  [
    '64 security groups',
    groups(...Array.from({ length: 64 }, (_, i) => String(i + 1))),
    { path: { label: 25 } },
  ],
  [
    'well-known communities',
    tags(
      'no-export',
      'no-advertise',
      'no-export-subconfed',
      'no-reoriginate',
      'accept-own',
      'accept-own-nexthop',
      'llgr-stale',
      'no-llgr',
    ),
    {
      path: {
        communities: [
          'accept-own',
          'llgr-stale',
          'no-llgr',
          'accept-own-nexthop',
          'no-reoriginate',
          'no-export',
          'no-advertise',
          'no-export-subconfed',
        ],
      },
    },
  ],
  [
    'numbers',
    tags('64512:100', '0:0', '65534:65534'),
    { path: { communities: ['0:0', '64512:100', '65534:65534'] } },
  ],
  [
    'what cannot be read is left out',
    tags('65536:1', '1:65536', '1:2:3', 'x', '', '-1:1', '64512:7'),
    { path: { communities: ['64512:7'] } },
  ],
  [
    'well-known ones have names and no numbers',
    tags('65535:1', '65535:65281', '1:65535', '64512:7'),
    { path: { communities: ['64512:7'] } },
  ],
  [
    'hash fields',
    balance('field-hash', 'l3-source-address', 'l3-destination-address'),
    {
      path: {
        extendedCommunities: [
          'encapsulation:gre',
          'encapsulation:udp',
          'load-balance:l3-source-address,l3-destination-address',
        ],
      },
    },
  ],
  [
    'all five are the default',
    balance(
      'field-hash',
      'l3-source-address',
      'l3-destination-address',
      'l4-protocol',
      'l4-source-port',
      'l4-destination-port',
    ),
    { path: { extendedCommunities: ['encapsulation:gre', 'encapsulation:udp'] } },
  ],
  [
    'unknown fields are passed over',
    balance('field-hash', 'l5-phase-of-the-moon'),
    { path: { extendedCommunities: ['encapsulation:gre', 'encapsulation:udp'] } },
  ],
  [
    'source bias',
    balance('source-bias'),
    { path: { extendedCommunities: [/^encap/, /^encap/, /^load-balance:.*source-bias/] as never } },
  ],
  [
    'tags',
    tagged('65537', '131073'),
    { path: { extendedCommunities: ['tag:64512:65537', 'tag:64512:131073'] } },
  ],
  [
    'a tag of more than 32 bits, as of OpenSDN, and one beside it',
    tagged('1099511627777', '7'),
    {
      path: {
        extendedCommunities: ['tag:64512:7'],
        largeCommunities: ['64512:16777216:7', '64512:16777472:1'],
      },
      vpn: { largeCommunities: ['64512:16777216:7', '64512:16777472:1'] },
    },
  ],
  ['the largest tag of OpenSDN', tagged('18446744073709551615'), { path: { label: 25 } }],
  ['a tag beyond 64 bits', tagged('99999999999999999999'), { dropped: /tag is not a number/ }],
  ['a tag that is none', tagged('x'), { dropped: /tag is not a number/ }],
]);

cases('shapes of an entry', [
  [
    'fields in another order',
    { 'sub-protocol': '', 'next-hops': `<sub-protocol>interface</sub-protocol>${hops(hop())}` },
    { path: { label: 25 } },
  ],
  [
    'unknown fields',
    { version: '<version>1</version><novelty><of a="1">2030</of></novelty>' },
    { path: { label: 25 } },
  ],
  [
    'an old release: no mac, vni, mobility, load balance, sub-protocol',
    {
      mobility: '',
      'load-balance': '',
      'sub-protocol': '',
      'next-hops': hops(hop({ mac: '', vni: '', tags: '', 'local-sequence-number': '' })),
    },
    { path: { label: 25, localPref: 200 } },
  ],
  [
    'nothing but nlri and next hop',
    Object.fromEntries(
      [
        'version',
        'virtual-network',
        'mobility',
        'sequence-number',
        'security-groups',
        'communities',
        'local-preference',
        'med',
        'load-balance',
        'sub-protocol',
      ].map((name) => [name, '']),
    ),
    { path: { localPref: 100 } },
  ],
  [
    'namespaces',
    {
      nlri: nlri('10.9.9.9/32').replace(
        '<nlri>',
        '<nlri xmlns="http://ietf.org/protocol/bgpvpn" xmlns:x="y" x:z="1">',
      ),
    },
    { path: { label: 25 } },
  ],
  ['an unknown sub-protocol', { 'sub-protocol': leaf('sub-protocol', 'bgpaas') }, { path: { label: 25 } }],
  [
    'a version that is no number',
    { version: leaf('version', 'one') },
    { dropped: /version is not a number/ },
  ],
]);

cases(
  'IPv6',
  [
    ['a workload', {}, { path: { label: 25 }, vpn: { label: 25 }, rd: '10.1.1.3:4' }],
    ['the default route', '::/0', { path: { label: 25 } }],
    ['129 bits', { nlri: nlri('2001:db8::1/129', [2, 1]) }, { dropped: /address is not a prefix/ }],
    ['an IPv4 prefix', { nlri: nlri('10.0.0.1/32', [2, 1]) }, { dropped: /family inet6/ }],
    ['a zone', { nlri: nlri('fe80::1%eth0/128', [2, 1]) }, { dropped: /address is not a prefix/ }],
    ['label 0 is passed over without a word', label('<label>0</label>'), 'nothing'],
    [
      'an IPv6 next hop has no route distinguisher',
      nextHop('<address>2001:db8::3</address>', { af: '<af>2</af>' }),
      { dropped: /IPv4/ },
    ],
  ],
  { family: '2/1', table: `${RED}.inet6.0`, vpnTable: 'bgp.l3vpn-inet6.0' },
);

cases(
  'the underlay',
  [
    [
      'label 0, and no extended communities',
      {},
      { path: { label: 0, extendedCommunities: undefined as never, localPref: 200, med: 100 } },
    ],
    ['a label', label('<label>25</label>'), { dropped: /label 25/ }],
    [
      'no encapsulation is known',
      label('<label>0</label>', { encapsulations: encapsulations('pigeon') }),
      { path: { feasible: true } },
    ],
  ],
  { instance: MASTER_INSTANCE, table: 'inet.0' },
);

cases(
  'IPv6 in the underlay',
  [
    ['label 0', {}, { path: { label: 0 } }],
    [
      'an IPv6 next hop',
      label('<label>0</label>', { af: '<af>2</af>', address: '<address>2001:db8::3</address>' }),
      { path: { nextHop: '2001:db8::3' } },
    ],
    ['a label', label('<label>25</label>'), { dropped: /label 25/ }],
  ],
  { instance: MASTER_INSTANCE, family: '2/1', table: 'inet6.0' },
);

cases(
  'labelled routes of the underlay',
  [
    ['a label', {}, { path: { label: 25, extendedCommunities: undefined as never } }],
    ['label 0', label('<label>0</label>'), { dropped: /label 0/ }],
    [
      'a label of vxlan is a label, as no community goes with it',
      label('<label>25</label>', { encapsulations: encapsulations('vxlan') }),
      { path: { label: 25 } },
    ],
    [
      'a VNI',
      label('<label>1048576</label>', { encapsulations: encapsulations('vxlan') }),
      { dropped: /20 bits/ },
    ],
  ],
  { instance: MASTER_INSTANCE, family: '1/4', table: 'inet.3' },
);

cases(
  'labelled routes under the node of others',
  [
    [
      'with a label',
      { nlri: nlri('10.1.1.9/32', [1, 4]), 'next-hops': hops(hop()) },
      { path: { label: 25, nextHop: '10.1.1.3' } },
    ],
    ['without', { nlri: nlri('10.1.1.9/32', [1, 4]) }, { dropped: /label 0/ }],
  ],
  { instance: MASTER_INSTANCE, family: '1/1', table: 'inet.3' },
);

cases('labelled routes elsewhere', [['anywhere', {}, { dropped: /belong/ }]], {
  family: '1/4',
  table: 'inet.3',
});

const enet = (mac: string, address: string, more = ''): EntryText => ({
  nlri: `<nlri><af>25</af><safi>242</safi><ethernet-tag>0</ethernet-tag><mac>${mac}</mac><address>${address}</address>${more}</nlri>`,
});
const MAC = '02:aa:bb:cc:dd:01';

cases(
  'EVPN',
  [
    [
      'a workload',
      enet(MAC, '10.2.0.4/32'),
      { path: { nextHop: '10.1.1.3', label: 25 }, vpn: { label: 25 } },
    ],
    ['a workload of IPv6', enet(MAC, '2001:db8::4/128'), { path: { label: 25 } }],
    ['a MAC address alone', enet(MAC, '0.0.0.0/0'), { path: { label: 25 } }],
    ['a MAC address alone, as IPv6', enet(MAC, '::/0'), { path: { label: 25 } }],
    ['a MAC address alone, as of some releases', enet(MAC, '0.0.0.0/32'), { path: { label: 25 } }],
    [
      'MAC mobility',
      { ...enet(MAC, '10.2.0.4/32'), mobility: '<mobility seqno="7" sticky="true" />' },
      { path: { sequence: 7 } },
    ],
    [
      'gre is two encapsulations',
      enet(MAC, '10.2.0.4/32'),
      {
        path: { extendedCommunities: ['encapsulation:gre', 'encapsulation:mpls-o-gre', 'encapsulation:udp'] },
      },
    ],
    [
      'a VNI',
      {
        ...enet(MAC, '10.2.0.4/32'),
        ...label('<label>16777215</label>', { encapsulations: encapsulations('vxlan') }),
      },
      { path: { label: 16777215 } },
    ],
    [
      'a label of the layer-3 VRF',
      {
        ...enet(MAC, '10.2.0.4/32'),
        ...label('<label>25</label>', { more: '<l3-label>1048575</l3-label>' }),
      },
      { path: { label: 25 } },
    ],
    [
      'a label of the layer-3 VRF beyond 20 bits',
      {
        ...enet(MAC, '10.2.0.4/32'),
        ...label('<label>25</label>', { more: '<l3-label>1048576</l3-label>' }),
      },
      { dropped: /label 1048576 does not fit 20 bits/ },
    ],
    [
      'a VNI of the layer-3 VRF beyond 24 bits',
      {
        ...enet(MAC, '10.2.0.4/32'),
        ...label('<label>25</label>', {
          encapsulations: encapsulations('vxlan'),
          more: '<l3-label>4294967295</l3-label>',
        }),
      },
      { dropped: /label 4294967295 does not fit 24 bits/ },
    ],
    [
      'inclusive multicast',
      enet('ff:ff:ff:ff:ff:ff', '10.1.1.3/32'),
      { path: { pmsiTunnel: { type: 'IngressReplication', identifier: '10.1.1.3', label: 25, flags: 0 } } },
    ],
    ['an IP prefix', enet('00:00:00:00:00:00', '10.2.0.0/24'), { path: { label: 25 } }],
    ['an IPv6 prefix', enet('00:00:00:00:00:00', '2001:db8::/32'), { path: { label: 25 } }],
    [
      'a MAC address in capitals and with dashes',
      enet('02-AA-BB-CC-DD-01', '10.2.0.4/32'),
      { path: { label: 25 } },
    ],
    ['the network of a workload', enet(MAC, '10.2.0.0/24'), { dropped: /host address/ }],
    ['an address of a workload with no bits', enet(MAC, '10.2.0.4/0'), { dropped: /host address/ }],
    ['no address, written otherwise', enet(MAC, '0::/0'), { dropped: /host address/ }],
    [
      'the network of inclusive multicast',
      enet('ff:ff:ff:ff:ff:ff', '10.1.1.0/24'),
      { dropped: /host address/ },
    ],
    ['no length', enet(MAC, '10.2.0.4'), { dropped: /address is not a prefix/ }],
    ['an empty address is none', enet(MAC, ''), { path: { label: 25 } }],
    ['no MAC address', enet('', '10.2.0.4/32'), { dropped: /mac is not/ }],
    ['half a MAC address', enet('02:aa:bb', '10.2.0.4/32'), { dropped: /mac is not/ }],
    [
      'the AFI of IPv4',
      { nlri: enet(MAC, '10.2.0.4/32')['nlri']!.replace('25', '1') },
      { dropped: /af\/safi is 1\/242/ },
    ],
    [
      'an Ethernet tag that is none',
      { nlri: enet(MAC, '10.2.0.4/32')['nlri']!.replace('<ethernet-tag>0', '<ethernet-tag>x') },
      { dropped: /ethernet-tag is not a number/ },
    ],
    [
      'no encapsulation is known',
      {
        ...enet(MAC, '10.2.0.4/32'),
        ...label('<label>25</label>', { encapsulations: encapsulations('pigeon') }),
      },
      { path: { feasible: false } },
    ],
    [
      'an IPv6 next hop',
      { ...enet(MAC, '10.2.0.4/32'), ...nextHop('<address>2001:db8::3</address>') },
      { dropped: /IPv4/ },
    ],
    [
      'no next hop',
      { ...enet(MAC, '10.2.0.4/32'), 'next-hops': '<next-hops />' },
      { dropped: /0 next hops/ },
    ],
    [
      'a replicator that is none',
      { ...enet('ff:ff:ff:ff:ff:ff', '10.1.1.3/32'), extra: leaf('replicator-address', '0.0.0.0') },
      { dropped: /replicator/ },
    ],
    [
      'the replicator "300.1.1.1"',
      { ...enet('ff:ff:ff:ff:ff:ff', '10.1.1.3/32'), extra: leaf('replicator-address', '300.1.1.1') },
      { dropped: /replicator/ },
    ],
    [
      'the replicator "10.1.1.09"',
      { ...enet('ff:ff:ff:ff:ff:ff', '10.1.1.3/32'), extra: leaf('replicator-address', '10.1.1.09') },
      { dropped: /replicator/ },
    ],
    [
      'the replicator "1.1.1.256"',
      { ...enet('ff:ff:ff:ff:ff:ff', '10.1.1.3/32'), extra: leaf('replicator-address', '1.1.1.256') },
      { dropped: /replicator/ },
    ],
    [
      'the replicator " 10.1.1.9"',
      { ...enet('ff:ff:ff:ff:ff:ff', '10.1.1.3/32'), extra: leaf('replicator-address', ' 10.1.1.9') },
      { dropped: /replicator/ },
    ],
    [
      'the replicator "10.1.1.9 "',
      { ...enet('ff:ff:ff:ff:ff:ff', '10.1.1.3/32'), extra: leaf('replicator-address', '10.1.1.9 ') },
      { dropped: /replicator/ },
    ],
    [
      'the replicator "127.0.0.1.1"',
      { ...enet('ff:ff:ff:ff:ff:ff', '10.1.1.3/32'), extra: leaf('replicator-address', '127.0.0.1.1') },
      { dropped: /replicator/ },
    ],
    [
      'selective multicast is not carried',
      enet(MAC, '0.0.0.0/0', '<group>225.0.0.1</group><source>10.2.0.4</source>'),
      { dropped: /selective/ },
    ],
    [
      'a leaf of an E-tree',
      { ...enet(MAC, '10.2.0.4/32'), extra: leaf('etree-leaf', 'true') },
      { path: { extendedCommunities: [/^encap/, /^encap/, /^encap/, /^etree/] as never } },
    ],
    [
      'neither leaf nor root is a root',
      { ...enet(MAC, '10.2.0.4/32'), extra: leaf('etree-leaf', '2') },
      { path: { label: 25 } },
    ],
  ],
  { family: '25/242', table: `${RED}.evpn.0`, vpnTable: 'bgp.evpn.0' },
);

const group = (address: string, source = '0.0.0.0'): EntryText => ({
  nlri: `<nlri><af>1</af><safi>241</safi><group>${address}</group><source>${source}</source><source-label>0</source-label><source-address></source-address></nlri>`,
});
const range = (text: string): EntryText => ({
  ...group('255.255.255.255'),
  'next-hops': hops(hop({ label: leaf('label', text) })),
});

cases(
  'edge-replicated multicast',
  [
    ['the broadcast group of agents', range('100-199'), { path: { nextHop: '10.1.1.3' } }],
    ['one label', range('100-100'), { path: { nextHop: '10.1.1.3' } }],
    [
      'a source',
      { ...range('100-199'), ...group('225.0.0.1', '10.2.0.4') },
      { path: { nextHop: '10.1.1.3' } },
    ],
    ['no group and no source', { ...range('100-199'), ...group('', '') }, { path: { nextHop: '10.1.1.3' } }],
    ['the group 0.0.0.0', { ...range('100-199'), ...group('0.0.0.0') }, { dropped: /group/ }],
    [
      'a group that is none',
      { ...range('100-199'), ...group('everyone') },
      { dropped: /group is not an IPv4 address/ },
    ],
    [
      'a source that is none',
      { ...range('100-199'), ...group('225.0.0.1', 'x') },
      { dropped: /source is not an IPv4 address/ },
    ],
    [
      'no encapsulation is known',
      {
        ...range('100-199'),
        'next-hops': hops(hop({ label: leaf('label', '1-2'), encapsulations: encapsulations('pigeon') })),
      },
      { path: { feasible: false, because: 'no-tunnel-encapsulation' } },
    ],
    ['a range that goes down', range('199-100'), { dropped: /range/ }],
    ['a range from 0', range('0-100'), { dropped: /range/ }],
    ['no range', range('100'), { dropped: /range/ }],
    ['three ends of a range', range('1-2-3'), { dropped: /range/ }],
    ['a range beyond 20 bits', range('1-1048576'), { dropped: /range/ }],
    [
      'two next hops',
      {
        ...range('100-199'),
        'next-hops': hops(hop({ label: leaf('label', '1-2') }), hop({ label: leaf('label', '1-2') })),
      },
      { dropped: /2 next hops/ },
    ],
    [
      'the SAFI of unicast',
      { ...range('100-199'), nlri: group('255.255.255.255')['nlri']!.replace('241', '1') },
      { dropped: /af\/safi is 1\/1/ },
    ],
  ],
  { family: '1/241', table: `${RED}.ermvpn.0` },
);

const join = (type: number | string, address = '225.0.0.1', source = '10.2.0.4'): EntryText => ({
  nlri: `<nlri><af>1</af><safi>5</safi><group>${address}</group><source>${source}</source><route-type>${type}</route-type></nlri>`,
  'next-hops': hop(),
});

cases(
  'multicast VPN',
  [
    ['a source that is active', join(5), { path: { nextHop: '10.1.1.3' } }],
    ['a join of a source tree', join(7), { path: { nextHop: '10.1.1.3' } }],
    ['another type', join(3), { dropped: /route type 3/ }],
    ['no type', join(''), { dropped: /route type 0/ }],
    ['no group', join(7, ''), { dropped: /no group/ }],
    ['the group 0.0.0.0', join(7, '0.0.0.0'), { dropped: /group/ }],
    ['no source', join(7, '225.0.0.1', ''), { dropped: /no source/ }],
    ['a group of IPv6', join(7, 'ff3e::1'), { dropped: /group is not an IPv4 address/ }],
  ],
  { family: '1/5', table: `${RED}.mvpn.0`, vpnTable: 'bgp.mvpn.0' },
);
