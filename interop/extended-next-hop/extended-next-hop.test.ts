// IPv4 routes with IPv6 next hops (RFC 8950) through a reflector: to FRR and BIRD, which agreed to them, and not to a peer
// that did not.
import { Speaker } from '@vaportrail/bgp';
import { Bird, Frr, LoopbackBlock } from '@vaportrail/lab';
import t from 'tap';
import { type PeerInput, reflector, runningControlNode } from '../running-control-node.ts';
import { missing, until } from '../running-lab.ts';

t.setTimeout(120_000);
const { asn } = reflector;
const rd = '10.9.9.9:1';
const prefix = '203.0.113.0/24';
const nextHop = '2001:db8::7';
const block = new LoopbackBlock();

t.test('a VPN route with an IPv6 next hop', { skip: missing('frr', 'bird') }, async (t) => {
  const [ours, refuses, birds, source] = [block.take(), block.take(), block.take(), block.take()];
  // FRR offers IPv6 next hops only to peers that it speaks IPv6 with.
  const first = await Frr.start({
    asn,
    routerId: '10.0.0.2',
    address: '::1',
    port: 20_000 + (process.pid % 10_000),
    neighbors: [{ address: '::1', asn, settings: ['capability extended-nexthop'] }],
  });
  t.teardown(() => first.stop());
  const second = await Frr.start({
    asn,
    routerId: '10.0.0.3',
    address: refuses,
    neighbors: [{ address: ours, asn }],
  });
  t.teardown(() => second.stop());
  const bird = await Bird.start({
    asn,
    routerId: '10.0.0.4',
    address: birds,
    neighbors: [
      {
        name: 'vaportrail',
        address: ours,
        asn,
        channels: ['vpn4 mpls { table vpntab; import all; export none; extended next hop yes; };'],
      },
    ],
  });
  t.teardown(() => bird.stop());
  const agreed: Pick<PeerInput, 'families' | 'extended-next-hop'> = {
    families: ['inet-vpn'],
    'extended-next-hop': ['inet-vpn'],
  };
  const node = await runningControlNode(t, {
    ...reflector,
    address: ours,
    peers: [
      { name: 'frr', address: '::1', port: first.port, ...agreed, 'local-address': '::1' },
      { name: 'ipv4-only', address: refuses, port: second.port, ...agreed },
      { name: 'bird', address: birds, port: bird.port, ...agreed },
      { name: 'source', address: source, passive: true, ...agreed },
    ],
  });
  const speaker = new Speaker({ asn, routerId: '10.0.0.9' });
  const attributes = { extendedCommunities: ['target:64512:100'] };
  speaker.peer({
    address: ours,
    port: node.bgpAddresses[0]!.port,
    asn,
    localAddress: source,
    families: ['inet-vpn'],
    extendedNextHop: ['inet-vpn'],
  });
  speaker.announce({ rd, prefix, labels: [77], nextHop, attributes });
  speaker.announce({ rd, prefix: '198.51.100.0/24', labels: [78], nextHop: '192.0.2.7', attributes });
  await speaker.start();
  t.teardown(() => speaker.stop());

  const shown = await bird.process.answers(async () => {
    const text = await bird.birdc('show route table vpntab all');
    return text.includes(nextHop) ? text : undefined;
  }, 20_000);
  t.match(shown, new RegExp(`BGP\\.next_hop: ${nextHop}[^]*BGP\\.mpls_label_stack: 77`));

  interface FrrPath {
    readonly valid?: boolean;
    readonly remoteLabel?: number;
  }
  const pathsAt = async (router: Frr, of: string): Promise<readonly FrrPath[]> => {
    const answer = (await router.json(`show bgp ipv4 vpn ${of}`)) as Record<string, { paths?: FrrPath[] }> & {
      paths?: FrrPath[];
    };
    return answer.paths ?? answer[rd]?.paths ?? [];
  };
  const [path] = await until(
    () => pathsAt(first, prefix),
    (paths) => paths.length > 0,
  );
  // FRR 8.4 has the route and prints 0.0.0.0 for its next hop: it shows VPN next hops as IPv4 whatever they are.
  t.match(path, { valid: true, remoteLabel: 77 });
  await until(
    () => pathsAt(second, '198.51.100.0/24'),
    (paths) => paths.length > 0,
  );
  t.same(await pathsAt(second, prefix), [], 'who did not agree to it is told the other route alone');
  const told = node.routes({ family: 'inet-vpn', prefix: `${rd}:${prefix}` })[0]!.paths[0]!;
  t.match(
    told.notAdvertised?.find(({ neighbor }) => neighbor === 'ipv4-only'),
    { because: 'its next hop is IPv6, and the peer takes IPv4 next hops only' },
  );
});
