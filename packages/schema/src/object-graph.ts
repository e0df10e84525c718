/** All configuration objects in memory, with the ways between them: names, children, back references. */
import { ConfigRequestError, type ConfigObject, type Reference } from './config-object.ts';
import type { ObjectTypeName } from './object-type.ts';
import { Relation } from './relation.ts';
import { SharedParts } from './shared-parts.ts';

/** Keeps back references, so that what refers to an object is found without looking at all of them. */
export class ObjectGraph {
  readonly #objects = new Map<string, ConfigObject>();
  readonly #byType = new Map<ObjectTypeName, Map<string, ConfigObject>>();
  readonly #byName = new Map<string, string>();
  readonly #children = new Relation();
  readonly #referrers = new Relation();
  readonly #parts = new SharedParts();

  /** How many there are. */
  get size(): number {
    return this.#objects.size;
  }

  /** UUIDs of all objects as of now. */
  uuids(): string[] {
    return [...this.#objects.keys()];
  }

  /** The object of a UUID, whatever its type. */
  get(uuid: string): ConfigObject | undefined {
    return this.#objects.get(uuid);
  }

  /** The object of a type and a whole name, e.g. `[domain, project, network]`. */
  byName(type: ObjectTypeName, fqName: readonly string[]): ConfigObject | undefined {
    const uuid = this.#byName.get(nameKey(type, fqName));
    return uuid === undefined ? undefined : this.#objects.get(uuid);
  }

  /** @throws ConfigRequestError 404 where {@link get} finds nothing, or something of another type */
  known(type: ObjectTypeName, uuid: string): ConfigObject {
    const object = this.get(uuid);
    if (object?.type !== type) throw new ConfigRequestError(404, `${type}s "${uuid}" not found`);
    return object;
  }

  /** @throws ConfigRequestError 404 where {@link byName} finds nothing */
  named(type: ObjectTypeName, fqName: readonly string[]): ConfigObject {
    const object = this.byName(type, fqName);
    if (object === undefined) throw new ConfigRequestError(404, `${type}s "${fqName.join(':')}" not found`);
    return object;
  }

  /** All objects of a type, in the order in which they came. */
  ofType(type: ObjectTypeName): Iterable<ConfigObject> {
    return this.#byType.get(type)?.values() ?? [];
  }

  /** Children of an object, of one type or of all. */
  children(uuid: string, type?: ObjectTypeName): ConfigObject[] {
    return this.#resolved(this.#children.of(uuid), type);
  }

  /** Objects that refer to an object, of one type or of all. */
  referrers(uuid: string, type?: ObjectTypeName): ConfigObject[] {
    return this.#resolved(this.#referrers.of(uuid), type);
  }

  /** Whether an object of a type refers to an object. */
  isReferredTo(uuid: string, type: ObjectTypeName): boolean {
    for (const referrer of this.#referrers.of(uuid)) {
      if (this.#objects.get(referrer)?.type === type) return true;
    }
    return false;
  }

  /** Objects of a type that an object refers to. */
  references(object: ConfigObject, type: ObjectTypeName): ConfigObject[] {
    return (object.references[type] ?? []).flatMap(({ uuid }) => this.#objects.get(uuid) ?? []);
  }

  /**
   * The same object as it is to be kept: what it says as others do is there once. Objects that come from outside go
   * through this before they are put.
   */
  compact(object: ConfigObject): ConfigObject {
    return this.#parts.of(
      object,
      this.#objects.get(object.parent?.uuid ?? ''),
      this.#objects.get(object.uuid),
    );
  }

  /** Takes an object in, in the place of one with its UUID. */
  put(object: ConfigObject): void {
    const before = this.#objects.get(object.uuid);
    if (before !== undefined && isSamePlace(before, object)) return this.#replace(before, object);
    this.remove(object.uuid);
    this.#objects.set(object.uuid, object);
    this.#ofType(object.type).set(object.uuid, object);
    this.#byName.set(nameKey(object.type, object.fqName), object.uuid);
    if (object.parent !== undefined) this.#children.add(object.parent.uuid, object.uuid);
    for (const uuid of referredTo(object)) this.#referrers.add(uuid, object.uuid);
  }

  /** An object that changed keeps name and parent; only references that came or went cost anything. */
  #replace(before: ConfigObject, object: ConfigObject): void {
    this.#objects.set(object.uuid, object);
    this.#ofType(object.type).set(object.uuid, object);
    for (const target of addedTargets(object, before)) this.#referrers.delete(target, object.uuid);
    for (const target of addedTargets(before, object)) this.#referrers.add(target, object.uuid);
  }

  #ofType(type: ObjectTypeName): Map<string, ConfigObject> {
    let sameType = this.#byType.get(type);
    if (sameType === undefined) this.#byType.set(type, (sameType = new Map()));
    return sameType;
  }

  /** Takes an object out, and yields it. What refers to it goes on doing so. */
  remove(uuid: string): ConfigObject | undefined {
    const object = this.#objects.get(uuid);
    if (object === undefined) return undefined;
    this.#objects.delete(uuid);
    this.#byType.get(object.type)?.delete(uuid);
    this.#byName.delete(nameKey(object.type, object.fqName));
    if (object.parent !== undefined) this.#children.delete(object.parent.uuid, uuid);
    for (const target of referredTo(object)) this.#referrers.delete(target, uuid);
    return object;
  }

  #resolved(uuids: Iterable<string>, type: ObjectTypeName | undefined): ConfigObject[] {
    const found: ConfigObject[] = [];
    for (const uuid of uuids) {
      const object = this.#objects.get(uuid);
      if (object !== undefined && (type === undefined || object.type === type)) found.push(object);
    }
    return found;
  }
}

/** Whether two states of an object have the same type, name and parent. */
function isSamePlace(a: ConfigObject, b: ConfigObject): boolean {
  return (
    a.type === b.type &&
    a.parent?.uuid === b.parent?.uuid &&
    (a.fqName === b.fqName ||
      (a.fqName.length === b.fqName.length && a.fqName.every((part, at) => part === b.fqName[at])))
  );
}

/** UUIDs an object refers to. */
export function referredTo(object: ConfigObject): string[] {
  const uuids: string[] = [];
  for (const list of Object.values(object.references)) for (const { uuid } of list) uuids.push(uuid);
  return uuids;
}

/** UUIDs that the second state of an object refers to and the first does not; lists that are the same cost nothing. */
export function addedTargets(first: ConfigObject, second: ConfigObject): string[] {
  const added: string[] = [];
  for (const [type, list] of Object.entries(second.references) as [ObjectTypeName, readonly Reference[]][]) {
    const earlier = first.references[type];
    if (list === earlier) continue;
    // Most lists change at their end.
    let same = 0;
    while (same < list.length && list[same]?.uuid === earlier?.[same]?.uuid) same++;
    if (same === list.length) continue;
    const had = new Set<string>();
    for (const { uuid } of earlier ?? []) had.add(uuid);
    for (const { uuid } of list.slice(same)) if (!had.has(uuid)) added.push(uuid);
  }
  return added;
}

/** A text that is the same for the same type and name, and for no other. */
export function nameKey(type: string, fqName: readonly string[]): string {
  const name = fqName.every(isPlain) ? fqName.join(':') : fqName.map(encodeURIComponent).join(':');
  // Joined it is one text in memory; put together by a template each piece would be kept.
  return [type, name].join('/');
}

function isPlain(part: string): boolean {
  return PLAIN.test(part);
}

/** What `encodeURIComponent` leaves as it is, and does so more slowly. */
const PLAIN = /^[\w.!~*'()-]*$/;
