/** Reads the routes of a table that somebody asks for: by looking up their keys where that is less work than a search. */
import { type Route, type RouteContext, readRoute } from './route.ts';
import { type RouteFilter, matcher } from './route-filter.ts';
import type { PackedTable } from './packed-table.ts';
import type { TableKeys } from './table-keys.ts';

/** A look-up costs about as much as looking at so many destinations in a row. */
const LOOK_UP_COST = 4;

/** The routes that pass a filter, in no particular order. */
export function* searchRoutes(
  context: RouteContext,
  keys: TableKeys,
  filter: RouteFilter,
): Generator<Route, void, undefined> {
  const { packed } = context;
  const { exact, limit = Number.POSITIVE_INFINITY, explained = true, routeDistinguisher } = filter;
  const matches = matcher(packed, filter);
  let left = limit;
  if (exact !== undefined && isDirect(packed, filter)) {
    const number = keys.find({ prefix: exact, routeDistinguisher });
    if (number !== 0 && left > 0 && matches(number)) yield readRoute(context, number, explained);
    return;
  }
  if (exact !== undefined && isFewDistinguishers(packed, filter)) {
    const { highest } = packed.store.distinguishers;
    for (let distinguisher = 0; distinguisher <= highest && left > 0; distinguisher++) {
      const number = keys.findPrefix(exact, distinguisher);
      if (number === 0 || !matches(number)) continue;
      left--;
      yield readRoute(context, number, explained);
    }
    return;
  }
  for (let number = 1; number < packed.destinations.top && left > 0; number++) {
    if (!matches(number)) continue;
    left--;
    yield readRoute(context, number, explained);
  }
}

/** The most specific route with a feasible path that covers an address; none in tables of VPN routes. */
export function longestMatch(context: RouteContext, keys: TableKeys, address: Uint8Array): Route | undefined {
  const { packed } = context;
  const { layout } = packed;
  if (layout.kind !== 'prefix' || layout.distinguished) return undefined;
  if (layout.addressWords * 4 !== address.length) return undefined;
  for (let length = address.length * 8; length >= 0; length--) {
    const number = keys.findPrefix({ bytes: address, length }, 0);
    if (number !== 0 && packed.bestSet(number) !== 0) return readRoute(context, number, true);
  }
  return undefined;
}

/** The filter names one key. */
function isDirect({ layout }: PackedTable, { exact, routeDistinguisher }: RouteFilter): boolean {
  if (layout.kind !== 'prefix' || exact?.bytes.length !== layout.addressWords * 4) return false;
  return layout.distinguished === (routeDistinguisher !== undefined);
}

/** The filter names one prefix under any route distinguisher: looking under each of them is less work than a search. */
function isFewDistinguishers(
  { layout, store, destinations }: PackedTable,
  { exact, routeDistinguisher }: RouteFilter,
): boolean {
  if (layout.kind !== 'prefix' || exact?.bytes.length !== layout.addressWords * 4) return false;
  if (!layout.distinguished || routeDistinguisher !== undefined) return false;
  return store.distinguishers.highest * LOOK_UP_COST < destinations.top;
}
