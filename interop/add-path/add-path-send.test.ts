// A control node that sends several paths of one destination: what FRR, BIRD and GoBGP have of them, in their own words.
import { Speaker } from '@vaportrail/bgp';
import { Bird, Frr, Gobgp, LoopbackBlock } from '@vaportrail/lab';
import t from 'tap';
import { type PeerInput, reflector, runningControlNode } from '../running-control-node.ts';
import { missing } from '../running-lab.ts';

t.setTimeout(180_000);
const { asn } = reflector;
const prefix = '203.0.113.0/24';
const rd = '10.9.9.9:1';
const block = new LoopbackBlock();
const target = { extendedCommunities: ['target:64512:100'] };

interface Test {
  teardown(end: () => Promise<unknown>): void;
}
type Assertions = Pick<typeof t, 'equal'>;

/** A control node with one receiver and three speakers that each have their own path of the same destinations. */
async function reflecting(t: Test, peer: PeerInput, ours: string) {
  const addresses = [block.take(), block.take(), block.take()];
  const families = ['inet', 'inet-vpn'] as const;
  const node = await runningControlNode(t, {
    ...reflector,
    address: ours,
    peers: [
      { name: 'receiver', ...peer },
      ...addresses.map((address) => ({ address, passive: true, families: [...families] })),
    ],
  });
  const speakers = await Promise.all(
    addresses.map(async (localAddress, index) => {
      const speaker = new Speaker({ asn, routerId: `10.0.1.${index + 1}` });
      speaker.peer({ address: ours, port: node.bgpAddresses[0]!.port, asn, localAddress, families });
      announce(speaker, index + 1, 100 + index);
      await speaker.start();
      t.teardown(() => speaker.stop());
      return speaker;
    }),
  );
  return { node, speakers };
}

/** Announces both destinations with a next hop and a preference of its own. */
function announce(speaker: Speaker, number: number, localPref: number): void {
  const nextHop = `192.0.2.${number}`;
  speaker.announce({ prefix, nextHop, attributes: { localPref } });
  speaker.announce({ rd, prefix, labels: [100 + number], nextHop, attributes: { localPref, ...target } });
}

function withdraw(speaker: Speaker): void {
  speaker.withdraw({ prefix });
  speaker.withdraw({ rd, prefix });
}

/** Next hop → identifier of each path; BIRD shows no identifiers. */
type Shown = ReadonlyMap<string, number | undefined>;

/**
 * All paths arrive; a withdrawal takes one; a change keeps the identifier.
 * @param shown reads the paths of a destination out of the receiver
 */
async function tellsAll(
  t: Assertions,
  speakers: readonly Speaker[],
  wait: (answer: () => Promise<true | undefined>) => Promise<unknown>,
  shown: (family: 'inet' | 'inet-vpn') => Promise<Shown>,
): Promise<void> {
  const settled = async (numbers: readonly number[]): Promise<Shown[]> => {
    const wanted = numbers.map((number) => `192.0.2.${number}`).join();
    let paths: Shown[] = [];
    await wait(async () => {
      paths = [await shown('inet'), await shown('inet-vpn')];
      return paths.every((one) => [...one.keys()].sort().join() === wanted) ? true : undefined;
    });
    return paths;
  };
  const before = await settled([1, 2, 3]);
  for (const one of before) {
    const ids = [...one.values()];
    if (!ids.includes(undefined)) t.equal(new Set(ids).size, 3, 'each with an identifier of its own');
  }
  withdraw(speakers[0]!);
  await settled([2, 3]);
  announce(speakers[2]!, 3, 50);
  announce(speakers[0]!, 4, 400);
  const after = await settled([2, 3, 4]);
  after.forEach((one, i) => {
    if (one.get('192.0.2.2') === undefined) return;
    t.equal(one.get('192.0.2.2'), before[i]!.get('192.0.2.2'), 'the identifier of a path stays');
    t.equal(one.get('192.0.2.3'), before[i]!.get('192.0.2.3'), 'also when the path changes');
  });
}

const addPath = { inet: 'send', 'inet-vpn': 'send' } as const;
const families = ['inet', 'inet-vpn'] as ('inet' | 'inet-vpn')[];

