/**
 * The configuration objects: created, changed and removed only as far as names, parents and references allow, by one
 * config node or by several on one store.
 *
 * Reads come from an {@link ObjectGraph} in memory that follows the store. Every write is one transaction whose
 * conditions are what the write was decided on: the object as it was read, its name still free, and the link counters of
 * all objects it touches. An object's link counter changes with each child or reference it gains or loses, so that an
 * object cannot be removed while another node hangs something on it.
 *
 * Keys: `object/<uuid>`, `name/<type>/<fq name>`, `links/<uuid>`, and those that allocations add.
 */
import {
  checkedAttr,
  checkedFqName,
  checkedProperties,
  newUuid,
  ConfigRequestError,
  type ConfigObject,
  type Reference,
} from './config-object.ts';
import { nameKey, ObjectGraph, referredTo } from './object-graph.ts';
import { objectType, type ObjectTypeName } from './object-type.ts';
import type { Change, Condition, Store, Transaction } from './store.ts';

const OBJECT = 'object/';
const NAME = 'name/';
/** Another node may be changing the same objects: so many times a write is decided anew. */
const MAX_ATTEMPTS = 50;

/** What happened to an object; the one that is gone carries its last state. */
export type ConfigEvent =
  | { readonly type: 'created'; readonly object: ConfigObject }
  | { readonly type: 'updated'; readonly object: ConfigObject; readonly before: ConfigObject }
  | { readonly type: 'deleted'; readonly object: ConfigObject };

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

/**
 * Adds to a write what must be allocated with it: may complete the properties, and gives the keys to claim or to free.
 * Called again when the write has to be decided anew.
 */
export interface Allocation {
  created?(object: ConfigObject): Allocated | undefined;
  deleted?(object: ConfigObject): readonly Change[];
}

export interface Allocated {
  readonly properties: Readonly<Record<string, unknown>>;
  /** Keys that must not exist yet, with what to write. */
  readonly claims: readonly { readonly key: string; readonly value: string }[];
}

export class ConfigDatabase {
  readonly graph = new ObjectGraph();
  readonly #store: Store;
  readonly #allocations: readonly Allocation[];
  readonly #followers = new Set<(event: ConfigEvent) => void>();
  /** The text each object was read from: what a condition compares. */
  readonly #texts = new WeakMap<ConfigObject, string>();
  /** Writes of this node take turns: they would only disturb each other. */
  #turn: Promise<unknown> = Promise.resolve();
  #unwatch: (() => void) | undefined;

  private constructor(store: Store, allocations: readonly Allocation[]) {
    this.#store = store;
    this.#allocations = allocations;
  }

