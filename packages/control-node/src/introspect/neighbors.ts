/** `BgpNeighborReq`, `ShowBgpNeighborSummaryReq` and `ShowXmppServerReq`: who this node talks to. Agents are neighbours too. */
import type { NeighborView } from '@vaportrail/show';

import {
  type Fields,
  answer,
  bool,
  number,
  strings,
  structure,
  structures,
  text,
} from '@vaportrail/show/sandesh';
import { introspectTime } from './show-route.ts';

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

function summaryFields(neighbor: NeighborView, local: LocalIdentity): Fields {
  return {
    peer: text(neighbor.name, 'BgpNeighborReq'),
    peer_address: text(neighbor.address),
    peer_id: text(neighbor.routerId ?? neighbor.address),
    peer_asn: number(neighbor.asn ?? 0),
    encoding: text(neighbor.protocol.toUpperCase()),
    peer_type: text(neighbor.type === 'external' ? 'external' : 'internal'),
    state: text(neighbor.state),
    admin_down: bool(neighbor.state.includes('administratively')),
    as_override: bool(false),
    router_type: text(neighbor.protocol === 'xmpp' ? '' : 'bgp-router'),
    passive: bool(neighbor.passive ?? false),
    local_address: text(neighbor.localAddress ?? ''),
    local_id: text(local.routerId),
    local_asn: number(neighbor.localAsn ?? local.asn),
    cluster_id: text(local.clusterId ?? ''),
    send_state: text(neighbor.state === 'Established' ? 'in sync' : 'not advertising'),
    last_error: text(neighbor.lastError ?? ''),
    last_state_at: text(introspectTime(neighbor.establishedAt)),
    configured_hold_time: number(neighbor.holdTime ?? 0),
    negotiated_hold_time: number(neighbor.holdTime ?? 0),
    primary_path_count: number(neighbor.paths, 'u64'),
    flap_count: number(neighbor.flaps),
  };
}

function detailFields(neighbor: NeighborView): Fields {
  const families = [...(neighbor.families ?? [])];
  return {
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
