// The starters of the lab, with FRR, GoBGP and BIRD talking to one another: what every other interop test stands on.
import { existsSync } from 'node:fs';
import {
  Bird,
  Frr,
  Gobgp,
  LoopbackBlock,
  findBird,
  findFrr,
  findGobgp,
  type PeerPath,
} from '@vaportrail/lab';
import t from 'tap';

const missing = [findFrr(), findGobgp(), findBird()].flatMap((each) =>
  each.path === undefined ? [each.missing] : [],
);
const fip = '101.101.101.252/32';

t.test(
  'three real routers tell of the same paths in the same words',
  { skip: missing[0] ?? false },
  async (t) => {
    const block = new LoopbackBlock();
    const [gobgpAddress, frrAddress, birdAddress] = [block.take(), block.take(), block.take()];
    const asn = 60100;
    const frr = await Frr.start({
      asn,
      routerId: '192.168.0.205',
      address: frrAddress,
      importTargets: ['500:500'],
      maximumPaths: 1,
      neighbors: [{ address: gobgpAddress, asn, port: 1790 }],
    });
    t.teardown(() => frr.stop());
    const bird = await Bird.start({
      asn,
      routerId: '192.168.0.207',
      address: birdAddress,
      neighbors: [{ name: 'gobgp', address: gobgpAddress, asn, port: 1790 }],
    });
    t.teardown(() => bird.stop());
    const gobgp = await Gobgp.start({
      asn,
      routerId: '192.168.0.206',
      address: gobgpAddress,
      neighbors: [frrAddress, birdAddress].map((address) => ({
        address,
        asn,
        families: ['l3vpn-ipv4-unicast'],
      })),
    });
    t.teardown(() => gobgp.stop());

    const add = (rd: string, nextHop: string, label: number) =>
      gobgp.gobgp(
        ...`global rib add -a vpnv4 ${fip} label ${label} rd ${rd} rt 500:500 nexthop ${nextHop} local-pref 200`.split(
          ' ',
        ),
      );
    await add('10.169.25.20:9', '10.169.25.20', 43);
    await add('10.169.25.21:5', '10.169.25.21', 28);

    const byLabel = (paths: PeerPath[]) => paths.toSorted((a, b) => b.label! - a.label!);
    const seen = (peer: Frr | Gobgp | Bird, n: number) =>
      peer.process.answers(async () => {
        const paths = await peer.paths(fip);
        // FRR has the paths a moment before it has chosen one.
        const chosen = peer !== frr || paths.some((path) => path.best);
        return paths.length === n && chosen ? byLabel(paths) : undefined;
      }, 20_000);
    const expected = [
      { rd: '10.169.25.20:9', nextHop: '10.169.25.20', label: 43 },
      { rd: '10.169.25.21:5', nextHop: '10.169.25.21', label: 28 },
    ].map((path) => ({ ...path, prefix: fip, routeTargets: ['500:500'], localPref: 200 }));

    t.match(await seen(gobgp, 2), expected);
    t.match(await seen(bird, 2), expected);
    const imported = await seen(frr, 2);
    t.match(imported, expected);
    t.equal(imported.filter((path) => path.best).length, 1, 'FRR chose one');
    t.notOk(
      imported.some((path) => path.multipath),
      'and uses no other',
    );

    t.ok(await frr.established(gobgpAddress));
    t.ok(await bird.established(gobgpAddress));
    t.ok(await gobgp.established(frrAddress));
    t.notOk(await frr.established('127.0.0.1'), 'a neighbour nobody configured is not Established');

    t.equal(await frr.setMultipath(true), 'maximum-paths 8');
    await frr.process.answers(async () =>
      (await frr.paths(fip)).every((path) => path.multipath) ? true : undefined,
    );
    t.equal(await gobgp.setMultipath(), undefined, 'GoBGP has no such knob');

    for (const peer of [frr, gobgp, bird]) {
      const { command, output } = await peer.show(fip);
      t.match(output, '10.169.25.21', `${command} shows the second path`);
    }

    await gobgp.gobgp(...`global rib del -a vpnv4 ${fip} label 28 rd 10.169.25.21:5`.split(' '));
    t.match(await seen(frr, 1), [expected[0]]);
    t.match(await seen(bird, 1), [expected[0]]);

    await t.rejects(frr.configure('router bgp 60100', 'no such command'), /Unknown command/);
    const { folder } = frr;
    await frr.stop();
    t.notOk(frr.process.running);
    t.notOk(existsSync(folder), 'nothing is left behind');
  },
);

t.test('a daemon that does not come up says why', { skip: missing[0] ?? false }, async (t) => {
  const address = new LoopbackBlock().take();
  const settings = { asn: 60100, routerId: '10.0.0.1', address, neighbors: [] };
  await t.rejects(Frr.start({ ...settings, address: '192.0.2.77' }), /Cannot assign requested address/);
  await t.rejects(Frr.start({ ...settings, after: ['nonsense'] }), /rejects a line .* nonsense/);
  await t.rejects(Bird.start({ ...settings, after: ['nonsense'] }), /syntax error/);
  await t.rejects(Gobgp.start({ ...settings, after: 'nonsense' }), /gobgpd ended/);
});
