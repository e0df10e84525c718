/** What a control node writes down of its peers and tables for others: BMP stations and MRT files. */
import { SessionMonitor } from '@vaportrail/bgp';
import { TableDumps } from '@vaportrail/bgp/mrt-file';
import type { Clock } from '@vaportrail/net';
import type { Log } from '@vaportrail/show';

import type { BgpPeer } from './bgp-peer.ts';
import type { ControlNodeConfig } from './config.ts';
import type { NodeTables } from './node-tables.ts';

export interface MonitoringOwner {
  readonly clock: Clock;
  readonly log: Log;
  readonly tables: NodeTables;
  readonly version: string;
  peers(): Iterable<BgpPeer>;
}

/** The monitor of all BGP sessions, as `bmp` and `mrt.messages` of a configuration want it. */
export function sessionMonitor(config: ControlNodeConfig, owner: MonitoringOwner): SessionMonitor {
  const { clock, log, tables, version, peers } = owner;
  return new SessionMonitor({
    messages: config.mrt.messages,
    stations: config.bmp.stations,
    statistics: config.bmp['statistics-interval'],
    name: config.name,
    description: `Vaportrail control node ${version}`,
    tables: tables.monitored(peers),
    clock,
    log: (text) => log.warn({}, text),
  });
}

/** The dumps that `mrt.table` of a configuration wants; undefined for none. */
export function tableDumps(
  { mrt: { table } }: ControlNodeConfig,
  { clock, log, tables }: MonitoringOwner,
): TableDumps | undefined {
  if (table === undefined) return undefined;
  return new TableDumps(
    table,
    () => tables.dump(table.tables, Math.floor(clock.now() / 1000)),
    clock,
    (outcome) => {
      if (outcome instanceof Error) log.error({ err: outcome }, 'the tables could not be dumped');
      else log.info(outcome, 'tables dumped');
    },
  );
}
