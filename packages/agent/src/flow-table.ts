/**
 * The flow table: the first packet of a conversation decides where it goes, which ECMP member takes it and how a
 * floating IP is translated; every later one, and the answers, follow the pair of entries made then.
 */
import { type FiveTuple, flowHash } from './ecmp.ts';
import {
  type DropReason,
  type Flow,
  type Packet,
  type Translation,
  answerTo,
  reverseTranslation,
  trackTcp,
  translate,
} from './flow.ts';
import { type Choice, choose, homeOf, leafIn, membersOf, placeOf } from './flow-choice.ts';
import { type FloatingIp, acceptsEgress, acceptsIngress, mappedPort } from './floating-ip.ts';
import type { Interface } from './interface.ts';
import type { LabelNextHop } from './mpls.ts';
import type { Vrf } from './vrf.ts';

/** Entries a vRouter has room for unless told otherwise. */
export const FLOW_TABLE_ENTRIES = 629_760;
/** Octets of one entry in the vRouter's memory, as the header of `flow -l` accounts for them. */
export const FLOW_ENTRY_OCTETS = 128;

/** Outer UDP source ports: the upper quarter of all. */
const FIRST_SOURCE_PORT = 49_152;
const SOURCE_PORTS = 16_383;

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

type NewFlow = Omit<
  Flow,
  'index' | 'key' | 'leaf' | 'ecmpIndex' | 'udpSourcePort' | 'reverse' | 'packets' | 'octets' | 'tcp'
> & {
  readonly choice: Choice | undefined;
};

export class FlowTable {
  readonly capacity: number;
  readonly counters = { created: 0, added: 0, deleted: 0, changed: 0, overflow: 0 };
  readonly #byIndex = new Map<number, Flow>();
  readonly #byKey = new Map<string, Flow>();

