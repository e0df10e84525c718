// Floating IPs of two compute nodes through our control node into FRR: what FRR itself says of them.
import { Frr, LoopbackBlock } from '@vaportrail/lab';
import t from 'tap';
import { ComputeNode } from '../compute-node.ts';
import { PUBLIC, camaro, cent111, runningControlNode } from '../running-control-node.ts';
import { missing } from '../running-lab.ts';

const { asn } = cent111;
const fip = '101.101.101.252/32';
const skip = missing('frr');
const block = new LoopbackBlock();

/** FRR as the gateway, our control node, and the two compute nodes of the lab. */
async function lab(t: { teardown(end: () => Promise<unknown>): void }) {
  const [ours, theirs] = [block.take(), block.take()];
  const frr = await Frr.start({
    ...camaro,
    address: theirs,
    neighbors: [{ address: ours, asn }],
  });
  t.teardown(() => frr.stop());
  const node = await runningControlNode(t, {
    ...cent111,
    address: ours,
    peers: [{ name: 'camaro', address: theirs, port: frr.port }],
    'routing-instances': [{ name: PUBLIC, 'vn-index': 11, 'route-targets': ['500:500', '64512:8000016'] }],
  });
  const agent = (name: string, address: string) => ComputeNode.connect(node.xmppAddress!, name, address);
  const cent222 = await agent('cent222', '10.169.25.20');
  const cent333 = await agent('cent333', '10.169.25.21');
  t.teardown(async () => [cent222, cent333].forEach((one) => one.kill()));
  cent222.subscribe(PUBLIC, 9);
  cent333.subscribe(PUBLIC, 5);
  await frr.process.answers(async () => (await frr.established(ours)) || undefined);
  const paths = (count: number) =>
    frr.process.answers(async () => {
      const paths = await frr.paths(fip);
      // FRR puts a path into its table first and chooses the best one a moment later.
      const chosen = count === 0 || paths.some(({ best }) => best);
      if (paths.length !== count || !chosen) return undefined;
      return paths.sort((a, b) => a.nextHop.localeCompare(b.nextHop));
    });
  return { ours, theirs, frr, node, agent, cent222, cent333, paths };
}

const backend222 = { instance: PUBLIC, prefix: fip, label: 44, securityGroups: [8000007], tags: [0x10000] };
const backend333 = { instance: PUBLIC, prefix: fip, label: 26 };

t.test(
  'FRR imports one path of every compute node, with its own route distinguisher and label',
  { skip },
  async (t) => {
    const { frr, cent222, cent333, paths } = await lab(t);
    cent222.publish(backend222);
    cent333.publish(backend333);
    t.match(await paths(2), [
      {
        rd: '10.169.25.20:9',
        nextHop: '10.169.25.20',
        label: 44,
        routeTargets: ['500:500', '64512:8000016'],
        localPref: 200,
        med: 100,
      },
      {
        rd: '10.169.25.21:5',
        nextHop: '10.169.25.21',
        label: 26,
        routeTargets: ['500:500', '64512:8000016'],
        localPref: 200,
        med: 100,
      },
    ]);
    const { output } = await frr.show(fip);
    t.match(output, /Origin incomplete, metric 100, localpref 200/);
    const vpn = await frr.vtysh('show bgp ipv4 vpn 101.101.101.252/32');
    t.match(vpn, 'ET:2', 'GRE');
    t.match(vpn, 'ET:13', 'MPLS in UDP');
  },
);

t.test('one of both is best, and with several paths allowed both are', { skip }, async (t) => {
  const { frr, cent222, cent333, paths } = await lab(t);
  await frr.setMultipath(false);
  cent222.publish(backend222);
  cent333.publish(backend333);
  const single = await paths(2);
  t.equal(single.filter(({ best }) => best).length, 1);
  t.equal(single.filter(({ multipath }) => multipath).length, 0);
  await frr.setMultipath(true);
  const both = await frr.process.answers(async () => {
    const paths = await frr.paths(fip);
    return paths.every(({ multipath }) => multipath) ? paths : undefined;
  });
  t.equal(both.length, 2);
  t.equal(both.filter(({ best }) => best).length, 1);
});

t.test('a standby with lower preference stays inside the control node', { skip }, async (t) => {
  const { frr, node, cent222, cent333, paths } = await lab(t);
  cent222.publish(backend222);
  cent333.publish({ ...backend333, localPref: 100 });
  t.match(await paths(1), [{ nextHop: '10.169.25.20', localPref: 200, med: 100 }]);
  const [route] = node.routes({ table: `${PUBLIC}.inet.0`, prefix: fip });
  t.match(
    route!.paths.map(({ source, best, notBest }) => [source, best, notBest?.step]),
    [
      ['cent222', true, undefined],
      ['cent333', false, 'local-preference'],
    ],
  );
  cent222.withdraw(backend222);
  const successor = await frr.process.answers(async () => {
    const [path] = await paths(1);
    return path?.nextHop === '10.169.25.21' ? path : undefined;
  });
  t.match(successor, { localPref: 100, med: 200 }, 'until the active one goes');
});

