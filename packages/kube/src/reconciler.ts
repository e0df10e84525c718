/**
 * Brings the configuration to what Kubernetes objects need, one Kubernetes object at a time: what is too much goes first,
 * children before parents, then what is missing comes, parents before children. Applying the same twice writes nothing.
 *
 * It remembers the names each Kubernetes object needs, so that a change costs as much as that object is large, however
 * many others there are.
 */
import type { ConfigClient } from '@vaportrail/config';
import {
  Relation,
  ConfigRequestError,
  type ConfigObject,
  type ObjectTypeName,
  type Reference,
} from '@vaportrail/schema';
import { leftovers } from './leftover.ts';
import { holds, merged } from './property-value.ts';
import {
  nameText,
  type Desired,
  type DesiredLink,
  type DesiredObject,
  type ObjectName,
} from './mapping/desired-object.ts';

/** An object that could not be written, and why. */
export interface Failure {
  readonly object: ObjectName;
  readonly message: string;
  /** Trying again later may help, e.g. when addresses have become free. */
  readonly status: number;
}

/** Types that drivers hang on ours: they go with them. */
const goesAlong: Partial<Record<ObjectTypeName, ObjectTypeName>> = {
  'floating-ip': 'instance-ip',
  'loadbalancer-member': 'loadbalancer-pool',
};

/** As much of a {@link DesiredObject} as says what has to go when it is no longer wanted: there are very many. */
interface AppliedObject extends ObjectName {
  readonly kept: boolean;
  /** Names of its properties. */
  readonly keys: readonly string[];
  /** UUIDs it was made to refer to. */
  readonly references: readonly string[];
}

/** The UUIDs of both ends. */
interface AppliedLink {
  readonly from: string;
  readonly to: string;
}

interface Applied {
  readonly objects: readonly AppliedObject[];
  readonly links: readonly AppliedLink[];
}

const nothingApplied: Applied = { objects: [], links: [] };

export class Reconciler {
  readonly #client: ConfigClient;
  /** What each Kubernetes object was last brought to. */
  readonly #applied = new Map<string, Applied>();
  /** By name of a configuration object: who needs it. */
  readonly #owners = new Relation();
  /** Lists of names of properties, of which there are few. */
  readonly #keys = new Map<string, readonly string[]>();
  #writes = 0;

  constructor(client: ConfigClient) {
    this.#client = client;
  }

  /** Writes so far; one that was not needed is not among them. */
  get writes(): number {
    return this.#writes;
  }

