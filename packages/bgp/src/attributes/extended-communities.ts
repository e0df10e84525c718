/** EXTENDED_COMMUNITIES: eight octets each, by name where one is known, Contrail's own included. */
import { hexText, isRouteTarget, parseHex, routeTargetText } from '@vaportrail/net';
import { type Attribute, type PlainForm, multipleOf, optionalTransitive } from './attribute.ts';
import {
  type Kind,
  type TunnelType,
  extendedCommunityKinds,
  octets,
  tunnelType,
  u16,
} from './extended-community-kinds.ts';
import { plainList, plainText } from './plain.ts';

/** Octets of one of them. @see RFC 4360 §2 */
export const EXTENDED_COMMUNITY_OCTETS = 8;

/** Eight octets each, one behind the other. */
export const extendedCommunities: Attribute<Uint8Array, readonly string[]> = {
  code: 16,
  title: 'EXTENDED_COMMUNITIES',
  flags: optionalTransitive,
  malformed: 'treat-as-withdraw',
  see: 'RFC 4360 §2, RFC 7606 §7.14',
  check: multipleOf(EXTENDED_COMMUNITY_OCTETS),
  decode: (reader) => reader.slice(reader.remaining),
  encode: (writer, value) => void writer.bytes(value),
  plain: plainCommunities(EXTENDED_COMMUNITY_OCTETS, extendedCommunityText, parseExtendedCommunity),
};

/** The texts of communities that stand one behind the other. */
export function plainCommunities(
  width: number,
  text: (bytes: Uint8Array, at: number) => string,
  parse: (text: string) => Uint8Array,
): PlainForm<Uint8Array, readonly string[]> {
  return {
    of: (value) => Array.from({ length: value.length / width }, (_, index) => text(value, index * width)),
    parse(plain) {
      const list = plainList(plain).map((item) => parse(plainText(item)));
      const value = new Uint8Array(list.length * width);
      list.forEach((community, index) => value.set(community, index * width));
      return value;
    },
  };
}

/** The name of a kind that is known. */
export type ExtendedCommunityName = keyof typeof extendedCommunityKinds;

const kindByHead = new Map<number, readonly [name: ExtendedCommunityName, kind: Kind]>();
for (const [name, kind] of Object.entries(extendedCommunityKinds)) {
  for (const head of kind.heads) kindByHead.set(head, [name as ExtendedCommunityName, kind]);
}

/** The name of the extended community at an offset, `undefined` when it has none here. */
export function extendedCommunityName(bytes: Uint8Array, at = 0): ExtendedCommunityName | undefined {
  return kindByHead.get(u16(bytes, at))?.[0];
}

/**
 * Text of the extended community at an offset: `target:500:500`, `encapsulation:udp`, `origin-vn:64512:6`,
 * `mobility:non-sticky:1`; `0x` and sixteen digits when no name fits all eight octets.
 */
export function extendedCommunityText(bytes: Uint8Array, at = 0): string {
  if (isRouteTarget(bytes, at)) return `target:${routeTargetText(bytes, at)}`;
  const [name, kind] = kindByHead.get(u16(bytes, at)) ?? [];
  const text = kind?.text(bytes, at);
  if (text === undefined) return `0x${hexText(bytes, at, at + 8)}`;
  return text === '' ? name! : `${name}:${text}`;
}

/**
 * The eight octets of what {@link extendedCommunityText} prints.
 * @throws RangeError when no kind has that name or the rest does not fit it
 */
export function parseExtendedCommunity(text: string): Uint8Array {
  if (/^0x[0-9a-f]{16}$/i.test(text)) return parseHex(text.slice(2));
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  if (!Object.hasOwn(extendedCommunityKinds, name)) {
    throw new RangeError(`"${text}" is not an extended community: no kind is named "${name}"`);
  }
  const kind: Kind = extendedCommunityKinds[name as ExtendedCommunityName];
  const bytes = kind.parse(colon < 0 ? '' : text.slice(colon + 1));
  if (bytes === undefined || !kind.heads.includes(u16(bytes, 0))) {
    throw new RangeError(`"${text}" is not an extended community: "${name}" takes another form`);
  }
  return bytes;
}

/** The tunnel encapsulation community of a type. @see RFC 9012 §4.1 */
export function encapsulationCommunity(type: TunnelType): Uint8Array {
  return octets(0x030c, 0, 0, 0, 0, tunnelType[type] >>> 8, tunnelType[type]);
}

/** Sorts communities ascending by their octets and drops repeated ones, as Contrail sends them. */
export function sortExtendedCommunities(list: readonly Uint8Array[]): Uint8Array {
  const key = (community: Uint8Array): string => hexText(community);
  const sorted = [...new Map(list.map((community) => [key(community), community])).entries()].sort(
    ([a], [b]) => (a < b ? -1 : 1),
  );
  const bytes = new Uint8Array(sorted.length * EXTENDED_COMMUNITY_OCTETS);
  sorted.forEach(([, community], index) => bytes.set(community, index * EXTENDED_COMMUNITY_OCTETS));
  return bytes;
}
