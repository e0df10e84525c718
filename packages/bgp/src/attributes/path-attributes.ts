/** The attributes of a path as their bytes, decoded field by field when somebody asks. */
import { Reader } from '@vaportrail/net';
import { type AsPath, asPathLength, mergeAs4Path } from './as-path.ts';
import { EXTENDED_LENGTH, type AttributeContext } from './attribute.ts';
import { type AttributeName, type AttributeValue, attributes } from './table.ts';
import type { Aggregator } from './aggregator.ts';
import type { LargeCommunity } from './communities.ts';
import type { Origin } from './origin.ts';
import { AS_TRANS } from '../wire/open.ts';

const noCommunities = new Uint8Array(0);

/**
 * One set of path attributes. `bytes` are the attributes as they stand in an UPDATE, without MP_REACH_NLRI and
 * MP_UNREACH_NLRI, and belong to this object; two sets are the same when their bytes are.
 *
 * The getters suppose that {@link validateAttributes} found the bytes right, and never fail on any others:
 * what cannot be read is `undefined`.
 */
export class PathAttributes {
  readonly bytes: Uint8Array;
  readonly asn4: boolean;
  #asPath: AsPath | undefined;
  #asPathLength = -1;

  constructor(bytes: Uint8Array, context: AttributeContext) {
    this.bytes = bytes;
    this.asn4 = context.asn4;
  }

  /** Offset of the header of the first attribute with a code, -1 when there is none. */
  headerAt(code: number): number {
    const { bytes } = this;
    let at = 0;
    while (at + 3 <= bytes.length) {
      const end = valueAt(bytes, at) + lengthAt(bytes, at);
      if (end > bytes.length) return -1;
      if (bytes[at + 1] === code) return at;
      at = end;
    }
    return -1;
  }

  /** Whether there is an attribute with a code. */
  has(code: number): boolean {
    return this.headerAt(code) >= 0;
  }

  /** The octets of the value of the first attribute with a code: a view of {@link bytes}. */
  valueOf(code: number): Uint8Array | undefined {
    const reader = this.#reader(code);
    return reader?.slice(reader.remaining);
  }

  #reader(code: number): Reader | undefined {
    const { bytes } = this;
    const header = this.headerAt(code);
    if (header < 0) return undefined;
    const value = valueAt(bytes, header);
    return new Reader(bytes, value, value + lengthAt(bytes, header));
  }

  /** The value of an attribute of the table as its row decodes it, AS4_PATH and AS4_AGGREGATOR not merged in. */
  get<N extends AttributeName>(name: N): AttributeValue<N> | undefined {
    const row = attributes[name];
    const reader = this.#reader(row.code);
    if (reader === undefined) return undefined;
    try {
      return row.decode(reader, this) as AttributeValue<N>;
    } catch {
      return undefined; // Truncated: the value was never validated
    }
  }

  get origin(): Origin | undefined {
    return this.get('origin');
  }

  /** The path in four-octet AS numbers, merged from AS_PATH and AS4_PATH on a two-octet session. */
  get asPath(): AsPath {
    return (this.#asPath ??= this.#readAsPath());
  }

  #readAsPath(): AsPath {
    const path = this.get('asPath') ?? [];
    if (this.asn4) return path;
    const path4 = this.get('as4Path');
    if (path4 === undefined || this.#aggregatorSpeaksFor4() === false) return path;
    return mergeAs4Path(path, path4);
  }

  /** False when AGGREGATOR shows that AS4_AGGREGATOR and AS4_PATH are stale. @see RFC 6793 §4.2.3 */
  #aggregatorSpeaksFor4(): boolean {
    const aggregator = this.get('aggregator');
    return !(
      aggregator !== undefined &&
      aggregator.asn !== AS_TRANS &&
      this.has(attributes.as4Aggregator.code)
    );
  }

  /** Length for comparison. @see RFC 4271 §9.1.2.2 (a) */
  get asPathLength(): number {
    if (this.#asPathLength < 0) this.#asPathLength = asPathLength(this.asPath);
    return this.#asPathLength;
  }

  /** First AS number of the path when it begins with a sequence: the neighbouring AS whose MEDs compare; 0 otherwise. */
  get neighborAs(): number {
    for (const { type, asns } of this.asPath) {
      if (type === 'sequence') return asns[0] ?? 0;
      if (type === 'set') return 0;
    }
    return 0;
  }

  /** First AS number of the first segment whatever its type, for the check of the first AS; 0 for an empty path. */
  get firstAs(): number {
    return this.asPath[0]?.asns[0] ?? 0;
  }

  /** AS that originated the route: the last one of a path that ends in a sequence; 0 otherwise. */
  get originAs(): number {
    const last = this.asPath.at(-1);
    return last?.type === 'sequence' ? (last.asns.at(-1) ?? 0) : 0;
  }

  /** NEXT_HOP of RFC 4271 as an unsigned number; the one of MP_REACH_NLRI is not part of the set. */
  get nextHop(): number | undefined {
    return this.get('nextHop');
  }

  get med(): number | undefined {
    return this.get('med');
  }

  get localPref(): number | undefined {
    return this.get('localPref');
  }

  get atomicAggregate(): boolean {
    return this.has(attributes.atomicAggregate.code);
  }

  /** Merged with AS4_AGGREGATOR on a two-octet session. @see RFC 6793 §4.2.3 */
  get aggregator(): Aggregator | undefined {
    const aggregator = this.get('aggregator');
    if (this.asn4 || aggregator?.asn !== AS_TRANS) return aggregator;
    return this.get('as4Aggregator') ?? aggregator;
  }

  get communities(): readonly number[] {
    return this.get('communities') ?? [];
  }

  get originatorId(): number | undefined {
    return this.get('originatorId');
  }

  get clusterList(): readonly number[] {
    return this.get('clusterList') ?? [];
  }

  /** Eight octets each, a view of {@link bytes}. */
  get extendedCommunities(): Uint8Array {
    return this.get('extendedCommunities') ?? noCommunities;
  }

  get largeCommunities(): readonly LargeCommunity[] {
    return this.get('largeCommunities') ?? [];
  }
}

/** Offset of the value of the attribute whose header is at an offset. */
function valueAt(bytes: Uint8Array, header: number): number {
  return header + ((bytes[header]! & EXTENDED_LENGTH) === 0 ? 3 : 4);
}

/** Length of the value of the attribute whose header is at an offset. */
function lengthAt(bytes: Uint8Array, header: number): number {
  const length = bytes[header + 2]!;
  return (bytes[header]! & EXTENDED_LENGTH) === 0 ? length : (length << 8) | (bytes[header + 3] ?? 0);
}
