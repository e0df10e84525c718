import { hexText, parseAddress, parseMac, parsePrefix } from '@vaportrail/net';
import { type EnetItem, enetItemId } from '@vaportrail/xmpp';
import t from 'tap';
import { enetKey, evpnNlri, isInclusiveMulticast, labelFieldsOf } from '../src/evpn-route.ts';
import { ItemDropped } from '../src/item-dropped.ts';

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

const workload = '02:aa:bb:cc:dd:01';
const broadcast = 'ff:ff:ff:ff:ff:ff';
const noMac = '00:00:00:00:00:00';

t.test('an item and its NLRI name the same route', async (t) => {
  for (const [mac, address] of [
    [workload, '10.2.0.4/32'],
    [workload, '2001:db8::4/128'],
    [workload, '0.0.0.0/0'],
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
    hexText(evpnNlri(item(workload, '10.2.0.4/32'))),
    `0225${'00'.repeat(8)}${'00'.repeat(10)}00000000` + '3002aabbccdd01' + '200a020004' + '000191',
  );
});

t.test('labels stand in the upper twenty bits, a VNI in all of them', async (t) => {
  t.same(labelFieldsOf(evpnNlri(item(workload, '10.2.0.4/32', { l3Label: 40 }))), [0x191, 0x281]);
  t.same(labelFieldsOf(evpnNlri(item(workload, '10.2.0.4/32', { vxlan: true }))), [25]);
});

t.test('selective multicast is dropped, and types that agents do not have get no name', async (t) => {
  t.throws(() => evpnNlri(item(broadcast, '0.0.0.0/0', { group: '225.0.0.1' })), ItemDropped);
  t.equal(enetKey(Uint8Array.of(9, 2, 0, 0)), undefined);
});
