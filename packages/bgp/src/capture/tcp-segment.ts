/** The TCP segment in a captured packet, behind whatever link, VLAN and IP headers it has. */
import { ipv4At, ipv4Text, ipv6Text } from '@vaportrail/net';

/** A segment of a capture, with what is needed to put streams together. */
export interface TcpSegment {
  /** `address:port`, IPv6 addresses in brackets. */
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly syn: boolean;
  /** The sender will send no more: FIN or RST. */
  readonly end: boolean;
  readonly payload: Uint8Array;
}

/** Link types this reads, with the octets in front of an ethertype (or of the IP header itself). */
const ETHERNET = 1;
const rawIp = new Set([12, 14, 101, 228, 229]);
/** BSD loopback: four octets of address family in front. */
const loopback = new Set([0, 108]);
const etherTypeAt: Readonly<Record<number, number>> = { [ETHERNET]: 12, 104: 2, 113: 14, 276: 0 };
/** Octets of the header of Linux cooked captures of version 2, whose ethertype stands first. */
const COOKED_V2 = 276;
const etherType = { ipv4: 0x0800, ipv6: 0x86dd, vlan: 0x8100, serviceVlan: 0x88a8 } as const;
const TCP = 6;
/** Headers of IPv6 that may stand in front of TCP: hop-by-hop, routing, destination options. */
const extensionHeaders = new Set([0, 43, 60]);

const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;

/** `undefined` for anything but a whole TCP segment; fragments of IP packets are not put together. */
export function tcpSegment(linkType: number, bytes: Uint8Array): TcpSegment | undefined {
  const at = networkHeaderAt(linkType, bytes);
  if (at === undefined || at >= bytes.length) return undefined;
  const version = bytes[at]! >>> 4;
  if (version === 4) return ipv4Segment(bytes, at);
  return version === 6 ? ipv6Segment(bytes, at) : undefined;
}

function networkHeaderAt(linkType: number, bytes: Uint8Array): number | undefined {
  if (rawIp.has(linkType)) return 0;
  if (loopback.has(linkType)) return 4;
  let at = etherTypeAt[linkType];
  if (at === undefined) return undefined;
  if (linkType === COOKED_V2) return isIp(u16(bytes, 0)) ? 20 : undefined;
  while (at + 2 <= bytes.length) {
    const type = u16(bytes, at);
    if (isIp(type)) return at + 2;
    if (type !== etherType.vlan && type !== etherType.serviceVlan) return undefined;
    at += 4;
  }
  return undefined;
}

function isIp(type: number): boolean {
  return type === etherType.ipv4 || type === etherType.ipv6;
}

function ipv4Segment(bytes: Uint8Array, at: number): TcpSegment | undefined {
  if (bytes.length - at < 20 || bytes[at + 9] !== TCP) return undefined;
  const isFragment = (u16(bytes, at + 6) & 0x3fff) !== 0;
  const header = (bytes[at]! & 0x0f) * 4;
  const total = u16(bytes, at + 2) || bytes.length - at; // 0 with segmentation offload
  if (isFragment || header < 20 || total > bytes.length - at) return undefined;
  const [source, destination] = [ipv4Text(ipv4At(bytes, at + 12)), ipv4Text(ipv4At(bytes, at + 16))];
  return segment(bytes, at + header, at + total, source, destination);
}

function ipv6Segment(bytes: Uint8Array, at: number): TcpSegment | undefined {
  if (bytes.length - at < 40) return undefined;
  const length = u16(bytes, at + 4) || bytes.length - at - 40;
  const end = at + 40 + length;
  if (end > bytes.length) return undefined;
  let next = bytes[at + 6]!;
  let transport = at + 40;
  while (extensionHeaders.has(next)) {
    if (end - transport < 8) return undefined;
    next = bytes[transport]!;
    transport += 8 + bytes[transport + 1]! * 8;
  }
  if (next !== TCP) return undefined;
  const [source, destination] = [`[${ipv6Text(bytes, at + 8)}]`, `[${ipv6Text(bytes, at + 24)}]`];
  return segment(bytes, transport, end, source, destination);
}

function segment(
  bytes: Uint8Array,
  at: number,
  end: number,
  source: string,
  destination: string,
): TcpSegment | undefined {
  if (end - at < 20) return undefined;
  const header = (bytes[at + 12]! >>> 4) * 4;
  if (header < 20 || header > end - at) return undefined;
  const flags = bytes[at + 13]!;
  const sourcePort = u16(bytes, at);
  const destinationPort = u16(bytes, at + 2);
  return {
    source: `${source}:${sourcePort}`,
    destination: `${destination}:${destinationPort}`,
    sourcePort,
    destinationPort,
    sequence: ipv4At(bytes, at + 4),
    syn: (flags & 0x02) !== 0,
    end: (flags & 0x05) !== 0,
    payload: bytes.subarray(at + header, end),
  };
}
