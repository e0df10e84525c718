// Inclusive multicast has one route for each instance, Ethernet tag and agent, whatever its address and next hop.
import t from 'tap';

import { type EntryText, encapsulations, hop, hops, item, publish } from './agent-text.ts';
import { RED, agent, configured, controlNode, eventually } from './running.ts';

const BROADCAST = 'ff:ff:ff:ff:ff:ff';
const WORKLOAD = '02:aa:bb:cc:dd:01';

/** A publish of an EVPN route, whose next hop says `change`. */
function evpn(
  action: 'associate' | 'dissociate',
  mac: string,
  address: string,
  change: EntryText = {},
  tag = 0,
): string {
  const nlri = `<nlri><af>25</af><safi>242</safi><ethernet-tag>${tag}</ethernet-tag><mac>${mac}</mac><address>${address}</address></nlri>`;
  return publish(RED, `25/242/${mac},${address}`, item(nlri, { 'next-hops': hops(hop(change)) }), action);
}

const from = (address: string): EntryText => ({ address: `<address>${address}</address>` });
type Said = [mac: string, address: string, change?: EntryText, tag?: number];
const say = (...said: Said): string => evpn('associate', ...said);
const unsay = (...said: Said): string => evpn('dissociate', ...said);
const hugeVni: EntryText = { label: '<label>4294967295</label>', encapsulations: encapsulations('vxlan') };
const hugeL3Label: EntryText = { more: '<l3-label>4294967295</l3-label>', ...hugeVni };

/** What an agent says of EVPN, and the routes that come of it. */
const conversations: readonly (readonly [what: string, text: string, routes: readonly string[]])[] = [
  ['announced', say(BROADCAST, '0.0.0.0/32'), ['3-0:0-0-10.1.1.3']],
  ['withdrawn with its next hop', say(BROADCAST, '0.0.0.0/32') + unsay(BROADCAST, '0.0.0.0/32'), []],
  [
    'withdrawn without a next hop',
    say(BROADCAST, '0.0.0.0/32') +
      publish(
        RED,
        `25/242/x`,
        '<item><entry><nlri><af>25</af><safi>242</safi><mac>ff:ff:ff:ff:ff:ff</mac><address>0.0.0.0/32</address></nlri></entry></item>',
        'dissociate',
      ),
    [],
  ],
  [
    'withdrawn with another next hop',
    say(BROADCAST, '0.0.0.0/32') + unsay(BROADCAST, '0.0.0.0/32', from('10.1.1.9')),
    [],
  ],
  [
    'withdrawn with the unspecified address for a next hop',
    say(BROADCAST, '10.1.1.3/32') + unsay(BROADCAST, '10.1.1.3/32', from('0.0.0.0')),
    [],
  ],
  [
    'withdrawn under another address',
    say(BROADCAST, '10.1.1.3/32') + unsay(BROADCAST, '0.0.0.0/32', from('10.1.1.9')),
    [],
  ],
  [
    'another next hop takes the place of the first',
    say(BROADCAST, '0.0.0.0/32') + say(BROADCAST, '0.0.0.0/32', from('10.1.1.9')),
    ['3-0:0-0-10.1.1.9'],
  ],
  [
    'and is withdrawn by what the first said',
    say(BROADCAST, '0.0.0.0/32') +
      say(BROADCAST, '0.0.0.0/32', from('10.1.1.9')) +
      unsay(BROADCAST, '0.0.0.0/32'),
    [],
  ],
  [
    'one for each Ethernet tag',
    say(BROADCAST, '0.0.0.0/32') +
      say(BROADCAST, '0.0.0.0/32', {}, 7) +
      unsay(BROADCAST, '0.0.0.0/32', {}, 0),
    ['3-0:0-7-10.1.1.3'],
  ],
  [
    'withdrawn, and announced again',
    say(BROADCAST, '0.0.0.0/32') + unsay(BROADCAST, '0.0.0.0/32') + say(BROADCAST, '0.0.0.0/32'),
    ['3-0:0-0-10.1.1.3'],
  ],
  ['a withdrawal of what is not there', unsay(BROADCAST, '0.0.0.0/32'), []],
  [
    'a workload withdrawn with another label',
    say(WORKLOAD, '10.2.0.4/32') + unsay(WORKLOAD, '10.2.0.4/32', { label: '' }),
    [],
  ],
  [
    'a workload withdrawn with a label that is none',
    say(WORKLOAD, '10.2.0.4/32') + unsay(WORKLOAD, '10.2.0.4/32', hugeVni),
    [],
  ],
  [
    'a workload withdrawn with a label of the layer-3 VRF that is none',
    say(WORKLOAD, '10.2.0.4/32') + unsay(WORKLOAD, '10.2.0.4/32', hugeL3Label),
    [],
  ],
];

t.test('what an agent says of EVPN, and takes back', async (t) => {
  const node = await controlNode(t);
  for (const [what, text, routes] of conversations) {
    const one = await agent(t, node, 'compute-1');
    one.subscribe(RED, 4);
    one.send(text + say(WORKLOAD, '10.2.0.200/32'));
    await one.hears(/<item id="02:aa:bb:cc:dd:01,10\.2\.0\.200\/32">/);
    const witness = /10\.2\.0\.200/;
    for (const [table, distinguisher] of [
      [`${RED}.evpn.0`, '0:0'],
      ['bgp.evpn.0', undefined],
    ] as const) {
      const found = node.routes({ table }).flatMap(({ prefix }) => (witness.test(prefix) ? [] : [prefix]));
      if (distinguisher !== undefined) t.same(found, routes, what);
      else t.equal(found.length, routes.length, `${what}: as many in ${table}`);
    }
    t.match(node.neighbors(), [{ state: 'Established', errors: 0 }], `${what}: the session lives`);
    await one.end();
    await eventually(() => node.tables().every(({ paths }) => paths === 0) || undefined);
  }
});

t.test('one that came back with its instance is withdrawn as any other', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.send(say(BROADCAST, '0.0.0.0/32'));
  const found = (): number => node.routes({ table: `${RED}.evpn.0` }).length;
  await eventually(() => found() === 1 || undefined);
  await node.reload(configured({ 'routing-instances': [] }));
  t.throws(found, /no table/);
  await node.reload(configured());
  await eventually(() => found() === 1 || undefined);
  one.send(unsay(BROADCAST, '0.0.0.0/32', from('10.1.1.9')));
  await eventually(() => found() === 0 || undefined);
});
