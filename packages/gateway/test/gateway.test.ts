import { once } from 'node:events';
import { connect } from 'node:net';
import { frameMessage, messageType } from '@vaportrail/bgp/wire';
import { ManualClock } from '@vaportrail/net';
import {
  fetchView,
  postAction,
  type Log,
  type GatewayPathView,
  type GatewayRouteView,
} from '@vaportrail/show';
import t from 'tap';
import { ReloadError } from '../src/change.ts';
import { gatewayConfig, type GatewayConfig } from '../src/config.ts';
import { Gateway } from '../src/gateway.ts';
import { writtenConfig } from '../src/written-config.ts';
import { ControlNode, floatingIp, until } from './control-node.ts';

const cent222 = '10.169.25.20';
const cent333 = '10.169.25.21';
const knob = 'routing-instances k8s-test routing-options multipath';

function config(port: number, more: object = {}): GatewayConfig {
  return gatewayConfig.parse({
    name: 'camaro',
    asn: 13979,
    'local-as': 60100,
    'router-id': '192.168.0.204',
    bgp: { peers: [{ name: 'contrail', address: '127.0.0.1', port, asn: 60100, 'connect-retry': 1 }] },
    'routing-instances': [
      {
        name: 'k8s-test',
        'route-distinguisher': '192.168.0.204:500',
        'vrf-target': 'target:500:500',
        'vrf-table-label': 299776,
        interfaces: [{ name: 'ge-0/0/1.0', address: '15.15.15.1/24' }],
      },
    ],
    'dynamic-tunnels': [
      { name: 'contrail', 'source-address': '192.168.0.204', 'destination-networks': ['10.169.25.0/24'] },
    ],
    'tunnel-services': { pics: ['2/2/0', '2/3/0'], 'hold-down': 0 },
    ...more,
  });
}

type Test = Pick<typeof t, 'teardown'>;

async function pair(
  t: Test,
  more: object = {},
  families: ConstructorParameters<typeof ControlNode>[1] = ['inet-vpn', 'inet6-vpn', 'route-target'],
): Promise<{ node: ControlNode; gateway: Gateway; clock: ManualClock }> {
  const node = await new ControlNode('10.169.25.19', families).start();
  const clock = new ManualClock(Date.UTC(2019, 5, 30));
  const gateway = new Gateway(config(node.port, more), { clock });
  t.teardown(async () => {
    await gateway.stop();
    await node.stop();
  });
  await gateway.start();
  await node.established();
  return { node, gateway, clock };
}

function paths(gateway: Gateway, table = 'k8s-test.inet.0', prefix = floatingIp): readonly GatewayPathView[] {
  return gateway.routes({ table, prefix })[0]?.paths ?? [];
}

t.test('two copies: one active, one not best, both with the knob, one again without', async (t) => {
  const { node, gateway } = await pair(t);
  node.announce({ nextHop: cent333, label: 28 });
  node.announce({ nextHop: cent222, label: 43 });
  await until(() => paths(gateway).length === 2, 'both copies are imported');
  t.match(paths(gateway), [
    {
      mark: '*',
      nextHop: cent222,
      label: 43,
      task: 'BGP_60100_60100.127.0.0.1',
      localAsn: 13979,
      peerAsn: 60100,
    },
    { mark: ' ', nextHop: cent333, label: 28, inactiveReason: 'Not Best in its group - Update source' },
  ]);
  gateway.change({ set: `${knob} vpn-unequal-cost` });
  await until(() => paths(gateway).length === 3, 'both share');
  t.match(
    paths(gateway).map(({ kind, mark }) => `${mark}${kind}`),
    ['@BGP', ' BGP', '#Multipath'],
  );
  gateway.setMultipath('k8s-test', 'off');
  await until(() => paths(gateway).length === 2, 'one forwards alone');
  node.withdraw({ nextHop: cent222 });
  await until(() => paths(gateway)[0]?.nextHop === cent333, 'the other copy takes over');
});

