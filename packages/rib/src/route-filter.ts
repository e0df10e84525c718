/** Which routes of a table to read, decided on the packed keys: a table of a million routes is searched in milliseconds. */
import type { Prefix } from '@vaportrail/net';
import { KEY, SET } from './destinations.ts';
import { lengthBits } from './family-layout.ts';
import type { PackedTable } from './packed-table.ts';
import type { Source } from './source.ts';

/** Conditions that all have to hold. */
export interface RouteFilter {
  /** Only routes inside this prefix, or with exactly this prefix; in VPN tables under any route distinguisher. */
  readonly within?: Prefix | undefined;
  readonly exact?: Prefix | undefined;
  /** Only routes whose prefix covers this one. */
  readonly covering?: Prefix | undefined;
  /** Only routes with this route distinguisher. */
  readonly routeDistinguisher?: Uint8Array | undefined;
  /** Only routes with a path of this source. */
  readonly source?: Source | undefined;
  /** At most so many. */
  readonly limit?: number | undefined;
  /** Work out why paths are not best; true unless stated. */
  readonly explained?: boolean | undefined;
}

type Test = (destination: number) => boolean;

/** The filter as a test of destinations of one table. */
export function matcher(table: PackedTable, filter: RouteFilter): Test {
  const { within, exact, covering, routeDistinguisher, source } = filter;
  const tests: Test[] = [];
  if (routeDistinguisher !== undefined) tests.push(hasDistinguisher(table, routeDistinguisher));
  if (exact !== undefined) tests.push(compares(table, exact, (length, bits) => length === bits));
  if (within !== undefined) tests.push(compares(table, within, (length, bits) => length >= bits));
  if (covering !== undefined) tests.push(compares(table, covering, (length, bits) => length <= bits));
  if (source !== undefined) tests.push(hasPathOf(table, source));
  return (destination) => table.isOccupied(destination) && tests.every((test) => test(destination));
}

/** Prefixes of a suitable length that agree with `prefix` in the bits both have. */
function compares(
  table: PackedTable,
  prefix: Prefix,
  suits: (length: number, bits: number) => boolean,
): Test {
  const { layout, destinations } = table;
  if (layout.kind !== 'prefix' || prefix.bytes.length !== layout.addressWords * 4) return () => false;
  const mask = (1 << lengthBits(layout)) - 1;
  const wanted = wordsOf(prefix.bytes);
  return (destination) => {
    const key = destination * destinations.stride + KEY;
    const { words } = destinations;
    const length = words[key]! & mask;
    if (!suits(length, prefix.length)) return false;
    for (let word = 0, left = Math.min(length, prefix.length); left > 0; word++, left -= 32) {
      const different = words[key + 1 + word]! ^ wanted[word]!;
      if ((left >= 32 ? different : different & (-1 << (32 - left))) !== 0) return false;
    }
    return true;
  };
}

function hasDistinguisher(table: PackedTable, octets: Uint8Array): Test {
  const { layout, destinations, store } = table;
  if (layout.kind !== 'prefix' || !layout.distinguished) return () => false;
  const number = store.distinguishers.known(octets);
  const shift = lengthBits(layout);
  return (destination) => destinations.words[destination * destinations.stride + KEY]! >>> shift === number;
}

function hasPathOf(table: PackedTable, source: Source): Test {
  return (destination) => {
    let found = false;
    table.forEachPath(destination, (words, at) => {
      found ||= table.store.pool.source(words[at + SET]!) === source.number;
    });
    return found;
  };
}

function wordsOf(bytes: Uint8Array): number[] {
  const words: number[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    words.push((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
  }
  return words;
}
