/** The routing information base of one daemon: its sources, its tables, and the work that flows between them. */
import { type FamilyName, familyOf } from '@vaportrail/bgp/wire';
import { classify, declassify } from './classify.ts';
import { Drain } from './drain.ts';
import { DrainSchedule } from './drain-schedule.ts';
import { layoutOf, vpnFamilyOf } from './family-layout.ts';
import { PackedTable } from './packed-table.ts';
import { PathRevision, type Revision } from './path-revision.ts';
import { Rankings } from './rankings.ts';
import { Replication } from './replication.ts';
import type { RibOptions, RibStatistics, TableOptions, UpdateGroupOptions } from './rib-options.ts';
import { type Identity, RouteStore } from './route-store.ts';
import { RouteTargetFilter } from './route-target-filter.ts';
import { ruleSets } from './selection/rules.ts';
import { Selection } from './selection/select.ts';
import type { Source, SourceActions, SourceOptions } from './source.ts';
import { Sources } from './sources.ts';
import { TableReview } from './table-review.ts';
import { TableWalks } from './table-walks.ts';
import { Table, type TableActions } from './table.ts';
import type { Nlri } from './table-keys.ts';
import { TargetedTable } from './targeted-table.ts';
import type { Advertisement } from './advertisement.ts';
import type { UpdateGroup } from './update-group.ts';
import { UpdateGroups } from './update-groups.ts';
import { UpdateReceiver } from './update-receiver.ts';
import { ItemGroup, type ItemEncoder } from './item-group.ts';

/** Destinations worked off in one drain before the event loop gets its turn. */
const DRAIN_BUDGET = 16384;

/**
 * The tables of one daemon and the sources of their paths. What is announced and withdrawn waits until it is drained: `schedule`
 * of its options has that done behind the events of the moment, {@link Rib.settle} at once.
 */
export class Rib {
  readonly #store: RouteStore;
  readonly #replication: Replication;
  readonly #filter: RouteTargetFilter;
  readonly #drain: Drain;
  readonly #drains: DrainSchedule;
  readonly #tables = new Map<string, Table>();
  readonly #byNumber = new Map<number, Table>();
  readonly #main = new Map<FamilyName, Table>();
  readonly #rankings: Rankings;
  readonly #groups: UpdateGroups;
  readonly #sources: Sources;
  #tableNumber = 0;
  readonly #walks = new TableWalks();
  readonly #receive: UpdateReceiver;
  #endsOfRib: { source: Source; family: FamilyName }[] = [];

  constructor(options: RibOptions) {
    const identity: Identity = {
      asn: options.asn,
      routerId: options.routerId,
      clusterId: options.clusterId,
    };
    this.#drains = new DrainSchedule(options, () => void this.drain());
    const store: RouteStore = new RouteStore(
      identity,
      (set) => classify(store, set),
      (set) => declassify(store, set),
      options.now ?? (() => 0),
      (table) => this.#touch(table),
    );
    this.#store = store;
    this.#replication = new Replication(store);
    this.#filter = new RouteTargetFilter(store, (source) => this.#groups.interestsChanged(source));
    this.#rankings = new Rankings(store);
    this.#groups = new UpdateGroups(store, this.#filter);
    this.#sources = new Sources(store, this.#sourceActions);
    this.#drain = new Drain(store, this.#sources, this.#walks, (budget) => this.#flushRemoved(budget));
    this.#receive = new UpdateReceiver(
      store,
      (source, family) => (source.tables[family] ?? this.#main.get(family))?.packed,
      (table) => {
        this.#drains.batchBegun();
        table.touch();
      },
    );
  }

