/**
 * Chooses among the paths of one destination: the best path, the multipath set, and the step that eliminated each of
 * the others, all by one procedure over one table of steps.
 *
 * Paths are eliminated step by step over the whole set: in every step those that are worse than the best of the
 * remaining ones drop out. A sort with a comparison of two would be wrong, because the MED is compared only between
 * paths of one neighbouring AS and so is not transitive. @see RFC 4271 §9.1.2.2 (c)
 */
import type { Contender, Multipath, MultipathMode, RuleSet, Step } from './step.ts';

/** Stands for the step that eliminated the winner. */
export const STILL_IN = -1;

/** The paths of one destination while they are compared. Reused for every destination. */
export class Contest {
  count = 0;
  /** Attribute set, path flags and discriminator of each path. */
  sets = new Int32Array(16);
  flags = new Int32Array(16);
  discriminators = new Int32Array(16);
  /** Index of the path that is best at present, -1 without. */
  incumbent = -1;
  /** Step that eliminated each path, {@link STILL_IN} for the winner, the number of steps when nothing told it apart. */
  eliminatedBy = new Int32Array(16);
  /** 1 for the members of the multipath set, the best path included. */
  multipath = new Uint8Array(16);
  /** Scratch: indexes of the paths still in, the offset of the row of ranks of each path, ranks in the current step. */
  alive = new Int32Array(16);
  rows = new Int32Array(16);
  ranks = new Int32Array(16);

  /** Begins with the next destination. */
  clear(): void {
    this.count = 0;
    this.incumbent = -1;
  }

  /** Adds a path; its index is how many there were. */
  add(set: number, flags: number, discriminator: number): void {
    const index = this.count++;
    if (index === this.sets.length) this.#grow();
    this.sets[index] = set;
    this.flags[index] = flags;
    this.discriminators[index] = discriminator;
    this.multipath[index] = 0;
  }

  #grow(): void {
    const size = this.sets.length * 2;
    const larger = (array: Int32Array): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(size);
      grown.set(array);
      return grown;
    };
    this.sets = larger(this.sets);
    this.flags = larger(this.flags);
    this.discriminators = larger(this.discriminators);
    this.eliminatedBy = larger(this.eliminatedBy);
    this.alive = larger(this.alive);
    this.rows = larger(this.rows);
    this.ranks = larger(this.ranks);
    const multipath = new Uint8Array(size);
    multipath.set(this.multipath);
    this.multipath = multipath;
  }
}

/** Where the ranks of attribute sets come from. */
export interface Ranks {
  /** Rows of ranks, one word per step; valid until the next {@link row}. */
  readonly rows: Int32Array;
  /** Offset of the row of an attribute set. */
  row(set: number): number;
  /** Group of the set in the steps that compare within groups. */
  groupAt: number;
  contender(contest: Contest, index: number): Contender;
}

/** A rule set made ready for one multipath mode. */
export class Selection {
  readonly rules: RuleSet;
  readonly mode: MultipathMode;
  /** Steps in which members of the multipath set tie; `undefined`: no multipath. */
  readonly #tied: readonly boolean[] | undefined;
  /** Index of the last of them. */
  readonly #through: number;
  /** They are all the steps up to the last: then one pass finds best path and multipath set. */
  readonly #isPrefix: boolean;

  constructor(rules: RuleSet, mode: MultipathMode = rules.defaultMultipath) {
    this.rules = rules;
    this.mode = mode;
    const multipath = mode === 'off' ? undefined : (rules.multipath[mode] ?? rules.multipath['multipath']);
    this.#tied = multipath === undefined ? undefined : tiedSteps(rules, multipath);
    this.#through = this.#tied?.lastIndexOf(true) ?? -1;
    this.#isPrefix = (multipath?.ignoring ?? []).length === 0;
  }

