import { deepStrictEqual } from 'node:assert/strict';
import { parsePrefix } from '@vaportrail/net';
import fc from 'fast-check';
import t from 'tap';
import {
  announceStanzas,
  itemId,
  itemsBodies,
  messageHeader,
  readItem,
  readStanza,
  StrictParser,
  UnreadableItem,
  type Item,
  type ItemFamily,
  type MulticastItem,
  type MvpnItem,
} from '../src/index.ts';
import { anyUnicastItem, attributes, floatingIp, nextHop, publicInstance, workload } from './items.ts';

const parser = new StrictParser();

function entry(text: string, family: ItemFamily = 'inet'): Item {
  return readItem(parser.parse(Buffer.from(`<entry>${text}</entry>`)), family);
}

function problem(text: string, family: ItemFamily = 'inet'): string {
  try {
    entry(text, family);
  } catch (error) {
    if (error instanceof UnreadableItem) return error.message;
    throw error;
  }
  return '';
}

const nlri = '<nlri><af>1</af><safi>1</safi><address>10.0.0.1/32</address></nlri>';
const hop = (inside: string): string => `${nlri}<next-hops><next-hop>${inside}</next-hop></next-hops>`;

const multicast: MulticastItem = {
  family: 'ermvpn',
  group: Uint8Array.of(255, 255, 255, 255),
  source: Uint8Array.of(0, 0, 0, 0),
  sourceLabel: 0,
  sourceAddress: '',
  attributes: {
    nextHops: [{ address: nextHop.address, label: '1000-2000', encapsulations: ['gre'] }],
    olist: [],
  },
};

const join: MvpnItem = {
  family: 'inet-mvpn',
  group: Uint8Array.of(225, 0, 0, 1),
  source: Uint8Array.of(192, 168, 0, 9),
  routeType: 7,
  attributes: { nextHops: [{ address: nextHop.address, label: '17', encapsulations: [] }], olist: [] },
};

t.test('what an agent writes of an item is read again, in every family', async (t) => {
  for (const item of [floatingIp, workload, multicast, join]) {
    const pair = announceStanzas('compute-1', publicInstance, item);
    const publish = readStanza(parser.parse(pair.subarray(0, pair.indexOf('</iq>') + 5)));
    t.match(publish, { type: 'publish', family: item.family, problems: [] });
    t.same(publish.type === 'publish' && publish.items, [item], item.family);
  }
});

t.test('what a control node writes of an item is read again, in every family', async (t) => {
  for (const item of [floatingIp, workload, multicast, join]) {
    const [body] = itemsBodies(item.family, publicInstance, [item]);
    const message = Buffer.concat([messageHeader('compute-1'), body!]);
    const items = readStanza(parser.parse(message.subarray(1, -1)));
    t.match(items, { type: 'items', family: item.family, instance: publicInstance });
    t.same(items.type === 'items' && items.items, [item], item.family);
  }
});

t.test('arbitrary items survive the way to an agent', async (t) => {
  fc.assert(
    fc.property(anyUnicastItem, (item) => {
      const [body] = itemsBodies(item.family, 'x', [item]);
      const message = Buffer.concat([messageHeader('c'), body!]).subarray(1, -1);
      const stanza = readStanza(parser.parse(message));
      deepStrictEqual(stanza.type === 'items' && stanza.items, [item]);
    }),
    { numRuns: 300 },
  );
  t.pass();
});

t.test('absent and empty fields have their defaults', async (t) => {
  const defaults = {
    nextHops: [],
    version: 0,
    virtualNetwork: '',
    mobility: { sequence: 0, sticky: false },
    securityGroups: [],
    communityTags: [],
    localPref: 0,
    med: 0,
    loadBalance: { fields: [], decision: 'field-hash' },
    subProtocol: 'interface',
  };
  t.same(entry(nlri).attributes, defaults);
  const empty = [
    'next-hops',
    'version',
    'virtual-network',
    'mobility',
    'sequence-number',
    'security-group-list',
    'med',
  ];
  t.same(entry(nlri + empty.map((name) => `<${name} />`).join('')).attributes, defaults);
});

t.test('order and layout are free, unknown elements and namespaces are passed over', async (t) => {
  const item = entry(`
    <future>9</future><med>7</med>
    <next-hops><next-hop><label> 25 </label><unknown/><address> 10.1.1.3 </address></next-hop></next-hops>
    <nlri xmlns="http://ietf.org/protocol/bgpvpn"><address>10.0.0.1/32</address><safi>1</safi><af>1</af></nlri>`);
  t.match(item.attributes, { med: 7, nextHops: [{ label: 25, address: nextHop.address }] });
});

t.test('the older sequence number counts where mobility says nothing', async (t) => {
  const mobilityOf = (text: string): unknown => (entry(nlri + text) as typeof floatingIp).attributes.mobility;
  const older = '<sequence-number>5</sequence-number>';
  t.same(mobilityOf(older), { sequence: 5, sticky: false });
  t.same(mobilityOf(`<mobility seqno="0" sticky="false"/>${older}`), { sequence: 5, sticky: false });
  t.same(mobilityOf(`<mobility seqno="2" sticky="true"/>${older}`), { sequence: 2, sticky: true });
  t.same(mobilityOf(`<mobility seqno="0" sticky="true"/>${older}`), { sequence: 5, sticky: false });
  t.same(mobilityOf(`<mobility/>`), { sequence: 0, sticky: false });
});

