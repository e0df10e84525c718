// What one agent publishes and another is told, letter by letter: nothing is lost on the way and nothing is added.
import { MASTER_INSTANCE } from '@vaportrail/xmpp';
import t from 'tap';

import { type EntryText, encapsulations, hop, hops, item, nlri, publish, subscribe } from './agent-text.ts';
import type { RawAgent } from './raw-agent.ts';
import { BLUE, RED, agent, blueImportsRed, controlNode } from './running.ts';

type Row = readonly [what: string, published: EntryText, told: EntryText];

const leaf = (name: string, value: string): string => `<${name}>${value}</${name}>`;
const leaves = (list: string, name: string, ...values: readonly string[]): string =>
  values.length === 0 ? `<${list} />` : leaf(list, values.map((value) => leaf(name, value)).join(''));
const groups = (...ids: readonly string[]): EntryText => ({
  'security-groups': leaves('security-group-list', 'security-group', ...ids),
});
const communities = (...names: readonly string[]): EntryText => ({
  communities: leaves('community-tag-list', 'community-tag', ...names),
});
const balance = (decision: string, ...fields: readonly string[]): EntryText => ({
  'load-balance': leaf(
    'load-balance',
    leaves('load-balance-fields', 'load-balance-field-list', ...fields) +
      leaf('load-balance-decision', decision),
  ),
});
const moved = (seqno: number, sticky: boolean): EntryText => ({
  mobility: `<mobility seqno="${seqno}" sticky="${sticky}" />`,
});
const sequence = (number: number): EntryText => ({ 'sequence-number': leaf('sequence-number', `${number}`) });
const preference = (value: number): EntryText => ({
  'local-preference': leaf('local-preference', `${value}`),
});
const med = (value: number): EntryText => ({ med: leaf('med', `${value}`) });
const nextHop = (change: EntryText): EntryText => ({ 'next-hops': hops(hop(change)) });
const tags = (...ids: readonly string[]): EntryText => ({ tags: leaves('tag-list', 'tag', ...ids) });

/** What a control node says where the agent said nothing of its own. */
const told: EntryText = {
  'virtual-network': leaf('virtual-network', 'default-domain:demo:red'),
  ...med(100),
};

const unicast: readonly Row[] = [
  ['nothing of its own', {}, {}],
  ['preference 100 is the other metric', preference(100), { ...preference(100), ...med(200) }],
  ['preference 0', preference(0), { ...preference(100), ...med(0) }],
  ['a preference and a metric', { ...preference(300), ...med(7) }, { ...preference(300), ...med(7) }],
  ['a sequence number', sequence(9), { ...moved(9, false), ...sequence(9) }],
  ['a sticky address', moved(5, true), { ...moved(5, true), ...sequence(5) }],
  ['security groups', groups('8000002', '5', '7999999', '8000002'), groups('5', '7999999', '8000002')],
  [
    'communities, some by name',
    communities('no-reoriginate', '64512:100', 'accept-own', 'no-export', 'llgr-stale', 'accept-own-nexthop'),
    communities('64512:100', 'accept-own', 'llgr-stale', 'accept-own-nexthop', 'no-reoriginate', 'no-export'),
  ],
  ['a community that agents know as a number', communities('blackhole'), communities('65535:666')],
  [
    'hash fields',
    balance('field-hash', 'l4-protocol', 'l3-source-address'),
    balance('field-hash', 'l3-source-address', 'l4-protocol'),
  ],
  ['source bias', balance('source-bias', 'l3-source-address'), balance('source-bias', 'l3-source-address')],
  ['tags', nextHop(tags('65537', '4278190084', '3')), nextHop(tags('3', '65537', '4278190084'))],
  [
    'tags of more than 32 bits, as of OpenSDN',
    nextHop(tags('281474976710655', '65537', '4294967296')),
    nextHop(tags('65537', '4294967296', '281474976710655')),
  ],
  [
    'the encapsulations in order',
    nextHop({ encapsulations: encapsulations('udp', 'nvgre', 'gre', 'mpls', 'native') }),
    nextHop({ encapsulations: encapsulations('gre', 'mpls', 'native', 'nvgre', 'udp') }),
  ],
  ['no encapsulation', nextHop({ encapsulations: '' }), nextHop({ encapsulations: encapsulations('gre') })],
  [
    'a VNI',
    nextHop({ label: leaf('label', '16777215'), encapsulations: encapsulations('vxlan') }),
    nextHop({ label: leaf('label', '16777215'), encapsulations: encapsulations('vxlan') }),
  ],
  [
    'what is for the control node alone',
    nextHop({
      mac: leaf('mac', '52:54:00:aa:00:03'),
      'local-sequence-number': leaf('local-sequence-number', '7'),
      vni: leaf('vni', '9'),
    }),
    {},
  ],
  [
    'a network that the agent claims',
    {
      'virtual-network': leaf('virtual-network', 'default-domain:demo:blue'),
      'sub-protocol': leaf('sub-protocol', 'bgpaas'),
    },
    {},
  ],
];

