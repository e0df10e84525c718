/** Contrail's introspect requests, by the names and fields that clients send. */
import type { Query, ViewServer } from '@vaportrail/show';

import type { ControlNode } from '../control-node.ts';
import { neighborAnswer, neighborSummaryAnswer, xmppServerAnswer } from './neighbors.ts';
import { routePage, routePageFields } from './route-pages.ts';
import { routingInstanceAnswer } from './routing-instances.ts';
import { showRouteAnswer, showRouteSummaryAnswer } from './show-route.ts';

/** Contrail's requests by their names. Fields that no answer depends on are accepted. */
export function serveIntrospect(server: ViewServer, node: ControlNode): void {
  const xml = (body: string) => ({ contentType: 'text/xml; charset=utf-8', body });
  const routes = (query: Query) => {
    const neighbors = new Map(node.neighbors().map((neighbor) => [neighbor.name, neighbor]));
    const peer = (name: string) => {
      const neighbor = neighbors.get(name);
      return neighbor && { asn: neighbor.asn ?? 0, routerId: neighbor.routerId ?? neighbor.address };
    };
    return xml(showRouteAnswer(routePage(node, query), { localAsn: node.identity().asn, peer }));
  };
  server
    .page('/Snh_ShowRouteReqIterate', routes, ['route_info', 'x'])
    .page('/Snh_ShowRouteReq', routes, routePageFields)
    .page(
      '/Snh_ShowRouteSummaryReq',
      ({ search_string: name, x }) =>
        xml(showRouteSummaryAnswer(node.tables().filter(containing(name ?? x, (table) => table.name)))),
      ['search_string', 'x'],
    )
    .page(
      '/Snh_BgpNeighborReq',
      ({ search_string: name, x }) =>
        xml(
          neighborAnswer(node.neighbors().filter(containing(name ?? x, (one) => one.name)), node.identity()),
        ),
      ['search_string', 'x'],
    )
    .page(
      '/Snh_ShowBgpNeighborSummaryReq',
      ({ search_string: name, x }) =>
        xml(
          neighborSummaryAnswer(
            node.neighbors().filter(containing(name ?? x, (one) => one.name)),
            node.identity(),
          ),
        ),
      ['search_string', 'x'],
    )
    .page(
      '/Snh_ShowRoutingInstanceReq',
      ({ search_string: name, name: exact, x }) =>
        xml(
          routingInstanceAnswer(
            node.routingInstances().filter(containing(name ?? exact ?? x, (one) => one.name)),
          ),
        ),
      ['search_string', 'name', 'x'],
    )
    .page('/Snh_ShowXmppServerReq', () => {
      const { open, established, listening } = node.xmppConnections();
      return xml(xmppServerAnswer(open, established, listening));
    });
}

function containing<T>(part: string | undefined, name: (one: T) => string): (one: T) => boolean {
  return (one) => part === undefined || name(one).includes(part);
}
