/** What a running haproxy says of itself, over its stats socket. */
import { connect } from 'node:net';

/** Milliseconds until a question has no answer. */
const PATIENCE = 3000;
/** An answer is no longer than this; ten thousand servers are about five million octets. */
const MAX_ANSWER_OCTETS = 16 * 1024 * 1024;

/** A row of `show stat`: a frontend, a backend, or a server of one. */
export interface StatisticsRow {
  /** The proxy: UUID of a listener or of a pool. */
  readonly proxy: string;
  /** `FRONTEND`, `BACKEND`, or the UUID of a member. */
  readonly server: string;
  /** As haproxy says it: `UP`, `DOWN`, `MAINT`, `no check`, `UP 1/3`, … */
  readonly status: string;
  readonly weight: number;
  readonly sessions: number;
  readonly sessionsTotal: number;
  readonly octetsIn: number;
  readonly octetsOut: number;
  /** Connections and answers that failed. */
  readonly errors: number;
  /** Checks that failed, and how the last one ended, e.g. `L4CON`. */
  readonly failedChecks: number;
  readonly lastCheck: string;
  /** Seconds since the status changed. */
  readonly since: number;
}

/**
 * One command and its answer.
 * @throws Error when nobody answers, or with more than an answer can have
 */
export function askHaproxy(socket: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let octets = 0;
    const connection = connect(socket, () => connection.end(`${command}\n`));
    connection.setTimeout(PATIENCE, () => connection.destroy(new Error('haproxy does not answer')));
    connection.on('data', (chunk) => {
      chunks.push(chunk);
      octets += chunk.length;
      if (octets > MAX_ANSWER_OCTETS) connection.destroy(new Error('the answer of haproxy is too long'));
    });
    connection.on('error', reject);
    connection.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    connection.on('close', () => reject(new Error('haproxy closed the connection')));
  });
}

/** Reads the answer to `show stat`: values with commas between, their names in the first line. */
export function readStatistics(text: string): StatisticsRow[] {
  const [header = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '');
  const names = header.replace(/^# ?/, '').split(',');
  return lines.map((line) => {
    const values = fields(line);
    const column = (name: string): string => values[names.indexOf(name)] ?? '';
    const number = (name: string): number => Number(column(name)) || 0;
    return {
      proxy: column('pxname'),
      server: column('svname'),
      status: column('status'),
      weight: number('weight'),
      sessions: number('scur'),
      sessionsTotal: number('stot'),
      octetsIn: number('bin'),
      octetsOut: number('bout'),
      errors: number('econ') + number('eresp') + number('ereq'),
      failedChecks: number('chkfail'),
      lastCheck: column('check_status'),
      since: number('lastchg'),
    };
  });
}

/** A value may stand in quotes; then commas belong to it and a quote in it stands twice. */
function fields(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}

/** What the configuration calls itself that the proxy works with now. */
export async function runningGeneration(socket: string): Promise<string | undefined> {
  return /^description: (.*)$/m.exec(await askHaproxy(socket, 'show info'))?.[1];
}
