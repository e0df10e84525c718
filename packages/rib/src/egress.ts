/** What becomes of an attribute set on its way to the members of an update group. */
import {
  OPTIONAL,
  PARTIAL,
  type PathAttributes,
  TRANSITIVE,
  attributeByCode,
  attributes,
  encodeAttributes,
  prependAs,
  wellKnownCommunity,
} from '@vaportrail/bgp/wire';
import { AttributeScan } from './attribute-scan.ts';
import { type EgressProfile, isReflected } from './egress-profile.ts';
import { leakRules } from './route-leak.ts';
import type { Identity } from './route-store.ts';
import { DEFAULT_LOCAL_PREFERENCE } from './selection/compared.ts';
import type { Source } from './source.ts';

const EXTENDED_LENGTH = 0x10;
const {
  asPath,
  as4Path,
  aggregator,
  as4Aggregator,
  nextHop,
  med,
  localPref,
  communities,
  originatorId,
  clusterList,
  onlyToCustomer,
  aigp,
} = attributes;
const AS_SEQUENCE = 2;
const LONGEST_SEGMENT = 255;
const LLGR_STALE = wellKnownCommunity['llgr-stale'];
const NO_EXPORT = wellKnownCommunity['no-export'];

/**
 * Writes attributes as the members of a group get them, ascending by code, without NEXT_HOP and MP_REACH_NLRI.
 *
 * To our own AS: LOCAL_PREF is there and not 0; reflected paths get ORIGINATOR_ID and CLUSTER_LIST. To others: our AS number
 * in front, LOCAL_PREF, ORIGINATOR_ID and CLUSTER_LIST gone, and the MED gone unless the path began here. Attributes
 * nobody here knows go on if they are transitive, marked partial.
 * @see RFC 4271 §5, §9, RFC 4456 §8
 */
export class Egress {
  readonly #profile: EgressProfile;
  readonly #identity: Identity;
  readonly #scan = new AttributeScan();
  /** What {@link rewrite} wrote: `bytes[0…length)`. */
  bytes: Uint8Array = new Uint8Array(1024);
  length = 0;

  constructor(profile: EgressProfile, identity: Identity) {
    this.#profile = profile;
    this.#identity = identity;
  }

