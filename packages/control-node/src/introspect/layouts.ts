/**
 * Fields of the structures of Contrail's control node, in their order and with their numbers.
 * @see bgp_peer.sandesh, peer_info.sandesh and db.sandesh of tungstenfabric/tf-controller (src/bgp, src/db)
 */
import type { Layout } from '@vaportrail/show/sandesh';

/** `ShowRouteTable`. */
export const routeTable = {
  routing_instance: 1,
  routing_table_name: 2,
  deleted: 9,
  deleted_at: 11,
  prefixes: 3,
  paths: 4,
  primary_paths: 5,
  secondary_paths: 6,
  infeasible_paths: 7,
  stale_paths: 12,
  llgr_stale_paths: 13,
  routes: 8,
  listeners: 10,
} as const satisfies Layout;

/** What a summary and an instance say of a table alike. */
const tableCounts = {
  prefixes: 3,
  paths: 4,
  primary_paths: 5,
  secondary_paths: 6,
  infeasible_paths: 7,
  stale_paths: 18,
  llgr_stale_paths: 19,
  pending_updates: 11,
  markers: 12,
  listeners: 14,
  walkers: 15,
} as const satisfies Layout;

/** `ShowRouteTableSummary`. */
export const routeTableSummary = {
  name: 1,
  ...tableCounts,
  deleted: 2,
  deleted_at: 13,
} as const satisfies Layout;

/** `ShowRoutePath`. */
export const routePath = {
  protocol: 1,
  last_modified: 3,
  local_preference: 5,
  med: 25,
  local_as: 6,
  peer_as: 7,
  peer_router_id: 8,
  source: 9,
  as_path: 10,
  as4_path: 30,
  next_hop: 11,
  label: 12,
  origin: 26,
  replicated: 13,
  primary_table: 14,
  secondary_tables: 24,
  communities: 15,
  origin_vn: 16,
  flags: 17,
  tunnel_encap: 18,
  sequence_no: 19,
  origin_vn_path: 20,
  pmsi_tunnel: 21,
  load_balance: 22,
  cluster_list: 23,
  originator_id: 27,
  edge_discovery: 28,
  edge_forwarding: 29,
  /** Not in the original. */
  large_communities: 31,
} as const satisfies Layout;

/** `ShowPmsiTunnel`. */
export const pmsiTunnel = {
  type: 1,
  ar_type: 2,
  identifier: 3,
  label: 4,
  flags: 5,
} as const satisfies Layout;

/** `BgpNeighborResp`, as a summary has it. */
export const neighborSummary = {
  instance_name: 53,
  peer: 1,
  deleted: 36,
  peer_address: 2,
  peer_id: 25,
  peer_asn: 3,
  encoding: 6,
  peer_type: 7,
  state: 8,
  closed_at: 43,
  router_type: 52,
  admin_down: 47,
  passive: 48,
  as_override: 55,
  origin_override: 65,
  route_origin: 66,
  as4_supported: 67,
  private_as_action: 61,
  send_ready: 62,
  peer_port: 50,
  transport_address: 51,
  local_address: 4,
  local_id: 26,
  local_asn: 5,
  cluster_id: 64,
  task_instance: 56,
} as const satisfies Layout;

/** What else `BgpNeighborResp` has. */
export const neighborDetail = {
  peer_close_info: 54,
  send_state: 9,
  last_event: 10,
  last_state: 11,
  last_state_at: 12,
  last_error: 13,
  auth_type: 44,
  auth_keys: 45,
  configured_address_families: 38,
  negotiated_address_families: 39,
  graceful_restart_address_families: 57,
  long_lived_graceful_restart_address_families: 58,
  family_attributes_list: 49,
  graceful_restart_time: 59,
  long_lived_graceful_restart_time: 60,
  configured_hold_time: 40,
  negotiated_hold_time: 41,
  primary_path_count: 46,
  flap_count: 23,
  flap_time: 24,
  routing_instances: 37,
  routing_tables: 29,
  rx_proto_stats: 30,
  tx_proto_stats: 31,
  rx_update_stats: 32,
  tx_update_stats: 33,
  rx_socket_stats: 34,
  tx_socket_stats: 35,
  rx_error_stats: 42,
  dscp_value: 63,
} as const satisfies Layout;

/** `PeerCloseInfo`. */
export const closeInfo = {
  state: 1,
  membership_state: 17,
  close_again: 2,
  graceful: 16,
  init: 3,
  close: 4,
  nested: 5,
  deletes: 6,
  stale: 7,
  llgr_stale: 15,
  sweep: 8,
  gr_timer: 9,
  llgr_timer: 14,
} as const satisfies Layout;

/** `ShowBgpNeighborFamily`. */
export const neighborFamily = {
  family: 1,
  loop_count: 2,
  prefix_limit: 3,
  idle_timeout: 5,
  gateway_address: 4,
} as const satisfies Layout;

/** `ShowXmppConnection`. */
export const xmppConnection = {
  name: 1,
  deleted: 2,
  remote_endpoint: 3,
  local_endpoint: 4,
  state: 5,
  last_event: 6,
  last_state: 7,
  last_state_at: 8,
  receivers: 9,
} as const satisfies Layout;

/** `SocketIOStats`. */
export const socketStatistics = {
  bytes: 1,
  calls: 2,
  average_bytes: 3,
  blocked_duration: 4,
  blocked_count: 5,
  average_blocked_duration: 6,
  errors: 7,
} as const satisfies Layout;

/** `ShowRtGroupInfo`. */
export const routeTargetGroup = {
  rtarget: 1,
  import_members: 2,
  export_members: 3,
  peers_interested: 4,
  dep_route: 5,
} as const satisfies Layout;

/** `ShowRoutingInstance`. */
export const routingInstance = {
  name: 1,
  virtual_network: 3,
  vn_index: 6,
  vxlan_id: 8,
  import_target: 4,
  export_target: 5,
  always_subscribe: 10,
  allow_transit: 12,
  pbb_evpn_enable: 13,
  deleted: 7,
  deleted_at: 9,
  tables: 2,
  routing_policies: 11,
  neighbors: 14,
} as const satisfies Layout;

/** `ShowRoutingInstanceTable`. */
export const routingInstanceTable = {
  name: 1,
  deleted: 13,
  ...tableCounts,
  membership: 2,
} as const satisfies Layout;

/** Of the structure that a control node tells collectors about itself; its name stands before these. */
export const routerState = {
  router_id: 27,
  local_asn: 28,
  global_asn: 29,
  admin_down: 30,
  uptime: 3,
  output_queue_depth: 7,
  num_bgp_peer: 8,
  num_up_bgp_peer: 9,
  num_deleting_bgp_peer: 20,
  num_bgpaas_peer: 31,
  num_up_bgpaas_peer: 32,
  num_deleting_bgpaas_peer: 33,
  num_xmpp_peer: 10,
  num_up_xmpp_peer: 11,
  num_deleting_xmpp_peer: 21,
  num_routing_instance: 12,
  num_deleted_routing_instance: 22,
  num_service_chains: 23,
  num_down_service_chains: 24,
  num_static_routes: 25,
  num_down_static_routes: 26,
  build_info: 13,
  bgp_router_ip_list: 15,
  bgp_config_peer_list: 36,
  bgp_oper_peer_list: 37,
} as const satisfies Layout;