const tight = (xml: string): string => xml.replace(/\s*\n\s*/g, '');

/** Publishes each row from one agent and compares the entry that another is told, whole. */
function toldAs(
  title: string,
  instance: string,
  family: string,
  prefix: string,
  rows: readonly Row[],
  usual: EntryText = {},
) {
  const safi = family.split('/').map(Number) as [number, number];
  t.test(title, async (t) => {
    const node = await controlNode(t);
    const one = await agent(t, node, 'compute-1');
    const two = await agent(t, node, 'compute-2', '127.0.0.2');
    for (const each of [one, two]) each.send(subscribe(instance));
    for (const [what, published, changed] of rows) {
      const { mark } = two;
      one.send(
        publish(
          instance,
          `${family}/${instance}/${prefix}`,
          item(nlri(prefix, safi), { ...usual, ...published }),
        ),
      );
      t.equal(
        await entryOf(two, instance, family, prefix, mark),
        tight(item(nlri(prefix, safi), { ...usual, ...told, ...changed })).slice(
          '<item>'.length,
          -'</item>'.length,
        ),
        what,
      );
      const gone = two.mark;
      one.send(
        publish(
          instance,
          `${family}/${instance}/${prefix}`,
          item(nlri(prefix, safi), { ...usual, ...published }),
          'dissociate',
        ),
      );
      await two.hears(new RegExp(`<retract id="${prefix}" />`), { from: gone });
    }
  });
}

/** The entry of the item that an agent hears from a place on. */
async function entryOf(
  one: RawAgent,
  instance: string,
  family: string,
  id: string,
  from: number,
): Promise<string> {
  const name = `<items node="${family}/${instance}">\\s*<item id="${id.replaceAll('.', '\\.')}">(.*?)</item>`;
  const [, entry] = await one.hears(new RegExp(name, 's'), { from });
  return tight(entry!);
}

toldAs('a workload of IPv4', RED, '1/1', '10.9.0.1/32', unicast);
toldAs('a workload of IPv6', RED, '2/1', '2001:db8::9/128', unicast);

const underlay = {
  ...told,
  'virtual-network': leaf('virtual-network', 'default-domain:default-project:ip-fabric'),
};
const ofUnderlay: EntryText = {
  'virtual-network': leaf('virtual-network', 'default-domain:default-project:ip-fabric'),
};
toldAs('the underlay, without label and extended communities', MASTER_INSTANCE, '1/1', '10.9.0.1/32', [
  [
    'an address of a compute node',
    { ...groups('5'), ...nextHop({ label: leaf('label', '0'), ...tags('3') }) },
    {
      ...underlay,
      ...nextHop({
        label: leaf('label', '0'),
        ...ofUnderlay,
        encapsulations: '<tunnel-encapsulation-list />',
      }),
    },
  ],
]);
toldAs('labelled routes of the underlay', MASTER_INSTANCE, '1/4', '10.9.0.1/32', [
  ['a label', {}, { ...underlay, ...nextHop({ ...ofUnderlay, encapsulations: encapsulations('gre') }) }],
]);

const MAC = '02:aa:bb:cc:dd:01';

