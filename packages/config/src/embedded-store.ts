/** The store in a folder of this machine: LMDB, whose writes are whole or not there at all. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { type Change, type KeyValue, type Store, StoreError, type Transaction } from './store.ts';

/** LMDB sorts keys by their bytes; nothing we use is above this. */
const BEHIND_EVERYTHING = '\uffff';

export class EmbeddedStore implements Store {
  readonly #database: RootDatabase<string, string>;
  readonly #watchers = new Set<{
    readonly prefix: string;
    readonly changed: (changes: readonly Change[]) => void;
  }>();

  private constructor(database: RootDatabase<string, string>) {
    this.#database = database;
  }

  /** Opens or makes the store in a folder. @throws StoreError when the folder cannot be used */
  static open(folder: string): EmbeddedStore {
    try {
      mkdirSync(folder, { recursive: true });
      return new EmbeddedStore(
        open<string, string>({ path: join(folder, 'config.mdb'), noSubdir: true, encoding: 'string' }),
      );
    } catch (error) {
      throw new StoreError(`${folder}: ${(error as Error).message}`, { cause: error });
    }
  }

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.#database.get(key));
  }

  list(prefix: string): Promise<readonly KeyValue[]> {
    const found: KeyValue[] = [];
    for (const { key, value } of this.#database.getRange({
      start: prefix,
      end: prefix + BEHIND_EVERYTHING,
    })) {
      found.push({ key, value });
    }
    return Promise.resolve(found);
  }

  async commit({ conditions, changes }: Transaction): Promise<boolean> {
    const database = this.#database;
    const committed = await database.transaction(() => {
      for (const condition of conditions) {
        const value = database.get(condition.key);
        if (condition.is === 'absent' ? value !== undefined : value !== condition.value) return false;
      }
      for (const { key, value } of changes) {
        if (value === undefined) void database.remove(key);
        else void database.put(key, value);
      }
      return true;
    });
    if (!committed) return false;
    // Committed is visible; flushed survives the machine as well as the process.
    await database.flushed;
    for (const { prefix, changed } of this.#watchers) {
      const seen = changes.filter(({ key }) => key.startsWith(prefix));
      if (seen.length > 0) changed(seen);
    }
    return true;
  }

  watch(prefix: string, changed: (changes: readonly Change[]) => void): Promise<() => void> {
    const watcher = { prefix, changed };
    this.#watchers.add(watcher);
    return Promise.resolve(() => void this.#watchers.delete(watcher));
  }

  async close(): Promise<void> {
    this.#watchers.clear();
    await this.#database.close();
  }
}
