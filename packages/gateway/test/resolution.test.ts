import { ManualClock, addressText, parseAddress, parseIpv4, parsePrefix } from '@vaportrail/net';
import t from 'tap';
import { DynamicTunnels } from '../src/dynamic-tunnel.ts';
import { Resolver, type ResolvingRoute } from '../src/resolution.ts';

function route(prefix: string, metric: number, ...interfaces: string[]): ResolvingRoute {
  return {
    prefix: parsePrefix(prefix),
    protocol: 'Static',
    preference: 5,
    metric,
    since: 0,
    gateways: interfaces.map((name) => ({ interface: name })),
  };
}

function resolver(): { resolver: Resolver; tunnels: DynamicTunnels; clock: ManualClock; changes: string[] } {
  const clock = new ManualClock();
  const changes: string[] = [];
  const tunnels = new DynamicTunnels(
    [
      {
        name: 'contrail',
        source: parseIpv4('192.168.0.204'),
        type: 'gre',
        destinations: [{ prefix: parsePrefix('10.169.25.0/24'), metric: 0 }],
      },
    ],
    { pics: ['2/2/0'], clock, holdDown: 1000 },
  );
  return {
    resolver: new Resolver(tunnels, (nextHop) => changes.push(addressText(nextHop))),
    tunnels,
    clock,
    changes,
  };
}

const cent222 = parseAddress('10.169.25.20');
const elsewhere = parseAddress('10.1.1.1');

t.test('a next hop inside a destination network resolves over its own tunnel', async (t) => {
  const { resolver: some, tunnels } = resolver();
  t.match(some.track(cent222), {
    rib: 'inet.3',
    protocol: 'Tunnel',
    preference: 300,
    metric: 0,
    gateways: [{ interface: 'gr-2/2/0.32768' }],
  });
  some.track(cent222);
  t.equal(tunnels.tunnels()[0]?.references, 1, 'one reference per next hop, not per route');
});

t.test('the last route to leave a next hop lets its tunnel go', async (t) => {
  const { resolver: some, tunnels, clock } = resolver();
  some.track(cent222);
  some.track(cent222);
  some.untrack(cent222);
  t.equal(tunnels.tunnels()[0]?.state, 'up');
  some.untrack(cent222);
  t.equal(tunnels.tunnels()[0]?.state, 'hold-down');
  clock.advance(1000);
  t.same(tunnels.tunnels(), []);
  t.equal(some.resolution(cent222), undefined);
});

t.test('an IPv4-mapped IPv6 next hop resolves as the IPv4 one', async (t) => {
  const { resolver: some } = resolver();
  t.match(some.track(parseAddress('::ffff:10.169.25.20')), { gateways: [{ interface: 'gr-2/2/0.32768' }] });
  t.equal(some.track(parseAddress('2001:db8::20')), undefined);
});

t.test('what nothing covers does not resolve until a route comes', async (t) => {
  const { resolver: some, changes } = resolver();
  t.equal(some.track(elsewhere), undefined);
  some.configure({ 'inet.3': [route('10.1.1.0/24', 10, 'ge-0/0/1.0')], 'inet.0': [] }, ['inet.3']);
  t.match(some.resolution(elsewhere), { metric: 10, gateways: [{ interface: 'ge-0/0/1.0' }] });
  t.same(changes, ['10.1.1.1']);
  some.configure({ 'inet.3': [], 'inet.0': [] }, ['inet.3']);
  t.equal(some.resolution(elsewhere), undefined);
  t.same(changes, ['10.1.1.1', '10.1.1.1']);
});

t.test('VPN routes look at inet.0 only when told to', async (t) => {
  const { resolver: some } = resolver();
  const routes = { 'inet.3': [], 'inet.0': [route('10.1.1.0/24', 10, 'ge-0/0/1.0')] };
  some.configure(routes, ['inet.3']);
  t.equal(some.track(elsewhere), undefined);
  some.configure(routes, ['inet.3', 'inet.0']);
  t.match(some.resolution(elsewhere), { rib: 'inet.0' });
});

t.test('between tables the lower preference wins, then inet.3', async (t) => {
  const { resolver: some } = resolver();
  some.configure({ 'inet.3': [], 'inet.0': [route('10.169.25.0/24', 1, 'ge-0/0/1.0')] }, [
    'inet.3',
    'inet.0',
  ]);
  t.match(some.track(cent222), { rib: 'inet.0', preference: 5 }, 'static 5 before tunnel 300');
  some.configure(
    {
      'inet.3': [route('10.169.25.20/32', 3, 'ge-0/0/2.0')],
      'inet.0': [route('10.169.25.0/24', 1, 'ge-0/0/1.0')],
    },
    ['inet.3', 'inet.0'],
  );
  t.match(some.resolution(cent222), { rib: 'inet.3', metric: 3 });
});

t.test('a static host route in inet.3 replaces the tunnel, which is then let go', async (t) => {
  const { resolver: some, tunnels, changes } = resolver();
  some.track(cent222);
  some.configure({ 'inet.3': [route('10.169.25.20/32', 20, 'ge-0/0/2.0')], 'inet.0': [] }, ['inet.3']);
  t.match(some.resolution(cent222), { protocol: 'Static', metric: 20 });
  t.equal(tunnels.tunnels()[0]?.references, 0);
  t.same(changes, ['10.169.25.20']);
});

t.test('a metric that changes is told, one that does not is not', async (t) => {
  const { resolver: some, tunnels, changes } = resolver();
  some.track(cent222);
  some.refresh();
  t.same(changes, []);
  tunnels.reconfigure([
    { ...tunnels.settings[0]!, destinations: [{ prefix: parsePrefix('10.169.25.0/24'), metric: 20 }] },
  ]);
  some.refresh();
  t.same(changes, ['10.169.25.20']);
  t.equal(some.resolution(cent222)?.metric, 20);
  tunnels.reconfigure([]);
  some.refresh();
  t.equal(some.resolution(cent222), undefined);
});

t.test('what was resolved and then not used is swept', async (t) => {
  const { resolver: some, tunnels } = resolver();
  some.resolve(cent222);
  some.sweep();
  t.equal(tunnels.tunnels()[0]?.state, 'hold-down');
  some.resolve(cent222);
  some.track(cent222);
  some.sweep();
  t.match(tunnels.tunnels()[0], { state: 'up', references: 1 });
});
