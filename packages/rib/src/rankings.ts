/** The rankings of a `Rib`: tables that choose by the same rules and the same next hop resolver share one. */
import type { NextHopResolver } from './next-hop-resolution.ts';
import { Ranking } from './ranking.ts';
import type { RouteStore } from './route-store.ts';
import { ruleSets, type RuleSetName } from './selection/rules.ts';

/** One for a `Rib`. */
export class Rankings {
  readonly #store: RouteStore;
  readonly #rankings = new Map<RuleSetName, Map<NextHopResolver | undefined, Ranking>>();

  constructor(store: RouteStore) {
    this.#store = store;
  }

  /** The ranking of a rule set with a resolver; made when the first table needs it. */
  require(name: RuleSetName, resolve: NextHopResolver | undefined): Ranking {
    let byResolver = this.#rankings.get(name);
    if (byResolver === undefined) this.#rankings.set(name, (byResolver = new Map()));
    let ranking = byResolver.get(resolve);
    if (ranking === undefined) {
      const { pool, sets, discriminators } = this.#store;
      ranking = new Ranking(pool, sets, discriminators, ruleSets[name], resolve);
      byResolver.set(resolve, ranking);
    }
    return ranking;
  }

  /** Forgets what resolvers said about the next hops of those sets for which `affected` holds. */
  forgetResolved(affected: (set: number) => boolean): void {
    for (const byResolver of this.#rankings.values()) {
      for (const ranking of byResolver.values()) if (ranking.resolve !== undefined) ranking.forget(affected);
    }
  }
}