t.test('EVPN routes of an agent, as another is told them', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  const two = await agent(t, node, 'compute-2', '127.0.0.2');
  for (const each of [one, two]) each.send(subscribe(RED));
  /** An entry of either end: what agents leave out stands in that of the control node. */
  const entry = (
    [mac, address, tag]: readonly [string, string, number],
    hopText: EntryText,
    rest: EntryText,
    whole: boolean,
  ) => {
    const fields: EntryText = {
      nlri: leaf(
        'nlri',
        `<af>25</af><safi>242</safi>${leaf('ethernet-tag', `${tag}`)}${leaf('mac', mac)}${leaf('address', address)}` +
          (whole ? '<group></group><source></source><flags>0</flags>' : ''),
      ),
      hops: hops(
        `<next-hop>${Object.values({
          af: '<af>1</af>',
          address: '<address>10.1.1.3</address>',
          mac: '<mac></mac>',
          label: '<label>25</label>',
          l3: '<l3-label>0</l3-label>',
          encapsulations: encapsulations('gre', 'udp'),
          tags: '<tag-list />',
          sequence: '<local-sequence-number>0</local-sequence-number>',
          ...hopText,
        }).join('')}</next-hop>`,
      ),
      olist: '<olist />',
      'virtual-network': leaf('virtual-network', whole ? 'default-domain:demo:red' : ''),
      ...moved(0, false),
      ...sequence(0),
      ...groups(),
      ...preference(200),
      ...med(whole ? 100 : 0),
      edge: '<edge-replication-not-supported>false</edge-replication-not-supported>',
      assisted: '<assisted-replication-supported>false</assisted-replication-supported>',
      leaves: '<leaf-olist />',
      replicator: whole ? '<replicator-address></replicator-address>' : '',
      etree: '<etree-leaf>false</etree-leaf>',
      ...rest,
    };
    return `<entry>${tight(Object.values(fields).join('\n'))}</entry>`;
  };
  const rows: readonly [
    what: string,
    key: readonly [mac: string, address: string, tag: number],
    id: string,
    hop: EntryText,
    rest: EntryText,
  ][] = [
    ['a workload', [MAC, '10.2.0.4/32', 0], `${MAC},10.2.0.4/32`, {}, {}],
    ['a workload of IPv6', [MAC, '2001:db8::4/128', 0], `${MAC},2001:db8::4/128`, {}, {}],
    ['a MAC address alone', [MAC, '0.0.0.0/32', 0], `${MAC},0.0.0.0/32`, {}, {}],
    ['behind an Ethernet tag', [MAC, '10.2.0.4/32', 7], `7-${MAC},10.2.0.4/32`, {}, {}],
    [
      'with a label of the layer-3 VRF',
      [MAC, '10.2.0.4/32', 0],
      `${MAC},10.2.0.4/32`,
      { l3: '<l3-label>40</l3-label>' },
      {},
    ],
    [
      'with VNIs and the MAC address of the router',
      [MAC, '10.2.0.4/32', 0],
      `${MAC},10.2.0.4/32`,
      {
        mac: '<mac>52:54:00:aa:00:03</mac>',
        label: '<label>16777215</label>',
        l3: '<l3-label>5002</l3-label>',
        encapsulations: encapsulations('vxlan'),
      },
      {},
    ],
    [
      'an IP prefix',
      ['00:00:00:00:00:00', '10.9.0.0/16', 0],
      '00:00:00:00:00:00,10.9.0.0/16',
      {
        mac: '<mac>52:54:00:aa:00:03</mac>',
        label: '<label>5002</label>',
        encapsulations: encapsulations('vxlan'),
      },
      {},
    ],
    ['an IPv6 prefix', ['00:00:00:00:00:00', '2001:db8::/32', 0], '00:00:00:00:00:00,2001:db8::/32', {}, {}],
    [
      'MAC mobility, security groups, tags, a leaf of an E-tree',
      [MAC, '10.2.0.4/32', 0],
      `${MAC},10.2.0.4/32`,
      tags('65537'),
      {
        ...moved(7, true),
        ...sequence(7),
        ...groups('5', '8000002'),
        etree: '<etree-leaf>true</etree-leaf>',
      },
    ],
  ];
  for (const [what, key, id, hopText, rest] of rows) {
    const { mark } = two;
    const name = `25/242/${id}`;
    one.send(publish(RED, name, `<item>${entry(key, hopText, rest, false)}</item>`));
    t.equal(await entryOf(two, RED, '25/242', id, mark), entry(key, hopText, rest, true), what);
    const gone = two.mark;
    one.send(publish(RED, name, `<item>${entry(key, hopText, rest, false)}</item>`, 'dissociate'));
    await two.hears(new RegExp(`<retract id="${id}" />`), { from: gone });
  }
});

