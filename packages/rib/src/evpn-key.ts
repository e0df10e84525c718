/** Which octets of an EVPN route name it, and which only describe it. */

const OCTETS_BEFORE_BODY = 2;
const RD = 8;
const ESI = 10;
const TAG = 4;
const MAC = 6;
const LABEL = 3;

const ETHERNET_AUTO_DISCOVERY = 1;
const MAC_IP_ADVERTISEMENT = 2;
const IP_PREFIX = 5;

/**
 * Writes the canonical NLRI of the route in `bytes[at…at + length)`: what does not name the route is zero, and one label
 * is left of two. It is a valid NLRI, and the one that withdraws the route. Other types of routes are copied.
 *
 * Ethernet segment, gateway and labels do not count: a MAC address that moves to another segment is the same route.
 * @see RFC 7432 §7.1, §7.2, RFC 9136 §3.1
 * @returns the octets written
 */
export function evpnKey(bytes: Uint8Array, at: number, length: number, into: Uint8Array, to: number): number {
  for (let i = 0; i < length; i++) into[to + i] = bytes[at + i]!;
  const body = to + OCTETS_BEFORE_BODY;
  switch (bytes[at]) {
    case ETHERNET_AUTO_DISCOVERY:
      into.fill(0, body + RD + ESI + TAG, to + length);
      return length;
    case MAC_IP_ADVERTISEMENT: {
      into.fill(0, body + RD, body + RD + ESI);
      const ipBits = into[body + RD + ESI + TAG + 1 + MAC]!;
      const labelAt = body + RD + ESI + TAG + 1 + MAC + 1 + (ipBits >>> 3);
      into.fill(0, labelAt, labelAt + LABEL);
      into[to + 1] = labelAt + LABEL - body;
      return labelAt + LABEL - to;
    }
    case IP_PREFIX: {
      into.fill(0, body + RD, body + RD + ESI);
      // Prefix and gateway have four octets each, or sixteen.
      const address = (length - OCTETS_BEFORE_BODY - RD - ESI - TAG - 1 - LABEL) >>> 1;
      into.fill(0, body + RD + ESI + TAG + 1 + address, to + length);
      return length;
    }
    default:
      return length;
  }
}
