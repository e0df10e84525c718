import { type Family, families } from '@vaportrail/bgp/wire';
import { Writer, hexText, parseAddress, parseMac, parsePrefix } from '@vaportrail/net';
import { type EnetItem, enetItemId } from '@vaportrail/xmpp';
import t from 'tap';
import {
  enetKey,
  enetLabelFields,
  evpnNlri,
  isInclusiveMulticast,
  labelFieldsOf,
} from '../src/evpn-route.ts';
import { ItemDropped } from '../src/item-dropped.ts';
import { hop, hops, item as itemText, publish } from './agent-text.ts';
import { BLUE, RED, agent, blueImportsRed, controlNode, eventually } from './running.ts';

function item(
  mac: string,
  address: string,
  more: { vxlan?: boolean; l3Label?: number; group?: string } = {},
) {
  const hop = {
    address: parseAddress('10.1.1.3'),
    label: 25,
    l3Label: more.l3Label ?? 0,
    encapsulations: more.vxlan === true ? ['vxlan'] : ['gre'],
  };
  return {
    family: 'e-vpn',
    ethernetTag: 0,
    mac: parseMac(mac),
    prefix: parsePrefix(address),
    group: more.group ?? '',
    source: '',
    flags: 0,
    attributes: { nextHops: [hop] },
  } as unknown as EnetItem;
}

const announced = (one: EnetItem): Uint8Array => evpnNlri(one, enetLabelFields(one));

const workload = '02:aa:bb:cc:dd:01';
const broadcast = 'ff:ff:ff:ff:ff:ff';
const noMac = '00:00:00:00:00:00';

t.test('an item and its NLRI name the same route', async (t) => {
  for (const [mac, address] of [
    [workload, '10.2.0.4/32'],
    [workload, '2001:db8::4/128'],
    [workload, '0.0.0.0/32'],
    [broadcast, '10.1.1.3/32'],
    [noMac, '10.9.0.0/16'],
    [noMac, '2001:db8::/32'],
  ] as const) {
    const nlri = evpnNlri(item(mac, address));
    t.equal(enetItemId(enetKey(nlri)!), `${mac},${address}`);
  }
  t.equal(isInclusiveMulticast(item(broadcast, '10.1.1.3/32')), true);
});

t.test('a MAC with its address as RFC 7432 lays it out, the route distinguisher zero', async (t) => {
  t.equal(
    hexText(announced(item(workload, '10.2.0.4/32'))),
    `0225${'00'.repeat(8)}${'00'.repeat(10)}00000000` + '3002aabbccdd01' + '200a020004' + '000191',
  );
});

t.test('labels stand in the upper twenty bits, a VNI in all of them', async (t) => {
  t.same(labelFieldsOf(announced(item(workload, '10.2.0.4/32', { l3Label: 40 }))), [0x191, 0x281]);
  t.same(labelFieldsOf(announced(item(workload, '10.2.0.4/32', { vxlan: true }))), [25]);
});

t.test('selective multicast is dropped, and types that agents do not have get no name', async (t) => {
  t.throws(() => evpnNlri(item(broadcast, '0.0.0.0/0', { group: '225.0.0.1' })), ItemDropped);
  t.equal(enetKey(Uint8Array.of(9, 2, 0, 0)), undefined);
});

