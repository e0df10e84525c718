/** Route distinguishers: eight octets that make equal prefixes of different VPNs (or compute nodes) distinct. */
import { ipv4At, ipv4Text, parseIpv4 } from './address.ts';
import { hexText, parseHex } from './bytes.ts';

/** Octets of a route distinguisher. @see RFC 4364 §4.2 */
export const ROUTE_DISTINGUISHER_OCTETS = 8;

/**
 * Text of the eight octets at an offset: `65000:1` (types 0 and 2), `10.169.25.20:9` (type 1), and for any other
 * type `0x` with sixteen digits.
 * @see RFC 4364 §4.2
 */
export function routeDistinguisherText(bytes: Uint8Array, at = 0): string {
  switch ((bytes[at]! << 8) | bytes[at + 1]!) {
    case 0:
      return `${(bytes[at + 2]! << 8) | bytes[at + 3]!}:${ipv4At(bytes, at + 4)}`;
    case 1:
      return `${ipv4Text(ipv4At(bytes, at + 2))}:${(bytes[at + 6]! << 8) | bytes[at + 7]!}`;
    case 2:
      return `${ipv4At(bytes, at + 2)}:${(bytes[at + 6]! << 8) | bytes[at + 7]!}`;
    default:
      return `0x${hexText(bytes, at, at + 8)}`;
  }
}

/**
 * Parses `address:number` (type 1), `asn:number` (type 0 if the AS number fits two octets, type 2 otherwise; an `L`
 * behind the AS number forces type 2) or the `0x…` form.
 * @throws RangeError when a part is out of range or the form is unknown
 */
export function parseRouteDistinguisher(text: string): Uint8Array {
  return parseAdministered(text, 'route distinguisher', (type) => [0, type]);
}

/**
 * The distinguisher of routes of a compute node: `next hop:instance id`, of which the lower sixteen bits count. With a
 * cluster seed the upper half of the address gives way to it, so that clusters may use the same addresses.
 * @param nextHop IPv4, or IPv6 whose last four octets count
 */
export function computeNodeDistinguisher(
  nextHop: Uint8Array,
  instanceId: number,
  clusterSeed = 0,
): Uint8Array {
  const address = ipv4At(nextHop, nextHop.length - 4);
  const administrator = clusterSeed === 0 ? address : (clusterSeed << 16) | (address & 0xffff);
  return addressRouteDistinguisher(administrator, instanceId & 0xffff);
}

/** A route distinguisher of type 1: `address:number`. */
export function addressRouteDistinguisher(address: number, number: number): Uint8Array {
  return Uint8Array.of(0, 1, address >>> 24, address >>> 16, address >>> 8, address, number >>> 8, number);
}

/**
 * The `administrator:number` notation shared by route distinguishers and route targets.
 * `head` gives the first two octets for administrator type 0 (2-octet AS), 1 (IPv4) or 2 (4-octet AS).
 */
export function parseAdministered(
  text: string,
  what: string,
  head: (type: 0 | 1 | 2) => readonly [number, number],
): Uint8Array {
  const fail = (why: string): RangeError => new RangeError(`"${text}" is not a ${what}: ${why}`);
  if (/^0x[0-9a-f]{16}$/i.test(text)) return parseHex(text.slice(2));
  const match = /^([0-9.]+)(L?):(\d+)$/.exec(text);
  if (match === null) throw fail('expected ADMINISTRATOR:NUMBER, e.g. 64512:100 or 10.0.0.1:100');
  const [, administrator = '', long = '', numberText = ''] = match;
  const number = Number(numberText);
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  if (administrator.includes('.')) {
    let address: number;
    try {
      address = parseIpv4(administrator);
    } catch {
      throw fail(`"${administrator}" is not an IPv4 address`);
    }
    if (number > 0xffff) throw fail('the number behind an IPv4 address must be 0–65535');
    bytes.set(head(1));
    view.setUint32(2, address);
    view.setUint16(6, number);
    return bytes;
  }
  const asn = Number(administrator);
  if (asn > 0xffff_ffff) throw fail('an AS number must be 0–4294967295');
  if (asn > 0xffff || long === 'L') {
    if (number > 0xffff) throw fail('the number behind a 4-octet AS number must be 0–65535');
    bytes.set(head(2));
    view.setUint32(2, asn);
    view.setUint16(6, number);
    return bytes;
  }
  if (number > 0xffff_ffff) throw fail('the number must be 0–4294967295');
  bytes.set(head(0));
  view.setUint16(2, asn);
  view.setUint32(4, number);
  return bytes;
}
