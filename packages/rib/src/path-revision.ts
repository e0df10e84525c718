/** Goes over all paths of one source in slices: its session went down, came back, or is gone for good. */
import { SET_FACTS, SET_WORDS_SHIFT } from './attribute-pool.ts';
import { setFact } from './attribute-scan.ts';
import { pathFlag } from './destinations.ts';
import { type PackedTable, REMOVE } from './packed-table.ts';
import type { RouteStore } from './route-store.ts';
import type { Source } from './source.ts';

/** What happens to the paths: marked stale, made long-lived stale, the stale ones removed, all removed. */
export type Revision = 'stale' | 'long-lived' | 'sweep' | 'flush';

/** Made when something happens to a source; done when {@link work} has been over all its tables. */
export class PathRevision {
  readonly source: Source;
  readonly kind: Revision;
  readonly #store: RouteStore;
  readonly #tables: PackedTable[];
  readonly #finished: () => void;
  #next = 1;
  isDone = false;

  /** @param tables where the source has paths; they are the revision's now */
  constructor(
    store: RouteStore,
    source: Source,
    kind: Revision,
    tables: PackedTable[],
    finished: () => void,
  ) {
    this.#store = store;
    this.source = source;
    this.kind = kind;
    this.#finished = finished;
    this.#tables = tables;
  }

  /** Looks at up to `budget` destinations. @returns at how many it did */
  work(budget: number): number {
    let done = 0;
    while (done < budget) {
      const table = this.#tables.at(-1);
      if (table === undefined) {
        this.isDone = true;
        this.#finished();
        break;
      }
      const { top } = table.destinations;
      for (; this.#next < top && done < budget; done++) this.#visit(table, this.#next++);
      // A table is done early when the last path of the source has gone from it.
      if (this.#next < top && table.census.of(this.source.number) > 0) continue;
      this.#tables.pop();
      this.#next = 1;
    }
    return done;
  }

  #visit(table: PackedTable, number: number): void {
    if (!table.isOccupied(number)) return;
    const { pool } = this.#store;
    table.revise(number, (set, label) =>
      pool.source(set) === this.source.number ? this.#verdict(set, label) : label,
    );
  }

  #verdict(set: number, label: number): number {
    // Copies follow their originals.
    if ((label & pathFlag.secondary) !== 0) return label;
    const { pool } = this.#store;
    switch (this.kind) {
      case 'flush':
        return REMOVE;
      case 'stale':
        return label | pathFlag.stale;
      case 'sweep':
        return (label & pathFlag.stale) !== 0 ? REMOVE : label;
      case 'long-lived': {
        if ((label & pathFlag.stale) === 0) return label;
        const facts = pool.words[(set << SET_WORDS_SHIFT) + SET_FACTS]!;
        return (facts & setFact.noLongLived) !== 0 ? REMOVE : label | pathFlag.longLivedStale;
      }
    }
  }
}
