/** All configuration objects in memory, with the ways between them: names, children, back references. */
import { ConfigRequestError, type ConfigObject, type Reference } from './config-object.ts';
import type { ObjectTypeName } from './object-type.ts';

const noObjects: ReadonlySet<string> = new Set();

export class ObjectGraph {
  readonly #objects = new Map<string, ConfigObject>();
  readonly #byType = new Map<ObjectTypeName, Map<string, ConfigObject>>();
  readonly #byName = new Map<string, string>();
  readonly #children = new Map<string, Set<string>>();
  readonly #referrers = new Map<string, Set<string>>();

  get size(): number {
    return this.#objects.size;
  }

  /** UUIDs of all objects as of now. */
  uuids(): string[] {
    return [...this.#objects.keys()];
  }

  get(uuid: string): ConfigObject | undefined {
    return this.#objects.get(uuid);
  }

  byName(type: ObjectTypeName, fqName: readonly string[]): ConfigObject | undefined {
    const uuid = this.#byName.get(nameKey(type, fqName));
    return uuid === undefined ? undefined : this.#objects.get(uuid);
  }

  /** @throws ConfigRequestError 404 where {@link get} finds nothing, or something of another type */
  known(type: ObjectTypeName, uuid: string): ConfigObject {
    const object = this.get(uuid);
    if (object?.type !== type) throw new ConfigRequestError(404, `no ${type} has the UUID ${uuid}`);
    return object;
  }

  /** @throws ConfigRequestError 404 where {@link byName} finds nothing */
  named(type: ObjectTypeName, fqName: readonly string[]): ConfigObject {
    const object = this.byName(type, fqName);
    if (object === undefined) throw new ConfigRequestError(404, `no ${type} is called ${fqName.join(':')}`);
    return object;
  }

  ofType(type: ObjectTypeName): Iterable<ConfigObject> {
    return this.#byType.get(type)?.values() ?? [];
  }

  /** Children of an object, of one type or of all. */
  children(uuid: string, type?: ObjectTypeName): ConfigObject[] {
    return this.#resolved(this.#children.get(uuid) ?? noObjects, type);
  }

  /** Objects that refer to an object, of one type or of all. */
  referrers(uuid: string, type?: ObjectTypeName): ConfigObject[] {
    return this.#resolved(this.#referrers.get(uuid) ?? noObjects, type);
  }

  /** Whether an object of a type refers to an object. */
  isReferredTo(uuid: string, type: ObjectTypeName): boolean {
    for (const referrer of this.#referrers.get(uuid) ?? noObjects) {
      if (this.#objects.get(referrer)?.type === type) return true;
    }
    return false;
  }

  /** Objects of a type that an object refers to. */
  references(object: ConfigObject, type: ObjectTypeName): ConfigObject[] {
    return (object.references[type] ?? []).flatMap(({ uuid }) => this.#objects.get(uuid) ?? []);
  }

  put(object: ConfigObject): void {
    const before = this.#objects.get(object.uuid);
    if (before !== undefined && isSamePlace(before, object)) return this.#replace(before, object);
    this.remove(object.uuid);
    this.#objects.set(object.uuid, object);
    this.#ofType(object.type).set(object.uuid, object);
    this.#byName.set(nameKey(object.type, object.fqName), object.uuid);
    if (object.parent !== undefined) link(this.#children, object.parent.uuid, object.uuid);
    for (const uuid of referredTo(object)) link(this.#referrers, uuid, object.uuid);
  }

  /** An object that changed keeps name and parent; only references that came or went cost anything. */
  #replace(before: ConfigObject, object: ConfigObject): void {
    this.#objects.set(object.uuid, object);
    this.#ofType(object.type).set(object.uuid, object);
    for (const target of addedTargets(object, before)) unlink(this.#referrers, target, object.uuid);
    for (const target of addedTargets(before, object)) link(this.#referrers, target, object.uuid);
  }

  #ofType(type: ObjectTypeName): Map<string, ConfigObject> {
    let sameType = this.#byType.get(type);
    if (sameType === undefined) this.#byType.set(type, (sameType = new Map()));
    return sameType;
  }

  remove(uuid: string): ConfigObject | undefined {
    const object = this.#objects.get(uuid);
    if (object === undefined) return undefined;
    this.#objects.delete(uuid);
    this.#byType.get(object.type)?.delete(uuid);
    this.#byName.delete(nameKey(object.type, object.fqName));
    if (object.parent !== undefined) unlink(this.#children, object.parent.uuid, uuid);
    for (const target of referredTo(object)) unlink(this.#referrers, target, uuid);
    return object;
  }

  #resolved(uuids: ReadonlySet<string>, type: ObjectTypeName | undefined): ConfigObject[] {
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
    const had = new Set<string>();
    for (const { uuid } of earlier ?? []) had.add(uuid);
    for (const { uuid } of list) if (!had.has(uuid)) added.push(uuid);
  }
  return added;
}

/** A text that is the same for the same type and name, and for no other. */
export function nameKey(type: string, fqName: readonly string[]): string {
  let key = `${type}/`;
  for (const [at, part] of fqName.entries()) {
    if (at > 0) key += ':';
    key += PLAIN.test(part) ? part : encodeURIComponent(part);
  }
  return key;
}

/** What `encodeURIComponent` leaves as it is, and does so more slowly. */
const PLAIN = /^[\w.!~*'()-]*$/;

function link(map: Map<string, Set<string>>, from: string, to: string): void {
  const set = map.get(from);
  if (set === undefined) map.set(from, new Set([to]));
  else set.add(to);
}

function unlink(map: Map<string, Set<string>>, from: string, to: string): void {
  const set = map.get(from);
  set?.delete(to);
  if (set?.size === 0) map.delete(from);
}