  /** Makes an empty table. @throws RangeError when the name is taken */
  createTable(options: TableOptions): Table {
    const { name, family, selection = 'rfc4271' } = options;
    if (this.#tables.has(name)) throw new RangeError(`there is a table ${name} already`);
    const store = this.#store;
    const rules = ruleSets[selection];
    const packed = new PackedTable(
      store,
      ++this.#tableNumber,
      layoutOf(family),
      this.#rankings.require(selection, options.resolve),
      new Selection(rules, options.multipath),
    );
    const isVpn = options.vpn ?? Object.values(vpnFamilyOf).includes(family);
    const targeted = new TargetedTable(
      store,
      packed,
      name,
      family,
      isVpn,
      options.replicates ?? 'multipath',
      {
        imports: options.imports ?? [],
        exports: options.exports ?? [],
        originVn: options.originVn,
        routeDistinguisher: options.routeDistinguisher,
        clusterSeed: options.clusterSeed,
        importPolicy: options.importPolicy,
        exportPolicy: options.exportPolicy,
      },
    );
    const context = {
      tableName: (number: number) => this.#byNumber.get(number)?.name,
      copies: (destination: number) => this.#replication.copies(targeted, destination),
    };
    const table = new Table(targeted, selection, context, this.#tableActions);
    this.#tables.set(name, table);
    this.#byNumber.set(packed.number, table);
    if (options.main === true || (isVpn && !this.#main.has(family))) {
      this.#main.set(family, table);
      this.#receive.forgetTables();
    }
    const replicator = this.#replication.add(targeted);
    if (replicator !== undefined) packed.replicator = replicator;
    if (family === 'route-target') this.#watchMemberships(packed);
    return table;
  }

  /** Takes a table away, with all it holds and all copies of it in other tables. */
  removeTable(table: Table): void {
    if (this.#tables.get(table.name) !== table) return;
    this.#replication.remove(table.targeted);
    this.#tables.delete(table.name);
    this.#byNumber.delete(table.packed.number);
    if (this.#main.get(table.family) === table) this.#main.delete(table.family);
    this.#receive.forgetTables();
    this.#groups.forget(table);
    table.packed.dissolve();
    table.targeted.dissolve();
  }

  /** The table of a name. */
  table(name: string): Table | undefined {
    return this.#tables.get(name);
  }

  /** All tables, in the order of their making. */
  tables(): Iterable<Table> {
    return this.#tables.values();
  }

  /** Takes in somebody whose paths are to come. */
  addSource(options: SourceOptions): Source {
    return this.#sources.add(options);
  }

  /** Takes all paths of a source away, in slices, and then forgets it. It must not send anything any more. */
  removeSource(source: Source): void {
    this.#forgetEndsOfRib(source);
    this.#sources.remove(source);
    this.#drains.wake();
  }

  /** Those that were added and may have paths: a removed one until its last path is gone. */
  sources(): Source[] {
    return this.#sources.all();
  }

  /** The update group for peers that are told the same; made when the first one needs it. */
  updateGroup(options: UpdateGroupOptions): UpdateGroup {
    return this.#groups.require(options);
  }

  /** Which BGP peers have been told about a route, and why the others have not. */
  advertised(table: Table, nlri: Nlri): Advertisement[] {
    return this.#groups.advertised(table, nlri);
  }

  /** A group of XMPP subscribers of a table that are sent the same items. */
  itemGroup<Body>(table: Table, encoder: ItemEncoder<Body>): ItemGroup<Body> {
    const group = new ItemGroup(table.context, encoder);
    table.packed.followers.push(group.distribution);
    return group;
  }

  /** The way to a next hop changed, or to all of them: what depends on it is chosen again. */
  reconsider(nextHop?: Uint8Array): void {
    const { pool } = this.#store;
    const affected = (set: number): boolean => {
      if (nextHop === undefined) return true;
      const at = pool.nextHopAt(set);
      return (
        nextHop.length === pool.nextHopLength(set) &&
        nextHop.every((octet, i) => pool.arena.bytes[at + i] === octet)
      );
    };
    this.#rankings.forgetResolved(affected);
    for (const { packed } of this.#tables.values()) {
      if (packed.ranking.resolve === undefined) continue;
      this.#review(new TableReview(packed, affected));
    }
  }

  /**
   * Does some of the work that waits: applies batches, chooses paths, replicates, tells followers.
   * @param budget about so many destinations
   * @returns whether more is left
   */
  drain(budget: number = DRAIN_BUDGET): boolean {
    const more = this.#drain.work(budget);
    this.#reportEndsOfRib();
    this.#drains.drained(more);
    return more;
  }

  /**
   * All that one read of a peer brought has been received. Few routes are passed on at once, and not only when the event loop
   * comes round; if others bring more in the same turn, that is passed on together.
   */
  readOver(): void {
    if (this.#drain.hasFewRoutes && this.#drains.passOnRead()) this.drain();
  }

  /** Drains until nothing is left to do. */
  settle(): void {
    while (this.drain(Number.MAX_SAFE_INTEGER)) {
      // again
    }
    this.#store.collect(0);
  }

  /** How much it holds now. */
  statistics(): RibStatistics {
    let paths = 0;
    for (const { packed } of this.#tables.values()) paths += packed.census.paths;
    return {
      attributeSets: this.#store.pool.size,
      sources: this.sources().length,
      tables: this.#tables.size,
      paths,
      routeTargets: this.#store.targets.size,
      routeDistinguishers: this.#store.distinguishers.size,
      origins: this.#store.discriminators.size,
      payloads: this.#store.payloads.size,
    };
  }

  readonly #tableActions: TableActions = {
    speaks: (source) => this.#walks.finishRevision(source),
    setMultipath: ({ packed }, mode) => {
      packed.selection = new Selection(packed.selection.rules, mode);
      this.#review(new TableReview(packed, () => true));
    },
    importsChanged: (table, changed) => this.#replication.importsChanged(table, changed),
    exportsChanged: (table) => this.#replication.exportsChanged(table),
  };

  readonly #sourceActions: SourceActions = {
    receiveUpdate: (source, bytes, start, end) => {
      this.#tableActions.speaks(source);
      const problems = this.#receive.receive(source, bytes, start, end);
      const mayBeEnd = source.endOfRib !== undefined && problems.length === 0;
      const marker = mayBeEnd ? this.#receive.endOfRib : 0;
      const family = marker === 0 ? undefined : familyOf(marker >>> 8, marker & 0xff);
      if (family !== undefined) {
        this.#endsOfRib.push({ source, family });
        this.#drains.wake();
      }
      return problems;
    },
    markStale: (source, family) => {
      if (family === undefined) this.#forgetEndsOfRib(source);
      this.#revise(source, 'stale', family);
    },
    markLongLived: (source) => this.#revise(source, 'long-lived'),
    sweep: (source, family) => this.#revise(source, 'sweep', family),
    flush: (source, family) => this.#revise(source, 'flush', family),
  };

  #review(review: TableReview): void {
    this.#walks.review(review, DRAIN_BUDGET);
    this.#drains.wake();
  }

  #revise(source: Source, kind: Revision, family?: FamilyName, finished: () => void = () => {}): void {
    if (!this.#sources.has(source)) return;
    this.#walks.finishRevision(source);
    // What it sent so far is part of what is revised.
    this.#drain.absorb();
    const tables = Array.from(this.#store.tablesOf(source.number)).filter(
      ({ number }) => family === undefined || this.#byNumber.get(number)?.family === family,
    );
    this.#walks.revise(new PathRevision(this.#store, source, kind, tables, finished));
    this.#drains.wake();
  }

  /**
   * Begins to take away the paths of removed sources: thousands of agents may have gone at once.
   * @returns what it took of the budget
   */
  #flushRemoved(budget: number): number {
    return this.#sources.flushRemoved(budget, (source) => {
      this.#revise(source, 'flush', undefined, () => {
        this.#receive.forgetSource(source);
        this.#filter.forget(source.number);
        this.#sources.retire(source);
      });
    });
  }

  #watchMemberships(table: PackedTable): void {
    table.census.observer = (destination, set, comes) => {
      this.#filter.note(this.#store.pool.source(set), table.byBytes!.key(destination), comes);
    };
  }

  #touch(table: PackedTable): void {
    this.#drain.touch(table);
    this.#drains.wake();
  }

  /** The session is gone that they were the ends of. */
  #forgetEndsOfRib(source: Source): void {
    this.#endsOfRib = this.#endsOfRib.filter((end) => end.source !== source);
  }

  #reportEndsOfRib(): void {
    for (const { source, family } of this.#endsOfRib.splice(0)) source.endOfRib?.(family);
  }
}
