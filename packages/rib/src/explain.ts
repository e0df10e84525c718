/** Why each path of a destination is not the best one: the comparison that chose, asked for its reasons. */
import type { PackedTable } from './packed-table.ts';
import type { Ranking } from './ranking.ts';
import type { NotBest } from './route.ts';
import { Contest, STILL_IN, type Selection } from './selection/select.ts';

/** By path, in the order of the packed records; `undefined` for the best path. */
export function explain(table: PackedTable, destination: number): (NotBest | undefined)[] {
  const { selection, ranking } = table;
  const { contest, best } = table.compare(destination);
  const all = [...Array(contest.count).keys()];
  const { group } = selection.rules;
  if (group === undefined)
    return all.map((path) => reasonAgainst(selection, ranking, contest, path, best, ''));
  const groups = new Map<number, number[]>();
  for (const path of all) {
    const number = group.of(ranking.view(contest.sets[path]!));
    groups.set(number, [...(groups.get(number) ?? []), path]);
  }
  const reasons: (NotBest | undefined)[] = all.map(() => undefined);
  const winners: number[] = [];
  for (const members of groups.values()) {
    const winner = members.includes(best) ? best : members[among(selection, ranking, contest, members).best]!;
    winners.push(winner);
    const inGroup = among(selection, ranking, contest, [
      winner,
      ...members.filter((path) => path !== winner),
    ]);
    inGroup.paths.forEach((path, index) => {
      if (path === winner) return;
      reasons[path] = reasonAgainst(selection, ranking, inGroup.contest, index, inGroup.best, group.prefix);
    });
  }
  const final = among(selection, ranking, contest, [best, ...winners.filter((path) => path !== best)]);
  final.paths.forEach((path, index) => {
    if (path !== best)
      reasons[path] = reasonAgainst(selection, ranking, final.contest, index, final.best, '');
  });
  return reasons;
}

/** A contest of some paths of another one. */
function among(
  selection: Selection,
  ranking: Ranking,
  whole: Contest,
  paths: readonly number[],
): { readonly contest: Contest; readonly paths: readonly number[]; readonly best: number } {
  const contest = new Contest();
  contest.incumbent = paths.indexOf(whole.incumbent);
  for (const path of paths) contest.add(whole.sets[path]!, whole.flags[path]!, whole.discriminators[path]!);
  return { contest, paths, best: selection.choose(contest, ranking) };
}

function reasonAgainst(
  { rules }: Selection,
  ranking: Ranking,
  contest: Contest,
  path: number,
  best: number,
  prefix: string,
): NotBest | undefined {
  const index = contest.eliminatedBy[path]!;
  if (index === STILL_IN) return undefined;
  const step = rules.steps[index];
  const inGroup = prefix !== '';
  if (step === undefined) {
    return { step: 'none', reason: prefix + rules.noDifference, ours: '', theirs: '', inGroup };
  }
  return {
    step: step.name,
    reason: prefix + step.reason,
    ours: step.value(ranking.contender(contest, path)),
    theirs: step.value(ranking.contender(contest, best)),
    inGroup,
  };
}
