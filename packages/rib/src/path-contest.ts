/** The paths of a destination, compared with each other where they stand in packed memory. */
import {
  DISCRIMINATOR,
  type Destinations,
  LABEL,
  MORE,
  MORE_MASK,
  NEXT,
  PATH_WORDS,
  SET,
  pathFlag,
} from './destinations.ts';
import { enlarged } from './packed-array.ts';
import type { Ranking } from './ranking.ts';
import { Contest, type Selection } from './selection/select.ts';

const FLAGS = 0xff;

/** One object serves all tables: nothing is kept in it between calls. */
export class PathContest {
  readonly contest = new Contest();
  /** Where the paths of the contest are: 0 is the one inline. */
  #places: Int32Array = new Int32Array(16);

  /** Puts the paths of a destination into the contest, in the order they are stored, and runs it. @returns the winner */
  run(destinations: Destinations, number: number, selection: Selection, ranking: Ranking): number {
    const { words, stride, paths } = destinations;
    const { contest } = this;
    const at = number * stride;
    contest.clear();
    contest.incumbent = 0;
    contest.add(words[at + SET]!, words[at + LABEL]! & FLAGS, words[at + DISCRIMINATOR]!);
    for (let path = words[at + MORE]! & MORE_MASK; path !== 0;) {
      const p = path * PATH_WORDS;
      if (contest.count >= this.#places.length) this.#places = enlarged(this.#places);
      this.#places[contest.count] = path;
      contest.add(paths[p + SET]!, paths[p + LABEL]! & FLAGS, paths[p + DISCRIMINATOR]!);
      path = paths[p + NEXT]!;
    }
    return selection.choose(contest, ranking);
  }

  /**
   * Puts the winner of the last {@link run} inline, and marks who belongs to the multipath set.
   * @returns whether that changed anything
   */
  settle(destinations: Destinations, number: number, best: number): boolean {
    const { words, stride, paths } = destinations;
    const { contest } = this;
    const at = number * stride;
    const usable = (contest.flags[best]! & pathFlag.infeasible) === 0;
    let changed = false;
    if (best !== 0) {
      changed = true;
      const p = this.#places[best]! * PATH_WORDS;
      for (let word = 0; word < NEXT; word++) {
        const moved = words[at + word]!;
        words[at + word] = paths[p + word]!;
        paths[p + word] = moved;
      }
      // The contest names paths by where they were.
      contest.multipath[best] = contest.multipath[0]!;
      contest.flags[best] = contest.flags[0]!;
    }
    words[at + LABEL]! &= ~pathFlag.multipath;
    for (let i = 1; i < contest.count; i++) {
      const p = this.#places[i]! * PATH_WORDS;
      const label = paths[p + LABEL]!;
      const member =
        usable && contest.multipath[i] === 1 && (label & pathFlag.infeasible) === 0 ? pathFlag.multipath : 0;
      if ((label & pathFlag.multipath) === member) continue;
      paths[p + LABEL] = (label & ~pathFlag.multipath) | member;
      changed = true;
    }
    return changed;
  }
}
