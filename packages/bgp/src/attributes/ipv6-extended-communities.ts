/** IPV6_EXTENDED_COMMUNITIES: twenty octets each, with an IPv6 address for an administrator. */
import { hexText, ipv6Text, parseHex, parseIpv6 } from '@vaportrail/net';
import { type Attribute, multipleOf, optionalTransitive } from './attribute.ts';
import { plainCommunities } from './extended-communities.ts';

const IPV6_EXTENDED_COMMUNITY_OCTETS = 20;

/** Twenty octets each, one behind the other. */
export const ipv6ExtendedCommunities: Attribute<Uint8Array, readonly string[]> = {
  code: 25,
  title: 'IPV6_EXTENDED_COMMUNITIES',
  flags: optionalTransitive,
  malformed: 'treat-as-withdraw',
  see: 'RFC 5701, RFC 7606 §7.15',
  check: multipleOf(IPV6_EXTENDED_COMMUNITY_OCTETS),
  decode: (reader) => reader.slice(reader.remaining),
  encode: (writer, value) => void writer.bytes(value),
  plain: plainCommunities(
    IPV6_EXTENDED_COMMUNITY_OCTETS,
    ipv6ExtendedCommunityText,
    parseIpv6ExtendedCommunity,
  ),
};

/** Type and sub-type by name. @see RFC 5701 §3 */
const names: Readonly<Record<string, number>> = {
  target: 0x0002,
  origin: 0x0003,
  'vrf-route-import': 0x000b,
  'redirect-ip': 0x000c,
  /** @see RFC 8956 §6.1 */
  redirect: 0x000d,
  'vpn-distinguisher': 0x0010,
  'segmented-next-hop': 0x0012,
  'route-target-record': 0x0013,
  'vrf-recursive-next-hop': 0x0014,
};

/** `target:[2001:db8::1]:5`, or `0x` and forty digits when the type has no name here. */
function ipv6ExtendedCommunityText(bytes: Uint8Array, at = 0): string {
  const head = (bytes[at]! << 8) | bytes[at + 1]!;
  const name = Object.keys(names).find((key) => names[key] === head);
  if (name === undefined) return `0x${hexText(bytes, at, at + IPV6_EXTENDED_COMMUNITY_OCTETS)}`;
  return `${name}:[${ipv6Text(bytes, at + 2)}]:${(bytes[at + 18]! << 8) | bytes[at + 19]!}`;
}

/** @throws RangeError when the text is of neither form */
function parseIpv6ExtendedCommunity(text: string): Uint8Array {
  if (/^0x[0-9a-f]{40}$/i.test(text)) return parseHex(text.slice(2));
  const match = /^([a-z-]+):\[([^\]]+)\]:(\d{1,5})$/.exec(text);
  const head = names[match?.[1] ?? ''];
  const number = Number(match?.[3]);
  if (match === null || head === undefined || number > 0xffff) {
    throw new RangeError(`"${text}" is not an IPv6 extended community`);
  }
  return Uint8Array.of(0, head, ...parseIpv6(match[2]!), number >>> 8, number);
}
