// Sessions with ExaBGP: both directions, and our OPEN and End-of-RIB as another decoder reads them.
import { Listener, endOfRib } from '@vaportrail/bgp';
import { Exabgp, LoopbackBlock, findExabgp } from '@vaportrail/lab';
import t from 'tap';
import { RecordedSession, us } from './recorded-session.ts';

t.setTimeout(120_000);
const { missing } = { missing: undefined, ...findExabgp() };
const skip = missing ?? false;
const block = new LoopbackBlock();

t.test('we connect to ExaBGP, and it reads our OPEN and our End-of-RIB', { skip }, async (t) => {
  const [address, exabgpAddress] = [block.take(), block.take()];
  const exabgp = await Exabgp.start({
    asn: us.asn,
    routerId: '10.0.0.6',
    address: exabgpAddress,
    neighbor: { address, asn: us.asn },
    families: ['ipv4 mpls-vpn', 'ipv4 unicast'],
  });
  t.teardown(() => exabgp.stop());
  const peer = new RecordedSession({
    local: { ...us, address },
    peer: { address: exabgpAddress, port: exabgp.port, asn: us.asn },
    families: ['inet-vpn', 'inet'],
    extendedMessages: false,
  });
  peer.session.start();
  t.match(await peer.up(20_000), { families: ['inet-vpn', 'inet'], peerRouterId: 0x0a000006 });
  peer.session.write([endOfRib('inet-vpn'), endOfRib('inet')]);
  const ends = async () =>
    (await exabgp.events()).flatMap(({ neighbor }) => {
      const end = neighbor.message?.['eor'] as { afi: string; safi: string } | undefined;
      return end === undefined ? [] : [`${end.afi} ${end.safi}`];
    });
  await peer.until('both End-of-RIBs', async () => (await ends()).length >= 2);
  t.same(await ends(), ['ipv4 mpls-vpn', 'ipv4 unicast']);
  const open = (await exabgp.events()).find(({ type }) => type === 'open');
  t.match(open?.neighbor['open'] ?? open?.neighbor.message?.['open'], {
    version: 4,
    asn: us.asn,
    hold_time: 90,
    router_id: '10.0.0.1',
    capabilities: {
      1: { families: ['ipv4/mpls-vpn', 'ipv4/unicast'] },
      2: { variant: 'RFC' },
      64: { time: 0 },
      65: { asn4: us.asn },
    },
  });
  // Without a text: ExaBGP 4.2 fails to read one and answers with a Message Header Error.
  await peer.session.stop();
  const reason = async () =>
    (await exabgp.events()).findLast(({ type }) => type === 'state')?.neighbor.reason;
  await peer.until('ExaBGP is down', async () => (await reason()) !== undefined);
  t.match(await reason(), /notification received \(6,2\)/);
});

t.test('ExaBGP connects to us', { skip }, async (t) => {
  const [address, exabgpAddress] = [block.take(), block.take()];
  const listener = new Listener();
  const { port } = await listener.listen({ address, port: 0 });
  t.teardown(() => listener.close());
  const peer = new RecordedSession({
    local: us,
    peer: { address: exabgpAddress, asn: 65020, passive: true },
    families: ['inet-vpn'],
  });
  listener.add(peer.session);
  peer.session.start();
  const exabgp = await Exabgp.start({
    asn: 65020,
    routerId: '10.0.0.6',
    address: exabgpAddress,
    neighbor: { address, asn: us.asn, port },
  });
  t.teardown(() => exabgp.stop());
  t.match(await peer.up(20_000), { peerAsn: 65020 });
  await peer.until('ExaBGP agrees', () => exabgp.established());
  t.pass();
  await peer.session.stop();
});
