/** A routing table as other packages see it. */
import type { FamilyName } from '@vaportrail/bgp/wire';
import type { Prefix } from '@vaportrail/net';
import { finalMark } from './classify.ts';
import { lengthBits } from './family-layout.ts';
import type { Infeasible } from './feasibility.ts';
import { keyOfNlri, payloadOfNlri } from './named-nlri.ts';
import type { PackedTable } from './packed-table.ts';
import type { RoutePolicy } from './policy.ts';
import { type Route, type RouteContext, readRoute } from './route.ts';
import { type RouteFilter, matcher } from './route-filter.ts';
import { RouteFollower } from './route-follower.ts';
import type { MultipathMode } from './selection/step.ts';
import type { RuleSetName } from './selection/rules.ts';
import type { Source } from './source.ts';
import type { TargetedTable } from './targeted-table.ts';

/** Names a route: a prefix, in VPN tables with its route distinguisher; for all other families the octets of the NLRI. */
export type Nlri =
  | { readonly prefix: Prefix; readonly routeDistinguisher?: Uint8Array | undefined }
  | { readonly bytes: Uint8Array };

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

/** A look-up costs about as much as looking at so many destinations in a row. */
const LOOK_UP_COST = 4;

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
  readonly #key = new Int32Array(5);

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
    this.packed.announce(this.#require(nlri), set, (this.#payload(nlri) || field) << 8, pathId | 0);
  }

  /** Takes back the path of `source`; does nothing if there is none. */
  withdraw(source: Source, nlri: Nlri, pathId = 0): void {
    this.#actions.speaks(source);
    this.packed.absorb();
    const number = this.#find(nlri);
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
    const { exact, limit = Number.POSITIVE_INFINITY, explained = true } = filter;
    const matches = matcher(this.packed, filter);
    let left = limit;
    if (exact !== undefined && this.#isDirect(filter)) {
      const number = this.#find({ prefix: exact, routeDistinguisher: filter.routeDistinguisher });
      if (number !== 0 && left > 0 && matches(number)) yield readRoute(this.context, number, explained);
      return;
    }
    if (exact !== undefined && this.#isFewDistinguishers(filter)) {
      const { highest } = this.packed.store.distinguishers;
      for (let distinguisher = 0; distinguisher <= highest && left > 0; distinguisher++) {
        this.#fillKeyOf(exact, distinguisher);
        const number = this.packed.fixed?.find(this.#key, 0) ?? 0;
        if (number === 0 || !matches(number)) continue;
        left--;
        yield readRoute(this.context, number, explained);
      }
      return;
    }
    for (let number = 1; number < this.packed.destinations.top && left > 0; number++) {
      if (!matches(number)) continue;
      left--;
      yield readRoute(this.context, number, explained);
    }
  }

  /** The most specific route that covers an address of four or sixteen octets. */
  longestMatch(address: Uint8Array): Route | undefined {
    this.#refresh();
    const { layout } = this.packed;
    if (layout.kind !== 'prefix' || layout.distinguished) return undefined;
    if (layout.addressWords * 4 !== address.length) return undefined;
    for (let length = address.length * 8; length >= 0; length--) {
      const number = this.#find({ prefix: { bytes: address, length } });
      if (number !== 0 && this.packed.bestSet(number) !== 0) return readRoute(this.context, number, true);
    }
    return undefined;
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
      octets: destinations.octets,
    };
  }

  /** @internal The number of a route, 0 if there is none. */
  find(nlri: Nlri): number {
    this.#refresh();
    const number = this.#find(nlri);
    return number !== 0 && this.packed.isOccupied(number) ? number : 0;
  }

  /** Applies what waits for this table alone, so that what is read is as of now. */
  #refresh(): void {
    this.packed.absorb();
    this.packed.settle();
  }

  /** The filter names one key. */
  #isDirect({ exact, routeDistinguisher }: RouteFilter): boolean {
    const { layout } = this.packed;
    if (layout.kind !== 'prefix' || exact?.bytes.length !== layout.addressWords * 4) return false;
    return layout.distinguished === (routeDistinguisher !== undefined);
  }

  /** The filter names one prefix under any route distinguisher: looking under each of them is less work than a search. */
  #isFewDistinguishers({ exact, routeDistinguisher }: RouteFilter): boolean {
    const { layout, store, destinations } = this.packed;
    if (layout.kind !== 'prefix' || exact?.bytes.length !== layout.addressWords * 4) return false;
    if (!layout.distinguished || routeDistinguisher !== undefined) return false;
    return store.distinguishers.highest * LOOK_UP_COST < destinations.top;
  }

  #find(nlri: Nlri): number {
    if ('bytes' in nlri) return this.packed.byBytes?.find(this.#canonical(nlri.bytes)) ?? 0;
    this.#fillKey(nlri.prefix, nlri.routeDistinguisher);
    return this.packed.fixed?.find(this.#key, 0) ?? 0;
  }

  /** The octets that name the route. */
  #canonical(bytes: Uint8Array): Uint8Array {
    return keyOfNlri(this.packed.layout, bytes);
  }

  /** The number of an NLRI that says more than its key. */
  #payload(nlri: Nlri): number {
    if (!('bytes' in nlri)) return 0;
    return payloadOfNlri(this.packed.store, nlri.bytes, this.#canonical(nlri.bytes));
  }

  #require(nlri: Nlri): number {
    if ('bytes' in nlri) {
      if (this.packed.byBytes === undefined) throw new RangeError(`${this.family} routes are prefixes`);
      return this.packed.byBytes.require(this.#canonical(nlri.bytes));
    }
    if (this.packed.fixed === undefined) throw new RangeError(`${this.family} routes are not prefixes`);
    this.#fillKey(nlri.prefix, nlri.routeDistinguisher);
    return this.packed.fixed.require(this.#key, 0);
  }

  #fillKey({ bytes, length }: Prefix, routeDistinguisher: Uint8Array | undefined): void {
    const { layout, store } = this.packed;
    if (layout.kind !== 'prefix') return;
    if (bytes.length !== layout.addressWords * 4 || length > bytes.length * 8) {
      throw new RangeError(
        `a prefix of ${bytes.length} octets and length ${length} is not one of ${this.family}`,
      );
    }
    if ((routeDistinguisher !== undefined) !== layout.distinguished) {
      throw new RangeError(
        `${this.family} routes have ${layout.distinguished ? 'a' : 'no'} route distinguisher`,
      );
    }
    this.#fillKeyOf(
      { bytes, length },
      routeDistinguisher === undefined ? 0 : store.distinguishers.numberOf(routeDistinguisher),
    );
  }

  #fillKeyOf({ bytes, length }: Prefix, distinguisher: number): void {
    const { layout } = this.packed;
    if (layout.kind !== 'prefix') return;
    this.#key[0] = (distinguisher << lengthBits(layout)) | length;
    for (let word = 0, left = length; word < layout.addressWords; word++, left -= 32) {
      const at = word * 4;
      const value = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
      this.#key[word + 1] = left <= 0 ? 0 : left >= 32 ? value : value & (-1 << (32 - left));
    }
  }
}
