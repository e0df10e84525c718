/** A transaction in the making: of several conditions on a key the first counts, of several changes the last. */
import type { Change, Condition, Transaction } from './store.ts';

export const OBJECT = 'object/';
export const NAME = 'name/';
export const LINKS = 'links/';
export const CLAIM = 'claim/';

export class TransactionDraft {
  readonly #conditions = new Map<string, Condition>();
  readonly #changes = new Map<string, string | undefined>();

  get size(): number {
    return this.#conditions.size + this.#changes.size;
  }

  get isEmpty(): boolean {
    return this.#changes.size === 0;
  }

  get transaction(): Transaction {
    return {
      conditions: [...this.#conditions.values()],
      changes: [...this.#changes].map(([key, value]): Change => ({ key, value })),
    };
  }

  /** Whether the key is changed here, so that what the store has for it no longer matters. */
  writes(key: string): boolean {
    return this.#changes.has(key);
  }

  absent(key: string): void {
    this.#condition({ key, is: 'absent' });
  }

  same(key: string, value: string): void {
    this.#condition({ key, is: 'same', value });
  }

  change(key: string, value: string | undefined): void {
    this.#changes.set(key, value);
  }

  /** What comes after: its conditions on keys that are changed here already are met by this. */
  add(later: TransactionDraft): void {
    for (const condition of later.#conditions.values()) this.#condition(condition);
    for (const [key, value] of later.#changes) this.#changes.set(key, value);
  }

  #condition(condition: Condition): void {
    const { key } = condition;
    if (!this.#changes.has(key) && !this.#conditions.has(key)) this.#conditions.set(key, condition);
  }
}
