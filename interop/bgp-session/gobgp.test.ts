// Sessions with GoBGP: both directions, texts, errors and route refresh, as GoBGP itself tells them.
import { Listener } from '@vaportrail/bgp';
import { Gobgp, LoopbackBlock, findGobgp } from '@vaportrail/lab';
import t from 'tap';
import { RecordedSession, us } from './recorded-session.ts';

t.setTimeout(120_000);
const { missing } = { missing: undefined, ...findGobgp() };
const skip = missing ?? false;
const block = new LoopbackBlock();
const vpn = { families: ['l3vpn-ipv4-unicast'] };

interface GobgpNeighborView {
  readonly state: {
    readonly session_state: number;
    readonly messages: { readonly received: { readonly refresh?: number; readonly notification?: number } };
  };
}

t.test(
  'we connect to GoBGP, ask it for a refresh, and each shows the text of the other',
  { skip },
  async (t) => {
    const [address, gobgpAddress] = [block.take(), block.take()];
    const gobgp = await Gobgp.start({
      asn: us.asn,
      routerId: '10.0.0.3',
      address: gobgpAddress,
      neighbors: [{ address, asn: us.asn, ...vpn }],
    });
    t.teardown(() => gobgp.stop());
    const view = async () => (await gobgp.json('neighbor', address)) as GobgpNeighborView;
    const peer = new RecordedSession({
      local: { ...us, address },
      peer: { address: gobgpAddress, port: gobgp.port, asn: us.asn },
      families: ['inet-vpn', 'inet6'],
    });
    peer.session.start();
    t.match(await peer.up(), {
      families: ['inet-vpn'],
      asn4: true,
      routeRefresh: true,
      holdTime: 30,
      peerRouterId: 0x0a000003,
      internal: true,
    });
    await peer.until('GoBGP agrees', () => gobgp.established(address));
    t.ok(peer.session.requestRefresh('inet-vpn'));
    await peer.until(
      'GoBGP has seen the request',
      async () => (await view()).state.messages.received.refresh === 1,
    );
    await gobgp.gobgp('neighbor', address, 'shutdown', '--reason', 'new fibre');
    await peer.until('the end', () => peer.downs.length > 0);
    t.match(peer.downs, [{ direction: 'received', code: 6, subcode: 2, text: /: new fibre$/ }]);
    await gobgp.gobgp('neighbor', address, 'enable');
    await peer.up(30_000);
    await peer.session.stop('good night');
    await peer.until('GoBGP has read it', () => /good night/.test(gobgp.process.output));
    t.pass('GoBGP logs our text');
  },
);

t.test('GoBGP connects to us', { skip }, async (t) => {
  const [address, gobgpAddress] = [block.take(), block.take()];
  const listener = new Listener();
  const { port } = await listener.listen({ address, port: 0 });
  t.teardown(() => listener.close());
  const peer = new RecordedSession({
    local: us,
    peer: { address: gobgpAddress, asn: 'any', passive: true },
    families: ['inet-vpn'],
  });
  listener.add(peer.session);
  peer.session.start();
  const gobgp = await Gobgp.start({
    asn: 4_200_000_001,
    routerId: '10.0.0.3',
    address: gobgpAddress,
    neighbors: [{ address, asn: us.asn, port, ...vpn }],
  });
  t.teardown(() => gobgp.stop());
  t.match(await peer.up(40_000), { internal: false, peerAsn: 4_200_000_001 }, 'from a four-octet AS');
  await peer.session.stop();
});

t.test('GoBGP learns that its AS number is wrong', { skip }, async (t) => {
  const [address, gobgpAddress] = [block.take(), block.take()];
  const gobgp = await Gobgp.start({
    asn: us.asn,
    routerId: '10.0.0.3',
    address: gobgpAddress,
    neighbors: [{ address, asn: us.asn, ...vpn }],
  });
  t.teardown(() => gobgp.stop());
  const peer = new RecordedSession({
    local: { ...us, asn: 65000, address },
    peer: { address: gobgpAddress, port: gobgp.port, asn: us.asn },
    families: ['inet-vpn'],
  });
  peer.session.start();
  const refusal = () => peer.failures.find(({ code }) => code !== undefined);
  await peer.until('its refusal', () => refusal() !== undefined);
  t.match(refusal(), { direction: 'received', code: 2, subcode: 2, text: /Bad Peer AS/ });
  await peer.session.stop();
});
