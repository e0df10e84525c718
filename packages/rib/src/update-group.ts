/**
 * BGP peers that are told the same in the same words: every attribute set is rewritten and encoded once for all of them, and
 * they are handed the same buffers.
 *
 * Who receives a route is a property of its attribute set: not the peer it came from, only those who want its route
 * targets, nobody in an AS it came through. So these differences need no groups of their own.
 */
import type { FamilyName } from '@vaportrail/bgp/wire';
import { AddPathOut } from './add-path-out.ts';
import type { AdvertisedPath, Advertisement } from './advertisement.ts';
import { type Audience, BestPathOut } from './adj-rib-out.ts';
import { SET_FACTS, SET_WORDS_SHIFT } from './attribute-pool.ts';
import { DISCRIMINATOR, LABEL, MORE, MORE_MASK, NEXT, PATH_WORDS, SET, pathFlag } from './destinations.ts';
import { Distribution } from './distribution.ts';
import { type EgressProfile, isReflected, keptFromAll } from './egress-profile.ts';
import { OutgoingUpdates } from './outgoing-updates.ts';
import type { PackedTable } from './packed-table.ts';
import { NOBODY, Receivers } from './receivers.ts';
import type { RouteStore } from './route-store.ts';
import type { RouteTargetFilter } from './route-target-filter.ts';
import type { Source } from './source.ts';
import { ToldPaths } from './told-paths.ts';
import { type Membership, Peer, type UpdateMember, observed } from './update-member.ts';

/** What distinguishes one group of a table from another. */
export interface UpdateGroupSettings extends EgressProfile {
  readonly extendedMessage: boolean;
  /** A route is not told to a peer that itself supplied any path of it, best or not. */
  readonly sparesSuppliers: boolean;
  /** The most paths of a destination they take, each with an identifier; 0: one path, without. @see RFC 7911 */
  readonly paths: number;
}

