/** NEXT_HOP: the address to send to, for the IPv4 routes in the NLRI field. */
import { type Attribute, wellKnown, wrongLength } from './attribute.ts';

export const nextHop: Attribute<number> = {
  code: 3,
  title: 'NEXT_HOP',
  flags: wellKnown,
  malformed: 'treat-as-withdraw',
  see: 'RFC 4271 §5.1.3, RFC 7606 §7.3',
  check(bytes, at, end) {
    if (end - at !== 4) return wrongLength(`${end - at} octets long instead of 4`);
    return undefined;
  },
  decode: (reader) => reader.u32(),
  encode: (writer, value) => void writer.u32(value),
};

/**
 * Whether four octets can be the address of a router: not 0.0.0.0/8, loopback, multicast or reserved space.
 * A speaker ignores the route otherwise. @see RFC 4271 §6.3
 */
export function isUnicastNextHop(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at]!;
  return first !== 0 && first !== 127 && first < 224;
}
