// TCP MD5 with FRR, GoBGP and BIRD: the right password in both directions, and a wrong one in neither.
import { Listener, type Session } from '@vaportrail/bgp';
import { Bird, Frr, Gobgp, LoopbackBlock, findBird, findFrr, findGobgp, type Found } from '@vaportrail/lab';
import { parsePrefix } from '@vaportrail/net';
import t from 'tap';
import { RecordedSession, us } from '../bgp-session/recorded-session.ts';
import { unavailable } from './unavailable.ts';

t.setTimeout(180_000);
const block = new LoopbackBlock();
const password = 'secret-of-both';

/** A router that speaks to us at `address` with the password; `port` is ours when it shall connect. */
type Start = (
  own: string,
  address: string,
  port?: number,
) => Promise<{ port: number; stop(): Promise<void> }>;

const routers: Record<string, { found: Found; start: Start }> = {
  FRR: {
    found: findFrr(),
    start: (own, address, port) =>
      Frr.start({
        asn: us.asn,
        routerId: '10.0.0.2',
        address: own,
        neighbors: [
          {
            address,
            asn: us.asn,
            settings: [`password ${password}`],
            ...(port === undefined ? {} : { port }),
          },
        ],
      }),
  },
  GoBGP: {
    found: findGobgp(),
    start: (own, address, port) =>
      Gobgp.start({
        asn: us.asn,
        routerId: '10.0.0.3',
        address: own,
        neighbors: [
          {
            address,
            asn: us.asn,
            password,
            families: ['l3vpn-ipv4-unicast'],
            ...(port === undefined ? {} : { port }),
          },
        ],
      }),
  },
  BIRD: {
    found: findBird(),
    start: (own, address, port) =>
      Bird.start({
        asn: us.asn,
        routerId: '10.0.0.4',
        address: own,
        neighbors: [
          {
            name: 'vaportrail',
            address,
            asn: us.asn,
            settings: [`password "${password}";`],
            ...(port === undefined ? {} : { port }),
          },
        ],
      }),
  },
};

const families = ['inet-vpn'] as const;

for (const [name, { found, start }] of Object.entries(routers)) {
  const skip = ('missing' in found ? found.missing : undefined) ?? unavailable() ?? false;

  t.test(`${name} takes our connection with its password and no other`, { skip }, async (t) => {
    const [address, own] = [block.take(), block.take()];
    const router = await start(own, address);
    t.teardown(() => router.stop());
    const settings = {
      local: { ...us, address },
      peer: { address: own, port: router.port, asn: us.asn },
      families,
    };
    const stranger = new RecordedSession({ ...settings, password: 'something else' });
    stranger.session.start();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    t.same(stranger.established, [], 'nothing comes back for a wrong password');
    t.equal(stranger.session.state, 'Connect');
    await stranger.session.stop();
    const peer = new RecordedSession({ ...settings, password });
    peer.session.start();
    await peer.up(20_000);
    t.pass('Established with the right one');
    await peer.session.stop();
  });

  t.test(`${name} connects to us with our password and no other`, { skip }, async (t) => {
    const [address, own] = [block.take(), block.take()];
    const listener = new Listener();
    const { port } = await listener.listen({ address, port: 0 });
    t.teardown(() => listener.close());
    const settings = { local: us, peer: { address: own, asn: us.asn, passive: true }, families };
    const wrong = new RecordedSession({ ...settings, password: 'something else' });
    listener.add(wrong.session);
    wrong.session.start();
    const router = await start(own, address, port);
    t.teardown(() => router.stop());
    await new Promise((resolve) => setTimeout(resolve, 3000));
    t.notOk(wrong.session.isConnected, 'its segments do not reach us');
    listener.remove(wrong.session);
    await wrong.session.stop();
    const peer = new RecordedSession({ ...settings, password });
    listener.add(peer.session);
    peer.session.start();
    await peer.up(60_000);
    t.pass('Established with the right one');
    await peer.session.stop();
  });
}

t.test(
  'a range of peers shares a password, over a socket of both families',
  { skip: findFrr().path === undefined || (unavailable() ?? false) },
  async (t) => {
    const [address, own] = [block.take(), block.take()];
    const listener = new Listener();
    const { port } = await listener.listen({ address: '::', port: 0 });
    t.teardown(() => listener.close());
    let made: Session | undefined;
    listener.acceptRange({
      prefix: parsePrefix('127.0.0.0/8'),
      limit: 10,
      password,
      create: (peer) => {
        const settings = {
          local: us,
          peer: { address: peer, asn: us.asn, passive: true },
          families,
        } as const;
        made = new RecordedSession({ ...settings, password }).session;
        return made;
      },
    });
    const frr = await routers['FRR']!.start(own, address, port);
    t.teardown(() => frr.stop());
    for (let i = 0; i < 200 && made?.state !== 'Established'; i++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    t.equal(made?.state, 'Established');
    await made?.stop();
  },
);
