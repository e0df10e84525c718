import t from 'tap';
import { neighborText } from '../../src/text/neighbor.ts';
import type { NeighborView } from '../../src/views.ts';

const now = Date.parse('2026-11-22T10:03:10.000Z');
const traffic = { messages: 3, octets: 90, updates: 1 };

t.test('a BGP neighbor is told in lines, what does not apply is left out', async (t) => {
  const view: NeighborView = {
    name: 'camaro',
    address: '192.168.0.204',
    protocol: 'bgp',
    type: 'internal',
    asn: 60100,
    localAsn: 60100,
    routerId: '192.168.0.204',
    localAddress: '10.169.25.19',
    state: 'Established',
    establishedAt: '2026-11-22T10:00:00.000Z',
    flaps: 2,
    families: ['inet-vpn'],
    endOfRib: { 'inet-vpn': true },
    holdTime: 30,
    lastError: 'connect ECONNREFUSED 192.168.0.204:179',
    authentication: 'md5',
    retention: { state: 'present', losses: 2, staled: 1, longLivedStaled: 0, sweeps: 1, deletions: 1 },
    received: { ...traffic, opens: 1, keepalives: 1, notifications: 0 },
    sent: { ...traffic, opens: 1, keepalives: 1, notifications: 1 },
    paths: 7,
    prefixLimit: 10,
    errors: 1,
    backlog: 12,
    session: {
      holdTimes: { ours: 90, theirs: 30 },
      keepalive: 10,
      connectRetry: 5,
      localPort: 40_000,
      remotePort: 179,
      ttlSecurity: 1,
      capabilitiesSent: ['multiprotocol inet-vpn', 'route-refresh'],
      capabilitiesReceived: ['multiprotocol inet-vpn'],
      refreshesSent: 0,
      refreshesReceived: 4,
      lastReset: { at: '2026-11-22T09:59:58.000Z', because: 'hold timer expired' },
    },
  };
  t.equal(
    neighborText(view, now),
    `camaro (192.168.0.204) by BGP, internal, AS 60100
  State          Established for 3m10s, lost 2 times
  Last reset     3m12s ago: hold timer expired
  Router id      192.168.0.204
  Local AS       60100
  Transport      10.169.25.19 port 40000 to 192.168.0.204 port 179, MD5, TTL security of 1
  Timers         hold time 30 s (ours 90, its 30), keepalive 10 s, connect retry 5 s
  Families       inet-vpn, End-of-RIB received
  We told        multiprotocol inet-vpn
                 route-refresh
  It told        multiprotocol inet-vpn
  Retention      present; lost 2, stale 1, long-lived 0, swept 1, deleted 1
  Paths          7 of 10 allowed; 1 with something wrong
  Backlog        12 octets
            Messages  Octets  Opens  Updates  Keepalives  Notifications  Refreshes
  received         3      90      1        1           1              0          4
  sent             3      90      1        1           1              1          0`,
  );
});

t.test('one that is away says since when and why', async (t) => {
  const text = neighborText(
    {
      name: 'cent222',
      address: '10.169.25.20',
      protocol: 'xmpp',
      type: 'agent',
      state: 'Down (stale)',
      flaps: 1,
      lostAt: '2026-11-22T10:03:00.000Z',
      lastError: 'connection reset',
      gracefulRestart: { restartTime: 60, families: [], longLivedTime: 0, longLivedFamilies: [] },
      received: traffic,
      sent: traffic,
      paths: 1,
      backlog: 0,
      passive: true,
      dynamic: '10.169.25.0/24',
      subscriptions: [{ instance: 'a:b:c:c', agent: 'cent222', instanceId: 2, state: 'stale' }],
    },
    now,
  );
  t.match(text, /State +Down \(stale\), lost once\n +Last reset +10s ago: connection reset/);
  t.match(text, /Transport +10\.169\.25\.20, dynamic of 10\.169\.25\.0\/24, passive\n/);
  t.match(text, /Restart +routes are kept for 60 s\n/);
  t.match(text, /Subscriptions +a:b:c:c as 2, stale\n/);
});
