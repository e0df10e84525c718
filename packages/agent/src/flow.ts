/**
 * Flows: what a vRouter remembers of a conversation. The first packet decides where it goes, which ECMP member takes it
 * and how a floating IP is translated; every later one, and the answers, follow the pair of entries made then.
 */
import { chooseMember, flowHash, hashFieldsOf, memberIndex, type FiveTuple } from './ecmp.ts';
import { acceptsEgress, acceptsIngress, mappedPort, type FloatingIp } from './floating-ip.ts';
import type { Interface } from './interface.ts';
import type { LabelNextHop } from './mpls.ts';
import type { CompositeNextHop, Member } from './next-hop.ts';
import type { Path } from './route.ts';
import type { Vrf } from './vrf.ts';

/** Entries a vRouter has room for unless told otherwise. */
export const FLOW_TABLE_ENTRIES = 629_760;
/** Octets of one entry in the vRouter's memory, as the header of `flow -l` accounts for them. */
export const FLOW_ENTRY_OCTETS = 128;

/** Why a flow drops its packets, in the words of the vRouter. */
export type DropReason = 'SHORT_NO_DST_ROUTE' | 'SHORT_UNAVAILABLE_INTERFACE' | 'SHORT_PORT_MAP_DROP';

export type TcpFlag = 'SYN' | 'ACK' | 'FIN' | 'RST';

export interface Packet extends FiveTuple {
  readonly octets?: number;
  readonly tcpFlags?: readonly TcpFlag[];
}

/** Where a packet comes from: an interface of this node, or a tunnel with a label of ours. */
export type Ingress =
  { readonly interface: Interface } | { readonly tunnelSource: string; readonly nextHop: LabelNextHop };

/** What becomes of a packet. */
export type Verdict =
  | {
      readonly action: 'deliver';
      readonly interface: Interface;
      readonly packet: Packet;
      readonly flow: Flow;
    }
  | {
      readonly action: 'send';
      readonly destination: string;
      readonly tunnelType: string;
      readonly label: number;
      readonly packet: Packet;
      readonly flow: Flow;
    }
  | { readonly action: 'drop'; readonly because: DropReason; readonly flow: Flow | undefined };

/** Which parts of the header are rewritten, and to what. */
export interface Translation {
  readonly source?: { readonly address: string; readonly port: number };
  readonly destination?: { readonly address: string; readonly port: number };
}

/** One direction of a conversation. */
export interface Flow {
  readonly index: number;
  readonly key: FiveTuple;
  /** Id of the next hop that names the interface in the key, so that equal tuples of two networks differ. */
  readonly keyNextHop: number;
  readonly vrf: number;
  readonly destinationVrf: number;
  readonly translation: Translation;
  readonly dropReason: DropReason | undefined;
  /** Id of the next hop that packets are expected from. */
  readonly sourceNextHop: number;
  /** Outer source port of MPLS over UDP. */
  readonly udpSourcePort: number;
  /** Outer source address of packets that come by tunnel, or the index of the interface they come from. */
  readonly sourceInformation: string | number;
  /** The next hop taken, and its place among the members of a composite (-1: no choice was made). */
  member: Member | undefined;
  ecmpIndex: number;
  reverse: Flow | undefined;
  packets: number;
  octets: number;
  readonly tcp: Set<TcpState>;
}

/** Marks of a TCP conversation on one of its two flows; `…Reverse` is what the other direction did. */
export type TcpState =
  'syn' | 'synReverse' | 'established' | 'establishedReverse' | 'fin' | 'finReverse' | 'reset' | 'dead';

interface Target {
  readonly member: Member;
  readonly ecmpIndex: number;
}

export class FlowTable {
  readonly #entries = new Map<number, Flow>();
  readonly #byKey = new Map<string, Flow>();
  readonly capacity: number;
  created = 0;
  added = 0;
  deleted = 0;
  changed = 0;
  /** Conversations that found the table full; their packets pass without an entry. */
  overflow = 0;

  constructor(capacity = FLOW_TABLE_ENTRIES) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(index: number): Flow | undefined {
    return this.#entries.get(index);
  }