/** Made by `Rib.updateGroup`; peers {@link UpdateGroup.join} it. */
export class UpdateGroup implements Audience {
  readonly settings: UpdateGroupSettings;
  /** @internal */
  readonly distribution: Distribution;
  readonly #store: RouteStore;
  readonly #table: PackedTable;
  readonly #filter: RouteTargetFilter;
  readonly #outgoing: OutgoingUpdates;
  readonly #best: BestPathOut | undefined;
  readonly #several: AddPathOut | undefined;
  readonly #told: ToldPaths | undefined;
  readonly #peers = new Map<number, Peer>();
  /** By source: its member, and whoever observes that. */
  readonly #membersOf: (readonly number[] | undefined)[] = [];
  /** By attribute set: who shall receive it (plus one), under which serial and epoch of the group. */
  #receivers = new Int32Array(0);
  #receiversSerial = new Int32Array(0);
  #receiversEpoch = -1;
  #everybody = NOBODY;
  readonly #constrained: boolean;
  /** @internal Made by `Rib.updateGroup`. */
  constructor(
    store: RouteStore,
    table: PackedTable,
    family: FamilyName,
    filter: RouteTargetFilter,
    settings: UpdateGroupSettings,
  ) {
    this.#store = store;
    this.#table = table;
    this.#filter = filter;
    this.settings = settings;
    this.#constrained = table.layout.kind === 'prefix' && table.layout.distinguished;
    const receivers = new Receivers();
    const told = settings.paths === 0 ? undefined : new ToldPaths();
    const outgoing = new OutgoingUpdates(store, table, family, settings, told, (parcel, to) => {
      const members = receivers.members(to);
      parcel.addressTo(members.length);
      for (const number of members) this.#peers.get(number)?.member.send(parcel.buffers, parcel.sent);
    });
    this.#outgoing = outgoing;
    this.#told = told;
    if (told === undefined) this.#best = new BestPathOut(table, receivers, this, outgoing, false);
    else this.#several = new AddPathOut(table, receivers, this, outgoing, told, settings.paths);
    this.distribution = new Distribution(table, receivers, (this.#best ?? this.#several)!);
  }

  /** UPDATE messages encoded so far. */
  get messages(): number {
    return this.#outgoing.messages;
  }

  /** Members at present. */
  get size(): number {
    return this.#peers.size;
  }

  /** Takes a peer in; it is told the whole table in slices, and then every change. */
  join(member: UpdateMember): Membership {
    const peer = new Peer(member);
    const number = this.#admit(peer);
    if (this.settings.sparesSuppliers || this.#several !== undefined) this.#table.everyPath = true;
    const ready = (): void => this.#table.touch();
    const observations = new Set<() => void>();
    return {
      ready,
      refresh: (finished) => {
        if (this.#peers.get(number) !== peer) return;
        peer.refreshed = finished;
        this.distribution.walk(number, 'again', true);
      },
      observe: (observer) => {
        if (this.#peers.get(number) !== peer) return { ready, leave: () => {} };
        const shadow = new Peer(observed(member, observer), true);
        const place = this.#admit(shadow);
        const leave = (): void => this.#dismiss(place, shadow);
        observations.add(leave);
        return { ready, leave };
      },
      leave: () => {
        for (const end of observations) end();
        observations.clear();
        this.#dismiss(number, peer);
      },
    };
  }

  #admit(peer: Peer): number {
    const number = this.distribution.join(peer);
    const source = peer.member.source.number;
    this.#peers.set(number, peer);
    this.#membersOf[source] = [...(this.#membersOf[source] ?? []), number];
    this.#receiversEpoch = -1;
    return number;
  }

  /** Does nothing when the peer has left already, and another one may have its number. */
  #dismiss(number: number, peer: Peer): void {
    if (this.#peers.get(number) !== peer) return;
    const source = peer.member.source.number;
    this.#peers.delete(number);
    this.#membersOf[source] = this.#membersOf[source]!.filter((other) => other !== number);
    this.#receiversEpoch = -1;
    this.distribution.leave(number);
  }

  /** @internal What a peer wants changed. */
  interestsChanged(source: number): void {
    for (const number of this.#membersOf[source] ?? []) {
      if (!this.#peers.get(number)!.member.filterByRouteTarget) return;
      this.#receiversEpoch = -1;
      this.distribution.walk(number, 'difference');
    }
  }

  receivers(set: number): number {
    const { receivers } = this.distribution;
    if (this.#receiversEpoch !== receivers.epoch) this.#forgetReceivers();
    if (set >= this.#receivers.length) this.#makeRoom();
    const serial = this.#store.pool.serial(set);
    if (this.#receiversSerial[set] !== serial) {
      this.#receivers[set] = this.#membersFor(set);
      this.#receiversSerial[set] = serial;
    }
    return this.#receivers[set]!;
  }

  receiversOf(destination: number, receivers: number): number {
    if (!this.settings.sparesSuppliers || this.#several !== undefined) return receivers;
    const { words, stride } = this.#table.destinations;
    return (words[destination * stride + MORE]! & MORE_MASK) === 0
      ? receivers
      : this.#withoutSuppliers(destination, receivers);
  }

  /** @internal Which members have been told about a destination, and why the others have not. */
  advertised(destination: number): Advertisement[] {
    const set = this.#table.bestSet(destination);
    if (this.#several !== undefined) return this.#advertisedPaths(destination, this.#several);
    const held = this.#best!.held(destination);
    const wanted = set === 0 ? NOBODY : this.receiversOf(destination, this.receivers(set));
    const { receivers } = this.distribution;
    return this.#members().map(([number, { member }]) => {
      const told = receivers.has(held, number);
      const because =
        (set === 0 ? 'no path is feasible' : this.#keptBack(member, set)) ??
        (receivers.has(wanted, number) ? undefined : 'it supplied a path of the route itself') ??
        (told ? undefined : 'its turn has not come yet');
      return { to: member.source, told: told && because === undefined, because, paths: undefined };
    });
  }

  #advertisedPaths(destination: number, out: AddPathOut): Advertisement[] {
    const wanted = out.wanted(destination);
    const { receivers } = this.distribution;
    return this.#members().map(([number, { member }]) => {
      const paths: AdvertisedPath[] = [];
      this.#table.forEachPath(destination, (words, at) => {
        const [set, label] = [words[at + SET]!, words[at + LABEL]!];
        const record = out.record(destination, set, label, words[at + DISCRIMINATOR]!);
        const told = record !== 0 && receivers.has(this.#told!.current(record), number);
        const because =
          ((label & pathFlag.infeasible) === 0 ? this.#keptBack(member, set) : 'it is not feasible') ??
          (receivers.has(wanted[paths.length]!, number)
            ? undefined
            : `it is told the best ${this.settings.paths} only`) ??
          (told ? undefined : 'its turn has not come yet');
        paths.push({
          told: told && because === undefined,
          because,
          pathId: because === undefined ? record : undefined,
        });
      });
      const told = paths.some((path) => path.told);
      const because = told ? undefined : (paths[0]?.because ?? 'there is no path');
      return { to: member.source, told, because, paths };
    });
  }

  #members(): [number: number, peer: Peer][] {
    return [...this.#peers].filter(([, { isObserver }]) => !isObserver);
  }

  /** Why a member is not told paths with a set. */
  #keptBack(member: UpdateMember, set: number): string | undefined {
    const { pool, sources } = this.#store;
    const source = sources[pool.source(set)]!;
    if (source === member.source) return 'it is its own path';
    return (
      this.#keptFromAll(set) ??
      this.#keptFrom(member, set, source) ??
      (this.#outgoing.permits(set) ? undefined : 'export policy keeps it back')
    );
  }

  #membersFor(set: number): number {
    const { pool, sources } = this.#store;
    const source = sources[pool.source(set)]!;
    if (this.#keptFromAll(set) !== undefined || !this.#outgoing.permits(set)) return NOBODY;
    const to: number[] = [];
    for (const [number, { member }] of this.#peers) {
      if (this.#keptFrom(member, set, source) === undefined) to.push(number);
    }
    return to.length === this.#peers.size ? this.#everybody : this.distribution.receivers.of(to);
  }

  /** Why no member is told paths with a set. */
  #keptFromAll(set: number): string | undefined {
    const { identity, pool, sources } = this.#store;
    const facts = pool.words[(set << SET_WORDS_SHIFT) + SET_FACTS]!;
    return keptFromAll(facts, pool.nextHopLength(set), sources[pool.source(set)]!, this.settings, identity);
  }

  /** Why a member is not told paths with a set, though others of the group are. */
  #keptFrom(member: UpdateMember, set: number, source: Source): string | undefined {
    const peer = member.source;
    if (peer === source) return 'it is its own path';
    // Between clients and anybody, but not between two that are not. @see RFC 4456 §6
    if (isReflected(source, this.settings) && !source.client && !peer.client) {
      return 'it came from a peer that is not a client either';
    }
    if (!this.settings.internal) {
      const { asPath } = this.#store.sets.plain(set).attributes;
      if (asPath.some(({ asns }) => asns.includes(peer.asn))) return 'its AS is in the AS path';
    }
    if (this.#constrained && member.filterByRouteTarget) {
      if (!this.#filter.wants(peer.number, this.#store.targetListOf(set)))
        return 'it asked for none of the route targets';
    }
    return undefined;
  }

  #withoutSuppliers(destination: number, all: number): number {
    const { words, stride, paths } = this.#table.destinations;
    const at = destination * stride;
    let left = this.#withoutSupplier(words[at + SET]!, all);
    for (let path = words[at + MORE]! & MORE_MASK; path !== 0; path = paths[path * PATH_WORDS + NEXT]!)
      left = this.#withoutSupplier(paths[path * PATH_WORDS + SET]!, left);
    return left;
  }

  #withoutSupplier(set: number, all: number): number {
    const members = this.#membersOf[this.#store.pool.source(set)];
    let left = all;
    if (members !== undefined)
      for (const member of members) left = this.distribution.receivers.without(left, member);
    return left;
  }

  #forgetReceivers(): void {
    this.#receiversSerial.fill(0);
    this.#everybody = this.distribution.receivers.of(this.#peers.keys());
    this.#receiversEpoch = this.distribution.receivers.epoch;
  }

  #makeRoom(): void {
    const { pool } = this.#store;
    this.#receivers = pool.withRoom(this.#receivers);
    this.#receiversSerial = pool.withRoom(this.#receiversSerial);
  }
}
