/**
 * What the thread of an {@link LmdbWriter} does: one transaction after the other, each on the disk before it is answered.
 * One that fails, for whatever reason, is undone as a whole.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { openLmdbFile } from './lmdb-file.ts';
import type { Condition, Transaction } from './store.ts';

export interface WriterTask {
  readonly path: string;
}

/** Whether the conditions held and the changes were written, or why it is not known. */
export type WriterAnswer = { readonly written: boolean } | { readonly failed: string };

/** Ends the thread. */
export const CLOSE = 'close';

if (parentPort !== null) {
  const port = parentPort;
  const database = openLmdbFile((workerData as WriterTask).path);

  const holds = (condition: Condition): boolean => {
    const value = database.get(condition.key);
    return condition.is === 'absent' ? value === undefined : value === condition.value;
  };

  const write = ({ conditions, changes }: Transaction): boolean =>
    database.transactionSync(() => {
      if (!conditions.every(holds)) return false;
      for (const { key, value } of changes) {
        if (value === undefined) database.removeSync(key);
        else database.putSync(key, value);
      }
      return true;
    });

  const answer = (transaction: Transaction): WriterAnswer => {
    try {
      return { written: write(transaction) };
    } catch (error) {
      return { failed: (error as Error).message };
    }
  };

  port.on('message', (message: Transaction | typeof CLOSE) => {
    if (message === CLOSE) void database.close().then(() => port.close());
    else port.postMessage(answer(message));
  });
}
