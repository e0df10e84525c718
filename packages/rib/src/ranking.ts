/**
 * What a rule set says about each attribute set, computed once: one row of ranks per set.
 *
 * ```
 *   row:  serial of the set │ group │ rank of step 0 │ rank of step 1 │ …
 * ```
 * A row is valid while the serial is the one of the set, so freed and reused numbers need no notice.
 */
import type { AttributePool } from './attribute-pool.ts';
import { SET_FEASIBILITY, SET_WORDS_SHIFT } from './attribute-pool.ts';
import type { AttributeSets } from './attribute-sets.ts';
import type { Discriminators } from './discriminators.ts';
import { infeasibleNumber } from './feasibility.ts';
import type { NextHopResolver, Resolution } from './next-hop-resolution.ts';
import type { Contest, Ranks } from './selection/select.ts';
import type { Contender, RuleSet } from './selection/step.ts';
import type { AttributeSet } from './attribute-set.ts';

const SERIAL = 0;
const GROUP = 1;
const FIRST_RANK = 2;
const UNRESOLVED = infeasibleNumber('unresolved-next-hop');

/** Ranks of attribute sets under one rule set and one resolver. Tables with the same two share it. */
export class Ranking implements Ranks {
  readonly rules: RuleSet;
  readonly resolve: NextHopResolver | undefined;
  readonly #pool: AttributePool;
  readonly #sets: AttributeSets;
  readonly #discriminators: Discriminators;
  readonly #width: number;
  rows = new Int32Array(0);
  /** Relative to the offset {@link row} returns. */
  readonly groupAt = GROUP - FIRST_RANK;
  /** Resolutions by set, with the serial they hold for. */
  readonly #resolutions = new Map<number, { serial: number; resolution: Resolution | undefined }>();

  constructor(
    pool: AttributePool,
    sets: AttributeSets,
    discriminators: Discriminators,
    rules: RuleSet,
    resolve: NextHopResolver | undefined,
  ) {
    this.#pool = pool;
    this.#sets = sets;
    this.#discriminators = discriminators;
    this.rules = rules;
    this.resolve = resolve;
    this.#width = FIRST_RANK + rules.steps.length;
  }

  /** Offset in {@link rows} of the ranks of a set, worked out now if they are not known. */
  row(set: number): number {
    const at = set * this.#width;
    if (this.rows[at + SERIAL] !== this.#pool.serial(set)) this.#compute(set);
    return at + FIRST_RANK;
  }

  /** Why paths with this set cannot be used, as a number of `infeasibleReasons`; 0 when they can. */
  infeasible(set: number): number {
    const reason = this.#pool.words[(set << SET_WORDS_SHIFT) + SET_FEASIBILITY]!;
    if (reason !== 0 || this.resolve === undefined) return reason;
    return this.resolution(set) === undefined ? UNRESOLVED : 0;
  }

  /** The way to the next hop of a set; `undefined` when there is none, or nobody resolves next hops. */
  resolution(set: number): Resolution | undefined {
    if (this.resolve === undefined) return undefined;
    const serial = this.#pool.serial(set);
    const known = this.#resolutions.get(set);
    if (known?.serial === serial) return known.resolution;
    const { nextHop, source } = this.#sets.plain(set);
    const resolution = nextHop.length === 0 ? { metric: 0 } : this.resolve(nextHop, source);
    this.#resolutions.set(set, { serial, resolution });
    return resolution;
  }

  /** The set as selection steps see it under this ranking. */
  view(set: number): AttributeSet {
    return this.#sets.view(set, this.infeasible(set), this.resolution(set));
  }

  /** A path of a contest as selection steps see it that compare two. */
  contender(contest: Contest, index: number): Contender {
    return {
      set: this.view(contest.sets[index]!),
      flags: contest.flags[index]!,
      routeDistinguisher: this.#discriminators.routeDistinguisher(
        contest.discriminators[index]!,
        contest.flags[index]!,
      ),
      incumbent: index === contest.incumbent,
    };
  }

  /** Forgets what was computed about sets for which `affected` holds. */
  forget(affected: (set: number) => boolean): void {
    for (let at = 0; at < this.rows.length; at += this.#width) {
      if (this.rows[at + SERIAL] !== 0 && affected(at / this.#width)) this.rows[at + SERIAL] = 0;
    }
    for (const set of this.#resolutions.keys()) if (affected(set)) this.#resolutions.delete(set);
  }

  #compute(set: number): void {
    const needed = this.#pool.capacity * this.#width;
    if (this.rows.length < needed) this.rows = this.#pool.withRoom(this.rows, this.#width);
    const at = set * this.#width;
    const view = this.#sets.glance(set, this.infeasible(set), this.resolution(set));
    this.rows[at + GROUP] = 0;
    this.rules.steps.forEach((step, index) => {
      this.rows[at + FIRST_RANK + index] = step.rank?.(view) ?? 0;
      if (step.within !== undefined) this.rows[at + GROUP] = step.within(view);
    });
    this.rows[at + SERIAL] = this.#pool.serial(set);
  }
}
