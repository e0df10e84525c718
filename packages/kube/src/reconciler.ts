/**
 * Brings the configuration to what Kubernetes objects need, one Kubernetes object at a time: what is too much goes first,
 * children before parents, then what is missing comes, parents before children. Applying the same twice writes nothing.
 *
 * It remembers the names each Kubernetes object needs, so that a change costs as much as that object is large, however
 * many others there are.
 */
import {
  ConfigRequestError,
  type ConfigClient,
  type ConfigObject,
  type ObjectTypeName,
  type Reference,
} from '@vaportrail/config';
import {
  nameText,
  nothingDesired,
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

/** Types of ours that a restart may find left over, in the order in which they can go. */
const sweepOrder = [
  'floating-ip',
  'loadbalancer-member',
  'loadbalancer-pool',
  'loadbalancer-listener',
  'loadbalancer',
  'instance-ip',
  'virtual-machine-interface',
  'virtual-machine',
] as const satisfies readonly ObjectTypeName[];

export class Reconciler {
  readonly #client: ConfigClient;
  /** What each Kubernetes object was last brought to. */
  readonly #applied = new Map<string, Desired>();
  /** By name of a configuration object: who needs it. */
  readonly #owners = new Map<string, Set<string>>();
  #writes = 0;

  constructor(client: ConfigClient) {
    this.#client = client;
  }

  /** Writes so far; one that was not needed is not among them. */
  get writes(): number {
    return this.#writes;
  }

  /** What an owner was last brought to. */
  appliedTo(owner: string): Desired | undefined {
    return this.#applied.get(owner);
  }

  /** Brings the objects of one owner to what it needs now. What fails does not keep the rest from being done. */
  async apply(owner: string, desired: Desired): Promise<Failure[]> {
    const before = this.#applied.get(owner) ?? nothingDesired;
    const wanted = new Map(desired.objects.map((object) => [nameText(object), object]));
    const failures: Failure[] = [];
    const links = new Set(desired.links.map(linkText));
    for (const link of before.links) {
      if (!links.has(linkText(link))) await this.#tried(link.from, failures, () => this.#unlink(link));
    }
    const remaining: DesiredObject[] = [];
    for (const object of [...before.objects].reverse()) {
      const name = nameText(object);
      if (wanted.has(name)) continue;
      const owners = this.#owners.get(name);
      owners?.delete(owner);
      if ((owners?.size ?? 0) > 0 || object.kept === true) continue;
      this.#owners.delete(name);
      const gone = await this.#tried(object, failures, () => this.#removeNamed(object));
      if (!gone) remaining.push(object);
    }
    const failed = new Set<string>();
    for (const [name, object] of wanted) {
      const owners = this.#owners.get(name);
      if (owners === undefined) this.#owners.set(name, new Set([owner]));
      else owners.add(owner);
      const needs = [...(object.parent === undefined ? [] : [object.parent]), ...object.references];
      // The reason has been told once, with the object it began with.
      const waits = needs.some((need) => failed.has(nameText(need)));
      const done = !waits && (await this.#tried(object, failures, () => this.#ensure(object, before)));
      if (!done) failed.add(name);
    }
    for (const link of desired.links) {
      if (!failed.has(nameText(link.to))) await this.#tried(link.from, failures, () => this.#link(link));
    }
    for (const object of remaining) this.#owners.set(nameText(object), new Set([owner]));
    const objects = remaining.length === 0 ? desired.objects : [...remaining.reverse(), ...desired.objects];
    if (objects.length === 0) this.#applied.delete(owner);
    else this.#applied.set(owner, { ...desired, objects });
    return failures;
  }

  /**
   * Removes objects of the cluster that no Kubernetes object needs: left over from before a restart. Call it when
   * everything that exists has been applied.
   */
  async sweep(cluster: string): Promise<Failure[]> {
    const stale = new Map<string, ConfigObject>();
    const ours = new Set<string>();
    for (const type of [...sweepOrder].reverse()) {
      for (const object of this.#client.graph.ofType(type)) {
        const needed = this.#owners.has(nameText(object));
        if (!needed && !isOf(object, cluster, ours)) continue;
        ours.add(object.uuid);
        if (!needed) stale.set(object.uuid, object);
      }
    }
    const failures: Failure[] = [];
    const ordered = [...stale.values()].reverse();
    for (const object of ordered) {
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

  async #ensure(desired: DesiredObject, before: Desired): Promise<void> {
    const { type, fqName, uuid, parent } = desired;
    const references = this.#resolved(desired);
    const present = this.#client.graph.byName(type, fqName);
    if (present !== undefined && uuid !== undefined && present.uuid !== uuid) {
      // The same name for something else, e.g. a pod of another life: that one is over.
      await this.#remove(present);
    } else if (present !== undefined) {
      return this.#update(present, desired, references, before);
    }
    const above = parent === undefined ? undefined : this.#found(parent);
    this.#writes++;
    await this.#client.create(type, {
      ...(uuid !== undefined && { uuid }),
      ...(above !== undefined && { parent: { type: above.type, uuid: above.uuid } }),
      fqName,
      properties: desired.properties,
      references,
    });
  }

  async #update(
    present: ConfigObject,
    desired: DesiredObject,
    references: Partial<Record<ObjectTypeName, readonly Reference[]>>,
    before: Desired,
  ): Promise<void> {
    const changed: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(desired.properties)) {
      if (holds(present.properties[key], value)) continue;
      changed[key] = key === 'annotations' ? merged(present.properties[key], value) : value;
    }
    const earlier = before.objects.find((object) => nameText(object) === nameText(desired));
    for (const key of Object.keys(earlier?.properties ?? {})) {
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
    const wanted = new Set(desired.references.map(nameText));
    for (const reference of earlier?.references ?? []) {
      if (wanted.has(nameText(reference))) continue;
      const target = this.#client.graph.byName(reference.type, reference.fqName);
      if (target === undefined) continue;
      this.#writes++;
      await this.#client.changeReference(
        present.type,
        present.uuid,
        target.type,
        target.uuid,
        'DELETE',
        null,
      );
    }
  }

  #resolved({ references }: DesiredObject): Partial<Record<ObjectTypeName, readonly Reference[]>> {
    const lists: Partial<Record<ObjectTypeName, Reference[]>> = {};
    for (const reference of references) {
      const { uuid } = this.#found(reference);
      (lists[reference.type] ??= []).push({ uuid, attr: reference.attr ?? null });
    }
    return lists;
  }

  /** @throws ConfigRequestError 404 */
  #found({ type, fqName }: ObjectName): ConfigObject {
    const object = this.#client.graph.byName(type, fqName);
    if (object === undefined) throw new ConfigRequestError(404, `there is no ${type} ${fqName.join(':')}`);
    return object;
  }

  async #link({ from, to }: DesiredLink): Promise<void> {
    const holder = this.#found(from);
    const target = this.#found(to);
    if (holder.references[to.type]?.some(({ uuid }) => uuid === target.uuid) === true) return;
    this.#writes++;
    await this.#client.changeReference(holder.type, holder.uuid, target.type, target.uuid, 'ADD', null);
  }

  async #unlink({ from, to }: DesiredLink): Promise<void> {
    const holder = this.#client.graph.byName(from.type, from.fqName);
    const target = this.#client.graph.byName(to.type, to.fqName);
    if (holder === undefined || target === undefined) return;
    if (holder.references[to.type]?.some(({ uuid }) => uuid === target.uuid) !== true) return;
    this.#writes++;
    await this.#client.changeReference(holder.type, holder.uuid, target.type, target.uuid, 'DELETE', null);
  }

  async #removeNamed({ type, fqName, uuid }: DesiredObject): Promise<void> {
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
}

