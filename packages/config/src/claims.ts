/**
 * What belongs to one object and to no other: addresses, network ids, route-target numbers, group ids. In the store a
 * claim is the key `claim/<pool>/<name>` with the UUID of its owner for a value; a write takes it on the condition that
 * the key is not there, and so no two config nodes ever give out the same.
 */
import { Relation } from '@vaportrail/schema';
import { IndexPool, type PlaceRow } from './index-pool.ts';

export interface Claim {
  /** Such as `route-target`, or `address/<network>/<subnet>`. */
  readonly pool: string;
  readonly name: string;
}

export class Claims {
  /** Owners by name, by pool. */
  readonly #pools = new Map<string, Map<string, string>>();
  /** Texts of claims by owner. */
  readonly #held = new Relation();
  readonly #finders = new Map<string, { readonly signature: string; readonly finder: IndexPool }>();

  /** UUID of the object that has it. */
  owner({ pool, name }: Claim): string | undefined {
    return this.#pools.get(pool)?.get(name);
  }

  /** Whether anything of a pool is taken. */
  isUsed(pool: string): boolean {
    return (this.#pools.get(pool)?.size ?? 0) > 0;
  }

  /** Names taken in a pool. */
  names(pool: string): Iterable<string> {
    return this.#pools.get(pool)?.keys() ?? [];
  }

  /** Everything that is taken, as text. */
  *all(): Iterable<string> {
    for (const [pool, names] of this.#pools) for (const name of names.keys()) yield claimText({ pool, name });
  }

  /** Everything an object has. */
  heldBy(uuid: string): Claim[] {
    return Array.from(this.#held.of(uuid), claimOf);
  }

  /**
   * The first place of a row that nobody has in a pool. `signature` says which row it is: the pool is searched anew from
   * the front when that is another than before.
   */
  first(pool: string, signature: string, row: () => PlaceRow): string | undefined {
    let known = this.#finders.get(pool);
    if (known?.signature !== signature) {
      const isTaken = (name: string): boolean => this.#pools.get(pool)?.has(name) === true;
      known = { signature, finder: new IndexPool(row(), isTaken) };
      this.#finders.set(pool, known);
    }
    return known.finder.first();
  }

  /** Takes over who has it now: what the store said. */
  set(claim: Claim, owner: string | undefined): void {
    const before = this.owner(claim);
    if (before === owner) return;
    const text = claimText(claim);
    if (before !== undefined) this.#held.delete(before, text);
    let pool = this.#pools.get(claim.pool);
    if (pool === undefined) this.#pools.set(claim.pool, (pool = new Map()));
    if (owner === undefined) {
      pool.delete(claim.name);
      this.#finders.get(claim.pool)?.finder.released(claim.name);
      if (pool.size === 0) {
        // A pool may have gone with its network; one that is used again starts from its front.
        this.#pools.delete(claim.pool);
        this.#finders.delete(claim.pool);
      }
      return;
    }
    pool.set(claim.name, owner);
    this.#held.add(owner, text);
  }
}

/** `<pool>/<name>` */
export function claimText({ pool, name }: Claim): string {
  return `${pool}/${name}`;
}

export function claimOf(text: string): Claim {
  const end = text.lastIndexOf('/');
  return { pool: text.slice(0, end), name: text.slice(end + 1) };
}
