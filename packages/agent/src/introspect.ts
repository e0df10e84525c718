/**
 * The agent's introspect requests of Contrail, with the structures and field numbers of its `agent.sandesh`. Fields
 * about parts of an agent that are not here (DHCP, mirroring, VXLAN, service chains, …) carry what a node without them
 * says.
 */
import type { Query, ViewServer } from '@vaportrail/show';
import {
  type Field,
  type Fields,
  answer,
  bool,
  number,
  numbered,
  stateName,
  strings,
  structure,
  structures,
  text,
  time,
} from '@vaportrail/show/sandesh';
import type { Agent } from './agent.ts';
import { hashFieldNames, hashFieldsOf } from './ecmp.ts';
import type { FloatingIp } from './floating-ip.ts';
import type { Interface } from './interface.ts';
import type { NextHop } from './next-hop.ts';
import { type Path, type Route, LOCAL_VM_PORT } from './route.ts';
import { tunnelTypesOf } from './tunnel-type.ts';
import type { Vrf, VrfFamily } from './vrf.ts';

/** Adds the requests to a server. Unknown VRFs, labels and next hops give empty lists, as Contrail's do. */
export function serveIntrospect(server: ViewServer, agentOf: (query: Query) => Agent): void {
  const request = (
    name: string,
    parameters: readonly string[],
    response: (agent: Agent, query: Query) => string,
  ): void => {
    server.page(
      `/Snh_${name}`,
      (query) => ({ contentType: 'text/xml; charset=utf-8', body: response(agentOf(query), query) }),
      ['agent', 'x', ...parameters],
    );
  };
  for (const [name, family] of [
    ['Inet4UcRoute', 'inet'],
    ['Inet6UcRoute', 'inet6'],
  ] as const) {
    request(`${name}Req`, ['vrf_index', 'src_ip', 'prefix_len', 'stale'], (agent, query) =>
      list(`${name}Resp`, 'route_list', 'RouteUcSandeshData', routes(agent, family, query)),
    );
  }
  request('NhListReq', ['type', 'nh_index', 'policy_enabled'], (agent, query) =>
    list('NhListResp', 'nh_list', 'NhSandeshData', nextHops(agent, query)),
  );
  request('VrfListReq', ['name'], (agent, query) =>
    list(
      'VrfListResp',
      'vrf_list',
      'VrfSandeshData',
      agent.vrfs
        .inOrder()
        .filter(({ name }) => name.includes(query['name'] ?? query['x'] ?? ''))
        .map((vrf) => vrfData(agent, vrf)),
    ),
  );
  request(
    'ItfReq',
    [
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
    (agent, query) =>
      list('ItfResp', 'itf_list', 'ItfSandeshData', interfaces(agent, query).map(interfaceData)),
  );
  request('MplsReq', ['type', 'label'], (agent, query) => {
    const wanted = wish(query, 'label');
    const labels = agent.labels
      .list()
      .filter(({ label }) => wanted === undefined || String(label) === wanted);
    return list(
      'MplsResp',
      'mpls_list',
      'MplsSandeshData',
      labels.map(({ label, nextHop }) => ({
        label: number(label, 'i32'),
        type: text('vport_nh'),
        nh: structure('NhSandeshData', nextHopData(agent, nextHop)),
      })),
    );
  });
  request('AgentXmppConnectionStatusReq', [], (agent) =>
    list('AgentXmppConnectionStatus', 'peer', 'AgentXmppData', connections(agent)),
  );
}

function list(response: string, field: string, name: string, items: readonly Fields[]): string {
  return answer(response, { [field]: numbered(1, structures(name, items)) });
}

/** A field of a request; empty means that it was not given. Requests with one field take it as `x` too. */
function wish(query: Query, field: string): string | undefined {
  return query[field] || query['x'] || undefined;
}

function routes(agent: Agent, family: VrfFamily, query: Query): Fields[] {
  const vrf = agent.vrfs.find(wish(query, 'vrf_index') ?? '0');
  if (vrf === undefined) return [];
  const address = query['src_ip'] || undefined;
  const length = query['prefix_len'] || (family === 'inet' ? '32' : '128');
  const staleOnly = query['stale'] === 'true' || query['stale'] === '1';
  return vrf[family]
    .inOrder()
    .filter(({ prefix }) => address === undefined || prefix === `${address}/${length}`)
    .filter(({ paths }) => !staleOnly || paths.some(({ stale }) => stale))
    .map((route) => routeData(agent, vrf, route));
}

function routeData(agent: Agent, vrf: Vrf, { prefix, paths }: Route): Fields {
  const slash = prefix.lastIndexOf('/');
  const discards = paths[0]?.nextHop.type === 'discard';
  return {
    src_ip: numbered(1, text(prefix.slice(0, slash))),
    src_plen: numbered(2, number(Number(prefix.slice(slash + 1)), 'i32')),
    src_vrf: numbered(3, text(vrf.name, 'VrfListReq')),
    path_list: numbered(
      4,
      structures(
        'PathSandeshData',
        paths.map((path) => pathData(agent, path)),
      ),
    ),
    ipam_subnet_route: numbered(5, bool(discards)),
    proxy_arp: numbered(6, bool(!discards)),
    multicast: numbered(7, bool(false)),
    intf_route_type: numbered(9, text('interface')),
  };
}

function pathData(agent: Agent, path: Path): Fields {
  const { nextHop, label, received, source, generation, sequence, preference, stale } = path;
  const networks = new Set(received?.nextHops.map((hop) => hop.virtualNetwork));
  const supported =
    received === undefined ? agent.tunnelTypes : tunnelTypesOf(received.nextHops[0]?.encapsulations ?? []);
  return {
    nh: numbered(1, structure('NhSandeshData', nextHopData(agent, nextHop))),
    label: numbered(2, number(label, 'i32')),
    vxlan_id: numbered(3, number(0, 'i32')),
    peer: numbered(4, text(source.name)),
    dest_vn_list: numbered(5, strings([...networks])),
    unresolved: numbered(6, text('false')),
    gw_ip: text(''),
    sg_list: numbered(10, numbers(received?.securityGroups ?? [])),
    supported_tunnel_type: numbered(11, text(supported.join(' '))),
    active_tunnel_type: numbered(12, text(activeTunnelType(nextHop))),
    stale: numbered(13, bool(stale)),
    path_preference_data: numbered(
      14,
      structure('PathPreferenceSandeshData', {
        sequence: number(sequence, 'i32'),
        preference: number(preference, 'i32'),
        ecmp: bool(nextHop.type === 'composite'),
        wait_for_traffic: bool(false),
        dependent_ip: text(''),
      }),
    ),
    active_label: numbered(16, number(label, 'i32')),
    ecmp_hashing_fields: numbered(20, text(hashingFields(path))),
    communities: numbered(21, strings(received?.communityTags ?? [])),
    peer_sequence_number: numbered(22, number(generation, 'u64')),
    etree_leaf: numbered(23, bool(false)),
    layer2_control_word: numbered(24, bool(false)),
    tag_list: numbered(25, numbers(received?.nextHops[0]?.tags ?? [])),
    inactive: numbered(
      26,
      bool(source !== LOCAL_VM_PORT && nextHop.type === 'discard' && received !== undefined),
    ),
    origin_vn: numbered(27, text(received?.virtualNetwork ?? '')),
  };
}

function hashingFields({ received }: Path): string {
  return (received === undefined ? hashFieldNames : hashFieldsOf(received.loadBalance.fields)).join(',');
}

/** The tunnel in use; of a composite, that of its first member behind one. */
function activeTunnelType(nextHop: NextHop): string {
  if (nextHop.type === 'tunnel') return nextHop.tunnelType;
  if (nextHop.type !== 'composite') return 'Native';
  const tunnel = nextHop.members.find((member) => member.nextHop.type === 'tunnel');
  return tunnel === undefined ? 'Native' : activeTunnelType(tunnel.nextHop);
}

function numbers(values: readonly number[]): Field {
  const body = values.map((value) => `<element>${value}</element>`).join('');
  return { type: 'list', body: `<list type="i32" size="${values.length}">${body}</list>` };
}

function nextHops(agent: Agent, query: Query): Fields[] {
  const wanted = wish(query, 'nh_index');
  const type = query['type'] || undefined;
  const policy = query['policy_enabled'] || undefined;
  return agent.nextHops
    .list()
    .filter((nextHop) => wanted === undefined || String(nextHop.id) === wanted)
    .filter(
      (nextHop) => type === undefined || nextHopTypes[nextHop.type].toLowerCase() === type.toLowerCase(),
    )
    .filter(
      (nextHop) => policy === undefined || hasPolicy(nextHop) === (policy === 'enabled' || policy === 'true'),
    )
    .map((nextHop) => nextHopData(agent, nextHop));
}

const nextHopTypes = {
  discard: 'discard',
  receive: 'receive',
  encap: 'interface',
  tunnel: 'tunnel',
  composite: 'Composite',
} as const satisfies Record<NextHop['type'], string>;

function hasPolicy(nextHop: NextHop): boolean {
  return (
    nextHop.type === 'receive' || nextHop.type === 'composite' || (nextHop.type === 'encap' && nextHop.policy)
  );
}

function nextHopData(agent: Agent, nextHop: NextHop): Fields {
  const head: Fields = {
    type: numbered(
      1,
      text(nextHop.type === 'composite' ? compositeType(nextHop.local) : nextHopTypes[nextHop.type]),
    ),
    ref_count: numbered(2, number(nextHop.references, 'i32')),
    valid: numbered(3, text('true')),
    policy: numbered(4, text(hasPolicy(nextHop) ? 'enabled' : 'disabled')),
    nh_index: numbered(21, number(nextHop.id, 'i32')),
  };
  switch (nextHop.type) {
    case 'discard':
      return head;
    case 'receive':
      return { ...head, itf: numbered(8, text(nextHop.interface.name, 'ItfReq')) };
    case 'encap':
      return {
        ...head,
        itf: numbered(8, text(nextHop.interface.name, 'ItfReq')),
        mac: numbered(9, text(nextHop.interface.mac)),
        mcast: numbered(12, text('disabled')),
      };
    case 'tunnel':
      return {
        ...head,
        sip: numbered(5, text(agent.address)),
        dip: numbered(6, text(nextHop.destination)),
        vrf: numbered(7, text(agent.vrfs.fabric.name, 'VrfListReq')),
        mac: numbered(9, text(agent.neighborMac(nextHop.destination) ?? '')),
        tunnel_type: numbered(16, text(nextHop.tunnelType)),
      };
    case 'composite':
      return {
        ...head,
        vrf: numbered(
          7,
          text([...agent.vrfs].find(({ id }) => id === nextHop.vrf)?.name ?? '', 'VrfListReq'),
        ),
        mc_list: numbered(
          14,
          structures(
            'McastData',
            nextHop.members.map((member) => memberData(agent, member.nextHop, member.label)),
          ),
        ),
      };
  }
}

function compositeType(local: boolean): string {
  return local ? 'Local ECMP Composite' : 'ECMP Composite';
}

function memberData(agent: Agent, nextHop: NextHop, label: number): Fields {
  const common = { label: numbered(4, number(label, 'i32')) };
  switch (nextHop.type) {
    case 'tunnel':
      return {
        type: numbered(1, text('Tunnel')),
        sip: numbered(2, text(agent.address)),
        dip: numbered(3, text(nextHop.destination)),
        ...common,
      };
    case 'encap':
      return {
        type: numbered(1, text('Interface')),
        ...common,
        itf: numbered(5, text(nextHop.interface.name, 'ItfReq')),
      };
    case 'composite':
    case 'discard':
    case 'receive':
      return { type: numbered(1, text('Composite')), ...common };
  }
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
    RD: numbered(13, text(`${agent.address}:${id}`)),
  };
}

