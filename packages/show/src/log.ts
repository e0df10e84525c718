/** Logs of the daemons: one JSON object per line on standard error, so that standard output stays for answers. */
import { pino } from 'pino';

/** What a daemon needs of a logger; a pino logger is one. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Log;
}

/**
 * A logger for a daemon.
 * The level is `level`, or the environment variable `VAPORTRAIL_LOG` (debug, info, warn, error, silent), or info.
 */
export function createLog(name: string, level = process.env['VAPORTRAIL_LOG'] ?? 'info'): Log {
  const known = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].includes(level);
  return pino(
    {
      name,
      level: known ? level : 'info',
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** A logger that says nothing, for tests and for daemons embedded in another. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};

/** The first ten of anything, then each time their number has doubled: a neighbour cannot flood the log. */
export function isWorthALine(count: number): boolean {
  return count <= 10 || (count & (count - 1)) === 0;
}
