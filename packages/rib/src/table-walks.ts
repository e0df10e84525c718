/** Walks over whole tables that go on in slices while updates come in: over the paths of a source, and for another choice. */
import type { PathRevision } from './path-revision.ts';
import type { Source } from './source.ts';
import type { TableReview } from './table-review.ts';

export class TableWalks {
  readonly #revisions = new Set<PathRevision>();
  readonly #reviews = new Set<TableReview>();

  get isPending(): boolean {
    return this.#revisions.size + this.#reviews.size > 0;
  }

  revise(revision: PathRevision): void {
    this.#revisions.add(revision);
  }

  /** Does the first slice now, so that small tables are as they should be at once. */
  review(review: TableReview, budget: number): void {
    review.work(budget);
    if (!review.isDone) this.#reviews.add(review);
  }

  /** A source that speaks again must not have what it says now taken for what it said before. */
  finishRevisions(source: Source): void {
    if (this.#revisions.size === 0) return;
    for (const revision of this.#revisions) {
      if (revision.source !== source) continue;
      while (!revision.isDone) revision.work(Number.MAX_SAFE_INTEGER);
      this.#revisions.delete(revision);
    }
  }

  /** Looks at about `budget` destinations. @returns at how many it did */
  work(budget: number): number {
    const done = advance(this.#revisions, budget);
    return done + advance(this.#reviews, budget - done);
  }
}

function advance<W extends PathRevision | TableReview>(walks: Set<W>, budget: number): number {
  let done = 0;
  for (const walk of walks) {
    if (done >= budget) break;
    done += walk.work(budget - done);
    if (walk.isDone) walks.delete(walk);
  }
  return done;
}
