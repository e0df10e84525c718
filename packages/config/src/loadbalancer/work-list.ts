/**
 * What a driver has to look at: a set of UUIDs, so that what changed ten times is looked at once. What fails for a reason
 * that may pass is looked at again.
 */
import { ConfigRequestError } from '@vaportrail/schema';
import type { Log } from '@vaportrail/show';

/** Objects looked at in one go. */
const BATCH = 2000;
/** Milliseconds until what the store did not take is tried again. */
const RETRY = 1000;

export class WorkList {
  readonly #look: (uuid: string) => Promise<void>;
  readonly #log: Log;
  readonly #dirty = new Set<string>();
  readonly #retries = new Set<NodeJS.Timeout>();
  #working: Promise<void> | undefined;

  constructor(look: (uuid: string) => Promise<void>, log: Log) {
    this.#look = look;
    this.#log = log;
  }

  mark(uuid: string): void {
    this.#dirty.add(uuid);
    this.#working ??= this.#work();
  }

  async stop(): Promise<void> {
    this.#dirty.clear();
    for (const retry of this.#retries) clearTimeout(retry);
    await this.#working;
  }

  /** Ends when everything is as it should be, as far as is known by then. */
  async settled(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  async #work(): Promise<void> {
    // What one transaction changed is looked at together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#dirty.size > 0) {
      const batch: string[] = [];
      for (const uuid of this.#dirty) {
        batch.push(uuid);
        this.#dirty.delete(uuid);
        if (batch.length === BATCH) break;
      }
      await Promise.all(
        batch.map((uuid) => this.#look(uuid).catch((error: unknown) => this.#failed(uuid, error))),
      );
    }
    this.#working = undefined;
  }

  #failed(uuid: string, error: unknown): void {
    // Another node did the same, or the object went meanwhile; if there is more to do an event says so.
    if (error instanceof ConfigRequestError && (error.status === 404 || error.status === 409)) return;
    this.#log.warn({ err: error, uuid }, 'a load-balancer driver could not write; trying again');
    const retry = setTimeout(() => {
      this.#retries.delete(retry);
      this.mark(uuid);
    }, RETRY);
    retry.unref();
    this.#retries.add(retry);
  }
}