t.test('MEDs of different neighbours compare only when told to', async (t) => {
  for (const always of [false, true]) {
    const node = await new ControlNode().start();
    const { peers } = config(node.port).bgp;
    const gateway = new Gateway({
      ...config(node.port),
      bgp: { ...config(node.port).bgp, peers, 'always-compare-med': always },
    });
    t.teardown(async () => {
      await gateway.stop();
      await node.stop();
    });
    await gateway.start();
    await node.established();
    node.announce({ nextHop: cent222, label: 43, asPath: [65001], med: 200 });
    node.announce({ nextHop: cent333, label: 28, asPath: [65002], med: 100 });
    await until(() => paths(gateway).length === 2, 'both copies are imported');
    const [active, loser] = paths(gateway);
    t.equal(active?.nextHop, always ? cent333 : cent222);
    t.equal(loser?.inactiveReason, always ? 'Always Compare MED' : 'Update source');
    t.notOk(loser?.state.includes('NotBest'), 'it was the best of its own group');
  }
});

t.test('flows to the floating IP use both nodes, each flow one', async (t) => {
  const { node, gateway } = await pair(t);
  gateway.setMultipath('k8s-test', 'multipath');
  node.announce({ nextHop: cent333, label: 28 });
  node.announce({ nextHop: cent222, label: 43 });
  await until(() => paths(gateway).length === 3, 'both copies share');
  const labels = new Map<number, number>();
  for (let port = 0; port < 1000; port++) {
    const flow = {
      source: Uint8Array.of(15, 15, 15, 2),
      destination: Uint8Array.of(101, 101, 101, 252),
      protocol: 6,
      sourcePort: 32768 + port,
      destinationPort: 8888,
    };
    const { leg } = gateway.forward('k8s-test', flow)!;
    labels.set(leg!.label!, (labels.get(leg!.label!) ?? 0) + 1);
  }
  t.same([...labels.keys()].sort(), [28, 43]);
  for (const count of labels.values()) t.ok(count > 420, `${count} of 1000`);
  const tunnels = gateway.dynamicTunnels().networks[0]!.tunnels;
  t.equal(
    tunnels.reduce((sum, { outputPackets }) => sum + outputPackets, 0),
    1000,
    'tunnels count them',
  );
});

t.test('a route nobody imports is not kept, and its target not asked for', async (t) => {
  const { node, gateway } = await pair(t);
  await until(() => node.memberships.size > 0, 'memberships are told');
  t.same([...node.memberships], ['60100:target:500:500/96']);
  node.announce({ nextHop: cent222, label: 43, target: '500:501' });
  node.announce({ nextHop: cent333, label: 28 });
  await until(() => paths(gateway).length === 1, 'the wanted copy is imported');
  t.equal(gateway.routes({ table: 'bgp.l3vpn.0', received: 'contrail' }).length, 1);
  t.match(gateway.routes({ table: 'bgp.rtarget.0' }), [{ prefix: '60100:500:500/96' }]);

  await gateway.reload({ ...gateway.config, bgp: { ...gateway.config.bgp, 'keep-all': true } });
  t.equal(gateway.routes({ table: 'bgp.l3vpn.0', received: '127.0.0.1' }).length, 2, 'unless all are kept');
  t.equal(node.session.state, 'Established', 'a reload leaves the session alone');
});

t.test('IPv6 routes resolve over the same tunnels', async (t) => {
  const { node, gateway } = await pair(t);
  const prefix = '2001:db8::252/128';
  node.announce({ prefix, nextHop: cent222, label: 43 });
  await until(() => paths(gateway, 'k8s-test.inet6.0', prefix).length === 1, 'it is imported');
  t.match(paths(gateway, 'k8s-test.inet6.0', prefix), [
    { mark: '*', nextHop: '::ffff:10.169.25.20', nextHops: [{ interface: 'gr-2/2/0.32768', label: 43 }] },
  ]);
  t.match(gateway.forwardingTables({ destination: '2001:db8::252' }), [
    { name: 'k8s-test.inet6', routes: [{ destination: prefix, nextHop: { type: 'indr' } }] },
  ]);
});

