import { parseAddress, parsePrefix } from '@vaportrail/net';
import t from 'tap';
import {
  announceable,
  announceProblemText,
  MAX_LIST_ENTRIES,
  type EnetItem,
  type Item,
  type NextHop,
} from '../src/index.ts';
import { attributes, floatingIp, nextHop, workload } from './items.ts';

const withHop = (hop: Partial<NextHop>, item: Item = floatingIp): Item =>
  ({ ...item, attributes: { ...item.attributes, nextHops: [{ ...nextHop, ...hop }] } }) as Item;
const textOf = (problem: ReturnType<typeof announceable>): string | undefined =>
  problem && announceProblemText(problem);
const inVrf = (item: Item): string | undefined => textOf(announceable(item, false));
const inMaster = (item: Item): string | undefined => textOf(announceable(item, true));
const inet6: Item = { ...floatingIp, family: 'inet6', prefix: parsePrefix('2001:db8::1/128') };
const labelled: Item = { ...floatingIp, family: 'inet-labeled' };

t.test('routes of every family are announceable', async (t) => {
  t.equal(inVrf(floatingIp), undefined);
  t.equal(inVrf(inet6), undefined);
  t.equal(inVrf(workload), undefined);
  t.equal(inMaster(labelled), undefined);
  t.equal(inMaster(withHop({ label: 0 })), undefined);
});

t.test('an item has exactly one next hop', async (t) => {
  for (const nextHops of [[], [nextHop, nextHop]]) {
    t.match(inVrf({ ...floatingIp, attributes: { ...attributes, nextHops } }), /next hops instead of one/);
  }
});

t.test('a next hop is an address, and of the family of the prefix where that is IPv4', async (t) => {
  t.match(inVrf(withHop({ address: new Uint8Array(0) })), /not an address/);
  t.match(inVrf(withHop({ address: parseAddress('0.0.0.0') })), /unspecified/);
  t.match(inVrf(withHop({ address: parseAddress('::') }, inet6)), /unspecified/);
  t.match(inVrf(withHop({ address: parseAddress('2001:db8::9') })), /not IPv4/);
  t.equal(inVrf(withHop({ address: parseAddress('2001:db8::9') }, inet6)), undefined);
});

t.test('a label fits 20 bits, a VNI 24', async (t) => {
  t.equal(inVrf(withHop({ label: 0xfffff })), undefined);
  t.match(inVrf(withHop({ label: 0x100000 })), /20 bits/);
  t.equal(inVrf(withHop({ label: 0x100000, encapsulations: ['vxlan'] })), undefined);
  t.match(inVrf(withHop({ label: 0x1000000, encapsulations: ['vxlan'] })), /24 bits/);
});

t.test('label 0 belongs to the underlay only, and the underlay has no other', async (t) => {
  t.equal(inVrf(withHop({ label: 0 })), 'label 0');
  t.equal(inVrf(withHop({ label: 0 }, inet6)), 'label 0');
  t.match(inMaster(floatingIp), /label 25 in the underlay/);
  t.match(inMaster(inet6), /label 25 in the underlay/);
  t.equal(inMaster(withHop({ label: 0 }, labelled)), 'label 0');
  t.match(inVrf(labelled), /belong into/);
});

t.test('lists are short enough to become communities of one BGP message', async (t) => {
  const many = Array.from({ length: MAX_LIST_ENTRIES + 1 }, (_, i) => i + 1);
  t.match(inVrf(withHop({ tags: many })), /more than 64/);
  t.match(inVrf(withHop({ encapsulations: many.map(String) })), /more than 64/);
  t.match(inVrf({ ...floatingIp, attributes: { ...attributes, securityGroups: many } }), /more than 64/);
  t.match(
    inVrf({ ...floatingIp, attributes: { ...attributes, communityTags: many.map(String) } }),
    /more than 64/,
  );
  t.equal(inVrf({ ...floatingIp, attributes: { ...attributes, securityGroups: many.slice(1) } }), undefined);
});

t.test('the address of a workload is a host address or none; an IP prefix is any', async (t) => {
  const evpn = (change: Partial<EnetItem>): string | undefined => inVrf({ ...workload, ...change });
  t.match(evpn({ prefix: parsePrefix('10.2.0.0/24') }), /not a host address/);
  t.equal(evpn({ prefix: parsePrefix('0.0.0.0/0') }), undefined);
  t.equal(evpn({ prefix: parsePrefix('0.0.0.0/32') }), undefined);
  t.equal(evpn({ prefix: parsePrefix('::/0') }), undefined);
  t.equal(evpn({ prefix: parsePrefix('10.2.0.0/24'), mac: new Uint8Array(6) }), undefined);
  t.equal(evpn({ prefix: parsePrefix('0.0.0.0/0'), mac: new Uint8Array(6).fill(0xff) }), undefined);
});

t.test('a replicator is a plain address', async (t) => {
  const broadcast = { mac: new Uint8Array(6).fill(0xff), prefix: parsePrefix('0.0.0.0/32') };
  const replicator = (replicatorAddress: string, change: Partial<EnetItem> = broadcast): string | undefined =>
    inVrf({ ...workload, ...change, attributes: { ...workload.attributes, replicatorAddress } });
  t.equal(replicator(''), undefined);
  t.equal(replicator('10.1.1.9'), undefined);
  for (const bad of ['0.0.0.0', '10.1.1.9/32', 'x', '::1', '300.1.1.1', '1.1.1.1.1']) {
    t.match(replicator(bad), /replicator/, bad);
    t.equal(replicator(bad, {}), undefined, `${bad} beside the MAC address of a workload`);
  }
});

t.test('multicast has a range of labels, and joins have a known type', async (t) => {
  const tree = (label: string): string | undefined =>
    inVrf({
      family: 'ermvpn',
      group: parseAddress('255.255.255.255'),
      source: parseAddress('0.0.0.0'),
      sourceLabel: 0,
      sourceAddress: '',
      attributes: { nextHops: [{ address: nextHop.address, label, encapsulations: [] }], olist: [] },
    });
  t.equal(tree('1000-2000'), undefined);
  for (const bad of ['', '0-5', '5-0', '9-8', '17', '1-99999999', '1-2-3']) t.match(tree(bad), /range/, bad);
  const join = (routeType: number, address?: Uint8Array): string | undefined =>
    inVrf({
      family: 'inet-mvpn',
      group: parseAddress('225.0.0.1'),
      source: parseAddress('10.0.0.1'),
      routeType,
      attributes: { nextHops: address ? [{ address, label: '0', encapsulations: [] }] : [], olist: [] },
    });
  t.equal(join(5, nextHop.address), undefined);
  t.match(join(5), /0 next hops/);
  t.match(join(5, parseAddress('0.0.0.0')), /unspecified/);
  for (const address of [nextHop.address, parseAddress('0.0.0.0'), new Uint8Array(0), undefined])
    t.equal(join(7, address), undefined, 'who joins the tree of a source is reached over the source');
  t.match(join(6), /route type 6/);
});
