/**
 * Which copies of each destination of a table stand in other tables.
 *
 * ```
 *   heads[destination] ─► table │ destination there │ source │ discriminator │ next ─► …
 * ```
 */
import { doubled } from './packed-array.ts';

const REPLICA_WORDS = 5;
const TABLE = 0;
const DESTINATION = 1;
const SOURCE = 2;
const DISCRIMINATOR = 3;
const NEXT = 4;

/** The copies made by the replicator of one table. */
export class ReplicaList {
  #heads = new Int32Array(16);
  #words = new Int32Array(16 * REPLICA_WORDS);
  #top = 1;
  #freed = 0;
  /** Copies listed. */
  size = 0;

  /** Whether a destination has copies. */
  has(destination: number): boolean {
    return destination < this.#heads.length && this.#heads[destination] !== 0;
  }

  /** Notes a copy. */
  add(destination: number, table: number, there: number, source: number, discriminator: number): void {
    while (destination >= this.#heads.length) this.#heads = doubled(this.#heads);
    let replica = this.#freed;
    if (replica !== 0) this.#freed = this.#words[replica * REPLICA_WORDS + NEXT]!;
    else {
      replica = this.#top++;
      if ((replica + 1) * REPLICA_WORDS > this.#words.length) this.#words = doubled(this.#words);
    }
    const at = replica * REPLICA_WORDS;
    const words = this.#words;
    words[at + TABLE] = table;
    words[at + DESTINATION] = there;
    words[at + SOURCE] = source;
    words[at + DISCRIMINATOR] = discriminator;
    words[at + NEXT] = this.#heads[destination]!;
    this.#heads[destination] = replica;
    this.size++;
  }

  /** Empties the list of a destination and hands each copy to `visit`. */
  take(
    destination: number,
    visit: (table: number, there: number, source: number, discriminator: number) => void,
  ): void {
    if (!this.has(destination)) return;
    let replica = this.#heads[destination]!;
    this.#heads[destination] = 0;
    while (replica !== 0) {
      const at = replica * REPLICA_WORDS;
      const words = this.#words;
      const next = words[at + NEXT]!;
      visit(words[at + TABLE]!, words[at + DESTINATION]!, words[at + SOURCE]!, words[at + DISCRIMINATOR]!);
      words[at + NEXT] = this.#freed;
      this.#freed = replica;
      this.size--;
      replica = next;
    }
    if (this.size === 0 && this.#top > 1024) {
      this.#heads = new Int32Array(16);
      this.#words = new Int32Array(16 * REPLICA_WORDS);
      this.#top = 1;
      this.#freed = 0;
    }
  }

  /** Calls `visit` with the table of each copy of a destination. */
  forEach(destination: number, visit: (table: number) => void): void {
    if (!this.has(destination)) return;
    for (let replica = this.#heads[destination]!; replica !== 0;) {
      visit(this.#words[replica * REPLICA_WORDS + TABLE]!);
      replica = this.#words[replica * REPLICA_WORDS + NEXT]!;
    }
  }
}