const interfaceTypes = {
  physical: 'eth',
  host: 'vhost',
  agent: 'pkt',
  virtual: 'vport',
} as const satisfies Record<Interface['type'], string>;

function interfaces(agent: Agent, query: Query): Interface[] {
  const name = wish(query, 'name') ?? '';
  const equal = (wanted: string | undefined, has: boolean): boolean => !wanted || has;
  return [...agent.interfaces].filter(
    (one) =>
      one.name.includes(name) &&
      equal(query['type'], interfaceTypes[one.type] === query['type']) &&
      equal(query['vn'], one.vrf.virtualNetwork === query['vn']) &&
      equal(query['mac'], one.mac === query['mac']) &&
      equal(query['ipv4_address'], one.addresses.includes(query['ipv4_address'] ?? '')) &&
      equal(query['ipv6_address'], one.addresses.includes(query['ipv6_address'] ?? '')),
  );
}

function interfaceData(one: Interface): Fields {
  const inet = one.addresses.filter((address) => !address.includes(':'));
  const inet6 = one.addresses.filter((address) => address.includes(':'));
  return {
    index: numbered(1, number(one.index, 'i32')),
    name: numbered(2, text(one.name)),
    uuid: numbered(3, text('')),
    vrf_name: numbered(4, text(one.vrf.name, 'VrfListReq')),
    active: numbered(5, text('Active')),
    ipv4_active: numbered(49, text(inet.length > 0 ? 'Active' : 'Inactive')),
    ip6_active: numbered(35, text(inet6.length > 0 ? 'Active' : 'Inactive')),
    type: numbered(8, text(interfaceTypes[one.type])),
    label: numbered(9, number(one.label ?? -1, 'i32')),
    vn_name: numbered(10, text(one.vrf.virtualNetwork, 'VnListReq')),
    ip_addr: numbered(13, text(inet[0] ?? '0.0.0.0')),
    mac_addr: numbered(14, text(one.mac)),
    policy: numbered(15, text(one.policyNextHop === undefined ? 'Disable' : 'Enable')),
    fip_list: numbered(16, structures('FloatingIpSandeshList', one.floatingIps.map(floatingIpData))),
    fabric_port: numbered(20, text(one.type === 'physical' ? 'FabricPort' : 'NotFabricPort')),
    admin_state: numbered(31, text('Enabled')),
    flow_key_idx: numbered(32, number(one.policyNextHop?.id ?? 0, 'i32')),
    ip6_addr: numbered(34, text(inet6[0] ?? '::')),
    local_preference: numbered(36, number(one.preference, 'i32')),
    fixed_ip4_list: numbered(50, strings(inet)),
    fixed_ip6_list: numbered(51, strings(inet6)),
  };
}

