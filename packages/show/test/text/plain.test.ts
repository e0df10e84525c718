import t from 'tap';
import {
  durationText,
  neighborsText,
  routesText,
  routingInstancesText,
  tablesText,
  vrfsText,
} from '../../src/text/plain.ts';
import type { PathView } from '../../src/views.ts';

const path: PathView = {
  protocol: 'xmpp',
  source: 'cent333',
  best: true,
  multipath: true,
  feasible: true,
  nextHop: '10.169.25.21',
  label: 28,
  localPref: 200,
  med: 100,
  routeDistinguisher: '10.169.25.21:5',
  routeTargets: ['500:500'],
};

t.test('ages read as people say them', async (t) => {
  t.same([0, 42, 190, 65_100, 353_000].map(durationText), ['0s', '42s', '3m10s', '18h05m', '4d02h']);
});

t.test('routes show the mark of each path and why the others lost', async (t) => {
  const text = routesText([
    {
      table: 'k8s-test.inet.0',
      family: 'inet',
      prefix: '101.101.101.252/32',
      paths: [
        { ...path, multipath: false },
        {
          ...path,
          source: 'cent222',
          best: false,
          multipath: false,
          nextHop: '10.169.25.20',
          label: 43,
          notBest: { step: 'localPref', reason: 'Local Preference', ours: '100', theirs: '200' },
        },
        { ...path, best: false, multipath: false, feasible: false, because: 'as-loop' },
      ],
    },
    { table: 'bgp.l3vpn.0', family: 'inet-vpn', prefix: '10.169.25.21:5:101.101.101.252/32', paths: [path] },
  ]);
  t.equal(
    text,
    `k8s-test.inet.0
    Prefix              Next hop      Label   LP  MED  From     RD              Route targets  Why not
*   101.101.101.252/32  10.169.25.21     28  200  100  cent333  10.169.25.21:5  500:500
                        10.169.25.20     43  200  100  cent222  10.169.25.21:5  500:500        Local Preference (100 against 200)
!                       10.169.25.21     28  200  100  cent333  10.169.25.21:5  500:500        as-loop

bgp.l3vpn.0
    Prefix                             Next hop      Label   LP  MED  From     Route targets
*=  10.169.25.21:5:101.101.101.252/32  10.169.25.21     28  200  100  cent333  500:500`,
  );
});

t.test('neighbors show state, age and the last error', async (t) => {
  const traffic = { messages: 3, octets: 90, updates: 1 };
  const text = neighborsText(
    [
      {
        name: 'camaro',
        address: '192.168.0.204',
        protocol: 'bgp',
        type: 'internal',
        asn: 60100,
        state: 'Established',
        establishedAt: '2026-11-22T10:00:00.000Z',
        flaps: 0,
        received: traffic,
        sent: traffic,
        paths: 0,
        advertised: 2,
        backlog: 0,
      },
      {
        name: 'frr',
        address: '192.168.0.205',
        protocol: 'bgp',
        type: 'internal',
        state: 'Connect',
        lastError: 'connection refused',
        flaps: 1,
        received: traffic,
        sent: traffic,
        paths: 0,
        backlog: 0,
      },
    ],
    Date.parse('2026-11-22T10:03:10.000Z'),
  );
  t.match(text, /^camaro {4}192\.168\.0\.204 {2}BGP {7}60100 {2}Established {2}3m10s/m);
  t.match(text, /connection refused$/m);
});

t.test('instances, tables and VRFs have a line each, and empty lists say so', async (t) => {
  t.equal(neighborsText([]), 'no neighbors');
  t.equal(routesText([]), 'no routes');
  const table = { name: 'bgp.l3vpn.0', family: 'inet-vpn', prefixes: 2, paths: 3 };
  t.match(tablesText([table]), /bgp\.l3vpn\.0 {2}inet-vpn {9}2 {6}3/);
  t.match(
    routingInstancesText([
      {
        name: 'd:p:public:public',
        virtualNetwork: 'd:p:public',
        import: ['500:500'],
        export: ['500:500'],
        tables: [table],
        subscribers: [
          { instance: 'd:p:public:public', agent: 'cent222', instanceId: 9, state: 'established' },
        ],
      },
    ]),
    /d:p:public:public {2}500:500 {2}500:500 {9}2 {6}3 {2}cent222:9/,
  );
  t.match(vrfsText([{ name: 'k8s-test', import: ['500:500'], routes: 23 }]), /k8s-test {2}500:500 {6}23/);
});
