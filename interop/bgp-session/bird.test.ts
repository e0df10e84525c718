// Sessions with BIRD: both directions, IPv6 transport, texts and errors, as BIRD itself tells them.
import { Listener } from '@vaportrail/bgp';
import { Bird, LoopbackBlock, findBird } from '@vaportrail/lab';
import t from 'tap';
import { RecordedSession, us } from './recorded-session.ts';

t.setTimeout(120_000);
const { missing } = { missing: undefined, ...findBird() };
const skip = missing ?? false;
const block = new LoopbackBlock();

t.test('we connect to BIRD, it asks for a refresh, and shows the text we leave with', { skip }, async (t) => {
  const [address, birdAddress] = [block.take(), block.take()];
  const bird = await Bird.start({
    asn: us.asn,
    routerId: '10.0.0.4',
    address: birdAddress,
    neighbors: [{ name: 'vaportrail', address, asn: us.asn }],
  });
  t.teardown(() => bird.stop());
  const peer = new RecordedSession({
    local: { ...us, address },
    peer: { address: birdAddress, port: bird.port, asn: us.asn },
    families: ['inet-vpn'],
  });
  peer.session.start();
  t.match(await peer.up(), { families: ['inet-vpn'], enhancedRefresh: true, peerRouterId: 0x0a000004 });
  await peer.until('BIRD agrees', () => bird.established(address));
  t.ok(peer.session.requestRefresh('inet-vpn'));
  await peer.until('BIRD marks beginning and end', () => peer.refreshes.length === 2);
  t.same(peer.refreshes, ['inet-vpn beginning', 'inet-vpn end']);
  await bird.birdc('reload in vaportrail');
  await peer.until('BIRD asks us', () => peer.refreshes.length > 2);
  t.equal(peer.refreshes[2], 'inet-vpn request');
  await peer.session.stop('crane on site');
  const protocols = await bird.birdc('show protocols all vaportrail');
  t.match(protocols, /Message: +crane on site/);
});

t.test('BIRD connects to us and leaves with a text', { skip }, async (t) => {
  const [address, birdAddress] = [block.take(), block.take()];
  const listener = new Listener();
  const { port } = await listener.listen({ address, port: 0 });
  t.teardown(() => listener.close());
  const peer = new RecordedSession({
    local: us,
    peer: { address: birdAddress, asn: 65010, passive: true },
    families: ['inet-vpn'],
  });
  listener.add(peer.session);
  peer.session.start();
  const bird = await Bird.start({
    asn: 65010,
    routerId: '10.0.0.4',
    address: birdAddress,
    neighbors: [{ name: 'vaportrail', address, asn: us.asn, port }],
  });
  t.teardown(() => bird.stop());
  t.match(await peer.up(20_000), { peerAsn: 65010, internal: false });
  await bird.birdc('disable vaportrail "new kernel"');
  await peer.until('the end', () => peer.downs.length > 0);
  t.match(peer.downs, [{ direction: 'received', code: 6, subcode: 2, text: /: new kernel$/ }]);
  await peer.session.stop();
});

t.test('BIRD is told what was wrong with it', { skip }, async (t) => {
  const [address, birdAddress] = [block.take(), block.take()];
  const bird = await Bird.start({
    asn: us.asn,
    routerId: '10.0.0.1',
    address: birdAddress,
    neighbors: [{ name: 'vaportrail', address, asn: us.asn }],
  });
  t.teardown(() => bird.stop());
  const settings = {
    local: { ...us, address },
    peer: { address: birdAddress, port: bird.port, asn: us.asn },
    families: ['inet-vpn'],
  } as const;
  const told = async (what: RegExp): Promise<boolean> =>
    what.test(await bird.birdc('show protocols all vaportrail'));

  const twin = new RecordedSession(settings);
  twin.session.start();
  await twin.until('a refusal', () => twin.failures.some(({ code }) => code === 2));
  t.match(
    twin.failures.find(({ code }) => code === 2),
    { subcode: 3, text: /Bad BGP Identifier/ },
  );
  await twin.session.stop();

  const stranger = new RecordedSession({
    ...settings,
    families: ['inet6-vpn'],
    local: { ...settings.local, routerId: 7 },
  });
  stranger.session.start();
  await stranger.until('our refusal', () => stranger.failures.some(({ code }) => code === 2));
  t.match(
    stranger.failures.find(({ code }) => code === 2),
    { subcode: 7, text: /no family in common/ },
  );
  await stranger.until('BIRD has read it', () => told(/Last error: +.*Required capability missing/));
  t.pass('BIRD shows that a capability is missing, whichever OPEN was read first');
  await stranger.session.stop();
});
