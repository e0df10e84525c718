// Messages of more than 4,096 octets with FRR and BIRD: sent only when agreed on, and read whole.
import { Speaker } from '@vaportrail/bgp';
import { Bird, Frr, LoopbackBlock, findBird, findFrr } from '@vaportrail/lab';
import t from 'tap';
import { us } from '../bgp-session/recorded-session.ts';

t.setTimeout(120_000);
const block = new LoopbackBlock();
const frrFound = findFrr();
const birdFound = findBird();
const prefix = '203.0.113.0/24';
/** 2,000 communities are 8,000 octets. */
const communities = Array.from({ length: 2000 }, (_, index) => `64512:${index}`);

function talkative(localAddress: string, peer: { address: string; port: number }, extendedMessages: boolean) {
  const speaker = new Speaker({ asn: us.asn, routerId: '10.0.0.1' });
  const problems: string[] = [];
  speaker.on('unsent', ({ because }) => void problems.push(because));
  speaker.peer({ ...peer, asn: us.asn, localAddress, families: ['inet'], extendedMessages });
  speaker.announce({ prefix, nextHop: '192.0.2.1', attributes: { communities } });
  speaker.announce({ prefix: '198.51.100.0/24', nextHop: '192.0.2.1' });
  return { speaker, problems };
}

t.test(
  'FRR reads a message of 8,000 octets, and gets none when it has not agreed',
  { skip: 'missing' in frrFound && frrFound.missing },
  async (t) => {
    const [address, own] = [block.take(), block.take()];
    const frr = await Frr.start({
      asn: us.asn,
      routerId: '10.0.0.2',
      address: own,
      neighbors: [{ address, asn: us.asn, families: { 'ipv4 unicast': [] } }],
    });
    t.teardown(() => frr.stop());
    const route = async (of: string) => {
      const view = (await frr.json(`show bgp ipv4 unicast ${of}`)) as {
        paths?: { community?: { list: string[] } }[];
      };
      return view.paths?.[0];
    };
    const long = talkative(address, frr, true);
    await long.speaker.start();
    const path = await frr.process.answers(() => route(prefix));
    t.equal(path.community?.list.length, 2000);
    await long.speaker.stop();
    // What is waited for below must be of the second session.
    await frr.process.answers(async () =>
      (await route('198.51.100.0/24')) === undefined ? true : undefined,
    );
    const short = talkative(address, frr, false);
    await short.speaker.start();
    await frr.process.answers(() => route('198.51.100.0/24'));
    t.equal(await route(prefix), undefined);
    t.match(short.problems, [/203.0.113.0\/24.* 4096 octets/]);
    await short.speaker.stop();
  },
);

t.test(
  'BIRD reads a message of 8,000 octets',
  { skip: 'missing' in birdFound && birdFound.missing },
  async (t) => {
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
          settings: ['enable extended messages;'],
          channels: ['ipv4 { import all; export all; };'],
        },
      ],
    });
    t.teardown(() => bird.stop());
    const { speaker } = talkative(address, bird, true);
    await speaker.start();
    const shown = await bird.process.answers(async () => {
      const text = await bird.birdc(`show route ${prefix} all`);
      return text.includes('BGP.community') ? text : undefined;
    });
    t.match(shown, /\(64512,1999\)/);
    await speaker.stop();
  },
);
