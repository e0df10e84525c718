/**
 * The configuration objects: created, changed and removed only as far as names, parents and references allow, by one
 * config node or by several on one store.
 *
 * Reads come from an {@link ObjectGraph} in memory that follows the store. Every write is part of one transaction whose
 * conditions are what it was decided on: the object as it was read, its name still free, what it claims still
 * unclaimed, and the link counters of all objects it hangs on. An object's link counter changes with each child or
 * reference it gains after the transaction that brought it, so that an object cannot be removed while another node hangs
 * something on it.
 */
import {
  ConfigRequestError,
  FollowedGraph,
  type ConfigEvent,
  type ConfigObject,
  type ObjectGraph,
  type ObjectTypeName,
} from '@vaportrail/schema';
import { silentLog, type Log } from '@vaportrail/show';
import type { Claims } from './claims.ts';
import type { ConfigClient } from './config-client.ts';
import { KnownRevisions } from './known-revisions.ts';
import {
  creation,
  referenceUpdate,
  removal,
  update,
  type NewObject,
  type ObjectChange,
  type RequestedWrite,
} from './requested-write.ts';
import type { Reading, Store } from './store.ts';
import { StoredConfiguration } from './stored-configuration.ts';
import { objectKeyOf, type TransactionDraft } from './transaction-draft.ts';
import { WriteBatch, type PendingWrite } from './write-batch.ts';
import type { WriteRule } from './write-rule.ts';
import { writeRules } from './write-rules.ts';

/** Another node may be changing the same objects: so many times a write is decided anew. */
const MAX_ATTEMPTS = 50;
/** Milliseconds until a store that could not be read is read again. */
const REREAD = 1000;

export interface ConfigDatabaseOptions {
  readonly rules?: readonly WriteRule[];
  readonly log?: Log;
}

export class ConfigDatabase implements ConfigClient {
  readonly inOrder = true;
  readonly #store: Store;
  readonly #rules: readonly WriteRule[];
  readonly #log: Log;
  readonly #objects: FollowedGraph;
  readonly #stored: StoredConfiguration;
  readonly #known = new KnownRevisions();
  #waiting: PendingWrite[] = [];
  #busy = true;
  /** What the store said while a transaction of ours was under way. */
  #heard: Reading[] = [];
  #unwatch: (() => void) | undefined;
  /** Changes went by unseen: everything has to be read again. */
  #stale = false;
  #rereading: NodeJS.Timeout | undefined;