  /** Reads everything from the store and follows it from then on. */
  static async open(store: Store, allocations: readonly Allocation[] = []): Promise<ConfigDatabase> {
    const database = new ConfigDatabase(store, allocations);
    const early: Change[] = [];
    let loading = true;
    database.#unwatch = await store.watch(OBJECT, (changes) => {
      if (loading) early.push(...changes);
      else database.#apply(changes);
    });
    database.#apply(await store.list(OBJECT));
    loading = false;
    database.#apply(early);
    return database;
  }

  close(): void {
    this.#unwatch?.();
    this.#followers.clear();
  }

  /** Calls `changed` for every event from now on; the function it gives ends it. */
  follow(changed: (event: ConfigEvent) => void): () => void {
    this.#followers.add(changed);
    return () => void this.#followers.delete(changed);
  }

  /** @throws ConfigRequestError 404 */
  get(type: ObjectTypeName, uuid: string): ConfigObject {
    const object = this.graph.get(uuid);
    if (object?.type !== type) throw new ConfigRequestError(404, `no ${type} has the UUID ${uuid}`);
    return object;
  }

  /** @throws ConfigRequestError 404 */
  byName(type: ObjectTypeName, fqName: readonly string[]): ConfigObject {
    const object = this.graph.byName(type, fqName);
    if (object === undefined) throw new ConfigRequestError(404, `no ${type} is called ${fqName.join(':')}`);
    return object;
  }

  /**
   * @throws ConfigRequestError 400 for a wrong property, parent or reference, 404 for a parent or reference that does
   * not exist, 409 for a name or UUID that does
   */
  async create(type: ObjectTypeName, given: NewObject): Promise<ConfigObject> {
    const fqName = checkedFqName(given.fqName);
    const properties = checkedProperties(type, given.properties ?? {});
    const uuid = given.uuid ?? newUuid();
    const now = new Date().toISOString().slice(0, -1);
    const parent = this.#checkedParent(type, given.parent);
    return this.#attempt(() => {
      if (this.graph.get(uuid) !== undefined) throw new ConfigRequestError(409, `the UUID ${uuid} is taken`);
      if (this.graph.byName(type, fqName) !== undefined)
        throw new ConfigRequestError(409, `a ${type} is called ${fqName.join(':')} already`);
      const draft: ConfigObject = {
        type,
        uuid,
        fqName,
        parent,
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
      };
      const allocated = this.#allocations.flatMap((allocation) => allocation.created?.(draft) ?? []);
      const object: ConfigObject = {
        ...draft,
        properties: Object.assign(
          {},
          properties,
          ...allocated.map((part) => part.properties),
        ) as ConfigObject['properties'],
      };
      const claims = allocated.flatMap((part) => part.claims);
      const touched = [...(parent === undefined ? [] : [parent.uuid]), ...referredTo(object)];
      return {
        result: object,
        conditions: [
          { key: OBJECT + uuid, is: 'absent' },
          { key: `${NAME}${nameKey(type, fqName)}`, is: 'absent' },
          ...touched.map((target) => this.#exists(target)),
          ...claims.map(({ key }): Condition => ({ key, is: 'absent' })),
        ],
        changes: [write(object), { key: `${NAME}${nameKey(type, fqName)}`, value: uuid }, ...claims],
        touched,
      };
    });
  }

  /** @throws ConfigRequestError 400, 404 as {@link create} */
  update(type: ObjectTypeName, uuid: string, change: ObjectChange): Promise<ConfigObject> {
    return this.#attempt(() => {
      const before = this.get(type, uuid);
      const merged = { ...before.properties, ...change.properties };
      const object: ConfigObject = {
        ...before,
        properties: checkedProperties(type, merged),
        references: { ...before.references, ...this.#checkedReferences(type, change.references ?? {}) },
        idPerms: { ...before.idPerms, last_modified: new Date().toISOString().slice(0, -1) },
      };
      return this.#replacement(before, object);
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
    return this.#attempt(() => {
      const before = this.get(type, uuid);
      const others = (before.references[target] ?? []).filter((reference) => reference.uuid !== targetUuid);
      const list = operation === 'ADD' ? [...others, { uuid: targetUuid, attr: attr ?? null }] : others;
      const references = { ...before.references, ...this.#checkedReferences(type, { [target]: list }) };
      return this.#replacement(before, { ...before, references });
    });
  }

  /** @throws ConfigRequestError 404, or 409 while the object has children or something refers to it */
  delete(type: ObjectTypeName, uuid: string): Promise<ConfigObject> {
    return this.#attempt(() => {
      const object = this.get(type, uuid);
      const inTheWay = [...this.graph.children(uuid), ...this.graph.referrers(uuid)];
      if (inTheWay.length > 0) {
        const some = inTheWay.slice(0, 5).map((other) => `${other.type} ${other.fqName.join(':')}`);
        throw new ConfigRequestError(
          409,
          `${type} ${object.fqName.join(':')} is still used by ${some.join(', ')}`,
        );
      }
      const touched = [...(object.parent === undefined ? [] : [object.parent.uuid]), ...referredTo(object)];
      return {
        result: object,
        conditions: [this.#same(object)],
        changes: [
          { key: OBJECT + uuid, value: undefined },
          { key: `${NAME}${nameKey(type, object.fqName)}`, value: undefined },
          { key: `links/${uuid}`, value: undefined },
          ...this.#allocations.flatMap((allocation) => allocation.deleted?.(object) ?? []),
        ],
        touched,
        unlinked: uuid,
      };
    });
  }

  #replacement(before: ConfigObject, object: ConfigObject): Decision {
    const old = new Set(referredTo(before));
    const fresh = new Set(referredTo(object));
    const gained = [...fresh].filter((uuid) => !old.has(uuid));
    const lost = [...old].filter((uuid) => !fresh.has(uuid) && this.graph.get(uuid) !== undefined);
    return {
      result: object,
      conditions: [this.#same(before), ...gained.map((uuid) => this.#exists(uuid))],
      changes: [write(object)],
      touched: [...gained, ...lost],
    };
  }

  /** Decides on a write and commits it, and decides anew when somebody else was faster. */
  #attempt(decide: () => Decision): Promise<ConfigObject> {
    const turn = this.#turn.then(async () => {
      for (let attempt = 1; ; attempt++) {
        const decision = decide();
        if (await this.#store.commit(await this.#withLinks(decision))) {
          // Our own change may reach us through the store a moment later; whoever called must see it now.
          this.#apply(decision.changes.filter(({ key }) => key.startsWith(OBJECT)));
          return decision.result;
        }
        if (attempt === MAX_ATTEMPTS)
          throw new ConfigRequestError(503, 'other config nodes keep changing the same objects');
        await this.#refresh(decision);
      }
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Adds the counters of the objects whose children or references change. */
  async #withLinks({ conditions, changes, touched, unlinked }: Decision): Promise<Transaction> {
    const counters: Change[] = [];
    const unchanged: Condition[] = [];
    for (const uuid of new Set([...touched, ...(unlinked === undefined ? [] : [unlinked])])) {
      const key = `links/${uuid}`;
      const value = await this.#store.get(key);
      unchanged.push(value === undefined ? { key, is: 'absent' } : { key, is: 'same', value });
      if (uuid !== unlinked) counters.push({ key, value: String(Number(value ?? 0) + 1) });
    }
    return { conditions: [...conditions, ...unchanged], changes: [...changes, ...counters] };
  }

  /** Reads again what a failed write was decided on. */
  async #refresh({ conditions }: Decision): Promise<void> {
    for (const { key } of conditions) {
      if (key.startsWith(OBJECT)) this.#apply([{ key, value: await this.#store.get(key) }]);
      if (!key.startsWith(NAME)) continue;
      const uuid = await this.#store.get(key);
      if (uuid !== undefined)
        this.#apply([{ key: OBJECT + uuid, value: await this.#store.get(OBJECT + uuid) }]);
    }
  }

  #apply(changes: readonly { readonly key: string; readonly value: string | undefined }[]): void {
    for (const { key, value } of changes) {
      const uuid = key.slice(OBJECT.length);
      const before = this.graph.get(uuid);
      if (value === undefined) {
        if (before === undefined) continue;
        this.graph.remove(uuid);
        this.#tell({ type: 'deleted', object: before });
        continue;
      }
      if (before !== undefined && this.#texts.get(before) === value) continue;
      const object = JSON.parse(value) as ConfigObject;
      this.#texts.set(object, value);
      this.graph.put(object);
      this.#tell(before === undefined ? { type: 'created', object } : { type: 'updated', object, before });
    }
  }

  #tell(event: ConfigEvent): void {
    for (const changed of this.#followers) changed(event);
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
        this.get(target, uuid);
        return { uuid, attr: checkedAttr(type, target, attr) };
      });
    }
    return checked;
  }

  #exists(uuid: string): Condition {
    const object = this.graph.get(uuid);
    if (object === undefined) throw new ConfigRequestError(404, `no object has the UUID ${uuid}`);
    return { key: `${NAME}${nameKey(object.type, object.fqName)}`, is: 'same', value: uuid };
  }

  #same(object: ConfigObject): Condition {
    return {
      key: OBJECT + object.uuid,
      is: 'same',
      value: this.#texts.get(object) ?? JSON.stringify(object),
    };
  }
}

/** What a write depends on and does. */
interface Decision {
  readonly result: ConfigObject;
  readonly conditions: readonly Condition[];
  readonly changes: readonly Change[];
  /** Objects that gain or lose a child or a reference. */
  readonly touched: readonly string[];
  /** The object that goes, if nothing has been hung on it meanwhile. */
  readonly unlinked?: string;
}

function write(object: ConfigObject): Change {
  return { key: OBJECT + object.uuid, value: JSON.stringify(object) };
}
