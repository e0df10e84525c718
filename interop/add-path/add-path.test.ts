// ADD-PATH with GoBGP, FRR and BIRD: several paths of one destination in both directions.
import { Speaker, type LearnedRoute } from '@vaportrail/bgp';
import { Bird, Frr, Gobgp, LoopbackBlock, findBird, findFrr, findGobgp } from '@vaportrail/lab';
import t from 'tap';
import { us } from '../bgp-session/recorded-session.ts';

t.setTimeout(120_000);
const block = new LoopbackBlock();
const gobgpFound = findGobgp();
const frrFound = findFrr();
const birdFound = findBird();
const prefix = '203.0.113.0/24';

/** A speaker that sends two paths of one prefix, and what it learns of another one. */
function manyPaths(localAddress: string, peer: { address: string; port: number }) {
  const speaker = new Speaker({ asn: us.asn, routerId: '10.0.0.1' });
  const learned = new Map<string, LearnedRoute>();
  speaker.on('route', ({ route }) => void learned.set(`${route.prefix} ${route.pathId}`, route));
  speaker.on('withdraw', ({ route }) => void learned.delete(`${route.prefix} ${route.pathId}`));
  const { session } = speaker.peer({
    address: peer.address,
    port: peer.port,
    asn: us.asn,
    localAddress,
    families: ['inet'],
    addPath: { inet: 'both' },
  });
  speaker.announce({ prefix, pathId: 11, nextHop: '192.0.2.11' });
  speaker.announce({ prefix, pathId: 12, nextHop: '192.0.2.12', attributes: { med: 5 } });
  return { speaker, session, learned };
}

t.test(
  'GoBGP takes both of our paths, and one withdrawal takes one',
  { skip: 'missing' in gobgpFound && gobgpFound.missing },
  async (t) => {
    const [address, own] = [block.take(), block.take()];
    const gobgp = await Gobgp.start({
      asn: us.asn,
      routerId: '10.0.0.3',
      address: own,
      neighbors: [
        { address, asn: us.asn, families: ['ipv4-unicast'], addPaths: { receive: true, sendMax: 8 } },
      ],
    });
    t.teardown(() => gobgp.stop());
    const { speaker, session } = manyPaths(address, gobgp);
    await speaker.start();
    t.teardown(() => speaker.stop());
    const nextHops = async (): Promise<string> => {
      const table = (await gobgp.json('global', 'rib', '-a', 'ipv4')) as Record<
        string,
        { attrs: { type: number; nexthop: string }[] }[]
      >;
      return (table[prefix] ?? [])
        .map(({ attrs }) => attrs.find(({ type }) => type === 3)!.nexthop)
        .sort()
        .join();
    };
    const settled = (wanted: string) =>
      gobgp.process.answers(async () => ((await nextHops()) === wanted ? true : undefined), 20_000);
    await settled('192.0.2.11,192.0.2.12');
    t.same(session.negotiated?.addPath, { send: ['inet'], receive: ['inet'] });
    speaker.withdraw({ prefix, pathId: 11 });
    await settled('192.0.2.12');
    t.pass('the other path stays');
  },
);

t.test(
  'FRR takes both of our paths and sends several of its own',
  { skip: 'missing' in frrFound && frrFound.missing },
  async (t) => {
    const [address, own, third] = [block.take(), block.take(), block.take()];
    const frr = await Frr.start({
      asn: us.asn,
      routerId: '10.0.0.2',
      address: own,
      neighbors: [
        {
          address,
          asn: us.asn,
          families: { 'ipv4 unicast': ['addpath-tx-all-paths', 'route-reflector-client'] },
        },
        {
          address: third,
          asn: us.asn,
          families: { 'ipv4 unicast': ['addpath-tx-all-paths', 'route-reflector-client'] },
        },
      ],
    });
    t.teardown(() => frr.stop());
    const sender = manyPaths(address, frr);
    const receiver = manyPaths(third, frr);
    for (const pathId of [11, 12]) receiver.speaker.withdraw({ prefix, pathId });
    await sender.speaker.start();
    await receiver.speaker.start();
    t.teardown(() => sender.speaker.stop());
    t.teardown(() => receiver.speaker.stop());
    const both = await frr.process.answers(async () => {
      const nextHops = [...receiver.learned.values()].map(({ nextHop }) => nextHop).sort();
      return nextHops.length === 2 ? nextHops : undefined;
    }, 20_000);
    t.same(both, ['192.0.2.11', '192.0.2.12'], 'reflected with path identifiers of its own');
    sender.speaker.withdraw({ prefix, pathId: 12 });
    await frr.process.answers(async () => (receiver.learned.size === 1 ? true : undefined));
    t.match([...receiver.learned.values()], [{ prefix, nextHop: '192.0.2.11' }]);
  },
);

t.test('BIRD takes both of our paths', { skip: 'missing' in birdFound && birdFound.missing }, async (t) => {
  const [address, own] = [block.take(), block.take()];
  const bird = await Bird.start({
    asn: us.asn,
    routerId: '10.0.0.4',
    address: own,
    neighbors: [
      {
        name: 'vaportrail',
        address,
        asn: us.asn,
        channels: ['ipv4 { import all; export all; add paths on; import table on; };'],
      },
    ],
  });
  t.teardown(() => bird.stop());
  const { speaker } = manyPaths(address, bird);
  await speaker.start();
  t.teardown(() => speaker.stop());
  const shown = await bird.process.answers(async () => {
    const text = await bird
      .birdc('show route table vaportrail.ipv4 import all')
      .catch(() => bird.birdc('show route import table vaportrail.ipv4 all'));
    return text.includes('192.0.2.11') && text.includes('192.0.2.12') ? text : undefined;
  }, 20_000);
  t.match(shown, /BGP\.med: 5/);
});