  /**
   * Runs the contest: marks the multipath set and returns the index of the best path, feasible or not.
   * `contest.eliminatedBy` says which step put out each of the others.
   */
  choose(contest: Contest, ranks: Ranks): number {
    const { count, alive, multipath, eliminatedBy, sets, rows } = contest;
    const { steps } = this.rules;
    for (let i = 0; i < count; i++) {
      alive[i] = i;
      eliminatedBy[i] = STILL_IN;
      rows[i] = ranks.row(sets[i]!);
    }
    let left = count;
    const markAfter = this.#tied !== undefined && this.#isPrefix ? this.#through : -1;
    let step = 0;
    for (; step < steps.length && left > 1; step++) {
      left = eliminate(contest, ranks, steps[step]!, step, left, true);
      if (step === markAfter) for (let i = 0; i < left; i++) multipath[alive[i]!] = 1;
    }
    if (step <= markAfter) multipath[alive[0]!] = 1;
    // Nothing tells the rest apart: the incumbent stays, otherwise the first one that came.
    let best = alive[0]!;
    for (let i = 1; i < left; i++) if (alive[i] === contest.incumbent) best = alive[i]!;
    for (let i = 0; i < left; i++) if (alive[i] !== best) eliminatedBy[alive[i]!] = steps.length;
    if (this.#tied !== undefined && !this.#isPrefix) this.#markTied(contest, ranks);
    return best;
  }

  #markTied(contest: Contest, ranks: Ranks): void {
    const { count, alive, multipath } = contest;
    for (let i = 0; i < count; i++) alive[i] = i;
    let left = count;
    this.rules.steps.forEach((step, index) => {
      if (this.#tied![index] === true && left > 1) left = eliminate(contest, ranks, step, index, left, false);
    });
    for (let i = 0; i < left; i++) multipath[alive[i]!] = 1;
  }
}

function tiedSteps(rules: RuleSet, { through, ignoring = [] }: Multipath): boolean[] {
  const last = rules.steps.findIndex(({ name }) => name === through);
  if (last < 0) throw new RangeError(`${rules.name} has no step ${through}`);
  return rules.steps.map(({ name }, index) => index <= last && !ignoring.includes(name));
}

/** Keeps in `contest.alive` the paths that are best in one step; returns how many. */
function eliminate(
  contest: Contest,
  ranks: Ranks,
  step: Step,
  index: number,
  left: number,
  record: boolean,
): number {
  const { alive, flags, rows, ranks: values } = contest;
  if (step.order !== undefined) return eliminateByOrder(contest, ranks, step.order, index, left, record);
  const all = ranks.rows;
  const flag = step.flag ?? 0;
  let lowest = 0x7fff_ffff;
  let highest = -0x8000_0000;
  for (let i = 0; i < left; i++) {
    const path = alive[i]!;
    const value = (flags[path]! & flag) !== 0 ? 1 : all[rows[path]! + index]!;
    values[i] = value;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  if (lowest === highest) return left;
  if (step.within !== undefined) return eliminateWithinGroups(contest, ranks, index, left, record);
  let kept = 0;
  for (let i = 0; i < left; i++) {
    const path = alive[i]!;
    if (values[i] === lowest) alive[kept++] = path;
    else if (record) contest.eliminatedBy[path] = index;
  }
  return kept;
}

/** The lowest rank of each group stays; paths of group 0 are compared with none. */
function eliminateWithinGroups(
  contest: Contest,
  ranks: Ranks,
  index: number,
  left: number,
  record: boolean,
): number {
  const { alive, rows, ranks: values } = contest;
  const groups: number[] = [];
  for (let i = 0; i < left; i++) groups.push(ranks.rows[rows[alive[i]!]! + ranks.groupAt]!);
  const kept: number[] = [];
  for (let i = 0; i < left; i++) {
    const path = alive[i]!;
    let worse = false;
    if (groups[i] !== 0) {
      for (let other = 0; other < left && !worse; other++) {
        worse = groups[other] === groups[i] && values[other]! < values[i]!;
      }
    }
    if (!worse) kept.push(path);
    else if (record) contest.eliminatedBy[path] = index;
  }
  alive.set(kept);
  return kept.length;
}

function eliminateByOrder(
  contest: Contest,
  ranks: Ranks,
  order: (a: Contender, b: Contender) => number,
  index: number,
  left: number,
  record: boolean,
): number {
  const { alive } = contest;
  const contenders: Contender[] = [];
  for (let i = 0; i < left; i++) contenders.push(ranks.contender(contest, alive[i]!));
  const best = contenders.reduce((best, contender) => (order(contender, best) < 0 ? contender : best));
  let kept = 0;
  for (let i = 0; i < left; i++) {
    const path = alive[i]!;
    if (order(best, contenders[i]!) === 0) alive[kept++] = path;
    else if (record) contest.eliminatedBy[path] = index;
  }
  return kept;
}
