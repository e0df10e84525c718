// Hard reset (RFC 8538) with FRR, both ways, and what FRR says of a Cease for BFD (RFC 9384).
import { endOfRib } from '@vaportrail/bgp';
import { Frr, LoopbackBlock, findFrr } from '@vaportrail/lab';
import { encodeUpdate } from '@vaportrail/bgp/wire';
import t from 'tap';
import { RecordedSession, us } from '../bgp-session/recorded-session.ts';

t.setTimeout(120_000);
const block = new LoopbackBlock();
const found = findFrr();
const skip = 'missing' in found ? found.missing : false;
const prefix = '10.9.0.1/32';

/** FRR that keeps routes over a NOTIFICATION, and a session with one route that does so too. */
async function pair(t: { teardown(after: () => unknown): void }) {
  const [address, own] = [block.take(), block.take()];
  const frr = await Frr.start({
    asn: us.asn,
    routerId: '10.0.0.2',
    address: own,
    settings: ['bgp graceful-restart', 'bgp graceful-restart notification'],
    neighbors: [{ address, asn: us.asn }],
  });
  t.teardown(() => frr.stop());
  const peer = new RecordedSession({
    local: { ...us, address },
    peer: { address: own, port: frr.port, asn: us.asn },
    families: ['inet-vpn'],
    gracefulRestart: { restartTime: 60, families: [{ family: 'inet-vpn', forwarding: true }] },
  });
  t.teardown(() => peer.session.stop());
  peer.session.start();
  const { gracefulRestart } = await peer.up(30_000);
  const route = {
    op: 'announce',
    afi: 1,
    safi: 128,
    pathId: null,
    rd: '10.1.1.1:1',
    prefix,
    labels: [1001],
  } as const;
  const attributes = {
    origin: 'incomplete' as const,
    asPath: [],
    localPref: 100,
    extendedCommunities: ['target:64512:100'],
  };
  peer.session.write([encodeUpdate({ routes: [{ ...route, nextHop: '10.1.1.1' }], attributes })]);
  const stale = async (): Promise<boolean | undefined> => {
    const view = (await frr.json(`show bgp ipv4 vpn ${prefix}`)) as Record<
      string,
      { paths?: { stale?: boolean }[] }
    >;
    const path = view['10.1.1.1:1']?.paths?.[0];
    return path && (path.stale ?? false);
  };
  const settled = (wanted: boolean | undefined): Promise<true> =>
    frr.process.answers(async () => ((await stale()) === wanted ? true : undefined), 20_000);
  await settled(false);
  const neighbor = async (): Promise<Record<string, unknown>> =>
    ((await frr.json(`show bgp neighbors ${address}`)) as Record<string, Record<string, unknown>>)[address]!;
  return { frr, peer, settled, neighbor, gracefulRestart, address };
}

t.test('FRR keeps the routes when BFD lost us, and gives them up with a hard reset', { skip }, async (t) => {
  const { peer, settled, neighbor, gracefulRestart } = await pair(t);
  t.equal(gracefulRestart?.notification, true, 'both announced it');
  peer.session.bfdDown();
  await settled(true);
  t.match(peer.downs[0], { direction: 'sent', code: 6, subcode: 10, hard: false });
  const after = await neighbor();
  t.equal(after['lastNotificationReason'], 'Cease/BFD Down');
  await peer.up(30_000);
  peer.session.write([endOfRib('inet-vpn')]);
  await settled(undefined);
  t.pass('what we do not send again in front of our End-of-RIB is gone');
});

t.test('a session we stop takes its routes along', { skip }, async (t) => {
  const { peer, settled } = await pair(t);
  await peer.session.stop('moved away');
  t.match(peer.downs, [{ direction: 'sent', code: 6, subcode: 2, hard: true }]);
  await settled(undefined);
});

t.test('FRR resets us hard when its operator says so', { skip }, async (t) => {
  const { frr, peer, address } = await pair(t);
  await frr.vtysh(`clear bgp ${address}`);
  await peer.until('the end', () => peer.downs.length > 0);
  t.match(peer.downs[0], { direction: 'received', code: 6, hard: true, retain: [] });
  t.match(peer.downs[0]?.text, /by hard reset/);
});
