/**
 * The Adj-RIB-Out of members that take several paths of a destination, each with an identifier: all feasible paths, or
 * for each member the best of those it may have.
 * @see RFC 7911
 */
import { SET_SOURCE, SET_WORDS_SHIFT } from './attribute-pool.ts';
import { type AdjRibOut, type Audience, CHUNK, type Courier } from './adj-rib-out.ts';
import { ENTRY_NUMBER } from './change-log.ts';
import { DISCRIMINATOR, LABEL, SET, pathFlag } from './destinations.ts';
import { enlarged } from './packed-array.ts';
import type { PackedTable } from './packed-table.ts';
import { preferenceOrder } from './preference-order.ts';
import { NOBODY, type Receivers } from './receivers.ts';
import type { ToldPaths } from './told-paths.ts';

/** The paths of a destination while it is looked at. */
class Candidates {
  count = 0;
  sets: Int32Array = new Int32Array(16);
  labels: Int32Array = new Int32Array(16);
  discriminators: Int32Array = new Int32Array(16);
  /** Members that shall have each of them. */
  wanted: Int32Array = new Int32Array(16);

  readonly add = (words: Int32Array, at: number): void => {
    if (this.count === this.sets.length) this.#grow();
    const index = this.count++;
    this.sets[index] = words[at + SET]!;
    this.labels[index] = words[at + LABEL]!;
    this.discriminators[index] = words[at + DISCRIMINATOR]!;
  };

  #grow(): void {
    this.sets = enlarged(this.sets);
    this.labels = enlarged(this.labels);
    this.discriminators = enlarged(this.discriminators);
    this.wanted = enlarged(this.wanted);
  }
}

/** One for each group with ADD-PATH; reads the table, and remembers in `told` what went to whom. */
export class AddPathOut implements AdjRibOut {
  readonly repeats = false;
  readonly #table: PackedTable;
  readonly #receivers: Receivers;
  readonly #audience: Audience;
  readonly #courier: Courier;
  readonly #told: ToldPaths;
  /** Most paths of a destination for one member. */
  readonly #most: number;
  readonly #candidates = new Candidates();
  /** Members that have got so many paths of the destination in work, from 1 on. */
  readonly #served: number[] = [];
  /** The destination in work: records not matched yet, and the last one of the new chain. */
  #unmatched = 0;
  #last = 0;
  #first = 0;
  #reached = 0;
  #isTelling = false;
  /** Nobody is left, as it turned out while somebody was told. */
  #isOver = false;
  /** Records nobody holds any more, to be freed when everybody was told. */
  readonly #gone: number[] = [];

  /** @param most paths of a destination for one member; Infinity: all */
  constructor(
    table: PackedTable,
    receivers: Receivers,
    audience: Audience,
    courier: Courier,
    told: ToldPaths,
    most: number,
  ) {
    this.#table = table;
    this.#receivers = receivers;
    this.#audience = audience;
    this.#courier = courier;
    this.#told = told;
    this.#most = most;
  }

