/**
 * Outbound route filters in a ROUTE-REFRESH: what a peer does not want to be sent. They are read so that they can be
 * shown; nobody here announces the capability, so no peer may send any, and none is acted on.
 *
 * ```
 * when(1) | ORF type(1) length(2) entries | ORF type(1) length(2) entries …
 * ```
 *
 * @see RFC 5291, RFC 5292
 */
import { Reader, Truncated, clearHostBits, hexText, prefixOctets, prefixText } from '@vaportrail/net';

/** An entry of a list of address prefixes. @see RFC 5292 §2 */
export interface PrefixFilter {
  readonly action: 'add' | 'remove' | 'remove-all';
  readonly match?: 'permit' | 'deny';
  readonly sequence?: number;
  /** Lengths in bits the filter wants at least and at most; 0 for no such bound. */
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly prefix?: string;
}

/** The filters of one ORF type: entries where the type is known (64, address prefixes), octets otherwise. */
export interface RouteFilterList {
  readonly type: number;
  readonly entries?: readonly PrefixFilter[];
  /** Hexadecimal. */
  readonly octets?: string;
}

/** Outbound route filters of one ROUTE-REFRESH. @see RFC 5291 §4 */
export interface RouteFilters {
  /** Whether to send the routes again now, or at the next plain request. */
  readonly when: 'immediate' | 'defer' | number;
  readonly lists: readonly RouteFilterList[];
}

const ADDRESS_PREFIX = 64;
const whenToRefresh: Readonly<Record<number, 'immediate' | 'defer'>> = { 1: 'immediate', 2: 'defer' };
const actions = ['add', 'remove', 'remove-all'] as const;

/** The filters behind AFI and SAFI; `undefined` when their lengths do not add up, and when there are none. */
export function decodeRouteFilters(octets: Uint8Array, afi: number): RouteFilters | undefined {
  if (octets.length === 0) return undefined;
  const reader = new Reader(octets);
  try {
    const when = reader.u8();
    const lists: RouteFilterList[] = [];
    while (reader.remaining > 0) {
      const type = reader.u8();
      const body = reader.view(reader.u16());
      if (type === ADDRESS_PREFIX && (afi === 1 || afi === 2)) {
        const entries: PrefixFilter[] = [];
        while (body.remaining > 0) entries.push(prefixFilter(body, afi));
        lists.push({ type, entries });
      } else lists.push({ type, octets: hexText(body.slice(body.remaining)) });
    }
    return { when: whenToRefresh[when] ?? when, lists };
  } catch (error) {
    if (error instanceof Truncated) return undefined;
    throw error;
  }
}

function prefixFilter(reader: Reader, afi: 1 | 2): PrefixFilter {
  const head = reader.u8();
  const action = actions[head >>> 6];
  const longest = afi === 1 ? 32 : 128;
  if (action === undefined) throw new Truncated(reader.at, 0, reader.remaining);
  if (action === 'remove-all') return { action };
  const match = (head & 0x20) === 0 ? 'permit' : 'deny';
  const sequence = reader.u32();
  const [atLeast, atMost, length] = [reader.u8(), reader.u8(), reader.u8()];
  if (length > longest) throw new Truncated(reader.at, 0, length);
  const bytes = new Uint8Array(longest / 8);
  bytes.set(reader.slice(prefixOctets(length)));
  clearHostBits(bytes, length);
  return { action, match, sequence, atLeast, atMost, prefix: prefixText({ bytes, length }) };
}
