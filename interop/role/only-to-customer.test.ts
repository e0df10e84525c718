// ONLY_TO_CUSTOMER (RFC 9234 §5): a control node between FRR, which is its provider, and BIRD, which is its customer or a
// second provider; and a customer that leaks what it had from somebody else.
import { Speaker } from '@vaportrail/bgp';
import type { ControlNode } from '@vaportrail/control-node';
import { Bird, Frr, LoopbackBlock } from '@vaportrail/lab';
import t, { type Test } from 'tap';
import { type PeerInput, runningControlNode } from '../running-control-node.ts';
import { missing, until } from '../running-lab.ts';

t.setTimeout(120_000);
const block = new LoopbackBlock();
const [us, frrAs, birdAs, sourceAs] = [64512, 65100, 65200, 65300];

const controlNode = (t: Test, ours: string, peers: readonly PeerInput[]): Promise<ControlNode> =>
  runningControlNode(t, {
    name: 'transit',
    asn: us,
    'router-id': '10.0.0.1',
    address: ours,
    peers: peers.map((peer) => ({ families: ['inet'], ...peer })),
  });

const pathOf = (node: ControlNode, prefix: string) => node.routes({ family: 'inet', prefix })[0]?.paths[0];

t.test(
  'what FRR gives its customer goes down to BIRD, marked, and not up to it',
  { skip: missing('frr', 'bird') },
  async (t) => {
    const [ours, frrAddress, customer, provider] = [block.take(), block.take(), block.take(), block.take()];
    const frr = await Frr.start({
      asn: frrAs,
      routerId: '10.0.0.2',
      address: frrAddress,
      neighbors: [
        {
          address: ours,
          asn: us,
          settings: ['local-role provider'],
          families: { 'ipv4 unicast': [] },
        },
      ],
      settings: ['bgp allow-martian-nexthop'],
      families: { 'ipv4 unicast': ['network 198.51.100.0/24'] },
    });
    t.teardown(() => frr.stop());
    const bird = async (address: string, role: string, routerId: string): Promise<Bird> => {
      const started = await Bird.start({
        asn: birdAs,
        routerId,
        address,
        neighbors: [
          {
            name: 'vaportrail',
            address: ours,
            asn: us,
            settings: [`local role ${role};`],
            channels: ['ipv4 { import all; export where source = RTS_STATIC; };'],
          },
        ],
        after: ['protocol static { ipv4; route 203.0.113.0/24 blackhole; }'],
      });
      t.teardown(() => started.stop());
      return started;
    };
    const below = await bird(customer, 'customer', '10.0.0.4');
    const above = await bird(provider, 'provider', '10.0.0.5');
    const node = await controlNode(t, ours, [
      { name: 'frr', address: frrAddress, port: frr.port, asn: frrAs, role: 'customer' },
      { name: 'below', address: customer, port: below.port, asn: birdAs, role: 'provider' },
      { name: 'above', address: provider, port: above.port, asn: birdAs, role: 'customer' },
    ]);
    const shown = await below.process.answers(async () => {
      const text = await below.birdc('show route 198.51.100.0/24 all');
      return text.includes('BGP.as_path') ? text : undefined;
    }, 20_000);
    t.match(shown, new RegExp(`BGP\\.otc: ${frrAs}`), 'with the mark that FRR put on it');
    const path = await until(
      async () => pathOf(node, '198.51.100.0/24'),
      (one) => one?.notAdvertised?.some(({ neighbor }) => neighbor === 'above') === true,
    );
    t.match(path, { onlyToCustomer: frrAs, advertisedTo: ['below'] });
    const because = new Map(path!.notAdvertised!.map((one) => [one.neighbor, one.because]));
    t.equal(because.get('frr'), 'it is its own path');
    t.equal(because.get('above'), 'it carries ONLY_TO_CUSTOMER and the peer is a provider');
    await until(
      async () => pathOf(node, '203.0.113.0/24'),
      (one) => one !== undefined,
    );
    t.notMatch(await above.birdc('show route all'), /198\.51\.100\.0/, 'the other provider has not got it');
    const fromBelow = await frr.process.answers(async () => {
      const answer = (await frr.json('show bgp ipv4 unicast 203.0.113.0/24')) as { paths?: unknown[] };
      return answer.paths;
    }, 20_000);
    t.equal(fromBelow.length, 1, 'what the customer has goes up to FRR');
  },
);

t.test('a route that a customer leaks cannot be used', { skip: missing('frr') }, async (t) => {
  const [ours, frrAddress, source] = [block.take(), block.take(), block.take()];
  // Without a role of its own FRR passes ONLY_TO_CUSTOMER on as it passes on any transitive attribute.
  const frr = await Frr.start({
    asn: frrAs,
    routerId: '10.0.0.2',
    address: frrAddress,
    neighbors: [ours, source].map((address) => ({
      address,
      asn: address === ours ? us : sourceAs,
      families: { 'ipv4 unicast': [] },
    })),
    settings: ['bgp allow-martian-nexthop'],
  });
  t.teardown(() => frr.stop());
  const speaker = new Speaker({ asn: sourceAs, routerId: '10.0.0.9' });
  speaker.peer({ address: frrAddress, port: frr.port, asn: frrAs, localAddress: source, families: ['inet'] });
  speaker.announce({ prefix: '192.0.2.0/24', nextHop: source, attributes: { onlyToCustomer: sourceAs } });
  speaker.announce({ prefix: '198.51.100.0/24', nextHop: source });
  await speaker.start();
  t.teardown(() => speaker.stop());
  const node = await controlNode(t, ours, [
    { name: 'customer', address: frrAddress, port: frr.port, asn: frrAs, role: 'provider' },
  ]);
  const leaked = await until(
    async () => pathOf(node, '192.0.2.0/24'),
    (one) => one !== undefined,
  );
  t.match(leaked, {
    feasible: false,
    because: 'route-leak',
    onlyToCustomer: sourceAs,
    asPath: `${frrAs} ${sourceAs}`,
  });
  const clean = await until(
    async () => pathOf(node, '198.51.100.0/24'),
    (one) => one !== undefined,
  );
  t.match(clean, { feasible: true, best: true });
  t.equal(clean!.onlyToCustomer, undefined);
});
