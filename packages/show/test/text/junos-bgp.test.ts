import t from 'tap';
import type { GatewayNeighborView } from '../../src/gateway-views.ts';
import { bgpNeighbor, bgpSummary } from '../../src/text/junos-bgp.ts';

const controlNode: GatewayNeighborView = {
  name: 'contrail',
  address: '10.169.25.19',
  protocol: 'bgp',
  type: 'internal',
  state: 'Established',
  asn: 60100,
  localAsn: 60100,
  routerId: '10.169.25.19',
  localAddress: '192.168.0.204',
  families: ['inet-vpn', 'route-target'],
  holdTime: 90,
  flaps: 39,
  received: { messages: 2235, octets: 1, updates: 1 },
  sent: { messages: 2390, octets: 1, updates: 1 },
  paths: 46,
  backlog: 0,
  lastChange: 65974,
  tables: [{ name: 'bgp.l3vpn.0', active: 46, received: 46, accepted: 46, damped: 0 }],
};

t.test('the line of the control node in the lab', async (t) => {
  const text = bgpSummary([controlNode], [{ name: 'bgp.l3vpn.0', routes: 46, active: 46 }]);
  t.match(text, 'Groups: 1 Peers: 1 Down peers: 0\n');
  t.match(text, '\n10.169.25.19          60100       2235       2390       0      39    18:19:34 Establ\n');
  t.match(text, '\n  bgp.l3vpn.0: 46/46/46/0\n');
});

t.test('a peer that is down shows its state and no tables', async (t) => {
  const text = bgpSummary([{ ...controlNode, state: 'Active', lastChange: 34 }], []);
  t.match(text, 'Down peers: 1\n');
  t.match(text, /39 +34 Active\n$/);
});

t.test('one neighbor in full', async (t) => {
  const text = bgpNeighbor({ ...controlNode, lastError: 'Hold Timer Expired Error' });
  t.match(text, /^Peer: 10\.169\.25\.19 AS 60100 Local: 192\.168\.0\.204 AS 60100\n/);
  t.match(text, '  Type: Internal    State: Established');
  t.match(text, '  Last Error: Hold Timer Expired Error\n');
  t.match(text, '    Active prefixes:              46\n');
});