  constructor(capacity = FLOW_TABLE_ENTRIES) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.#byIndex.size;
  }

  get(index: number): Flow | undefined {
    return this.#byIndex.get(index);
  }

  /** Every flow, by index. */
  list(): Flow[] {
    return [...this.#byIndex.values()].sort((a, b) => a.index - b.index);
  }

  /** Passes one packet through the table. */
  process(packet: Packet, ingress: Ingress): Verdict {
    const own = 'interface' in ingress ? ingress.interface : this.#interfaceOf(ingress.nextHop, packet);
    const tunnelSource = 'interface' in ingress ? undefined : ingress.tunnelSource;
    const flow = this.#flowOf(packet, own, tunnelSource);
    flow.packets++;
    flow.octets += packet.octets ?? 0;
    trackTcp(flow, packet.tcpFlags ?? []);
    if (tunnelSource === undefined) count(own.received, packet);
    if (flow.leaf === undefined) {
      own.drops++;
      return { action: 'drop', because: flow.dropReason ?? 'SHORT_NO_DST_ROUTE', flow };
    }
    const translated = translate(packet, flow.translation);
    const { nextHop, label } = flow.leaf;
    if (nextHop.type === 'tunnel') {
      const { destination, tunnelType } = nextHop;
      return { action: 'send', destination, tunnelType, label, packet: translated, flow };
    }
    count(nextHop.interface.sent, packet);
    return { action: 'deliver', interface: nextHop.interface, packet: translated, flow };
  }

  /** Takes a flow and its reverse out, e.g. when it has been idle. */
  delete(flow: Flow): void {
    for (const one of [flow, flow.reverse]) {
      if (one === undefined || !this.#byIndex.delete(one.index)) continue;
      this.#byKey.delete(keyText(one.key, one.keyNextHop));
      this.counters.deleted++;
    }
  }

  /** Takes out the flows of an interface that goes away. */
  deleteInterface({ policyNextHop }: Interface): void {
    for (const flow of this.#byIndex.values()) if (flow.keyNextHop === policyNextHop?.id) this.delete(flow);
  }

  /** The flow a packet belongs to: the one that is there, or a new one when its next hop is not to be had any more. */
  #flowOf(packet: Packet, own: Interface, tunnelSource: string | undefined): Flow {
    const known = this.#byKey.get(keyText(packet, own.policyNextHop!.id));
    if (known !== undefined && this.#stillLeads(known)) return known;
    if (known !== undefined) {
      this.delete(known);
      this.counters.changed++;
    }
    const flow =
      tunnelSource === undefined ? this.#outbound(packet, own) : this.#inbound(packet, own, tunnelSource);
    flow.packets = known?.packets ?? 0;
    flow.octets = known?.octets ?? 0;
    return flow;
  }

  /** Whether the route still offers the next hop of a flow, however many others came or went. */
  #stillLeads(flow: Flow): boolean {
    if (flow.leaf === undefined) return false;
    if (flow.route === undefined) return true;
    const active = flow.route.vrf.lookup(flow.route.destination)?.active;
    const members = active === undefined ? [] : membersOf(active);
    const place = placeOf(members, flow.leaf);
    if (place >= 0 && flow.ecmpIndex >= 0) flow.ecmpIndex = place;
    return place >= 0;
  }

  /** A packet from a local interface: routed by its VRF, or by that of a floating IP it may leave through. */
  #outbound(packet: Packet, from: Interface): Flow {
    const choice = choose(from.vrf.lookup(packet.destination)?.active, packet);
    if (choice === undefined) return this.#throughFloatingIp(packet, from);
    const route = { vrf: from.vrf, destination: packet.destination };
    const { nextHop } = choice.leaf;
    if (nextHop.type === 'tunnel') return this.#pair(packet, from, choice, { route });
    return this.#deliver(packet, from, nextHop.interface, choice, { route });
  }

  /** A packet by tunnel: its label has named the interface already. */
  #inbound(packet: Packet, to: Interface, tunnelSource: string): Flow {
    const choice: Choice = { leaf: { nextHop: to.nextHop!, label: to.label! }, ecmpIndex: -1 };
    return this.#deliver(packet, to, to, choice, { tunnelSource });
  }

  /** Towards a workload of this node, by its own address or by a floating IP of it. */
  #deliver(
    packet: Packet,
    own: Interface,
    to: Interface,
    choice: Choice,
    by: { readonly route?: NonNullable<Flow['route']>; readonly tunnelSource?: string },
  ): Flow {
    if (to.addresses.includes(packet.destination)) return this.#pair(packet, own, choice, { to, ...by });
    const floatingIp = to.floatingIp(packet.destination);
    if (floatingIp === undefined) return this.#pair(packet, own, choice, { to, ...by });
    const port = mappedPort(floatingIp, packet.protocol, packet.destinationPort);
    if (port === undefined || !acceptsIngress(floatingIp))
      return this.#short(packet, own, 'SHORT_PORT_MAP_DROP');
    const translation = { destination: { address: floatingIp.fixedIp, port } };
    return this.#pair(packet, own, choice, { to, translation, floatingIp, ...by });
  }

  /** A workload whose network has no route may leave by a floating IP of its own that allows it. */
  #throughFloatingIp(packet: Packet, from: Interface): Flow {
    for (const floatingIp of from.floatingIps) {
      if (!acceptsEgress(floatingIp) || floatingIp.portMaps.length > 0) continue;
      if (floatingIp.fixedIp !== packet.source) continue;
      const choice = choose(floatingIp.vrf.lookup(packet.destination)?.active, packet);
      if (choice === undefined) continue;
      const route = { vrf: floatingIp.vrf, destination: packet.destination };
      const translation = { source: { address: floatingIp.address, port: packet.sourcePort } };
      return this.#pair(packet, from, choice, { route, translation, floatingIp });
    }
    return this.#short(packet, from, 'SHORT_NO_DST_ROUTE');
  }

  /** Makes the entry of a flow and the one of its answers. */
  #pair(
    packet: Packet,
    own: Interface,
    choice: Choice,
    {
      route,
      to,
      tunnelSource,
      translation = {},
      floatingIp,
    }: {
      readonly route?: NonNullable<Flow['route']>;
      /** The workload of this node that the packet is for. */
      readonly to?: Interface;
      readonly tunnelSource?: string;
      readonly translation?: Translation;
      readonly floatingIp?: FloatingIp;
    },
  ): Flow {
    const { vrf } = own;
    const { nextHop } = choice.leaf;
    const sourceVrf = translation.source === undefined ? vrf : floatingIp!.vrf;
    const forward = this.#add(packet, {
      keyNextHop: own.policyNextHop!.id,
      vrf,
      destinationVrf:
        floatingIp === undefined ? undefined : translation.source === undefined ? to!.vrf : sourceVrf,
      translation,
      dropReason: undefined,
      route,
      choice,
      sourceNextHop:
        tunnelSource === undefined
          ? own.policyNextHop!.id
          : (nextHopId(returnVrfs(own, floatingIp), packet.source) ?? 0),
      sourceInformation: tunnelSource ?? own.index,
    });
    // Answers come from the workload delivered to, or by tunnel with the label of the interface the flow began at.
    const answering = to ?? own;
    const reverse = this.#add(answerTo(packet, translation), {
      keyNextHop: answering.policyNextHop!.id,
      vrf: answering.vrf,
      destinationVrf: floatingIp === undefined ? undefined : to === undefined ? own.vrf : floatingIp.vrf,
      translation: reverseTranslation(packet, translation),
      dropReason: undefined,
      ...(tunnelSource === undefined
        ? { route: undefined, choice: homeOf(own) }
        : wayBack(packet, own, floatingIp)),
      sourceNextHop:
        to === undefined ? (nextHopId([sourceVrf], packet.destination) ?? 0) : answering.policyNextHop!.id,
      sourceInformation: nextHop.type === 'tunnel' ? nextHop.destination : answering.index,
    });
    forward.reverse = reverse;
    reverse.reverse = forward;
    return forward;
  }

  /** A flow that drops; the next packet tries again. */
  #short(packet: Packet, own: Interface, dropReason: DropReason): Flow {
    return this.#add(packet, {
      keyNextHop: own.policyNextHop!.id,
      vrf: own.vrf,
      destinationVrf: undefined,
      translation: {},
      dropReason,
      route: undefined,
      choice: undefined,
      sourceNextHop: own.policyNextHop!.id,
      sourceInformation: own.index,
    });
  }

  #add(packet: FiveTuple, { choice, ...entry }: NewFlow): Flow {
    const { source, destination, protocol, sourcePort, destinationPort } = packet;
    const key = { source, destination, protocol, sourcePort, destinationPort };
    const text = keyText(key, entry.keyNextHop);
    const inTheWay = this.#byKey.get(text);
    if (inTheWay !== undefined) this.delete(inTheWay);
    const flow: Flow = {
      ...entry,
      index: this.#freeIndex(flowHash(key, undefined, entry.keyNextHop)),
      key,
      leaf: choice?.leaf,
      ecmpIndex: choice?.ecmpIndex ?? -1,
      udpSourcePort:
        FIRST_SOURCE_PORT + Math.floor((flowHash(key, undefined, entry.vrf.id) * SOURCE_PORTS) / 2 ** 32),
      reverse: undefined,
      packets: 0,
      octets: 0,
      tcp: new Set(),
    };
    this.counters.created++;
    if (flow.index < 0) {
      this.counters.overflow++;
      return flow;
    }
    this.counters.added++;
    this.#byIndex.set(flow.index, flow);
    this.#byKey.set(text, flow);
    return flow;
  }

  /** The first free place behind the hash; -1 when the table is full, and the packet passes without an entry. */
  #freeIndex(hash: number): number {
    if (this.#byIndex.size >= this.capacity) return -1;
    let index = hash % this.capacity;
    while (this.#byIndex.has(index)) index = (index + 1) % this.capacity;
    return index;
  }

  /** The interface behind a label: its own, or the one of several with an address that has the flow or shall have it. */
  #interfaceOf(nextHop: LabelNextHop, packet: Packet): Interface {
    if (nextHop.type === 'encap') return nextHop.interface;
    const interfaces = nextHop.members.map(({ nextHop: hop }) => (hop as { interface: Interface }).interface);
    const known = interfaces.find(({ policyNextHop }) => this.#byKey.has(keyText(packet, policyNextHop!.id)));
    return known ?? (leafIn(nextHop, packet).nextHop as { interface: Interface }).interface;
  }
}

