/** `ShowRouteReq` and `ShowRouteSummaryReq`: tables, their routes, and every path with its attributes. */
import type { PathView, RouteView, TableView } from '@vaportrail/show';

import type { RoutePage } from './route-pages.ts';
import {
  type Fields,
  answer,
  bool,
  number,
  strings,
  structure,
  structures,
  text,
  time,
} from '@vaportrail/show/sandesh';

/** A table with those of its routes that were asked for. */
export interface TableWithRoutes {
  readonly table: TableView;
  readonly routes: readonly RouteView[];
}

/** `<ShowRouteResp>` */
export function showRouteAnswer({ tables, nextBatch }: RoutePage, context: PathContext): string {
  return answer('ShowRouteResp', {
    tables: structures(
      'ShowRouteTable',
      tables.map(({ table, routes }) => ({
        ...tableFields(table),
        routes: structures(
          'ShowRoute',
          routes.map((route) => ({
            prefix: text(route.prefix),
            last_modified: text(time(route.paths[0]?.receivedAt)),
            paths: structures(
              'ShowRoutePath',
              route.paths.map((path) => pathFields(path, context)),
            ),
          })),
        ),
      })),
    ),
    next_batch: text(nextBatch, 'ShowRouteReqIterate'),
  });
}

/** `<ShowRouteSummaryResp>` */
export function showRouteSummaryAnswer(tables: readonly TableView[]): string {
  return answer('ShowRouteSummaryResp', {
    tables: structures(
      'ShowRouteTableSummary',
      tables.map((table) => {
        const { routing_instance: _, routing_table_name, ...counts } = tableFields(table);
        return { name: routing_table_name, ...counts };
      }),
    ),
  });
}

function tableFields(table: TableView): Fields {
  return {
    routing_instance: text(table.instance ?? '', 'ShowRoutingInstanceReq'),
    routing_table_name: text(table.name),
    deleted: bool(false),
    deleted_at: text(''),
    prefixes: number(table.prefixes),
    paths: number(table.paths),
    primary_paths: number(table.primaryPaths ?? table.paths),
    secondary_paths: number(table.secondaryPaths ?? 0),
    infeasible_paths: number(table.infeasiblePaths ?? 0),
    stale_paths: number(table.stalePaths ?? 0),
    llgr_stale_paths: number(table.longLivedStalePaths ?? 0),
  };
}

/** What every path shows of this node. */
export interface PathContext {
  readonly localAsn: number;
  /** AS number and router id of a neighbour by name; undefined for agents and for this node. */
  readonly peer: (name: string) => { readonly asn: number; readonly routerId: string } | undefined;
}

const protocols: Readonly<Record<PathView['protocol'], string>> = {
  xmpp: 'XMPP (interface)',
  bgp: 'BGP',
  static: 'StaticRoute (static)',
  aggregate: 'Aggregate',
  local: 'Local',
  direct: 'Local',
};

function pathFields(path: PathView, { localAsn, peer }: PathContext): Fields {
  const from = peer(path.source);
  const communities = [
    ...(path.communities ?? []),
    ...(path.routeTargets ?? []).map((target) => `target:${target}`),
    ...(path.extendedCommunities ?? []),
  ];
  return {
    protocol: text(protocols[path.protocol]),
    last_modified: text(time(path.receivedAt)),
    local_preference: number(path.localPref ?? 0),
    med: number(path.med ?? 0),
    local_as: number(localAsn),
    peer_as: number(from?.asn ?? 0),
    peer_router_id: text(from?.routerId ?? ''),
    source: text(path.source),
    as_path: text(path.asPath ?? ''),
    // AS4_PATH is merged into AS_PATH when it arrives.
    as4_path: text(''),
    next_hop: text(path.nextHop ?? ''),
    label: number(path.label ?? 0),
    origin: text(path.origin ?? 'incomplete'),
    replicated: bool(path.primaryTable !== undefined),
    primary_table: text(path.primaryTable ?? '', 'ShowRouteReq'),
    secondary_tables: strings(path.secondaryTables ?? []),
    communities: strings(communities),
    origin_vn: text(path.originVirtualNetwork ?? ''),
    flags: text(flagsText(path)),
    tunnel_encap: strings(path.encapsulations ?? []),
    sequence_no: text(path.sequence === undefined ? '' : String(path.sequence)),
    origin_vn_path: strings([]),
    pmsi_tunnel: path.pmsiTunnel && structure('ShowPmsiTunnel', pmsiTunnel(path.pmsiTunnel)),
    load_balance: structure('ShowLoadBalance', loadBalance(path)),
    cluster_list: strings(path.clusterList ?? []),
    originator_id: text(path.originatorId ?? ''),
    large_communities: path.largeCommunities && strings(path.largeCommunities),
  };
}

function pmsiTunnel({ type, identifier, label, flags }: NonNullable<PathView['pmsiTunnel']>): Fields {
  return {
    type: text(type),
    identifier: text(identifier),
    label: number(label),
    flags: strings(flags === 0 ? [] : [`0x${flags.toString(16)}`]),
  };
}

/** How traffic is spread over members: by all five fields unless a community says otherwise. */
function loadBalance({ extendedCommunities = [] }: PathView): Fields {
  const PREFIX = 'load-balance:';
  const words = extendedCommunities
    .find((one) => one.startsWith(PREFIX))
    ?.slice(PREFIX.length)
    .split(',');
  const isBiased = words?.includes('source-bias') === true;
  const named = words?.filter((word) => word !== 'source-bias' && word !== '') ?? [];
  return {
    decision: text(isBiased ? 'source-bias' : 'field-hash'),
    fields: strings(named.length === 0 ? defaultHashFields : named),
  };
}

const defaultHashFields = [
  'l3-source-address',
  'l3-destination-address',
  'l4-protocol',
  'l4-source-port',
  'l4-destination-port',
];

function flagsText(path: PathView): string {
  const flags = [...(path.flags ?? []), ...(path.because === undefined ? [] : [path.because])];
  return flags.length === 0 ? 'None' : flags.join(' ');
}
