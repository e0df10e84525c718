/** Walks over whole tables that go on in slices while updates come in: over the paths of a source, and for another choice. */
import type { PathRevision } from './path-revision.ts';
import type { Source } from './source.ts';
import type { TableReview } from './table-review.ts';

/** The walks of one `Rib` that are not done. */
export class TableWalks {
  /** One of each source. */
  readonly #revisions = new Map<Source, PathRevision>();
  readonly #reviews = new Set<TableReview>();

  /** Whether there is one. */
  get isPending(): boolean {
    return this.#revisions.size + this.#reviews.size > 0;
  }

  /** The source must have no revision left: {@link finishRevision}. */
  revise(revision: PathRevision): void {
    this.#revisions.set(revision.source, revision);
  }

  /** Does the first slice now, so that small tables are as they should be at once. */
  review(review: TableReview, budget: number): void {
    review.work(budget);
    if (!review.isDone) this.#reviews.add(review);
  }

  /** A source that speaks again must not have what it says now taken for what it said before. */
  finishRevision(source: Source): void {
    const revision = this.#revisions.get(source);
    if (revision === undefined) return;
    while (!revision.isDone) revision.work(Number.MAX_SAFE_INTEGER);
    this.#revisions.delete(source);
  }

  /** Looks at about `budget` destinations. @returns at how many it did */
  work(budget: number): number {
    const done = advance(this.#revisions, budget);
    return done + advance(this.#reviews, budget - done);
  }
}

function advance<K, W extends PathRevision | TableReview>(
  walks: { entries(): Iterable<[K, W]>; delete(key: K): boolean },
  budget: number,
): number {
  let done = 0;
  for (const [key, walk] of walks.entries()) {
    if (done >= budget) break;
    // One that finds nothing to do takes time as well.
    done += 1 + walk.work(budget - done);
    if (walk.isDone) walks.delete(key);
  }
  return done;
}
