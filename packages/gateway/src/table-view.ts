/** Routing tables as an operator sees them: counts, and the entries asked for. */
import { clearHostBits, compareBytes, parsePrefix, prefixText, type Prefix } from '@vaportrail/net';
import type { Advertisement, Path, Route, Table } from '@vaportrail/rib';
import {
  type GatewayPathView,
  type GatewayRouteView,
  type GatewayTableView,
  type InstalledView,
  advertisedView,
} from '@vaportrail/show';
import type { ForwardingNextHop } from './forwarding-next-hop.ts';
import { bgpPathView, localPathView, membershipView, multipathView, type PathContext } from './path-view.ts';
import type { LocalRoute } from './local-routes.ts';
import type { VrfTable } from './vrf-table.ts';

/** Which entries to show. */
export interface EntryFilter {
  /** An address asks for the longest match. */
  readonly prefix?: string | undefined;
  /** What a prefix asks for: itself, itself and what lies below it (unless stated), or what it lies below. */
  readonly match?: 'exact' | 'longer' | 'shorter' | undefined;
  /** Only entries of a protocol: `bgp`, `static`, `multipath`. */
  readonly protocol?: string | undefined;
  /** Hidden entries instead of the others, or those also. */
  readonly hidden?: boolean | 'also' | undefined;
  /** Only paths of a peer, by address or name. */
  readonly received?: string | undefined;
  /** At most so many routes of each table. */
  readonly limit?: number | undefined;
  /** Only the path in use. */
  readonly bestOnly?: boolean | undefined;
  /** Counts alone. */
  readonly countsOnly?: boolean | undefined;
}

/** Where the facts around the paths of a table come from. */
export interface TableContext extends Omit<PathContext, 'installed' | 'shared' | 'told'> {
  /** The route of the router itself behind a path in a table. */
  localRoute(table: string, prefix: string, path: Path): LocalRoute | undefined;
  /** Who was told about a route, and who not and why. */
  advertised(table: Table, route: Route): readonly Advertisement[];
  /** Which term of which policy rejected a path; undefined when none did. */
  rejectedBy(table: string, prefix: Prefix, path: Path): string | undefined;
}

/**
 * A table that the RIB holds; `vrf` when it belongs to a routing instance.
 * @param shows which routes count at all; absent for all
 * @throws RangeError when the filter's prefix is none
 */
export function ribTableView(
  table: Table,
  vrf: VrfTable | undefined,
  context: TableContext,
  filter: EntryFilter,
  shows?: (route: Route) => boolean,
): GatewayTableView {
  const entries: { key: Route; view: GatewayRouteView }[] = [];
  for (const route of filter.countsOnly === true ? [] : routesAsked(table, filter)) {
    if (shows?.(route) === false) continue;
    const view = routeView(table, route, vrf, context, filter);
    if (view !== undefined) entries.push({ key: route, view });
    if (entries.length === filter.limit) break;
  }
  entries.sort((a, b) => compareRoutes(a.key, b.key));
  return {
    name: table.name,
    family: table.family,
    ...counts(table, vrf, shows),
    holddown: 0,
    multipath: vrf?.multipathSeen ?? false,
    entries: entries.map(({ view }) => view),
  };
}

type Counts = Pick<GatewayTableView, 'destinations' | 'routes' | 'active' | 'hidden'>;

function counts(table: Table, vrf: VrfTable | undefined, shows?: (route: Route) => boolean): Counts {
  const { routes, paths, infeasiblePaths } = table.summary();
  const extra = vrf?.multipathEntries ?? 0;
  if (shows === undefined && infeasiblePaths === 0)
    return { destinations: routes, routes: paths + extra, active: routes, hidden: 0 };
  const counted = { destinations: 0, routes: extra, active: 0, hidden: 0 };
  for (const route of table.routes({ explained: false })) {
    if (shows?.(route) === false) continue;
    counted.destinations++;
    counted.routes += route.paths.length;
    if (route.best !== undefined) counted.active++;
    for (const path of route.paths) if (!path.feasible) counted.hidden++;
  }
  return counted;
}

/** The routes that a filter's prefix asks for; one alone is looked up and not searched. */
function* routesAsked(table: Table, filter: EntryFilter): Iterable<Route> {
  const { prefix, match = 'longer' } = filter;
  if (prefix === undefined) return yield* table.routes();
  const named = nameOfVpnRoute(prefix);
  if (
    table.family === 'route-target' ||
    hasIpv6(named ?? parsePrefix(prefix)) !== table.family.startsWith('inet6')
  )
    return;
  if (named !== undefined) {
    for (const route of table.routes({ exact: named })) if (route.text === prefix) yield route;
    return;
  }
  const asked = parsePrefix(prefix);
  if (!prefix.includes('/')) {
    const best = table.longestMatch(asked.bytes);
    if (best !== undefined) return yield best;
  }
  const whole = asked.length === asked.bytes.length * 8;
  if (match !== 'shorter')
    return yield* table.routes(match === 'exact' || whole ? { exact: asked } : { within: asked });
  for (let { length } = asked; length >= 0; length--) {
    const bytes = asked.bytes.slice();
    clearHostBits(bytes, length);
    yield* table.routes({ exact: { bytes, length } });
  }
}

