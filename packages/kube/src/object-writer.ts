/** Writes one object after the other to what is wanted of it, and counts what had to be written. */
import type { ConfigClient } from '@vaportrail/config';
import {
  ConfigRequestError,
  type ConfigObject,
  type ObjectTypeName,
  type Reference,
} from '@vaportrail/schema';
import type { AppliedObject } from './applied.ts';
import { nameText, type DesiredLink, type DesiredObject, type ObjectName } from './mapping/desired-object.ts';
import { holds, merged } from './property-value.ts';

/** Types that drivers hang on ours: they go with them. */
const goesAlong: Partial<Record<ObjectTypeName, ObjectTypeName>> = {
  'floating-ip': 'instance-ip',
  'loadbalancer-member': 'loadbalancer-pool',
};

export class ObjectWriter {
  readonly #client: ConfigClient;
  #writes = 0;

  constructor(client: ConfigClient) {
    this.#client = client;
  }

  /** Writes so far; one that was not needed is not among them. */
  get writes(): number {
    return this.#writes;
  }

  /**
   * Makes an object, or brings the one that is there to what is wanted.
   * @param wanted all that is being made with it, by name
   * @param earlier what its owner last brought it to
   */
  async ensure(
    desired: DesiredObject,
    present: ConfigObject | undefined,
    wanted: ReadonlyMap<string, DesiredObject>,
    earlier: AppliedObject | undefined,
  ): Promise<void> {
    const { type, fqName, uuid, parent } = desired;
    const references = this.#resolved(desired, wanted);
    if (present !== undefined && uuid !== undefined && present.uuid !== uuid) {
      // The same name for something else, e.g. a pod of another life: that one is over.
      await this.remove(present);
    } else if (present !== undefined) {
      return this.#update(present, desired, references, earlier);
    }
    this.#writes++;
    await this.#client.create(type, {
      ...(uuid !== undefined && { uuid }),
      ...(parent !== undefined && { parent: { type: parent.type, uuid: this.#uuidOf(parent, wanted) } }),
      fqName,
      properties: desired.properties,
      references,
    });
  }

  async #update(
    present: ConfigObject,
    desired: DesiredObject,
    references: Partial<Record<ObjectTypeName, readonly Reference[]>>,
    earlier: AppliedObject | undefined,
  ): Promise<void> {
    const changed: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(desired.properties)) {
      if (holds(present.properties[key], value)) continue;
      changed[key] = key === 'annotations' ? merged(present.properties[key], value) : value;
    }
    for (const key of earlier?.keys ?? []) {
      if (!(key in desired.properties)) changed[key] = null;
    }
    if (Object.keys(changed).length > 0) {
      this.#writes++;
      await this.#client.update(present.type, present.uuid, { properties: changed });
    }
    for (const [type, list] of Object.entries(references) as [ObjectTypeName, readonly Reference[]][]) {
      for (const { uuid, attr } of list) {
        const there = present.references[type]?.find((reference) => reference.uuid === uuid);
        if (there !== undefined && holds(there.attr, attr)) continue;
        this.#writes++;
        await this.#client.changeReference(present.type, present.uuid, type, uuid, 'ADD', attr ?? null);
      }
    }
    const listed = new Set(
      Object.values(references).flatMap((list) => list.map((reference) => reference.uuid)),
    );
    for (const target of earlier?.references ?? []) {
      const there = this.#client.graph.get(target);
      if (there === undefined || listed.has(target)) continue;
      this.#writes++;
      await this.#client.changeReference(present.type, present.uuid, there.type, target, 'DELETE', null);
    }
  }

  /** Makes a shared object refer to another. */
  async link({ from, to }: DesiredLink, wanted: ReadonlyMap<string, DesiredObject>): Promise<void> {
    const target = this.#uuidOf(to, wanted);
    const holder = this.#client.graph.byName(from.type, from.fqName);
    if (holder?.references[to.type]?.some(({ uuid }) => uuid === target) === true) return;
    this.#writes++;
    const uuid = this.#uuidOf(from, wanted);
    await this.#client.changeReference(from.type, uuid, to.type, target, 'ADD', null);
  }

  /** Makes a shared object refer to another no longer. */
  async unlink(holder: ConfigObject, to: string): Promise<void> {
    const target = this.#client.graph.get(to);
    if (target === undefined) return;
    if (holder.references[target.type]?.some(({ uuid }) => uuid === to) !== true) return;
    this.#writes++;
    await this.#client.changeReference(holder.type, holder.uuid, target.type, to, 'DELETE', null);
  }

  async removeNamed({ type, fqName, uuid }: AppliedObject): Promise<void> {
    const object = this.#client.graph.byName(type, fqName);
    if (object !== undefined && (uuid === undefined || uuid === object.uuid)) await this.remove(object);
  }

  /** Removes an object with what drivers hung on it; references to it are let go. */
  async remove(object: ConfigObject): Promise<void> {
    const { graph } = this.#client;
    for (const user of [...graph.children(object.uuid), ...graph.referrers(object.uuid)]) {
      const isChild = user.parent?.uuid === object.uuid;
      if (isChild && goesAlong[user.type] === object.type) await this.remove(user);
      else if (!isChild) {
        this.#writes++;
        await this.#client.changeReference(user.type, user.uuid, object.type, object.uuid, 'DELETE', null);
      }
    }
    this.#writes++;
    await this.#client.delete(object.type, object.uuid);
  }

  #resolved(
    { references }: DesiredObject,
    wanted: ReadonlyMap<string, DesiredObject>,
  ): Partial<Record<ObjectTypeName, readonly Reference[]>> {
    const lists: Partial<Record<ObjectTypeName, Reference[]>> = {};
    for (const reference of references) {
      const uuid = this.#uuidOf(reference, wanted);
      (lists[reference.type] ??= []).push({ uuid, attr: reference.attr ?? null });
    }
    return lists;
  }

  /** The UUID of an object that is there, or is being made. @throws ConfigRequestError 404 */
  #uuidOf(name: ObjectName, wanted: ReadonlyMap<string, DesiredObject>): string {
    // One that has its UUID said is that one: where it is missing the database says so.
    if (name.uuid !== undefined) return name.uuid;
    const uuid = wanted.get(nameText(name))?.uuid ?? this.#client.graph.byName(name.type, name.fqName)?.uuid;
    if (uuid === undefined)
      throw new ConfigRequestError(404, `there is no ${name.type} ${name.fqName.join(':')}`);
    return uuid;
  }
}