t.test('an entry is unreadable when AFI/SAFI are not those of its node', async (t) => {
  t.match(problem('<nlri><af>1</af><safi>2</safi><address>10.0.0.1/32</address></nlri>'), /af\/safi is 1\/2/);
  t.match(problem('<nlri><address>10.0.0.1/32</address></nlri>'), /af\/safi is 0\/0/);
  t.match(problem(nlri, 'inet6'), /af\/safi/);
  t.match(problem(nlri, 'e-vpn'), /af\/safi/);
  t.match(problem(''), /no nlri/);
});

t.test('which of the families of IPv4 prefixes an item has is what the item says', async (t) => {
  const labelled = nlri.replace('<safi>1<', '<safi>4<');
  for (const named of ['inet', 'inet-labeled'] as const) {
    t.equal(entry(nlri, named).family, 'inet');
    t.equal(entry(labelled, named).family, 'inet-labeled');
  }
});

t.test('an entry is unreadable when its prefix is none', async (t) => {
  const bad = [
    '',
    '10.0.0.1',
    '10.0.0.1/33',
    '10.0.0.1/-1',
    '10.0.0.256/32',
    '10.0.0/24',
    '2001:db8::/32',
    'x/32',
    '10.0.0.1/',
    '/32',
    '10.0.0.1/3 2',
  ];
  for (const address of bad) {
    const text = `<nlri><af>1</af><safi>1</safi><address>${address}</address></nlri>`;
    t.match(problem(text), /address is not/, `"${address}"`);
  }
  const v6 = '<nlri><af>2</af><safi>1</safi><address>10.0.0.1/32</address></nlri>';
  t.match(problem(v6, 'inet6'), /not of family inet6/);
});

t.test('an entry is unreadable when a number does not parse', async (t) => {
  for (const number of [
    'abc',
    '-1',
    '1.5',
    '0x10',
    '1e3',
    '4294967296',
    '99999999999999999999',
    '1 2',
    '+-1',
    '+',
    '١',
  ]) {
    for (const field of ['version', 'med', 'local-preference', 'sequence-number']) {
      t.match(
        problem(`${nlri}<${field}>${number}</${field}>`),
        new RegExp(`${field} is not a number`),
        number,
      );
    }
    for (const field of ['label', 'vni', 'af', 'local-sequence-number']) {
      t.match(problem(hop(`<${field}>${number}</${field}>`)), new RegExp(`${field} is not a number`), number);
    }
  }
  t.match(problem(`${nlri}<mobility seqno="x"/>`), /mobility seqno/);
  t.equal(problem(`${nlri}<mobility sticky="maybe"/>`), '', 'only numbers are refused');
  t.match(
    problem(`${nlri}<security-group-list><security-group>x</security-group></security-group-list>`),
    /security-group/,
  );
  t.match(problem(hop('<tag-list><tag>x</tag></tag-list>')), /tag is not/);
  t.equal(
    problem(hop(`<tag-list><tag>${2 ** 40}</tag></tag-list>`)),
    '',
    'tags of recent releases are wider',
  );
});

t.test('a long value is cut short in the problem', async (t) => {
  t.ok(problem(`${nlri}<med>${'x'.repeat(100_000)}</med>`).length < 200);
});

t.test('a bad next hop or MAC address is left to be judged, so that the item can be withdrawn', async (t) => {
  const { attributes } = entry(hop('<address>nowhere</address><mac>broken</mac>')) as typeof floatingIp;
  t.match(attributes.nextHops, [{ address: { length: 0 } }]);
  t.match(attributes.nextHops, [{ mac: { length: 0 } }]);
});

t.test('host bits of a prefix are cleared', async (t) => {
  const text = '<nlri><af>1</af><safi>1</safi><address>10.1.2.3/16</address></nlri>';
  t.same((entry(text) as typeof floatingIp).prefix, parsePrefix('10.1.0.0/16'));
});

t.test('an EVPN entry needs a MAC address and a prefix', async (t) => {
  const evpn = (inside: string): string =>
    problem(`<nlri><af>25</af><safi>242</safi>${inside}</nlri>`, 'e-vpn');
  t.equal(evpn('<mac>02:aa:bb:cc:dd:01</mac><address>0.0.0.0/0</address>'), '');
  t.match(evpn('<mac>02:aa:bb:cc:dd</mac><address>0.0.0.0/0</address>'), /mac is not/);
  t.match(evpn('<mac>02:aa:bb:cc:dd:01</mac><address>0.0.0.0</address>'), /address is not/);
  t.match(evpn('<address>0.0.0.0/0</address>'), /mac is not/);
});

t.test('an item id has what tells the routes of its family apart', async (t) => {
  t.equal(itemId(floatingIp), '172.16.0.3/32');
  t.equal(itemId(workload), '02:aa:bb:cc:dd:01,10.2.0.4/32');
  const tagged = { ...workload, ethernetTag: 42, group: '225.0.0.1', source: '0.0.0.0' };
  t.equal(itemId(tagged), '42-02:aa:bb:cc:dd:01,10.2.0.4/32,225.0.0.1,0.0.0.0');
});

t.test('attributes shared by items are written once', async (t) => {
  const other = { ...floatingIp, prefix: parsePrefix('172.16.0.4/32') };
  const [body] = itemsBodies('inet', publicInstance, [
    floatingIp,
    other,
    { ...floatingIp, attributes: { ...attributes } },
  ]);
  t.equal(body?.toString().split('<label>25</label>').length, 4);
});
