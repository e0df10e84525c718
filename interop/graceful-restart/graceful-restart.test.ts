// Graceful restart with FRR, GoBGP and BIRD: they keep our routes while we restart, and we learn what to keep of theirs.
import { Speaker, type SessionDown } from '@vaportrail/bgp';
import { Bird, Frr, Gobgp, LoopbackBlock, findBird, findFrr, findGobgp } from '@vaportrail/lab';
import t from 'tap';
import { RecordedSession, us } from '../bgp-session/recorded-session.ts';
import { gobgpNeighbor } from './gobgp-neighbor.ts';

t.setTimeout(120_000);
const block = new LoopbackBlock();
const frrFound = findFrr();
const gobgpFound = findGobgp();
const birdFound = findBird();

const kept = '10.9.0.1/32';
const lost = '10.9.0.2/32';
const attributes = { extendedCommunities: ['target:64512:100'] };
const families = ['inet-vpn'] as const;

/** A speaker with two routes that can restart, and one that comes back with the first only. */
function incarnation(
  address: string,
  peer: { address: string; port: number },
  restarting: boolean,
  times: { readonly restart: number; readonly stale: number } = { restart: 20, stale: 0 },
): Speaker {
  const speaker = new Speaker({ asn: us.asn, routerId: '10.0.0.1' });
  const preserved = families.map((family) => ({ family, forwarding: true }));
  speaker.peer({
    address: peer.address,
    port: peer.port,
    asn: us.asn,
    localAddress: address,
    families,
    gracefulRestart: { restartTime: times.restart, families: preserved, restarting },
    ...(times.stale === 0
      ? {}
      : { longLived: preserved.map((family) => ({ ...family, staleTime: times.stale })) }),
  });
  for (const prefix of restarting ? [kept] : [kept, lost])
    speaker.announce({ rd: '10.1.1.1:1', prefix, labels: [1001], nextHop: '10.1.1.1', attributes });
  return speaker;
}

t.test(
  'FRR keeps our routes while we restart, and drops what we do not bring back',
  { skip: 'missing' in frrFound && frrFound.missing },
  async (t) => {
    const [address, own] = [block.take(), block.take()];
    const frr = await Frr.start({
      asn: us.asn,
      routerId: '10.0.0.2',
      address: own,
      neighbors: [{ address, asn: us.asn }],
    });
    t.teardown(() => frr.stop());
    const stale = async (prefix: string): Promise<boolean | undefined> => {
      const view = (await frr.json(`show bgp ipv4 vpn ${prefix}`)) as Record<
        string,
        { paths?: { stale?: boolean }[] }
      >;
      const path = view['10.1.1.1:1']?.paths?.[0];
      return path && (path.stale ?? false);
    };
    const settled = (prefix: string, wanted: boolean | undefined) =>
      frr.process.answers(async () => ((await stale(prefix)) === wanted ? true : undefined));

    const first = incarnation(address, frr, false);
    await first.start();
    await settled(lost, false);
    await first.abandon();
    await settled(kept, true);
    await settled(lost, true);
    t.pass('both are stale');
    const second = incarnation(address, frr, true);
    await second.start();
    await settled(lost, undefined);
    await settled(kept, false);
    t.pass('one is fresh again, the other gone with our End-of-RIB');
    await second.stop();
    await settled(kept, undefined);
  },
);

t.test(
  'GoBGP keeps our routes while we restart',
  { skip: 'missing' in gobgpFound && gobgpFound.missing },
  async (t) => {
    const [address, own] = [block.take(), block.take()];
    const gobgp = await Gobgp.start({
      asn: us.asn,
      routerId: '10.0.0.3',
      address: own,
      neighbors: [],
      after: gobgpNeighbor(address, us.asn, { restart: 20, stale: 60 }),
    });
    t.teardown(() => gobgp.stop());
    const stale = async (prefix: string): Promise<boolean | undefined> => {
      const table = ((await gobgp.json('global', 'rib', '-a', 'vpnv4')) ?? {}) as Record<
        string,
        { stale: boolean }[]
      >;
      return table[`10.1.1.1:1:${prefix}`]?.[0]?.stale;
    };
    const settled = (prefix: string, wanted: boolean | undefined) =>
      gobgp.process.answers(async () => ((await stale(prefix)) === wanted ? true : undefined), 20_000);
    const first = incarnation(address, gobgp, false);
    await first.start();
    await settled(lost, false);
    await first.abandon();
    await settled(kept, true);
    t.equal(await stale(lost), true);
    const second = incarnation(address, gobgp, true);
    await second.start();
    await settled(kept, false);
    await settled(lost, undefined);
    t.pass('one is fresh again, the other gone with our End-of-RIB');
    await second.stop();
  },
);

