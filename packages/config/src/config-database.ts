/**
 * The configuration objects: created, changed and removed only as far as names, parents and references allow, by one
 * config node or by several on one store.
 *
 * Reads come from an {@link ObjectGraph} in memory that follows the store. Every write is part of one transaction whose
 * conditions are what it was decided on: the object as it was read, its name still free, what it claims still
 * unclaimed, and the link counters of all objects it hangs on. An object's link counter changes with each child or
 * reference it gains, so that an object cannot be removed while another node hangs something on it.
 *
 * Keys: `object/<uuid>`, `name/<type>/<fq name>`, `links/<uuid>`, `claim/<pool>/<name>`.
 */
import {
  ConfigFollowers,
  eventOf,
  type ConfigEvent,
  checkedAttr,
  checkedFqName,
  checkedProperties,
  newUuid,
  ConfigRequestError,
  type ConfigObject,
  type Reference,
  addedTargets,
  nameKey,
  ObjectGraph,
  referredTo,
  objectType,
  type ObjectTypeName,
} from '@vaportrail/schema';
import { silentLog, type Log } from '@vaportrail/show';
import type { ConfigClient } from './config-client.ts';
import { claimOf, Claims, claimText } from './claims.ts';
import type { Change, Reading, Store } from './store.ts';
import { plannedWrites, type PlannedWrite } from './write-plan.ts';
import type { ObjectWrite, WriteRule } from './write-rule.ts';
import { writeRules } from './write-rules.ts';
import { CLAIM, LINKS, NAME, OBJECT, TransactionDraft } from './transaction-draft.ts';

/** Another node may be changing the same objects: so many times a write is decided anew. */
const MAX_ATTEMPTS = 50;
/** Milliseconds until a store that could not be read is read again. */
const REREAD = 1000;

export interface NewObject {
  readonly uuid?: string;
  readonly fqName: readonly string[];
  readonly parent?: { readonly type: ObjectTypeName; readonly uuid: string };
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly references?: Partial<Record<ObjectTypeName, readonly Reference[]>>;
}

export interface ObjectChange {
  /** Replaces the named properties; `null` removes one. */
  readonly properties?: Readonly<Record<string, unknown>>;
  /** Replaces all references to the named types. */
  readonly references?: Partial<Record<ObjectTypeName, readonly Reference[]>>;
}

export interface ConfigDatabaseOptions {
  readonly rules?: readonly WriteRule[];
  readonly log?: Log;
}

export class ConfigDatabase implements ConfigClient {
  readonly graph = new ObjectGraph();
  readonly inOrder = true;
  readonly claims = new Claims();
  readonly #store: Store;
  readonly #rules: readonly WriteRule[];
  readonly #log: Log;
  readonly #followers: ConfigFollowers;
  readonly #links = new Map<string, number>();
  /** Revisions of what we wrote or read ourselves, until the store's own word about them has passed. */
  readonly #revisions = new Map<string, number>();
  #floor = 0;
  #waiting: PendingWrite[] = [];
  #busy = true;
  /** What the store said while a transaction of ours was under way. */
  #heard: Reading[] = [];
  #sequence = 0;
  #unwatch: (() => void) | undefined;
  /** Changes went by unseen: everything has to be read again. */
  #stale = false;
  #rereading: NodeJS.Timeout | undefined;

  private constructor(store: Store, { rules = writeRules, log = silentLog }: ConfigDatabaseOptions) {
    this.#store = store;
    this.#rules = rules;
    this.#log = log;
    this.#followers = new ConfigFollowers((error) =>
      log.error({ error }, 'a follower of the configuration failed'),
    );
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

  /** How many events followers were told of: grows with every change. */
  get sequence(): number {
    return this.#sequence;
  }

