/**
 * Pages of `ShowRouteReq`. An answer holds so many routes, and where the next one begins: the request that goes on,
 * in one text of parts joined by `||`, which clients give back as they got it.
 */
import { type Query, type RouteView, type TableView, ViewError } from '@vaportrail/show';

import type { RouteQuery } from '../route-query.ts';
import type { TableWithRoutes } from './show-route.ts';

/** Routes of a page when the request does not say, and at most: as a control node of Contrail. */
export const ROUTES_OF_A_PAGE = 100;
const MOST_ROUTES = 10_000;
/** Tables with more routes are shown in their own order, which is none. */
const MOST_SORTED = 20_000;

/** What a page shows; fields of the request by their names. */
const carried = [
  'routing_table',
  'routing_instance',
  'prefix',
  'longer_match',
  'shorter_match',
  'count',
  'source',
  'protocol',
  'family',
] as const;

/** All fields of the request, in its order. */
export const routePageFields = [
  'routing_table',
  'routing_instance',
  'prefix',
  'longer_match',
  'shorter_match',
  'count',
  'start_routing_table',
  'start_routing_instance',
  'start_prefix',
  'source',
  'protocol',
  'family',
] as const;

/** What Contrail calls families in names of tables, and here. */
const familyNames: Readonly<Record<string, string>> = {
  evpn: 'e-vpn',
  ermvpn: 'erm-vpn',
  mvpn: 'inet-mvpn',
  l3vpn: 'inet-vpn',
  'l3vpn-inet6': 'inet6-vpn',
  rtarget: 'route-target',
};

/** Protocols by their names in answers, in lower case and without what follows the first word. */
const protocolNames: Readonly<Record<string, string>> = { staticroute: 'static', servicechain: 'static' };

/** The routes of one answer, by table. */
export interface RoutePage {
  readonly tables: readonly TableWithRoutes[];
  /** The text of the next page; empty when this is the last. */
  readonly nextBatch: string;
}

/** What a page asks of the control node. */
export interface PagedRoutes {
  tables(): readonly TableView[];
  routes(query: RouteQuery): RouteView[];
}

/**
 * The page that a request asks for.
 * @throws ViewError when a field is not what it must be
 */
export function routePage(node: PagedRoutes, request: Query): RoutePage {
  const isContinued = 'route_info' in request || request['routing_table']?.includes(SEPARATOR) === true;
  const fields = isContinued ? continued(request) : request;
  const count = countOf(fields['count']);
  const wanted = queryOf(fields);
  const startTable = fields['start_routing_table'] ?? '';
  const startInstance = fields['start_routing_instance'] ?? '';
  const startPrefix = fields['start_prefix'] ?? '';
  const shown: TableWithRoutes[] = [];
  let left = count;
  let hasBegun = startTable === '' && startInstance === '';
  for (const table of node.tables()) {
    const isStart =
      !hasBegun && (startTable === '' ? table.instance === startInstance : table.name === startTable);
    hasBegun ||= isStart;
    if (!hasBegun) continue;
    if (wanted.table !== undefined && table.name !== wanted.table) continue;
    if (wanted.instance !== undefined && table.instance !== wanted.instance) continue;
    const skipped = isStart ? Number(fields['skip'] ?? 0) : 0;
    const routes = routesOf(node, table, wanted, skipped + left + 1, isStart ? startPrefix : '').slice(
      skipped,
    );
    if (routes.length > left) {
      if (left > 0) shown.push({ table, routes: routes.slice(0, left) });
      const from = isStart ? startPrefix : '';
      return { tables: shown, nextBatch: continuation(fields, [table.name, from, String(skipped + left)]) };
    }
    if (routes.length > 0) shown.push({ table, routes });
    left -= routes.length;
  }
  return { tables: shown, nextBatch: '' };
}

/** At least the first `most` routes of a table that are wanted, if there are so many. */
function routesOf(
  node: PagedRoutes,
  table: TableView,
  wanted: RouteQuery,
  most: number,
  start: string,
): RouteView[] {
  if (table.prefixes > MOST_SORTED) return node.routes({ ...wanted, table: table.name, limit: most });
  const routes = node.routes({ ...wanted, table: table.name });
  routes.sort((a, b) => comparePrefixes(a.prefix, b.prefix));
  return start === '' ? routes : routes.filter(({ prefix }) => comparePrefixes(prefix, start) >= 0);
}

/** Numbers within prefixes count as numbers: 10.2.0.0/16 before 10.10.0.0/16. */
function comparePrefixes(a: string, b: string): number {
  return byNumber.compare(a, b);
}

const byNumber = new Intl.Collator('en', { numeric: true });

function queryOf(fields: Query): RouteQuery {
  const match = isTrue(fields['longer_match'])
    ? 'longer'
    : isTrue(fields['shorter_match'])
      ? 'shorter'
      : undefined;
  return {
    table: fields['routing_table'] || undefined,
    instance: fields['routing_instance'] || undefined,
    prefix: fields['prefix'] || undefined,
    match,
    source: fields['source'] || undefined,
    protocol: named(protocolNames, fields['protocol']?.toLowerCase().split(' ')[0]),
    family: named(familyNames, fields['family']),
  };
}

/** A word of the request as it is called here; nothing for an empty one. */
function named(names: Readonly<Record<string, string>>, word = ''): string | undefined {
  return (Object.hasOwn(names, word) ? names[word] : word) || undefined;
}

function isTrue(text: string | undefined): boolean {
  return text === 'true' || text === '1';
}

function countOf(text: string | undefined): number {
  if (text === undefined || text === '' || text === '0') return ROUTES_OF_A_PAGE;
  if (!/^\d{1,9}$/.test(text)) throw new ViewError(400, `"${text}" is not a number of routes`);
  return Math.min(Number(text), MOST_ROUTES);
}

const SEPARATOR = '||';

function continuation(fields: Query, place: readonly string[]): string {
  const parts = carried.map((name) => fields[name] ?? '');
  return [...parts, ...place].join(SEPARATOR);
}

function continued(request: Query): Query {
  const parts = (request['route_info'] ?? request['routing_table'] ?? '').split(SEPARATOR);
  const [table, start, skip] = parts.slice(carried.length);
  if (parts.length !== carried.length + 3 || !/^\d{1,9}$/.test(skip ?? '')) {
    throw new ViewError(400, 'the text is not that of a next page');
  }
  const fields: Record<string, string | undefined> = {
    start_routing_table: table,
    start_prefix: start,
    skip,
  };
  carried.forEach((name, place) => (fields[name] = parts[place] || undefined));
  return fields;
}
