/**
 * What the first packet of a conversation decides: which ECMP member takes it, how a floating IP is translated, and
 * where the answers go. Two entries come of it, which the flow table keeps.
 */
import type { FiveTuple } from './ecmp.ts';
import {
  type DropReason,
  type Flow,
  type Packet,
  type Translation,
  answerTo,
  reverseTranslation,
} from './flow.ts';
import { type Choice, choose, homeOf } from './flow-choice.ts';
import { type FloatingIp, acceptsEgress, acceptsIngress, mappedPort } from './floating-ip.ts';
import type { Interface } from './interface.ts';
import type { Vrf } from './vrf.ts';

/** A flow before it has a place in the table. */
export interface FlowEntry extends Pick<
  Flow,
  | 'keyNextHop'
  | 'vrf'
  | 'destinationVrf'
  | 'translation'
  | 'dropReason'
  | 'route'
  | 'sourceNextHop'
  | 'sourceInformation'
> {
  readonly packet: FiveTuple;
  readonly choice: Choice | undefined;
}

/** The entry of a flow and the one of its answers; what is dropped is not answered. */
export interface FlowPair {
  readonly forward: FlowEntry;
  readonly reverse: FlowEntry | undefined;
}

/** A packet from a local interface: routed by its VRF, or by that of a floating IP it may leave through. */
export function outbound(packet: Packet, from: Interface): FlowPair {
  const choice = choose(from.vrf.lookup(packet.destination)?.active, packet);
  if (choice === undefined) return throughFloatingIp(packet, from);
  const route = { vrf: from.vrf, destination: packet.destination };
  const { nextHop } = choice.leaf;
  if (nextHop.type === 'tunnel') return pair(packet, from, choice, { route });
  return deliver(packet, from, nextHop.interface, choice, { route });
}

/** A packet by tunnel: its label has named the interface already. */
export function inbound(packet: Packet, to: Interface, tunnelSource: string): FlowPair {
  const choice: Choice = { leaf: { nextHop: to.nextHop!, label: to.label! }, ecmpIndex: -1 };
  return deliver(packet, to, to, choice, { tunnelSource });
}

/** Towards a workload of this node, by its own address or by a floating IP of it. */
function deliver(
  packet: Packet,
  own: Interface,
  to: Interface,
  choice: Choice,
  by: { readonly route?: NonNullable<Flow['route']>; readonly tunnelSource?: string },
): FlowPair {
  if (to.addresses.includes(packet.destination)) return pair(packet, own, choice, { to, ...by });
  const floatingIp = to.floatingIp(packet.destination);
  if (floatingIp === undefined) return pair(packet, own, choice, { to, ...by });
  const port = mappedPort(floatingIp, packet.protocol, packet.destinationPort);
  if (port === undefined || !acceptsIngress(floatingIp)) return short(packet, own, 'SHORT_PORT_MAP_DROP');
  const translation = { destination: { address: floatingIp.fixedIp, port } };
  return pair(packet, own, choice, { to, translation, floatingIp, ...by });
}

/** A workload whose network has no route may leave by a floating IP of its own that allows it. */
function throughFloatingIp(packet: Packet, from: Interface): FlowPair {
  for (const floatingIp of from.floatingIps) {
    if (!acceptsEgress(floatingIp) || floatingIp.portMaps.length > 0) continue;
    if (floatingIp.fixedIp !== packet.source) continue;
    const choice = choose(floatingIp.vrf.lookup(packet.destination)?.active, packet);
    if (choice === undefined) continue;
    const route = { vrf: floatingIp.vrf, destination: packet.destination };
    const translation = { source: { address: floatingIp.address, port: packet.sourcePort } };
    return pair(packet, from, choice, { route, translation, floatingIp });
  }
  return short(packet, from, 'SHORT_NO_DST_ROUTE');
}

/** Makes the entry of a flow and the one of its answers. */
function pair(
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
): FlowPair {
  const { vrf } = own;
  const { nextHop } = choice.leaf;
  const sourceVrf = translation.source === undefined ? vrf : floatingIp!.vrf;
  const forward: FlowEntry = {
    packet,
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
  };
  // Answers come from the workload delivered to, or by tunnel with the label of the interface the flow began at.
  const answering = to ?? own;
  const reverse: FlowEntry = {
    packet: answerTo(packet, translation),
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
  };
  return { forward, reverse };
}

/** A flow that drops; the next packet tries again. */
function short(packet: Packet, own: Interface, dropReason: DropReason): FlowPair {
  const forward: FlowEntry = {
    packet,
    keyNextHop: own.policyNextHop!.id,
    vrf: own.vrf,
    destinationVrf: undefined,
    translation: {},
    dropReason,
    route: undefined,
    choice: undefined,
    sourceNextHop: own.policyNextHop!.id,
    sourceInformation: own.index,
  };
  return { forward, reverse: undefined };
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