t.test('routes have the names that Contrail gives them', async (t) => {
  const nameOf = (fields: Record<string, unknown>): string | undefined => {
    const evpn: Family = families['e-vpn'];
    const writer = new Writer();
    evpn.encode(writer, { rd: '10.1.1.3:4', esi: '00'.repeat(10), ethernetTag: 0, ...fields }, false);
    const nlri = writer.finish();
    return evpn.text!(evpn.decode(nlri, 0, nlri.length, false, {}));
  };
  const mac = '02:aa:bb:cc:dd:01';
  const esi = '01:aa:bb:cc:dd:ee:ff:00:64:00';
  const names: readonly [Record<string, unknown>, string][] = [
    [{ routeType: 'mac-ip', mac, ip: '10.2.0.4', labels: [25] }, `2-10.1.1.3:4-0-${mac},10.2.0.4`],
    [{ routeType: 'mac-ip', mac, ip: '2001:db8::4', labels: [25] }, `2-10.1.1.3:4-0-${mac},2001:db8::4`],
    [{ routeType: 'mac-ip', mac, ethernetTag: 7, labels: [25] }, `2-10.1.1.3:4-7-${mac},0.0.0.0`],
    [{ routeType: 'inclusive-multicast', originator: '10.1.1.3' }, '3-10.1.1.3:4-0-10.1.1.3'],
    [{ routeType: 'ethernet-segment', esi, originator: '10.1.1.3' }, `4-10.1.1.3:4-${esi}-10.1.1.3`],
    [{ routeType: 'auto-discovery', esi, labels: [25] }, `1-10.1.1.3:4-${esi}-0`],
    [
      { routeType: 'ip-prefix', prefix: '10.2.0.0/16', gateway: '0.0.0.0', labels: [25] },
      '5-10.1.1.3:4-0-10.2.0.0/16',
    ],
  ];
  for (const [fields, name] of names) t.equal(nameOf(fields), name);
});

t.test('a route is found by its name, and two of one prefix are told apart', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  const two = await agent(t, node, 'compute-2', '127.0.0.2');
  for (const [each, id] of [
    [one, 4],
    [two, 7],
  ] as const) {
    each.subscribe(RED, id);
    const nlri =
      '<nlri><af>25</af><safi>242</safi><ethernet-tag>0</ethernet-tag><mac>00:00:00:00:00:00</mac><address>10.2.0.0/16</address></nlri>';
    const hopText = hops(hop({ address: `<address>10.1.1.${id}</address>` }));
    each.send(publish(RED, '25/242/00:00:00:00:00:00,10.2.0.0/16', itemText(nlri, { 'next-hops': hopText })));
  }
  await eventually(() => node.routes({ table: 'bgp.evpn.0' }).length === 2 || undefined);
  t.same(
    // Which agent is heard first is chance.
    node
      .routes({ table: 'bgp.evpn.0' })
      .map(({ prefix }) => prefix)
      .toSorted(),
    ['5-10.1.1.4:4-0-10.2.0.0/16', '5-10.1.1.7:7-0-10.2.0.0/16'],
  );
  t.same(
    node.routes({ table: `${RED}.evpn.0` }).map(({ prefix }) => prefix),
    ['5-0:0-0-10.2.0.0/16'],
  );
  const [found, ...others] = node.routes({ prefix: '5-10.1.1.7:7-0-10.2.0.0/16' });
  t.match(found, { table: 'bgp.evpn.0', paths: [{ source: 'compute-2' }] });
  t.same(others, []);
  t.same(node.routes({ prefix: '5-10.1.1.9:7-0-10.2.0.0/16' }), []);
  const xml = await fetch(`${node.url}/Snh_ShowRouteReq?x=bgp.evpn.0&y=&prefix=5-10.1.1.4:4-0-10.2.0.0/16`);
  t.match(await xml.text(), /<ShowRoute><prefix [^>]*>5-10\.1\.1\.4:4-0-10\.2\.0\.0\/16</);
});

t.test('a network that imports from another gets what it routes, not what it bridges', async (t) => {
  const node = await controlNode(t, blueImportsRed);
  const one = await agent(t, node, 'compute-1');
  const two = await agent(t, node, 'compute-2', '127.0.0.2');
  one.subscribe(RED, 4);
  two.subscribe(BLUE, 7);
  const say = (mac: string, address: string): void => {
    const name = `<nlri><af>25</af><safi>242</safi><mac>${mac}</mac><address>${address}</address></nlri>`;
    one.send(publish(RED, `25/242/${mac},${address}`, itemText(name)));
  };
  say(workload, '10.2.0.4/32');
  say(broadcast, '0.0.0.0/32');
  say(noMac, '10.9.0.0/16');
  await two.hears(/<item id="00:00:00:00:00:00,10\.9\.0\.0\/16">/);
  t.equal(node.routes({ table: 'bgp.evpn.0' }).length, 3);
  t.same(
    node.routes({ table: `${BLUE}.evpn.0` }).map(({ prefix }) => prefix),
    ['5-0:0-0-10.9.0.0/16'],
  );
});
