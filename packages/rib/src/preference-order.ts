/** All paths of a destination from the best to the worst, as the selection would choose them one after the other. */
import type { PackedTable } from './packed-table.ts';
import { Contest } from './selection/select.ts';

/** Paths put into order; those behind them stay as they stand in the table. */
const MOST_ORDERED = 256;

const rest = new Contest();

/**
 * Numbers of the paths, as {@link PackedTable.forEachPath} meets them from 0, best first. The selection is run again
 * without each winner, since it is not an order: the MED makes it intransitive.
 */
export function preferenceOrder(table: PackedTable, destination: number): number[] {
  const { contest, best } = table.compare(destination);
  const left = Array.from({ length: contest.count }, (_, path) => path);
  const { sets, flags, discriminators } = contest;
  const order = [best];
  left.splice(best, 1);
  while (left.length > 0 && order.length < MOST_ORDERED) {
    rest.clear();
    for (const path of left) rest.add(sets[path]!, flags[path]!, discriminators[path]!);
    order.push(...left.splice(table.selection.choose(rest, table.ranking), 1));
  }
  return [...order, ...left];
}
