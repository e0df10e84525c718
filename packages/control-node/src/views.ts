/** What a control node shows over HTTP: JSON views, and the answers of Contrail's introspect beside them. */
import { type ViewServer, isCalled, serveClear, serveHealth } from '@vaportrail/show';

import type { ControlNode } from './control-node.ts';
import { serveIntrospect } from './introspect/requests.ts';
import { limitOf, matchOf } from './route-query.ts';

/** Adds the views of a control node to a server. */
export function serveViews(server: ViewServer, node: ControlNode): void {
  server
    .view('/daemon', () => node.daemon())
    .view(
      '/neighbors',
      ({ name, protocol }) => node.neighbors().filter(isCalled(name)).filter(matching({ protocol })),
      ['name', 'protocol'],
    )
    .view('/routing-instances', ({ name }) => node.routingInstances().filter(matching({ name })), ['name'])
    .view('/tables', ({ name, instance }) => node.tables().filter(matching({ name, instance })), [
      'name',
      'instance',
    ])
    .view(
      '/routes',
      ({ limit, match, ...query }) => node.routes({ ...query, match: matchOf(match), limit: limitOf(limit) }),
      ['table', 'instance', 'family', 'prefix', 'match', 'source', 'protocol', 'limit'],
    )
    .stream(
      '/dump',
      ({ table }) => ({ contentType: 'application/octet-stream', pieces: node.dump(table?.split(',')) }),
      ['table'],
    );
  serveHealth(server, node);
  serveClear(server, () => node.peers());
  serveIntrospect(server, node);
}

function matching<T extends object>(
  wanted: Readonly<Record<string, string | undefined>>,
): (one: T) => boolean {
  const pairs = Object.entries(wanted).filter(([, value]) => value !== undefined);
  return (one) => pairs.every(([key, value]) => (one as Record<string, unknown>)[key] === value);
}
