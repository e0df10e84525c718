/** The tables of a daemon for those who watch its sessions: BMP stations. */
import type { LocRibInstance, MonitoredTables, Session } from '@vaportrail/bgp';
import { routesOf } from './route-update.ts';
import type { Source } from './source.ts';
import type { Table } from './table.ts';

export interface MonitoredTablesOptions {
  readonly asn: number;
  readonly routerId: number;
  /** Tables that peers fill. */
  tables(): readonly Table[];
  /** Who has a session, with the place in the RIB where its paths are. */
  peers(): Iterable<{ readonly session: Session; readonly source: Source | undefined }>;
  locRib(): readonly LocRibInstance[];
}

/** What a station may ask for, answered from the tables. */
export function monitoredTables(options: MonitoredTablesOptions): MonitoredTables {
  const { asn, routerId } = options;
  const sourceOf = (session: Session): Source | undefined => {
    for (const peer of options.peers()) if (peer.session === session) return peer.source;
    return undefined;
  };
  return {
    asn,
    routerId,
    routesOf: (session) => routesOf(options.tables(), sourceOf(session)),
    countOf(session) {
      const source = sourceOf(session);
      return source === undefined
        ? 0
        : options.tables().reduce((sum, table) => sum + table.pathsOf(source), 0);
    },
    locRib: () => options.locRib(),
  };
}
