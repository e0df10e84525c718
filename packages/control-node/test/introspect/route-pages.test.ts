import type { RouteView, TableView } from '@vaportrail/show';
import t from 'tap';

import { type PagedRoutes, ROUTES_OF_A_PAGE, routePage } from '../../src/introspect/route-pages.ts';
import type { RouteQuery } from '../../src/route-query.ts';

/** A node with tables of so many routes. */
function node(sizes: Readonly<Record<string, number>>): PagedRoutes {
  const tables = Object.entries(sizes).map(([name, prefixes]): TableView => ({
    name,
    family: 'inet',
    instance: `of-${name}`,
    prefixes,
    paths: prefixes,
  }));
  return {
    tables: () => tables,
    routes({ table, limit = Number.POSITIVE_INFINITY, source }) {
      const { prefixes = 0 } = tables.find(({ name }) => name === table) ?? {};
      const routes = Array.from({ length: prefixes }, (_, n): RouteView => ({
        table: table!,
        family: 'inet',
        prefix: `10.0.${prefixes - n - 1}.0/24`,
        paths: [],
      }));
      return source === 'nobody' ? [] : routes.slice(0, limit);
    },
  };
}

/** All pages from a request on, as `table prefix` lists. */
function pages(of: PagedRoutes, request: Record<string, string>): string[][] {
  const all: string[][] = [];
  for (let next: Record<string, string> | undefined = request; next !== undefined;) {
    const { tables, nextBatch } = routePage(of, next);
    all.push(tables.flatMap(({ table, routes }) => routes.map(({ prefix }) => `${table.name} ${prefix}`)));
    next = nextBatch === '' ? undefined : { route_info: nextBatch };
    if (all.length > 50) throw new Error('it never ends');
  }
  return all;
}

t.test('pages follow each other through all tables, each route once', async (t) => {
  const of = node({ a: 250, b: 0, c: 30 });
  const all = pages(of, {});
  t.same(
    all.map(({ length }) => length),
    [ROUTES_OF_A_PAGE, ROUTES_OF_A_PAGE, 80],
  );
  t.equal(new Set(all.flat()).size, 280);
  t.equal(all[0]![0], 'a 10.0.0.0/24', 'in the order of prefixes');
  t.equal(all[0]![11], 'a 10.0.11.0/24', 'as numbers');
  t.same(
    pages(of, { routing_table: 'c' }).map(({ length }) => length),
    [30],
  );
  t.same(
    pages(of, { routing_table: 'c', count: '20' }).map(({ length }) => length),
    [20, 10],
  );
  t.same(
    pages(of, { routing_instance: 'of-a', count: '125' }).map(({ length }) => length),
    [125, 125],
  );
  t.same(pages(of, { source: 'nobody' }), [[]]);
});

t.test('a request can begin at a table, an instance or a prefix', async (t) => {
  const of = node({ a: 12, b: 12 });
  t.same(pages(of, { start_routing_table: 'b', start_prefix: '10.0.9.0/24', count: '2' }), [
    ['b 10.0.9.0/24', 'b 10.0.10.0/24'],
    ['b 10.0.11.0/24'],
  ]);
  t.equal(pages(of, { start_routing_instance: 'of-b' })[0]!.length, 12);
  t.same(pages(of, { start_routing_table: 'a', start_prefix: '10.0.10.0/24', count: '4' }).flat().length, 14);
});

t.test('tables too large to be sorted are paged in their own order', async (t) => {
  const of = node({ a: 20_001 });
  const { tables, nextBatch } = routePage(of, { count: '3' });
  t.same(
    tables[0]!.routes.map(({ prefix }) => prefix),
    ['10.0.20000.0/24', '10.0.19999.0/24', '10.0.19998.0/24'],
  );
  t.equal(routePage(of, { route_info: nextBatch }).tables[0]!.routes[0]!.prefix, '10.0.19997.0/24');
});

t.test('a table that is not there has no routes', async (t) => {
  t.same(routePage(node({ a: 1 }), { routing_table: 'z' }), { tables: [], nextBatch: '' });
});

t.test('families and protocols go by the names of Contrail', async (t) => {
  const asked: RouteQuery[] = [];
  const of: PagedRoutes = { ...node({ a: 1 }), routes: (query) => (asked.push(query), []) };
  for (const [family, protocol] of [
    ['evpn', 'XMPP (interface)'],
    ['l3vpn', 'StaticRoute (static)'],
    ['inet', 'BGP'],
    ['constructor', ''],
  ])
    routePage(of, { family, protocol });
  t.match(asked, [
    { family: 'e-vpn', protocol: 'xmpp' },
    { family: 'inet-vpn', protocol: 'static' },
    { family: 'inet', protocol: 'bgp' },
    { family: 'constructor', protocol: undefined as never },
  ]);
});

t.test('what is no page is refused', async (t) => {
  const of = node({ a: 1 });
  for (const request of [
    { count: 'many' },
    { routing_table: 'a||b' },
    { route_info: '' },
    { route_info: '||||||||||||||||||||||x' },
  ]) {
    t.throws(() => routePage(of, request), { name: 'ViewError' }, JSON.stringify(request));
  }
});
