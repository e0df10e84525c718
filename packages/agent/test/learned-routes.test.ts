import t from 'tap';
import type { Items, UnicastItem } from '@vaportrail/xmpp';
import { LearnedRoutes, MAX_ECMP_MEMBERS } from '../src/learned-routes.ts';
import { MplsTable } from '../src/mpls.ts';
import { type CompositeNextHop, NextHopTable } from '../src/next-hop.ts';
import type { Route } from '../src/route.ts';
import { FABRIC_VRF, Vrf } from '../src/vrf.ts';
import { POD_VRF, hop, interfaceOf, item } from './compute-node.ts';

const OWN = '10.169.25.20';
const source = { name: '10.169.25.19', rank: 0, generation: 1 };

function node() {
  const nextHops = new NextHopTable();
  const labels = new MplsTable(nextHops);
  const learned = new LearnedRoutes({
    address: Uint8Array.of(10, 169, 25, 20),
    encapsulationPriority: ['MPLSoUDP', 'MPLSoGRE', 'VXLAN'],
    nextHops,
    labels,
  });
  const vrf = new Vrf(POD_VRF, 2, 'default-domain:demo:pods');
  const tap = interfaceOf('tap1');
  tap.nextHop = nextHops.addEncap(tap, false);
  tap.policyNextHop = nextHops.addEncap(tap, true);
  tap.label = labels.acquire(tap.policyNextHop);
  const receive = (items: readonly UnicastItem[], family: Items['family'] = 'inet', to = vrf): number =>
    learned.receive(source, to, { type: 'items', node: '', family, instance: to.name, items, problems: [] });
  const retract = (...ids: string[]): number =>
    learned.retract(source, vrf, { type: 'retracts', node: '', family: 'inet', instance: vrf.name, ids });
  const route = (prefix: string): Route | undefined => vrf.table(prefix).get(prefix);
  return { nextHops, labels, learned, vrf, tap, receive, retract, route };
}

t.test('an item replaces all that was known of its prefix', async (t) => {
  const { nextHops, receive, retract, route } = node();
  const before = nextHops.size;
  t.equal(receive([item('10.0.0.1/32', [hop('10.0.0.2', 20), hop('10.0.0.3', 21)])]), 1);
  t.equal(route('10.0.0.1/32')!.active!.nextHop.type, 'composite');
  t.equal(route('10.0.0.1/32')!.active!.label, -1);
  t.equal(nextHops.size, before + 3);
  receive([item('10.0.0.1/32', [hop('10.0.0.3', 21)])]);
  t.match(route('10.0.0.1/32')!.active, { label: 21, nextHop: { type: 'tunnel', destination: '10.0.0.3' } });
  t.equal(nextHops.size, before + 1, 'composite and first tunnel are gone');
  t.equal(retract('10.0.0.1/32'), 1);
  t.equal(route('10.0.0.1/32'), undefined);
  t.equal(nextHops.size, before);
});

t.test('hops that say the same are one, and one that is left needs no composite', async (t) => {
  const { receive, route } = node();
  receive([item('10.0.0.1/32', [hop('10.0.0.2', 20), hop('10.0.0.2', 20)])]);
  t.equal(route('10.0.0.1/32')!.active!.nextHop.type, 'tunnel');
  receive([item('10.0.0.1/32', [hop('10.0.0.2', 20), hop('10.0.0.2', 21)])]);
  t.equal(route('10.0.0.1/32')!.active!.nextHop.type, 'composite', 'two labels are two members');
  receive([item('10.0.0.1/32', [hop('10.0.0.2', 20), hop(OWN, 999)])]);
  t.equal(
    route('10.0.0.1/32')!.active!.nextHop.type,
    'tunnel',
    'a label of ours that nobody has leads nowhere',
  );
});

t.test('a composite hashes over what its route names', async (t) => {
  const { nextHops, receive, route } = node();
  const shared = [hop('10.0.0.2', 20), hop('10.0.0.3', 21)];
  const one = item('10.0.0.1/32', shared);
  const other = item('10.0.0.4/32', shared);
  const fields = ['l3-destination-address', 'l3-source-address'];
  const { attributes } = other;
  receive([
    one,
    { ...other, attributes: { ...attributes, loadBalance: { fields, decision: 'field-hash' } } },
    item('10.0.0.5/32', shared),
  ]);
  const nextHopOf = (prefix: string) => route(prefix)!.active!.nextHop as CompositeNextHop;
  t.equal(nextHopOf('10.0.0.1/32').hashFields.length, 5);
  t.same(nextHopOf('10.0.0.4/32').hashFields, ['l3-source-address', 'l3-destination-address']);
  t.not(nextHopOf('10.0.0.4/32'), nextHopOf('10.0.0.1/32'));
  t.equal(nextHopOf('10.0.0.5/32'), nextHopOf('10.0.0.1/32'), 'who hashes alike shares it');
  t.equal(nextHops.list().filter(({ type }) => type === 'tunnel').length, 2);
});

