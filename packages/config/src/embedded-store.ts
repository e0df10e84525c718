/** The store in a folder of this machine: LMDB, whose writes are whole or not there at all. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { FolderLock } from './folder-lock.ts';
import { type Change, type Reading, type Store, StoreError, type Transaction } from './store.ts';

/**
 * Octets of address space for the file. LMDB would begin with few, and keep a mapping of each size it outgrew; address
 * space is not memory, and a file that is larger is mapped anew.
 */
const ADDRESS_SPACE = 16 * 2 ** 30;
/** LMDB sorts keys by their bytes; nothing we use is above this. */
const BEHIND_EVERYTHING = '\uffff';

export class EmbeddedStore implements Store {
  readonly longestTransaction = 10_000;
  readonly #database: RootDatabase<string, string>;
  readonly #lock: FolderLock;
  readonly #watchers = new Set<{
    readonly prefix: string;
    readonly changed: (changes: readonly Reading[]) => void;
  }>();
  /** Only this process writes, and its readers start anew with it: counting from its start is enough. */
  #revision = 0;

  private constructor(database: RootDatabase<string, string>, lock: FolderLock) {
    this.#database = database;
    this.#lock = lock;
  }

  /** Opens or makes the store in a folder. @throws StoreError when the folder cannot be used, or another process uses it */
  static open(folder: string): EmbeddedStore {
    let lock: FolderLock | undefined;
    try {
      mkdirSync(folder, { recursive: true });
      lock = FolderLock.take(folder);
      return new EmbeddedStore(
        open<string, string>({
          path: join(folder, 'config.mdb'),
          noSubdir: true,
          encoding: 'string',
          mapSize: ADDRESS_SPACE,
        }),
        lock,
      );
    } catch (error) {
      lock?.release();
      if (error instanceof StoreError) throw error;
      throw new StoreError(`${folder}: ${(error as Error).message}`, { cause: error });
    }
  }

  read(keys: readonly string[]): Promise<readonly Reading[]> {
    return Promise.resolve(
      keys.map((key) => ({ key, value: this.#database.get(key), revision: this.#revision })),
    );
  }

  list(prefix: string): Promise<{ readonly revision: number; readonly entries: readonly Change[] }> {
    const entries: Change[] = [];
    for (const { key, value } of this.#database.getRange({
      start: prefix,
      end: prefix + BEHIND_EVERYTHING,
    })) {
      // What is no text was not written by us.
      if (typeof key === 'string') entries.push({ key, value });
    }
    return Promise.resolve({ revision: this.#revision, entries });
  }

  async commit({ conditions, changes }: Transaction): Promise<number | undefined> {
    const database = this.#database;
    const revision = await database.transaction(() => {
      for (const condition of conditions) {
        const value = database.get(condition.key);
        if (condition.is === 'absent' ? value !== undefined : value !== condition.value) return undefined;
      }
      for (const { key, value } of changes) {
        if (value === undefined) void database.remove(key);
        else void database.put(key, value);
      }
      return ++this.#revision;
    });
    if (revision === undefined) return undefined;
    // Committed is visible; flushed survives the machine as well as the process.
    await database.flushed;
    for (const { prefix, changed } of this.#watchers) {
      const seen = changes.flatMap(({ key, value }) =>
        key.startsWith(prefix) ? [{ key, value, revision }] : [],
      );
      if (seen.length > 0) changed(seen);
    }
    return revision;
  }

  watch(prefix: string, changed: (changes: readonly Reading[]) => void): Promise<() => void> {
    const watcher = { prefix, changed };
    this.#watchers.add(watcher);
    return Promise.resolve(() => void this.#watchers.delete(watcher));
  }

  async close(): Promise<void> {
    this.#watchers.clear();
    await this.#database.close();
    this.#lock.release();
  }
}