/** The way of answers to packets that came by tunnel: by the route to whoever sent them. */
function wayBack(
  packet: Packet,
  own: Interface,
  floatingIp: FloatingIp | undefined,
): { readonly route: Flow['route']; readonly choice: Choice | undefined } {
  for (const vrf of returnVrfs(own, floatingIp)) {
    const choice = choose(vrf.lookup(packet.source)?.active, packet);
    if (choice !== undefined) return { route: { vrf, destination: packet.source }, choice };
  }
  return { route: undefined, choice: undefined };
}

/** Whoever came by a floating IP is looked for in its VRF first. */
function returnVrfs(own: Interface, floatingIp: FloatingIp | undefined): Vrf[] {
  return floatingIp === undefined ? [own.vrf] : [floatingIp.vrf, own.vrf];
}

function nextHopId(vrfs: readonly Vrf[], address: string): number | undefined {
  for (const vrf of vrfs) {
    const active = vrf.lookup(address)?.active;
    if (active !== undefined && active.nextHop.type !== 'discard') return active.nextHop.id;
  }
  return undefined;
}

function count(counter: { packets: number; octets: number }, { octets = 0 }: Packet): void {
  counter.packets++;
  counter.octets += octets;
}

function keyText(key: FiveTuple, nextHop: number): string {
  return `${nextHop} ${key.protocol} ${key.source}:${key.sourcePort} ${key.destination}:${key.destinationPort}`;
}
