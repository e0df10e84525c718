/** What selections compare, read from the octets of an attribute set in one pass. */
import type { PathAttributes } from '@vaportrail/bgp/wire';
import { wellKnownCommunity } from '@vaportrail/bgp/wire';
import { AttributeScan, u32 } from '../attribute-scan.ts';

/** Of paths that carry none. @see RFC 4271 §9.1.1 */
export const DEFAULT_LOCAL_PREFERENCE = 100;
const INCOMPLETE = 2;
const AS_SET = 1;
const AS_SEQUENCE = 2;
const LLGR_STALE = wellKnownCommunity['llgr-stale'];
/** Type and sub-type of the extended communities that count. */
const MOBILITY = 0x0600;
const ETREE = 0x0605;

/** The values as numbers, with the defaults of what is absent. */
export interface Compared {
  readonly localPreference: number;
  /** @see RFC 4271 §9.1.2.2 (a), RFC 5065 §5.3 */
  readonly asPathLength: number;
  /** First AS number of a path that begins with a sequence, 0 otherwise. */
  readonly neighborAs: number;
  /** 0 IGP, 1 EGP, 2 incomplete. */
  readonly origin: number;
  readonly med: number;
  /** Accumulated metric of the path through several ASes of one administration. @see RFC 7311 */
  readonly aigp: number | undefined;
  readonly originatorId: number | undefined;
  readonly clusterListLength: number;
  /** It carries the community. @see RFC 9494 §4.3 */
  readonly longLivedStale: boolean;
  /** @see RFC 7432 §7.7 */
  readonly mobilitySequence: number;
  readonly sticky: boolean;
  /** @see RFC 8317 §5.1 */
  readonly leaf: boolean;
}

const scan = new AttributeScan();

/** Reads them from the octets of attributes that were found valid. */
export function compared(attributes: PathAttributes): Compared {
  const { bytes, asn4 } = attributes;
  scan.scan(bytes, 0, bytes.length);
  let asPathLength = 0;
  let neighborAs = 0;
  if (!asn4) {
    // AS4_PATH has its say as well.
    ({ asPathLength, neighborAs } = attributes);
  } else if (scan.asPathAt >= 0) {
    let first = true;
    for (let at = scan.asPathAt; at + 2 <= scan.asPathEnd; at += 2 + bytes[at + 1]! * 4) {
      const type = bytes[at]!;
      if (type === AS_SEQUENCE) asPathLength += bytes[at + 1]!;
      else if (type === AS_SET) asPathLength++;
      if (first && type === AS_SEQUENCE && bytes[at + 1]! > 0) neighborAs = u32(bytes, at + 2);
      if (type === AS_SEQUENCE || type === AS_SET) first = false;
    }
  }
  let mobilityAt = -1;
  let leaf = false;
  for (let at = scan.extendedAt; at >= 0 && at + 8 <= scan.extendedEnd; at += 8) {
    const kind = (bytes[at]! << 8) | bytes[at + 1]!;
    if (kind === MOBILITY && mobilityAt < 0) mobilityAt = at;
    else if (kind === ETREE) leaf ||= (bytes[at + 2]! & 1) !== 0;
  }
  return {
    localPreference: scan.localPrefAt < 0 ? DEFAULT_LOCAL_PREFERENCE : u32(bytes, scan.localPrefAt),
    asPathLength,
    neighborAs,
    origin: scan.originAt < 0 ? INCOMPLETE : bytes[scan.originAt]!,
    med: scan.medAt < 0 ? 0 : u32(bytes, scan.medAt),
    aigp: scan.aigpAt < 0 || scan.aigp < 0 ? undefined : scan.aigp,
    originatorId: scan.originatorAt < 0 ? undefined : u32(bytes, scan.originatorAt),
    clusterListLength: scan.clusterListAt < 0 ? 0 : (scan.clusterListEnd - scan.clusterListAt) >>> 2,
    longLivedStale: scan.hasCommunity(LLGR_STALE),
    mobilitySequence: mobilityAt < 0 ? 0 : u32(bytes, mobilityAt + 4),
    sticky: mobilityAt >= 0 && (bytes[mobilityAt + 2]! & 1) !== 0,
    leaf,
  };
}
