// Sessions over IPv6 with FRR and BIRD, all on ::1 with a port of their own.
import { Listener } from '@vaportrail/bgp';
import { Bird, Frr, findBird, findFrr } from '@vaportrail/lab';
import t from 'tap';
import { freePort } from '../free-port.ts';
import { RecordedSession, us } from './recorded-session.ts';

t.setTimeout(120_000);
const address = '::1';

const frr = findFrr();
t.test('with FRR, which we connect to', { skip: frr.path === undefined && frr.missing }, async (t) => {
  const port = await freePort(address);
  const frr = await Frr.start({
    asn: us.asn,
    routerId: '10.0.0.2',
    address,
    port,
    neighbors: [{ address, asn: us.asn, families: { 'ipv6 unicast': [], 'ipv6 vpn': [] } }],
  });
  t.teardown(() => frr.stop());
  const peer = new RecordedSession({
    local: { ...us, address },
    peer: { address, port, asn: us.asn },
    families: ['inet6', 'inet6-vpn'],
  });
  peer.session.start();
  t.match(await peer.up(), { families: ['inet6', 'inet6-vpn'] });
  t.ok(await frr.established(address));
  await peer.session.stop();
});

const bird = findBird();
t.test('with BIRD, which connects to us', { skip: bird.path === undefined && bird.missing }, async (t) => {
  const listener = new Listener();
  const { port } = await listener.listen({ address, port: 0 });
  t.teardown(() => listener.close());
  const peer = new RecordedSession({
    local: us,
    peer: { address, asn: us.asn, passive: true },
    families: ['inet6'],
  });
  listener.add(peer.session);
  peer.session.start();
  const bird = await Bird.start({
    asn: us.asn,
    routerId: '10.0.0.4',
    address,
    port: await freePort(address),
    neighbors: [
      { name: 'vaportrail', address, asn: us.asn, port, channels: ['ipv6 { import all; export all; };'] },
    ],
  });
  t.teardown(() => bird.stop());
  t.match(await peer.up(20_000), { families: ['inet6'], peerRouterId: 0x0a000004 });
  t.ok(await bird.established(address));
  await peer.session.stop();
});