t.test(
  'GoBGP keeps our routes as long-lived stale when we do not come back in time, and no longer than we said',
  { skip: 'missing' in gobgpFound && gobgpFound.missing },
  async (t) => {
    const [address, own] = [block.take(), block.take()];
    const gobgp = await Gobgp.start({
      asn: us.asn,
      routerId: '10.0.0.3',
      address: own,
      neighbors: [],
      after: gobgpNeighbor(address, us.asn, { restart: 20, stale: 60 }),
    });
    t.teardown(() => gobgp.stop());
    const seen = async (): Promise<string> => gobgp.gobgp('global', 'rib', '-a', 'vpnv4');
    const speaker = incarnation(address, gobgp, false, { restart: 2, stale: 4 });
    await speaker.start();
    await gobgp.process.answers(async () => (/10\.9\.0\.1/.test(await seen()) ? true : undefined), 20_000);
    t.notMatch(await seen(), /llgr-stale/);
    await speaker.abandon();
    await gobgp.process.answers(async () => (/llgr-stale/.test(await seen()) ? true : undefined));
    t.pass('LLGR_STALE after the restart time');
    await gobgp.process.answers(async () => (/10\.9\.0\.1/.test(await seen()) ? undefined : true));
    t.pass('gone after the stale time');
  },
);

t.test(
  'BIRD keeps our routes while we restart',
  { skip: 'missing' in birdFound && birdFound.missing },
  async (t) => {
    const [address, own] = [block.take(), block.take()];
    const bird = await Bird.start({
      asn: us.asn,
      routerId: '10.0.0.4',
      address: own,
      neighbors: [{ name: 'vaportrail', address, asn: us.asn, settings: ['graceful restart on;'] }],
    });
    t.teardown(() => bird.stop());
    const paths = async () => (await bird.vpnPaths()).map(({ prefix }) => prefix).sort();
    const settled = (wanted: string[]) =>
      bird.process.answers(async () => ((await paths()).join() === wanted.join() ? true : undefined), 20_000);
    const first = incarnation(address, bird, false);
    await first.start();
    await settled([kept, lost]);
    await first.abandon();
    await bird.process.answers(async () =>
      /Neighbor graceful restart active/.test(await bird.birdc('show protocols all vaportrail'))
        ? true
        : undefined,
    );
    t.same(await paths(), [kept, lost]);
    const second = incarnation(address, bird, true);
    await second.start();
    await settled([kept]);
    t.pass('what we did not bring back is gone with our End-of-RIB');
    await second.stop();
    await settled([]);
  },
);

t.test(
  'a FRR that is killed leaves what to keep, and comes back saying so',
  { skip: 'missing' in frrFound && frrFound.missing },
  async (t) => {
    const [address, own] = [block.take(), block.take()];
    const start = () =>
      Frr.start({
        asn: us.asn,
        routerId: '10.0.0.2',
        address: own,
        settings: ['bgp graceful-restart', 'bgp graceful-restart restart-time 33'],
        neighbors: [{ address, asn: us.asn }],
      });
    const frr = await start();
    const peer = new RecordedSession({
      local: { ...us, address },
      peer: { address: own, port: frr.port, asn: us.asn },
      families,
      connectRetry: 1,
    });
    peer.session.start();
    const { gracefulRestart } = await peer.up();
    t.match(gracefulRestart, { restartTime: 33, families: [{ family: 'inet-vpn' }] });
    process.kill(frr.process.pid!, 'SIGKILL');
    await peer.until('the end', () => peer.downs.length > 0);
    const expected: Partial<SessionDown> = { direction: 'transport', retain: ['inet-vpn'], restartTime: 33 };
    t.match(peer.downs, [expected]);
    await frr.stop();
    const again = await start();
    t.teardown(() => again.stop());
    await peer.up(20_000);
    t.equal(peer.established[1]?.gracefulRestart?.restarting, true);
    await peer.session.stop();
  },
);
