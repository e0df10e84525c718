/** The views of a gateway over HTTP, and what changes something: its configuration, and sessions that are cleared. */
import {
  ViewError,
  ViewServer,
  isCalled,
  serveClear,
  serveHealth,
  type DaemonView,
  type Log,
  type Query,
} from '@vaportrail/show';
import { ipv4Text } from '@vaportrail/net';
import { ReloadError, type Change } from './change.ts';
import type { Gateway } from './gateway.ts';
import type { TableFilter } from './routing-tables.ts';
import { LABEL_TABLE } from './label-table-view.ts';
import { StatementError } from './statement-row.ts';

const VERSION = '0.1.0';

/** Serves what an operator may ask; not listening yet. */
export function gatewayServer(gateway: Gateway, log: Log): ViewServer {
  const daemon = (): DaemonView => ({
    name: gateway.config.name,
    kind: 'gateway',
    asn: gateway.config.asn,
    routerId: ipv4Text(gateway.config['router-id']),
    startedAt: new Date(gateway.startedAt).toISOString(),
    version: VERSION,
  });
  const measurable = { daemon, neighbors: () => gateway.neighbors(), tables: () => gateway.tables() };
  return serveClear(serveHealth(new ViewServer(log), measurable), () => gateway.peers)
    .view('/daemon', daemon)
    .view('/neighbors', ({ name }) => gateway.neighbors().filter(isCalled(name)), ['name'])
    .view(
      '/tables',
      ({ name, instance }) =>
        gateway
          .tables()
          .filter(
            (each) => (name ?? each.name) === each.name && (instance ?? each.instance) === each.instance,
          ),
      ['name', 'instance'],
    )
    .view('/vrfs', () => gateway.vrfs())
    .view('/routes', (query) => refused(() => routes(gateway, query)), [
      'table',
      'instance',
      'family',
      'prefix',
      'match',
      'source',
      'protocol',
      'hidden',
      'limit',
    ])
    .view('/route-table', (query) => refused(() => routeTables(gateway, query)), [
      'table',
      'prefix',
      'match',
      'protocol',
      'hidden',
      'received',
      'advertised',
      'entries',
    ])
    .view(
      '/forwarding-table',
      ({ instance, destination }) => refused(() => gateway.forwardingTables({ instance, destination })),
      ['instance', 'destination'],
    )
    .stream(
      '/dump',
      ({ table }) => ({
        contentType: 'application/octet-stream',
        pieces: refused(() => gateway.dump(table?.split(','))),
      }),
      ['table'],
    )
    .view('/dynamic-tunnels', () => gateway.dynamicTunnels())
    .view('/configuration', () => ({ statements: gateway.statements() }))
    .action('/configuration', (body) => {
      refused(() => gateway.change(changeOf(body)));
      return { statements: gateway.statements() };
    });
}

/** Routes as the views of all daemons have them: a prefix asks for itself unless `match` says otherwise. */
function routes(gateway: Gateway, query: Query): unknown {
  const { table, instance, family, prefix, match = 'exact', source, protocol, limit } = query;
  const hidden = query['hidden'] === 'also' ? 'also' : query['hidden'] === 'true';
  const tables =
    instance === undefined && family === undefined
      ? [known(gateway, table)]
      : gateway
          .tables()
          .filter(
            (each) =>
              (table ?? each.name) === each.name &&
              (instance ?? each.instance) === each.instance &&
              (family ?? each.family) === each.family,
          )
          .map(({ name }) => name);
  const filter = {
    prefix,
    match: matchOf(match),
    received: source,
    protocol,
    hidden,
    limit: limitOf(limit),
  } as const;
  return tables.flatMap((name) => gateway.routes({ table: name, ...filter }));
}

function matchOf(text: string | undefined): TableFilter['match'] {
  if (text === undefined || text === 'exact' || text === 'longer' || text === 'shorter') return text;
  throw new ViewError(400, `match is exact, longer or shorter, not "${text}"`);
}

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new ViewError(400, `limit is a whole number above 0, not "${text}"`);
  return Number(text);
}

function routeTables(gateway: Gateway, query: Query): unknown {
  const { table, prefix, match, protocol, received, advertised, hidden, entries } = query;
  for (const peer of [received, advertised]) {
    if (peer === undefined) continue;
    const there = gateway.neighbors().some(({ name, address }) => name === peer || address === peer);
    if (!there) throw new ViewError(404, `there is no BGP neighbor ${peer}`);
  }
  return gateway.routeTables({
    table: known(gateway, table),
    prefix,
    protocol,
    received,
    advertised,
    match: matchOf(match),
    hidden: hidden === 'true',
    countsOnly: entries === 'false',
  });
}

function known(gateway: Gateway, table: string | undefined): string | undefined {
  if (table === undefined || table === 'inet.0' || table === 'inet.3' || table === LABEL_TABLE) return table;
  if (gateway.tables().some(({ name }) => name === table)) return table;
  throw new ViewError(404, `there is no table ${table}`);
}

function changeOf(body: unknown): Change {
  if (typeof body === 'object' && body !== null) {
    if ('set' in body && typeof body.set === 'string') return { set: body.set };
    if ('delete' in body && typeof body.delete === 'string') return { delete: body.delete };
  }
  throw new ViewError(400, 'expected { "set": STATEMENT } or { "delete": STATEMENT }');
}

/** What the asker got wrong becomes an answer of 400. */
function refused<T>(answer: () => T): T {
  try {
    return answer();
  } catch (error) {
    if (error instanceof StatementError || error instanceof ReloadError || error instanceof RangeError)
      throw new ViewError(400, error.message);
    throw error;
  }
}