  tell(entries: Int32Array, count: number, members: number, again: boolean): void {
    const { top, capacity } = this.#table.destinations;
    this.#told.reserve(top, capacity);
    this.#isTelling = true;
    for (let i = 0; i < count && !this.#isOver; i++) this.#visit(entries[i]! & ENTRY_NUMBER, members, again);
    this.#dispatch();
    this.#isTelling = false;
    if (this.#isOver) this.clear();
  }

  /** Members may leave while they are told: the records in work are needed until that is over. */
  clear(): void {
    this.#isOver = this.#isTelling;
    if (this.#isOver) return;
    const { payloads } = this.#table.store;
    if (this.#table.fixed === undefined)
      this.#told.forEach((record) => payloads.release(this.#told.label(record) >>> 8));
    this.#told.clear();
  }

  renumber(save: (set: number) => number): void {
    this.#told.renumber(save);
  }

  /** The record of a path that has been told to somebody, its identifier; 0 without. */
  record(destination: number, set: number, label: number, discriminator: number): number {
    const source = this.#sourceKey(set, label);
    let record = this.#told.first(destination);
    while (record !== 0 && !this.#told.isOf(record, source, discriminator)) record = this.#told.next(record);
    return record;
  }

  /** Members that shall have each path of a destination, in the order of the table. */
  wanted(destination: number): Int32Array {
    this.#gather(destination);
    return this.#candidates.wanted.slice(0, this.#candidates.count);
  }

  #visit(destination: number, members: number, again: boolean): void {
    const told = this.#told;
    const { sets, labels, discriminators, wanted, count } = this.#gather(destination);
    this.#unmatched = told.first(destination);
    this.#first = 0;
    this.#last = 0;
    for (let i = 0; i < count; i++) {
      const set = sets[i]!;
      const source = this.#sourceKey(set, labels[i]!);
      let record = this.#match(source, discriminators[i]!);
      if (record === 0) {
        if (this.#receivers.intersection(wanted[i]!, members) === NOBODY) continue;
        record = told.allocate(destination, source, discriminators[i]!);
      }
      this.#renew(record, set, labels[i]!);
      this.#tell(record, set, wanted[i]!, members, again);
    }
    while (this.#unmatched !== 0) {
      const record = this.#unmatched;
      this.#unmatched = told.next(record);
      this.#tell(record, 0, NOBODY, members, again);
    }
    if (this.#last !== 0) told.setNext(this.#last, 0);
    told.setFirst(destination, this.#first);
  }

  /** Collects the paths of a destination and who shall have them. */
  #gather(destination: number): Candidates {
    const candidates = this.#candidates;
    const table = this.#table;
    candidates.count = 0;
    table.forEachPath(destination, candidates.add);
    const { sets, labels, wanted, count } = candidates;
    for (let i = 0; i < count; i++) {
      const usable = (labels[i]! & pathFlag.infeasible) === 0;
      wanted[i] = usable ? this.#audience.receivers(sets[i]!) : NOBODY;
    }
    if (count > this.#most) this.#limit(destination);
    return candidates;
  }

  /** Leaves to each member the best of the paths it may have. */
  #limit(destination: number): void {
    const receivers = this.#receivers;
    const served = this.#served;
    const { wanted } = this.#candidates;
    served.length = 0;
    for (const path of preferenceOrder(this.#table, destination)) {
      const most = this.#most - 1;
      const getting = receivers.minus(wanted[path]!, served[most] ?? NOBODY);
      wanted[path] = getting;
      for (let n = Math.min(most, served.length); n > 0; n--) {
        served[n] = receivers.union(served[n] ?? NOBODY, receivers.intersection(served[n - 1]!, getting));
      }
      served[0] = receivers.union(served[0] ?? NOBODY, getting);
    }
  }

  /** Takes the record of a path out of those not matched yet. They are mostly in the order in which the paths are. */
  #match(source: number, discriminator: number): number {
    const told = this.#told;
    for (let before = 0, record = this.#unmatched; record !== 0;) {
      const next = told.next(record);
      if (told.isOf(record, source, discriminator)) {
        if (before === 0) this.#unmatched = next;
        else told.setNext(before, next);
        return record;
      }
      before = record;
      record = next;
    }
    return 0;
  }

  /** Notes the version of a path there is now: whoever has an earlier one has it no more. */
  #renew(record: number, set: number, label: number): void {
    const told = this.#told;
    const { payloads, pool } = this.#table.store;
    const before = told.label(record) >>> 8;
    if (!told.update(record, pool.serial(set), label)) return;
    told.setHolders(record, NOBODY, this.#receivers.union(told.outdated(record), told.current(record)));
    if (this.#table.fixed !== undefined) return;
    // The number must not be given to another payload, or the next version might look like this one.
    payloads.acquire(label >>> 8);
    payloads.release(before);
  }

  #tell(record: number, set: number, wanted: number, members: number, again: boolean): void {
    const told = this.#told;
    const receivers = this.#receivers;
    let current = told.current(record);
    let outdated = told.outdated(record);
    const here = receivers.intersection(wanted, members);
    const fresh = again ? here : receivers.minus(here, current);
    const had = receivers.intersection(receivers.union(current, outdated), members);
    const lost = receivers.minus(had, wanted);
    if (lost !== NOBODY) {
      this.#courier.unreach(record, lost);
      current = receivers.minus(current, lost);
      outdated = receivers.minus(outdated, lost);
    }
    if (fresh !== NOBODY) {
      this.#courier.reach(record, set, fresh);
      this.#reached++;
      current = receivers.union(current, fresh);
      outdated = receivers.minus(outdated, fresh);
    }
    told.setHolders(record, current, outdated);
    if (receivers.members(current).length + receivers.members(outdated).length === 0) this.#gone.push(record);
    else {
      if (this.#last === 0) this.#first = record;
      else told.setNext(this.#last, record);
      this.#last = record;
    }
    if (this.#reached === CHUNK) this.#dispatch();
  }

  #dispatch(): void {
    this.#courier.dispatch();
    this.#reached = 0;
    const { payloads } = this.#table.store;
    for (const record of this.#gone.splice(0)) {
      if (this.#table.fixed === undefined) payloads.release(this.#told.label(record) >>> 8);
      this.#told.release(record);
    }
  }

  /** Which source a path is of, and whether it is a copy. */
  #sourceKey(set: number, label: number): number {
    const source = this.#table.store.pool.words[(set << SET_WORDS_SHIFT) + SET_SOURCE]!;
    return source * 2 + ((label & pathFlag.secondary) !== 0 ? 1 : 0);
  }
}
