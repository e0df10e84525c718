/**
 * Brings the changes of one table to the members of a group, each at its own pace.
 *
 * Members that have seen the same changes travel together, as a convoy with one cursor in the change log; what a
 * convoy needs is encoded once for all of it. The front convoy is up to date. A member whose queue is full is
 * left behind in a convoy of its own and catches up later; since the log holds the latest change of each destination only,
 * it is then told the latest state and nothing in between. A new member, and one that wants everything again or whose
 * interests changed, walks over the whole table first.
 *
 * ```
 *   log   ……┬……………………┬……… head
 *           │            └ front convoy: members 0 2 3
 *           └ convoy of member 1 (its queue is full)         walking convoy: member 4, at destination 70,112
 * ```
 * Who has been told what is kept by the {@link AdjRibOut}, so that a withdrawal goes exactly to those who have something to
 * withdraw.
 */
import { type AdjRibOut, CHUNK } from './adj-rib-out.ts';
import type { ChangeCursor } from './change-log.ts';
import type { Follower } from './follower.ts';
import type { PackedTable } from './packed-table.ts';
import { NOBODY, type Receivers } from './receivers.ts';

/** What one call of `work` looks at; nothing is kept in it between calls. */
const shared = new Int32Array(CHUNK);

/** A member, seen from the distribution. */
export interface Recipient {
  /** More is queued for it than it should be given now. */
  readonly isCongested: boolean;
  /** It has been told the whole table. */
  synchronised(): void;
}

type Walk =
  /** Tell what the member does not have; withdraw what it should not have. */
  | 'difference'
  /** Tell everything again. */
  | 'again';

class Convoy {
  members: number;
  readonly cursor: ChangeCursor;
  /** Next destination of its walk, 0 when it does not walk. */
  next: number;
  walk: Walk;
  /** Members to be told that they are synchronised when the walk is over. */
  newcomers: number;

  constructor(members: number, cursor: ChangeCursor, next: number, walk: Walk, newcomers: number) {
    this.members = members;
    this.cursor = cursor;
    this.next = next;
    this.walk = walk;
    this.newcomers = newcomers;
  }
}

/** One for each group of members and table, whatever the members speak. */
export class Distribution implements Follower {
  readonly receivers: Receivers;
  readonly #table: PackedTable;
  readonly #out: AdjRibOut;
  readonly #effort: number;
  readonly #recipients: (Recipient | undefined)[] = [];
  readonly #free: number[] = [];
  #front: Convoy | undefined;
  #behind: Convoy[] = [];

  /** @param effort how many destinations told in UPDATEs take as long as one that is told here */
  constructor(table: PackedTable, receivers: Receivers, out: AdjRibOut, effort = 1) {
    this.#table = table;
    this.receivers = receivers;
    this.#out = out;
    this.#effort = effort;
  }

  /** Members, joined and not left. */
  get size(): number {
    return this.#recipients.length - this.#free.length;
  }

