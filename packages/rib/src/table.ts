/** A routing table as other packages see it. */
import type { FamilyName } from '@vaportrail/bgp/wire';
import { finalMark } from './classify.ts';
import type { Infeasible } from './feasibility.ts';
import type { PackedTable } from './packed-table.ts';
import type { RoutePolicy } from './policy.ts';
import { type Route, type RouteContext, readRoute } from './route.ts';
import type { RouteFilter } from './route-filter.ts';
import { RouteFollower } from './route-follower.ts';
import { longestMatch, searchRoutes } from './route-search.ts';
import type { MultipathMode } from './selection/step.ts';
import type { RuleSetName } from './selection/rules.ts';
import type { Source } from './source.ts';
import { type Nlri, TableKeys } from './table-keys.ts';
import type { TargetedTable } from './targeted-table.ts';

/** A path to announce. */
export interface Announcement {
  /** Encoded path attributes with four-octet AS numbers, without NEXT_HOP, MP_REACH_NLRI and MP_UNREACH_NLRI. */
  readonly attributes: Uint8Array;
  /** Four or sixteen octets; empty for none. */
  readonly nextHop: Uint8Array;
  /** An MPLS label… */
  readonly label?: number | undefined;
  /** …or the whole 24-bit field. */
  readonly labelField?: number | undefined;
  /** Tells apart several paths of the source to the destination. */
  readonly pathId?: number | undefined;
  /** It cannot be used, and why; it is shown and kept from everybody else. */
  readonly infeasible?: Infeasible | undefined;
}

/** A table in numbers, for an operator. */
export interface TableSummary {
  readonly name: string;
  readonly family: FamilyName;
  /** Destinations with at least one path. */
  readonly routes: number;
  readonly paths: number;
  readonly primaryPaths: number;
  readonly secondaryPaths: number;
  readonly infeasiblePaths: number;
  /** Kept from sessions that went down, the long-lived stale ones included. */
  readonly stalePaths: number;
  /** How often a path was not taken: one source may have 1,024 of a destination, and 8,192 copies. */
  readonly refusedPaths: number;
  /** Octets of memory reserved for its records. */
  readonly octets: number;
}

/** What a table asks its `Rib` to do. @internal */
export interface TableActions {
  /** A source says something: what was to happen to what it said before happens first. */
  speaks(source: Source): void;
  setMultipath(table: Table, mode: MultipathMode): void;
  importsChanged(table: TargetedTable, changed: ReadonlySet<number>): void;
  exportsChanged(table: TargetedTable): void;
}

/** Made by `Rib.createTable`. */
export class Table {
  readonly name: string;
  readonly family: FamilyName;
  readonly selection: RuleSetName;
  /** @internal */
  readonly packed: PackedTable;
  /** @internal */
  readonly targeted: TargetedTable;
  /** @internal */
  readonly context: RouteContext;
  readonly #actions: TableActions;
  readonly #keys: TableKeys;

  /** @internal */
  constructor(
    targeted: TargetedTable,
    selection: RuleSetName,
    context: Omit<RouteContext, 'name' | 'family' | 'packed'>,
    actions: TableActions,
  ) {
    this.targeted = targeted;
    this.packed = targeted.packed;
    this.name = targeted.name;
    this.family = targeted.family;
    this.selection = selection;
    this.context = { name: this.name, family: this.family, packed: this.packed, ...context };
    this.#actions = actions;
    this.#keys = new TableKeys(this.family, this.packed);
  }