  /** Every flow, by index. */
  list(): Flow[] {
    return [...this.#entries.values()].sort((a, b) => a.index - b.index);
  }

  /** Passes one packet through the table. */
  process(packet: Packet, ingress: Ingress): Verdict {
    const own = 'interface' in ingress ? ingress.interface : this.#interfaceOf(ingress.nextHop, packet);
    if (own === undefined) return { action: 'drop', because: 'SHORT_UNAVAILABLE_INTERFACE', flow: undefined };
    let flow = this.#byKey.get(keyText(packet, own.policyNextHop?.id ?? -1));
    flow ??=
      'interface' in ingress ? this.#outbound(packet, own) : this.#inbound(packet, own, ingress.tunnelSource);
    flow.packets++;
    flow.octets += packet.octets ?? 0;
    track(flow, packet.tcpFlags ?? []);
    if (flow.dropReason !== undefined) return { action: 'drop', because: flow.dropReason, flow };
    const member = 'interface' in ingress ? this.#follow(flow, own) : flow.member;
    if (member === undefined) return { action: 'drop', because: 'SHORT_NO_DST_ROUTE', flow };
    const { nextHop } = member;
    const translated = translate(packet, flow.translation);
    if (nextHop.type === 'encap') {
      return { action: 'deliver', interface: nextHop.interface, packet: translated, flow };
    }
    if (nextHop.type === 'composite') throw new TypeError('a flow follows a member, not a composite');
    const { destination, tunnelType } = nextHop;
    return { action: 'send', destination, tunnelType, label: member.label, packet: translated, flow };
  }

  /** Takes a flow and its reverse out, e.g. when it has been idle. */
  delete(flow: Flow): void {
    for (const one of [flow, flow.reverse]) {
      if (one === undefined || !this.#entries.delete(one.index)) continue;
      this.#byKey.delete(keyText(one.key, one.keyNextHop));
      this.deleted++;
    }
  }

  /** Takes out the flows of an interface that goes away. */
  deleteInterface(gone: Interface): void {
    for (const flow of this.#entries.values()) {
      if (flow.keyNextHop === gone.policyNextHop?.id) this.delete(flow);
    }
  }

  /** A packet from a local interface: routed by its VRF, or by that of a floating IP it may leave through. */
  #outbound(packet: Packet, from: Interface): Flow {
    const target = choose(from.vrf.lookup(packet.destination)?.active, packet);
    if (target === undefined) return this.#throughFloatingIp(packet, from);
    const { nextHop } = target.member;
    if (nextHop.type !== 'encap') return this.#pair(packet, from, target, {});
    const to = nextHop.interface;
    const floatingIp = to.addresses.includes(packet.destination)
      ? undefined
      : to.floatingIp(packet.destination);
    if (floatingIp === undefined) return this.#pair(packet, from, target, { to });
    return this.#toFloatingIp(packet, from, to, floatingIp, target);
  }

  /** A packet by tunnel: its label has named the interface already. */
  #inbound(packet: Packet, to: Interface, tunnelSource: string): Flow {
    const target: Target = { member: { nextHop: to.nextHop!, label: to.label! }, ecmpIndex: -1 };
    const floatingIp = to.addresses.includes(packet.destination)
      ? undefined
      : to.floatingIp(packet.destination);
    if (floatingIp === undefined) return this.#pair(packet, to, target, { to, tunnelSource });
    return this.#toFloatingIp(packet, to, to, floatingIp, target, tunnelSource);
  }

