/**
 * The copies that the destination in work should have in other tables, in one array that is used again for the next one:
 * thousands are worked out each second.
 *
 * ```
 *   words ─► table │ destination there │ source │ discriminator │ table │ …
 * ```
 */
import type { ReplicaList } from './replica-list.ts';

const COPY_WORDS = 4;

export class WantedCopies {
  #words = new Int32Array(16 * COPY_WORDS);
  #end = 0;

  get isEmpty(): boolean {
    return this.#end === 0;
  }

  add(table: number, there: number, source: number, discriminator: number): void {
    if (this.#end === this.#words.length) {
      const larger = new Int32Array(2 * this.#words.length);
      larger.set(this.#words);
      this.#words = larger;
    }
    const words = this.#words;
    words[this.#end++] = table;
    words[this.#end++] = there;
    words[this.#end++] = source;
    words[this.#end++] = discriminator;
  }

  has(table: number, there: number, source: number, discriminator: number): boolean {
    const words = this.#words;
    for (let at = 0; at < this.#end; at += COPY_WORDS) {
      const isThere = words[at] === table && words[at + 1] === there;
      if (isThere && words[at + 2] === source && words[at + 3] === discriminator) return true;
    }
    return false;
  }

  /** Lists them as copies of a destination, and begins anew. */
  moveTo(replicas: ReplicaList, destination: number): void {
    const words = this.#words;
    for (let at = 0; at < this.#end; at += COPY_WORDS)
      replicas.add(destination, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    this.#end = 0;
  }
}
