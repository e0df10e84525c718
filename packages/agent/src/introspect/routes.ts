/** `Inet4UcRouteReq` and `Inet6UcRouteReq`: the routes of a VRF, with every path. */
import type { Query } from '@vaportrail/show';
import {
  type Field,
  type Fields,
  bool,
  number,
  numbered,
  strings,
  structure,
  structures,
  text,
} from '@vaportrail/show/sandesh';
import type { Agent } from '../agent.ts';
import { hashFieldNames, hashFieldsOf } from '../ecmp.ts';
import type { NextHop } from '../next-hop.ts';
import { type Path, type Route, LOCAL_VM_PORT } from '../route.ts';
import { tunnelTypesOf } from '../tunnel-type.ts';
import type { Vrf, VrfFamily } from '../vrf.ts';
import { nextHopData } from './next-hops.ts';
import { wish } from './wish.ts';

/** The routes that a request asks for; none for an unknown VRF. */
export function routes(agent: Agent, family: VrfFamily, query: Query): Fields[] {
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
