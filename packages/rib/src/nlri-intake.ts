/** Takes NLRI apart and puts them into the batch of their table. */
import { type FamilyName, families, unaskedLabelOctets } from '@vaportrail/bgp/wire';
import { BATCH_SIZE } from './batch.ts';
import type { PackedTable } from './packed-table.ts';
import type { RouteStore } from './route-store.ts';
import type { Source } from './source.ts';

/** The S bit of a label as it stands in a label word. */
const BOTTOM_OF_STACK = 1 << 8;

/** Where NLRI of one family of one source go. */
export interface NlriDestination {
  readonly table: PackedTable;
  readonly family: FamilyName;
  readonly addPath: boolean;
  /** Mark of the attribute sets that come with its routes. */
  readonly mark: number;
}

/** What was wrong with NLRI: all that follow are lost, or routes with several labels, which nobody asked for, were withdrawn. */
export type NlriFault = 'malformed' | 'label stack';

/** One for a `Rib`; what it takes apart goes to the batch of whatever table it is told. */
export class NlriIntake {
  readonly #store: RouteStore;
  /** Told when a batch got its first entry. */
  readonly #filled: (table: PackedTable) => void;

  constructor(store: RouteStore, filled: (table: PackedTable) => void) {
    this.#store = store;
    this.#filled = filled;
  }

  /**
   * Adds the NLRI in `bytes[at…end)` to the batch of their table; withdraws them when `set` is 0.
   * @param view of `bytes`
   * @returns what was wrong with them; those in front of the first that is malformed are taken
   */
  take(
    to: NlriDestination,
    source: Source,
    bytes: Uint8Array,
    view: DataView,
    at: number,
    end: number,
    set: number,
    withdrawn: boolean,
  ): NlriFault | undefined {
    const { table } = to;
    if (!table.isFilled) this.#filled(table);
    return table.layout.kind === 'prefix'
      ? this.#takePrefixes(to, source, bytes, view, at, end, set, withdrawn)
      : this.#takeBytes(to, source, bytes, view, at, end, set, withdrawn);
  }

  #takePrefixes(
    to: NlriDestination,
    source: Source,
    bytes: Uint8Array,
    view: DataView,
    at: number,
    end: number,
    set: number,
    withdrawn: boolean,
  ): NlriFault | undefined {
    const { table, addPath } = to;
    const layout = table.layout;
    if (layout.kind !== 'prefix') return 'malformed';
    const { labeled, distinguished, addressWords } = layout;
    const { batch } = table;
    const { keys, keyWords, sets, sources, labels, discriminators } = batch;
    const { distinguishers } = this.#store;
    const readable = bytes.length;
    const longest = addressWords * 32;
    const shift = addressWords === 1 ? 6 : 8;
    const before = (labeled ? 24 : 0) + (distinguished ? 64 : 0);
    let count = batch.count;
    let fault: NlriFault | undefined;
    while (at < end) {
      let pathId = 0;
      if (addPath) {
        if (end - at < 5) break;
        pathId = view.getInt32(at);
        at += 4;
      }
      const bits = bytes[at]!;
      const next = at + 1 + ((bits + 7) >>> 3);
      let length = bits - before;
      if (next > end || length < 0) break;
      let read = at + 1;
      let label = 0;
      let taken = set;
      if (labeled) {
        if (!withdrawn) label = (bytes[read]! << 24) | (bytes[read + 1]! << 16) | (bytes[read + 2]! << 8);
        // Without the S bit it may be the first of several; the field of a withdrawal says nothing.
        if (length > longest || (!withdrawn && (label & BOTTOM_OF_STACK) === 0)) {
          const stack = unaskedLabelOctets(bytes, read, bits, longest, distinguished);
          if (stack > 3) {
            fault = 'label stack';
            taken = 0;
            label = 0;
            length -= (stack - 3) * 8;
            read += stack - 3;
          }
        }
        read += 3;
      }
      if (length > longest) break;
      let distinguisher = 0;
      if (distinguished) {
        distinguisher = distinguishers.number(view.getInt32(read), view.getInt32(read + 4));
        read += 8;
      }
      if (count === BATCH_SIZE) {
        batch.count = count;
        table.absorb();
        this.#filled(table);
        count = 0;
      }
      let key = count * keyWords;
      keys[key++] = (distinguisher << shift) | length;
      for (let word = 0, left = length; word < addressWords; word++, left -= 32, read += 4) {
        if (left <= 0) keys[key++] = 0;
        else {
          // Reading past the NLRI is harmless as long as the buffer goes on: the mask drops what does not belong.
          const value = read + 4 <= readable ? view.getInt32(read) : tail(bytes, read);
          keys[key++] = left >= 32 ? value : value & (-1 << (32 - left));
        }
      }
      sets[count] = taken;
      sources[count] = source.number;
      labels[count] = label;
      discriminators[count] = pathId;
      count++;
      at = next;
    }
    batch.count = count;
    return at >= end ? fault : 'malformed';
  }

  #takeBytes(
    to: NlriDestination,
    source: Source,
    bytes: Uint8Array,
    view: DataView,
    at: number,
    end: number,
    set: number,
    withdrawn: boolean,
  ): NlriFault | undefined {
    const { table, family, addPath } = to;
    const { batch, layout } = table;
    const canonical = layout.kind === 'bytes' ? layout.canonical : undefined;
    while (at < end) {
      let pathId = 0;
      if (addPath) {
        if (end - at < 5) return 'malformed';
        pathId = view.getInt32(at);
        at += 4;
      }
      const octets = families[family].measure(bytes, at, end, withdrawn);
      if (octets <= 0) return 'malformed';
      if (batch.count === BATCH_SIZE) {
        table.absorb();
        this.#filled(table);
      }
      const entry = batch.count++;
      batch.putKey(entry, bytes, at, octets, canonical);
      batch.sets[entry] = set;
      batch.sources[entry] = source.number;
      batch.labels[entry] =
        set === 0 || batch.isVerbatim(entry, bytes, at, octets)
          ? 0
          : this.#store.payloads.intern(bytes, at, octets) << 8;
      batch.discriminators[entry] = pathId;
      at += octets;
    }
    return undefined;
  }
}

/** The four octets at `at`, zero behind the end. */
function tail(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)
  );
}
