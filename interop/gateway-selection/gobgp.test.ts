// GoBGP announces; the gateway chooses, says why, and shares the load when told to.
import { Gobgp, LoopbackBlock, findGobgp } from '@vaportrail/lab';
import t from 'tap';
import {
  AS,
  cent222,
  cent333,
  entries,
  firstOfTwo,
  floatingIp,
  gatewayYaml,
  startGateway,
} from './two-copies.ts';

const { missing } = { missing: undefined, ...findGobgp() };
const skip = missing ?? false;
const knob = 'routing-instances k8s-test routing-options multipath';

interface Copy {
  rd: string;
  nextHop: string;
  label: number;
  more?: string;
}

function announce(
  gobgp: Gobgp,
  { rd, nextHop, label, more = 'local-pref 200 med 100' }: Copy,
): Promise<string> {
  return gobgp.gobgp(
    ...`global rib add -a vpnv4 ${floatingIp} label ${label} rd ${rd} rt 500:500 nexthop ${nextHop} ${more}`.split(
      ' ',
    ),
  );
}

function withdraw(gobgp: Gobgp, { rd, label }: Copy): Promise<string> {
  return gobgp.gobgp(...`global rib del -a vpnv4 ${floatingIp} label ${label} rd ${rd}`.split(' '));
}

const copy222: Copy = { rd: '10.169.25.20:9', nextHop: cent222, label: 26 };
const copy333: Copy = { rd: '10.169.25.21:5', nextHop: cent333, label: 28 };

