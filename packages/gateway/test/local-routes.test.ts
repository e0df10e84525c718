import { prefixText } from '@vaportrail/net';
import t from 'tap';
import { gatewayConfig, type InterfaceConfig, type StaticRouteConfig } from '../src/config.ts';
import { gatewaysOf, localRoutes, resolvingRoutes } from '../src/local-routes.ts';

function configured(statics: object[]): {
  interfaces: InterfaceConfig[];
  statics: StaticRouteConfig[];
} {
  const config = gatewayConfig.parse({
    name: 'camaro',
    asn: 13979,
    'router-id': '192.168.0.204',
    interfaces: [{ name: 'ge-0/0/1.0', address: '15.15.15.1/24' }],
    'routing-options': { static: statics },
  });
  return { interfaces: config.interfaces, statics: config['routing-options'].static };
}

function routes(...statics: object[]) {
  const { interfaces, statics: parsed } = configured(statics);
  return localRoutes(interfaces, parsed);
}

t.test('an interface gives its network and its own address', async (t) => {
  t.match(
    routes().map((route) => ({ ...route, prefix: prefixText(route.prefix) })),
    [
      { prefix: '15.15.15.0/24', protocol: 'Direct', preference: 0, action: { type: 'resolve' } },
      { prefix: '15.15.15.1/32', protocol: 'Local', preference: 0, action: { type: 'local' } },
    ],
  );
});

t.test(
  'a static route leads to a neighbour on one of the networks, to an interface, or nowhere',
  async (t) => {
    const [, , viaNeighbour, viaInterface, nowhere, unreachable] = routes(
      { route: '0.0.0.0/0', 'next-hop': '15.15.15.2' },
      { route: '10.0.0.0/8', 'next-hop': 'ge-0/0/9.0', preference: 200, metric: 7 },
      { route: '11.0.0.0/8', 'next-hop': 'discard' },
      { route: '12.0.0.0/8', 'next-hop': '16.16.16.2' },
    );
    t.same(gatewaysOf(viaNeighbour?.action), [{ interface: 'ge-0/0/1.0', address: '15.15.15.2' }]);
    t.match(viaInterface, { preference: 200, metric: 7 });
    t.same(gatewaysOf(viaInterface?.action), [{ interface: 'ge-0/0/9.0' }]);
    t.same(nowhere?.action, { type: 'discard' });
    t.equal(unreachable?.action, undefined);
  },
);

t.test('two next hops of one prefix are one route over both', async (t) => {
  const all = routes(
    { route: '0.0.0.0/0', 'next-hop': '15.15.15.2' },
    { route: '0.0.0.0/0', 'next-hop': '15.15.15.3' },
  );
  t.equal(all.length, 3);
  t.equal(gatewaysOf(all[2]?.action).length, 2);
});

t.test('next hops resolve over networks and static routes, not over our own addresses', async (t) => {
  const resolving = resolvingRoutes(
    routes({ route: '10.0.0.0/8', 'next-hop': '15.15.15.2' }, { route: '11.0.0.0/8', 'next-hop': 'discard' }),
    5,
  );
  t.match(
    resolving.map((route) => ({ ...route, prefix: prefixText(route.prefix) })),
    [
      { prefix: '15.15.15.0/24', protocol: 'Direct', gateways: [{ interface: 'ge-0/0/1.0' }] },
      { prefix: '10.0.0.0/8', protocol: 'Static', since: 5, gateways: [{ address: '15.15.15.2' }] },
    ],
  );
});
