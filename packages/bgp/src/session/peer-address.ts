/** Addresses of peers as the system writes them: IPv4 mapped into IPv6, and zones behind link-local ones. */
import { addressText, parseAddress } from '@vaportrail/net';

/** One text per address, whatever its spelling; IPv4 as mapped into IPv6 is IPv4. A zone stays. */
export function peerKey(address: string): string {
  const [plain = '', zone] = address.replace(/^::ffff:(?=\d+\.)/i, '').split('%');
  const text = addressText(parseAddress(plain));
  return zone === undefined ? text : `${text}%${zone}`;
}

/** The address as it can stand in a message: without its zone, which only this machine knows. @see RFC 4007 §11 */
export function wireAddress(address: string): string {
  return peerKey(address).replace(/%.*$/, '');
}