  #toFloatingIp(
    packet: Packet,
    own: Interface,
    to: Interface,
    floatingIp: FloatingIp,
    target: Target,
    tunnelSource?: string,
  ): Flow {
    const port = mappedPort(floatingIp, packet.protocol, packet.destinationPort);
    if (port === undefined || !acceptsIngress(floatingIp))
      return this.#short(packet, own, 'SHORT_PORT_MAP_DROP');
    return this.#pair(packet, own, target, {
      to,
      ...(tunnelSource === undefined ? {} : { tunnelSource }),
      translation: { destination: { address: floatingIp.fixedIp, port } },
      reverseVrf: floatingIp.vrf,
    });
  }

  /** A workload whose network has no route may leave by a floating IP of its own that allows it. */
  #throughFloatingIp(packet: Packet, from: Interface): Flow {
    for (const floatingIp of from.floatingIps) {
      if (!acceptsEgress(floatingIp) || floatingIp.portMaps.length > 0) continue;
      if (floatingIp.fixedIp !== packet.source) continue;
      const { vrf } = floatingIp;
      const target = choose(vrf.lookup(packet.destination)?.active, packet);
      if (target === undefined) continue;
      const source = { address: floatingIp.address, port: packet.sourcePort };
      return this.#pair(packet, from, target, { translation: { source }, destinationVrf: vrf });
    }
    return this.#short(packet, from, 'SHORT_NO_DST_ROUTE');
  }

  /** Makes the entry of a flow and the one of its answers. */
  #pair(
    packet: Packet,
    own: Interface,
    target: Target,
    options: {
      readonly to?: Interface;
      readonly tunnelSource?: string;
      readonly translation?: Translation;
      readonly destinationVrf?: Vrf;
      readonly reverseVrf?: Vrf;
    },
  ): Flow {
    const { to, tunnelSource, translation = {} } = options;
    const vrf = own.vrf;
    const keyNextHop = own.policyNextHop!.id;
    // The answers come from the interface delivered to, or by tunnel to the interface the flow began at.
    const answering = to ?? own;
    const expected = vrf.lookup(packet.source)?.active?.nextHop.id ?? own.nextHop!.id;
    const answer = answerOf(packet, translation);
    const udpSourcePort = sourcePort(packet, vrf.id);
    const forward = this.#add(packet, keyNextHop, {
      vrf: vrf.id,
      destinationVrf: (options.destinationVrf ?? to?.vrf ?? vrf).id,
      translation,
      sourceNextHop: tunnelSource === undefined ? own.policyNextHop!.id : expected,
      udpSourcePort,
      sourceInformation: tunnelSource ?? own.index,
      target,
    });
    const reverse = this.#add(answer.key, answering.policyNextHop!.id, {
      vrf: (options.destinationVrf ?? answering.vrf).id,
      destinationVrf: (options.reverseVrf ?? vrf).id,
      translation: answer.translation,
      sourceNextHop:
        to === undefined
          ? (vrf.lookup(packet.destination)?.active?.nextHop.id ?? keyNextHop)
          : answering.policyNextHop!.id,
      udpSourcePort: sourcePort(answer.key, answering.vrf.id),
      sourceInformation:
        to === undefined && target.member.nextHop.type === 'tunnel'
          ? target.member.nextHop.destination
          : answering.index,
      target: this.#wayBack(packet, own, tunnelSource),
    });
    forward.reverse = reverse;
    reverse.reverse = forward;
    return forward;
  }

  /** Where the answers go: to the interface itself, or by the route to the packet's source. */
  #wayBack(packet: Packet, own: Interface, tunnelSource: string | undefined): Target | undefined {
    if (tunnelSource === undefined) {
      return { member: { nextHop: own.nextHop!, label: own.label! }, ecmpIndex: -1 };
    }
    const vrf = own.floatingIp(packet.destination)?.vrf;
    const target = choose(vrf?.lookup(packet.source)?.active, packet);
    return target ?? choose(own.vrf.lookup(packet.source)?.active, packet);
  }

  #short(packet: Packet, own: Interface, because: DropReason): Flow {
    return this.#add(packet, own.policyNextHop!.id, {
      vrf: own.vrf.id,
      destinationVrf: own.vrf.id,
      translation: {},
      sourceNextHop: own.policyNextHop!.id,
      udpSourcePort: 0,
      sourceInformation: own.index,
      target: undefined,
      dropReason: because,
    });
  }

  #add(
    key: FiveTuple,
    keyNextHop: number,
    entry: {
      vrf: number;
      destinationVrf: number;
      translation: Translation;
      sourceNextHop: number;
      udpSourcePort: number;
      sourceInformation: string | number;
      target: Target | undefined;
      dropReason?: DropReason;
    },
  ): Flow {
    const { source, destination, protocol, sourcePort, destinationPort } = key;
    const { target, dropReason, ...rest } = entry;
    const text = keyText(key, keyNextHop);
    const known = this.#byKey.get(text);
    if (known !== undefined) this.delete(known);
    const flow: Flow = {
      ...rest,
      key: { source, destination, protocol, sourcePort, destinationPort },
      keyNextHop,
      index: this.#freeIndex(flowHash(key, undefined, keyNextHop)),
      dropReason,
      member: target?.member,
      ecmpIndex: target?.ecmpIndex ?? -1,
      reverse: undefined,
      packets: 0,
      octets: 0,
      tcp: new Set(),
    };
    this.created++;
    if (flow.index < 0) {
      this.overflow++;
      return flow;
    }
    this.added++;
    this.#entries.set(flow.index, flow);
    this.#byKey.set(text, flow);
    return flow;
  }

  /** The first free place behind the hash; -1 when the table is full. */
  #freeIndex(hash: number): number {
    if (this.#entries.size >= this.capacity) return -1;
    let index = hash % this.capacity;
    while (this.#entries.has(index)) index = (index + 1) % this.capacity;
    return index;
  }

  /**
   * The member a flow takes now. It stays with the one it has as long as the route still leads there, however many
   * others come or go; only then another is chosen.
   */
  #follow(flow: Flow, own: Interface): Member | undefined {
    if (flow.member?.nextHop.type === 'encap' && flow.ecmpIndex < 0) return flow.member;
    const vrf = flow.translation.source === undefined || flow.reverse === undefined ? own.vrf : undefined;
    if (vrf === undefined) return flow.member;
    const active = vrf.lookup(flow.key.destination)?.active;
    const members = active === undefined ? [] : membersOf(active);
    if (flow.member !== undefined) {
      const index = memberIndex(members, flow.member);
      if (index >= 0) {
        if (members.length > 1 || flow.ecmpIndex >= 0) flow.ecmpIndex = index;
        return flow.member;
      }
    }
    const target = choose(active, flow.key);
    this.changed++;
    flow.member = target?.member;
    flow.ecmpIndex = target?.ecmpIndex ?? -1;
    return flow.member;
  }

  /** The interface behind a label: its own, or one of several with the same address. */
  #interfaceOf(nextHop: LabelNextHop, packet: Packet): Interface | undefined {
    if (nextHop.type === 'encap') return nextHop.interface;
    for (const { nextHop: member } of nextHop.members) {
      if (
        member.type === 'encap' &&
        this.#byKey.has(keyText(packet, member.interface.policyNextHop?.id ?? -1))
      ) {
        return member.interface;
      }
    }
    const member = leafOf(nextHop, packet);
    return member.nextHop.type === 'encap' ? member.nextHop.interface : undefined;
  }
}

