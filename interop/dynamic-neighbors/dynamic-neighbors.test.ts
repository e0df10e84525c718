// FRR and GoBGP connect to a control node and a gateway that know none of them, only the prefix they are in.
import { Gateway, gatewayConfig } from '@vaportrail/gateway';
import { Frr, type FrrSettings, Gobgp, LoopbackBlock } from '@vaportrail/lab';
import { type NeighborView, fetchView, neighborsText, postAction } from '@vaportrail/show';
import t from 'tap';
import { gobgpNeighbor } from '../graceful-restart/gobgp-neighbor.ts';
import { unavailable } from '../md5/unavailable.ts';
import { reflector, runningControlNode } from '../running-control-node.ts';
import { missing, until } from '../running-lab.ts';
import { freePort } from '../free-port.ts';

t.setTimeout(120_000);
const { asn } = reflector;
const block = new LoopbackBlock();
const range = `${block.take().replace(/\d+$/, '0')}/24`;
const skip = missing('frr', 'gobgp');
type Tap = Pick<typeof t, 'teardown'>;

/** An FRR that connects to us. */
async function dialling(
  t: Tap,
  to: { readonly address: string; readonly port: number },
  settings: Partial<FrrSettings> & { readonly words?: readonly string[] } = {},
): Promise<Frr> {
  const { words = [], ...others } = settings;
  const frr = await Frr.start({
    asn,
    routerId: '10.0.0.4',
    address: block.take(),
    importTargets: ['100:100'],
    neighbors: [{ address: to.address, port: to.port, asn, settings: words }],
    ...others,
  });
  t.teardown(() => frr.stop());
  return frr;
}

const isUp = (frr: Frr, ours: string) =>
  frr.process.answers(async () => (await frr.established(ours)) || undefined, 20_000);

t.test(
  'a control node takes as many as it may, and keeps the place of one that restarts',
  { skip },
  async (t) => {
    const address = block.take();
    const node = await runningControlNode(t, {
      ...reflector,
      address,
      'dynamic-peers': [{ prefix: range, limit: 2, families: ['inet-vpn'] }],
      'graceful-restart': { enabled: true },
    });
    const [at] = node.bgpAddresses;
    const own = block.take();
    const gobgp = await Gobgp.start({
      asn,
      routerId: '10.0.0.3',
      address: own,
      neighbors: [],
      after: gobgpNeighbor(address, asn, { restart: 6, stale: 1 }, { port: at!.port, from: own }),
    });
    t.teardown(() => gobgp.stop());
    await gobgp.process.answers(async () => (await gobgp.established(address)) || undefined, 20_000);
    const frr = await dialling(t, at!);
    await isUp(frr, address);
    const prefix = '10.9.0.1/32';
    const route = [prefix, 'label', '10', 'rd', '100:100', 'rt', '100:100', 'nexthop', '10.1.1.1'];
    await gobgp.gobgp('global', 'rib', 'add', '-a', 'vpnv4', ...route);
    await frr.process.answers(async () => ((await frr.paths(prefix)).length === 1 ? true : undefined));
    t.match(node.neighbors(), [
      { name: own, state: 'Established', dynamic: range, passive: true, paths: 1 },
      { name: frr.address, state: 'Established', dynamic: range },
    ]);
    t.match(neighborsText(node.neighbors()), new RegExp(`${own} +${range} +BGP`));

    const third = await dialling(t, at!, { routerId: '10.0.0.5' });
    const refused = /NOTIFICATION: received from neighbor .* 6\/5 \(Cease\/Connection Rejected\)/;
    await third.process.answers(async () => refused.test(third.process.output) || undefined, 20_000);
    t.equal(node.neighbors().length, 2, 'the third is too much');

    process.kill(gobgp.process.pid!, 'SIGKILL');
    const away = await until(
      async () => node.neighbors().find(({ name }) => name === own),
      (view) => view?.state !== 'Established',
    );
    t.match(away, { retention: { state: 'stale' }, paths: 1 }, 'a neighbor that is expected back');
    t.equal((await frr.paths(prefix)).length, 1, 'FRR still has its route');
    t.notOk(await third.established(address), 'and its place is not given away');
    await isUp(third, address);
    t.same(
      node.neighbors().map(({ name }) => name),
      [frr.address, third.address],
      'its time is over: it has made room',
    );
    t.same(await frr.paths(prefix), []);

    t.same(await postAction(node.url!, '/clear', { neighbor: third.address }), [{ neighbor: third.address }]);
    const reset =
      /NOTIFICATION(?:\(Hard Reset\))?: received from neighbor .* 6\/4 \(Cease\/Administrative Reset\)/;
    await third.process.answers(async () => reset.test(third.process.output) || undefined, 20_000);
    await isUp(third, address);
    t.pass('one that is cleared comes again');
  },
);

