/** The routes of one table: destinations, their paths, which is best, and in which order they changed. */
import { SET_SOURCE, SET_WORDS_SHIFT } from './attribute-pool.ts';
import { Batch } from './batch.ts';
import { ByteKeyIndex } from './byte-key-index.ts';
import { ChangeLog } from './change-log.ts';
import {
  DISCRIMINATOR,
  Destinations,
  KEY,
  LABEL,
  MORE,
  MORE_MASK,
  NEXT,
  PATH_WORDS,
  SET,
  STATE_BEST,
  STATE_TOUCHED,
  STATE_UNSETTLED,
  TIME,
  pathFlag,
} from './destinations.ts';
import { type FamilyLayout, keyWords, lengthBits } from './family-layout.ts';
import { enlarged } from './packed-array.ts';
import { FixedKeyIndex } from './fixed-key-index.ts';
import type { Follower } from './follower.ts';
import { PathCensus } from './path-census.ts';
import { PathContest } from './path-contest.ts';
import type { Ranking } from './ranking.ts';
import type { RouteStore } from './route-store.ts';
import type { Contest, Selection } from './selection/select.ts';

/**
 * Most paths of a destination that one source has here with ADD-PATH, and most copies of its paths: they are looked through one by
 * one, so that a peer with 100,000 of them would keep everybody waiting for seconds. More are refused.
 */
const MOST_PATHS = 1024;
const MOST_COPIES = 8192;
/** Flags that say how a path fared, or whether it is waiting, and not what it is. */
const TRANSIENT = pathFlag.multipath | pathFlag.stale | pathFlag.infeasible;
/** The best path itself was replaced or lost. */
const BEST_TOUCHED = STATE_TOUCHED | STATE_BEST;

/** Answer of a verdict: the path goes. No label word has all its flags set. */
export const REMOVE = -1;

const pathContest = new PathContest();

/** A table in packed memory; other packages see it as a `Table`. */
export class PackedTable {
  readonly store: RouteStore;
  /** Number of the table in its `Rib`. */
  readonly number: number;
  readonly layout: FamilyLayout;
  readonly destinations: Destinations;
  readonly fixed: FixedKeyIndex | undefined;
  readonly byBytes: ByteKeyIndex | undefined;
  readonly log: ChangeLog;
  ranking: Ranking;
  selection: Selection;
  /** Some follower wants to know about changes of any path, not only of best path and multipath set. */
  everyPath = false;
  /** Copies its routes to other tables. */
  replicator: Follower | undefined;
  /** Who else works off its changes. */
  followers: Follower[] = [];
  /** It is on the list of tables to be looked after. */
  isTouched = false;
  readonly census: PathCensus;
  #batch: Batch | undefined;
  /** How far the number of the route distinguisher is shifted in the first word of a key; 0 where keys have none. */
  readonly #distinguisherShift: number;
  /** Destinations whose paths have to be compared, and destinations that lost their last path unfollowed. */
  #unsettled: Int32Array = new Int32Array(64);
  #unsettledCount = 0;
  readonly #emptied: number[] = [];

  constructor(
    store: RouteStore,
    number: number,
    layout: FamilyLayout,
    ranking: Ranking,
    selection: Selection,
  ) {
    this.store = store;
    this.number = number;
    this.layout = layout;
    this.ranking = ranking;
    this.selection = selection;
    const words = keyWords(layout);
    this.destinations = new Destinations(words);
    this.log = new ChangeLog(this.destinations);
    this.census = new PathCensus(store, layout.kind === 'bytes', (source, isThere) =>
      store.noteTable(source, this, isThere),
    );
    const isPrefix = layout.kind === 'prefix';
    this.#distinguisherShift = isPrefix && layout.distinguished ? lengthBits(layout) : 0;
    if (isPrefix) this.fixed = new FixedKeyIndex(this.destinations, words, lengthBits(layout));
    else this.byBytes = new ByteKeyIndex(this.destinations);
  }

