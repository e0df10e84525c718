/** Items to be withdrawn, by the set of members they are withdrawn from, in arrays that are used again. */
import { enlarged } from './packed-array.ts';
import { NOBODY } from './receivers.ts';

/** What is withdrawn from one set of members. */
class Withdrawal {
  readonly to: number;
  items: Int32Array = new Int32Array(16);
  count = 0;

  constructor(to: number) {
    this.to = to;
  }
}

/** Sets of members whose arrays are kept for the next time. */
const MOST_KEPT = 16;

/** One for each group; filled and cleared with every dispatch. */
export class WithdrawnItems {
  #byMembers = new Map<number, Withdrawal>();
  /** The one added to last: many with the same members follow each other. */
  #last = new Withdrawal(NOBODY);
  isEmpty = true;

  /** Adds an item to be withdrawn from the members `to`. */
  add(item: number, to: number): void {
    let last = this.#last;
    if (last.to !== to) {
      last = this.#byMembers.get(to) ?? new Withdrawal(to);
      this.#byMembers.set(to, last);
      this.#last = last;
    }
    if (last.count === last.items.length) last.items = enlarged(last.items);
    last.items[last.count++] = item;
    this.isEmpty = false;
  }

  /** Calls `visit` for each set of members with what is withdrawn from it, in the order it was added. */
  forEach(visit: (items: Int32Array, to: number) => void): void {
    for (const { items, count, to } of this.#byMembers.values()) {
      if (count > 0) visit(items.subarray(0, count), to);
    }
  }

  /** Everything has been withdrawn. */
  clear(): void {
    this.isEmpty = true;
    if (this.#byMembers.size > MOST_KEPT) {
      this.#byMembers = new Map();
      this.#last = new Withdrawal(NOBODY);
    }
    for (const withdrawal of this.#byMembers.values()) withdrawal.count = 0;
  }
}
