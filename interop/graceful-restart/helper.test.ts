// A control node as helper of a GoBGP that is killed: its route stays, then as long-lived stale, which FRR hears, then goes.
import { Frr, Gobgp, LoopbackBlock } from '@vaportrail/lab';
import t from 'tap';
import { reflector, runningControlNode } from '../running-control-node.ts';
import { missing, until } from '../running-lab.ts';
import { gobgpNeighbor } from './gobgp-neighbor.ts';

const block = new LoopbackBlock();
const prefix = '10.9.0.1/32';

t.test(
  'the route of a GoBGP that is killed is stale, then long-lived stale, then gone',
  { skip: missing('gobgp', 'frr') },
  async (t) => {
    t.setTimeout(90_000);
    const [address, own, theirs] = [block.take(), block.take(), block.take()];
    const { asn } = reflector;
    const gobgp = await Gobgp.start({
      asn,
      routerId: '10.0.0.3',
      address: own,
      neighbors: [],
      after: gobgpNeighbor(address, asn, { restart: 3, stale: 4 }),
    });
    t.teardown(() => gobgp.stop());
    const frr = await Frr.start({
      asn,
      routerId: '10.0.0.4',
      address: theirs,
      importTargets: ['100:100'],
      neighbors: [{ address, asn }],
    });
    t.teardown(() => frr.stop());
    const node = await runningControlNode(t, {
      ...reflector,
      address,
      peers: [
        { name: 'gobgp', address: own, port: gobgp.port, families: ['inet-vpn'] },
        { name: 'frr', address: theirs, port: frr.port, families: ['inet-vpn'] },
      ],
      'graceful-restart': { enabled: true },
    });
    const route = [prefix, 'label', '10', 'rd', '100:100', 'rt', '100:100', 'nexthop', '10.1.1.1'];
    await gobgp.gobgp('global', 'rib', 'add', '-a', 'vpnv4', ...route);
    const flags = (): readonly string[] | undefined =>
      node.routes({ table: 'bgp.l3vpn.0' })[0]?.paths[0]?.flags ?? undefined;
    const atFrr = async () => JSON.stringify(await frr.json(`show bgp ipv4 vpn ${prefix}`));
    await frr.process.answers(async () => ((await frr.paths(prefix)).length === 1 ? true : undefined));
    t.notMatch(await atFrr(), /llgr-stale/i);
    t.notOk(flags()?.includes('Stale'), 'it is fresh');

    process.kill(gobgp.process.pid!, 'SIGKILL');
    await until(
      async () => flags(),
      (shown) => shown?.includes('Stale') === true,
    );
    t.equal((await frr.paths(prefix)).length, 1, 'FRR still has it');
    await until(
      async () => flags(),
      (shown) => shown?.includes('LlgrStale') === true,
    );
    await frr.process.answers(async () => (/llgr-stale/i.test(await atFrr()) ? true : undefined));
    t.pass('FRR hears that it is long-lived stale');
    await frr.process.answers(async () => ((await frr.paths(prefix)).length === 0 ? true : undefined));
    t.same(node.routes({ table: 'bgp.l3vpn.0' }), [], 'and that it is gone when its time is over');
  },
);
