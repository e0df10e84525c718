/** The next hop of a path in a dump. */
import { ipv4Bytes } from '@vaportrail/net';
import type { PathAttributes } from '../attributes/path-attributes.ts';

const MP_REACH = 14;

/**
 * Address of the next hop, four or sixteen octets: that of MP_REACH_NLRI, whole or in the short form of a dump, otherwise
 * NEXT_HOP. A route distinguisher in front and a link-local address behind are left out.
 * @see RFC 6396 §4.3.4
 */
export function nextHopOf(attributes: PathAttributes): Uint8Array | undefined {
  const reach = attributes.valueOf(MP_REACH);
  if (reach !== undefined) {
    // In the short form the first octet is the length; in the whole one it is the high half of a small AFI: zero.
    const lengthAt = reach[0] === 0 ? 3 : 0;
    const length = reach[lengthAt] ?? 0;
    const at = lengthAt + 1;
    if (at + length <= reach.length) {
      if (length === 4) return reach.subarray(at, at + 4);
      if (length === 12) return reach.subarray(at + 8, at + 12);
      if (length === 16 || length === 32) return reach.subarray(at, at + 16);
      if (length === 24 || length === 48) return reach.subarray(at + 8, at + 24);
    }
  }
  const { nextHop } = attributes;
  return nextHop === undefined ? undefined : ipv4Bytes(nextHop);
}
