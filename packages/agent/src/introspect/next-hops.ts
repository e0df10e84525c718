/** `NhListReq` and `MplsReq`: next hops, and the labels that lead to them. */
import type { Query } from '@vaportrail/show';
import { type Fields, bool, number, numbered, structure, structures, text } from '@vaportrail/show/sandesh';
import type { Agent } from '../agent.ts';
import type { NextHop } from '../next-hop.ts';
import { wish } from './wish.ts';

/** The next hops that a request asks for. */
export function nextHops(agent: Agent, query: Query): Fields[] {
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

export function nextHopData(agent: Agent, nextHop: NextHop): Fields {
  const head: Fields = {
    type: numbered(
      1,
      text(nextHop.type === 'composite' ? compositeType(nextHop.local) : nextHopTypes[nextHop.type]),
    ),
    ref_count: numbered(2, number(nextHop.references, 'i32')),
    valid: numbered(3, text('true')),
    policy: numbered(4, text(hasPolicy(nextHop) ? 'enabled' : 'disabled')),
    nh_index: numbered(21, number(nextHop.id, 'i32')),
    intf_flags: numbered(34, number(0, 'i32')),
    isid: numbered(26, number(0, 'i32')),
    learning_enabled: numbered(27, bool(false)),
    etree_leaf: numbered(28, bool(false)),
    layer2_control_word: numbered(29, bool(false)),
    crypt_all_traffic: numbered(31, bool(false)),
    crypt_path_available: numbered(32, bool(false)),
    crypt_interface: numbered(33, text('')),
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

/** The labels that a request asks for. */
export function labels(agent: Agent, query: Query): Fields[] {
  const wanted = wish(query, 'label');
  return agent.labels
    .list()
    .filter(({ label }) => wanted === undefined || String(label) === wanted)
    .map(({ label, nextHop }) => ({
      label: number(label, 'i32'),
      type: text('vport_nh'),
      nh: structure('NhSandeshData', nextHopData(agent, nextHop)),
    }));
}