t.test('FRR has all paths, unicast and VPN', { skip: missing('frr') }, async (t) => {
  const [ours, own] = [block.take(), block.take()];
  const frr = await Frr.start({
    asn,
    routerId: '10.0.0.2',
    address: own,
    neighbors: [{ address: ours, asn, families: { 'ipv4 unicast': [], 'ipv4 vpn': [] } }],
  });
  t.teardown(() => frr.stop());
  const peer = { address: own, port: frr.port, families, 'add-path': addPath };
  const { speakers, node } = await reflecting(t, peer, ours);
  const shown = async (family: 'inet' | 'inet-vpn'): Promise<Shown> => {
    interface FrrPath {
      readonly addpathRxId?: number;
      readonly nexthops: readonly { readonly ip: string }[];
    }
    const answer = (await frr.json(
      family === 'inet' ? `show bgp ipv4 unicast ${prefix}` : `show bgp ipv4 vpn ${prefix}`,
    )) as { paths?: FrrPath[] } & Record<string, { paths?: FrrPath[] }>;
    const paths = answer.paths ?? answer[rd]?.paths ?? [];
    return new Map(paths.map((path) => [path.nexthops[0]!.ip, path.addpathRxId ?? 0]));
  };
  await tellsAll(t, speakers, (answer) => frr.process.answers(answer, 30_000), shown);
  const [route] = node.routes({ family: 'inet', prefix });
  const ids = await shown('inet');
  for (const { nextHop, advertisedTo, advertisedPathIds } of route!.paths) {
    t.ok(advertisedTo!.includes('receiver'), `${nextHop} is shown as told`);
    t.equal(advertisedPathIds!['receiver'], ids.get(nextHop!), 'under the identifier that FRR has');
  }
});

t.test('BIRD has all paths, unicast and VPN', { skip: missing('bird') }, async (t) => {
  const [ours, own] = [block.take(), block.take()];
  const options = 'import all; export none; add paths rx;';
  const bird = await Bird.start({
    asn,
    routerId: '10.0.0.4',
    address: own,
    neighbors: [
      {
        name: 'vaportrail',
        address: ours,
        asn,
        channels: [`ipv4 { ${options} };`, `vpn4 mpls { table vpntab; ${options} };`],
      },
    ],
  });
  t.teardown(() => bird.stop());
  const peer = { address: own, port: bird.port, families, 'add-path': addPath };
  const { speakers } = await reflecting(t, peer, ours);
  const shown = async (family: 'inet' | 'inet-vpn'): Promise<Shown> => {
    const text = await bird.birdc(`show route table ${family === 'inet' ? 'master4' : 'vpntab'} all`);
    return new Map([...text.matchAll(/BGP\.next_hop: (\S+)/g)].map(([, nextHop]) => [nextHop!, undefined]));
  };
  await tellsAll(t, speakers, (answer) => bird.process.answers(answer, 30_000), shown);
});

t.test('GoBGP has the best two paths, unicast and VPN', { skip: missing('gobgp') }, async (t) => {
  const [ours, own] = [block.take(), block.take()];
  const gobgp = await Gobgp.start({
    asn,
    routerId: '10.0.0.3',
    address: own,
    neighbors: [
      {
        address: ours,
        asn,
        families: ['ipv4-unicast', 'l3vpn-ipv4-unicast'],
        addPaths: { receive: true, sendMax: 0 },
      },
    ],
  });
  t.teardown(() => gobgp.stop());
  const two = { receive: false, send: 2 } as const;
  const peer = { address: own, port: gobgp.port, families, 'add-path': { inet: two, 'inet-vpn': two } };
  const { speakers } = await reflecting(t, peer, ours);
  const nextHops = async (family: 'ipv4' | 'vpnv4'): Promise<string> => {
    interface Path {
      readonly attrs: readonly { readonly nexthop?: string }[];
    }
    const table = (await gobgp.json('neighbor', ours, 'adj-in', '-a', family)) as Record<
      string,
      Path[]
    > | null;
    const paths = Object.values(table ?? {}).flat();
    return paths
      .flatMap(({ attrs }) => attrs.flatMap(({ nexthop }) => nexthop ?? []))
      .sort()
      .join();
  };
  const settled = (wanted: string) =>
    gobgp.process.answers(
      async () => ((await nextHops('ipv4')) === wanted && (await nextHops('vpnv4')) === wanted) || undefined,
      30_000,
    );
  await settled('192.0.2.2,192.0.2.3');
  withdraw(speakers[2]!);
  await settled('192.0.2.1,192.0.2.2');
  announce(speakers[2]!, 4, 400);
  await settled('192.0.2.2,192.0.2.4');
  t.pass('the third best comes when one of them goes, and goes when a better one comes');
});
