// TTL security with FRR and BIRD: a session needs it on both sides or on none, whoever connects.
import { Listener } from '@vaportrail/bgp';
import { Bird, Frr, Gobgp, LoopbackBlock, findBird, findFrr, findGobgp } from '@vaportrail/lab';
import t from 'tap';
import { RecordedSession, us } from '../bgp-session/recorded-session.ts';
import { unavailable } from '../md5/unavailable.ts';

t.setTimeout(120_000);
const block = new LoopbackBlock();
const families = ['inet-vpn'] as const;

/** FRR with TTL security for one neighbour. */
const startFrr = (own: string, address: string, hops: number, port?: number) =>
  Frr.start({
    asn: us.asn,
    routerId: '10.0.0.2',
    address: own,
    neighbors: [
      {
        address,
        asn: us.asn,
        settings: [`ttl-security hops ${hops}`],
        ...(port === undefined ? {} : { port }),
      },
    ],
  });

/** A session with TTL security that waits for its neighbour to connect. */
async function waiting(t: { teardown(end: () => unknown): void }, address: string, neighbor: string) {
  const listener = new Listener();
  const { port } = await listener.listen({ address, port: 0 });
  t.teardown(() => listener.close());
  const peer = new RecordedSession({
    local: us,
    peer: { address: neighbor, asn: us.asn, passive: true },
    families,
    ttlSecurity: 1,
  });
  listener.add(peer.session);
  peer.session.start();
  return { port, peer };
}

const frr = findFrr();
const frrSkip = ('missing' in frr ? frr.missing : undefined) ?? unavailable() ?? false;

t.test(
  'FRR takes our connection when both have it, and not when only FRR has',
  { skip: frrSkip },
  async (t) => {
    const [address, own] = [block.take(), block.take()];
    const frr = await startFrr(own, address, 1);
    t.teardown(() => frr.stop());
    const settings = {
      local: { ...us, address },
      peer: { address: own, port: frr.port, asn: us.asn },
      families,
    };
    const odd = new RecordedSession(settings);
    odd.session.start();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    // Our OPEN may be there before FRR has secured the connection; what follows is not.
    t.notOk(await frr.established(address), 'only FRR has it');
    await odd.session.stop();
    const peer = new RecordedSession({ ...settings, ttlSecurity: 1 });
    peer.session.start();
    await peer.up(30_000);
    t.ok(await frr.established(address));
    await peer.session.stop();
  },
);

t.test(
  'packets of a usual TTL do not reach a session that has it',
  { skip: unavailable() ?? false },
  async (t) => {
    const [address, own] = [block.take(), block.take()];
    const { port, peer: secured } = await waiting(t, address, own);
    const usual = new RecordedSession({
      local: { asn: us.asn, routerId: 2, address: own },
      peer: { address, port, asn: us.asn },
      families,
    });
    usual.session.start();
    await usual.until('the connection itself', () => secured.session.isConnected);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    t.equal(secured.established.length, 0);
    await usual.session.stop();
    await secured.session.stop();
  },
);

const bird = findBird();
const birdSkip = ('missing' in bird ? bird.missing : undefined) ?? unavailable() ?? false;

t.test('BIRD takes our connection when both have it', { skip: birdSkip }, async (t) => {
  const [address, own] = [block.take(), block.take()];
  const bird = await Bird.start({
    asn: us.asn,
    routerId: '10.0.0.4',
    address: own,
    neighbors: [{ name: 'vaportrail', address, asn: us.asn, settings: ['multihop 1;', 'ttl security on;'] }],
  });
  t.teardown(() => bird.stop());
  const settings = {
    local: { ...us, address },
    peer: { address: own, port: bird.port, asn: us.asn },
    families,
  };
  const peer = new RecordedSession({ ...settings, ttlSecurity: 1 });
  peer.session.start();
  await peer.up(30_000);
  t.ok(await bird.established(address));
  await peer.session.stop();
  const odd = new RecordedSession(settings);
  odd.session.start();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  // Last, because BIRD does not hear our farewell either. Our OPEN may be there before BIRD has secured the connection; what follows is not.
  t.notOk(await bird.established(address), 'only BIRD has it');
  await odd.session.stop();
});

t.test('BIRD connects to us when both have it', { skip: birdSkip }, async (t) => {
  const [address, own] = [block.take(), block.take()];
  const { port, peer } = await waiting(t, address, own);
  const bird = await Bird.start({
    asn: us.asn,
    routerId: '10.0.0.4',
    address: own,
    neighbors: [
      { name: 'vaportrail', address, asn: us.asn, port, settings: ['multihop 1;', 'ttl security on;'] },
    ],
  });
  t.teardown(() => bird.stop());
  await peer.up(30_000);
  t.ok(await bird.established(address));
  await peer.session.stop();
});

t.test('FRR connects to us when both have it', { skip: frrSkip }, async (t) => {
  const [address, own] = [block.take(), block.take()];
  const { port, peer } = await waiting(t, address, own);
  const frr = await startFrr(own, address, 1, port);
  t.teardown(() => frr.stop());
  await peer.up(60_000);
  t.ok(await frr.established(address));
  await peer.session.stop();
});

const gobgp = findGobgp();
const gobgpSkip = ('missing' in gobgp ? gobgp.missing : undefined) ?? unavailable() ?? false;

/** A neighbour of GoBGP with TTL security, which connects or, without `from`, waits. */
const gobgpNeighbor = (address: string, from?: { own: string; port: number }): string => `[[neighbors]]
  [neighbors.config]
    neighbor-address = "${address}"
    peer-as = ${us.asn}
  [neighbors.timers.config]
    connect-retry = 1
  [neighbors.transport.config]
    ${from === undefined ? 'passive-mode = true' : `remote-port = ${from.port}\n    local-address = "${from.own}"`}
  [neighbors.ttl-security.config]
    enabled = true
    ttl-min = 255
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "l3vpn-ipv4-unicast"
`;

t.test(
  'GoBGP takes our connection when both have it, and not when only GoBGP has',
  { skip: gobgpSkip },
  async (t) => {
    const [address, own] = [block.take(), block.take()];
    const gobgp = await Gobgp.start({
      asn: us.asn,
      routerId: '10.0.0.3',
      address: own,
      neighbors: [],
      after: gobgpNeighbor(address),
    });
    t.teardown(() => gobgp.stop());
    const settings = {
      local: { ...us, address },
      peer: { address: own, port: gobgp.port, asn: us.asn },
      families,
    };
    const peer = new RecordedSession({ ...settings, ttlSecurity: 1 });
    peer.session.start();
    await peer.up(30_000);
    t.ok(await gobgp.established(address));
    await peer.session.stop();
    const odd = new RecordedSession(settings);
    odd.session.start();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    t.notOk(await gobgp.established(address), 'only GoBGP has it');
    await odd.session.stop();
  },
);

t.test('GoBGP connects to us when both have it', { skip: gobgpSkip }, async (t) => {
  const [address, own] = [block.take(), block.take()];
  const { port, peer } = await waiting(t, address, own);
  const gobgp = await Gobgp.start({
    asn: us.asn,
    routerId: '10.0.0.3',
    address: own,
    neighbors: [],
    after: gobgpNeighbor(address, { own, port }),
  });
  t.teardown(() => gobgp.stop());
  await peer.up(60_000);
  t.ok(await gobgp.established(address));
  await peer.session.stop();
});