// Agents know MAC addresses with the lengths of host addresses alone (`ParseEvpnAddress` of Contrail's agent).
t.test('a MAC address alone is told with the length of a host, however it was said', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  one.send(subscribe(RED));
  for (const address of ['0.0.0.0/0', '0.0.0.0/32', '::/0', '::/128', '']) {
    const { mark } = one;
    const text = (action: 'associate' | 'dissociate') =>
      publish(
        RED,
        `25/242/${MAC},${address}`,
        item(`<nlri><af>25</af><safi>242</safi><mac>${MAC}</mac>${leaf('address', address)}</nlri>`),
        action,
      );
    one.send(text('associate'));
    const [, told] = await one.hears(/<item id="([^"]+)">[^]*?<\/item>/, { from: mark });
    t.equal(told, `${MAC},0.0.0.0/32`, address);
    t.match(one.received.slice(mark), '<address>0.0.0.0/32</address>');
    one.send(text('dissociate'));
    await one.hears(new RegExp(`<retract id="${MAC},0.0.0.0/32" />`), { from: mark });
  }
});

t.test('multicast routes of an agent, as another is told them', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  const two = await agent(t, node, 'compute-2', '127.0.0.2');
  for (const each of [one, two]) each.send(subscribe(RED));
  const hopOf = (label: string) =>
    `<next-hop><af>1</af><address>10.1.1.3</address><label>${label}</label>${tight(encapsulations('gre', 'udp'))}</next-hop>`;
  const { mark } = two;
  const group =
    '<af>1</af><safi>241</safi><group>225.0.0.1</group><source>10.2.0.4</source><source-label>0</source-label><source-address></source-address>';
  one.send(
    publish(
      RED,
      `1/241/${RED}/225.0.0.1`,
      `<item><entry><nlri>${group}</nlri><next-hops>${hopOf('100-199')}</next-hops></entry></item>`,
    ),
  );
  t.equal(
    await entryOf(two, RED, '1/241', '127.0.0.1:4:225.0.0.1,10.2.0.4', mark),
    `<entry><nlri>${group}</nlri><next-hops>${hopOf('100-199')}</next-hops><olist /></entry>`,
    'edge-replicated, under the distinguisher of its agent',
  );
  const join =
    '<af>1</af><safi>5</safi><group>225.0.0.1</group><source>10.2.0.4</source><route-type>7</route-type>';
  one.send(
    publish(RED, `1/5/${RED}/225.0.0.1`, `<item><entry><nlri>${join}</nlri>${hopOf('0')}</entry></item>`),
  );
  t.equal(
    await entryOf(two, RED, '1/5', '0:0:225.0.0.1,10.2.0.4', mark),
    `<entry><nlri>${join}</nlri>${hopOf('0')}<olist /></entry>`,
    'a join of a source tree',
  );
});

t.test('another network that imports a route is told of the network it came from', async (t) => {
  const node = await controlNode(t, blueImportsRed);
  const one = await agent(t, node, 'compute-1');
  const two = await agent(t, node, 'compute-2', '127.0.0.2');
  one.send(subscribe(RED));
  two.send(subscribe(BLUE));
  const rich = {
    ...moved(5, true),
    ...groups('8000002'),
    ...communities('64512:100'),
    ...balance('source-bias', 'l4-protocol'),
  };
  one.send(
    publish(RED, `1/1/${RED}/10.9.0.1/32`, item(nlri('10.9.0.1/32'), { ...rich, ...nextHop(tags('65537')) })),
  );
  t.equal(
    await entryOf(two, BLUE, '1/1', '10.9.0.1/32', 0),
    tight(item(nlri('10.9.0.1/32'), { ...told, ...rich, ...sequence(5), ...nextHop(tags('65537')) })).slice(
      '<item>'.length,
      -'</item>'.length,
    ),
  );
});
