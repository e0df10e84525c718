/** A table that takes part in replication: what it imports and exports, and what becomes of attribute sets on the way. */
import type { FamilyName } from '@vaportrail/bgp/wire';
import { compareBytes, computeNodeDistinguisher, sameBytes } from '@vaportrail/net';
import { MARK_FINAL, finalMark } from './classify.ts';
import {
  communitiesOf,
  extendedCommunitiesOf,
  hasCommunityKind,
  withExtendedCommunities,
} from './extended-community-list.ts';
import type { PackedTable } from './packed-table.ts';
import type { PolicyVerdict, RoutePolicy } from './policy.ts';
import type { RouteStore } from './route-store.ts';
import type { Source } from './source.ts';

/** Gives the route distinguisher for the paths of a source with a next hop; without one they are not exported. */
export type DistinguisherOf = (source: Source, nextHop: Uint8Array) => Uint8Array | undefined;

/** What decides about the routes of a table that come from others, or go to them. */
export interface Targets {
  readonly imports: readonly Uint8Array[];
  readonly exports: readonly Uint8Array[];
  /** Extended community that says in which virtual network a route began; added to what the VRF exports. */
  readonly originVn: Uint8Array | undefined;
  readonly routeDistinguisher: Uint8Array | DistinguisherOf | undefined;
  readonly clusterSeed: number | undefined;
  readonly importPolicy: RoutePolicy | undefined;
  readonly exportPolicy: RoutePolicy | undefined;
}

/** What a set is exported as; `set` is 0 when its paths have no route distinguisher. */
interface Exported {
  readonly serial: number;
  readonly set: number;
  readonly setSerial: number;
  readonly distinguisher: number;
}

const ORIGIN_VN = [
  [0x80, 0x71],
  [0x82, 0x71],
] as const;
/** Memoised sets per table; beyond this all are forgotten and made again on demand. */
const MOST_REMEMBERED = 65536;
/** Sets and kinds of prefixes as one number. */
const KIND = 0x400_0000;

/** The table of a `Replicator`, and one that others copy to; remembers what became of each attribute set. */
export class TargetedTable {
  readonly name: string;
  readonly family: FamilyName;
  readonly isVpn: boolean;
  readonly packed: PackedTable;
  /** Copy every feasible path, as a provider edge does, or only the multipath set, as a control node does. */
  readonly replicates: 'multipath' | 'all';
  /** Numbers of the route targets imported. */
  imports: ReadonlySet<number>;
  /** Octets of the route targets exported. */
  exportTargets: readonly Uint8Array[];
  importPolicy: RoutePolicy | undefined;
  exportPolicy: RoutePolicy | undefined;
  readonly #store: RouteStore;
  readonly #originVn: Uint8Array | undefined;
  readonly #routeDistinguisher: Uint8Array | DistinguisherOf | undefined;
  readonly #clusterSeed: number | undefined;
  readonly #instanceIds = new Map<Source, number>();
  readonly #exported = new Map<number, Exported>();
  readonly #imported = new Map<number, { serial: number; set: number; setSerial: number }>();

  constructor(
    store: RouteStore,
    packed: PackedTable,
    name: string,
    family: FamilyName,
    isVpn: boolean,
    replicates: 'multipath' | 'all',
    targets: Targets,
  ) {
    this.#store = store;
    this.packed = packed;
    this.name = name;
    this.family = family;
    this.isVpn = isVpn;
    this.replicates = replicates;
    this.imports = this.#acquire(targets.imports);
    this.exportTargets = targets.exports;
    this.importPolicy = targets.importPolicy;
    this.exportPolicy = targets.exportPolicy;
    this.#originVn = targets.originVn;
    this.#routeDistinguisher = targets.routeDistinguisher;
    this.#clusterSeed = targets.clusterSeed;
  }

  /** @returns the numbers of the targets that came or went */
  setImports(imports: readonly Uint8Array[]): ReadonlySet<number> {
    const before = this.imports;
    const now = this.#acquire(imports);
    this.imports = now;
    this.#imported.clear();
    const changed = new Set([...before, ...now].filter((target) => before.has(target) !== now.has(target)));
    for (const target of before) this.#store.targets.release(target);
    return changed;
  }

  /** Exports with other route targets, for what is copied from now on. */
  setExports(exports: readonly Uint8Array[]): void {
    this.exportTargets = exports;
    this.#forgetExported();
    this.#imported.clear();
  }

  /** Puts other policies in force, for what is copied from now on. */
  setPolicies(importPolicy: RoutePolicy | undefined, exportPolicy: RoutePolicy | undefined): void {
    this.importPolicy = importPolicy;
    this.exportPolicy = exportPolicy;
    this.#imported.clear();
    this.#forgetExported();
  }

  /** Whether anything is exported at all. */
  get exports(): boolean {
    return this.exportTargets.length > 0 || this.exportPolicy !== undefined;
  }