t.test('tunnels follow the routes that need them', async (t) => {
  const { node, gateway, clock } = await pair(t);
  const tunnels = (): string[] =>
    gateway.dynamicTunnels().networks[0]!.tunnels.map(({ destination }) => destination);
  node.announce({ nextHop: cent222, label: 43 });
  await until(() => tunnels().length === 1, 'a tunnel is made');
  t.match(gateway.routes({ table: 'inet.3' }), [
    { prefix: '10.169.25.0/24', paths: [{ kind: 'Tunnel', nextHopType: 'Tunnel' }] },
    { prefix: '10.169.25.20/32', paths: [{ kind: 'Tunnel', preference: 300 }] },
  ]);
  node.announce({ nextHop: cent333, rd: '10.169.25.20:9', label: 28 });
  await until(() => paths(gateway)[0]?.nextHop === cent333, 'the route moves');
  clock.advance(2000);
  t.same(tunnels(), [cent333]);
});

t.test('routes of the instance itself are told with its label', async (t) => {
  const { node, gateway } = await pair(t, {}, ['inet-vpn']);
  await until(() => node.told.size === 1, 'the attached network is told');
  t.match(
    [...node.told],
    [['192.168.0.204:500:15.15.15.0/24', { labels: [299776], nextHop: '192.168.0.204' }]],
  );
  gateway.change({
    set: 'routing-instances k8s-test routing-options static route 0.0.0.0/0 next-hop 15.15.15.2',
  });
  await until(() => node.told.has('192.168.0.204:500:0.0.0.0/0'), 'the static route is told');
  t.match(paths(gateway, 'k8s-test.inet.0', '0.0.0.0/0'), [{ kind: 'Static', mark: '*', preference: 5 }]);
  gateway.change({
    delete: 'routing-instances k8s-test routing-options static route 0.0.0.0/0 next-hop 15.15.15.2',
  });
  await until(() => node.told.size === 1, 'and taken back');
});

t.test('a peer that asks for other targets is told nothing, and the view says why', async (t) => {
  const { node, gateway } = await pair(t, {}, ['inet-vpn', 'route-target']);
  await until(() => node.memberships.size > 0, 'memberships are told');
  t.match(gateway.routes({ table: 'bgp.l3vpn.0', prefix: '15.15.15.0/24' })[0]?.paths, [
    { advertisedTo: [], notAdvertised: [{ neighbor: 'contrail', because: /route target/ }] },
  ]);
  t.same(gateway.routes({ advertised: 'contrail', table: 'bgp.l3vpn.0' }), [], 'though it has the route');
  t.equal(node.told.size, 0);
});

t.test('a static route towards nowhere is hidden and not told', async (t) => {
  const { node, gateway } = await pair(t, {}, ['inet-vpn']);
  gateway.change({
    set: 'routing-instances k8s-test routing-options static route 16.0.0.0/8 next-hop 9.9.9.9',
  });
  const [table] = gateway.routeTables({ table: 'k8s-test.inet.0', hidden: true });
  t.match(table, { hidden: 1, entries: [{ paths: [{ kind: 'Static', nextHopType: 'Unusable' }] }] });
  const beside = (hidden?: 'also'): number =>
    gateway
      .routes({ table: 'k8s-test.inet.0', hidden })
      .filter(({ paths }) => paths.some(({ feasible }) => !feasible)).length;
  t.same([beside(), beside('also')], [0, 1], 'beside the others for who asks why');
  await until(() => node.told.size === 1, 'only the attached network is told');
  gateway.change({ set: 'routing-instances k8s-test interface ge-0/0/2.0 address 9.9.9.1/24' });
  await until(() => node.told.has('192.168.0.204:500:16.0.0.0/8'), 'it is told when it leads somewhere');
});

t.test('two instances share routes by target, without a peer', async (t) => {
  const second = {
    name: 'k8s-prod',
    'route-distinguisher': '192.168.0.204:501',
    'vrf-target': 'target:500:501',
    import: ['target:500:500'],
  };
  const { gateway } = await pair(t);
  await gateway.reload(
    gatewayConfig.parse({
      ...writtenConfig(gateway.config),
      'routing-instances': [...writtenConfig(gateway.config)['routing-instances']!, second],
    }),
  );
  await until(() => paths(gateway, 'k8s-prod.inet.0', '15.15.15.0/24').length === 1, 'it is imported');
  t.match(paths(gateway, 'k8s-prod.inet.0', '15.15.15.0/24'), [
    { kind: 'Direct', mark: '*', primaryTable: 'k8s-test.inet.0', nextHops: [{ interface: 'ge-0/0/1.0' }] },
  ]);
  gateway.change({ delete: 'routing-instances k8s-prod' });
  t.same(
    gateway.vrfs().map(({ name }) => name),
    ['k8s-test'],
  );
});

