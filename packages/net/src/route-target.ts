/** Route targets: extended communities that say which routing instances import a route. */
import { ipv4At, ipv4Text } from './address.ts';
import { parseAdministered } from './route-distinguisher.ts';

/** Sub-type of a route target in an extended community. @see RFC 4360 §4 */
export const ROUTE_TARGET_SUBTYPE = 0x02;

/** Whether the extended community at an offset is a route target (types 0x00, 0x01, 0x02). @see RFC 4360 §4 */
export function isRouteTarget(bytes: Uint8Array, at = 0): boolean {
  return bytes[at]! <= 2 && bytes[at + 1] === ROUTE_TARGET_SUBTYPE;
}

/**
 * Text of the route target at an offset without its `target:` word: `500:500`, `10.0.0.1:5`, `70000:8001`; a 4-octet
 * form whose AS number would fit two octets carries an `L`, as Contrail and Junos print it.
 */
export function routeTargetText(bytes: Uint8Array, at = 0): string {
  switch (bytes[at]) {
    case 0:
      return `${(bytes[at + 2]! << 8) | bytes[at + 3]!}:${ipv4At(bytes, at + 4)}`;
    case 1:
      return `${ipv4Text(ipv4At(bytes, at + 2))}:${(bytes[at + 6]! << 8) | bytes[at + 7]!}`;
    default: {
      const asn = ipv4At(bytes, at + 2);
      return `${asn}${asn > 0xffff ? '' : 'L'}:${(bytes[at + 6]! << 8) | bytes[at + 7]!}`;
    }
  }
}

/**
 * Parses `500:500`, `target:500:500`, `10.0.0.1:5`, `70000:8001` or `500L:5` into the eight octets of the community.
 * @throws RangeError when a part is out of range or the form is unknown
 */
export function parseRouteTarget(text: string): Uint8Array {
  const bare = text.startsWith('target:') ? text.slice('target:'.length) : text;
  const bytes = parseAdministered(bare, 'route target', (type) => [type, ROUTE_TARGET_SUBTYPE]);
  if (!isRouteTarget(bytes)) throw new RangeError(`"${text}" is not a route target`);
  return bytes;
}
