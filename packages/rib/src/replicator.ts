/**
 * Replicates the routes of one table: follows its changes, and keeps for each destination the copies in other tables that
 * its paths call for.
 *
 * Only paths that are primary, feasible and in the multipath set are copied; a copy is secondary and is never copied
 * again, so there are no cycles to break.
 */
import { SET_FEASIBILITY, SET_SOURCE, SET_WORDS_SHIFT } from './attribute-pool.ts';
import { ENTRY_NUMBER } from './change-log.ts';
import {
  DISCRIMINATOR,
  KEY,
  LABEL,
  MORE,
  MORE_MASK,
  NEXT,
  PATH_WORDS,
  SET,
  pathFlag,
} from './destinations.ts';
import type { Exchange } from './exchange.ts';
import { type ByteLayout, type PrefixLayout, lengthBits } from './family-layout.ts';
import type { Follower } from './follower.ts';
import { keyOfNlri, payloadOfNlri } from './named-nlri.ts';
import type { PackedTable } from './packed-table.ts';
import type { RoutePolicy } from './policy.ts';
import { ReplicaList } from './replica-list.ts';
import type { RouteStore } from './route-store.ts';
import type { TargetedTable } from './targeted-table.ts';
import { WantedCopies } from './wanted-copies.ts';

const CHUNK = 1024;
const RD_OCTETS = 8;
/** Type of the EVPN routes that are routed and not bridged. @see RFC 9136 §3 */
const EVPN_IP_PREFIX = 5;
/** What was read from a change log; nothing is kept in it between calls. */
const chunk = new Int32Array(CHUNK);

/** Follows its table from when that joins an exchange until {@link Replicator.stop}. */
export class Replicator implements Follower {
  readonly #store: RouteStore;
  readonly #table: TargetedTable;
  readonly #packed: PackedTable;
  readonly #exchange: Exchange;
  readonly #tables: ReadonlyMap<number, TargetedTable>;
  readonly #replicas = new ReplicaList();
  readonly #cursor;
  readonly #key = new Int32Array(5);
  /** Next destination of a walk over the whole table, 0 when there is none. */
  #walk = 0;
  /** Targets the walk is about; `undefined` means every destination. */
  #walkTargets: Set<number> | undefined = new Set();
  /** Of the destination in work. */
  readonly #wanted = new WantedCopies();

  constructor(
    store: RouteStore,
    table: TargetedTable,
    exchange: Exchange,
    tables: ReadonlyMap<number, TargetedTable>,
  ) {
    this.#store = store;
    this.#table = table;
    this.#packed = table.packed;
    this.#exchange = exchange;
    this.#tables = tables;
    this.#cursor = table.packed.log.follow();
    // Paths that are neither best nor multipath are copied too, so their coming and going is news.
    if (table.replicates === 'all') this.#packed.everyPath = true;
  }

  get isPending(): boolean {
    return this.#walk !== 0 || this.#packed.log.behind(this.#cursor) > 0;
  }

  work(budget: number): number {
    let done = 0;
    // A route reflector whose routing instances import nothing replicates nothing.
    if (this.#table.isVpn && !this.#exchange.hasImporters && this.#replicas.size === 0)
      this.#packed.log.skip(this.#cursor);
    while (done < budget && this.#packed.log.behind(this.#cursor) > 0) {
      const before = this.#packed.log.behind(this.#cursor);
      const count = this.#packed.log.read(this.#cursor, chunk, Math.min(CHUNK, budget - done));
      for (let i = 0; i < count; i++) this.#replicate(chunk[i]! & ENTRY_NUMBER);
      done += before - this.#packed.log.behind(this.#cursor);
    }
    const { destinations } = this.#packed;
    for (; this.#walk !== 0 && done < budget; done++) {
      const number = this.#walk++;
      if (number >= destinations.top) {
        this.#walk = 0;
        this.#walkTargets = new Set();
      } else if (this.#packed.isOccupied(number) && this.#concernsWalk(number)) this.#replicate(number);
    }
    return done;
  }

  /** Looks again at every destination that carries one of these targets, or at all. */
  reconsider(targets: ReadonlySet<number> | undefined): void {
    if (targets === undefined || !this.#table.isVpn) this.#walkTargets = undefined;
    else if (this.#walkTargets !== undefined) for (const target of targets) this.#walkTargets.add(target);
    this.#walk = 1;
    this.#packed.touch();
  }

  /** Takes all copies back. */
  stop(): void {
    for (let number = 1; number < this.#packed.destinations.top; number++) this.#retract(number);
    this.#packed.log.unfollow(this.#cursor);
  }

  /** Names of the tables that hold copies of a destination, each once. */
  copies(destination: number): string[] {
    const names: string[] = [];
    this.#replicas.forEach(destination, (table) => {
      const name = this.#tables.get(table)?.name;
      if (name !== undefined && !names.includes(name)) names.push(name);
    });
    return names;
  }

  #concernsWalk(number: number): boolean {
    const targets = this.#walkTargets;
    if (targets === undefined) return true;
    let concerns = false;
    this.#packed.forEachPath(number, (words, at) => {
      const list = this.#store.targetListOf(words[at + SET]!);
      concerns ||= this.#store.targets.list(list).some((target) => targets.has(target));
    });
    return concerns;
  }