/** Whether a value says what is wanted; the configuration may have completed it, e.g. a subnet with its gateway. */
function holds(present: unknown, wanted: unknown): boolean {
  if (wanted === null || wanted === undefined) return present === null || present === undefined;
  if (typeof wanted !== 'object' || typeof present !== 'object' || present === null)
    return present === wanted;
  if (Array.isArray(wanted)) {
    if (isPairs(wanted) && isPairs(present)) {
      const values = new Map(present.map(({ key, value }) => [key, value]));
      return wanted.every(({ key, value }) => values.get(key) === value);
    }
    return (
      Array.isArray(present) &&
      present.length === wanted.length &&
      wanted.every((each, index) => holds(present[index], each))
    );
  }
  return Object.entries(wanted).every(([key, value]) =>
    holds((present as Record<string, unknown>)[key], value),
  );
}

interface Pair {
  readonly key: string;
  readonly value: string;
}

function isPairs(value: unknown): value is readonly Pair[] {
  return (
    Array.isArray(value) &&
    value.every((each: unknown) => typeof each === 'object' && each !== null && 'key' in each)
  );
}

/** Annotations that are wanted, and behind them those that others made. */
function merged(present: unknown, wanted: unknown): { key_value_pair: Pair[] } {
  const pairs = (value: unknown): readonly Pair[] =>
    (value as { key_value_pair?: Pair[] } | undefined)?.key_value_pair ?? [];
  const ours = pairs(wanted);
  const keys = new Set(ours.map(({ key }) => key));
  return { key_value_pair: [...ours, ...pairs(present).filter(({ key }) => !keys.has(key))] };
}

function linkText({ from, to }: DesiredLink): string {
  return `${nameText(from)} → ${nameText(to)}`;
}

/** Whether an object was made for a cluster: it says so, or it is a part of a load balancer that was. */
function isOf(object: ConfigObject, cluster: string, ours: ReadonlySet<string>): boolean {
  const { annotations } = object.properties as {
    annotations?: { key_value_pair: { key: string; value: string }[] };
  };
  const value = (key: string): string | undefined =>
    annotations?.key_value_pair.find((pair) => pair.key === key)?.value;
  if (value('owner') === 'k8s') return value('cluster') === cluster;
  switch (object.type) {
    case 'loadbalancer-listener':
      return object.references.loadbalancer?.some(({ uuid }) => ours.has(uuid)) === true;
    case 'loadbalancer-pool':
      return object.references['loadbalancer-listener']?.some(({ uuid }) => ours.has(uuid)) === true;
    case 'loadbalancer-member':
      return value('vmi') !== undefined && ours.has(object.parent!.uuid);
    default:
      return false;
  }
}
