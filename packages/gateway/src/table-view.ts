/** Routing tables as an operator sees them: counts, and the entries asked for. */
import { compareBytes, covers, parsePrefix, prefixText, type Prefix } from '@vaportrail/net';
import type { Path, Route, Table } from '@vaportrail/rib';
import type { GatewayPathView, GatewayRouteView, GatewayTableView, InstalledView } from '@vaportrail/show';
import type { ForwardingNextHop } from './forwarding-next-hop.ts';
import { bgpPathView, localPathView, membershipView, multipathView, type PathContext } from './path-view.ts';
import type { LocalRoute } from './local-routes.ts';
import type { VrfTable } from './vrf-table.ts';

/** Which entries to show. */
export interface EntryFilter {
  /** A prefix with what lies below it; an address alone asks for the longest match. */
  readonly prefix?: string | undefined;
  /** Only the prefix itself. */
  readonly exact?: boolean | undefined;
  /** Only entries of a protocol: `bgp`, `static`, `multipath`. */
  readonly protocol?: string | undefined;
  /** Hidden entries instead of the others. */
  readonly hidden?: boolean | undefined;
  /** Only paths of a peer, by address or name. */
  readonly received?: string | undefined;
  /** Counts alone. */
  readonly countsOnly?: boolean | undefined;
}

/** Where the facts around the paths of a table come from. */
export interface TableContext extends Omit<PathContext, 'installed' | 'shared' | 'told'> {
  /** The route of the router itself behind a path in a table. */
  localRoute(table: string, prefix: string, path: Path): LocalRoute | undefined;
}

/** A table that the RIB holds; `vrf` when it belongs to a routing instance. */
export function ribTableView(
  table: Table,
  vrf: VrfTable | undefined,
  context: TableContext,
  filter: EntryFilter,
  shows: (route: Route) => boolean = () => true,
): GatewayTableView {
  const counts = { destinations: 0, routes: 0, active: 0, hidden: 0 };
  const entries: { key: Route; view: GatewayRouteView }[] = [];
  const wanted =
    filter.countsOnly === true ? undefined : prefixTest(filter, (address) => table.longestMatch(address));
  for (const route of table.routes({ explained: false })) {
    if (!shows(route)) continue;
    const prefix = route.prefix === undefined ? route.text : prefixText(route.prefix);
    counts.destinations++;
    counts.routes += route.paths.length + (vrf?.multipathEntry(prefix) === undefined ? 0 : 1);
    if (route.best !== undefined) counts.active++;
    for (const path of route.paths) if (!path.feasible) counts.hidden++;
    if (wanted === undefined || !wanted(route)) continue;
    const explained = route.paths.length === 1 ? route : (readAgain(table, route) ?? route);
    const view = routeView(table, explained, prefix, vrf, context, filter);
    if (view !== undefined) entries.push({ key: route, view });
  }
  entries.sort((a, b) => compareRoutes(a.key, b.key));
  return {
    name: table.name,
    family: table.family,
    ...counts,
    holddown: 0,
    multipath: vrf?.multipathSeen ?? false,
    entries: entries.map(({ view }) => view),
  };
}

function readAgain(table: Table, { prefix, routeDistinguisher, nlri }: Route): Route | undefined {
  if (nlri !== undefined) return table.route({ bytes: nlri });
  return prefix === undefined ? undefined : table.route({ prefix, routeDistinguisher });
}

function routeView(
  table: Table,
  route: Route,
  prefix: string,
  vrf: VrfTable | undefined,
  context: TableContext,
  filter: EntryFilter,
): GatewayRouteView | undefined {
  const installed = vrf?.forwarding.route(prefix)?.nextHop;
  const entry = vrf?.multipathEntry(prefix);
  const around: PathContext = {
    ...context,
    installed,
    shared: entry !== undefined,
    told: vrf === undefined ? ['0-BGP_RT_Background'] : ['1-KRT'],
  };
  const all = inOrder(route.paths).map((path): GatewayPathView => {
    if (path.source.protocol !== 'bgp') {
      const local = context.localRoute(table.name, prefix, path);
      return local === undefined ? membershipView(path, around) : localPathView(path, local, around);
    }
    const view = bgpPathView(path, around);
    return route.replicatedTo.length === 0 ? view : { ...view, secondaryTables: route.replicatedTo };
  });
  const [active] = all;
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

function shown(path: GatewayPathView, { hidden, protocol, received }: EntryFilter): boolean {
  if (path.feasible === (hidden === true)) return false;
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

/** Whether a route is among those asked for. @throws RangeError when the filter's prefix is none */
export function prefixTest(
  { prefix, exact = false }: EntryFilter,
  longestMatch: (address: Uint8Array) => { readonly prefix: Prefix | undefined } | undefined,
): (route: { readonly prefix: Prefix | undefined; readonly text: string }) => boolean {
  if (prefix === undefined) return () => true;
  // A VPN route may be asked for by its whole name, route distinguisher included.
  const name = /^([^:]+:\d+):(.+)$/.exec(prefix);
  if (name !== null && !prefix.includes('::') && prefix.includes('/')) return ({ text }) => text === prefix;
  const asked = parsePrefix(prefix);
  const same = (a: Prefix, b: Prefix): boolean => prefixText(a) === prefixText(b);
  if (prefix.includes('/')) {
    return (route) =>
      route.prefix !== undefined && (exact ? same(asked, route.prefix) : covers(asked, route.prefix));
  }
  const best = longestMatch(asked.bytes)?.prefix;
  if (best === undefined) return (route) => route.prefix !== undefined && same(asked, route.prefix);
  return (route) => route.prefix !== undefined && same(best, route.prefix);
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
