/** Attributes out of a file, made fit for a session that is not the one they came by. */
import { OPTIONAL, TRANSITIVE } from '../attributes/attribute.ts';
import { prependAs } from '../attributes/as-path.ts';
import { encodeAttributes, type RawAttribute } from '../attributes/encode.ts';
import type { PathAttributes } from '../attributes/path-attributes.ts';
import { attributes as rows } from '../attributes/table.ts';
import { families, type FamilyName } from '../families/table.ts';
import { nextHopOf } from './next-hop.ts';

/** How the attributes of routes change on their way. */
export interface ReplayedAttributeSettings {
  /** The session is with our own AS. */
  readonly internal: boolean;
  readonly asn4: boolean;
  readonly localAsn: number;
  /** Put our AS number in front of the path on a session with another AS. */
  readonly prepend: boolean;
  /** Four or sixteen octets for the families they suit; undefined leaves the next hop as it is. */
  readonly nextHop: readonly Uint8Array[] | undefined;
  /** Next hop of a route that has none. */
  readonly ourAddress: Uint8Array;
}

const { asPath, as4Path, aggregator, as4Aggregator, nextHop, localPref, originatorId, clusterList } = rows;
const MP_REACH = 14;
const MP_UNREACH = 15;
const DEFAULT_LOCAL_PREF = 100;
const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/** Attributes without a next hop, ascending by code, with LOCAL_PREF inside an AS and without what stays there outside. */
export function replayedAttributes(
  attributes: PathAttributes,
  { internal, asn4, localAsn, prepend }: ReplayedAttributeSettings,
): Uint8Array {
  const replaced = new Set<number>(
    [asPath, as4Path, aggregator, as4Aggregator, nextHop].map(({ code }) => code),
  );
  replaced.add(MP_REACH).add(MP_UNREACH);
  if (!internal) for (const { code } of [localPref, originatorId, clusterList]) replaced.add(code);
  const kept: RawAttribute[] = [];
  for (const attribute of eachAttribute(attributes.bytes))
    if (!replaced.has(attribute.code)) kept.push(attribute);
  const path = internal || !prepend ? attributes.asPath : prependAs(attributes.asPath, localAsn);
  const wide = path.some(({ asns }) => asns.some((asn) => asn > 0xffff));
  return encodeAttributes(
    {
      unknown: kept,
      asPath: path,
      aggregator: attributes.aggregator,
      ...(internal && attributes.localPref === undefined && { localPref: DEFAULT_LOCAL_PREF }),
      // A peer of two-octet AS numbers passes the whole path on to those who know four.
      ...(!asn4 && wide && { as4Path: path }),
    },
    { asn4 },
  );
}

function* eachAttribute(bytes: Uint8Array): Generator<RawAttribute, void, undefined> {
  for (let at = 0; at + 3 <= bytes.length;) {
    const flags = bytes[at]!;
    const extended = (flags & 0x10) !== 0;
    const value = at + (extended ? 4 : 3);
    const end = value + (extended ? (bytes[at + 2]! << 8) | (bytes[at + 3] ?? 0) : bytes[at + 2]!);
    if (end > bytes.length) return;
    yield { flags, code: bytes[at + 1]!, value: bytes.subarray(value, end) };
    at = end;
  }
}

/**
 * The next hop of a route as its family has it in MP_REACH_NLRI (behind a route distinguisher of zero in VPN families), or
 * the four octets of NEXT_HOP.
 */
export function replayedNextHop(
  attributes: PathAttributes,
  family: FamilyName,
  { nextHop: ours, ourAddress }: ReplayedAttributeSettings,
): Uint8Array {
  const { nextHopOctets, safi, afi } = families[family];
  const distinguished = safi === 128 || safi === 129;
  const room = distinguished ? 8 : 0;
  const fits = (address: Uint8Array): boolean => nextHopOctets.includes(address.length + room);
  const suited =
    ours?.find((address) => fits(address) && (address.length === 16) === (afi === 2)) ?? ours?.find(fits);
  let address = suited ?? nextHopOf(attributes) ?? ourAddress;
  if (nextHopOctets.includes(0)) return new Uint8Array(0);
  // An IPv4 address where only IPv6 ones are known. @see RFC 4659 §3.2.1.2
  if (!fits(address) && address.length === 4) address = Uint8Array.of(...MAPPED, ...address);
  return distinguished ? Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, ...address) : address;
}

/** NEXT_HOP, whole. */
export function nextHopAttribute(address: Uint8Array): Uint8Array {
  return Uint8Array.of(TRANSITIVE, nextHop.code, 4, ...address);
}

/** The header of MP_REACH_NLRI or MP_UNREACH_NLRI, with a length of two octets. */
export function multiprotocolHeader(reach: boolean, length: number): Uint8Array {
  return Uint8Array.of(OPTIONAL | 0x10, reach ? MP_REACH : MP_UNREACH, length >>> 8, length);
}
