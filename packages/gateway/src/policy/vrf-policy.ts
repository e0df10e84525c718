/** Policy statements one after the other, as `vrf-import` and `vrf-export` name them; what none of them accepts is rejected. */
import { isRouteTarget, type Prefix } from '@vaportrail/net';
import type { AttributeSet, PolicyVerdict, RoutePolicy } from '@vaportrail/rib';
import { type Action, type Draft, actions, redrafted } from './actions.ts';
import {
  type Communities,
  type Judged,
  type Matcher,
  communitiesByName,
  matchers,
  prefixMatcher,
} from './matchers.ts';
import type { Actions, From, PolicyOptions, Term } from './policy-options.ts';

/** A term made ready. */
interface Rule {
  /** `from-contrail term fips` */
  readonly title: string;
  readonly statement: number;
  readonly matches: readonly Matcher[];
  readonly prefix: ((prefix: Prefix) => boolean) | undefined;
  readonly acts: readonly Action[];
  readonly action: Actions['action'];
}

/** How a policy ended about a route. */
export interface Decision {
  readonly verdict: PolicyVerdict;
  /** The term that ended it; absent when none did. */
  readonly term: string | undefined;
}

/** Kinds of prefixes kept apart; prefixes of further kinds are taken for those that no filter covers. */
const MOST_KINDS = 4096;

/** One for each direction of a routing instance. */
export class VrfPolicy implements RoutePolicy {
  readonly kindOf: ((prefix: Prefix) => number) | undefined;
  readonly #rules: readonly Rule[];
  /** By kind: which of the rules that look at prefixes match. */
  readonly #kinds: (readonly boolean[])[];
  readonly #kindByText = new Map<string, number>();

  /** @param names of policy statements in `options`, in the order in which they are asked */
  constructor(names: readonly string[], options: PolicyOptions) {
    const communities = communitiesByName(options.community);
    const statements = names.flatMap(
      (name) => options['policy-statement'].find((statement) => statement.name === name) ?? [],
    );
    this.#rules = statements.flatMap(({ name, terms }, statement) =>
      terms.map((term) => ruleOf(name, statement, term, communities)),
    );
    const none = this.#rules.map(({ prefix }) => prefix === undefined);
    this.#kinds = [none];
    this.#kindByText.set(none.join(), 0);
    this.kindOf = none.every(Boolean) ? undefined : (prefix) => this.#kindOf(prefix);
  }

  /** What becomes of routes with an attribute set. @param kind of their prefix, as {@link kindOf} tells it */
  judge(set: AttributeSet, kind: number): PolicyVerdict {
    return this.#decide(set, this.#kinds[kind] ?? this.#kinds[0]!).verdict;
  }

  /** What becomes of a route, and by which term. */
  explain(route: Judged, prefix: Prefix): Decision {
    return this.#decide(
      route,
      this.#rules.map((rule) => rule.prefix?.(prefix) ?? true),
    );
  }

  #kindOf(prefix: Prefix): number {
    const kind = this.#rules.map((rule) => rule.prefix?.(prefix) ?? true);
    const text = kind.join();
    let number = this.#kindByText.get(text);
    if (number === undefined) {
      if (this.#kinds.length >= MOST_KINDS) return 0;
      number = this.#kinds.length;
      this.#kinds.push(kind);
      this.#kindByText.set(text, number);
    }
    return number;
  }

  #decide(route: Judged, prefixes: readonly boolean[]): Decision {
    const draft: Draft = {};
    let skipped = -1;
    for (const [index, rule] of this.#rules.entries()) {
      if (rule.statement === skipped || prefixes[index] !== true) continue;
      if (!rule.matches.every((matches) => matches(route))) continue;
      for (const act of rule.acts) act(draft, route);
      switch (rule.action) {
        case 'reject':
          return { verdict: { action: 'reject' }, term: rule.title };
        case 'accept': {
          const verdict: PolicyVerdict =
            Object.keys(draft).length === 0
              ? { action: 'accept' }
              : { action: 'modify', attributes: redrafted(route, draft) };
          return { verdict, term: rule.title };
        }
        case 'next-policy':
          skipped = rule.statement;
          break;
        case undefined:
      }
    }
    return { verdict: { action: 'reject' }, term: undefined };
  }
}

/** Route targets that policy statements name behind `from community`: what they may import. */
export function targetsOf(names: readonly string[], options: PolicyOptions): Uint8Array[] {
  const communities = communitiesByName(options.community);
  return options['policy-statement']
    .filter(({ name }) => names.includes(name))
    .flatMap(({ terms }) => terms.flatMap((term) => term.from.community ?? []))
    .flatMap((name) => communities.get(name) ?? [])
    .flatMap((member) =>
      member.kind === 'extended' && isRouteTarget(member.value, 0) ? [member.value] : [],
    );
}

function ruleOf(statement: string, number: number, term: Term, communities: Communities): Rule {
  const { from, then } = term;
  const filters = from['route-filter'];
  return {
    title: `policy-statement ${statement} term ${term.name}`,
    statement: number,
    matches: (Object.keys(matchers) as (keyof typeof matchers)[]).flatMap((word) =>
      matcherOf(word, from, communities),
    ),
    prefix: filters === undefined ? undefined : prefixMatcher(filters),
    acts: (Object.keys(actions) as (keyof typeof actions)[]).flatMap((word) =>
      actionOf(word, then, communities),
    ),
    action: then.action,
  };
}

function matcherOf<Word extends keyof typeof matchers>(
  word: Word,
  from: From,
  communities: Communities,
): Matcher[] {
  const values = from[word];
  const row = matchers[word] as (values: NonNullable<From[Word]>, communities: Communities) => Matcher;
  return values === undefined ? [] : [row(values, communities)];
}

function actionOf<Word extends keyof typeof actions>(
  word: Word,
  then: Actions,
  communities: Communities,
): Action[] {
  const value = then[word];
  const row = actions[word] as (value: NonNullable<Actions[Word]>, communities: Communities) => Action;
  return value === undefined ? [] : [row(value, communities)];
}
