/** NEXT_HOP: the address to send to, for the IPv4 routes in the NLRI field. */
import { type Attribute, wellKnown, wrongLength } from './attribute.ts';
import { plainIpv4 } from './plain.ts';

export const nextHop: Attribute<number, string> = {
  code: 3,
  title: 'NEXT_HOP',
  flags: wellKnown,
  malformed: 'treat-as-withdraw',
  see: 'RFC 4271 §5.1.3, RFC 7606 §7.3',
  check(bytes, at, end) {
    if (end - at !== 4) return wrongLength(`${end - at} octets long instead of 4`);
    if (isHostAddress(bytes, at)) return undefined;
    return { subcode: 8, because: 'no address of a host' };
  },
  decode: (reader) => reader.u32(),
  encode: (writer, value) => void writer.u32(value),
  plain: plainIpv4,
};

/**
 * Whether four octets can be the address of a host: not 0.0.0.0, multicast or reserved space. Whether it makes sense
 * to send there (loopback, an address of our own) is for the one who uses the route to say. @see RFC 4271 §6.3
 */
export function isHostAddress(bytes: Uint8Array, at: number): boolean {
  if (bytes[at]! >= 224) return false;
  return bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== 0 || bytes[at + 3] !== 0;
}
