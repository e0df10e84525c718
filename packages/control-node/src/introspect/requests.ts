/** Contrail's introspect requests, by the names and fields that clients send. */
import {
  type NeighborView,
  type Page,
  type Query,
  type RoutingInstanceView,
  type TableView,
  type ViewServer,
  serveSandesh,
} from '@vaportrail/show';
import { type Fields, answer, sandeshPage, structures, text } from '@vaportrail/show/sandesh';

import type { ControlNode } from '../control-node.ts';
import { bgpServerAnswer, xmppConnectionsAnswer, xmppServerAnswer } from './connections.ts';
import { type ListPage, type Naming, firstPage, nextPage } from './list-pages.ts';
import { neighborFields, neighborSummaryFields } from './neighbors.ts';
import { routePage, routePageFields } from './route-pages.ts';
import { processOf } from './process.ts';
import { type RouteTargetGroup, routeTargetFields, routeTargetGroups } from './route-targets.ts';
import { routingInstanceFields, routingInstanceSummaryFields } from './routing-instances.ts';
import { showRouteAnswer, tableSummaryFields } from './show-route.ts';

/** A request that searches a list by part of a name, and has the next page with `…Iterate`. */
interface ListRequest<T> {
  readonly response: string;
  /** The field of the response, and the structure of its entries. */
  readonly list: string;
  readonly structure: string;
  readonly entries: (node: ControlNode) => readonly T[];
  readonly naming: Naming<T>;
  readonly fields: (entry: T, node: ControlNode) => Fields;
}

const neighborList = {
  list: 'neighbors',
  structure: 'BgpNeighborResp',
  entries: (node: ControlNode) => node.neighbors(),
  naming: {
    name: (one: NeighborView) => one.name,
    searched: (one: NeighborView) => [one.name, one.address],
  },
};
const instanceList = {
  list: 'instances',
  structure: 'ShowRoutingInstance',
  entries: (node: ControlNode) => node.routingInstances(),
  naming: { name: (one: RoutingInstanceView) => one.name },
};
const targetList = {
  list: 'rtgroup_list',
  structure: 'ShowRtGroupInfo',
  entries: (node: ControlNode) =>
    routeTargetGroups(node.routingInstances(), node.routes({ table: 'bgp.rtarget.0' })),
  naming: { name: (one: RouteTargetGroup) => one.target },
  fields: routeTargetFields,
};
/** Groups that a peer asked for, by the name of the peer. */
const targetsOfPeers = {
  ...targetList,
  naming: { ...targetList.naming, searched: (one: RouteTargetGroup) => one.peers },
};

const listRequests = {
  BgpNeighborReq: request({
    ...neighborList,
    response: 'BgpNeighborListResp',
    fields: (one, node) => neighborFields(one, node.identity()),
  }),
  ShowBgpNeighborSummaryReq: request({
    ...neighborList,
    response: 'ShowBgpNeighborSummaryResp',
    fields: (one, node) => neighborSummaryFields(one, node.identity()),
  }),
  ShowRoutingInstanceReq: request({
    ...instanceList,
    response: 'ShowRoutingInstanceResp',
    fields: routingInstanceFields,
  }),
  ShowRoutingInstanceSummaryReq: request({
    ...instanceList,
    response: 'ShowRoutingInstanceSummaryResp',
    fields: routingInstanceSummaryFields,
  }),
  ShowRouteSummaryReq: request({
    response: 'ShowRouteSummaryResp',
    list: 'tables',
    structure: 'ShowRouteTableSummary',
    entries: (node) => node.tables(),
    naming: { name: (one: TableView) => one.name },
    fields: tableSummaryFields,
  }),
  ShowRtGroupReq: request({ ...targetList, response: 'ShowRtGroupResp' }),
  ShowRtGroupSummaryReq: request({ ...targetList, response: 'ShowRtGroupSummaryResp' }),
  ShowRtGroupPeerReq: request({ ...targetsOfPeers, response: 'ShowRtGroupPeerResp' }),
} as const;

/** What answers a list request, and what answers for its further pages. */
interface ListAnswers {
  readonly first: (node: ControlNode, name: string, query: Query) => string;
  readonly next: (node: ControlNode, name: string, query: Query) => string;
}

function request<T>({ response, list, structure, entries, naming, fields }: ListRequest<T>): ListAnswers {
  const written = (node: ControlNode, name: string, page: ListPage<T>): string =>
    answer(response, {
      [list]: structures(
        structure,
        page.entries.map((entry) => fields(entry, node)),
      ),
      next_batch: page.nextBatch === '' ? undefined : text(page.nextBatch, `${name}Iterate`),
    });
  return {
    first: (node, name, query) =>
      written(node, name, firstPage(entries(node), query['search_string'] ?? '', naming)),
    next: (node, name, query) =>
      written(node, name, nextPage(entries(node), query['iterate_info'] ?? '', naming)),
  };
}

/** Contrail's requests by their names. */
export function serveIntrospect(server: ViewServer, node: ControlNode): void {
  for (const [name, { first, next }] of Object.entries<ListAnswers>(listRequests)) {
    server
      .page(`/Snh_${name}`, (query) => sandeshPage(() => first(node, name, query)), ['search_string'])
      .page(`/Snh_${name}Iterate`, (query) => sandeshPage(() => next(node, name, query)), ['iterate_info']);
  }
  const routes = (query: Query): Page =>
    sandeshPage(() => {
      const neighbors = new Map(node.neighbors().map((neighbor) => [neighbor.name, neighbor]));
      const peer = (name: string) => {
        const neighbor = neighbors.get(name);
        return neighbor && { asn: neighbor.asn ?? 0, routerId: neighbor.routerId ?? neighbor.address };
      };
      return showRouteAnswer(routePage(node, query), { localAsn: node.identity().asn, peer });
    });
  server
    .page('/Snh_ShowRouteReq', routes, routePageFields)
    .page('/Snh_ShowRouteReqIterate', routes, ['route_info'])
    .page('/Snh_ShowXmppServerReq', () =>
      sandeshPage(() => {
        const { open, established, listening } = node.xmppConnections();
        return xmppServerAnswer(open, established, listening);
      }),
    )
    .page('/Snh_ShowXmppConnectionReq', () =>
      sandeshPage(() => xmppConnectionsAnswer(node.neighbors(), node.xmppConnections().listening)),
    )
    .page('/Snh_ShowBgpServerReq', () => sandeshPage(() => bgpServerAnswer(node.neighbors())));
  serveSandesh(server, () => processOf(node));
}
