/**
 * The configuration in memory as the store holds it: objects, claims, and for each object how much was hung on it after
 * the transaction that brought it.
 *
 * Keys: `object/<uuid>`, `name/<type>/<fq name>`, `links/<uuid>`, `claim/<pool>/<name>`.
 */
import type { ConfigObject, FollowedGraph } from '@vaportrail/schema';
import { claimOf, Claims, type Claim } from './claims.ts';
import { CLAIM, LINKS, OBJECT, type TransactionDraft } from './transaction-draft.ts';
import type { PlannedWrite } from './write-plan.ts';

export class StoredConfiguration {
  readonly objects: FollowedGraph;
  readonly claims = new Claims();
  /** Link counters, as far as the store has them. */
  readonly #links = new Map<string, number>();

  constructor(objects: FollowedGraph) {
    this.objects = objects;
  }

  get graph(): FollowedGraph['graph'] {
    return this.objects.graph;
  }

  /** The link counter of an object; `undefined` where nothing was hung on it yet. */
  linksOf(uuid: string): number | undefined {
    return this.#links.get(uuid);
  }

  /** What is known of the store. */
  *keys(): Iterable<string> {
    for (const uuid of this.graph.uuids()) yield OBJECT + uuid;
    for (const uuid of this.#links.keys()) yield LINKS + uuid;
    for (const claim of this.claims.all()) yield CLAIM + claim;
  }

  /** Takes in what the store holds for a key; followers are told of objects. */
  apply(key: string, value: string | undefined): void {
    if (key.startsWith(OBJECT)) {
      if (value === undefined) this.objects.lose(key.slice(OBJECT.length));
      else this.objects.take(JSON.parse(value) as ConfigObject);
    } else if (key.startsWith(LINKS)) this.#setLinks(key.slice(LINKS.length), counted(value));
    else if (key.startsWith(CLAIM)) this.claims.set(claimOf(key.slice(CLAIM.length)), value);
  }

  /** Puts in what is planned, before the store has it and anybody is told; the answer takes it out again. */
  stage(plan: readonly PlannedWrite[], { changes }: TransactionDraft): () => void {
    const owners: [Claim, string | undefined][] = [];
    const links: [string, number | undefined][] = [];
    const own = (claim: Claim, owner: string | undefined): void => {
      owners.push([claim, this.claims.owner(claim)]);
      this.claims.set(claim, owner);
    };
    for (const { before, after, claims, releases } of plan) {
      this.#put(before, after);
      for (const claim of releases) own(claim, undefined);
      for (const claim of claims) own(claim, (after ?? before)!.uuid);
    }
    for (const [key, value] of changes) {
      if (!key.startsWith(LINKS)) continue;
      const uuid = key.slice(LINKS.length);
      links.push([uuid, this.linksOf(uuid)]);
      this.#setLinks(uuid, counted(value));
    }
    return () => {
      for (const [uuid, earlier] of links.reverse()) this.#setLinks(uuid, earlier);
      for (const [claim, earlier] of owners.reverse()) this.claims.set(claim, earlier);
      for (const { before, after } of plan.toReversed()) this.#put(after, before);
    };
  }

  #put(before: ConfigObject | undefined, after: ConfigObject | undefined): void {
    if (after !== undefined) this.graph.put(after);
    else if (before !== undefined) this.graph.remove(before.uuid);
  }

  #setLinks(uuid: string, count: number | undefined): void {
    if (count === undefined) this.#links.delete(uuid);
    // The text that the object has is there anyway.
    else this.#links.set(this.graph.get(uuid)?.uuid ?? uuid, count);
  }
}

function counted(value: unknown): number | undefined {
  return value === undefined ? undefined : Number(value);
}