  /**
   * Rewrites the attributes in `from[at…end)` of a path of `source`.
   * @param view the same attributes decoded, for what octets alone do not tell
   * @param stale the path is long-lived stale
   */
  rewrite(
    from: Uint8Array,
    at: number,
    end: number,
    source: Source,
    view: () => PathAttributes,
    stale: boolean,
  ): void {
    this.length = 0;
    this.#reserve(end - at + 64);
    const profile = this.#profile;
    const scan = this.#scan;
    scan.scan(from, at, end);
    const transcoded = source.asn4 !== profile.asn4 ? this.#transcoded(view()) : undefined;
    const reflected = isReflected(source, profile) && this.#identity.clusterId !== undefined;
    const hasPath = scan.asPathAt >= 0 && scan.asPathEnd > scan.asPathAt;
    // Attributes that are not there come when the first one with a higher code does; they are listed by code.
    const missing: [number, () => void][] = [];
    if (transcoded !== undefined)
      for (const [code, value] of transcoded) missing.push([code, () => this.#copy(value, 0, value.length)]);
    else if (scan.asPathAt < 0) missing.push([asPath.code, () => this.#writePath(from, 0, 0, source.asn4)]);
    if (profile.internal && scan.localPrefAt < 0) {
      missing.push([
        localPref.code,
        () => this.#writeU32(localPref, stale && !profile.longLived ? 0 : DEFAULT_LOCAL_PREFERENCE),
      ]);
    }
    if (stale && scan.communitiesAt < 0)
      missing.push([communities.code, () => this.#writeCommunities(from, 0, 0)]);
    if (reflected && scan.originatorAt < 0) {
      missing.push([originatorId.code, () => this.#writeU32(originatorId, source.routerId)]);
    }
    if (reflected && scan.clusterListAt < 0)
      missing.push([clusterList.code, () => this.#writeClusters(from, 0, 0)]);
    const { peerRole } = profile;
    if (peerRole !== undefined && leakRules[peerRole].marksSent && scan.onlyToCustomerAt < 0) {
      missing.push([onlyToCustomer.code, () => this.#writeU32(onlyToCustomer, profile.localAsn)]);
    }
    if (transcoded !== undefined) missing.sort(([a], [b]) => a - b);
    let next = 0;
    while (at + 3 <= end) {
      const flags = from[at]!;
      const code = from[at + 1]!;
      const extended = (flags & EXTENDED_LENGTH) !== 0;
      const value = at + (extended ? 4 : 3);
      const after = value + (extended ? (from[at + 2]! << 8) | from[at + 3]! : from[at + 2]!);
      while (next < missing.length && missing[next]![0] <= code) missing[next++]![1]();
      switch (code) {
        case nextHop.code:
          break;
        case asPath.code:
          if (transcoded === undefined) this.#writePath(from, value, after, source.asn4);
          break;
        case as4Path.code:
        case aggregator.code:
        case as4Aggregator.code:
          if (transcoded === undefined) this.#copy(from, at, after);
          break;
        case med.code:
          if (profile.internal || !hasPath) this.#copy(from, at, after);
          break;
        case localPref.code:
          if (!profile.internal) break;
          if (stale && !profile.longLived) this.#writeU32(localPref, 0);
          else if (isZero(from, value)) this.#writeU32(localPref, DEFAULT_LOCAL_PREFERENCE);
          else this.#copy(from, at, after);
          break;
        case communities.code:
          if (stale) this.#writeCommunities(from, value, after);
          else this.#copy(from, at, after);
          break;
        case originatorId.code:
          if (profile.internal) this.#copy(from, at, after);
          break;
        case aigp.code:
          // With our next hop it would have to grow by the way to the one before, which is not known here.
          if (profile.aigp && profile.nextHopSelf === undefined) this.#copy(from, at, after);
          break;
        case clusterList.code:
          if (reflected) this.#writeClusters(from, value, after);
          else if (profile.internal) this.#copy(from, at, after);
          break;
        default:
          if (attributeByCode[code] !== undefined || (flags & OPTIONAL) === 0) this.#copy(from, at, after);
          else if ((flags & TRANSITIVE) !== 0) {
            this.#copy(from, at, after);
            this.bytes[this.length - (after - at)]! |= PARTIAL;
          }
      }
      at = after;
    }
    while (next < missing.length) missing[next++]![1]();
  }

  /** Puts other octets in the place of what was written. */
  replace(bytes: Uint8Array): void {
    this.length = 0;
    this.#copy(bytes, 0, bytes.length);
  }

  /** AS_PATH and AGGREGATOR in the other width of AS numbers. @see RFC 6793 §4.2.2 */
  #transcoded(from: PathAttributes): Map<number, Uint8Array> {
    const { asn4, internal, localAsn } = this.#profile;
    const path = internal ? from.asPath : prependAs(from.asPath, localAsn);
    const context = { asn4 };
    const made = new Map([[asPath.code, encodeAttributes({ asPath: path }, context)]]);
    const isWide = !asn4 && path.some(({ asns }) => asns.some((asn) => asn > 0xffff));
    if (isWide) made.set(as4Path.code, encodeAttributes({ as4Path: path }, context));
    const aggregated = from.aggregator;
    if (aggregated === undefined) return made;
    made.set(aggregator.code, encodeAttributes({ aggregator: aggregated }, context));
    if (!asn4 && aggregated.asn > 0xffff) {
      made.set(as4Aggregator.code, encodeAttributes({ as4Aggregator: aggregated }, context));
    }
    return made;
  }

  /** AS_PATH from its value, with our AS number in front for peers of other ASes. @see RFC 4271 §5.1.2 */
  #writePath(from: Uint8Array, value: number, after: number, asn4: boolean): void {
    if (this.#profile.internal) {
      this.#header(asPath, after - value);
      this.#copy(from, value, after);
      return;
    }
    const width = asn4 ? 4 : 2;
    const joins = after > value && from[value] === AS_SEQUENCE && from[value + 1]! < LONGEST_SEGMENT;
    this.#header(asPath, after - value + width + (joins ? 0 : 2));
    this.#byte(AS_SEQUENCE);
    this.#byte(joins ? from[value + 1]! + 1 : 1);
    const { localAsn } = this.#profile;
    if (asn4) this.#u32(localAsn);
    else {
      this.#byte(localAsn >>> 8);
      this.#byte(localAsn);
    }
    this.#copy(from, value + (joins ? 2 : 0), after);
  }

  /** CLUSTER_LIST with our cluster in front. */
  #writeClusters(from: Uint8Array, value: number, after: number): void {
    this.#header(clusterList, after - value + 4);
    this.#u32(this.#identity.clusterId!);
    this.#copy(from, value, after);
  }

  /** COMMUNITIES of a long-lived stale path, for those who understand it and those who do not. @see RFC 9494 §4.6 */
  #writeCommunities(from: Uint8Array, value: number, after: number): void {
    this.#header(communities, after - value + 4);
    this.#copy(from, value, after);
    this.#u32(this.#profile.longLived ? LLGR_STALE : NO_EXPORT);
  }

  #writeU32(row: { readonly code: number; readonly flags: number }, value: number): void {
    this.#header(row, 4);
    this.#u32(value);
  }

  #header({ code, flags }: { readonly code: number; readonly flags: number }, length: number): void {
    const extended = length > 0xff;
    this.#byte(extended ? flags | EXTENDED_LENGTH : flags);
    this.#byte(code);
    if (extended) this.#byte(length >>> 8);
    this.#byte(length);
  }

  #u32(value: number): void {
    this.#byte(value >>> 24);
    this.#byte(value >>> 16);
    this.#byte(value >>> 8);
    this.#byte(value);
  }

  #byte(value: number): void {
    if (this.length === this.bytes.length) this.#reserve(1);
    this.bytes[this.length++] = value;
  }

  #copy(from: Uint8Array, at: number, end: number): void {
    this.#reserve(end - at);
    const { bytes } = this;
    let to = this.length;
    while (at < end) bytes[to++] = from[at++]!;
    this.length = to;
  }

  #reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = new Uint8Array((this.length + count) * 2);
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}

function isZero(bytes: Uint8Array, at: number): boolean {
  return (bytes[at]! | bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]!) === 0;
}
