/** `ItfReq`: interfaces with their floating IPs. */
import type { Query } from '@vaportrail/show';
import { type Fields, bool, number, numbered, strings, structures, text } from '@vaportrail/show/sandesh';
import type { Agent } from '../agent.ts';
import type { FloatingIp } from '../floating-ip.ts';
import type { Interface } from '../interface.ts';
import { wish } from './wish.ts';

const interfaceTypes = {
  physical: 'eth',
  host: 'vhost',
  agent: 'pkt',
  virtual: 'vport',
} as const satisfies Record<Interface['type'], string>;

/** The interfaces that a request asks for. */
export function interfaces(agent: Agent, query: Query): Fields[] {
  const name = wish(query, 'name') ?? '';
  const equal = (wanted: string | undefined, has: boolean): boolean => !wanted || has;
  const wanted = [...agent.interfaces].filter(
    (one) =>
      one.name.includes(name) &&
      equal(query['type'], interfaceTypes[one.type] === query['type']) &&
      equal(query['vn'], one.vrf.virtualNetwork === query['vn']) &&
      equal(query['mac'], one.mac === query['mac']) &&
      equal(query['ipv4_address'], one.addresses.includes(query['ipv4_address'] ?? '')) &&
      equal(query['ipv6_address'], one.addresses.includes(query['ipv6_address'] ?? '')),
  );
  return wanted.map(interfaceData);
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
