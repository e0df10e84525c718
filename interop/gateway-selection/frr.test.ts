// FRR announces from two VRF-like tables; the gateway imports both, and FRR imports what the gateway exports.
import { Frr, LoopbackBlock, findFrr } from '@vaportrail/lab';
import t from 'tap';
import { AS, entries, floatingIp, gatewayYaml, startGateway } from './two-copies.ts';

const { missing } = { missing: undefined, ...findFrr() };
const skip = missing ?? false;
const node = (routerId: string): string => routerId.replace('10.169.25.1', '10.169.25.2');

t.test(
  'copies from two FRR routers: the higher router id loses, and the gateway says so',
  { skip },
  async (t) => {
    const block = new LoopbackBlock();
    const localAddress = block.take();
    const routers: Frr[] = [];
    for (const [i, routerId] of ['10.169.25.10', '10.169.25.11'].entries()) {
      const frr = await Frr.start({
        asn: AS,
        routerId,
        address: block.take(),
        routeDistinguisher: `${node(routerId)}:9`,
        importTargets: ['500:500'],
        exported: { prefixes: [floatingIp], label: 40 + i, nextHop: node(routerId) },
        neighbors: [{ address: localAddress, asn: AS }],
      });
      t.teardown(() => frr.stop());
      routers.push(frr);
    }
    const [first, second] = routers as [Frr, Frr];
    const gateway = await startGateway(
      gatewayYaml(routers.map(({ address }) => ({ address, localAddress }))),
    );
    t.teardown(() => gateway.stop());

    const [active, loser] = await entries(gateway, (paths) => paths.length === 2);
    t.match(active, {
      mark: '*',
      routerId: '10.169.25.10',
      nextHop: '10.169.25.20',
      routeDistinguisher: '10.169.25.20:9',
      label: 40,
      routeTargets: ['500:500'],
    });
    t.match(loser, {
      routerId: '10.169.25.11',
      nextHop: '10.169.25.21',
      label: 41,
      state: ['Secondary', 'NotBest', 'Int', 'Ext', 'ProtectionCand'],
      inactiveReason: 'Not Best in its group - Router ID',
    });

    t.test('FRR has the network behind the gateway, with its label, distinguisher and target', async (t) => {
      const paths = await first.process.answers(async () => {
        const found = await first.paths('15.15.15.0/24');
        return found.length > 0 ? found : undefined;
      });
      t.match(paths, [
        {
          rd: '192.168.0.204:500',
          nextHop: '192.168.0.204',
          label: 299776,
          routeTargets: ['500:500'],
          localPref: 100,
        },
      ]);
      t.same(await first.paths('15.15.15.1/32'), [], 'but not its own address');
      gateway.change({
        set: 'routing-instances k8s-test routing-options static route 16.16.0.0/16 next-hop 15.15.15.2',
      });
      await second.process.answers(async () =>
        (await second.paths('16.16.0.0/16')).length === 1 ? true : undefined,
      );
      gateway.change({
        delete: 'routing-instances k8s-test routing-options static route 16.16.0.0/16 next-hop 15.15.15.2',
      });
      await second.process.answers(async () =>
        (await second.paths('16.16.0.0/16')).length === 0 ? true : undefined,
      );
      t.equal((await second.paths('15.15.15.0/24')).length, 1, 'what stays was not disturbed');
    });

    t.test('an instance that would exchange nothing is refused, and all goes on', async (t) => {
      t.throws(
        () => gateway.change({ delete: 'routing-instances k8s-test vrf-target target:500:500' }),
        /needs a vrf-target/,
      );
      t.equal((await entries(gateway, (paths) => paths.length === 2)).length, 2);
    });

    t.test('a router that goes takes its copy along', async (t) => {
      await first.stop();
      const [left] = await entries(gateway, (paths) => paths.length === 1);
      t.match(left, { mark: '*', nextHop: '10.169.25.21' });
      t.match(
        gateway.neighbors().map(({ address, state }) => [address, state === 'Established']),
        [
          [first.address, false],
          [second.address, true],
        ],
      );
    });
  },
);

t.test('over EBGP: the shorter AS path wins, and the older of two equals stays', { skip }, async (t) => {
  const block = new LoopbackBlock(process.pid + 1);
  const localAddress = block.take();
  const addresses = [block.take(), block.take()];
  const start = (i: number, prepend: string) =>
    Frr.start({
      asn: 65001 + i,
      routerId: `10.169.25.${20 + i}`,
      address: addresses[i]!,
      routeDistinguisher: `10.169.25.${20 + i}:9`,
      importTargets: ['500:500'],
      exported: { prefixes: [floatingIp], label: 50 + i, nextHop: `10.169.25.${20 + i}` },
      neighbors: [
        {
          address: localAddress,
          asn: AS,
          settings: ['ebgp-multihop', 'disable-connected-check'],
          families: { 'ipv4 vpn': ['route-map out out', 'attribute-unchanged next-hop'] },
        },
      ],
      after: ['route-map out permit 10', ...(prepend === '' ? [] : [` set as-path prepend ${prepend}`]), '!'],
    });
  const [first, second] = [await start(0, '65001'), await start(1, '')];
  t.teardown(() => Promise.all([first.stop(), second.stop()]));
  const gateway = await startGateway(
    gatewayYaml(addresses.map((address, i) => ({ address, localAddress, asn: 65001 + i }))),
  );
  t.teardown(() => gateway.stop());
  const [active, loser] = await entries(gateway, (paths) => paths.length === 2);
  t.match(active, {
    asPath: '65002',
    nextHop: '10.169.25.21',
    state: ['Secondary', 'Active', 'Ext', 'ProtectionCand'],
  });
  t.match(loser, {
    asPath: '65001 65001',
    inactiveReason: 'AS path',
    state: ['Secondary', 'Ext', 'ProtectionCand'],
    notBest: { ours: '2', theirs: '1' },
  });
});