  /** What waits to be applied; made when the first UPDATE brings something, which to most tables none ever does. */
  get batch(): Batch {
    return (this.#batch ??= new Batch(keyWords(this.layout)));
  }

  /** How much waits to be applied. */
  get waiting(): number {
    return this.#batch?.count ?? 0;
  }

  /** Something waits to be applied. */
  get isFilled(): boolean {
    return this.waiting > 0;
  }

  /** Applies the batch. */
  absorb(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    const { count, found, sets, sources, labels, discriminators } = batch;
    if (count === 0) return;
    this.store.readTime();
    if (this.fixed !== undefined) this.fixed.resolve(batch);
    else this.byBytes!.resolve(batch);
    for (let i = 0; i < count; i++) {
      const number = found[i]!;
      if (number === 0) continue;
      const set = sets[i]!;
      if (set !== 0) this.announce(number, set, labels[i]!, discriminators[i]!);
      else this.withdraw(number, sources[i]!, discriminators[i]!, labels[i]! & pathFlag.secondary);
    }
    batch.clear();
    this.#reap();
  }

  /**
   * Gives a destination a path, in place of the one of the same source and discriminator if there is one.
   * @returns false when it is refused, because its source has too many
   */
  announce(number: number, set: number, label: number, discriminator: number): boolean {
    const { words, stride } = this.destinations;
    const at = number * stride;
    const infeasible = this.ranking.infeasible(set) !== 0 ? pathFlag.infeasible : 0;
    label |= infeasible;
    const best = words[at + SET]!;
    if (best === 0) {
      if (this.destinations.isVacant(number)) this.#occupy(number);
      this.census.came(number, set, label, discriminator);
      words[at + SET] = set;
      words[at + LABEL] = label;
      words[at + DISCRIMINATOR] = discriminator;
      words[at + TIME] = this.store.seconds;
      this.#changed(number, true);
      return true;
    }
    const setWords = this.store.pool.words;
    const source = setWords[(set << SET_WORDS_SHIFT) + SET_SOURCE]!;
    const secondary = label & pathFlag.secondary;
    if (
      words[at + DISCRIMINATOR] === discriminator &&
      setWords[(best << SET_WORDS_SHIFT) + SET_SOURCE] === source &&
      (words[at + LABEL]! & pathFlag.secondary) === secondary
    ) {
      const more = words[at + MORE]! & MORE_MASK;
      if (!this.#overwrite(words, at, number, set, label)) return true;
      if (more === 0) this.#changed(number, true);
      else this.#unsettle(number, BEST_TOUCHED);
      return true;
    }
    const { paths } = this.destinations;
    let count = 1;
    for (let path = words[at + MORE]! & MORE_MASK; path !== 0; count++) {
      const p = path * PATH_WORDS;
      if (
        paths[p + DISCRIMINATOR] === discriminator &&
        setWords[(paths[p + SET]! << SET_WORDS_SHIFT) + SET_SOURCE] === source &&
        (paths[p + LABEL]! & pathFlag.secondary) === secondary
      ) {
        const touched = (paths[p + LABEL]! & pathFlag.multipath) !== 0 ? STATE_TOUCHED : 0;
        if (this.#overwrite(paths, p, number, set, label)) this.#unsettle(number, touched);
        return true;
      }
      path = paths[p + NEXT]!;
    }
    const most = secondary === 0 ? MOST_PATHS : MOST_COPIES;
    if (count >= most && this.#pathsOf(number, source, secondary) >= most) {
      this.census.refused++;
      return false;
    }
    this.census.came(number, set, label, discriminator);
    const path = this.destinations.allocatePath();
    const p = path * PATH_WORDS;
    const grown = this.destinations.paths;
    grown[p + SET] = set;
    grown[p + LABEL] = label;
    grown[p + DISCRIMINATOR] = discriminator;
    grown[p + TIME] = this.store.seconds;
    grown[p + NEXT] = words[at + MORE]! & MORE_MASK;
    words[at + MORE] = (words[at + MORE]! & ~MORE_MASK) | path;
    this.#unsettle(number, 0);
    return true;
  }

  /** Takes the path of a source from a destination; does nothing if there is none. */
  withdraw(number: number, source: number, discriminator: number, secondary: number): void {
    const { words, stride, paths } = this.destinations;
    const setWords = this.store.pool.words;
    const at = number * stride;
    const best = words[at + SET]!;
    if (best === 0) return;
    if (
      words[at + DISCRIMINATOR] === discriminator &&
      setWords[(best << SET_WORDS_SHIFT) + SET_SOURCE] === source &&
      (words[at + LABEL]! & pathFlag.secondary) === secondary
    ) {
      this.#removeInline(number);
      return;
    }
    for (let before = 0, path = words[at + MORE]! & MORE_MASK; path !== 0;) {
      const p = path * PATH_WORDS;
      if (
        paths[p + DISCRIMINATOR] === discriminator &&
        setWords[(paths[p + SET]! << SET_WORDS_SHIFT) + SET_SOURCE] === source &&
        (paths[p + LABEL]! & pathFlag.secondary) === secondary
      ) {
        this.#removeFurther(number, before, path);
        return;
      }
      before = path;
      path = paths[p + NEXT]!;
    }
  }

  /** Asks about every path of a destination: `verdict` gives it its label word and flags, or is {@link REMOVE}. */
  revise(number: number, verdict: (set: number, label: number) => number): void {
    const { words, stride, paths } = this.destinations;
    const at = number * stride;
    for (let before = 0, path = words[at + MORE]! & MORE_MASK; path !== 0;) {
      const p = path * PATH_WORDS;
      const next = paths[p + NEXT]!;
      const answer = verdict(paths[p + SET]!, paths[p + LABEL]!);
      if (answer === REMOVE) this.#removeFurther(number, before, path);
      else {
        const member = (paths[p + LABEL]! & pathFlag.multipath) !== 0;
        if (this.#relabel(paths, p, answer)) this.#unsettle(number, member ? STATE_TOUCHED : 0);
        before = path;
      }
      path = next;
    }
    if (words[at + SET] === 0) return;
    const answer = verdict(words[at + SET]!, words[at + LABEL]!);
    if (answer === REMOVE) this.#removeInline(number);
    else if (this.#relabel(words, at, answer)) this.#unsettle(number, BEST_TOUCHED);
  }

  /** Has the paths of a destination compared again if it has one whose set is affected; see TableReview. */
  reconsider(number: number, affected: (set: number) => boolean): void {
    if (!this.isOccupied(number)) return;
    let concerns = false;
    this.revise(number, (set, label) => {
      if (!affected(set)) return label;
      concerns = true;
      const infeasible = this.ranking.infeasible(set) !== 0 ? pathFlag.infeasible : 0;
      return (label & ~pathFlag.infeasible) | infeasible;
    });
    if (concerns) this.#unsettle(number, 0);
  }

  /** Compares the paths of every destination that waits for it. */
  settle(): void {
    for (let i = 0; i < this.#unsettledCount; i++) this.#choose(this.#unsettled[i]!);
    this.#unsettledCount = 0;
    this.#reap();
  }

  /** Has the table looked after in the next drain. */
  touch(): void {
    if (this.isTouched) return;
    this.isTouched = true;
    this.store.touch(this);
  }

  /** Whether nothing waits, to be applied or to be compared. */
  get isSettled(): boolean {
    return this.#unsettledCount === 0 && !this.isFilled;
  }

  /** Whether a destination has a path. */
  isOccupied(number: number): boolean {
    return this.destinations.words[number * this.destinations.stride + SET] !== 0;
  }

  /** Attribute set of the best path if that is feasible, otherwise 0. */
  bestSet(number: number): number {
    const { words, stride } = this.destinations;
    const at = number * stride;
    return (words[at + LABEL]! & pathFlag.infeasible) !== 0 ? 0 : words[at + SET]!;
  }

  /** Calls `visit` for each path, the best one first, with words, offset, whether it is the best, and the destination. */
  forEachPath(
    number: number,
    visit: (words: Int32Array, at: number, best: boolean, number: number) => void,
  ): void {
    const { words, stride, paths } = this.destinations;
    const at = number * stride;
    if (words[at + SET] === 0) return;
    visit(words, at, true, number);
    for (let path = words[at + MORE]! & MORE_MASK; path !== 0;) {
      const p = path * PATH_WORDS;
      path = paths[p + NEXT]!;
      visit(paths, p, false, number);
    }
  }

  /** Compares the paths of a destination: the contest as it ended, and the index of the winner. */
  compare(number: number): { readonly contest: Contest; readonly best: number } {
    const best = pathContest.run(this.destinations, number, this.selection, this.ranking);
    return { contest: pathContest.contest, best };
  }

  /** Forgets changes all followers have seen, and destinations that have gone meanwhile. */
  trim(limit: number): boolean {
    const more = this.log.trim(limit, this.#passed);
    if (this.destinations.size === 0 && this.destinations.top > 1 && !more && this.isSettled) {
      this.destinations.clear();
      this.fixed?.clear();
      this.byBytes?.clear();
    }
    return more;
  }

  /** Drops everything; the table is not used any more. */
  dissolve(): void {
    this.followers = [];
    this.replicator = undefined;
    for (let number = 1; number < this.destinations.top; number++) {
      if (this.isOccupied(number)) this.revise(number, () => REMOVE);
      this.#passed(number);
    }
    this.#batch = undefined;
    this.#unsettledCount = 0;
  }

  /** How many paths of a destination, or how many copies, are of a source. */
  #pathsOf(number: number, source: number, secondary: number): number {
    const { pool } = this.store;
    let count = 0;
    this.forEachPath(number, (words, at) => {
      if (pool.source(words[at + SET]!) === source && (words[at + LABEL]! & pathFlag.secondary) === secondary)
        count++;
    });
    return count;
  }

  #choose(number: number): void {
    const { words, stride } = this.destinations;
    const at = number * stride;
    const state = words[at + MORE]!;
    words[at + MORE] = state & MORE_MASK;
    if (words[at + SET] === 0) return;
    const bestTouched = (state & STATE_BEST) !== 0;
    const touched = this.everyPath || (state & STATE_TOUCHED) !== 0;
    if ((state & MORE_MASK) === 0) {
      words[at + LABEL]! &= ~pathFlag.multipath;
      if (touched) this.#changed(number, bestTouched);
      return;
    }
    const best = pathContest.run(this.destinations, number, this.selection, this.ranking);
    const changed = pathContest.settle(this.destinations, number, best);
    if (touched || changed) this.#changed(number, bestTouched || best !== 0);
  }

  /** Replaces set and label of a path; returns whether that changed it. */
  #overwrite(words: Int32Array, at: number, number: number, set: number, label: number): boolean {
    const oldSet = words[at + SET]!;
    const oldLabel = words[at + LABEL]!;
    if (oldSet === set && ((oldLabel ^ label) & ~TRANSIENT) === 0) {
      // Announced again: it only stops being stale.
      this.census.relabelled(oldLabel, oldLabel & ~pathFlag.stale);
      words[at + LABEL] = oldLabel & ~pathFlag.stale;
      return false;
    }
    this.census.replaced(number, oldSet, oldLabel, set, label);
    words[at + SET] = set;
    words[at + LABEL] = label | (oldLabel & pathFlag.multipath);
    words[at + TIME] = this.store.seconds;
    return true;
  }

  /** Gives a path other flags; returns whether somebody could notice. */
  #relabel(words: Int32Array, at: number, label: number): boolean {
    const old = words[at + LABEL]!;
    this.census.relabelled(old, label);
    words[at + LABEL] = label;
    return ((old ^ label) & ~pathFlag.stale) !== 0;
  }

  #removeInline(number: number): void {
    const { words, stride, paths } = this.destinations;
    const at = number * stride;
    this.census.left(number, words[at + SET]!, words[at + LABEL]!, words[at + DISCRIMINATOR]!);
    const path = words[at + MORE]! & MORE_MASK;
    if (path === 0) {
      words[at + SET] = 0;
      words[at + LABEL] = 0;
      this.#changed(number, true);
      return;
    }
    const p = path * PATH_WORDS;
    for (let word = 0; word < NEXT; word++) words[at + word] = paths[p + word]!;
    words[at + MORE] = (words[at + MORE]! & ~MORE_MASK) | paths[p + NEXT]!;
    this.destinations.releasePath(path);
    this.#unsettle(number, BEST_TOUCHED);
  }

  #removeFurther(number: number, before: number, path: number): void {
    const { words, stride, paths } = this.destinations;
    const at = number * stride;
    const p = path * PATH_WORDS;
    const label = paths[p + LABEL]!;
    this.census.left(number, paths[p + SET]!, label, paths[p + DISCRIMINATOR]!);
    const next = paths[p + NEXT]!;
    if (before !== 0) paths[before * PATH_WORDS + NEXT] = next;
    else words[at + MORE] = (words[at + MORE]! & ~MORE_MASK) | next;
    this.destinations.releasePath(path);
    this.#unsettle(number, (label & pathFlag.multipath) !== 0 ? STATE_TOUCHED : 0);
  }

  #changed(number: number, best: boolean): void {
    this.touch();
    const empty = this.destinations.words[number * this.destinations.stride + SET] === 0;
    if (this.log.isFollowed) this.log.append(number, best, empty);
    else if (empty) this.#emptied.push(number);
  }

