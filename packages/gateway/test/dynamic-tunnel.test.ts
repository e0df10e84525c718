import { ManualClock, parseIpv4, parsePrefix } from '@vaportrail/net';
import t from 'tap';
import { DynamicTunnels, type DynamicTunnelSettings } from '../src/dynamic-tunnel.ts';

const address = parseIpv4;

function contrail(destinations: Record<string, number> = { '10.169.25.0/24': 0 }): DynamicTunnelSettings {
  return {
    name: 'contrail',
    source: address('192.168.0.204'),
    type: 'gre',
    destinations: Object.entries(destinations).map(([prefix, metric]) => ({
      prefix: parsePrefix(prefix),
      metric,
    })),
  };
}

function tunnels(
  settings: DynamicTunnelSettings[] = [contrail()],
  pics = ['2/2/0', '2/3/0'],
): { clock: ManualClock; tunnels: DynamicTunnels; changes: string[] } {
  const clock = new ManualClock(1000);
  const changes: string[] = [];
  const made: DynamicTunnels = new DynamicTunnels(settings, {
    pics,
    clock,
    holdDown: 60_000,
    changed: (tunnel) =>
      changes.push(
        `${tunnel.interface} ${made.tunnelTo(tunnel.destination) === undefined ? 'down' : 'up'} metric ${tunnel.metric}`,
      ),
  });
  return { clock, tunnels: made, changes };
}

t.test('the first user of an address inside a destination network makes the tunnel', async (t) => {
  const { tunnels: some, changes } = tunnels();
  const tunnel = some.acquire(address('10.169.25.20'));
  t.match(tunnel, { interface: 'gr-2/2/0.32768', references: 1, state: 'up', since: 1000, metric: 0 });
  some.acquire(address('10.169.25.20'));
  t.equal(tunnel?.references, 2);
  t.same(changes, ['gr-2/2/0.32768 up metric 0']);
});

t.test('an address outside every destination network gets none', async (t) => {
  const { tunnels: some } = tunnels();
  t.equal(some.acquire(address('10.169.26.20')), undefined);
  t.same(some.tunnels(), []);
});

t.test('tunnels are spread over the tunnel PICs, units counted on each', async (t) => {
  const { tunnels: some } = tunnels();
  for (const last of [21, 20, 22, 23]) some.acquire(address(`10.169.25.${last}`));
  t.same(
    some.tunnels().map((tunnel) => tunnel.interface),
    ['gr-2/3/0.32768', 'gr-2/2/0.32768', 'gr-2/2/0.32769', 'gr-2/3/0.32769'],
  );
});

t.test('a tunnel nobody uses is torn down after the hold-down, and its unit is used again', async (t) => {
  const { clock, tunnels: some, changes } = tunnels([contrail()], ['2/2/0']);
  some.acquire(address('10.169.25.20'));
  some.release(address('10.169.25.20'));
  t.equal(some.tunnelTo(address('10.169.25.20'))?.state, 'hold-down');
  clock.advance(59_999);
  t.ok(some.tunnelTo(address('10.169.25.20')));
  clock.advance(1);
  t.notOk(some.tunnelTo(address('10.169.25.20')));
  t.equal(some.acquire(address('10.169.25.21'))?.interface, 'gr-2/2/0.32768');
  t.same(changes, [
    'gr-2/2/0.32768 up metric 0',
    'gr-2/2/0.32768 down metric 0',
    'gr-2/2/0.32768 up metric 0',
  ]);
});

t.test('a user who comes back within the hold-down keeps the tunnel', async (t) => {
  const { clock, tunnels: some, changes } = tunnels();
  const tunnel = some.acquire(address('10.169.25.20'));
  some.release(address('10.169.25.20'));
  clock.advance(30_000);
  t.equal(some.acquire(address('10.169.25.20')), tunnel);
  t.equal(tunnel?.state, 'up');
  clock.advance(120_000);
  t.equal(some.tunnelTo(address('10.169.25.20')), tunnel);
  t.equal(changes.length, 1);
});

t.test('the longest destination network decides the metric', async (t) => {
  const { tunnels: some } = tunnels([contrail({ '10.169.25.0/24': 5, '10.169.25.21/32': 20 })]);
  t.equal(some.acquire(address('10.169.25.20'))?.metric, 5);
  t.equal(some.acquire(address('10.169.25.21'))?.metric, 20);
});

t.test('reconfiguration moves metrics in place and ends tunnels no statement covers', async (t) => {
  const { tunnels: some, changes } = tunnels();
  some.acquire(address('10.169.25.20'));
  some.acquire(address('10.169.25.21'));
  changes.length = 0;
  some.reconfigure([contrail({ '10.169.25.20/32': 7 })]);
  t.same(changes, ['gr-2/2/0.32768 up metric 7', 'gr-2/3/0.32768 down metric 0']);
  t.equal(some.tunnels().length, 1);
});

t.test('UDP tunnels carry their own interface name', async (t) => {
  const { tunnels: some } = tunnels([{ ...contrail(), type: 'udp' }]);
  t.equal(some.acquire(address('10.169.25.20'))?.interface, 'ud-2/2/0.32768');
});

t.test('without a tunnel PIC there can be no dynamic tunnels', async (t) => {
  t.throws(() => tunnels([contrail()], []), RangeError);
});
