/**
 * Brings the configuration to what Kubernetes objects need, one Kubernetes object at a time: what is too much goes first,
 * children before parents, then what is missing comes, parents before children. Applying the same twice writes nothing.
 *
 * It remembers the names each Kubernetes object needs, so that a change costs as much as that object is large, however
 * many others there are.
 */
import type { ConfigClient } from '@vaportrail/config';
import { Relation, ConfigRequestError, type ConfigEvent, type ConfigObject } from '@vaportrail/schema';
import {
  isHitBy,
  lossOf,
  nothingApplied,
  type Applied,
  type AppliedLink,
  type AppliedObject,
} from './applied.ts';
import { leftovers } from './leftover.ts';
import { ObjectWriter } from './object-writer.ts';
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

export class Reconciler {
  readonly #client: ConfigClient;
  readonly #writer: ObjectWriter;
  /** What each Kubernetes object was last brought to. */
  readonly #applied = new Map<string, Applied>();
  /** By name of a configuration object: who needs it. */
  readonly #owners = new Relation();
  /** Lists of names of properties, of which there are few. */
  readonly #keys = new Map<string, readonly string[]>();

  constructor(client: ConfigClient) {
    this.#client = client;
    this.#writer = new ObjectWriter(client);
  }

  /** Writes so far; one that was not needed is not among them. */
  get writes(): number {
    return this.#writer.writes;
  }

  /** Who needs what is gone, or has lost a property, a reference or a link that was made for them. */
  wrongedBy(event: ConfigEvent): string[] {
    if (event.type === 'created') return [];
    if (event.type === 'deleted') return this.#ownersOf(event.object);
    const loss = lossOf(event);
    if (loss === undefined) return [];
    // Links of a shared object are made for what they lead to.
    const { graph } = this.#client;
    const near = [event.object, ...loss.references.flatMap((uuid) => graph.get(uuid) ?? [])];
    return [...new Set(near.flatMap((object) => this.#ownersOf(object)))].filter((owner) =>
      isHitBy(this.#applied.get(owner) ?? nothingApplied, loss),
    );
  }

  /** Brings the objects of one owner to what it needs now. What fails does not keep the rest from being done. */
  async apply(owner: string, desired: Desired): Promise<Failure[]> {
    const before = this.#applied.get(owner) ?? nothingApplied;
    const earlier = new Map(before.objects.map((object) => [nameText(object), object]));
    const wanted = new Map(desired.objects.map((object) => [nameText(object), object]));
    const failures: Failure[] = [];
    const links = new Set(desired.links.map((link) => linkText(this.#appliedLink(link))));
    for (const link of before.links) {
      if (!links.has(linkText(link))) await this.#unlink(link, failures);
    }
    const remaining = await this.#removeUnwanted(owner, earlier, wanted, failures);
    for (const name of wanted.keys()) this.#owners.add(name, owner);
    failures.push(...(await this.#ensureAll(wanted, desired.links, earlier)));
    for (const object of remaining) this.#owners.add(nameText(object), owner);
    const objects = remaining.reverse().concat(desired.objects.map((object) => this.#appliedObject(object)));
    if (objects.length === 0) this.#applied.delete(owner);
    else this.#applied.set(owner, { objects, links: desired.links.map((link) => this.#appliedLink(link)) });
    return failures;
  }

  /** Removes what an owner had and no longer needs; yields what could not go. */
  async #removeUnwanted(
    owner: string,
    earlier: ReadonlyMap<string, AppliedObject>,
    wanted: ReadonlyMap<string, DesiredObject>,
    failures: Failure[],
  ): Promise<AppliedObject[]> {
    const remaining: AppliedObject[] = [];
    for (const [name, object] of [...earlier].reverse()) {
      if (wanted.has(name)) continue;
      this.#owners.delete(name, owner);
      if (this.#owners.has(name) || object.kept) continue;
      const gone = await this.#tried(object, failures, () => this.#writer.removeNamed(object));
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
    earlier: ReadonlyMap<string, AppliedObject>,
  ): Promise<Failure[]> {
    const { inOrder } = this.#client;
    const failures: Failure[] = [];
    const made = new Map<string, Promise<boolean>>();
    for (const [name, object] of wanted) {
      const present = this.#client.graph.byName(object.type, object.fqName);
      const needs = needsOf(object).map(nameText);
      if (inOrder) {
        // What has no UUID yet cannot be referred to before it is there.
        for (const need of needs) {
          const before = made.get(need);
          if (before !== undefined && wanted.get(need)?.uuid === undefined) await before;
        }
      }
      const done = this.#tried(object, failures, async () => {
        if (!inOrder) await Promise.all(needs.map((need) => made.get(need)));
        await this.#writer.ensure(object, present, wanted, earlier.get(name));
      });
      made.set(name, done);
      // Another object of that name has to go first.
      const replaces = present !== undefined && object.uuid !== undefined && present.uuid !== object.uuid;
      if (replaces) await done;
    }
    const linked = links.map((link) =>
      this.#tried(link.from, failures, async () => {
        if (!inOrder) await Promise.all([link.from, link.to].map((end) => made.get(nameText(end))));
        await this.#writer.link(link, wanted);
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
      if (there !== undefined) await this.#tried(there, failures, () => this.#writer.remove(there));
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

  async #unlink(link: AppliedLink, failures: Failure[]): Promise<void> {
    const holder = this.#client.graph.get(link.from);
    if (holder !== undefined) await this.#tried(holder, failures, () => this.#writer.unlink(holder, link.to));
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

  #ownersOf(object: ObjectName): string[] {
    return [...this.#owners.of(nameText(object))];
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
