/** The store in a folder of this machine: LMDB, whose writes are whole or not there at all. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { FolderLock } from './folder-lock.ts';
import { openLmdbFile } from './lmdb-file.ts';
import { LmdbWriter } from './lmdb-writer.ts';
import { type Change, type Reading, type Store, StoreError, type Transaction } from './store.ts';

/** LMDB sorts keys by their bytes; nothing we use is above this. */
const BEHIND_EVERYTHING = '\uffff';

export class EmbeddedStore implements Store {
  readonly longestTransaction = 10_000;
  /** What reads. */
  readonly #database: RootDatabase<string, string>;
  readonly #writer: LmdbWriter;
  readonly #lock: FolderLock;
  readonly #watchers = new Set<{
    readonly prefix: string;
    readonly changed: (changes: readonly Reading[]) => void;
  }>();
  /** Only this process writes, and its readers start anew with it: counting from its start is enough. */
  #revision = 0;

  private constructor(path: string, lock: FolderLock) {
    this.#database = openLmdbFile(path);
    this.#writer = new LmdbWriter(path);
    this.#lock = lock;
  }

  /** Opens or makes the store in a folder. @throws StoreError when the folder cannot be used, or another process uses it */
  static open(folder: string): EmbeddedStore {
    let lock: FolderLock | undefined;
    try {
      mkdirSync(folder, { recursive: true });
      lock = FolderLock.take(folder);
      return new EmbeddedStore(join(folder, 'config.mdb'), lock);
    } catch (error) {
      lock?.release();
      if (error instanceof StoreError) throw error;
      throw new StoreError(`${folder}: ${(error as Error).message}`, { cause: error });
    }
  }

  read(keys: readonly string[]): Promise<readonly Reading[]> {
    this.#database.resetReadTxn();
    return Promise.resolve(
      keys.map((key) => ({ key, value: this.#database.get(key), revision: this.#revision })),
    );
  }

  list(prefix: string): Promise<{ readonly revision: number; readonly entries: readonly Change[] }> {
    const entries: Change[] = [];
    this.#database.resetReadTxn();
    for (const { key, value } of this.#database.getRange({
      start: prefix,
      end: prefix + BEHIND_EVERYTHING,
    })) {
      // What is no text was not written by us.
      if (typeof key === 'string') entries.push({ key, value });
    }
    return Promise.resolve({ revision: this.#revision, entries });
  }

  async commit(transaction: Transaction): Promise<number | undefined> {
    if (!(await this.#writer.write(transaction))) return undefined;
    const revision = ++this.#revision;
    for (const { prefix, changed } of this.#watchers) {
      const seen = transaction.changes.flatMap(({ key, value }) =>
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

  /** Resolves when what was being written is on the disk and the folder is free for others. */
  async close(): Promise<void> {
    this.#watchers.clear();
    await this.#writer.close();
    await this.#database.close();
    this.#lock.release();
  }
}
