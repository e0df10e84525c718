/** The next hop of MP_REACH_NLRI: one address or two, behind route distinguishers in the VPN families. */
import { Writer, hexText, ipv4At, ipv4Text, ipv6Text, parseAddress, parseHex } from '@vaportrail/net';
import type { UpdateFrame } from './update-frame.ts';

/** The next hop of a route as text. @see RFC 2545 §3 */
export interface NextHop {
  readonly nextHop?: string;
  readonly linkLocalNextHop?: string;
}

/** Next hops of 4 and 16 octets, of two addresses, and of both behind a route distinguisher. @see RFC 4659 §3.2.1 */
export function nextHopText(bytes: Uint8Array, at: number, octets: number): NextHop {
  switch (octets) {
    case 4:
      return { nextHop: ipv4Text(ipv4At(bytes, at)) };
    case 12:
      return { nextHop: ipv4Text(ipv4At(bytes, at + 8)) };
    case 16:
      return { nextHop: ipv6Text(bytes, at) };
    case 24:
      return { nextHop: ipv6Text(bytes, at + 8) };
    case 32:
      return { nextHop: ipv6Text(bytes, at), linkLocalNextHop: ipv6Text(bytes, at + 16) };
    case 48:
      return { nextHop: ipv6Text(bytes, at + 8), linkLocalNextHop: ipv6Text(bytes, at + 32) };
    case 0:
      return {};
    default:
      return { nextHop: `0x${hexText(bytes, at, at + octets)}` };
  }
}

/** Whether the text of the next hop gives its octets back: route distinguishers of zero where the family has some. */
export function isPlainNextHop({
  bytes,
  reachSafi,
  reachNextHopAt: at,
  reachNextHopLength: octets,
}: UpdateFrame): boolean {
  if (!hasDistinguishedNextHop(reachSafi)) return octets !== 12 && octets !== 24 && octets !== 48;
  if (octets !== 12 && octets !== 24 && octets !== 48) return octets === 0;
  const half = octets === 48 ? 24 : octets;
  for (let from = at; from < at + octets; from += half) {
    for (let i = from; i < from + 8; i++) if (bytes[i] !== 0) return false;
  }
  return true;
}

/** Families of VPN routes have their next hop behind a route distinguisher. @see RFC 4364 §4.3.4 */
function hasDistinguishedNextHop(safi: number): boolean {
  return safi === 128 || safi === 129 || safi === 72;
}

/** The octets of a next hop: behind route distinguishers of zero for the VPN families. */
export function nextHopOctets({ nextHop, linkLocalNextHop }: NextHop, safi: number): Uint8Array {
  if (nextHop === undefined) return new Uint8Array(0);
  if (nextHop.startsWith('0x')) return parseHex(nextHop.slice(2));
  const behind = hasDistinguishedNextHop(safi) ? 8 : 0;
  const writer = new Writer(48);
  for (const address of [nextHop, linkLocalNextHop]) {
    if (address !== undefined) writer.bytes(new Uint8Array(behind)).bytes(parseAddress(address));
  }
  return writer.finish();
}
