/** What a router writes down of its sessions and tables for others: BMP stations, logs of messages, dumps of tables. */
import type { Clock } from '@vaportrail/net';
import type { MessageLogSettings } from '../mrt-file/message-log.ts';
import { TableDumps, type TableDumpSettings } from '../mrt-file/table-dumps.ts';
import type { MonitoredTables } from './monitored-tables.ts';
import { SessionMonitor, type MonitorSettings } from './session-monitor.ts';

/** As a configuration file has it. */
export interface MonitoringSettings {
  readonly mrt: {
    readonly messages?: MessageLogSettings | undefined;
    /** `tables` has the names of those that are dumped; all of them when left out. */
    readonly table?: (TableDumpSettings & { readonly tables?: readonly string[] | undefined }) | undefined;
  };
  readonly bmp: {
    readonly stations: NonNullable<MonitorSettings['stations']>;
    /** Seconds between two statistics reports. */
    readonly 'statistics-interval': number;
  };
}

/** Whose sessions and tables they are. */
export interface MonitoredRouter {
  /** The sysName and sysDescr that stations are told. @see RFC 7854 §4.4 */
  readonly name: string;
  readonly description: string;
  readonly tables: MonitoredTables;
  readonly clock: Clock;
  readonly log: Record<'info' | 'warn' | 'error', (fields: object, message: string) => void>;
  /** Tables as MRT records, in pieces; all of them unless names are given. */
  dump(names: readonly string[] | undefined): Iterable<Uint8Array>;
}

/** One for a router: started when its tables are there, stopped when its sessions are down. */
export class Monitoring {
  /** To be told of what happens on sessions. */
  readonly sessions: SessionMonitor;
  readonly #dumps: TableDumps | undefined;

  constructor({ mrt, bmp }: MonitoringSettings, router: MonitoredRouter) {
    const { name, description, tables, clock, log } = router;
    this.sessions = new SessionMonitor({
      messages: mrt.messages,
      stations: bmp.stations,
      statistics: bmp['statistics-interval'],
      name,
      description,
      tables,
      clock,
      log: (text) => log.warn({}, text),
    });
    const { table } = mrt;
    if (table === undefined) return;
    this.#dumps = new TableDumps(
      table,
      () => router.dump(table.tables),
      clock,
      (outcome) => {
        if (outcome instanceof Error) log.error({ err: outcome }, 'the tables could not be dumped');
        else log.info(outcome, 'tables dumped');
      },
    );
  }

  /** Connects to the stations, begins the log of messages, and dumps at every interval from now on. */
  start(): void {
    this.sessions.start();
    this.#dumps?.start();
  }

  /** To be called when the sessions are down. Resolves when all files are whole. */
  async stop(): Promise<void> {
    await this.#dumps?.stop();
    await this.sessions.stop();
  }
}
