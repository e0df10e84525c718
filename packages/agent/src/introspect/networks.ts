/** `VrfListReq` and `VnListReq`: VRFs, and the virtual networks they are of. */
import type { Query } from '@vaportrail/show';
import { type Fields, bool, number, numbered, structures, text } from '@vaportrail/show/sandesh';
import type { Agent } from '../agent.ts';
import type { Vrf } from '../vrf.ts';

/** VRFs by part of their name. */
export function vrfs(agent: Agent, query: Query): Fields[] {
  const name = query['name'] || query['x'] || '';
  return agent.vrfs
    .inOrder()
    .filter((vrf) => vrf.name.includes(name))
    .map((vrf) => vrfData(agent, vrf));
}

function vrfData(agent: Agent, { name, id, virtualNetwork }: Vrf): Fields {
  return {
    name: numbered(1, text(name)),
    ucindex: numbered(2, { ...number(id, 'i32'), link: 'Inet4UcRouteReq' }),
    mcindex: numbered(3, { ...number(id, 'i32'), link: 'Inet4McRouteReq' }),
    l2index: numbered(4, { ...number(id, 'i32'), link: 'Layer2RouteReq' }),
    source: numbered(5, text('Config; ')),
    uc6index: numbered(6, { ...number(id, 'i32'), link: 'Inet6UcRouteReq' }),
    vn: numbered(7, text(virtualNetwork, 'VnListReq')),
    table_label: numbered(8, number(-1, 'i32')),
    vxlan_id: numbered(9, number(0, 'i32')),
    evpnindex: numbered(10, { ...number(id, 'i32'), link: 'EvpnRouteReq' }),
    brindex: numbered(11, { ...number(id, 'i32'), link: 'BridgeRouteReq' }),
    mplsindex: numbered(12, { ...number(id, 'i32'), link: 'Inet4MplsUcRouteReq' }),
    RD: numbered(13, text(`${agent.address}:${id}`)),
    mac_aging_time: numbered(14, number(0, 'i32')),
    layer2_control_word: numbered(15, bool(false)),
    forwarding_vrf: numbered(16, text('')),
    hbf_rintf: numbered(17, number(-1, 'i32')),
    hbf_lintf: numbered(18, number(-1, 'i32')),
  };
}

/** Virtual networks by part of their name. They have no UUIDs, VXLAN ids and IPAMs here: whoever asks for one gets nothing. */
export function virtualNetworks(agent: Agent, query: Query): Fields[] {
  if (query['uuid'] || query['vxlan_id'] || query['ipam_name']) return [];
  const name = query['name'] || query['x'] || '';
  return agent.vrfs
    .inOrder()
    .filter(({ virtualNetwork }) => virtualNetwork.includes(name))
    .map(networkData);
}

function networkData(vrf: Vrf): Fields {
  const no = bool(false);
  const none = text('');
  return {
    name: numbered(1, text(vrf.virtualNetwork)),
    uuid: numbered(2, none),
    acl_uuid: numbered(3, none),
    mirror_acl_uuid: numbered(4, none),
    mirror_cfg_acl_uuid: numbered(5, none),
    vrf_name: numbered(6, text(vrf.name, 'VrfListReq')),
    ipam_data: numbered(7, structures('VnIpamData', subnets(vrf).map(ipamData))),
    ipam_host_routes: numbered(8, structures('VnIpamHostRoutes', [])),
    layer2_forwarding: numbered(9, no),
    ipv4_forwarding: numbered(10, bool(true)),
    admin_state: numbered(11, bool(true)),
    vxlan_id: numbered(12, number(0, 'i32')),
    config_vxlan_id: numbered(13, number(0, 'i32')),
    vn_id: numbered(14, number(vrf.id, 'i32')),
    enable_rpf: numbered(15, no),
    bridging: numbered(16, no),
    flood_unknown_unicast: numbered(17, no),
    pbb_etree_enabled: numbered(18, no),
    layer2_control_word: numbered(19, no),
  };
}

/** What a VRF discards unless something more specific is known: the subnets of its network. */
function subnets(vrf: Vrf): string[] {
  return [...vrf.inet.inOrder(), ...vrf.inet6.inOrder()]
    .filter(({ paths }) => paths[0]?.nextHop.type === 'discard')
    .map(({ prefix }) => prefix);
}

function ipamData(prefix: string): Fields {
  const slash = prefix.lastIndexOf('/');
  return {
    ip_prefix: text(prefix.slice(0, slash)),
    prefix_len: number(Number(prefix.slice(slash + 1)), 'i32'),
    gateway: text(''),
    ipam_name: text(''),
    dhcp_enable: text('false'),
    dns_server: text(''),
  };
}