t.test('scaling down takes a path away, and losing the last agent all of them', { skip }, async (t) => {
  const { cent222, cent333, paths } = await lab(t);
  cent222.publish(backend222);
  cent333.publish(backend333);
  await paths(2);
  cent333.withdraw(backend333);
  t.match(await paths(1), [{ rd: '10.169.25.20:9' }]);
  cent333.publish({ ...backend333, label: 27 });
  t.match(await paths(2), [{}, { rd: '10.169.25.21:5', label: 27 }]);
  cent222.kill();
  t.match(await paths(1), [{ rd: '10.169.25.21:5' }]);
  cent333.unsubscribe(PUBLIC);
  t.same(await paths(0), []);
});

t.test('after the session with FRR is lost everything comes back with it', { skip }, async (t) => {
  const { frr, ours, cent222, cent333, paths } = await lab(t);
  cent222.publish(backend222);
  cent333.publish(backend333);
  await paths(2);
  await frr.vtysh(`clear bgp ${ours}`);
  await frr.process.answers(async () => (await frr.established(ours)) || undefined, 20_000);
  t.match(await paths(2), [{ label: 44 }, { label: 26 }]);
});

t.test('FRR originates a default route, and the agents get it as an item', { skip }, async (t) => {
  const [ours, theirs] = [block.take(), block.take()];
  const frr = await Frr.start({
    ...camaro,
    address: theirs,
    exported: { prefixes: ['0.0.0.0/0'], label: 500, nextHop: '192.168.0.204' },
    neighbors: [{ address: ours, asn, port: 1791 }],
  });
  t.teardown(() => frr.stop());
  const node = await runningControlNode(t, {
    ...cent111,
    address: ours,
    bgpPort: 1791,
    peers: [{ name: 'camaro', address: theirs, passive: true }],
  });
  const cent222 = await ComputeNode.connect(node.xmppAddress!, 'cent222', '10.169.25.20');
  t.teardown(async () => cent222.kill());
  cent222.subscribe(PUBLIC, 9);
  const hops = await frr.process.answers(async () => {
    const hops = cent222.nextHops(PUBLIC, '0.0.0.0/0');
    return hops.length > 0 ? hops : undefined;
  });
  t.same(hops, ['192.168.0.204 500']);
  await frr.configure(`router bgp ${asn}`, 'address-family ipv4 unicast', 'no network 0.0.0.0/0');
  await frr.process.answers(async () =>
    cent222.nextHops(PUBLIC, '0.0.0.0/0').length === 0 ? true : undefined,
  );
  t.pass('and loses it with its withdrawal');
});

t.test(
  'as a route reflector it gives the routes of one FRR to another, with ORIGINATOR_ID and CLUSTER_LIST',
  { skip },
  async (t) => {
    const [ours, one, two] = [block.take(), block.take(), block.take()];
    const start = (address: string, routerId: string, exported?: string) =>
      Frr.start({
        asn,
        routerId,
        address,
        importTargets: ['500:500'],
        ...(exported !== undefined && {
          exported: { prefixes: [exported], label: 500, nextHop: routerId },
        }),
        neighbors: [{ address: ours, asn }],
      });
    const first = await start(one, '192.168.0.204', '15.15.15.0/24');
    t.teardown(() => first.stop());
    const second = await start(two, '192.168.0.205');
    t.teardown(() => second.stop());
    await runningControlNode(t, {
      ...cent111,
      'cluster-id': '10.169.25.19',
      address: ours,
      peers: [first, second].map(({ address, port }) => ({ address, port, families: ['inet-vpn'] })),
      'routing-instances': [],
    });
    const view = await second.process.answers(async () => {
      const view = await second.vtysh('show bgp ipv4 vpn 15.15.15.0/24');
      return view.includes('Originator') ? view : undefined;
    });
    t.match(view, '192.168.0.204 from', 'the next hop stays');
    t.match(view, 'Originator: 192.168.0.204, Cluster list: 10.169.25.19');
    t.match(view, 'Remote label: 500');
    const own = await first.vtysh('show bgp ipv4 vpn 15.15.15.0/24');
    t.match(own, '(1 available', 'not back to where it came from');
    await first.stop();
    await second.process.answers(async () =>
      (await second.vtysh('show bgp ipv4 vpn')).includes('15.15.15.0') ? undefined : true,
    );
    t.pass('and takes it back when it is gone');
  },
);

t.test('towards another AS the MED survives, and LOCAL_PREF does not', { skip }, async (t) => {
  const [ours, theirs] = [block.take(), block.take()];
  const frr = await Frr.start({
    ...camaro,
    asn: 65001,
    address: theirs,
    neighbors: [{ address: ours, asn, settings: ['ebgp-multihop 4'] }],
  });
  t.teardown(() => frr.stop());
  const node = await runningControlNode(t, {
    ...cent111,
    address: ours,
    peers: [{ address: theirs, port: frr.port, asn: 65001 }],
  });
  const cent222 = await ComputeNode.connect(node.xmppAddress!, 'cent222', '10.169.25.20');
  t.teardown(async () => cent222.kill());
  cent222.subscribe(PUBLIC, 9);
  cent222.publish(backend222);
  const [path] = await frr.process.answers(async () => {
    const paths = await frr.vpnPaths(fip);
    return paths.length > 0 ? paths : undefined;
  });
  t.match(path, { nextHop: '10.169.25.20', label: 44, med: 100, localPref: null });
  t.match(await frr.vtysh(`show bgp ipv4 vpn ${fip}`), /\n {2}60100\n/, 'our AS is in front');
});
