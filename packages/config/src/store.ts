/**
 * Where configuration lives: keys and values of text, changed in transactions. The embedded store keeps them in a
 * folder, etcd keeps them for several config nodes; everything above asks only this interface.
 */

/** What must hold for a transaction to happen. */
export type Condition =
  | { readonly key: string; readonly is: 'absent' }
  /** The value read before is still there. */
  | { readonly key: string; readonly is: 'same'; readonly value: string };

/** Writes a value, or removes the key when there is none. */
export interface Change {
  readonly key: string;
  readonly value: string | undefined;
}

export interface Transaction {
  readonly conditions: readonly Condition[];
  readonly changes: readonly Change[];
}

/**
 * What the store held for a key at a revision. Revisions grow with every transaction, so that of two readings of one
 * key the one with the higher revision is the newer.
 */
export interface Reading extends Change {
  readonly revision: number;
}

export interface Store {
  /** Conditions plus changes up to which writes are put together; one that is larger by itself is a transaction too. */
  readonly longestTransaction: number;
  /** The keys as they are now, with the revision of the store. */
  read(keys: readonly string[]): Promise<readonly Reading[]>;
  /** Keys that begin with a prefix, in order, as they were at one revision. */
  list(prefix: string): Promise<{ readonly revision: number; readonly entries: readonly Change[] }>;
  /**
   * Applies all changes if all conditions hold and gives the revision they made, and does nothing otherwise. When there
   * is a revision the changes survive the death of this process at any moment.
   */
  commit(transaction: Transaction): Promise<number | undefined>;
  /**
   * Calls `changed` for every change under a prefix, whoever made it, in the order in which they happened; the changes
   * of one transaction come together. The function it gives ends it. Where changes went by that can no longer be had
   * `missed` is called: list again, those from then on are heard.
   */
  watch(
    prefix: string,
    changed: (changes: readonly Reading[]) => void,
    missed: () => void,
  ): Promise<() => void>;
  close(): Promise<void>;
}

/** The store cannot be opened or does not answer. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
