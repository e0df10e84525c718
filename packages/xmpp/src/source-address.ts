/** Who counts as one when connections are shared out: an IPv4 address, or the 64 bits of an IPv6 network. */
import { parseAddress } from '@vaportrail/net';

/** Octets of an IPv6 address that a host cannot choose. */
const NETWORK_OCTETS = 8;

/** What addresses of one owner have in common; the text itself when it is no address. */
export function sourceOf(address: string): string {
  if (!address.includes(':')) return address;
  try {
    const network = parseAddress(address.replace(/%.*/, '')).subarray(0, NETWORK_OCTETS);
    return Buffer.from(network).toString('hex');
  } catch {
    return address;
  }
}