t.test('a session that ends takes its routes along, and they come back with it', async (t) => {
  const { node, gateway, clock } = await pair(t);
  node.announce({ nextHop: cent222, label: 43 });
  await until(() => paths(gateway).length === 1, 'it is imported');
  await node.session.stop();
  await until(() => paths(gateway).length === 0, 'it is gone');
  t.match(gateway.neighbors(), [{ name: 'contrail', flaps: 1, lastError: /Administrative Shutdown/ }]);
  node.session.start();
  for (let i = 0; i < 50 && node.session.state !== 'Established'; i++) {
    clock.advance(1000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await node.established();
  node.announce({ nextHop: cent222, label: 43 });
  await until(() => paths(gateway).length === 1, 'it is back');
});

t.test('what cannot change while it runs is refused, and nothing changes', async (t) => {
  const { gateway } = await pair(t);
  await t.rejects(gateway.reload({ ...gateway.config, asn: 1 }), ReloadError);
  t.equal(gateway.config.asn, 13979);
});

t.test('a peer in the wrong AS never comes up, and says why', async (t) => {
  const node = await new ControlNode().start();
  const peers = [{ address: '127.0.0.1', port: node.port, asn: 60101 }];
  const gateway = new Gateway(config(node.port, { bgp: { peers } }));
  t.teardown(async () => {
    await gateway.stop();
    await node.stop();
  });
  await gateway.start();
  await until(() => gateway.neighbors()[0]?.lastError !== undefined, 'the attempt fails');
  t.match(gateway.neighbors()[0], { lastError: /the peer is in AS 60100, AS 60101 is configured/ });
});

t.test('a peer that sends nonsense loses its session and its routes, and no other does', async (t) => {
  const bad = await new ControlNode('10.169.25.18', ['inet-vpn'], '127.0.0.3').start();
  const node = await new ControlNode('10.169.25.19', ['inet-vpn'], '127.0.0.2').start();
  const peers = [bad, node].map(({ address, port }) => ({ address, port, asn: 60100 }));
  const gateway = new Gateway(config(node.port, { bgp: { peers } }));
  t.teardown(async () => {
    await gateway.stop();
    await bad.stop();
    await node.stop();
  });
  await gateway.start();
  await bad.established();
  await node.established();
  bad.announce({ nextHop: cent222, label: 43 });
  node.announce({ nextHop: cent333, label: 28 });
  await until(() => paths(gateway).length === 2, 'both are imported');
  // An UPDATE whose attributes claim to be longer than the message.
  bad.session.write([frameMessage(messageType.update, Uint8Array.of(0, 0, 0xff, 0xff))]);
  await until(() => bad.session.lastEnd !== undefined, 'the session ends');
  t.match(bad.session.lastEnd, { direction: 'received', code: 3, subcode: 1 }, 'Malformed Attribute List');
  await until(() => paths(gateway).length === 1, 'its route goes');
  t.match(paths(gateway), [{ nextHop: cent333, mark: '*' }]);
  t.equal(node.session.state, 'Established');
});

t.test('two peers of one address differ in their ports, unless they are to connect to us', async (t) => {
  const peers = [1790, 1791].map((port) => ({ address: '127.0.0.9', port, asn: 60100 }));
  t.equal(config(1, { bgp: { peers } }).bgp.peers.length, 2);
  t.throws(
    () => config(1, { bgp: { peers, listen: [{ address: '127.0.0.1' }] } }),
    /127\.0\.0\.9 is taken already/,
  );
});

t.test('an address in use is told, and nothing is left open', async (t) => {
  const { gateway } = await pair(t);
  const port = Number(new URL(gateway.url!).port);
  const second = new Gateway(config(1, { introspect: { port } }));
  await t.rejects(second.start(), /address already in use/);
  await second.stop();
  const third = new Gateway(config(1, { bgp: { listen: [{ address: '127.0.0.1', port }] } }));
  const message = `cannot listen for BGP on 127.0.0.1 port ${port}: address already in use`;
  await t.rejects(third.start(), { message });
  await third.stop();
});

t.test('whoever connects and is refused writes a few lines into the log', async (t) => {
  const lines: string[] = [];
  const write = (fields: object, message: string): void => void lines.push(message);
  const log: Log = { debug() {}, info: write, warn: write, error: write, child: () => log };
  const gateway = new Gateway(
    config(1, { bgp: { listen: [{ address: '127.0.0.1', port: 0 }], peers: [] } }),
    { log },
  );
  t.teardown(() => gateway.stop());
  await gateway.start();
  const port = gateway.bgpAddresses[0]!.port;
  for (let i = 0; i < 40; i++) {
    const stranger = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.9' });
    stranger.resume();
    await once(stranger, 'close');
  }
  t.equal(lines.filter((line) => line === 'connection refused: unknown peer').length, 20);
  await gateway.stop();
  t.equal(lines.filter((line) => line === 'lines left out').length, 1);
});

t.test('views and the configuration over HTTP', async (t) => {
  const { node, gateway } = await pair(t);
  node.announce({ nextHop: cent222, label: 43 });
  await until(() => paths(gateway).length === 1, 'it is imported');
  const url = gateway.url!;
  t.match(await fetchView(url, '/daemon'), { name: 'camaro', kind: 'gateway', asn: 13979 });
  t.match(await fetchView(url, '/vrfs'), [{ name: 'k8s-test', import: ['500:500'], export: ['500:500'] }]);
  const routes = await fetchView<GatewayRouteView[]>(url, '/routes', {
    instance: 'k8s-test',
    prefix: floatingIp,
  });
  t.match(routes, [{ table: 'k8s-test.inet.0', paths: [{ mark: '*' }] }]);
  t.match(await fetchView(url, '/routes', { prefix: '101.101.101.252', table: 'k8s-test.inet.0' }), [
    { prefix: floatingIp },
  ]);
  const asked = async (query: Record<string, string>): Promise<string[]> =>
    (await fetchView<GatewayRouteView[]>(url, '/routes', query)).map(
      ({ table, prefix }) => `${table} ${prefix}`,
    );
  const vrf = 'k8s-test.inet.0';
  t.same(await asked({ instance: 'k8s-test', source: 'contrail' }), [`${vrf} ${floatingIp}`]);
  t.same(await asked({ table: vrf, prefix: '101.101.101.0/24' }), []);
  t.same(await asked({ table: vrf, prefix: '101.101.101.0/24', match: 'longer' }), [`${vrf} ${floatingIp}`]);
  t.same(await asked({ table: vrf, prefix: '15.15.15.9/32', match: 'shorter' }), [`${vrf} 15.15.15.0/24`]);
  t.same(await asked({ table: vrf, limit: '1' }), [`${vrf} 15.15.15.0/24`]);
  t.same(await asked({ table: 'inet.3', prefix: '10.169.25.20/32', match: 'shorter' }), [
    'inet.3 10.169.25.0/24',
    'inet.3 10.169.25.20/32',
  ]);
  t.same(await asked({ table: 'bgp.l3vpn.0', prefix: `10.169.25.20:9:${floatingIp}` }), [
    `bgp.l3vpn.0 10.169.25.20:9:${floatingIp}`,
  ]);
  t.same(await asked({ prefix: floatingIp }), [
    `bgp.l3vpn.0 10.169.25.20:9:${floatingIp}`,
    `${vrf} ${floatingIp}`,
  ]);
  await t.rejects(asked({ match: 'some' }), /match is exact, longer or shorter/);
  await t.rejects(asked({ limit: '0' }), /limit is a whole number/);
  const { statements } = await postAction<{ statements: string[] }>(url, '/configuration', { set: knob });
  t.ok(statements.includes(`set ${knob}`));
  t.same(await fetchView(url, '/configuration'), { statements });
  await t.rejects(postAction(url, '/configuration', { set: 'nonsense' }), /"nonsense" is not known/);
  await t.rejects(postAction(url, '/configuration', ['set']), /expected \{ "set"/);
  await t.rejects(fetchView(url, '/routes', { table: 'nope.inet.0' }), /there is no table nope\.inet\.0/);
  await t.rejects(fetchView(url, '/routes', { prefix: '101.101.101.0/40' }), /the length must be 0–32/);
  await t.rejects(fetchView(url, '/route-table', { received: '1.2.3.4' }), /no BGP neighbor 1\.2\.3\.4/);
});
