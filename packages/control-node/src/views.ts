/** What a control node shows over HTTP: JSON views, and the answers of Contrail's introspect beside them. */
import { ViewError, type ViewServer } from '@vaportrail/show';
import type { DaemonView, NeighborView, RouteView, RoutingInstanceView, TableView } from '@vaportrail/show';

import type { LocalIdentity } from './introspect/neighbors.ts';
import { serveIntrospect } from './introspect/requests.ts';

/** Which routes to show; every part narrows. */
export interface RouteQuery {
  /** Name of one table. */
  readonly table?: string | undefined;
  /** Name of a routing instance: its tables. */
  readonly instance?: string | undefined;
  /** `inet`, `inet6`, `inet-vpn`, … */
  readonly family?: string | undefined;
  /** Text of the destination; with `match` the prefixes under or over it. */
  readonly prefix?: string | undefined;
  readonly match?: 'exact' | 'longer' | 'shorter' | undefined;
  /** Name of the neighbour that told the path. */
  readonly source?: string | undefined;
  readonly protocol?: string | undefined;
  readonly limit?: number | undefined;
}

/** What can be asked of a control node. */
export interface Shown {
  daemon(): DaemonView;
  identity(): LocalIdentity;
  neighbors(): NeighborView[];
  routingInstances(): RoutingInstanceView[];
  tables(): TableView[];
  /** @throws ViewError when the query names a table or a prefix that cannot be */
  routes(query: RouteQuery): RouteView[];
  xmppConnections(): { readonly open: number; readonly established: number; readonly listening: string };
}

/** Routes in one answer unless the query says how many. */
export const DEFAULT_ROUTE_LIMIT = 10_000;

/** Adds the views of a control node to a server. */
export function serveViews(server: ViewServer, node: Shown): void {
  server
    .view('/daemon', () => node.daemon())
    .view('/neighbors', ({ name, protocol }) => node.neighbors().filter(matching({ name, protocol })), [
      'name',
      'protocol',
    ])
    .view('/routing-instances', ({ name }) => node.routingInstances().filter(matching({ name })), ['name'])
    .view('/tables', ({ name, instance }) => node.tables().filter(matching({ name, instance })), [
      'name',
      'instance',
    ])
    .view(
      '/routes',
      ({ limit, match, ...query }) => node.routes({ ...query, match: matchOf(match), limit: limitOf(limit) }),
      ['table', 'instance', 'family', 'prefix', 'match', 'source', 'protocol', 'limit'],
    );
  serveIntrospect(server, node);
}

function matching<T extends object>(
  wanted: Readonly<Record<string, string | undefined>>,
): (one: T) => boolean {
  const pairs = Object.entries(wanted).filter(([, value]) => value !== undefined);
  return (one) => pairs.every(([key, value]) => (one as Record<string, unknown>)[key] === value);
}

function matchOf(text: string | undefined): RouteQuery['match'] {
  if (text === undefined || text === 'exact' || text === 'longer' || text === 'shorter') return text;
  throw new ViewError(400, `match is exact, longer or shorter, not "${text}"`);
}

/** A number of routes written in a query. @throws ViewError when it is none */
export function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_ROUTE_LIMIT;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new ViewError(400, `"${text}" is not a number of routes`);
}