  /** Who needs an object. */
  ownersOf(object: ObjectName): string[] {
    return [...this.#owners.of(nameText(object))];
  }

  /** Brings the objects of one owner to what it needs now. What fails does not keep the rest from being done. */
  async apply(owner: string, desired: Desired): Promise<Failure[]> {
    const before = this.#applied.get(owner) ?? nothingApplied;
    const wanted = new Map(desired.objects.map((object) => [nameText(object), object]));
    const failures: Failure[] = [];
    const links = new Set(desired.links.map((link) => linkText(this.#appliedLink(link))));
    for (const link of before.links) {
      if (!links.has(linkText(link))) await this.#unlink(link, failures);
    }
    const remaining = await this.#removeUnwanted(owner, before, wanted, failures);
    for (const name of wanted.keys()) this.#owners.add(name, owner);
    failures.push(...(await this.#ensureAll(wanted, desired.links, before)));
    for (const object of remaining) this.#owners.add(nameText(object), owner);
    const objects = remaining.reverse().concat(desired.objects.map((object) => this.#appliedObject(object)));
    if (objects.length === 0) this.#applied.delete(owner);
    else this.#applied.set(owner, { objects, links: desired.links.map((link) => this.#appliedLink(link)) });
    return failures;
  }

  /** Removes what an owner had and no longer needs; yields what could not go. */
  async #removeUnwanted(
    owner: string,
    before: Applied,
    wanted: ReadonlyMap<string, DesiredObject>,
    failures: Failure[],
  ): Promise<AppliedObject[]> {
    const remaining: AppliedObject[] = [];
    for (const object of [...before.objects].reverse()) {
      const name = nameText(object);
      if (wanted.has(name)) continue;
      this.#owners.delete(name, owner);
      if (this.#owners.has(name) || object.kept) continue;
      const gone = await this.#tried(object, failures, () => this.#removeNamed(object));
      if (!gone) remaining.push(object);
    }
    return remaining;
  }

  /**
   * Brings all objects about, then the links. Where the client decides writes in the order in which they are asked for
   * nobody waits for anybody, so that all of one owner share a transaction and drivers see it whole. Where requests
   * overtake each other an object waits for those it hangs on, and for no others.
   */
  async #ensureAll(
    wanted: ReadonlyMap<string, DesiredObject>,
    links: readonly DesiredLink[],
    before: Applied,
  ): Promise<Failure[]> {
    const { inOrder } = this.#client;
    const failures: Failure[] = [];
    const made = new Map<string, Promise<boolean>>();
    for (const [name, object] of wanted) {
      const present = this.#client.graph.byName(object.type, object.fqName);
      const needs = needsOf(object).map(nameText);
      if (inOrder) {
        // What has no UUID yet cannot be referred to before it is there.
        for (const need of needs) if (wanted.get(need)?.uuid === undefined) await made.get(need);
      }
      const done = this.#tried(object, failures, async () => {
        if (!inOrder) await Promise.all(needs.map((need) => made.get(need)));
        await this.#ensure(object, present, wanted, before);
      });
      made.set(name, done);
      // Another object of that name has to go first.
      const replaces = present !== undefined && object.uuid !== undefined && present.uuid !== object.uuid;
      if (replaces) await done;
    }
    const linked = links.map((link) =>
      this.#tried(link.from, failures, async () => {
        if (!inOrder) await Promise.all([link.from, link.to].map((end) => made.get(nameText(end))));
        await this.#link(link, wanted);
      }),
    );
    const failed = new Set<string>();
    for (const [name, done] of made) if (!(await done)) failed.add(name);
    await Promise.all(linked);
    // The reason is told once, with the object it began with.
    const began = (object: ObjectName): boolean => {
      const desired = wanted.get(nameText(object));
      return desired === undefined || !needsOf(desired).some((need) => failed.has(nameText(need)));
    };
    const broken = new Set(
      links.filter(({ to }) => failed.has(nameText(to))).map(({ from }) => nameText(from)),
    );
    return failures.filter(({ object }) => began(object) && !broken.has(nameText(object)));
  }

  /**
   * Removes objects of the cluster that no Kubernetes object needs: left over from before a restart. Call it when
   * everything that exists has been applied.
   */
  async sweep(cluster: string): Promise<Failure[]> {
    const failures: Failure[] = [];
    const isNeeded = (object: ConfigObject): boolean => this.#owners.has(nameText(object));
    for (const object of leftovers(this.#client.graph, cluster, isNeeded)) {
      const there = this.#client.graph.get(object.uuid);
      if (there !== undefined) await this.#tried(there, failures, () => this.#remove(there));
    }
    return failures;
  }

  async #tried(object: ObjectName, failures: Failure[], write: () => Promise<void>): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (error) {
      const status = error instanceof ConfigRequestError ? error.status : 500;
      failures.push({ object, status, message: `${nameText(object)}: ${(error as Error).message}` });
      return false;
    }
  }

  async #ensure(
    desired: DesiredObject,
    present: ConfigObject | undefined,
    wanted: ReadonlyMap<string, DesiredObject>,
    before: Applied,
  ): Promise<void> {
    const { type, fqName, uuid, parent } = desired;
    const references = this.#resolved(desired, wanted);
    if (present !== undefined && uuid !== undefined && present.uuid !== uuid) {
      // The same name for something else, e.g. a pod of another life: that one is over.
      await this.#remove(present);
    } else if (present !== undefined) {
      return this.#update(present, desired, references, before);
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
    before: Applied,
  ): Promise<void> {
    const changed: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(desired.properties)) {
      if (holds(present.properties[key], value)) continue;
      changed[key] = key === 'annotations' ? merged(present.properties[key], value) : value;
    }
    const name = nameText(desired);
    const earlier = before.objects.find(
      (object) => object.type === desired.type && nameText(object) === name,
    );
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

  async #link({ from, to }: DesiredLink, wanted: ReadonlyMap<string, DesiredObject>): Promise<void> {
    const target = this.#uuidOf(to, wanted);
    const holder = this.#client.graph.byName(from.type, from.fqName);
    if (holder?.references[to.type]?.some(({ uuid }) => uuid === target) === true) return;
    this.#writes++;
    const uuid = this.#uuidOf(from, wanted);
    await this.#client.changeReference(from.type, uuid, to.type, target, 'ADD', null);
  }

  async #unlink({ from, to }: AppliedLink, failures: Failure[]): Promise<void> {
    const holder = this.#client.graph.get(from);
    const target = this.#client.graph.get(to);
    if (holder === undefined || target === undefined) return;
    if (holder.references[target.type]?.some(({ uuid }) => uuid === to) !== true) return;
    this.#writes++;
    await this.#tried(holder, failures, async () => {
      await this.#client.changeReference(holder.type, from, target.type, to, 'DELETE', null);
    });
  }

  async #removeNamed({ type, fqName, uuid }: AppliedObject): Promise<void> {
    const object = this.#client.graph.byName(type, fqName);
    if (object !== undefined && (uuid === undefined || uuid === object.uuid)) await this.#remove(object);
  }

  /** Removes an object with what drivers hung on it; references to it are let go. */
  async #remove(object: ConfigObject): Promise<void> {
    const { graph } = this.#client;
    for (const user of [...graph.children(object.uuid), ...graph.referrers(object.uuid)]) {
      const isChild = user.parent?.uuid === object.uuid;
      if (isChild && goesAlong[user.type] === object.type) await this.#remove(user);
      else if (!isChild) {
        this.#writes++;
        await this.#client.changeReference(user.type, user.uuid, object.type, object.uuid, 'DELETE', null);
      }
    }
    this.#writes++;
    await this.#client.delete(object.type, object.uuid);
  }

  /** What is kept of an object; what the graph has as well is taken from there. */
  #appliedObject({ type, fqName, uuid, kept = false, properties, references }: DesiredObject): AppliedObject {
    const { graph } = this.#client;
    const keys = Object.keys(properties);
    const text = keys.join();
    if (!this.#keys.has(text)) this.#keys.set(text, keys);
    return {
      type,
      fqName: graph.byName(type, fqName)?.fqName ?? fqName,
      ...(uuid !== undefined && { uuid }),
      kept,
      keys: this.#keys.get(text)!,
      references: references.flatMap((each) => this.#there(each)?.uuid ?? []),
    };
  }

  /** An end that is not there has no UUID, and is no link. */
  #appliedLink({ from, to }: DesiredLink): AppliedLink {
    return { from: this.#there(from)?.uuid ?? '', to: this.#there(to)?.uuid ?? '' };
  }

  #there({ type, fqName, uuid }: ObjectName): ConfigObject | undefined {
    const { graph } = this.#client;
    return uuid === undefined ? graph.byName(type, fqName) : graph.get(uuid);
  }
}

function needsOf({ parent, references }: DesiredObject): readonly ObjectName[] {
  return parent === undefined ? references : [parent, ...references];
}

function linkText({ from, to }: AppliedLink): string {
  return `${from} ${to}`;
}
