/**
 * The one who writes to the file of the embedded store, in a thread: a transaction is as many insertions as it has
 * changes, and then waits for the disk, and meanwhile this thread has other work.
 */
import { Worker } from 'node:worker_threads';
import { CLOSE, type WriterAnswer, type WriterTask } from './lmdb-writer-thread.ts';
import { StoreError, type Transaction } from './store.ts';

/** What a thread makes of a transaction is gone when it is written: its young objects need no more room. */
const YOUNG_MEGABYTES = 32;

interface Waiting {
  readonly resolve: (written: boolean) => void;
  readonly reject: (error: StoreError) => void;
}

export class LmdbWriter {
  readonly #path: string;
  #thread: Worker | undefined;
  /** Transactions the thread has not answered, in order. */
  #waiting: Waiting[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Whether the conditions held: then the changes are on the disk.
   * @throws StoreError when it cannot be written; then nothing of it is
   */
  write(transaction: Transaction): Promise<boolean> {
    const thread = (this.#thread ??= this.#begin());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      // Who waits for an answer keeps the process running, and nobody else does.
      thread.ref();
      thread.postMessage(transaction);
    });
  }

  /** Ends when everything asked for is written. */
  async close(): Promise<void> {
    const thread = this.#thread;
    if (thread === undefined) return;
    thread.ref();
    const ended = new Promise((resolve) => thread.once('exit', resolve));
    thread.postMessage(CLOSE);
    await ended;
  }

  #begin(): Worker {
    const task: WriterTask = { path: this.#path };
    const thread = new Worker(new URL('./lmdb-writer-thread.js', import.meta.url), {
      workerData: task,
      // Those of the process are for its program.
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    thread.unref();
    thread.on('message', (answer: WriterAnswer) => {
      const waiting = this.#waiting.shift();
      if (this.#waiting.length === 0) thread.unref();
      if ('failed' in answer) waiting?.reject(this.#failure(answer.failed));
      else waiting?.resolve(answer.written);
    });
    const ended = (because: string): void => {
      this.#thread = undefined;
      // Whether they were written is not known.
      for (const { reject } of this.#waiting.splice(0)) reject(this.#failure(because));
    };
    thread.on('error', ({ message }) => ended(message));
    thread.on('exit', () => ended('the thread that writes has ended'));
    return thread;
  }

  #failure(because: string): StoreError {
    return new StoreError(`${this.#path}: ${because}`);
  }
}