t.test('a hop with a label that fits no packet leads nowhere', async (t) => {
  const { receive, route } = node();
  receive([item('10.0.0.1/32', [hop('10.0.0.2', 20), hop('10.0.0.3', 0x100_0000)])]);
  t.match(route('10.0.0.1/32')!.active!.nextHop, { type: 'tunnel', destination: '10.0.0.2' });
  receive([item('10.0.0.1/32', [hop('10.0.0.3', 0xffff_ffff)])]);
  t.equal(route('10.0.0.1/32')!.active!.nextHop.type, 'discard');
});

t.test(
  'a route of ours leads to the interface of its label, and nowhere once the label is gone',
  async (t) => {
    const { labels, learned, nextHops, vrf, tap, receive, route } = node();
    receive([
      item('10.0.0.1/32', [hop(OWN, tap.label!)]),
      item('10.0.0.7/32', [hop('10.0.0.2', 20), hop(OWN, tap.label!)]),
    ]);
    t.equal(route('10.0.0.1/32')!.active!.nextHop, tap.nextHop);
    const { label } = tap;
    labels.release(label!);
    learned.labelFreed(label!, [vrf]);
    t.equal(route('10.0.0.1/32')!.active!.nextHop, nextHops.discard);
    t.match(route('10.0.0.7/32')!.active!.nextHop, { type: 'tunnel', destination: '10.0.0.2' });
  },
);

t.test('what cannot be used is passed over, and nothing else with it', async (t) => {
  const { receive, retract, route, vrf, nextHops } = node();
  const before = nextHops.size;
  t.equal(
    receive([
      item('10.0.0.1/32', [hop('10.0.0.2', 0)]),
      item('10.0.0.2/32', []),
      item('fd00::1/128', [hop('10.0.0.2', 20)]),
      item('10.0.0.4/32', [hop('10.0.0.2', 20)]),
    ]),
    1,
    'label 0, no hop, and another family than the message',
  );
  t.same(
    [...vrf.routes()].map(({ prefix }) => prefix),
    ['10.0.0.4/32'],
  );
  const nonsense = { ...hop('10.0.0.2', 20), address: new Uint8Array(0) };
  receive([item('10.0.0.5/32', [nonsense]), item('10.0.0.6/32', [nonsense, hop('10.0.0.2', 20)])]);
  t.equal(route('10.0.0.5/32')!.active!.nextHop, nextHops.discard);
  t.equal(route('10.0.0.6/32')!.active!.nextHop.type, 'tunnel');
  t.equal(receive([item('10.0.0.9/32', [hop('10.0.0.2', 20)])], 'inet-labeled'), 0);
  t.equal(retract('nonsense', '10.0.0.4/99', '1.2.3.4/32', '10.0.0.4/32', '10.0.0.5/32', '10.0.0.6/32'), 3);
  t.equal(nextHops.size, before);
});

t.test('the underlay carries routes without label', async (t) => {
  const { receive } = node();
  const fabric = new Vrf(FABRIC_VRF, 0, 'default-domain:default-project:ip-fabric');
  t.equal(receive([item('10.169.25.21/32', [hop('10.169.25.21', 0)])], 'inet', fabric), 1);
});

t.test('an ECMP set has an end', async (t) => {
  const { receive, route } = node();
  const hops = Array.from({ length: 1000 }, (_, index) => hop(`10.1.${index >> 8}.${index & 255}`, 20));
  receive([item('10.0.0.1/32', hops)]);
  const { nextHop } = route('10.0.0.1/32')!.active!;
  t.equal(nextHop.type === 'composite' && nextHop.members.length, MAX_ECMP_MEMBERS);
});

t.test('stale marks and sweeps', async (t) => {
  const { learned, vrf, receive, route } = node();
  receive([item('10.0.0.1/32', [hop('10.0.0.2', 20)]), item('10.0.0.2/32', [hop('10.0.0.2', 21)])]);
  t.equal(learned.markStale(source, [vrf]), 2);
  t.ok(route('10.0.0.1/32')!.active!.stale);
  // The next session with it.
  source.generation = 2;
  receive([item('10.0.0.1/32', [hop('10.0.0.2', 20)])]);
  t.equal(learned.sweep(source, [vrf], source.generation), 1);
  t.notOk(route('10.0.0.1/32')!.active!.stale);
  t.equal(route('10.0.0.2/32'), undefined);
  source.generation = 1;
});

t.test('what the item says of preference, sequence and hash fields is kept', async (t) => {
  const { receive, route } = node();
  receive([
    item('10.0.0.1/32', [hop('10.0.0.2', 20)], { localPref: 0, mobility: { sequence: 7, sticky: false } }),
  ]);
  t.match(route('10.0.0.1/32')!.active, { preference: 100, sequence: 7 }, '0 stands for the default');
});
