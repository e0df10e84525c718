/** Whoever works off the changes of a table: replication, update groups, item groups, forwarding tables. */

/** Has a cursor in the change log of its table; the `Rib` has it work in its drains. */
export interface Follower {
  /** There is something it could do now. */
  readonly isPending: boolean;
  /**
   * Works for about `budget` destinations.
   * @returns for how many it did
   */
  work(budget: number): number;
}