  /**
   * Gives a route a path of `source`, in place of the one it had from there (with the same path identifier).
   * Followers hear of it in the next drain.
   * @throws RangeError when the NLRI does not fit the family
   */
  announce(source: Source, nlri: Nlri, announcement: Announcement): void {
    const { store } = this.packed;
    const { attributes, nextHop, label, labelField, pathId = 0, infeasible } = announcement;
    this.#actions.speaks(source);
    this.packed.absorb();
    store.readTime();
    const set = store.pool.internBytes(attributes, nextHop, source.number, finalMark(infeasible));
    const field = labelField ?? (label === undefined ? 0 : (label << 4) | 1);
    const number = this.#keys.require(nlri);
    this.packed.announce(number, set, (this.#keys.payload(nlri) || field) << 8, pathId | 0);
  }

  /** Takes back the path of `source`; does nothing if there is none. */
  withdraw(source: Source, nlri: Nlri, pathId = 0): void {
    this.#actions.speaks(source);
    this.packed.absorb();
    const number = this.#keys.find(nlri);
    if (number !== 0) this.packed.withdraw(number, source.number, pathId | 0, 0);
  }

  /** Imports routes that carry one of these route targets (eight octets each), from now on and from what is there. */
  setImports(targets: readonly Uint8Array[]): void {
    this.#actions.importsChanged(this.targeted, this.targeted.setImports(targets));
  }

  /** Exports routes with these route targets. */
  setExports(targets: readonly Uint8Array[]): void {
    this.targeted.setExports(targets);
    this.#actions.exportsChanged(this.targeted);
    // Bridged routes are imported only if they are of the network, which the export targets may tell.
    if (this.family === 'e-vpn') this.#actions.importsChanged(this.targeted, this.targeted.imports);
  }

  /**
   * Has policies decide about routes that come here by route target and about those that are exported, from now on and
   * about what is there. What they reject is kept, not feasible; what is exported anyway carries the export targets as well.
   */
  setPolicies(importPolicy: RoutePolicy | undefined, exportPolicy: RoutePolicy | undefined): void {
    this.targeted.setPolicies(importPolicy, exportPolicy);
    this.#actions.importsChanged(this.targeted, this.targeted.imports);
    this.#actions.exportsChanged(this.targeted);
  }

  /**
   * The number that a source has for this VRF: its routes are exported with the route distinguisher `next hop:id`.
   * `undefined` when it has none any more.
   */
  setInstanceId(source: Source, id: number | undefined): void {
    this.targeted.setInstanceId(source, id);
    // An agent that has only just come has nothing that would be exported otherwise now.
    if (this.pathsOf(source) > 0) this.#actions.exportsChanged(this.targeted);
  }

  /** Chooses the multipath sets of all routes again. */
  setMultipath(mode: MultipathMode): void {
    this.#actions.setMultipath(this, mode);
  }

  /** Which paths share the load with the best one. */
  get multipath(): MultipathMode {
    return this.packed.selection.mode;
  }

  /** Follows the table from now on; `existing` also hands over what is there. Returns a function that ends it. */
  follow(follower: { changed(route: Route): void }, existing = true): () => void {
    return new RouteFollower(this.context, follower, existing).start();
  }

  /** The route with this NLRI, with the reasons of its paths. */
  route(nlri: Nlri): Route | undefined {
    const number = this.find(nlri);
    return number === 0 ? undefined : readRoute(this.context, number, true);
  }

  /** The routes that pass a filter, in no particular order. Changes while the iteration is suspended may be missed. */
  *routes(filter: RouteFilter = {}): Generator<Route, void, undefined> {
    this.#refresh();
    yield* searchRoutes(this.context, this.#keys, filter);
  }

  /** The most specific route that covers an address of four or sixteen octets. */
  longestMatch(address: Uint8Array): Route | undefined {
    this.#refresh();
    return longestMatch(this.context, this.#keys, address);
  }

  /** Paths of a source that came into being in this table, copies left out. */
  pathsOf(source: Source): number {
    this.packed.absorb();
    return this.packed.census.of(source.number);
  }

  /** How many routes have their best path from each source, by the number of the source; one look at every destination. */
  bestOf(sources: Iterable<Source>): Map<Source, number> {
    this.#refresh();
    const { destinations, store } = this.packed;
    const counts = new Map<number, number>();
    for (let number = 1; number < destinations.top; number++) {
      if (!this.packed.isOccupied(number)) continue;
      const set = this.packed.bestSet(number);
      if (set === 0) continue;
      const source = store.pool.source(set);
      counts.set(source, (counts.get(source) ?? 0) + 1);
    }
    return new Map(Array.from(sources, (source) => [source, counts.get(source.number) ?? 0]));
  }

  /** Counts of what is in the table now. */
  summary(): TableSummary {
    this.#refresh();
    const { census, destinations } = this.packed;
    const { paths, secondary: secondaryPaths, infeasible: infeasiblePaths, stale: stalePaths } = census;
    return {
      name: this.name,
      family: this.family,
      routes: paths - destinations.furtherPaths,
      paths,
      primaryPaths: paths - secondaryPaths,
      secondaryPaths,
      infeasiblePaths,
      stalePaths,
      refusedPaths: census.refused,
      octets: destinations.octets,
    };
  }

  /** @internal The number of a route, 0 if there is none. */
  find(nlri: Nlri): number {
    this.#refresh();
    const number = this.#keys.find(nlri);
    return number !== 0 && this.packed.isOccupied(number) ? number : 0;
  }

  /** Applies what waits for this table alone, so that what is read is as of now. */
  #refresh(): void {
    this.packed.absorb();
    this.packed.settle();
  }
}