function floatingIpData({ address, vrf, fixedIp, direction, portMaps }: FloatingIp): Fields {
  return {
    ip_addr: numbered(1, text(address)),
    vrf_name: numbered(2, text(vrf.name, 'VrfListReq')),
    installed: numbered(3, text('Y')),
    fixed_ip: numbered(4, text(fixedIp)),
    direction: numbered(5, text(direction)),
    port_map_enabled: numbered(6, bool(portMaps.length > 0)),
    port_map: numbered(
      7,
      structures(
        'SandeshPortMapping',
        portMaps.map(({ protocol, port, natPort }) => ({
          protocol: number(protocol, 'u16'),
          port: number(port, 'u16'),
          nat_port: number(natPort, 'u16'),
        })),
      ),
    ),
  };
}

function clockTime(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '' : time(new Date(milliseconds).toISOString());
}

/** Field numbers of this structure are by place: the original's were not at hand (unverified). */
function connections(agent: Agent): Fields[] {
  return agent.peers.map((peer, index) => ({
    controller_ip: text(peer.name),
    state: text(peer.state === 'established' ? 'Established' : peer.state === 'idle' ? 'Idle' : 'Active'),
    flap_count: number(peer.flaps),
    cfg_controller: text(index === 0 ? 'Yes' : 'No'),
    mcast_controller: text('No'),
    last_event: text(peer.channel?.lastChange?.event ?? ''),
    last_state: text(stateName(peer.channel?.lastChange?.from ?? '')),
    last_state_at: text(clockTime(peer.channel?.lastChange?.at)),
    flap_time: text(clockTime(peer.lostAt)),
    last_error: text(peer.lastError ?? ''),
  }));
}