t.test('two copies of one control node: one Active, one NotBest, both with the knob', { skip }, async (t) => {
  const block = new LoopbackBlock();
  const [address, localAddress] = [block.take(), block.take()];
  const gobgp = await Gobgp.start({
    asn: AS,
    routerId: '10.169.25.19',
    address,
    neighbors: [{ address: localAddress, asn: AS, families: ['l3vpn-ipv4-unicast'] }],
  });
  t.teardown(() => gobgp.stop());
  const gateway = await startGateway(gatewayYaml([{ address, localAddress }]));
  t.teardown(() => gateway.stop());
  await announce(gobgp, copy333);
  await announce(gobgp, copy222);

  const [active, loser] = await entries(gateway, firstOfTwo(cent222));
  t.match(active, {
    mark: '*',
    active: true,
    label: 26,
    routeDistinguisher: '10.169.25.20:9',
    routeTargets: ['500:500'],
    localPref: 200,
    med: 100,
    from: address,
    routerId: '10.169.25.19',
    state: ['Secondary', 'Active', 'Int', 'Ext', 'ProtectionCand'],
    nextHops: [{ label: 26, selected: true }],
    primaryTable: 'bgp.l3vpn.0',
  });
  t.match(loser, {
    mark: ' ',
    active: false,
    label: 28,
    routeDistinguisher: '10.169.25.21:5',
    state: ['Secondary', 'NotBest', 'Int', 'Ext', 'ProtectionCand'],
    inactiveReason: 'Not Best in its group - Update source',
  });
  t.not(active!.nextHops[0]!.interface, loser!.nextHops[0]!.interface, 'each node has its tunnel');
  t.match(gateway.forwardingTables({ instance: 'k8s-test', destination: '101.101.101.252' }), [
    { routes: [{ nextHop: { type: 'indr', members: [{ operation: 'Push 26' }] } }] },
  ]);
  const [vpn] = gateway.routeTables({ table: 'bgp.l3vpn.0' });
  t.same(
    vpn?.entries.map(({ prefix, paths }) => `${paths[0]?.mark}${prefix}`),
    [`*10.169.25.20:9:${floatingIp}`, `*10.169.25.21:5:${floatingIp}`, '*192.168.0.204:500:15.15.15.0/24'],
    'in the VPN table both are active: their distinguishers differ',
  );

  t.test('with multipath vpn-unequal-cost both forward', async (t) => {
    gateway.change({ set: `${knob} vpn-unequal-cost` });
    const [first, second, both] = await entries(gateway, (paths) => paths.length === 3);
    t.match(first, { mark: '@', nextHop: cent222 });
    t.match(second, { mark: ' ', nextHop: cent333, inactiveReason: 'Not Best in its group - Update source' });
    t.match(both, {
      kind: 'Multipath',
      mark: '#',
      preference: 255,
      metric: 100,
      metric2: 0,
      inactiveReason: 'Forwarding use only',
      nextHops: [{ label: 26 }, { label: 28 }],
    });
    t.equal(both!.nextHops.filter((hop) => hop.selected).length, 1);
    t.match(gateway.forwardingTables({ instance: 'k8s-test', destination: '101.101.101.252' }), [
      {
        routes: [
          {
            nextHop: {
              type: 'ulst',
              members: [
                { type: 'indr', members: [{ operation: 'Push 26' }] },
                { type: 'indr', members: [{ operation: 'Push 28' }] },
              ],
            },
          },
        ],
      },
    ]);
    gateway.change({ delete: knob });
    await entries(gateway, firstOfTwo(cent222));
  });

  t.test('a dearer way to the winner makes it lose by IGP metric; unequal cost still shares', async (t) => {
    const dearer = 'routing-options dynamic-tunnels contrail destination-networks 10.169.25.20/32 metric 20';
    gateway.change({ set: dearer });
    const [, loser] = await entries(gateway, firstOfTwo(cent333));
    t.match(loser, { nextHop: cent222, metric2: 20, inactiveReason: 'Not Best in its group - IGP metric' });
    t.match(loser!.notBest, { ours: '20', theirs: '0' });
    gateway.change({ set: knob });
    await entries(gateway, firstOfTwo(cent333));
    gateway.change({ set: `${knob} vpn-unequal-cost` });
    await entries(gateway, (paths) => paths.length === 3 && paths[0]?.mark === '@');
    gateway.change({ delete: knob });
    gateway.change({
      delete: 'routing-options dynamic-tunnels contrail destination-networks 10.169.25.20/32',
    });
    await entries(gateway, firstOfTwo(cent222));
  });

  t.test('a lower local preference loses by it, and does not share', async (t) => {
    await announce(gobgp, { ...copy222, more: 'local-pref 100 med 200' });
    const [, loser] = await entries(gateway, firstOfTwo(cent333));
    t.match(loser, { nextHop: cent222, inactiveReason: 'Not Best in its group - Local Preference' });
    t.match(loser!.notBest, { ours: '100', theirs: '200' });
    gateway.change({ set: `${knob} vpn-unequal-cost` });
    await entries(gateway, firstOfTwo(cent333));
    gateway.change({ delete: knob });
    await announce(gobgp, copy222);
    await entries(gateway, firstOfTwo(cent222));
  });

  t.test('a higher MED loses by it', async (t) => {
    await announce(gobgp, { ...copy222, more: 'local-pref 200 med 101' });
    const [, loser] = await entries(gateway, firstOfTwo(cent333));
    t.match(loser, { inactiveReason: 'Not Best in its group - Route Metric or MED comparison' });
    await announce(gobgp, copy222);
    await entries(gateway, firstOfTwo(cent222));
  });

  t.test('a longer AS path of another group loses without being NotBest', async (t) => {
    await announce(gobgp, { ...copy222, more: 'local-pref 200 med 100 aspath 65001' });
    const [, loser] = await entries(gateway, firstOfTwo(cent333));
    t.match(loser, {
      inactiveReason: 'AS path',
      asPath: '65001',
      state: ['Secondary', 'Int', 'Ext', 'ProtectionCand'],
    });
    await announce(gobgp, copy222);
    await entries(gateway, firstOfTwo(cent222));
  });

  t.test(
    'a next hop outside the destination networks hides the route until a network covers it',
    async (t) => {
      await announce(gobgp, { ...copy222, nextHop: '10.170.0.1' });
      await entries(gateway, (paths) => paths.length === 1 && paths[0]?.nextHop === cent333);
      const hidden = gateway.routeTables({ table: 'k8s-test.inet.0', hidden: true })[0]!;
      t.equal(hidden.hidden, 1);
      t.match(hidden.entries[0]?.paths, [
        { nextHop: '10.170.0.1', nextHopType: 'Unusable', feasible: false },
      ]);
      gateway.change({ set: 'routing-options dynamic-tunnels contrail destination-networks 10.170.0.0/24' });
      await entries(gateway, (paths) => paths.length === 2);
      await announce(gobgp, copy222);
      await entries(gateway, firstOfTwo(cent222));
    },
  );

  t.test('a withdrawn copy leaves the other alone, and the session takes both', async (t) => {
    await withdraw(gobgp, copy222);
    const [left] = await entries(gateway, (paths) => paths.length === 1);
    t.match(left, { mark: '*', nextHop: cent333 });
    await announce(gobgp, copy222);
    await entries(gateway, firstOfTwo(cent222));
    await gobgp.gobgp('neighbor', localAddress, 'disable');
    await entries(gateway, (paths) => paths.length === 0);
    await gobgp.gobgp('neighbor', localAddress, 'enable');
    await entries(gateway, firstOfTwo(cent222));
  });
});