  #unsettle(number: number, touched: number): void {
    const { words, stride } = this.destinations;
    const at = number * stride + MORE;
    const state = words[at]!;
    words[at] = state | touched | STATE_UNSETTLED;
    if ((state & STATE_UNSETTLED) !== 0) return;
    this.touch();
    if (this.#unsettledCount === this.#unsettled.length) this.#unsettled = enlarged(this.#unsettled);
    this.#unsettled[this.#unsettledCount++] = number;
  }

  /** Notes that destinations that lost their last path while nobody followed the table are vacant. */
  #reap(): void {
    for (let number = this.#emptied.pop(); number !== undefined; number = this.#emptied.pop()) {
      const at = number * this.destinations.stride;
      if ((this.destinations.words[at + MORE]! & STATE_UNSETTLED) === 0) this.#passed(number);
    }
  }

  #occupy(number: number): void {
    this.destinations.occupy(number);
    if (this.#distinguisherShift !== 0) this.store.distinguishers.acquire(this.#distinguisher(number));
  }

  /** Notes that a destination is vacant if it has no path any more, of which nobody needs to hear now. */
  readonly #passed = (number: number): void => {
    if (this.isOccupied(number) || this.destinations.isVacant(number)) return;
    this.destinations.vacate(number);
    if (this.#distinguisherShift !== 0) this.store.distinguishers.release(this.#distinguisher(number));
  };

  #distinguisher(number: number): number {
    const { words, stride } = this.destinations;
    return words[number * stride + KEY]! >>> this.#distinguisherShift;
  }
}
