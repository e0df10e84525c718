import t from 'tap';

import { routeDumpText, routeGetText } from '../../src/text/rt.ts';
import type { VrouterRouteTableView } from '../../src/vrouter-views.ts';

const table: VrouterRouteTableView = {
  vrf: 2,
  name: 'default-domain:k8s-ns-user-1:k8s-ns-user-1-pod-network:k8s-ns-user-1-pod-network',
  family: 'inet',
  routes: [
    { prefix: '10.32.0.0/12', replacedLength: 12, flags: [], nextHop: 0 },
    { prefix: '10.47.255.236/32', replacedLength: 32, flags: ['arp-proxy'], nextHop: 37 },
    {
      prefix: '10.99.225.17/32',
      replacedLength: 32,
      flags: ['label-valid', 'arp-proxy'],
      label: 38,
      nextHop: 50,
    },
    { prefix: '10.105.139.153/32', replacedLength: 32, flags: ['arp-proxy'], nextHop: 87 },
  ],
};

t.test('rt --dump prints banner and routes in the columns of the vRouter', async (t) => {
  t.same(routeDumpText(table).split('\n'), [
    'Flags: L=Label Valid, P=Proxy ARP, T=Trap ARP, F=Flood ARP, Ml=MAC-IP learnt route',
    'vRouter inet4 routing table 0/2/unicast',
    'Destination           PPL        Flags        Label         Nexthop    Stitched MAC(Index)',
    '10.32.0.0/12           12                       -              0        -',
    '10.47.255.236/32       32            P          -             37        -',
    '10.99.225.17/32        32           LP         38             50        -',
    '10.105.139.153/32      32            P          -             87        -',
    '',
  ]);
});

t.test('rt --get of a route by tunnel shows its label, and no replaced length', async (t) => {
  const [, , , route] = routeGetText(table, table.routes[2]!).split('\n');
  t.equal(route, '10.99.225.17/32         0           LP         38             50        -');
});

t.test('a captured line of a real vRouter comes out the same', async (t) => {
  const line = '8.0.0.2/32             32            T          -             10        -';
  const text = routeDumpText({
    ...table,
    routes: [{ prefix: '8.0.0.2/32', replacedLength: 32, flags: ['arp-trap'], nextHop: 10 }],
  });
  t.equal(text.split('\n')[3], line);
});

t.test('IPv6 tables and stitched MACs', async (t) => {
  const text = routeDumpText({
    ...table,
    family: 'inet6',
    routes: [
      {
        prefix: 'fd00::1/128',
        replacedLength: 128,
        flags: ['arp-proxy'],
        nextHop: 37,
        mac: { address: '02:30:51:c0:fc:9e', index: 77 },
      },
    ],
  });
  t.match(text, 'vRouter inet6 routing table 0/2/unicast');
  t.match(text, /^fd00::1\/128 +128 .* 02:30:51:c0:fc:9e\(77\)$/m);
});
