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

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export interface Store {
  get(key: string): Promise<string | undefined>;
  /** Keys that begin with a prefix, in order, with their values. */
  list(prefix: string): Promise<readonly KeyValue[]>;
  /**
   * Applies all changes if all conditions hold, and none otherwise. When the answer is `true` the changes survive the
   * death of this process at any moment.
   */
  commit(transaction: Transaction): Promise<boolean>;
  /**
   * Calls `changed` for every change under a prefix, whoever made it, in the order in which they happened; the changes
   * of one transaction come together. The function it gives ends it.
   */
  watch(prefix: string, changed: (changes: readonly Change[]) => void): Promise<() => void>;
  close(): Promise<void>;
}

/** The store cannot be opened or does not answer. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
