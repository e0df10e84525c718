/**
 * The routes of an agent in a routing instance that goes away, as they were announced to its tables. An agent says a route
 * once; when the instance comes back (a part of the configuration that was lost, a network with another index) they are
 * announced again.
 */
import type { Announcement, Nlri, Source, Table } from '@vaportrail/rib';

import type { InclusiveRoute } from './inclusive-routes.ts';

/** A route as its agent announced it. */
export interface KeptRoute {
  readonly family: Table['family'];
  readonly nlri: Nlri;
  readonly announcement: Announcement;
  /** What the agent said of it, if it is inclusive multicast. */
  readonly inclusive?: InclusiveRoute | undefined;
}

/**
 * What a source itself announced to the tables of an instance, without copies from elsewhere.
 * @param inclusive finds what it said of an EVPN route that is inclusive multicast
 */
export function keptRoutes(
  tables: readonly Table[],
  source: Source,
  inclusive: (nlri: Uint8Array) => InclusiveRoute | undefined,
): KeptRoute[] {
  const kept: KeptRoute[] = [];
  for (const table of tables) {
    if (table.pathsOf(source) === 0) continue;
    for (const { prefix, paths } of table.routes({ source, explained: false })) {
      for (const path of paths) {
        const { nlri, attributes, nextHop, labelField, because } = path;
        // A stale one is still to be said by the agent that came back: announced here it would be fresh.
        if (path.source !== source || path.replicated || path.stale) continue;
        kept.push({
          family: table.family,
          nlri: prefix === undefined ? { bytes: nlri! } : { prefix },
          announcement: { attributes: attributes.bytes, nextHop, labelField, infeasible: because },
          ...(table.family === 'e-vpn' && { inclusive: inclusive(nlri!) }),
        });
      }
    }
  }
  return kept;
}

/** Announces kept routes to the tables of an instance that has come back. */
export function restoreRoutes(tables: readonly Table[], source: Source, routes: readonly KeptRoute[]): void {
  const byFamily = new Map(tables.map((table) => [table.family, table]));
  for (const { family, nlri, announcement } of routes)
    byFamily.get(family)?.announce(source, nlri, announcement);
}