  #replicate(number: number): void {
    const exports = this.#exports(number);
    if (!exports && this.#replicas.size === 0) return;
    if (exports) this.#packed.forEachPath(number, this.#copyPath);
    if (this.#wanted.isEmpty && !this.#replicas.has(number)) return;
    this.#retract(number);
    this.#wanted.moveTo(this.#replicas, number);
  }

  readonly #copyPath = (path: Int32Array, p: number, best: boolean, number: number): void => {
    const label = path[p + LABEL]!;
    if ((label & (pathFlag.secondary | pathFlag.infeasible)) !== 0) return;
    if (best || this.#table.replicates === 'all' || (label & pathFlag.multipath) !== 0)
      this.#copy(number, path[p + SET]!, label, path[p + DISCRIMINATOR]!);
  };

  /** Whether any copy could come of the paths of a destination. */
  #exports(number: number): boolean {
    const { words, stride, paths } = this.#packed.destinations;
    const at = number * stride;
    const best = words[at + SET]!;
    if (best === 0) return false;
    if (!this.#table.isVpn) return this.#table.exports;
    if (this.#isImported(best)) return true;
    for (let path = words[at + MORE]! & MORE_MASK; path !== 0; path = paths[path * PATH_WORDS + NEXT]!)
      if (this.#isImported(paths[path * PATH_WORDS + SET]!)) return true;
    return false;
  }

  #isImported(set: number): boolean {
    return this.#exchange.importers(this.#store.targetListOf(set)).length > 0;
  }

  #copy(number: number, set: number, label: number, pathId: number): void {
    if (this.#packed.layout.kind === 'bytes') return this.#copyOctets(number, set, label, pathId);
    const { pool, discriminators } = this.#store;
    const table = this.#table;
    const layout = this.#packed.layout as PrefixLayout;
    const { words, stride } = this.#packed.destinations;
    const key = number * stride + KEY;
    const shift = lengthBits(layout);
    const length = words[key]! & ((1 << shift) - 1);
    for (let word = 1; word <= layout.addressWords; word++) this.#key[word] = words[key + word]!;
    let distinguisher = words[key]! >>> shift;
    let exported = set;
    if (!table.isVpn) {
      const made = table.exportOf(set, this.#kind(table.exportPolicy, length));
      if (made === undefined) return;
      exported = made.set;
      distinguisher = made.distinguisher;
    }
    const source = pool.words[(set << SET_WORDS_SHIFT) + SET_SOURCE]!;
    const discriminator = discriminators.number(this.#packed.number, distinguisher, pathId);
    const copied = (label & ~0xff) | (label & pathFlag.longLivedStale) | pathFlag.secondary;
    if (!table.isVpn && this.#exchange.vpn !== undefined) {
      this.#key[0] = (distinguisher << shift) | length;
      this.#announce(this.#exchange.vpn, exported, source, copied, discriminator);
    }
    // What export policy rejects is shown in the VPN table and goes nowhere.
    if (pool.words[(exported << SET_WORDS_SHIFT) + SET_FEASIBILITY] !== 0) return;
    for (const importer of this.#exchange.importers(this.#store.targetListOf(exported))) {
      if (importer === table) continue;
      this.#key[0] = length;
      const imported = importer.importOf(exported, this.#kind(importer.importPolicy, length));
      this.#announce(importer, imported, source, copied, discriminator);
    }
  }

  /** What kind of prefix the key in work has to a policy. */
  #kind(policy: RoutePolicy | undefined, length: number): number {
    if (policy?.kindOf === undefined) return 0;
    const { addressWords } = this.#packed.layout as PrefixLayout;
    const bytes = new Uint8Array(addressWords * 4);
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.#key[1 + (i >>> 2)]! >>> (24 - (i & 3) * 8);
    return policy.kindOf({ bytes, length });
  }

  /**
   * The same for routes that are octets: their route distinguisher stands in them, as zeros in a VRF. What EVPN bridges
   * stays in its network: a VRF that imports another's target gets what it routes.
   * @see `EvpnTable::ShouldReplicate` of Contrail's evpn_table.cc
   */
  #copyOctets(number: number, set: number, label: number, pathId: number): void {
    const { pool, discriminators, distinguishers, payloads } = this.#store;
    const table = this.#table;
    const { distinguisherAt } = this.#packed.layout as ByteLayout;
    const payload = label >>> 8;
    const nlri = payload === 0 ? this.#packed.byBytes!.key(number) : payloads.octets(payload);
    // A route of a type nobody knows may be too short to have one.
    if (distinguisherAt === undefined || nlri.length < distinguisherAt + RD_OCTETS) return;
    let exported = set;
    let distinguisher = distinguishers.numberOf(nlri, distinguisherAt);
    if (!table.isVpn) {
      const made = table.exportOf(set, 0);
      if (made === undefined) return;
      exported = made.set;
      distinguisher = made.distinguisher;
    }
    const source = pool.words[(set << SET_WORDS_SHIFT) + SET_SOURCE]!;
    const discriminator = discriminators.number(this.#packed.number, distinguisher, pathId);
    const flags = (label & pathFlag.longLivedStale) | pathFlag.secondary;
    if (!table.isVpn && this.#exchange.vpn !== undefined) {
      nlri.set(distinguishers.bytes(distinguisher), distinguisherAt);
      this.#announceOctets(this.#exchange.vpn, nlri, exported, source, flags, discriminator);
    }
    if (pool.words[(exported << SET_WORDS_SHIFT) + SET_FEASIBILITY] !== 0) return;
    nlri.fill(0, distinguisherAt, distinguisherAt + RD_OCTETS);
    const isBridged = table.family === 'e-vpn' && nlri[0] !== EVPN_IP_PREFIX;
    if (isBridged && !table.isVpn) return;
    for (const importer of this.#exchange.importers(this.#store.targetListOf(exported))) {
      if (importer === table) continue;
      const imported = importer.importOf(exported, 0);
      if (isBridged && !importer.isOfNetwork(imported)) continue;
      this.#announceOctets(importer, nlri, imported, source, flags, discriminator);
    }
  }

  #announceOctets(
    table: TargetedTable,
    nlri: Uint8Array,
    set: number,
    source: number,
    flags: number,
    discriminator: number,
  ): void {
    const { packed } = table;
    const key = keyOfNlri(packed.layout, nlri);
    const there = packed.byBytes!.require(key);
    const label = (payloadOfNlri(this.#store, nlri, key) << 8) | flags;
    if (packed.announce(there, set, label, discriminator))
      this.#wanted.add(table.packed.number, there, source, discriminator);
  }

  #announce(table: TargetedTable, set: number, source: number, label: number, discriminator: number): void {
    const there = table.packed.fixed!.require(this.#key, 0);
    if (table.packed.announce(there, set, label, discriminator))
      this.#wanted.add(table.packed.number, there, source, discriminator);
  }

  /** Takes back the copies of a destination that are not wanted any more. */
  #retract(number: number): void {
    this.#replicas.take(number, this.#takeBack);
  }

  readonly #takeBack = (table: number, there: number, source: number, discriminator: number): void => {
    if (this.#wanted.has(table, there, source, discriminator)) return;
    this.#tables.get(table)?.packed.withdraw(there, source, discriminator, pathFlag.secondary);
  };
}