/** What an answer looks like, and how it is translated back. */
function answerOf(packet: FiveTuple, translation: Translation): { key: FiveTuple; translation: Translation } {
  const { protocol, source, destination, sourcePort, destinationPort } = packet;
  const from = translation.destination ?? { address: destination, port: destinationPort };
  const to = translation.source ?? { address: source, port: sourcePort };
  return {
    key: {
      source: from.address,
      destination: to.address,
      protocol,
      sourcePort: from.port,
      destinationPort: to.port,
    },
    translation: {
      ...(translation.destination && { source: { address: destination, port: destinationPort } }),
      ...(translation.source && { destination: { address: source, port: sourcePort } }),
    },
  };
}

/** The next hops a path offers, a single one as a list of one. */
function membersOf(path: Path): readonly Member[] {
  const { nextHop, label } = path;
  if (nextHop.type === 'composite') return nextHop.members;
  return nextHop.type === 'encap' || nextHop.type === 'tunnel' ? [{ nextHop, label }] : [];
}

/** The next hop for a flow; undefined when the path leads nowhere. */
function choose(path: Path | undefined, flow: FiveTuple): Target | undefined {
  if (path === undefined) return undefined;
  const members = membersOf(path);
  if (members.length === 0) return undefined;
  const composite = path.nextHop.type === 'composite';
  const index = chooseMember(members, flowHash(flow, hashFieldsOf(path.received?.loadBalance.fields ?? [])));
  const member = members[index]!;
  if (member.nextHop.type !== 'composite') return { member, ecmpIndex: composite ? index : -1 };
  return { member: leafOf(member.nextHop, flow), ecmpIndex: index };
}

/** The member of a local composite for a flow; seeded, or flows that chose this composite would choose alike in it. */
function leafOf(composite: CompositeNextHop, flow: FiveTuple): Member {
  const LEAF_SEED = 0x9e37_79b9;
  return composite.members[chooseMember(composite.members, flowHash(flow, undefined, LEAF_SEED))]!;
}

function translate(packet: Packet, { source, destination }: Translation): Packet {
  return {
    ...packet,
    ...(source && { source: source.address, sourcePort: source.port }),
    ...(destination && { destination: destination.address, destinationPort: destination.port }),
  };
}

/** Outer source port of MPLS over UDP: one of the upper ports, by the flow, so that the underlay spreads flows. */
function sourcePort(flow: FiveTuple, vrf: number): number {
  return 49_152 + Math.floor((flowHash(flow, undefined, vrf) * 16_383) / 2 ** 32);
}

function keyText(key: FiveTuple, nextHop: number): string {
  return `${nextHop} ${key.protocol} ${key.source}:${key.sourcePort} ${key.destination}:${key.destinationPort}`;
}

/** Follows the life of a TCP conversation on both of its flows. */
function track(flow: Flow, flags: readonly TcpFlag[]): void {
  const { tcp, reverse } = flow;
  const mark = (ours: TcpState, theirs: TcpState): void => {
    tcp.add(ours);
    reverse?.tcp.add(theirs);
  };
  if (flags.includes('SYN')) mark('syn', 'synReverse');
  if (flags.includes('FIN')) mark('fin', 'finReverse');
  if (flags.includes('RST')) {
    mark('reset', 'reset');
    mark('dead', 'dead');
  }
  // Each side is established once it acknowledged the other's SYN.
  if (flags.includes('ACK') && tcp.has('synReverse')) mark('established', 'establishedReverse');
  if (tcp.has('fin') && tcp.has('finReverse') && flags.includes('ACK') && !flags.includes('FIN'))
    mark('dead', 'dead');
}
