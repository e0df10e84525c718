/** Views as plain tables. */
import type { NeighborView, PathView, RouteView, RoutingInstanceView, TableView, VrfView } from '../views.ts';
import { columns } from './table.ts';

/** A length of time as people say it: `42s`, `3m10s`, `18h05m`, `4d02h`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [days, hours, minutes] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
  ];
  const two = (number: number): string => String(number).padStart(2, '0');
  if (days > 0) return `${days}d${two(hours)}h`;
  if (hours > 0) return `${hours}h${two(minutes)}m`;
  return minutes > 0 ? `${minutes}m${two(whole % 60)}s` : `${whole}s`;
}

/** Neighbours by BGP and XMPP; `now` (milliseconds) turns times into ages. */
export function neighborsText(neighbors: readonly NeighborView[], now = Date.now()): string {
  if (neighbors.length === 0) return 'no neighbors';
  const up = (since: string | undefined): string | undefined =>
    since === undefined ? undefined : durationText((now - Date.parse(since)) / 1000);
  return columns<NeighborView>(
    [
      { title: 'Neighbor', cell: (row) => row.name },
      { title: 'Address', cell: (row) => row.address },
      { title: 'Dynamic', cell: (row) => row.dynamic },
      { title: 'Protocol', cell: (row) => row.protocol.toUpperCase() },
      { title: 'AS', cell: (row) => row.asn, align: 'right' },
      { title: 'State', cell: (row) => row.state },
      { title: 'Routes kept', cell: keptText },
      { title: 'Up', cell: (row) => up(row.establishedAt), align: 'right' },
      { title: 'Paths', cell: (row) => row.paths, align: 'right' },
      { title: 'Told', cell: (row) => row.advertised, align: 'right' },
      { title: 'In', cell: (row) => row.received.messages, align: 'right' },
      { title: 'Out', cell: (row) => row.sent.messages, align: 'right' },
      { title: 'Flaps', cell: (row) => row.flaps, align: 'right' },
      { title: 'Families', cell: (row) => row.families?.join(' ') },
      { title: 'Last error', cell: (row) => row.lastError },
    ],
    neighbors,
  );
}

/** What has become of the routes of a neighbour that is away. */
function keptText({ retention }: NeighborView): string | undefined {
  const state = retention?.state;
  return state === 'present' || state === 'gone' ? undefined : state;
}

/** `*` best, `=` used beside the best, `!` cannot be used, blank for the others. */
function pathMark(path: PathView): string {
  if (!path.feasible) return '!';
  if (path.best) return path.multipath ? '*=' : '*';
  return path.multipath ? '=' : '';
}

/** Why a path is not the best, in one phrase; nothing for the best and its equals. */
function pathReason({ because, notBest }: PathView): string | undefined {
  if (because !== undefined) return because;
  if (notBest === undefined) return undefined;
  const { ours, theirs, reason } = notBest;
  return ours === undefined || theirs === undefined ? reason : `${reason} (${ours} against ${theirs})`;
}

/** Routes, grouped by table, every path with its mark and the reason why it is not the best. */
export function routesText(routes: readonly RouteView[]): string {
  if (routes.length === 0) return 'no routes';
  const tables = new Map<string, RouteView[]>();
  for (const route of routes) tables.set(route.table, [...(tables.get(route.table) ?? []), route]);
  return [...tables].map(([table, members]) => `${table}\n${tableText(members)}`).join('\n\n');
}

interface PathRow {
  readonly prefix: string;
  readonly path: PathView;
}

function tableText(routes: readonly RouteView[]): string {
  const rows = routes.flatMap(({ prefix, paths }) =>
    paths.map((path, index): PathRow => ({ prefix: index === 0 ? prefix : '', path })),
  );
  return columns<PathRow>(
    [
      { title: '', cell: ({ path }) => pathMark(path).padEnd(2) },
      { title: 'Prefix', cell: ({ prefix }) => prefix },
      { title: 'Next hop', cell: ({ path }) => path.nextHop },
      { title: 'Label', cell: ({ path }) => path.label, align: 'right' },
      { title: 'LP', cell: ({ path }) => path.localPref, align: 'right' },
      { title: 'MED', cell: ({ path }) => path.med, align: 'right' },
      { title: 'AS path', cell: ({ path }) => path.asPath },
      { title: 'From', cell: ({ path }) => path.source },
      {
        title: 'RD',
        cell: ({ path, prefix }) =>
          prefix.startsWith(`${path.routeDistinguisher}:`) ? undefined : path.routeDistinguisher,
      },
      { title: 'Route targets', cell: ({ path }) => path.routeTargets?.join(' ') },
      { title: 'Marks', cell: ({ path }) => path.flags?.join(' ') },
      { title: 'Why not', cell: ({ path }) => pathReason(path) },
    ],
    rows,
  );
}

/** A line for each instance, with the sum of its tables. */
export function routingInstancesText(instances: readonly RoutingInstanceView[]): string {
  if (instances.length === 0) return 'no routing instances';
  const sum = (tables: readonly TableView[], count: 'prefixes' | 'paths'): number =>
    tables.reduce((total, table) => total + table[count], 0);
  return columns<RoutingInstanceView>(
    [
      { title: 'Routing instance', cell: (row) => row.name },
      { title: 'Import', cell: (row) => row.import.join(' ') },
      { title: 'Export', cell: (row) => row.export.join(' ') },
      { title: 'Prefixes', cell: (row) => sum(row.tables, 'prefixes'), align: 'right' },
      { title: 'Paths', cell: (row) => sum(row.tables, 'paths'), align: 'right' },
      {
        title: 'Subscribers',
        cell: (row) => row.subscribers.map((each) => `${each.agent}:${each.instanceId}`).join(' '),
      },
    ],
    instances,
  );
}

/** A line for each table. */
export function tablesText(tables: readonly TableView[]): string {
  if (tables.length === 0) return 'no tables';
  return columns<TableView>(
    [
      { title: 'Table', cell: (row) => row.name },
      { title: 'Family', cell: (row) => row.family },
      { title: 'Prefixes', cell: (row) => row.prefixes, align: 'right' },
      { title: 'Paths', cell: (row) => row.paths, align: 'right' },
      { title: 'Primary', cell: (row) => row.primaryPaths, align: 'right' },
      { title: 'Secondary', cell: (row) => row.secondaryPaths, align: 'right' },
      { title: 'Infeasible', cell: (row) => row.infeasiblePaths, align: 'right' },
      { title: 'Stale', cell: (row) => row.stalePaths, align: 'right' },
    ],
    tables,
  );
}

/** A line for each VRF. */
export function vrfsText(vrfs: readonly VrfView[]): string {
  if (vrfs.length === 0) return 'no VRFs';
  return columns<VrfView>(
    [
      { title: 'VRF', cell: (row) => row.name },
      { title: 'Id', cell: (row) => row.instanceId, align: 'right' },
      { title: 'RD', cell: (row) => row.routeDistinguisher },
      { title: 'Import', cell: (row) => row.import?.join(' ') },
      { title: 'Export', cell: (row) => row.export?.join(' ') },
      { title: 'Routes', cell: (row) => row.routes, align: 'right' },
      { title: 'Paths', cell: (row) => row.paths, align: 'right' },
    ],
    vrfs,
  );
}
