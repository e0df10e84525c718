/** Attribute sets as objects, made when somebody looks at one. */
import { PathAttributes } from '@vaportrail/bgp/wire';
import { RecentMap } from '@vaportrail/net';
import type { AttributePool } from './attribute-pool.ts';
import type { AttributeSet } from './attribute-set.ts';
import { infeasibleReason } from './feasibility.ts';
import type { Resolution } from './next-hop-resolution.ts';
import { type Compared, compared } from './selection/compared.ts';
import type { Source } from './source.ts';

/** Sets whose objects are certain to be kept when they are looked at in turn: each agent has one at least. */
const KEPT = 16_384;

interface PlainSet {
  readonly serial: number;
  readonly source: Source;
  readonly attributes: PathAttributes;
  readonly nextHop: Uint8Array;
  compared: Compared | undefined;
}

/** Makes the objects, and keeps those of the sets looked at last. */
export class AttributeSets {
  readonly #pool: AttributePool;
  readonly #sources: (Source | undefined)[];
  readonly #kept = new RecentMap<number, PlainSet>(KEPT);

  constructor(pool: AttributePool, sources: (Source | undefined)[]) {
    this.#pool = pool;
    this.#sources = sources;
  }

  /** Source, attributes and next hop of a set. */
  plain(set: number): PlainSet {
    const serial = this.#pool.serial(set);
    const kept = this.#kept.get(set);
    if (kept?.serial === serial) return kept;
    const plain = this.#made(set);
    this.#kept.set(set, plain);
    return plain;
  }

  /** A set as policies and selection steps see it, under what a table has found out about its next hop. */
  view(set: number, infeasible: number, resolution: Resolution | undefined): AttributeSet {
    return viewOf(this.plain(set), infeasible, resolution);
  }

  /** The same for a question that is asked once about every set: it keeps nothing, which would come to more than the paths. */
  glance(set: number, infeasible: number, resolution: Resolution | undefined): AttributeSet {
    const kept = this.#kept.get(set);
    const plain = kept?.serial === this.#pool.serial(set) ? kept : this.#made(set);
    return viewOf(plain, infeasible, resolution);
  }

  #made(set: number): PlainSet {
    const source = this.#sources[this.#pool.source(set)]!;
    return {
      serial: this.#pool.serial(set),
      source,
      attributes: new PathAttributes(this.#pool.attributes(set), { asn4: source.asn4 }),
      nextHop: this.#pool.nextHop(set),
      compared: undefined,
    };
  }
}

function viewOf(plain: PlainSet, infeasible: number, resolution: Resolution | undefined): AttributeSet {
  const { source, attributes, nextHop } = plain;
  plain.compared ??= compared(attributes);
  return {
    source,
    attributes,
    compared: plain.compared,
    nextHop,
    infeasible: infeasibleReason(infeasible),
    resolution,
  };
}
