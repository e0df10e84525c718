/** This process as `contrail-status` and the collectors of Contrail see one: what it is, and whether it works. */
import type { NeighborView, SandeshConnection, SandeshProcess } from '@vaportrail/show';
import { type Fields, bool, laidOut, number, strings, text } from '@vaportrail/show/sandesh';

import type { ControlNode } from '../control-node.ts';
import { routerState } from './layouts.ts';

/** A control node without its configuration is told from one that works, as Contrail does it. */
export function processOf(node: ControlNode): SandeshProcess {
  const { name, configuration } = node.daemon();
  const connections: SandeshConnection[] = [];
  let fault: string | undefined;
  if (configuration !== undefined) {
    const { url, state, lastError = '' } = configuration;
    const isUp = state === 'following';
    connections.push({ type: 'Config', name: '', server: url, isUp, description: lastError });
    if (!isUp) fault = `Config: ${url} connection down`;
  }
  return {
    name,
    module: 'contrail-control',
    table: 'ObjectBgpRouter',
    connections,
    fault,
    structures: { BgpRouterState: { message: 'BGPRouterInfo', fields: routerFields(node) } },
  };
}

function routerFields(node: ControlNode): Fields {
  const { asn, routerId } = node.identity();
  const { startedAt, version } = node.daemon();
  const neighbors = node.neighbors();
  const of = (protocol: NeighborView['protocol']): NeighborView[] =>
    neighbors.filter((one) => one.protocol === protocol);
  const up = (list: readonly NeighborView[]): number =>
    list.filter(({ state }) => state === 'Established').length;
  const [peers, agents] = [of('bgp'), of('xmpp')];
  const peerNames = strings(peers.map(({ name }) => name));
  const none = number(0);
  return laidOut(routerState, {
    router_id: text(routerId),
    local_asn: number(asn),
    global_asn: number(asn),
    admin_down: bool(false),
    // Microseconds since the epoch at which it started.
    uptime: number(Date.parse(startedAt) * 1000, 'u64'),
    output_queue_depth: number(neighbors.reduce((sum, { backlog }) => sum + backlog, 0)),
    num_bgp_peer: number(peers.length),
    num_up_bgp_peer: number(up(peers)),
    num_deleting_bgp_peer: none,
    num_bgpaas_peer: none,
    num_up_bgpaas_peer: none,
    num_deleting_bgpaas_peer: none,
    num_xmpp_peer: number(agents.length),
    num_up_xmpp_peer: number(up(agents)),
    num_deleting_xmpp_peer: none,
    num_routing_instance: number(node.routingInstances().length),
    num_deleted_routing_instance: none,
    num_service_chains: none,
    num_down_service_chains: none,
    num_static_routes: none,
    num_down_static_routes: none,
    build_info: text(JSON.stringify({ 'build-info': [{ 'build-version': version }] })),
    bgp_router_ip_list: strings([routerId]),
    bgp_config_peer_list: peerNames,
    bgp_oper_peer_list: peerNames,
  });
}
