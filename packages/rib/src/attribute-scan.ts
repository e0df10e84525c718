/** Finds the attributes that every set is asked about in one pass over its octets, without making anything. */
import { attributes, wellKnownCommunity } from '@vaportrail/bgp/wire';

const EXTENDED_LENGTH = 0x10;
/** The TLV that holds the metric. */
const AIGP_METRIC = 1;
const ORIGIN = attributes.origin.code;
const AS_PATH = attributes.asPath.code;
const MED = attributes.med.code;
const LOCAL_PREF = attributes.localPref.code;
const COMMUNITIES = attributes.communities.code;
const ORIGINATOR_ID = attributes.originatorId.code;
const CLUSTER_LIST = attributes.clusterList.code;
const EXTENDED_COMMUNITIES = attributes.extendedCommunities.code;
const AIGP = attributes.aigp.code;
const ONLY_TO_CUSTOMER = attributes.onlyToCustomer.code;

/** What attributes say about where paths may go, as bits. */
export const setFact = {
  noAdvertise: 1,
  noExport: 2,
  noLongLived: 4,
  onlyToCustomer: 8,
} as const;

/** Offsets of values; an `…At` of -1 means that there is none. One object serves all sets. */
export class AttributeScan {
  bytes: Uint8Array = new Uint8Array(0);
  originAt = -1;
  asPathAt = -1;
  asPathEnd = -1;
  medAt = -1;
  localPrefAt = -1;
  communitiesAt = -1;
  communitiesEnd = -1;
  originatorAt = -1;
  clusterListAt = -1;
  clusterListEnd = -1;
  extendedAt = -1;
  extendedEnd = -1;
  aigpAt = -1;
  aigpEnd = -1;
  onlyToCustomerAt = -1;

  /** Looks over the attributes in `bytes[at…end)`. */
  scan(bytes: Uint8Array, at: number, end: number): void {
    this.bytes = bytes;
    this.originAt = -1;
    this.asPathAt = -1;
    this.medAt = -1;
    this.localPrefAt = -1;
    this.communitiesAt = -1;
    this.originatorAt = -1;
    this.clusterListAt = -1;
    this.extendedAt = -1;
    this.aigpAt = -1;
    this.onlyToCustomerAt = -1;
    while (at + 3 <= end) {
      const extended = (bytes[at]! & EXTENDED_LENGTH) !== 0;
      const value = at + (extended ? 4 : 3);
      const next = value + (extended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!);
      if (next > end) return;
      switch (bytes[at + 1]) {
        case ORIGIN:
          this.originAt = value;
          break;
        case AS_PATH:
          this.asPathAt = value;
          this.asPathEnd = next;
          break;
        case MED:
          this.medAt = value;
          break;
        case LOCAL_PREF:
          this.localPrefAt = value;
          break;
        case COMMUNITIES:
          this.communitiesAt = value;
          this.communitiesEnd = next;
          break;
        case ORIGINATOR_ID:
          this.originatorAt = value;
          break;
        case CLUSTER_LIST:
          this.clusterListAt = value;
          this.clusterListEnd = next;
          break;
        case EXTENDED_COMMUNITIES:
          this.extendedAt = value;
          this.extendedEnd = next;
          break;
        case AIGP:
          this.aigpAt = value;
          this.aigpEnd = next;
          break;
        case ONLY_TO_CUSTOMER:
          this.onlyToCustomerAt = value;
          break;
        default:
      }
      at = next;
    }
  }

  /** Whether an AS number stands in AS_PATH, in a segment of whatever type. */
  hasAs(asn: number, asn4: boolean): boolean {
    if (this.asPathAt < 0) return false;
    const { bytes, asPathEnd } = this;
    for (let at = this.asPathAt; at + 2 <= asPathEnd;) {
      let left = bytes[at + 1]!;
      at += 2;
      for (; left > 0 && at < asPathEnd; left--) {
        const value = asn4 ? u32(bytes, at) : (bytes[at]! << 8) | bytes[at + 1]!;
        if (value === asn) return true;
        at += asn4 ? 4 : 2;
      }
    }
    return false;
  }

  /** ORIGINATOR_ID, -1 without. */
  get originatorId(): number {
    return this.originatorAt < 0 ? -1 : u32(this.bytes, this.originatorAt);
  }

  /** ONLY_TO_CUSTOMER, -1 without. */
  get onlyToCustomer(): number {
    return this.onlyToCustomerAt < 0 ? -1 : u32(this.bytes, this.onlyToCustomerAt);
  }

  /** The accumulated metric, -1 without; more than a number holds exactly is rounded. @see RFC 7311 §3 */
  get aigp(): number {
    const { bytes } = this;
    for (let at = this.aigpAt; at >= 0 && at + 3 <= this.aigpEnd;) {
      const length = (bytes[at + 1]! << 8) | bytes[at + 2]!;
      if (bytes[at] === AIGP_METRIC && length === 11 && at + length <= this.aigpEnd) {
        return u32(bytes, at + 3) * 0x1_0000_0000 + u32(bytes, at + 7);
      }
      if (length < 3) break;
      at += length;
    }
    return -1;
  }

  /** Whether a cluster id is in CLUSTER_LIST. @see RFC 4456 §8 */
  hasCluster(id: number): boolean {
    if (this.clusterListAt < 0) return false;
    for (let at = this.clusterListAt; at < this.clusterListEnd; at += 4) {
      if (u32(this.bytes, at) === id) return true;
    }
    return false;
  }

  /** Whether a community, as an unsigned number, is in COMMUNITIES. */
  hasCommunity(community: number): boolean {
    if (this.communitiesAt < 0) return false;
    for (let at = this.communitiesAt; at < this.communitiesEnd; at += 4) {
      if (u32(this.bytes, at) === community) return true;
    }
    return false;
  }

  /** Bits of {@link setFact}. */
  get facts(): number {
    let facts = this.onlyToCustomerAt < 0 ? 0 : setFact.onlyToCustomer;
    if (this.communitiesAt < 0) return facts;
    for (let at = this.communitiesAt; at < this.communitiesEnd; at += 4) {
      switch (u32(this.bytes, at)) {
        case wellKnownCommunity['no-advertise']:
          facts |= setFact.noAdvertise;
          break;
        case wellKnownCommunity['no-export']:
        case wellKnownCommunity['no-export-subconfed']:
          facts |= setFact.noExport;
          break;
        case wellKnownCommunity['no-llgr']:
          facts |= setFact.noLongLived;
          break;
        default:
      }
    }
    return facts;
  }
}

/** The four octets at an offset as an unsigned number. */
export function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
