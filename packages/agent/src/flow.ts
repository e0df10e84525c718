/** One direction of a conversation, as a vRouter remembers it. */
import type { FiveTuple } from './ecmp.ts';
import type { EncapNextHop, TunnelNextHop } from './next-hop.ts';
import type { Vrf } from './vrf.ts';

/** Why a flow drops its packets, in the words of the vRouter. */
export type DropReason = 'SHORT_NO_DST_ROUTE' | 'SHORT_UNAVAILABLE_INTERFACE' | 'SHORT_PORT_MAP_DROP';

export type TcpFlag = 'SYN' | 'ACK' | 'FIN' | 'RST';

export interface Packet extends FiveTuple {
  readonly octets?: number;
  readonly tcpFlags?: readonly TcpFlag[];
}

/** Where packets of a flow leave the node: an interface, or a tunnel with the label of what is behind it. */
export interface Leaf {
  readonly nextHop: EncapNextHop | TunnelNextHop;
  readonly label: number;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Which ends of a packet are rewritten, and to what. */
export interface Translation {
  readonly source?: Endpoint;
  readonly destination?: Endpoint;
}

/** Marks of a TCP conversation on one of its two flows; `…-reverse` is what the other direction did. */
export type TcpState =
  'syn' | 'syn-reverse' | 'established' | 'established-reverse' | 'fin' | 'fin-reverse' | 'reset' | 'dead';

export interface Flow {
  readonly index: number;
  readonly key: FiveTuple;
  /** Id of the next hop that names an interface in the key, so that equal tuples of two networks differ. */
  readonly keyNextHop: number;
  readonly vrf: Vrf;
  /** The VRF behind a translation; undefined where nothing is translated. */
  readonly destinationVrf: Vrf | undefined;
  readonly translation: Translation;
  readonly dropReason: DropReason | undefined;
  /** Where the next hop comes from; undefined where a label or the other direction has fixed it. */
  readonly route: { readonly vrf: Vrf; readonly destination: string } | undefined;
  /** The next hop taken; it does not change while the route still offers it. */
  readonly leaf: Leaf | undefined;
  /** Its place among the members of an ECMP next hop; -1 when there was no choice. */
  ecmpIndex: number;
  /** Id of the next hop that packets are expected from. */
  readonly sourceNextHop: number;
  /** Outer source port of MPLS over UDP. */
  readonly udpSourcePort: number;
  /** Outer source address of packets that come by tunnel, or the index of the interface they come from. */
  readonly sourceInformation: string | number;
  reverse: Flow | undefined;
  packets: number;
  octets: number;
  readonly tcp: Set<TcpState>;
}

/** A packet with its ends rewritten. */
export function translate<P extends FiveTuple>(packet: P, { source, destination }: Translation): P {
  return {
    ...packet,
    ...(source && { source: source.address, sourcePort: source.port }),
    ...(destination && { destination: destination.address, destinationPort: destination.port }),
  };
}

/** The tuple of the answers to a packet that was translated. */
export function answerTo(packet: FiveTuple, translation: Translation): FiveTuple {
  const { protocol, source, destination, sourcePort, destinationPort } = translate(packet, translation);
  return {
    source: destination,
    destination: source,
    protocol,
    sourcePort: destinationPort,
    destinationPort: sourcePort,
  };
}

/** How answers are translated, so that their receiver sees the ends it spoke to. */
export function reverseTranslation(packet: FiveTuple, { source, destination }: Translation): Translation {
  return {
    ...(destination && { source: { address: packet.destination, port: packet.destinationPort } }),
    ...(source && { destination: { address: packet.source, port: packet.sourcePort } }),
  };
}

/** Follows the life of a TCP conversation on both of its flows. */
export function trackTcp({ tcp, reverse }: Flow, flags: readonly TcpFlag[]): void {
  const mark = (ours: TcpState, theirs: TcpState): void => {
    tcp.add(ours);
    reverse?.tcp.add(theirs);
  };
  if (flags.includes('SYN')) mark('syn', 'syn-reverse');
  if (flags.includes('FIN')) mark('fin', 'fin-reverse');
  if (flags.includes('RST')) {
    mark('reset', 'reset');
    mark('dead', 'dead');
  }
  if (!flags.includes('ACK')) return;
  // Each side is established once it acknowledged the SYN of the other.
  if (tcp.has('syn-reverse')) mark('established', 'established-reverse');
  if (tcp.has('fin') && tcp.has('fin-reverse') && !flags.includes('FIN')) mark('dead', 'dead');
}
