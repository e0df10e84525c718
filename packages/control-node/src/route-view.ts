/** Tables and routes of the rib as operators see them. */
import {
  type Prefix,
  clearHostBits,
  parsePrefix,
  parseRouteDistinguisher,
  routeDistinguisherText,
} from '@vaportrail/net';
import type { Advertisement, Path, Route, Table } from '@vaportrail/rib';
import { type PathView, type RouteView, type TableView, ViewError, advertisedView } from '@vaportrail/show';

import { attributeView } from './attribute-view.ts';
import { labelFieldsOf } from './evpn-route.ts';
import { inOrder } from './item-writer.ts';
import type { RouteQuery } from './route-query.ts';
import type { VirtualNetworks } from './virtual-networks.ts';

/** Counts of a table. */
export function tableView(table: Table, instance: string): TableView {
  const { routes: prefixes, octets: _octets, name, family, ...counts } = table.summary();
  return {
    name,
    family,
    instance,
    prefixes,
    ...counts,
    ...(counts.stalePaths > 0 && { longLivedStalePaths: longLivedStalePaths(table) }),
  };
}

/** Looked for only where something is stale at all. */
function longLivedStalePaths(table: Table): number {
  let count = 0;
  for (const route of table.routes({ explained: false })) {
    for (const path of route.paths) if (path.longLivedStale) count++;
  }
  return count;
}

/** What the text of paths needs to know. */
export interface RouteViewContext {
  readonly asn: number;
  readonly networks: VirtualNetworks;
  /** The virtual network of a table's instance; tables of peers have none. */
  networkOf(table: Table): string | undefined;
  /** Whether a path, or the one it is a copy of, is kept from a session that went down. */
  isStale(route: Route, path: Path): boolean;
  /** Which BGP peers have been told about a route, and why the others have not. */
  advertised(table: Table, route: Route): readonly Advertisement[];
}

/**
 * Routes of tables that a query asks for.
 * @throws ViewError when the prefix is none
 */
export function routeViews(
  tables: Iterable<Table>,
  query: RouteQuery,
  context: RouteViewContext,
): RouteView[] {
  const views: RouteView[] = [];
  const limit = query.limit ?? Number.POSITIVE_INFINITY;
  for (const table of tables) {
    if (query.family !== undefined && table.family !== query.family) continue;
    const network = context.networkOf(table);
    for (const route of matching(table, query)) {
      if (views.length >= limit) return views;
      const sharing = inOrder(route.multipath);
      const paths = [...sharing, ...route.paths.filter((path) => !sharing.includes(path))]
        .filter(({ source }) => query.source === undefined || source.name === query.source)
        .filter(({ source }) => query.protocol === undefined || source.protocol === query.protocol);
      if (paths.length === 0) continue;
      // Asking peer by peer is for one destination, not for a whole table.
      const one = query.prefix !== undefined && query.match !== 'longer';
      const peers = one ? context.advertised(table, route) : [];
      views.push({
        table: table.name,
        family: route.family,
        prefix: route.text,
        paths: paths.map((path) => ({
          // What began in an instance is of its network.
          ...(!path.replicated &&
            path.source.protocol !== 'bgp' &&
            network !== undefined && { originVirtualNetwork: network }),
          ...pathView(path, route, context),
          ...(peers.length > 0 && advertisedView(peers, route.paths.indexOf(path))),
        })),
      });
    }
  }
  return views;
}

/** Routes of a table whose prefix matches. */
function* matching(table: Table, { prefix, match }: RouteQuery): Generator<Route> {
  if (prefix === undefined) return yield* table.routes();
  if (isNamed(prefix)) {
    for (const route of table.routes()) if (route.text === prefix) yield route;
    return;
  }
  const { routeDistinguisher, within } = destinationOf(prefix);
  const isVpn = table.family.endsWith('-vpn');
  if ((within.bytes.length === 16) !== table.family.startsWith('inet6')) return;
  if (routeDistinguisher !== undefined && !isVpn) return;
  if (match !== 'shorter') {
    return yield* table.routes({
      ...(match === 'longer' ? { within } : { exact: within }),
      routeDistinguisher,
    });
  }
  for (let length = within.length; length >= 0; length--) {
    const bytes = within.bytes.slice();
    clearHostBits(bytes, length);
    yield* table.routes({ exact: { bytes, length }, routeDistinguisher });
  }
}

/** Whether a destination is no prefix but the name of an EVPN or multicast route, which begins with its type: `2-10.1.1.3:4-…`. */
function isNamed(text: string): boolean {
  return /^\d+-/.test(text);
}

/** `172.16.0.3/32`, `172.16.0.3`, or with a route distinguisher `10.1.1.3:4:172.16.0.3/32`. */
function destinationOf(text: string): { within: Prefix; routeDistinguisher: Uint8Array | undefined } {
  const whole = (part: string): string =>
    part.includes('/') ? part : `${part}/${part.includes(':') ? 128 : 32}`;
  const [, distinguisher, rest] = /^([\d.]+:\d+):(.+)$/.exec(text) ?? [];
  try {
    if (distinguisher === undefined || rest === undefined) {
      return { within: parsePrefix(whole(text)), routeDistinguisher: undefined };
    }
    return { within: parsePrefix(whole(rest)), routeDistinguisher: parseRouteDistinguisher(distinguisher) };
  } catch (error) {
    throw new ViewError(400, (error as Error).message);
  }
}

/** The label of a path, or its VNI; in EVPN they stand in the NLRI. */
function labelOf(path: Path, { family }: Route, vxlan: boolean): number | undefined {
  const { label } = path;
  if (family !== 'e-vpn') return vxlan && label !== undefined ? path.labelField : label;
  const [field] = labelFieldsOf(path.nlri!);
  return field === undefined || vxlan ? field : field >>> 4;
}

function pathView(path: Path, route: Route, { asn, networks, isStale }: RouteViewContext): PathView {
  const { source, notBest, because, routeDistinguisher } = path;
  const attributes = attributeView(path.attributes, path.nextHop, networks, asn);
  const label = labelOf(path, route, attributes.encapsulations?.includes('vxlan') === true);
  const flags = [...(isStale(route, path) ? ['Stale'] : []), ...(path.longLivedStale ? ['LlgrStale'] : [])];
  return {
    protocol: source.protocol === 'service-chain' ? 'static' : source.protocol,
    source: source.name,
    best: path.best,
    multipath: path.multipath,
    feasible: path.feasible,
    ...(because !== undefined && { because }),
    ...(notBest !== undefined && {
      notBest: {
        step: notBest.step,
        reason: notBest.reason,
        ours: String(notBest.ours),
        theirs: String(notBest.theirs),
      },
    }),
    ...attributes,
    ...(label !== undefined && { label }),
    ...(path.pathId !== 0 && !path.replicated && { pathId: path.pathId }),
    ...(routeDistinguisher !== undefined && {
      routeDistinguisher: routeDistinguisherText(routeDistinguisher),
    }),
    ...(flags.length > 0 && { flags }),
    ...(path.primaryTable !== undefined && { primaryTable: path.primaryTable }),
    ...(!path.replicated && route.replicatedTo.length > 0 && { secondaryTables: route.replicatedTo }),
    receivedAt: new Date(path.receivedAt * 1000).toISOString(),
  };
}