  /** Adds a member, which walks over the table before it follows the changes. @returns its number */
  join(recipient: Recipient): number {
    const member = this.#free.pop() ?? this.#recipients.length;
    this.#recipients[member] = recipient;
    // Nobody has anything: whoever joins and leaves all the time leaves no sets behind.
    if (this.#front === undefined) this.receivers.renumber(() => {});
    const alone = this.receivers.of([member]);
    const { log } = this.#table;
    this.#front ??= new Convoy(NOBODY, log.follow(), 0, 'difference', NOBODY);
    this.#add(new Convoy(alone, log.fork(this.#front.cursor), 1, 'difference', alone));
    this.#table.touch();
    return member;
  }

  /** A member is told nothing any more; its number may be given to another. */
  leave(member: number): void {
    if (this.#recipients[member] === undefined) return;
    this.#recipients[member] = undefined;
    this.#free.push(member);
    this.receivers.erase(member);
    for (const convoy of [this.#front, ...this.#behind]) {
      if (convoy !== undefined) convoy.members = this.receivers.of(this.receivers.members(convoy.members));
    }
    this.#dropEmpty();
    if (this.size > 0 || this.#front === undefined) return;
    this.#table.log.unfollow(this.#front.cursor);
    this.#front = undefined;
    this.#out.clear();
    this.#table.touch();
  }

  /**
   * Has a member walk over the table: for all of it, or for what it should have and has not, or the other way round.
   * @param isTold tell it when it has arrived, as a newcomer is
   */
  walk(member: number, kind: Walk, isTold = false): void {
    for (const convoy of [this.#front, ...this.#behind]) {
      if (convoy === undefined || !this.receivers.has(convoy.members, member)) continue;
      const own = this.#detach(convoy, member);
      own.walk = stronger(convoy, kind);
      own.next = 1;
      if (isTold) own.newcomers = own.members;
      this.#add(own);
      break;
    }
    this.#dropEmpty();
    this.#table.touch();
  }

  get isPending(): boolean {
    if (this.#front === undefined) return false;
    if (this.#table.log.behind(this.#front.cursor) > 0) return true;
    return this.#behind.length > 0 && this.#behind.some((convoy) => !this.#isCongested(convoy));
  }

  work(budget: number): number {
    return this.#work(Math.ceil(budget / this.#effort)) * this.#effort;
  }

  #work(budget: number): number {
    const front = this.#front;
    if (front === undefined) return 0;
    if (this.receivers.isCrowded) this.#renumber();
    this.#leaveBehindCongested(front);
    let done = this.#advance(front, budget, true);
    for (const convoy of this.#behind) {
      if (done >= budget) break;
      if (this.#isCongested(convoy)) continue;
      this.#leaveBehindCongested(convoy);
      done +=
        convoy.next !== 0 ? this.#stride(convoy, budget - done) : this.#advance(convoy, budget - done, false);
      if (convoy.next === 0 && convoy.cursor.position === front.cursor.position) this.#merge(convoy, front);
    }
    this.#dropEmpty();
    return done;
  }

  /** Adds a convoy, or lets its members go with one that starts from the same place. */
  #add(convoy: Convoy): void {
    const together = this.#behind.find(
      (other) =>
        other.next === convoy.next &&
        other.walk === convoy.walk &&
        other.cursor.position === convoy.cursor.position,
    );
    if (together === undefined) this.#behind.push(convoy);
    else {
      this.#merge(convoy, together);
      this.#table.log.unfollow(convoy.cursor);
    }
  }

  #merge(convoy: Convoy, into: Convoy): void {
    into.members = this.receivers.union(into.members, convoy.members);
    into.newcomers = this.receivers.union(into.newcomers, convoy.newcomers);
    convoy.members = NOBODY;
  }

  #dropEmpty(): void {
    if (this.#behind.length === 0) return;
    this.#behind = this.#behind.filter((convoy) => {
      if (convoy.members !== NOBODY && this.receivers.members(convoy.members).length > 0) return true;
      this.#table.log.unfollow(convoy.cursor);
      return false;
    });
  }

  /** Whether nobody in it has room; it is then of one member, as those who have room never wait for others. */
  #isCongested(convoy: Convoy): boolean {
    return this.receivers
      .members(convoy.members)
      .every((member) => this.#recipients[member]?.isCongested ?? false);
  }

  #leaveBehindCongested(convoy: Convoy): void {
    const members = this.receivers.members(convoy.members);
    if (members.length === 0 || (convoy !== this.#front && members.length === 1)) return;
    const congested = members.filter((member) => this.#recipients[member]?.isCongested ?? false);
    if (congested.length === 0) return;
    for (const member of congested) this.#behind.push(this.#detach(convoy, member));
  }

  /** Takes a member out of its convoy. @returns a convoy of its own, at the same place */
  #detach(convoy: Convoy, member: number): Convoy {
    const alone = this.receivers.of([member]);
    const newcomer = this.receivers.intersection(convoy.newcomers, alone);
    convoy.members = this.receivers.minus(convoy.members, alone);
    convoy.newcomers = this.receivers.minus(convoy.newcomers, alone);
    return new Convoy(alone, this.#table.log.fork(convoy.cursor), convoy.next, convoy.walk, newcomer);
  }

  /** Takes a convoy along the log. */
  #advance(convoy: Convoy, budget: number, isFront: boolean): number {
    const { log } = this.#table;
    let done = 0;
    // Telling members may make the last one leave, and then there is no front any more.
    while (done < budget && this.#front !== undefined) {
      const limit = isFront
        ? log.behind(convoy.cursor)
        : log.behind(convoy.cursor) - log.behind(this.#front.cursor);
      if (limit <= 0) break;
      const before = convoy.cursor.position;
      const count = log.read(convoy.cursor, shared, Math.min(limit, budget - done, CHUNK));
      done += (convoy.cursor.position - before) | 0;
      if (convoy.members !== NOBODY) this.#out.tell(shared, count, convoy.members, this.#out.repeats);
      if (this.#hasCongested(convoy)) break;
    }
    return done;
  }

  /** Takes a convoy along the table. */
  #stride(convoy: Convoy, budget: number): number {
    const table = this.#table;
    let done = 0;
    while (convoy.next !== 0 && done < budget && this.#front !== undefined) {
      let count = 0;
      const { top } = table.destinations;
      for (; convoy.next < top && count < CHUNK && done < budget; convoy.next++, done++) {
        // What is still to come by the log would be told twice; but the log does not tell again what is held already.
        const number = convoy.next;
        const due = convoy.walk === 'again' || !table.log.isAhead(convoy.cursor, number);
        if (due && !table.destinations.isVacant(number)) shared[count++] = number;
      }
      if (convoy.next >= top) convoy.next = 0;
      this.#out.tell(shared, count, convoy.members, convoy.walk === 'again');
      if (convoy.next === 0) this.#arrive(convoy);
      else if (this.#hasCongested(convoy)) break;
    }
    return done;
  }

  #arrive(convoy: Convoy): void {
    for (const member of this.receivers.members(convoy.newcomers)) this.#recipients[member]?.synchronised();
    convoy.newcomers = NOBODY;
  }

  #hasCongested(convoy: Convoy): boolean {
    return this.receivers
      .members(convoy.members)
      .some((member) => this.#recipients[member]?.isCongested ?? false);
  }

  #renumber(): void {
    this.receivers.renumber((save) => {
      for (const convoy of [this.#front, ...this.#behind]) {
        if (convoy === undefined) continue;
        convoy.members = save(convoy.members);
        convoy.newcomers = save(convoy.newcomers);
      }
      this.#out.renumber(save);
    });
  }
}

/** A member in the middle of a walk that has everything told again goes on doing that. */
function stronger(convoy: Convoy, kind: Walk): Walk {
  return convoy.next !== 0 && convoy.walk === 'again' ? 'again' : kind;
}
