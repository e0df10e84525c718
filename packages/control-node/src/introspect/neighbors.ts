/** `BgpNeighborReq`, `ShowBgpNeighborSummaryReq` and `ShowXmppServerReq`: who this node talks to. Agents are neighbours too. */
import type { NeighborView } from '@vaportrail/show';

import {
  type Fields,
  answer,
  bool,
  number,
  stateName,
  strings,
  structure,
  structures,
  text,
  time,
} from '@vaportrail/show/sandesh';

/** Facts of this node that every neighbour shows. */
export interface LocalIdentity {
  readonly asn: number;
  readonly routerId: string;
  readonly clusterId: string | undefined;
}

/** `<BgpNeighborListResp>` */
export function neighborAnswer(neighbors: readonly NeighborView[], local: LocalIdentity): string {
  return answer('BgpNeighborListResp', {
    neighbors: structures(
      'BgpNeighborResp',
      neighbors.map((neighbor) => ({ ...summaryFields(neighbor, local), ...detailFields(neighbor) })),
    ),
  });
}

/** `<ShowBgpNeighborSummaryResp>` */
export function neighborSummaryAnswer(neighbors: readonly NeighborView[], local: LocalIdentity): string {
  return answer('ShowBgpNeighborSummaryResp', {
    neighbors: structures(
      'BgpNeighborResp',
      neighbors.map((neighbor) => summaryFields(neighbor, local)),
    ),
  });
}

/** `<ShowXmppServerResp>` */
export function xmppServerAnswer(connections: number, established: number, listening: string): string {
  return answer('ShowXmppServerResp', {
    xmpp_server: text(listening),
    current_connections: number(connections),
    current_channels: number(established),
  });
}

/** As Contrail writes them (unverified against a running one). */
const authentications = { none: 'NIL', md5: 'MD5', tls: 'TLS' } as const;

function summaryFields(neighbor: NeighborView, local: LocalIdentity): Fields {
  const { lastTransition } = neighbor;
  return {
    peer: text(neighbor.name, 'BgpNeighborReq'),
    peer_address: text(neighbor.address),
    peer_id: text(neighbor.routerId ?? neighbor.address),
    peer_asn: number(neighbor.asn ?? 0),
    encoding: text(neighbor.protocol.toUpperCase()),
    peer_type: text(neighbor.type === 'external' ? 'external' : 'internal'),
    state: text(neighbor.state),
    admin_down: bool(neighbor.state.includes('administratively')),
    closed_at: text(time(neighbor.lostAt)),
    // There is no such option.
    as_override: bool(false),
    router_type: text(neighbor.protocol === 'xmpp' ? '' : 'bgp-router'),
    passive: bool(neighbor.passive ?? false),
    local_address: text(neighbor.localAddress ?? ''),
    local_id: text(local.routerId),
    local_asn: number(neighbor.localAsn ?? local.asn),
    cluster_id: text(local.clusterId ?? ''),
    send_state: text(neighbor.state === 'Established' ? 'in sync' : 'not advertising'),
    last_error: text(neighbor.lastError ?? ''),
    last_event: text(lastTransition?.event ?? ''),
    last_state: text(stateName(lastTransition?.from ?? '')),
    last_state_at: text(time(lastTransition?.at)),
    auth_type: text(authentications[neighbor.authentication ?? 'none']),
    configured_hold_time: number(neighbor.holdTime ?? 0),
    negotiated_hold_time: number(neighbor.holdTime ?? 0),
    primary_path_count: number(neighbor.paths, 'u64'),
    flap_count: number(neighbor.flaps),
    flap_time: text(time(neighbor.lostAt)),
  };
}

function detailFields(neighbor: NeighborView): Fields {
  const families = [...(neighbor.families ?? [])];
  const { gracefulRestart: restart } = neighbor;
  return {
    // Names of these four and of the count of errors as far as they were at hand (unverified).
    graceful_restart_time: restart && number(restart.restartTime),
    graceful_restart_families: restart && strings(restart.families),
    long_lived_graceful_restart_time: restart && number(restart.longLivedTime),
    long_lived_graceful_restart_families: restart && strings(restart.longLivedFamilies),
    configured_address_families: strings(families),
    negotiated_address_families: strings(neighbor.state === 'Established' ? families : []),
    routing_instances: structures(
      'BgpNeighborRoutingInstance',
      (neighbor.subscriptions ?? []).map(({ instance, instanceId, state }) => ({
        name: text(instance, 'ShowRoutingInstanceReq'),
        state: text(state === 'established' ? 'subscribed' : state),
        index: number(instanceId, 'i32'),
      })),
    ),
    routing_tables: structures(
      'BgpNeighborRoutingTable',
      (neighbor.routingTables ?? []).map((name) => ({
        name: text(name, 'ShowRouteReq'),
        current_state: text('subscribed'),
      })),
    ),
    rx_error_stats: structure('PeerRxErrorStats', { total: number(neighbor.errors ?? 0, 'u64') }),
    rx_proto_stats: structure('PeerProtoStats', {
      total: number(neighbor.received.messages, 'u64'),
      update: number(neighbor.received.updates, 'u64'),
    }),
    tx_proto_stats: structure('PeerProtoStats', {
      total: number(neighbor.sent.messages, 'u64'),
      update: number(neighbor.sent.updates, 'u64'),
    }),
  };
}
