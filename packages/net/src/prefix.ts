/** IP prefixes: an address family, a length, and the octets that the length covers. */
import { ipv4At, ipv4Text, ipv6GroupsText, parseAddress } from './address.ts';

/** An IPv4 or IPv6 prefix; `bytes` has 4 or 16 octets with the host bits cleared. */
export interface Prefix {
  readonly bytes: Uint8Array;
  /** Prefix length in bits, 0–32 or 0–128. */
  readonly length: number;
}

/** Octets needed on the wire for a prefix of so many bits. @see RFC 4271 §4.3 */
export function prefixOctets(bits: number): number {
  return (bits + 7) >>> 3;
}

/** Clears the bits of `bytes` behind the first `length` ones, in place. */
export function clearHostBits(bytes: Uint8Array, length: number): void {
  const whole = length >>> 3;
  if (whole >= bytes.length) return;
  bytes[whole]! &= 0xff << (8 - (length & 7));
  bytes.fill(0, whole + 1);
}

/** `101.101.101.252/32`, `2001:db8::/32`. */
export function prefixText(prefix: Prefix): string {
  const { bytes, length } = prefix;
  return `${bytes.length === 4 ? ipv4Text(ipv4At(bytes, 0)) : ipv6GroupsText(bytes)}/${length}`;
}

/**
 * Parses `address/length`; an address alone is a host prefix. Host bits are cleared.
 * @throws RangeError when the address or the length is not valid
 */
export function parsePrefix(text: string): Prefix {
  const slash = text.indexOf('/');
  const bytes = parseAddress(slash < 0 ? text : text.slice(0, slash));
  const longest = bytes.length * 8;
  const lengthText = slash < 0 ? String(longest) : text.slice(slash + 1);
  const length = /^\d{1,3}$/.test(lengthText) ? Number(lengthText) : Number.NaN;
  if (!(length <= longest))
    throw new RangeError(`"${text}" is not a prefix: the length must be 0–${longest}`);
  clearHostBits(bytes, length);
  return { bytes, length };
}

/** The prefix of one address; a scope, as in `fe80::1%eth0`, is not part of it. @throws RangeError when it is no address */
export function hostPrefix(address: string): Prefix {
  const bytes = parseAddress(address.replace(/%.*$/, ''));
  return { bytes, length: bytes.length * 8 };
}

/** Whether `outer` covers `inner` (same family, shorter or equal, same leading bits). */
export function covers(outer: Prefix, inner: Prefix): boolean {
  if (outer.bytes.length !== inner.bytes.length || outer.length > inner.length) return false;
  for (let i = 0, left = outer.length; left > 0; i++, left -= 8) {
    const mask = left >= 8 ? 0xff : 0xff << (8 - left);
    if ((outer.bytes[i]! & mask) !== (inner.bytes[i]! & mask)) return false;
  }
  return true;
}