function hasIpv6({ bytes }: Prefix): boolean {
  return bytes.length === 16;
}

/** The prefix of `10.169.25.20:9:101.101.101.252/32`; undefined for a prefix without a route distinguisher. */
function nameOfVpnRoute(text: string): Prefix | undefined {
  const [, prefix] = /^[\d.]+L?:\d+:(.+\/\d+)$/.exec(text) ?? [];
  return prefix === undefined ? undefined : parsePrefix(prefix);
}

function routeView(
  table: Table,
  route: Route,
  vrf: VrfTable | undefined,
  context: TableContext,
  filter: EntryFilter,
): GatewayRouteView | undefined {
  const prefix = route.prefix === undefined ? route.text : prefixText(route.prefix);
  const installed = vrf?.forwarding.route(prefix)?.nextHop;
  const entry = vrf?.multipathEntry(prefix);
  const around: PathContext = {
    ...context,
    installed,
    shared: entry !== undefined,
    told: vrf === undefined ? ['0-BGP_RT_Background'] : ['1-KRT'],
  };
  const ordered = inOrder(route.paths);
  const all = ordered.map((path): GatewayPathView => {
    if (path.source.protocol !== 'bgp') {
      const local = context.localRoute(table.name, prefix, path);
      return local === undefined ? membershipView(path, around) : localPathView(path, local, around);
    }
    const view = bgpPathView(path, around);
    const rejected =
      route.prefix === undefined ? undefined : context.rejectedBy(table.name, route.prefix, path);
    if (rejected !== undefined) Object.assign(view, { because: rejected });
    return route.replicatedTo.length === 0
      ? view
      : Object.assign(view, { secondaryTables: route.replicatedTo });
  });
  const [active] = all;
  // Asking peer by peer is for one route, not for a whole table.
  if (filter.prefix !== undefined && vrf === undefined && active?.best === true) {
    const peers = context.advertised(table, route);
    ordered.forEach((path, i) => Object.assign(all[i]!, advertisedView(peers, route.paths.indexOf(path))));
  }
  if (entry !== undefined && active?.best === true) all.push(multipathView(entry, active, around));
  const paths = all.filter((path) => shown(path, filter));
  if (paths.length === 0) return undefined;
  const view = installedView(installed);
  return {
    table: table.name,
    family: table.family,
    // A membership is `60100:500:500/96` to a Junos operator.
    prefix: route.text.replace(':target:', ':'),
    announced: paths.filter((path) => path.announcementBits.length > 0).length,
    paths,
    ...(view === undefined ? {} : { installed: view }),
  };
}

function shown(path: GatewayPathView, { hidden, protocol, received, bestOnly }: EntryFilter): boolean {
  if (bestOnly === true && !path.best) return false;
  if (hidden !== 'also' && path.feasible === (hidden === true)) return false;
  if (protocol !== undefined && path.kind.toLowerCase() !== protocol.toLowerCase()) return false;
  return (
    received === undefined || path.from === received || (path.kind === 'BGP' && path.source === received)
  );
}

/** The best path first, then usable ones by next hop, then the rest. */
function inOrder(paths: readonly Path[]): Path[] {
  const rank = (path: Path): number => (path.best ? 0 : path.feasible ? 1 : 2);
  return paths.toSorted((a, b) => rank(a) - rank(b) || compareBytes(a.nextHop, b.nextHop));
}

function installedView(nextHop: ForwardingNextHop | undefined): InstalledView | undefined {
  switch (nextHop?.type) {
    case 'unilist':
      return { type: 'list', indexes: nextHop.members.map(({ index }) => index) };
    case 'indirect':
      return { type: 'indirect', indexes: [nextHop.index] };
    case 'unicast':
      return { type: 'router', indexes: [nextHop.index] };
    default:
      return undefined;
  }
}

function compareRoutes(a: Route, b: Route): number {
  if (a.prefix === undefined || b.prefix === undefined) return compareBytes(a.nlri ?? empty, b.nlri ?? empty);
  return (
    compareBytes(a.routeDistinguisher ?? empty, b.routeDistinguisher ?? empty) ||
    compareBytes(a.prefix.bytes, b.prefix.bytes) ||
    a.prefix.length - b.prefix.length
  );
}

const empty = new Uint8Array(0);
