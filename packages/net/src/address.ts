/** IPv4 addresses as unsigned 32-bit numbers, IPv6 addresses as 16 octets, and the text of both. */
import { Address4, Address6 } from 'ip-address';

/** Text of an IPv4 address given as a 32-bit number (signed or not), e.g. `10.169.25.20`. */
export function ipv4Text(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 0xff}.${(address >>> 8) & 0xff}.${address & 0xff}`;
}

/**
 * Parses dotted decimal into an unsigned 32-bit number.
 * @throws RangeError when the text is not an IPv4 address
 */
export function parseIpv4(text: string): number {
  if (text.includes('/') || !Address4.isValid(text)) throw new RangeError(`"${text}" is not an IPv4 address`);
  let value = 0;
  for (const part of text.split('.')) value = value * 256 + Number(part);
  return value;
}

/** Text of sixteen octets as an IPv6 address in the form of RFC 5952 (`::ffff:10.0.0.1` for mapped ones). */
export function ipv6Text(bytes: Uint8Array, at = 0): string {
  let zeros = 0;
  while (zeros < 10 && bytes[at + zeros] === 0) zeros++;
  if (zeros === 10 && bytes[at + 10] === 0xff && bytes[at + 11] === 0xff) {
    return `::ffff:${ipv4Text(ipv4At(bytes, at + 12))}`;
  }
  return ipv6GroupsText(bytes, at);
}

/**
 * The same without the dotted decimal, as the prefixes of routes are written: `::ffff:0:0/96`. The longest run of zeros is
 * `::` if it has at least `shortest` groups; two, says RFC 5952.
 */
export function ipv6GroupsText(bytes: Uint8Array, at = 0, shortest = 2): string {
  let longestAt = -1;
  let longest = shortest - 1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && group(bytes, at, i + run) === 0) run++;
    if (run > longest) [longestAt, longest] = [i, run];
    i += run;
  }
  let text = '';
  for (let i = 0; i < 8; i++) {
    if (i === longestAt) {
      text += '::';
      i += longest - 1;
    } else {
      const digits = group(bytes, at, i).toString(16);
      text += i === 0 || i === longestAt + longest ? digits : `:${digits}`;
    }
  }
  return text;
}

function group(bytes: Uint8Array, at: number, index: number): number {
  return (bytes[at + 2 * index]! << 8) | bytes[at + 2 * index + 1]!;
}

/**
 * Parses an IPv6 address into sixteen octets.
 * @throws RangeError when the text is not an IPv6 address, or carries a prefix length or a zone
 */
export function parseIpv6(text: string): Uint8Array {
  if (/[/%]/.test(text) || !Address6.isValid(text)) throw new RangeError(`"${text}" is not an IPv6 address`);
  const bytes = new Uint8Array(16);
  let value = new Address6(text).bigInt();
  for (let i = 15; i >= 0; i--) {
    bytes[i] = Number(value & 0xffn);
    value >>= 8n;
  }
  return bytes;
}

/** Octets of an IPv4 (4) or IPv6 (16) address. @throws RangeError when the text is neither */
export function parseAddress(text: string): Uint8Array {
  if (text.includes(':')) return parseIpv6(text);
  return ipv4Bytes(parseIpv4(text));
}

/** Text of 4 or 16 octets. @throws RangeError for any other length */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return ipv4Text(ipv4At(bytes, 0));
  if (bytes.length === 16) return ipv6Text(bytes);
  throw new RangeError(`an address has 4 or 16 octets, not ${bytes.length}`);
}

/** The four octets of an IPv4 address. */
export function ipv4Bytes(address: number): Uint8Array {
  return Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address);
}

/** The unsigned 32-bit number at an offset. */
export function ipv4At(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
