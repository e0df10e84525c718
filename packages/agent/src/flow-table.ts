/**
 * The flow table: what the first packet of a conversation decided (`first-packet.ts`) every later one, and the answers,
 * follow, by the pair of entries made then.
 */
import { type FiveTuple, flowHash } from './ecmp.ts';
import { type FlowEntry, type FlowPair, inbound, outbound } from './first-packet.ts';
import { type DropReason, type Flow, type Packet, trackTcp, translate } from './flow.ts';
import { leafIn, membersOf, placeOf } from './flow-choice.ts';
import type { Interface } from './interface.ts';
import type { LabelNextHop } from './mpls.ts';

/** Entries a vRouter has room for unless told otherwise. */
const FLOW_TABLE_ENTRIES = 629_760;
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
    const flow = this.#addPair(
      tunnelSource === undefined ? outbound(packet, own) : inbound(packet, own, tunnelSource),
    );
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

  /** Takes in the entry of a flow and the one of its answers. */
  #addPair({ forward, reverse }: FlowPair): Flow {
    const flow = this.#add(forward);
    if (reverse === undefined) return flow;
    flow.reverse = this.#add(reverse);
    flow.reverse.reverse = flow;
    return flow;
  }

  #add({ packet, choice, ...entry }: FlowEntry): Flow {
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

function count(counter: { packets: number; octets: number }, { octets = 0 }: Packet): void {
  counter.packets++;
  counter.octets += octets;
}

function keyText(key: FiveTuple, nextHop: number): string {
  return `${nextHop} ${key.protocol} ${key.source}:${key.sourcePort} ${key.destination}:${key.destinationPort}`;
}
