/**
 * The agent's introspect requests of Contrail, with the structures and field numbers of its `agent.sandesh`. Fields
 * about parts of an agent that are not here (DHCP, mirroring, VXLAN, service chains, …) carry what a node without them
 * says.
 */
import { type Query, type SandeshProcess, type ViewServer, serveSandesh } from '@vaportrail/show';
import { type Fields, answer, numbered, sandeshPage, structures } from '@vaportrail/show/sandesh';
import type { Agent } from '../agent.ts';
import { connections } from './connections.ts';
import { interfaces } from './interfaces.ts';
import { labels, nextHops } from './next-hops.ts';
import { virtualNetworks, vrfs } from './networks.ts';
import { routes } from './routes.ts';

/** A request: its fields, and the list that answers it. */
interface Request {
  readonly fields: readonly string[];
  readonly response: string;
  readonly list: string;
  readonly structure: string;
  readonly answer: (agent: Agent, query: Query) => readonly Fields[];
}

const routeFields = ['vrf_index', 'src_ip', 'prefix_len', 'stale'];
/** Ethernet, labelled and multicast routes, of which a node that forwards IP has none. */
const none = (): readonly Fields[] => [];

const requests = {
  Inet4UcRouteReq: {
    fields: routeFields,
    response: 'Inet4UcRouteResp',
    list: 'route_list',
    structure: 'RouteUcSandeshData',
    answer: (agent, query) => routes(agent, 'inet', query),
  },
  Inet6UcRouteReq: {
    fields: routeFields,
    response: 'Inet6UcRouteResp',
    list: 'route_list',
    structure: 'RouteUcSandeshData',
    answer: (agent, query) => routes(agent, 'inet6', query),
  },
  Inet4MplsUcRouteReq: {
    fields: routeFields,
    response: 'Inet4MplsUcRouteResp',
    list: 'route_list',
    structure: 'RouteUcSandeshData',
    answer: none,
  },
  Inet4McRouteReq: {
    fields: ['vrf_index', 'stale', 'src_ip', 'grp_ip'],
    response: 'Inet4McRouteResp',
    list: 'route_list',
    structure: 'RouteMcSandeshData',
    answer: none,
  },
  EvpnRouteReq: {
    fields: ['vrf_index', 'mac', 'stale'],
    response: 'EvpnRouteResp',
    list: 'route_list',
    structure: 'RouteEvpnSandeshData',
    answer: none,
  },
  BridgeRouteReq: {
    fields: ['vrf_index', 'mac', 'stale'],
    response: 'BridgeRouteResp',
    list: 'route_list',
    structure: 'RouteL2SandeshData',
    answer: none,
  },
  Layer2RouteReq: {
    fields: ['vrf_index', 'mac', 'stale'],
    response: 'Layer2RouteResp',
    list: 'route_list',
    structure: 'RouteL2SandeshData',
    answer: none,
  },
  NhListReq: {
    fields: ['type', 'nh_index', 'policy_enabled'],
    response: 'NhListResp',
    list: 'nh_list',
    structure: 'NhSandeshData',
    answer: nextHops,
  },
  VrfListReq: {
    fields: ['name'],
    response: 'VrfListResp',
    list: 'vrf_list',
    structure: 'VrfSandeshData',
    answer: vrfs,
  },
  VnListReq: {
    fields: ['name', 'uuid', 'vxlan_id', 'ipam_name'],
    response: 'VnListResp',
    list: 'vn_list',
    structure: 'VnSandeshData',
    answer: virtualNetworks,
  },
  ItfReq: {
    fields: [
      'name',
      'type',
      'uuid',
      'vn',
      'mac',
      'ipv4_address',
      'ipv6_address',
      'parent_uuid',
      'ip_active',
      'ip6_active',
      'l2_active',
    ],
    response: 'ItfResp',
    list: 'itf_list',
    structure: 'ItfSandeshData',
    answer: interfaces,
  },
  MplsReq: {
    fields: ['type', 'label'],
    response: 'MplsResp',
    list: 'mpls_list',
    structure: 'MplsSandeshData',
    answer: labels,
  },
  AgentXmppConnectionStatusReq: {
    fields: [],
    response: 'AgentXmppConnectionStatus',
    list: 'peer',
    structure: 'AgentXmppData',
    answer: connections,
  },
} as const satisfies Record<string, Request>;

/** Adds the requests to a server. Unknown VRFs, labels and next hops give empty lists, as Contrail's do. */
export function serveIntrospect(server: ViewServer, agentOf: (query: Query) => Agent): void {
  for (const [name, request] of Object.entries<Request>(requests)) {
    const { fields, response, list, structure } = request;
    server.page(
      `/Snh_${name}`,
      (query) =>
        sandeshPage(() => {
          const items = request.answer(agentOf(query), query);
          return answer(response, { [list]: numbered(1, structures(structure, items)) });
        }),
      [...fields, 'x', 'agent'],
    );
  }
  serveSandesh(server, (query) => processOf(agentOf(query)));
}

/** An agent works while a control node tells it routes. */
function processOf({ name, peers }: Agent): SandeshProcess {
  const connections = peers.map((peer) => ({
    type: 'XMPP',
    name: `control-node:${peer.name}`,
    server: `${peer.settings.server.address}:${peer.settings.server.port}`,
    isUp: peer.state === 'established',
    description: peer.lastError ?? '',
  }));
  const down = connections.filter(({ isUp }) => !isUp).map((each) => each.name);
  return {
    name,
    module: 'contrail-vrouter-agent',
    table: 'ObjectVRouter',
    connections,
    fault: down.length === connections.length ? `XMPP: ${down.join(', ')} connection down` : undefined,
  };
}
