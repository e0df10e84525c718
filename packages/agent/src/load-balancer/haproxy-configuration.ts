/**
 * The configuration of haproxy for one load balancer, as text: a frontend for each listener, a backend for each pool, a
 * server for each member, all of them called by their UUIDs as Contrail has it. Every word in it has been checked by the
 * schema of the settings.
 */
import { createHash } from 'node:crypto';
import type { LoadBalancerConfig } from './config.ts';

type Listener = LoadBalancerConfig['listeners'][number];
type Pool = Listener['pool'];

export interface HaproxyFiles {
  /** Where the proxy answers questions. */
  readonly socket: string;
  /** Where it finds, when it is loaded anew, how its servers were. */
  readonly state: string;
  /** The user it works as; the one who starts it when left out. */
  readonly user?: string;
}

const balance = {
  ROUND_ROBIN: ['balance roundrobin'],
  LEAST_CONNECTIONS: ['balance leastconn'],
  // A member that comes or goes moves only its own share of the clients.
  SOURCE_IP: ['balance source', 'hash-type consistent'],
} as const satisfies Record<Pool['method'], readonly string[]>;

/** The whole file. Its `description` is that of {@link generationOf}, by which a running proxy tells what it has read. */
export function haproxyConfiguration(
  balancer: LoadBalancerConfig,
  { socket, state, user }: HaproxyFiles,
): string {
  const body = [
    section('defaults', [
      'mode tcp',
      'retries 3',
      'option redispatch',
      'load-server-state-from-file global',
      'timeout connect 5s',
      'timeout client 300s',
      'timeout server 300s',
    ]),
    ...balancer.listeners.flatMap((listener) => [
      frontend(balancer.address, listener),
      backend(listener.pool, listener.protocol),
    ]),
  ].join('\n');
  const global = section('global', [
    `description ${generationOf(body)}`,
    `stats socket ${socket} mode 600 level admin expose-fd listeners`,
    `server-state-file ${state}`,
    // A process that still serves connections of an earlier configuration does not stay for ever.
    'mworker-max-reloads 100',
    ...(user === undefined ? [] : [`user ${user}`, `group ${user}`]),
  ]);
  return `# Load balancer ${balancer.name}. Written by the agent: changes here are lost.\n${global}\n${body}`;
}

/** A name for the contents of a configuration. */
function generationOf(text: string): string {
  return `generation-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

function frontend(address: string, listener: Listener): string {
  const { uuid, port, protocol, pool, 'connection-limit': limit } = listener;
  return section(`frontend ${uuid}`, [
    `bind ${endpoint(address, port)}`,
    ...mode(protocol),
    // Loaded anew, a client that keeps its connection has its next answer before it has to come again.
    ...(protocol === 'HTTP' ? ['option idle-close-on-response'] : []),
    ...(limit === undefined ? [] : [`maxconn ${limit}`]),
    `default_backend ${pool.uuid}`,
  ]);
}

function backend(pool: Pool, protocol: Listener['protocol']): string {
  const { uuid, method, members, 'health-monitor': monitor } = pool;
  const check = monitor === undefined ? '' : ` ${checkWords(monitor)}`;
  const withCookie = pool.persistence?.type === 'HTTP_COOKIE';
  return section(`backend ${uuid}`, [
    ...mode(protocol),
    ...balance[method],
    ...persistence(pool),
    ...(monitor === undefined ? [] : checkLines(monitor)),
    ...members.map(
      (member) =>
        `server ${member.uuid} ${endpoint(member.address, member.port)} weight ${member.weight}` +
        `${check}${withCookie ? ` cookie ${member.uuid}` : ''}${member.enabled ? '' : ' disabled'}`,
    ),
  ]);
}

function mode(protocol: Listener['protocol']): string[] {
  return protocol === 'HTTP' ? ['mode http', 'option forwardfor'] : ['mode tcp'];
}

function persistence({ persistence: wanted }: Pool): string[] {
  switch (wanted?.type) {
    case undefined:
      return [];
    case 'SOURCE_IP':
      return ['stick-table type ipv6 size 10k expire 3h', 'stick on src'];
    case 'HTTP_COOKIE':
      return ['cookie SRV insert indirect nocache'];
    case 'APP_COOKIE':
      return [
        'stick-table type string len 56 size 10k expire 3h',
        `stick store-response res.cook(${wanted.cookie})`,
        `stick match req.cook(${wanted.cookie})`,
      ];
  }
}

function checkLines({ type, timeout, method, path, codes }: NonNullable<Pool['health-monitor']>): string[] {
  if (type === 'TCP') return [`timeout check ${timeout}s`];
  return [
    `timeout check ${timeout}s`,
    `option httpchk ${method} ${path}`,
    ...(codes === undefined ? [] : [`http-check expect status ${codes}`]),
  ];
}

function checkWords({ type, delay, 'max-retries': retries }: NonNullable<Pool['health-monitor']>): string {
  const encrypted = type === 'HTTPS' ? ' check-ssl verify none' : '';
  return `check inter ${delay}s fall ${retries}${encrypted}`;
}

function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function section(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => `    ${line}`), ''].join('\n');
}
