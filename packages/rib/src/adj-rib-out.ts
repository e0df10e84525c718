/**
 * Who has been told what by a group: its Adj-RIB-Out, as one set of members per destination.
 * @see RFC 4271 §3.2
 */
import { ENTRY_NUMBER } from './change-log.ts';
import { enlarged } from './packed-array.ts';
import type { PackedTable } from './packed-table.ts';
import { NOBODY, type Receivers } from './receivers.ts';

/** Destinations looked at in one go; what they encode to is one shared buffer per set of receivers. */
export const CHUNK = 16384;

/** Knows who shall have what. */
export interface Audience {
  /** Members that may have paths with this attribute set. */
  receivers(set: number): number;
  /** Those of them that shall have the path of this destination. */
  receiversOf(destination: number, receivers: number): number;
}

/**
 * Turns what an Adj-RIB-Out found out into messages. An item is what an NLRI is written from: a destination, or one path of it.
 */
export interface Courier {
  reach(item: number, set: number, to: number): void;
  unreach(item: number, to: number): void;
  /** Encodes and sends what was collected, at most {@link CHUNK} items announced. */
  dispatch(): void;
}

/** What the members of a group have been told, and what they are to be told next. */
export interface AdjRibOut {
  /** Members that hold something are told again whenever the destination changes. */
  readonly repeats: boolean;
  /**
   * Tells some members what became of destinations, given as entries of the change log.
   * @param again tell them what they have as well
   */
  tell(entries: Int32Array, count: number, members: number, again: boolean): void;
  /** Forgets everything: nobody is left. */
  clear(): void;
  /** Gives each set of members that is kept its new number. */
  renumber(save: (set: number) => number): void;
}

/** What is to be done about a destination, given who shall have it and who has been told. */
class Outcome {
  wanted = -1;
  before = -1;
  /** Which of the members asked about shall have it, and which of them have not. */
  here = NOBODY;
  fresh = NOBODY;
  /** Which of them have it and shall not. */
  lost = NOBODY;
  /** Who has it then. */
  after = NOBODY;
  #members = NOBODY;

  /** Begins with other members. */
  forget(members: number): void {
    this.#members = members;
    this.wanted = -1;
    this.before = -1;
  }

  work(receivers: Receivers, wanted: number, before: number): void {
    const members = this.#members;
    this.wanted = wanted;
    this.before = before;
    this.here = receivers.intersection(wanted, members);
    this.fresh = receivers.minus(this.here, before);
    this.lost = receivers.minus(receivers.intersection(before, members), wanted);
    this.after = receivers.minus(receivers.union(before, this.here), this.lost);
  }
}

/** The Adj-RIB-Out of members that are told the best path of a destination, or one item about all its paths. */
export class BestPathOut implements AdjRibOut {
  readonly repeats: boolean;
  readonly #table: PackedTable;
  readonly #receivers: Receivers;
  readonly #audience: Audience;
  readonly #courier: Courier;
  /** By destination: who has been told about it. */
  #held: Int32Array = new Int32Array(16);
  readonly #outcome = new Outcome();

  constructor(
    table: PackedTable,
    receivers: Receivers,
    audience: Audience,
    courier: Courier,
    repeats: boolean,
  ) {
    this.#table = table;
    this.#receivers = receivers;
    this.#audience = audience;
    this.#courier = courier;
    this.repeats = repeats;
  }

  /** Who has been told about a destination. */
  held(destination: number): number {
    return this.#held[destination] ?? NOBODY;
  }

  tell(entries: Int32Array, count: number, members: number, again: boolean): void {
    const table = this.#table;
    const audience = this.#audience;
    const courier = this.#courier;
    const receivers = this.#receivers;
    this.#makeRoom();
    const held = this.#held;
    const outcome = this.#outcome;
    outcome.forget(members);
    let last = 0;
    let receiversOfLast = NOBODY;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      const number = entry & ENTRY_NUMBER;
      const set = table.bestSet(number);
      const before = held[number]!;
      if (set !== last && set !== 0) {
        last = set;
        receiversOfLast = audience.receivers(set);
      }
      const wanted = set === 0 ? NOBODY : audience.receiversOf(number, receiversOfLast);
      // The same few combinations follow each other.
      if (wanted !== outcome.wanted || before !== outcome.before) outcome.work(receivers, wanted, before);
      // An entry below zero is flagged: the best path changed.
      const told = again || entry < 0 ? outcome.here : outcome.fresh;
      if (told !== NOBODY) courier.reach(number, set, told);
      if (outcome.lost !== NOBODY) courier.unreach(number, outcome.lost);
      held[number] = outcome.after;
    }
    courier.dispatch();
  }

  clear(): void {
    this.#held = new Int32Array(16);
  }

  /** Takes everything back from those who have it. */
  retract(): void {
    const held = this.#held;
    const end = Math.min(held.length, this.#table.destinations.top);
    for (let number = 1; number < end; number++) {
      if (held[number] === NOBODY) continue;
      this.#courier.unreach(number, held[number]!);
      held[number] = NOBODY;
    }
    this.#courier.dispatch();
  }

  renumber(save: (set: number) => number): void {
    const held = this.#held;
    const end = Math.min(held.length, this.#table.destinations.top);
    for (let number = 1; number < end; number++)
      if (held[number] !== NOBODY) held[number] = save(held[number]!);
  }

  #makeRoom(): void {
    const { top } = this.#table.destinations;
    if (top > this.#held.length) this.#held = enlarged(this.#held, top);
  }
}
