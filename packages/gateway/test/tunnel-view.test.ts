import { ManualClock, parseIpv4, parsePrefix } from '@vaportrail/net';
import t from 'tap';
import { DynamicTunnels } from '../src/dynamic-tunnel.ts';
import { dynamicTunnelsView } from '../src/tunnel-view.ts';

t.test('a tunnel stands under the longest network that covers it', async (t) => {
  const tunnels = new DynamicTunnels(
    [
      {
        name: 'contrail',
        source: parseIpv4('192.168.0.204'),
        type: 'gre',
        destinations: [
          { prefix: parsePrefix('10.169.25.0/24'), metric: 0 },
          { prefix: parsePrefix('10.169.25.21/32'), metric: 20 },
        ],
      },
    ],
    { pics: ['2/2/0'], clock: new ManualClock(0) },
  );
  tunnels.acquire(parseIpv4('10.169.25.20'));
  tunnels.acquire(parseIpv4('10.169.25.21'));
  t.match(dynamicTunnelsView(tunnels), {
    networks: [
      { prefix: '10.169.25.0/24', tunnels: [{ destination: '10.169.25.20', interface: 'gr-2/2/0.32768' }] },
      {
        prefix: '10.169.25.21/32',
        metric: 20,
        tunnels: [{ destination: '10.169.25.21', metric: 20, since: '1970-01-01T00:00:00.000Z' }],
      },
    ],
  });
});