  private constructor(store: Store, { rules = writeRules, log = silentLog }: ConfigDatabaseOptions) {
    this.#store = store;
    this.#rules = rules;
    this.#log = log;
    this.#objects = new FollowedGraph((error) =>
      log.error({ error }, 'a follower of the configuration failed'),
    );
    this.#stored = new StoredConfiguration(this.#objects);
  }

  /** Reads everything from the store and follows it from then on. */
  static async open(store: Store, options: ConfigDatabaseOptions = {}): Promise<ConfigDatabase> {
    const database = new ConfigDatabase(store, options);
    database.#unwatch = await store.watch(
      '',
      (changes) => database.#hear(changes),
      () => database.#miss(),
    );
    await database.#readAll();
    database.#busy = false;
    database.#catchUp();
    return database;
  }

  get graph(): ObjectGraph {
    return this.#objects.graph;
  }

  get claims(): Claims {
    return this.#stored.claims;
  }

  /** How many events followers were told of: grows with every change. */
  get sequence(): number {
    return this.#objects.sequence;
  }

  /** Follows the store no longer. The store itself stays open. */
  close(): void {
    clearTimeout(this.#rereading);
    this.#unwatch?.();
    this.#objects.close();
  }

  /** Calls `changed` for every event from now on; the function it gives ends it. */
  follow(changed: (event: ConfigEvent) => void): () => void {
    return this.#objects.follow(changed);
  }

  /** @throws ConfigRequestError 404 */
  get(type: ObjectTypeName, uuid: string): ConfigObject {
    return this.graph.known(type, uuid);
  }

  /** @throws ConfigRequestError 404 */
  byName(type: ObjectTypeName, fqName: readonly string[]): ConfigObject {
    return this.graph.named(type, fqName);
  }

  /**
   * @throws ConfigRequestError 400 for a wrong property, parent or reference, 404 for a parent or reference that does
   * not exist, 409 for a name or UUID that does, and when a pool has nothing left
   */
  async create(type: ObjectTypeName, given: NewObject): Promise<ConfigObject> {
    return this.#write(creation(type, given));
  }

  /** @throws ConfigRequestError 400, 404, 409 as {@link create} */
  update(type: ObjectTypeName, uuid: string, change: ObjectChange): Promise<ConfigObject> {
    return this.#write(update(type, uuid, change));
  }

  /** Adds or removes one reference; adding one that is there replaces its attribute. */
  changeReference(
    type: ObjectTypeName,
    uuid: string,
    target: ObjectTypeName,
    targetUuid: string,
    operation: 'ADD' | 'DELETE',
    attr: unknown,
  ): Promise<ConfigObject> {
    return this.#write(referenceUpdate(type, uuid, { target, uuid: targetUuid, operation, attr }));
  }

  /** @throws ConfigRequestError 404, or 409 while the object has children or something refers to it */
  delete(type: ObjectTypeName, uuid: string): Promise<ConfigObject> {
    return this.#write(removal(type, uuid));
  }

  #write(decide: RequestedWrite): Promise<ConfigObject> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ decide, resolve, reject });
      // Those that are asked for in one turn of the event loop go to the store together.
      if (!this.#busy && this.#waiting.length === 1) queueMicrotask(() => void this.#work());
    });
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    let attempt = 1;
    while (this.#stale || this.#waiting.length > 0) {
      if (this.#stale && !(await this.#readAgainAll())) break;
      const batch = new WriteBatch(this.#stored, this.#rules);
      // One that collided with another node's writes is tried again in smaller parts.
      batch.fill(this.#waiting, Math.ceil(this.#store.longestTransaction / attempt));
      try {
        const revision = batch.draft.isEmpty
          ? this.#known.floor
          : await this.#store.commit(batch.draft.transaction());
        if (revision === undefined) {
          this.#waiting = [...batch.undo(), ...this.#waiting];
          await this.#readAgain(batch.draft);
          if (++attempt > MAX_ATTEMPTS) {
            this.#waiting
              .shift()
              ?.reject(new ConfigRequestError(503, 'other config nodes keep changing the same objects'));
            attempt = 1;
          }
          continue;
        }
        attempt = 1;
        this.#known.learn(batch.draft.changes.keys(), revision);
        batch.settle();
      } catch (error) {
        const because = (error as Error).message;
        for (const { reject } of batch.undo())
          reject(new ConfigRequestError(503, `the store does not answer: ${because}`));
        // Whether the store took it is not known: what it holds now is what counts.
        await this.#readAgain(batch.draft).catch((again: unknown) =>
          this.#log.error({ error: again }, 'the store'),
        );
      }
      this.#catchUp();
    }
    this.#busy = false;
    this.#catchUp();
  }

  /** Reads what a transaction that failed was decided on. */
  async #readAgain(draft: TransactionDraft): Promise<void> {
    const keys = [...draft.conditionKeys];
    const readings = await this.#store.read(keys);
    const objects = readings.flatMap(({ key, value }) => objectKeyOf(key, value));
    const more = objects.length === 0 ? [] : await this.#store.read(objects);
    for (const { key, value, revision } of [...readings, ...more]) {
      this.#stored.apply(key, value);
      this.#known.learn([key], revision);
    }
  }

  #miss(): void {
    this.#stale = true;
    // Older than what is read now.
    this.#heard = [];
    void this.#work();
  }

  /** Reads everything because changes went by unseen; where that fails nothing can be decided, and it is tried again. */
  async #readAgainAll(): Promise<boolean> {
    try {
      await this.#readAll();
      this.#stale = false;
      this.#log.warn({}, 'changes in the store went by unseen: everything was read again');
      return true;
    } catch (error) {
      const because = (error as Error).message;
      this.#log.error({}, `the store does not answer: ${because}`);
      for (const { reject } of this.#waiting.splice(0))
        reject(new ConfigRequestError(503, `the store does not answer: ${because}`));
      clearTimeout(this.#rereading);
      this.#rereading = setTimeout(() => void this.#work(), REREAD);
      return false;
    }
  }

  /** Takes in what the store holds now, whatever was known before. */
  async #readAll(): Promise<void> {
    const { revision, entries } = await this.#store.list('');
    const there = new Set(entries.map(({ key }) => key));
    for (const key of this.#stored.keys()) if (!there.has(key)) this.#stored.apply(key, undefined);
    for (const { key, value } of entries) this.#stored.apply(key, value);
    this.#known.restart(revision);
    this.#heard = this.#heard.filter((reading) => reading.revision > revision);
  }

  #hear(changes: readonly Reading[]): void {
    for (const change of changes) this.#heard.push(change);
    if (!this.#busy) this.#catchUp();
  }

  /** Takes in what the store said, except what we knew already. */
  #catchUp(): void {
    const heard = this.#heard;
    if (heard.length === 0) return;
    this.#heard = [];
    for (const reading of heard)
      if (this.#known.isNew(reading)) this.#stored.apply(reading.key, reading.value);
    this.#known.passed(heard.at(-1)!.revision);
  }
}
