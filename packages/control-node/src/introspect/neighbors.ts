/** `BgpNeighborReq` and `ShowBgpNeighborSummaryReq`: who this node talks to. Agents are neighbours too. */
import type { NeighborView, PathRetentionView, TrafficView } from '@vaportrail/show';

import {
  type Field,
  type Fields,
  bool,
  laidOut,
  number,
  stateName,
  strings,
  structure,
  structures,
  text,
  time,
} from '@vaportrail/show/sandesh';
import { MASTER_INSTANCE } from '@vaportrail/xmpp';

import { closeInfo, neighborDetail, neighborFamily, neighborSummary } from './layouts.ts';

/** Facts of this node that every neighbour shows. */
export interface LocalIdentity {
  readonly asn: number;
  readonly routerId: string;
  readonly clusterId: string | undefined;
}

/** A `<BgpNeighborResp>` with everything. */
export function neighborFields(neighbor: NeighborView, local: LocalIdentity): Fields {
  return { ...neighborSummaryFields(neighbor, local), ...detailFields(neighbor) };
}

/** As Contrail writes them (unverified against a running one). */
const authentications = { none: 'NIL', md5: 'MD5', tls: 'TLS' } as const;

/** A `<BgpNeighborResp>` of a summary. */
export function neighborSummaryFields(neighbor: NeighborView, local: LocalIdentity): Fields {
  const isBgp = neighbor.protocol === 'bgp';
  const { port = 0 } = neighbor;
  return laidOut(neighborSummary, {
    instance_name: text(isBgp ? MASTER_INSTANCE : ''),
    peer: text(neighbor.name, 'BgpNeighborReq'),
    deleted: bool(false),
    peer_address: text(neighbor.address, 'BgpNeighborReq'),
    peer_id: text(neighbor.routerId ?? neighbor.address),
    peer_asn: number(neighbor.asn ?? 0),
    encoding: text(neighbor.protocol.toUpperCase()),
    peer_type: text(neighbor.type === 'external' ? 'external' : 'internal'),
    state: text(neighbor.state),
    closed_at: text(time(neighbor.lostAt)),
    router_type: text(isBgp ? 'bgp-router' : ''),
    admin_down: bool(neighbor.state.includes('administratively')),
    passive: bool(neighbor.passive ?? false),
    // There are no options to overwrite an AS number or ORIGIN, to remove private AS numbers, or to choose among task queues.
    as_override: bool(false),
    origin_override: bool(false),
    route_origin: text(''),
    as4_supported: bool(isBgp),
    private_as_action: text(''),
    send_ready: bool(neighbor.state === 'Established' && neighbor.backlog === 0),
    peer_port: number(port),
    transport_address: text(`${neighbor.address}:${port}`),
    local_address: text(neighbor.localAddress ?? ''),
    local_id: text(local.routerId),
    local_asn: number(neighbor.localAsn ?? local.asn),
    cluster_id: text(local.clusterId ?? ''),
    task_instance: number(0),
  });
}

/** The last change of a session: what made it, from which state, and when. */
export function lastChange({ lastTransition: last }: NeighborView) {
  return {
    last_event: text(last?.event ?? ''),
    last_state: text(stateName(last?.from ?? '')),
    last_state_at: text(time(last?.at)),
  };
}

