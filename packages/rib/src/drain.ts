/**
 * What one drain of a `Rib` does with the tables that have something waiting: batches are applied, paths chosen and
 * replicated until nothing is left of that, and then whoever follows the tables works, within a budget.
 */
import type { PackedTable } from './packed-table.ts';
import type { RouteStore } from './route-store.ts';
import type { Sources } from './sources.ts';
import type { TableWalks } from './table-walks.ts';

/** Changes of a table forgotten in one drain, at the most. */
const TRIM_LIMIT = 1 << 16;
/** So many routes of one read are few. */
const FEW = 32;
/** So many attribute sets that nobody needs are kept, in case a route comes back with them. */
const FEW_SETS = 64;

/** One for a `Rib`. */
export class Drain {
  readonly #store: RouteStore;
  readonly #sources: Sources;
  readonly #walks: TableWalks;
  readonly #flushRemoved: (budget: number) => number;
  /** Tables to be looked after. */
  #touched: PackedTable[] = [];

  /** @param flushRemoved begins to take away the paths of removed sources; yields what it took of the budget */
  constructor(
    store: RouteStore,
    sources: Sources,
    walks: TableWalks,
    flushRemoved: (budget: number) => number,
  ) {
    this.#store = store;
    this.#sources = sources;
    this.#walks = walks;
    this.#flushRemoved = flushRemoved;
  }

  /** Has a table looked after in the next drain, which it does not know yet. */
  touch(table: PackedTable): void {
    this.#touched.push(table);
  }

  /** Applies all batches, without choosing paths. */
  absorb(): void {
    for (const table of this.#touched) table.absorb();
  }

  /** Whether no table has more than a few routes waiting. */
  get hasFewRoutes(): boolean {
    return !this.#touched.some(({ waiting }) => waiting > FEW);
  }

  /**
   * Does some of the work that waits.
   * @param budget about so many destinations
   * @returns whether more is left
   */
  work(budget: number): boolean {
    let left = budget - this.#flushRemoved(budget >>> 2);
    left -= this.#walks.work(left);
    const visited = new Set<PackedTable>();
    while (this.#touched.length > 0) {
      const touched = this.#touched;
      this.#touched = [];
      for (const table of touched) {
        table.isTouched = false;
        table.absorb();
        table.settle();
        visited.add(table);
      }
      for (const table of touched) {
        const { replicator } = table;
        if (replicator?.isPending !== true) continue;
        if (left > 0) left -= replicator.work(left);
      }
    }
    const unserved: PackedTable[] = [];
    // Whoever follows a table gets on even while sources are gone over.
    left = Math.max(left, budget >>> 2);
    for (const table of visited) {
      if (left <= 0 && table.followers.some(({ isPending }) => isPending)) {
        unserved.push(table);
        continue;
      }
      for (const follower of table.followers) {
        if (!follower.isPending) continue;
        // Every follower of a table gets a share even when the others left nothing.
        left -= follower.work(Math.max(left, budget >>> 3));
      }
    }
    let more = this.#sources.isRemoving || this.#walks.isPending;
    // Those whose turn has not come are the first the next time.
    for (const table of unserved) table.touch();
    for (const table of visited) {
      const untrimmed = table.trim(TRIM_LIMIT);
      if (
        untrimmed ||
        table.replicator?.isPending === true ||
        table.followers.some(({ isPending }) => isPending)
      ) {
        table.touch();
        more = true;
      }
    }
    if (this.#touched.length > 0) more = true;
    // Sets in a batch are not referenced yet.
    if (this.#touched.every((table) => !table.isFilled))
      // A source that is gone is forgotten with its last set.
      this.#store.collect(this.#sources.isRetiring ? 0 : FEW_SETS);
    if (this.#sources.isRetiring) this.#sources.freeRetired();
    return more;
  }
}
