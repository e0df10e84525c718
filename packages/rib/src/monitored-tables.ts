/** The tables of a daemon for those who watch its sessions: BMP stations. */
import type { FamilyName, LocRibInstance, MonitoredTables, Session } from '@vaportrail/bgp';
import { routesOf } from './route-update.ts';
import type { Source } from './source.ts';
import type { Table } from './table.ts';
import type { Membership } from './update-member.ts';

/** What a station is told about, as its daemon has it. */
export interface MonitoredTablesOptions {
  readonly asn: number;
  /** BGP identifier as an unsigned number. */
  readonly routerId: number;
  /** Tables that peers fill. */
  tables(): readonly Table[];
  /** Who has a session, with the place in the RIB where its paths are, and by family how it is told those of others. */
  peers(): Iterable<{
    readonly session: Session;
    readonly source: Source | undefined;
    readonly memberships: ReadonlyMap<FamilyName, Membership>;
  }>;
  /** The routing instances whose Loc-RIB is shown. @see RFC 9069 */
  locRib(): readonly LocRibInstance[];
}

/** What a station may ask for, answered from the tables. */
export function monitoredTables(options: MonitoredTablesOptions): MonitoredTables {
  const { asn, routerId } = options;
  const peerOf = (session: Session) => {
    for (const peer of options.peers()) if (peer.session === session) return peer;
    return undefined;
  };
  return {
    asn,
    routerId,
    routesOf: (session) => routesOf(options.tables(), peerOf(session)?.source),
    countOf(session) {
      const source = peerOf(session)?.source;
      return source === undefined
        ? 0
        : options.tables().reduce((sum, table) => sum + table.pathsOf(source), 0);
    },
    observe(session, observer) {
      const memberships = peerOf(session)?.memberships;
      if (memberships === undefined || memberships.size === 0) return undefined;
      const observations = Array.from(memberships, ([family, membership]) =>
        membership.observe({
          get backlog() {
            return observer.backlog;
          },
          send: (buffers, sent) => observer.send(buffers, sent),
          synchronised: () => observer.synchronised(family),
        }),
      );
      return {
        families: [...memberships.keys()],
        ready: () => observations.forEach((one) => one.ready()),
        leave: () => observations.forEach((one) => one.leave()),
      };
    },
    locRib: () => options.locRib(),
  };
}
