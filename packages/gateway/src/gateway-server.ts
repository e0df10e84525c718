/** The views of a gateway over HTTP, and the one action: to change its configuration. */
import { ViewError, ViewServer, type DaemonView, type Log, type Query } from '@vaportrail/show';
import { ipv4Text } from '@vaportrail/net';
import { ReloadError, type Change, type Gateway } from './gateway.ts';
import { StatementError } from './statement.ts';

const VERSION = '0.1.0';

/** Serves what an operator may ask; not listening yet. */
export function gatewayServer(gateway: Gateway, log: Log): ViewServer {
  return new ViewServer(log)
    .view('/daemon', (): DaemonView => ({
      name: gateway.config.name,
      kind: 'gateway',
      asn: gateway.config.asn,
      routerId: ipv4Text(gateway.config['router-id']),
      startedAt: new Date(gateway.startedAt).toISOString(),
      version: VERSION,
    }))
    .view('/neighbors', () => gateway.neighbors())
    .view('/tables', () => gateway.tables())
    .view('/vrfs', () => gateway.vrfs())
    .view(
      '/routes',
      ({ table, prefix, instance, family }) => {
        const name = table ?? (instance === undefined ? undefined : `${instance}.${family ?? 'inet'}.0`);
        return refused(() => gateway.routes({ table: known(gateway, name), prefix }));
      },
      ['table', 'prefix', 'instance', 'family'],
    )
    .view('/route-table', (query) => refused(() => routeTables(gateway, query)), [
      'table',
      'prefix',
      'exact',
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
    .view('/dynamic-tunnels', () => gateway.dynamicTunnels())
    .view('/configuration', () => ({ statements: gateway.statements() }))
    .action('/configuration', (body) => {
      refused(() => gateway.change(changeOf(body)));
      return { statements: gateway.statements() };
    });
}

function routeTables(gateway: Gateway, query: Query): unknown {
  const { table, prefix, protocol, received, advertised, exact, hidden, entries } = query;
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
    exact: exact === 'true',
    hidden: hidden === 'true',
    countsOnly: entries === 'false',
  });
}

function known(gateway: Gateway, table: string | undefined): string | undefined {
  if (table === undefined || table === 'inet.0' || table === 'inet.3') return table;
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
