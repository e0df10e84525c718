// The accumulated IGP metric (RFC 7311) through a reflector to BIRD: told where AIGP is spoken, and not where it is not.
import { Speaker } from '@vaportrail/bgp';
import { Bird, LoopbackBlock } from '@vaportrail/lab';
import t from 'tap';
import { reflector, runningControlNode } from '../running-control-node.ts';
import { missing } from '../running-lab.ts';

t.setTimeout(60_000);
const { asn } = reflector;

t.test('BIRD has the metric, unless AIGP is off', { skip: missing('bird') }, async (t) => {
  const block = new LoopbackBlock();
  const [ours, source] = [block.take(), block.take()];
  const bird = async (routerId: string): Promise<Bird> => {
    const started = await Bird.start({
      asn,
      routerId,
      address: block.take(),
      neighbors: [
        { name: 'vaportrail', address: ours, asn, channels: ['ipv4 { import all; export none; };'] },
      ],
    });
    t.teardown(() => started.stop());
    return started;
  };
  const [on, off] = [await bird('10.0.0.4'), await bird('10.0.0.5')];
  const node = await runningControlNode(t, {
    ...reflector,
    address: ours,
    peers: [
      { name: 'on', address: on.address, port: on.port, families: ['inet'] },
      { name: 'off', address: off.address, port: off.port, families: ['inet'], aigp: false },
      { name: 'source', address: source, passive: true, families: ['inet'] },
    ],
  });
  const speaker = new Speaker({ asn, routerId: '10.0.0.9' });
  speaker.peer({
    address: ours,
    port: node.bgpAddresses[0]!.port,
    asn,
    localAddress: source,
    families: ['inet'],
  });
  speaker.announce({
    prefix: '203.0.113.0/24',
    nextHop: '192.0.2.7',
    attributes: { aigp: { metric: 77 } },
  });
  await speaker.start();
  t.teardown(() => speaker.stop());
  const shown = (at: Bird): Promise<string> =>
    at.process.answers(async () => {
      const text = await at.birdc('show route 203.0.113.0/24 all');
      return text.includes('BGP.next_hop') ? text : undefined;
    }, 20_000);
  t.match(await shown(on), /BGP\.aigp: 77/);
  t.notMatch(await shown(off), /aigp/);
});
