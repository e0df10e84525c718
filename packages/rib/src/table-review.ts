/** Has the paths of a table compared again in slices: the way to a next hop changed, or the multipath mode. */
import type { PackedTable } from './packed-table.ts';

/** Made when something changes for a whole table; done when {@link work} has been over it. */
export class TableReview {
  readonly #table: PackedTable;
  readonly #affected: (set: number) => boolean;
  #next = 1;

  /** @param affected whether paths with an attribute set are concerned */
  constructor(table: PackedTable, affected: (set: number) => boolean) {
    this.#table = table;
    this.#affected = affected;
  }

  /** Whether every destination has been looked at. */
  get isDone(): boolean {
    return this.#next >= this.#table.destinations.top;
  }

  /** Looks at up to `budget` destinations. @returns at how many it did */
  work(budget: number): number {
    const from = this.#next;
    const until = Math.min(this.#table.destinations.top, from + budget);
    while (this.#next < until) this.#table.reconsider(this.#next++, this.#affected);
    return this.#next - from;
  }
}
