/** `ShowRouteReq` and `ShowRouteSummaryReq`: tables, their routes, and every path with its attributes. */
import type { PathView, RouteView, TableView } from '@vaportrail/show';

import { pmsiTunnel, routePath, routeTable, routeTableSummary } from './layouts.ts';
import type { RoutePage } from './route-pages.ts';
import {
  type Fields,
  answer,
  bool,
  laidOut,
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
      tables.map(({ table, routes }) =>
        laidOut(routeTable, {
          routing_instance: text(table.instance ?? '', 'ShowRoutingInstanceReq'),
          routing_table_name: text(table.name, 'ShowRouteReq'),
          deleted: bool(false),
          deleted_at: text(''),
          ...pathCounts(table),
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
          listeners: structures('ShowTableListener', []),
        }),
      ),
    ),
    next_batch: nextBatch === '' ? undefined : text(nextBatch, 'ShowRouteReqIterate'),
  });
}

/** A `<ShowRouteTableSummary>`. */
export function tableSummaryFields(table: TableView): Fields {
  return laidOut(routeTableSummary, {
    name: text(table.name, 'ShowRouteReq'),
    ...pathCounts(table),
    ...tableWork,
    deleted: bool(false),
    deleted_at: text(''),
  });
}

/** Counts of a table, which several structures have. */
export function pathCounts(table: TableView) {
  return {
    prefixes: number(table.prefixes, 'u64'),
    paths: number(table.paths, 'u64'),
    primary_paths: number(table.primaryPaths ?? table.paths, 'u64'),
    secondary_paths: number(table.secondaryPaths ?? 0, 'u64'),
    infeasible_paths: number(table.infeasiblePaths ?? 0, 'u64'),
    stale_paths: number(table.stalePaths ?? 0, 'u64'),
    llgr_stale_paths: number(table.longLivedStalePaths ?? 0, 'u64'),
  };
}

/** What the tables of the original have to do; here nothing is put off that could be counted by table. */
export const tableWork = {
  pending_updates: number(0, 'u64'),
  markers: number(0, 'u64'),
  listeners: number(0, 'u64'),
  walkers: number(0, 'u64'),
};

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
    ...(path.extendedCommunities ?? []).map(communityName),
  ];
  return laidOut(routePath, {
    protocol: text(protocols[path.protocol]),
    last_modified: text(time(path.receivedAt)),
    local_preference: number(path.localPref ?? 0),
    med: number(path.med ?? 0),
    // Of the session; agents have none.
    local_as: number(path.protocol === 'bgp' ? localAsn : 0),
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
    flags: strings(flagNames(path)),
    tunnel_encap: strings(path.encapsulations ?? []),
    sequence_no: text(path.sequence === undefined ? '' : String(path.sequence)),
    origin_vn_path: strings([]),
    pmsi_tunnel: structure('ShowPmsiTunnel', pmsiTunnelFields(path.pmsiTunnel)),
    load_balance: structure('ShowLoadBalance', loadBalance(path)),
    cluster_list: strings(path.clusterList ?? []),
    originator_id: text(path.originatorId ?? ''),
    edge_discovery: structures(
      'ShowEdgeDiscovery',
      (path.edges ?? []).map(({ address, labels }) => ({ address: text(address), labels: text(labels) })),
    ),
    edge_forwarding: structures('ShowEdgeForwarding', []),
    large_communities: path.largeCommunities && strings(path.largeCommunities),
  });
}

/** Names of communities where the original has others. */
const communityNames: Readonly<Record<string, string>> = {
  'security-group': 'secgroup',
  'origin-vn': 'originvn',
  'router-mac': 'rtrmac',
};

function communityName(community: string): string {
  return community.replace(/^[a-z-]+(?=:)/, (name) => communityNames[name] ?? name);
}

function pmsiTunnelFields(tunnel: PathView['pmsiTunnel']): Fields {
  const { type = '', identifier = '', label = 0, flags = 0 } = tunnel ?? {};
  return laidOut(pmsiTunnel, {
    type: text(type),
    ar_type: text(''),
    identifier: text(identifier),
    label: number(label),
    flags: strings(flags === 0 ? [] : [`0x${flags.toString(16)}`]),
  });
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
    decision_type: text(isBiased ? 'source-bias' : 'field-hash'),
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

/** Why a path cannot be used, by the names of the original where it knows the cause. */
const infeasibilities: Readonly<Record<string, string>> = {
  'as-path-loop': 'AsPathLooped',
  'no-tunnel-encapsulation': 'NoTunnelEncap',
  'originator-id-loop': 'OriginatorIdLooped',
  'cluster-list-loop': 'ClusterListLooped',
  'unresolved-next-hop': 'ResolveNexthop',
  'import-policy': 'RoutingPolicyReject',
};

function flagNames({ flags = [], because }: PathView): readonly string[] {
  const names = because === undefined ? flags : [...flags, infeasibilities[because] ?? because];
  return names.length === 0 ? ['None'] : names;
}