t.test(
  'a peer with too many prefixes keeps its place, and is let in when it is cleared',
  { skip },
  async (t) => {
    const address = block.take();
    const node = await runningControlNode(t, {
      ...reflector,
      address,
      'dynamic-peers': [{ prefix: range, families: ['inet-vpn'], 'prefix-limit': 1 }],
    });
    const frr = await dialling(t, node.bgpAddresses[0]!, {
      exported: { prefixes: ['10.20.0.0/24', '10.21.0.0/24'], label: 77, nextHop: '10.0.0.4' },
    });
    const exceeded = /NOTIFICATION: received from neighbor .* 6\/1 \(Cease\/Maximum Number of Prefixes/;
    await frr.process.answers(async () => exceeded.test(frr.process.output) || undefined, 20_000);
    const because = /2 prefixes, the limit is 1/;
    const refused = /6\/5 \(Cease\/Connection Rejected\)/;
    await frr.process.answers(async () => refused.test(frr.process.output) || undefined, 20_000);
    t.match(node.neighbors(), [
      { name: frr.address, state: 'Idle', dynamic: range, lastError: because, paths: 0 },
    ]);
    await frr.configure(`router bgp ${asn}`, 'address-family ipv4 unicast', 'no network 10.21.0.0/24');
    await postAction(node.url!, '/clear', { neighbor: frr.address });
    await isUp(frr, address);
    await until(
      async () => node.neighbors()[0]!,
      ({ paths }) => paths === 1,
    );
  },
);

t.test('a gateway: settings come and go while it runs', { skip }, async (t) => {
  const address = block.take();
  const port = await freePort(address);
  const config = (...dynamic: readonly object[]) =>
    gatewayConfig.parse({
      name: 'gw1',
      asn,
      'router-id': '10.0.0.1',
      bgp: { listen: [{ address, port }], 'dynamic-peers': dynamic },
      'routing-instances': [
        {
          name: 'red',
          'route-distinguisher': '10.0.0.1:100',
          'vrf-target': '100:100',
          'routing-options': { static: [{ route: '10.20.0.0/24', 'next-hop': 'discard' }] },
        },
      ],
    });
  const gateway = new Gateway(config({ prefix: range, asn, families: ['inet-vpn'] }));
  t.teardown(() => gateway.stop());
  await gateway.start();
  const frr = await dialling(t, { address, port });
  await isUp(frr, address);
  await frr.process.answers(async () => ((await frr.paths('10.20.0.0/24')).length === 1 ? true : undefined));
  const [view] = await fetchView<NeighborView[]>(gateway.url!, '/neighbors', { name: frr.address });
  t.match(view, { state: 'Established', dynamic: range, asn, type: 'internal' });

  await gateway.reload(config({ prefix: range, asn, families: ['inet-vpn'], limit: 5 }));
  t.match(gateway.neighbors(), [{ state: 'Established' }], 'the limit alone touches nobody');
  await gateway.reload(config());
  const unknown = /NOTIFICATION: received from neighbor .* 6\/5 \(Cease\/Connection Rejected\)/;
  await frr.process.answers(async () => unknown.test(frr.process.output) || undefined, 20_000);
  t.match(frr.process.output, /6\/2 \(Cease\/Administrative Shutdown\).*peer deconfigured/s);
  t.same(gateway.neighbors(), []);
  await gateway.reload(config({ prefix: '127.0.0.0/8', asn, families: ['inet-vpn'] }));
  await isUp(frr, address);
  t.match(gateway.neighbors(), [{ dynamic: '127.0.0.0/8' }]);
});

t.test(
  'all of a prefix sign with one password and are on the same link',
  { skip: skip || (unavailable() ?? false) },
  async (t) => {
    const address = block.take();
    const node = await runningControlNode(t, {
      ...reflector,
      address,
      'dynamic-peers': [
        { prefix: range, password: 'of-the-rack', 'ttl-security': 1, families: ['inet-vpn'] },
      ],
    });
    const at = node.bgpAddresses[0]!;
    const words = ['password of-the-rack', 'ttl-security hops 1'];
    const frr = await dialling(t, at, { words });
    const without = await dialling(t, at, { routerId: '10.0.0.5' });
    const wrong = await dialling(t, at, { routerId: '10.0.0.6', words: ['password of-another'] });
    await isUp(frr, address);
    t.match(node.neighbors(), [{ name: frr.address, authentication: 'md5', session: { ttlSecurity: 1 } }]);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    t.notOk(await without.established(address));
    t.notOk(await wrong.established(address));
    t.equal(node.neighbors().length, 1, 'their segments do not reach us');
  },
);

t.test('a prefix of IPv6, and IPv4 routes with IPv6 next hops', { skip }, async (t) => {
  const node = await runningControlNode(t, {
    ...reflector,
    address: '::1',
    bgpPort: 0,
    'dynamic-peers': [{ prefix: '::/64', families: ['inet'], 'extended-next-hop': ['inet'] }],
  });
  const at = node.bgpAddresses[0]!;
  const frr = await dialling(t, at, {
    address: '::1',
    port: await freePort('::1'),
    importTargets: [],
    neighbors: [
      {
        address: '::1',
        port: at.port,
        asn,
        settings: ['capability extended-nexthop', 'disable-connected-check'],
        families: { 'ipv4 unicast': [] },
      },
    ],
    families: { 'ipv4 unicast': ['network 10.30.0.0/24'] },
  });
  await isUp(frr, '::1');
  const seen = await until(
    async () => node.routes({ prefix: '10.30.0.0/24' }),
    (routes) => routes.length > 0,
  );
  t.match(seen, [{ paths: [{ nextHop: '::1', source: '::1' }] }]);
  t.match(node.neighbors(), [{ name: '::1', dynamic: '::/64', state: 'Established' }]);
});
