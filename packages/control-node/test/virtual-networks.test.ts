import { parseHex, parseRouteTarget } from '@vaportrail/net';
import t from 'tap';

import { VirtualNetworks } from '../src/virtual-networks.ts';

const networks = new VirtualNetworks(
  [
    {
      virtualNetwork: 'default-domain:demo:red',
      index: 6,
      exports: [parseRouteTarget('64512:8000004'), parseRouteTarget('1:1')],
    },
    {
      virtualNetwork: 'default-domain:demo:blue',
      index: undefined,
      exports: [parseRouteTarget('500:500'), parseRouteTarget('1:1')],
    },
  ],
  'default-domain:default-project:ip-fabric',
);
const none = new Uint8Array(0);

t.test('the origin community names the network', async (t) => {
  t.equal(networks.nameOf(6, none), 'default-domain:demo:red');
  t.equal(networks.nameOf(7, none), 'unresolved');
  t.equal(networks.nameOf(0, none), 'default-domain:default-project:ip-fabric');
});

t.test('without it a route target tells, if only one network exports it', async (t) => {
  t.equal(
    networks.nameOf(undefined, parseHex('030c000000000002 000201f4000001f4')),
    'default-domain:demo:blue',
  );
  t.equal(networks.nameOf(undefined, parseHex('0002000100000001')), 'unresolved');
  t.equal(networks.nameOf(undefined, none), 'unresolved');
});
