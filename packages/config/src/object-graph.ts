/** All configuration objects in memory, with the ways between them: names, children, back references. */
import type { ConfigObject } from './config-object.ts';
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

  /** Objects of a type that an object refers to. */
  references(object: ConfigObject, type: ObjectTypeName): ConfigObject[] {
    return (object.references[type] ?? []).flatMap(({ uuid }) => this.#objects.get(uuid) ?? []);
  }

  put(object: ConfigObject): void {
    this.remove(object.uuid);
    this.#objects.set(object.uuid, object);
    let sameType = this.#byType.get(object.type);
    if (sameType === undefined) this.#byType.set(object.type, (sameType = new Map()));
    sameType.set(object.uuid, object);
    this.#byName.set(nameKey(object.type, object.fqName), object.uuid);
    if (object.parent !== undefined) link(this.#children, object.parent.uuid, object.uuid);
    for (const uuid of referredTo(object)) link(this.#referrers, uuid, object.uuid);
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

/** UUIDs an object refers to. */
export function referredTo(object: ConfigObject): string[] {
  return Object.values(object.references).flatMap((list) => list.map(({ uuid }) => uuid));
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