  close(): void {
    clearTimeout(this.#rereading);
    this.#unwatch?.();
    this.#followers.clear();
  }

  /** Calls `changed` for every event from now on; the function it gives ends it. */
  follow(changed: (event: ConfigEvent) => void): () => void {
    return this.#followers.add(changed);
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
    const fqName = checkedFqName(given.fqName);
    const properties = checkedProperties(type, given.properties ?? {});
    const uuid = given.uuid ?? newUuid();
    const now = timeText();
    return this.#write(() => {
      if (this.graph.get(uuid) !== undefined) throw new ConfigRequestError(409, `the UUID ${uuid} is taken`);
      if (this.graph.byName(type, fqName) !== undefined)
        throw new ConfigRequestError(409, `a ${type} is called ${fqName.join(':')} already`);
      return {
        after: {
          type,
          uuid,
          fqName,
          parent: this.#checkedParent(type, given.parent),
          properties,
          references: this.#checkedReferences(type, given.references ?? {}),
          idPerms: {
            enable: true,
            created: now,
            last_modified: now,
            user_visible: true,
            creator: null,
            description: null,
          },
        },
      };
    });
  }

  /** @throws ConfigRequestError 400, 404, 409 as {@link create} */
  update(type: ObjectTypeName, uuid: string, change: ObjectChange): Promise<ConfigObject> {
    return this.#write(() => {
      const before = this.get(type, uuid);
      const after = {
        ...before,
        properties: checkedProperties(type, { ...before.properties, ...change.properties }),
        references: { ...before.references, ...this.#checkedReferences(type, change.references ?? {}) },
        idPerms: { ...before.idPerms, last_modified: timeText() },
      };
      return { before, after };
    });
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
    return this.#write(() => {
      const before = this.get(type, uuid);
      const others = (before.references[target] ?? []).filter((reference) => reference.uuid !== targetUuid);
      // Those that are there were checked when they came: an object may have very many.
      const added = operation === 'ADD' ? [{ uuid: targetUuid, attr: attr ?? null }] : [];
      const { [target]: checked = [] } = this.#checkedReferences(type, { [target]: added });
      const references = { ...before.references, [target]: [...others, ...checked] };
      return { before, after: { ...before, references } };
    });
  }

  /** @throws ConfigRequestError 404, or 409 while the object has children or something refers to it */
  delete(type: ObjectTypeName, uuid: string): Promise<ConfigObject> {
    return this.#write(() => ({ before: this.get(type, uuid) }));
  }

  #write(decide: () => ObjectWrite): Promise<ConfigObject> {
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
      // A batch that collided with another node's writes is tried again in smaller parts.
      const batch = this.#decideBatch(Math.ceil(this.#store.longestTransaction / attempt));
      try {
        const revision = batch.draft.isEmpty
          ? this.#floor
          : await this.#store.commit(batch.draft.transaction());
        if (revision === undefined) {
          batch.undo();
          this.#waiting = [...batch.writes, ...this.#waiting];
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
        for (const key of batch.draft.changes.keys()) this.#revisions.set(key, revision);
        batch.settle();
      } catch (error) {
        batch.undo();
        const because = (error as Error).message;
        for (const { reject } of batch.writes)
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

  /**
   * Decides as many of the waiting writes as one transaction holds, each on what the ones before it leave. They stand in
   * the graph from here on; followers hear of them when the store has them.
   */
  #decideBatch(longest: number): Batch {
    const draft = new TransactionDraft();
    const writes: PendingWrite[] = [];
    const outcomes: (() => void)[] = [];
    const undone: (() => void)[] = [];
    const events: ConfigEvent[] = [];
    while (this.#waiting.length > 0) {
      const pending = this.#waiting[0]!;
      try {
        const plan = plannedWrites(pending.decide(), this.#rules, this);
        const part = this.#partOf(plan, draft);
        if (writes.length > 0 && draft.size + part.size > longest) break;
        draft.add(part);
        for (const { before, after } of plan) {
          undone.push(this.#put(before, after));
          events.push(eventOf(before, after));
        }
        undone.push(this.#applyOthers(part));
        const primary = plan[0]!;
        outcomes.push(() => pending.resolve((primary.after ?? primary.before)!));
      } catch (error) {
        outcomes.push(() => pending.reject(error));
      }
      writes.push(pending);
      this.#waiting.shift();
    }
    return {
      draft,
      writes,
      undo: () => undone.toReversed().forEach((step) => step()),
      settle: () => {
        for (const event of events) this.#tell(event);
        for (const outcome of outcomes) outcome();
      },
    };
  }

  /** What the writes of one plan need and change in the store, after what is in the draft already. */
  #partOf(plan: readonly PlannedWrite[], draft: TransactionDraft): TransactionDraft {
    const part = new TransactionDraft();
    const fresh = new Set<string>();
    for (const { before, after } of plan)
      if (before === undefined && after !== undefined) fresh.add(after.uuid);
    for (const { before, after, claims, releases } of plan) {
      const { uuid, type, fqName } = (after ?? before)!;
      const key = OBJECT + uuid;
      const name = NAME + nameKey(type, fqName);
      if (before === undefined) {
        part.absent(key);
        part.absent(name);
        part.change(name, uuid);
        part.change(LINKS + uuid, '0');
      } else if (!draft.writes(key)) part.same(key, before);
      if (after === undefined) {
        part.same(LINKS + uuid, String(this.#links.get(uuid) ?? 0));
        for (const gone of [key, name, LINKS + uuid]) part.change(gone, undefined);
      } else {
        part.change(key, after);
        const gained = before === undefined ? targets(after) : addedTargets(before, after);
        for (const target of new Set(gained)) {
          if (fresh.has(target)) continue;
          const count = this.#links.get(target) ?? 0;
          part.same(LINKS + target, String(count));
          part.change(LINKS + target, String(count + 1));
        }
      }
      for (const claim of releases) part.change(CLAIM + claimText(claim), undefined);
      for (const claim of claims) {
        part.absent(CLAIM + claimText(claim));
        part.change(CLAIM + claimText(claim), uuid);
      }
    }
    return part;
  }

  /** Puts an object into the graph, or takes it out; the answer does the contrary. */
  #put(before: ConfigObject | undefined, after: ConfigObject | undefined): () => void {
    if (after !== undefined) this.graph.put(after);
    else if (before !== undefined) this.graph.remove(before.uuid);
    return () => {
      if (before !== undefined) this.graph.put(before);
      else if (after !== undefined) this.graph.remove(after.uuid);
    };
  }

  /** Applies changes of counters and claims; the answer takes them back. */
  #applyOthers({ changes }: TransactionDraft): () => void {
    const before: Change[] = [];
    for (const [key, value] of changes) {
      if (typeof value === 'object') continue;
      if (key.startsWith(LINKS)) {
        const count = this.#links.get(key.slice(LINKS.length));
        before.push({ key, value: count === undefined ? undefined : String(count) });
      } else if (key.startsWith(CLAIM)) {
        before.push({ key, value: this.claims.owner(claimOf(key.slice(CLAIM.length))) });
      } else continue;
      this.#apply(key, value);
    }
    return () => before.toReversed().forEach(({ key, value }) => this.#apply(key, value));
  }

  /** Reads what a transaction that failed was decided on. */
  async #readAgain(draft: TransactionDraft): Promise<void> {
    const keys = [...draft.conditionKeys];
    const readings = await this.#store.read(keys);
    const objects = readings.flatMap(({ key, value }) =>
      key.startsWith(NAME) && value !== undefined ? [OBJECT + value] : [],
    );
    const more = objects.length === 0 ? [] : await this.#store.read(objects);
    for (const { key, value, revision } of [...readings, ...more]) {
      this.#apply(key, value);
      this.#revisions.set(key, revision);
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
    for (const key of this.#keys()) if (!there.has(key)) this.#apply(key, undefined);
    for (const { key, value } of entries) this.#apply(key, value);
    // Revisions of another history say nothing.
    this.#floor = revision;
    this.#revisions.clear();
    this.#heard = this.#heard.filter((reading) => reading.revision > revision);
  }

  /** What is known of the store. */
  *#keys(): Iterable<string> {
    for (const uuid of this.graph.uuids()) yield OBJECT + uuid;
    for (const uuid of this.#links.keys()) yield LINKS + uuid;
    for (const claim of this.claims.all()) yield CLAIM + claim;
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
    for (const { key, value, revision } of heard) {
      if (revision <= Math.max(this.#floor, this.#revisions.get(key) ?? 0)) continue;
      this.#apply(key, value);
    }
    const last = heard.at(-1)!.revision;
    for (const [key, revision] of this.#revisions) if (revision <= last) this.#revisions.delete(key);
  }

  #apply(key: string, value: string | undefined): void {
    if (key.startsWith(OBJECT)) {
      this.#applyObject(key.slice(OBJECT.length), value);
    } else if (key.startsWith(LINKS)) {
      const uuid = key.slice(LINKS.length);
      if (value === undefined) this.#links.delete(uuid);
      else this.#links.set(uuid, Number(value));
    } else if (key.startsWith(CLAIM)) {
      this.claims.set(claimOf(key.slice(CLAIM.length)), value);
    }
  }

  #applyObject(uuid: string, value: string | undefined): void {
    const before = this.graph.get(uuid);
    if (value === undefined) {
      if (before === undefined) return;
      this.graph.remove(uuid);
      this.#tell({ type: 'deleted', object: before });
      return;
    }
    if (before !== undefined && JSON.stringify(before) === value) return;
    const object = JSON.parse(value) as ConfigObject;
    this.graph.put(object);
    this.#tell(eventOf(before, object));
  }

  #tell(event: ConfigEvent): void {
    this.#sequence++;
    this.#followers.tell(event);
  }

  #checkedParent(type: ObjectTypeName, parent: NewObject['parent']): ConfigObject['parent'] {
    const allowed = objectType(type).parents;
    if (parent === undefined) {
      if (allowed.length > 0)
        throw new ConfigRequestError(400, `a ${type} needs a parent: ${allowed.join(' or ')}`);
      return undefined;
    }
    if (!allowed.includes(parent.type))
      throw new ConfigRequestError(400, `a ${parent.type} is no parent for a ${type}`);
    this.get(parent.type, parent.uuid);
    return { type: parent.type, uuid: parent.uuid };
  }

  #checkedReferences(
    type: ObjectTypeName,
    references: NonNullable<NewObject['references']>,
  ): ConfigObject['references'] {
    const checked: Partial<Record<ObjectTypeName, readonly Reference[]>> = {};
    for (const [target, list] of Object.entries(references) as [ObjectTypeName, readonly Reference[]][]) {
      checked[target] = list.map(({ uuid, attr }) => {
        // What it may refer to is said before whether that is there.
        const attribute = checkedAttr(type, target, attr);
        this.get(target, uuid);
        return { uuid, attr: attribute };
      });
    }
    return checked;
  }
}

interface PendingWrite {
  readonly decide: () => ObjectWrite;
  readonly resolve: (object: ConfigObject) => void;
  readonly reject: (error: unknown) => void;
}

/** Writes that go to the store together. */
interface Batch {
  readonly draft: TransactionDraft;
  readonly writes: readonly PendingWrite[];
  /** Takes them out of the graph again. */
  undo(): void;
  /** The store has them: followers and callers hear of it. */
  settle(): void;
}

/** UUIDs an object hangs on. */
function targets(object: ConfigObject): string[] {
  return [...(object.parent === undefined ? [] : [object.parent.uuid]), ...referredTo(object)];
}

/** The time as Contrail writes it, without a zone. */
function timeText(): string {
  return new Date().toISOString().slice(0, -1);
}