t.test('two control nodes with one copy each: the lower router id wins', { skip }, async (t) => {
  const block = new LoopbackBlock(process.pid + 1);
  const localAddress = block.take();
  const nodes: Gobgp[] = [];
  for (const routerId of ['10.169.25.19', '10.169.25.18']) {
    const gobgp = await Gobgp.start({
      asn: AS,
      routerId,
      address: block.take(),
      neighbors: [{ address: localAddress, asn: AS, families: ['l3vpn-ipv4-unicast'] }],
    });
    t.teardown(() => gobgp.stop());
    nodes.push(gobgp);
  }
  const gateway = await startGateway(gatewayYaml(nodes.map(({ address }) => ({ address, localAddress }))));
  t.teardown(() => gateway.stop());
  await announce(nodes[0]!, copy222);
  await announce(nodes[1]!, copy333);
  const [, loser] = await entries(gateway, firstOfTwo(cent333));
  t.match(loser, { inactiveReason: 'Not Best in its group - Router ID' });
  t.match(loser!.notBest, { ours: '10.169.25.19', theirs: '10.169.25.18' });
});

t.test(
  'route target constraint: GoBGP sends what some instance imports, and no more',
  { skip },
  async (t) => {
    const block = new LoopbackBlock(process.pid + 2);
    const [address, localAddress] = [block.take(), block.take()];
    const gobgp = await Gobgp.start({
      asn: AS,
      routerId: '10.169.25.19',
      address,
      neighbors: [{ address: localAddress, asn: AS }],
    });
    t.teardown(() => gobgp.stop());
    await announce(gobgp, copy222);
    await gobgp.gobgp(
      ...'global rib add -a vpnv4 10.9.9.9/32 label 30 rd 10.169.25.20:8 rt 500:501 nexthop 10.169.25.20'.split(
        ' ',
      ),
    );
    const gateway = await startGateway(gatewayYaml([{ address, localAddress }], '[inet-vpn, route-target]'));
    t.teardown(() => gateway.stop());
    await entries(gateway, (paths) => paths.length === 1);
    const vpn = (): string[] =>
      gateway.routeTables({ table: 'bgp.l3vpn.0' })[0]!.entries.map(({ prefix }) => prefix);
    t.same(vpn(), [`10.169.25.20:9:${floatingIp}`, '192.168.0.204:500:15.15.15.0/24']);
    t.match(Object.keys((await gobgp.json('global', 'rib', '-a', 'rtc')) as object), [`${AS}:500:500`]);

    gateway.change({ set: 'routing-instances k8s-test import target:500:501' });
    await entries(gateway, (paths) => paths.length === 1, 'k8s-test.inet.0', '10.9.9.9/32');
    gateway.change({ delete: 'routing-instances k8s-test import target:500:501' });
    await entries(gateway, (paths) => paths.length === 0, 'k8s-test.inet.0', '10.9.9.9/32');
  },
);
