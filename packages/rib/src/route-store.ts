/** What all tables of one `Rib` share: attribute sets, sources, route distinguishers, route targets. */
import type { UpdateProblem } from '@vaportrail/bgp/wire';
import { AttributePool, SET_TARGETS, SET_WORDS_SHIFT } from './attribute-pool.ts';
import { AttributeScan } from './attribute-scan.ts';
import { AttributeSets } from './attribute-sets.ts';
import { Discriminators } from './discriminators.ts';
import { NlriPayloads } from './nlri-payloads.ts';
import type { PackedTable } from './packed-table.ts';
import { RouteDistinguishers } from './route-distinguishers.ts';
import { RouteTargets } from './route-targets.ts';
import type { Source } from './source.ts';

const scan = new AttributeScan();

/** Who this router is. */
export interface Identity {
  readonly asn: number;
  /** As an unsigned number. */
  readonly routerId: number;
  /** Makes it a route reflector. @see RFC 4456 §7 */
  readonly clusterId: number | undefined;
}

/** One for a `Rib`. */
export class RouteStore {
  readonly identity: Identity;
  readonly pool: AttributePool;
  readonly sets: AttributeSets;
  readonly distinguishers = new RouteDistinguishers();
  readonly discriminators = new Discriminators(this.distinguishers);
  readonly targets = new RouteTargets();
  readonly payloads = new NlriPayloads();
  /** By the number of each; 0 is nobody's. */
  readonly sources: (Source | undefined)[] = [undefined];
  /** Attribute sets alive, by number of their source. */
  readonly setsOf: number[] = [];
  /** By number of a source: most have paths in few of what may be thousands of tables. */
  readonly #tablesOf = new Map<number, Set<PackedTable>>();
  /** What was found wrong with attribute sets that are still around. */
  readonly problems = new Map<number, readonly UpdateProblem[]>();
  /** Seconds since the epoch, as of the batch in work. */
  seconds = 0;
  readonly #now: () => number;
  /** Has a table looked after in the next drain. */
  readonly touch: (table: PackedTable) => void;

  constructor(
    identity: Identity,
    classify: (set: number) => void,
    forget: (set: number) => void,
    now: () => number,
    touch: (table: PackedTable) => void,
  ) {
    this.identity = identity;
    this.pool = new AttributePool(classify, forget);
    this.sets = new AttributeSets(this.pool, this.sources);
    this.#now = now;
    this.touch = touch;
  }

  /**
   * Gives up what nobody holds; not while a batch waits, which holds nothing of what it names.
   * @param fewSets so many attribute sets may stay
   */
  collect(fewSets: number): void {
    this.pool.collect(fewSets);
    this.discriminators.collect();
    this.distinguishers.collect();
    this.payloads.collect();
  }

  /**
   * The number of the route targets of a set. They are listed when somebody asks for the first time, and where no VRF imports and
   * no peer constrains them nobody does. In the record of the set stands that number plus one, 0 before.
   */
  targetListOf(set: number): number {
    const { pool, targets } = this;
    const word = (set << SET_WORDS_SHIFT) + SET_TARGETS;
    const known = pool.words[word]!;
    if (known !== 0) return known - 1;
    const at = pool.attributesAt(set);
    scan.scan(pool.arena.bytes, at, at + pool.attributesLength(set));
    const list =
      scan.extendedAt < 0 ? 0 : targets.acquireList(pool.arena.bytes, scan.extendedAt, scan.extendedEnd);
    pool.words[word] = list + 1;
    return list;
  }

  /** A set disappears, and its list with it if there is one. */
  releaseTargetList(set: number): void {
    const known = this.pool.words[(set << SET_WORDS_SHIFT) + SET_TARGETS]!;
    if (known !== 0) this.targets.releaseList(known - 1);
  }

  /** The tables in which paths of a source came into being. */
  tablesOf(source: number): Iterable<PackedTable> {
    return this.#tablesOf.get(source) ?? [];
  }

  /** The first path of a source is in a table, or the last one is gone from it. */
  noteTable(source: number, table: PackedTable, isThere: boolean): void {
    const tables = this.#tablesOf.get(source);
    if (isThere) {
      if (tables === undefined) this.#tablesOf.set(source, new Set([table]));
      else tables.add(table);
    } else if (tables?.delete(table) === true && tables.size === 0) this.#tablesOf.delete(source);
  }

  /** Reads the clock: what arrives now has come at that second. */
  readTime(): void {
    this.seconds = Math.floor(this.#now() / 1000) | 0;
  }
}