function detailFields(neighbor: NeighborView): Fields {
  const families = [...(neighbor.families ?? [])];
  const { gracefulRestart: restart, retention, received, sent } = neighbor;
  const isUp = neighbor.state === 'Established';
  return laidOut(neighborDetail, {
    peer_close_info: structure('PeerCloseInfo', closeFields(retention)),
    send_state: text(isUp ? 'in sync' : 'not advertising'),
    ...lastChange(neighbor),
    last_error: text(neighbor.lastError ?? ''),
    auth_type: text(authentications[neighbor.authentication ?? 'none']),
    // Passwords are not shown.
    auth_keys: strings([]),
    configured_address_families: strings(families),
    negotiated_address_families: strings(isUp ? families : []),
    graceful_restart_address_families: restart && strings(restart.families),
    long_lived_graceful_restart_address_families: restart && strings(restart.longLivedFamilies),
    family_attributes_list:
      neighbor.protocol === 'bgp'
        ? structures(
            'ShowBgpNeighborFamily',
            families.map((family) => familyFields(family, neighbor.prefixLimit)),
          )
        : undefined,
    graceful_restart_time: restart && number(restart.restartTime, 'u16'),
    long_lived_graceful_restart_time: restart && number(restart.longLivedTime),
    configured_hold_time: number(neighbor.holdTime ?? 0),
    negotiated_hold_time: number(neighbor.holdTime ?? 0),
    primary_path_count: number(neighbor.paths),
    flap_count: number(neighbor.flaps, 'u64'),
    flap_time: text(time(neighbor.lostAt)),
    routing_instances: structures(
      'BgpNeighborRoutingInstance',
      (neighbor.subscriptions ?? []).map(({ instance, instanceId, state, importTargets = [] }) => ({
        name: text(instance, 'ShowRoutingInstanceReq'),
        state: text(subscriptionStates[state]),
        index: number(instanceId, 'i32'),
        import_targets: strings(importTargets.map((target) => `target:${target}`)),
      })),
    ),
    routing_tables: structures(
      'BgpNeighborRoutingTable',
      (neighbor.routingTables ?? []).map((name) => ({
        name: text(name, 'ShowRouteReq'),
        current_state: text('subscribed'),
        current_request: text(''),
        pending_request: text(''),
      })),
    ),
    rx_proto_stats: structure('PeerProtoStats', messageFields(received)),
    tx_proto_stats: structure('PeerProtoStats', messageFields(sent)),
    rx_update_stats: structure('PeerUpdateStats', updateFields(received)),
    tx_update_stats: structure('PeerUpdateStats', updateFields(sent)),
    rx_socket_stats: structure('PeerSocketStats', { bytes: number(received.octets, 'u64') }),
    tx_socket_stats: structure('PeerSocketStats', { bytes: number(sent.octets, 'u64') }),
    rx_error_stats: structure('PeerRxErrorStats', errorFields(neighbor)),
    dscp_value: number(0, 'i16'),
  });
}

const subscriptionStates = {
  established: 'subscribed',
  pending: 'pending',
  stale: 'subscribed-gr-stale',
} as const;

/** States of the original for those of the helper. A neighbour that is back is refreshed while the same timer runs. */
const closeStates = {
  present: 'NONE',
  stale: 'GR_TIMER',
  'long-lived': 'LLGR_TIMER',
  refreshing: 'GR_TIMER',
  gone: 'DELETE',
} as const satisfies Record<PathRetentionView['state'], string>;

function closeFields(retention: PathRetentionView | undefined): Fields {
  const { losses = 0, staled = 0, longLivedStaled = 0, sweeps = 0, deletions = 0 } = retention ?? {};
  const count = (value: number): Field => number(value, 'u64');
  return laidOut(closeInfo, {
    state: text(closeStates[retention?.state ?? 'present']),
    membership_state: text('NONE'),
    close_again: bool(false),
    graceful: bool(retention !== undefined),
    init: count(losses),
    close: count(losses),
    nested: count(0),
    deletes: count(deletions),
    stale: count(staled),
    llgr_stale: count(longLivedStaled),
    sweep: count(sweeps),
    gr_timer: count(staled),
    llgr_timer: count(longLivedStaled),
  });
}

function familyFields(family: string, prefixLimit = 0): Fields {
  return laidOut(neighborFamily, {
    family: text(family),
    loop_count: number(0),
    prefix_limit: number(prefixLimit),
    idle_timeout: number(0, 'i32'),
    gateway_address: text(''),
  });
}

function messageFields({
  messages,
  opens = 0,
  keepalives = 0,
  notifications = 0,
  updates,
}: TrafficView): Fields {
  return {
    total: number(messages, 'u64'),
    open: number(opens, 'u64'),
    keepalive: number(keepalives, 'u64'),
    notification: number(notifications, 'u64'),
    update: number(updates, 'u64'),
    close: number(0, 'u64'),
  };
}

/** Routes in UPDATEs are not counted one by one, items are. */
function updateFields({ updates, reach, unreach, endsOfRib = 0 }: TrafficView): Fields {
  return {
    total: number(updates, 'u64'),
    reach: reach === undefined ? undefined : number(reach, 'u64'),
    unreach: unreach === undefined ? undefined : number(unreach, 'u64'),
    end_of_rib: number(endsOfRib, 'u64'),
  };
}

/** The original counts IPv6 alone; all that was dropped stands behind it. */
function errorFields({ errors = 0, inet6Errors }: NeighborView): Fields {
  const count = (kind: 'token' | 'prefix' | 'next-hop' | 'family'): Field =>
    number(inet6Errors?.[kind] ?? 0, 'u64');
  return {
    inet6_error_stats: structure('PeerRxInet6ErrorStats', {
      bad_inet6_xml_token_count: count('token'),
      bad_inet6_prefix_count: count('prefix'),
      bad_inet6_nexthop_count: count('next-hop'),
      bad_inet6_afi_safi_count: count('family'),
    }),
    total: number(errors, 'u64'),
  };
}
