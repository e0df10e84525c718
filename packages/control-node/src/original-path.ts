/** The path that a copy was made of. */
import type { Path, Rib, Route, Table } from '@vaportrail/rib';

/** Where the route distinguisher stands in NLRI that are octets: behind type and length. @see RFC 7432 §7, RFC 6514 §4 */
const DISTINGUISHER_AT = 2;

/**
 * The path in its primary table that a path of `route` is a copy of, if one there is stale at all: copies do not carry
 * that mark, so that a neighbour that goes away costs nothing in the tables that import from it.
 */
export function staleOriginal(rib: Rib, route: Route, path: Path): Path | undefined {
  const table = path.primaryTable === undefined ? undefined : rib.table(path.primaryTable);
  if (table === undefined || table.summary().stalePaths === 0) return undefined;
  const paths = originalRoute(table, route, path)?.paths ?? [];
  return paths.find(
    ({ source, pathId, replicated, stale }) =>
      stale && !replicated && source === path.source && pathId === path.pathId,
  );
}

function originalRoute(table: Table, { prefix, nlri }: Route, path: Path): Route | undefined {
  const { routeDistinguisher } = path;
  if (prefix !== undefined) {
    const isVpn = table.family.endsWith('-vpn');
    return table.route({ prefix, ...(isVpn && { routeDistinguisher }) });
  }
  if (nlri === undefined) return undefined;
  // In a table of VPN routes with the distinguisher, in that of an instance with zeros.
  const bytes = nlri.slice();
  bytes.fill(0, DISTINGUISHER_AT, DISTINGUISHER_AT + 8);
  const inInstance = table.route({ bytes: bytes.slice() });
  if (inInstance !== undefined || routeDistinguisher === undefined) return inInstance;
  bytes.set(routeDistinguisher, DISTINGUISHER_AT);
  return table.route({ bytes });
}
