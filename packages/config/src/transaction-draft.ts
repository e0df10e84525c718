/**
 * A transaction in the making: of several conditions on a key the first counts, of several changes the last. Objects
 * become texts at the end only, so that one that changes a hundred times in a transaction is written down once.
 */
import type { ConfigObject } from '@vaportrail/schema';
import type { Transaction } from './store.ts';

export const OBJECT = 'object/';
export const NAME = 'name/';
export const LINKS = 'links/';
export const CLAIM = 'claim/';

/** Octets of the longest key that LMDB takes; keys are made of ASCII. */
export const LONGEST_KEY = 1978;

/** The key of the object that a name is said to be that of, or that a link counter counts for; none for other keys. */
export function objectKeyOf(key: string, value: string | undefined): string[] {
  if (key.startsWith(LINKS)) return [OBJECT + key.slice(LINKS.length)];
  return key.startsWith(NAME) && value !== undefined ? [OBJECT + value] : [];
}

/** What a key has: a text, or an object whose text it is. */
type Value = string | ConfigObject;

export class TransactionDraft {
  /** `undefined` where nothing may be. */
  readonly #conditions = new Map<string, Value | undefined>();
  /** `undefined` where nothing is left. */
  readonly #changes = new Map<string, Value | undefined>();

  get size(): number {
    return this.#conditions.size + this.#changes.size;
  }

  get isEmpty(): boolean {
    return this.#changes.size === 0;
  }

  get conditionKeys(): Iterable<string> {
    return this.#conditions.keys();
  }

  get changes(): ReadonlyMap<string, Value | undefined> {
    return this.#changes;
  }

  /** All of it as the store takes it. */
  transaction(): Transaction {
    return {
      conditions: Array.from(this.#conditions, ([key, value]) =>
        value === undefined ? { key, is: 'absent' } : { key, is: 'same', value: textOf(value) },
      ),
      changes: Array.from(this.#changes, ([key, value]) => ({
        key,
        value: value === undefined ? undefined : textOf(value),
      })),
    };
  }

  /** Whether the key is changed here, so that what the store has for it no longer matters. */
  writes(key: string): boolean {
    return this.#changes.has(key);
  }

  /** Whether the key comes to be here: nobody else knows of it yet. */
  makes(key: string): boolean {
    return this.#conditions.has(key) && this.#conditions.get(key) === undefined;
  }

  absent(key: string): void {
    this.#condition(key, undefined);
  }

  same(key: string, value: Value): void {
    this.#condition(key, value);
  }

  change(key: string, value: Value | undefined): void {
    this.#changes.set(key, value);
  }

  /** What comes after: its conditions on keys that are changed here already are met by this. */
  add(later: TransactionDraft): void {
    for (const [key, value] of later.#conditions) this.#condition(key, value);
    for (const [key, value] of later.#changes) this.#changes.set(key, value);
  }

  #condition(key: string, value: Value | undefined): void {
    if (!this.#changes.has(key) && !this.#conditions.has(key)) this.#conditions.set(key, value);
  }
}

function textOf(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
