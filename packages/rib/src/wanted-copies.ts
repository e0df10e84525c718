/**
 * The copies that the destination in work should have in other tables, in one array that is used again for the next one:
 * thousands are worked out each second.
 *
 * ```
 *   words ─► table │ destination there │ source │ discriminator │ table │ …
 * ```
 */
import { doubled } from './packed-array.ts';
import type { ReplicaList } from './replica-list.ts';

const COPY_WORDS = 4;

/** One for each replicator. Every copy is named by the number of its table and of its destination, source, and discriminator. */
export class WantedCopies {
  #words = new Int32Array(16 * COPY_WORDS);
  #end = 0;

  /** Whether the destination in work should have no copies. */
  get isEmpty(): boolean {
    return this.#end === 0;
  }

  /** Notes a copy. */
  add(table: number, there: number, source: number, discriminator: number): void {
    if (this.#end === this.#words.length) this.#words = doubled(this.#words);
    const words = this.#words;
    words[this.#end++] = table;
    words[this.#end++] = there;
    words[this.#end++] = source;
    words[this.#end++] = discriminator;
  }

  /** Whether a copy was noted. */
  has(table: number, there: number, source: number, discriminator: number): boolean {
    const words = this.#words;
    for (let at = 0; at < this.#end; at += COPY_WORDS) {
      const isThere = words[at] === table && words[at + 1] === there;
      if (isThere && words[at + 2] === source && words[at + 3] === discriminator) return true;
    }
    return false;
  }

  /** Hands all over to the list of copies there are, and is empty again for the next destination. */
  moveTo(replicas: ReplicaList, destination: number): void {
    const words = this.#words;
    for (let at = 0; at < this.#end; at += COPY_WORDS)
      replicas.add(destination, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    this.#end = 0;
  }
}