  /** The number of this VRF at an agent; `undefined` when the agent left it. */
  setInstanceId(source: Source, id: number | undefined): void {
    if (this.#instanceIds.get(source) === id) return;
    if (id === undefined) this.#instanceIds.delete(source);
    else this.#instanceIds.set(source, id);
    this.#forgetExported();
  }

  /**
   * The set that paths with `set` are exported with, and the number of their route distinguisher. What policy rejects is
   * exported with a set that is not feasible.
   * @param kind of their prefix, to the export policy
   */
  exportOf(set: number, kind: number): { readonly set: number; readonly distinguisher: number } | undefined {
    const { pool } = this.#store;
    const serial = pool.serial(set);
    const key = kind * KIND + set;
    const known = this.#exported.get(key);
    if (known?.serial === serial) {
      if (known.set === 0) return undefined;
      if (pool.isAlive(known.set, known.setSerial)) return known;
    }
    if (this.#exported.size >= MOST_REMEMBERED) this.#forgetExported();
    else if (known !== undefined) this.#store.distinguishers.release(known.distinguisher);
    const { source, attributes, nextHop } = this.#store.sets.plain(set);
    const bytes = this.#distinguisherOf(source, nextHop);
    if (bytes === undefined) {
      this.#exported.set(key, { serial, set: 0, setSerial: 0, distinguisher: 0 });
      return undefined;
    }
    const verdict = this.exportPolicy?.judge(this.#store.sets.view(set, 0, undefined), kind);
    const allowed = verdict?.action === 'modify' ? verdict.attributes : attributes.bytes;
    const communities = communitiesOf(extendedCommunitiesOf(allowed));
    communities.push(...this.exportTargets);
    if (this.#originVn !== undefined && !this.#hasOriginVn(attributes.extendedCommunities)) {
      communities.push(this.#originVn);
    }
    const encoded = withExtendedCommunities(allowed, communities);
    const to = (verdict?.action === 'modify' ? verdict.nextHop : undefined) ?? nextHop;
    const made = pool.internBytes(encoded, to, source.number, markOf(verdict));
    const distinguisher = this.#store.distinguishers.numberOf(bytes);
    this.#store.distinguishers.acquire(distinguisher);
    const exported = { serial, set: made, setSerial: pool.serial(made), distinguisher };
    this.#exported.set(key, exported);
    return exported;
  }

  /**
   * The set that paths with `set` are imported with: as policy says, and with the origin VN of this table when they began
   * here unmarked. What policy rejects is imported with a set that is not feasible.
   * @param kind of their prefix, to the import policy
   */
  importOf(set: number, kind: number): number {
    const originVn = this.#originVn;
    if (originVn === undefined && this.importPolicy === undefined) return set;
    const { pool } = this.#store;
    const serial = pool.serial(set);
    const key = kind * KIND + set;
    const known = this.#imported.get(key);
    if (known?.serial === serial && pool.isAlive(known.set, known.setSerial)) return known.set;
    if (this.#imported.size >= MOST_REMEMBERED) this.#imported.clear();
    const { source, attributes, nextHop } = this.#store.sets.plain(set);
    const verdict = this.importPolicy?.judge(this.#store.sets.view(set, 0, undefined), kind);
    const allowed = verdict?.action === 'modify' ? verdict.attributes : attributes.bytes;
    const value = extendedCommunitiesOf(allowed);
    const communities = communitiesOf(value);
    const ours = communities.some((community) =>
      this.exportTargets.some((target) => compareBytes(target, community) === 0),
    );
    let encoded = allowed;
    if (originVn !== undefined && ours && !this.#hasOriginVn(value)) {
      encoded = withExtendedCommunities(allowed, [...communities, originVn]);
    }
    let imported = set;
    if (encoded !== attributes.bytes || (verdict !== undefined && verdict.action !== 'accept')) {
      const to = (verdict?.action === 'modify' ? verdict.nextHop : undefined) ?? nextHop;
      imported = pool.internBytes(encoded, to, source.number, markOf(verdict));
    }
    this.#imported.set(key, { serial, set: imported, setSerial: pool.serial(imported) });
    return imported;
  }

  /**
   * Whether paths with `set`, as {@link importOf} has made it, began in the network of this table: they have its origin VN.
   * A table that has none goes by its export targets.
   */
  isOfNetwork(set: number): boolean {
    const communities = communitiesOf(this.#store.sets.plain(set).attributes.extendedCommunities);
    const own = this.#originVn === undefined ? this.exportTargets : [this.#originVn];
    return communities.some((community) => own.some((one) => sameBytes(one, community)));
  }

  /** Lets go of what it holds; the table is not used any more. */
  dissolve(): void {
    for (const target of this.imports) this.#store.targets.release(target);
    this.imports = new Set();
    this.#forgetExported();
  }

  /** What is remembered holds the number of its route distinguisher. */
  #forgetExported(): void {
    for (const { distinguisher } of this.#exported.values())
      this.#store.distinguishers.release(distinguisher);
    this.#exported.clear();
  }

  #acquire(targets: readonly Uint8Array[]): ReadonlySet<number> {
    const acquired = new Set<number>();
    for (const target of targets) {
      const number = this.#store.targets.acquire(target);
      if (acquired.has(number)) this.#store.targets.release(number);
      acquired.add(number);
    }
    return acquired;
  }

  #hasOriginVn(communities: Uint8Array): boolean {
    return ORIGIN_VN.some(([type, subtype]) => hasCommunityKind(communities, type, subtype));
  }

  #distinguisherOf(source: Source, nextHop: Uint8Array): Uint8Array | undefined {
    const rule = this.#routeDistinguisher;
    if (typeof rule === 'function') return rule(source, nextHop);
    if (rule !== undefined) return rule;
    const id = this.#instanceIds.get(source);
    if (id === undefined || nextHop.length < 4) return undefined;
    return computeNodeDistinguisher(nextHop, id, this.#clusterSeed);
  }
}

/** Mark of a set that a policy has had its say about. */
function markOf(verdict: PolicyVerdict | undefined): number {
  return verdict?.action === 'reject' ? finalMark('rejected-by-policy') : MARK_FINAL;
}
