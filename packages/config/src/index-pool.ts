/** Places of a row given out from its front: a place that came back is the first to go again. */

/** The row: how many places, and the name of each. */
export interface PlaceRow {
  readonly size: number;
  nameAt(index: number): string;
  /** Where a name stands, `undefined` when it is in no place of the row. */
  indexOf(name: string): number | undefined;
}

/**
 * Finds the first free place in O(log n) of those that came back, however many are taken. It does not keep who has
 * which place: `isTaken` knows that, and {@link released} tells what came back.
 */
export class IndexPool {
  readonly #row: PlaceRow;
  readonly #isTaken: (name: string) => boolean;
  /** Every place before it is taken, or waits in {@link #returned}. */
  #frontier = 0;
  /** A binary heap, the lowest index first; may hold places that were taken again by name. */
  readonly #returned: number[] = [];

  constructor(row: PlaceRow, isTaken: (name: string) => boolean) {
    this.#row = row;
    this.#isTaken = isTaken;
  }

  /** The first free place; it stays free until somebody takes it. */
  first(): string | undefined {
    while (this.#returned.length > 0) {
      const name = this.#row.nameAt(this.#returned[0]!);
      if (!this.#isTaken(name)) return name;
      this.#dropFirst();
    }
    for (; this.#frontier < this.#row.size; this.#frontier++) {
      const name = this.#row.nameAt(this.#frontier);
      if (!this.#isTaken(name)) return name;
    }
    return undefined;
  }

  /** A place is free again. */
  released(name: string): void {
    const index = this.#row.indexOf(name);
    if (index === undefined || index >= this.#frontier) return;
    const heap = this.#returned;
    let at = heap.push(index) - 1;
    for (let up = (at - 1) >> 1; at > 0 && heap[up]! > heap[at]!; up = (at - 1) >> 1) {
      swap(heap, at, up);
      at = up;
    }
  }

  #dropFirst(): void {
    const heap = this.#returned;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && heap[child]! < heap[least]!) least = child;
      }
      if (least === at) return;
      swap(heap, at, least);
      at = least;
    }
  }
}

/** The numbers from `first` on. */
export function numberRow(first: number, size: number): PlaceRow {
  return {
    size,
    nameAt: (index) => String(first + index),
    indexOf(name) {
      const index = Number(name) - first;
      return index >= 0 && index < size ? index : undefined;
    },
  };
}

function swap(list: number[], a: number, b: number): void {
  [list[a], list[b]] = [list[b]!, list[a]!];
}
