/** Two RIBs side by side. */
import type { ComparedAttributes, ComparedPath } from './compared-path.ts';

export type Difference =
  | { readonly type: 'only-in-first' | 'only-in-second'; readonly path: ComparedPath }
  | {
      readonly type: 'different';
      readonly route: string;
      readonly nextHop: string;
      readonly attributes: readonly {
        readonly name: string;
        readonly first: unknown;
        readonly second: unknown;
      }[];
    };

/**
 * What differs, by route. A path of one side is held against the path of the other with the same next hop, if there is
 * one; attributes that one side cannot tell are not held against the other.
 */
export function compareRibs(first: readonly ComparedPath[], second: readonly ComparedPath[]): Difference[] {
  const [here, there] = [byRoute(first), byRoute(second)];
  const differences: Difference[] = [];
  for (const route of [...new Set([...here.keys(), ...there.keys()])].toSorted()) {
    const left = [...(there.get(route) ?? [])];
    // Paths that are the same on both sides do not stand in for others.
    const rest = (here.get(route) ?? []).filter((path) => {
      const same = left.findIndex((other) => isSame(path, other));
      if (same >= 0) left.splice(same, 1);
      return same < 0;
    });
    for (const path of rest) {
      const index = closest(path, left);
      const [other] = index < 0 ? [] : left.splice(index, 1);
      if (other === undefined) differences.push({ type: 'only-in-first', path });
      else {
        const attributes = differing(path.attributes, other.attributes);
        differences.push({ type: 'different', route, nextHop: path.nextHop, attributes });
      }
    }
    for (const path of left) differences.push({ type: 'only-in-second', path });
  }
  return differences;
}

function byRoute(paths: readonly ComparedPath[]): Map<string, ComparedPath[]> {
  const map = new Map<string, ComparedPath[]>();
  for (const path of paths) {
    const members = map.get(path.route);
    if (members === undefined) map.set(path.route, [path]);
    else members.push(path);
  }
  return map;
}

function isSame(path: ComparedPath, other: ComparedPath): boolean {
  return other.nextHop === path.nextHop && differing(path.attributes, other.attributes).length === 0;
}

/** Index of the path with the same next hop that differs least, -1 without one. */
function closest(path: ComparedPath, others: readonly ComparedPath[]): number {
  let best = -1;
  let fewest = Number.POSITIVE_INFINITY;
  for (const [index, other] of others.entries()) {
    if (other.nextHop !== path.nextHop) continue;
    const count = differing(path.attributes, other.attributes).length;
    if (count < fewest) [best, fewest] = [index, count];
  }
  return best;
}

function differing(
  a: ComparedAttributes,
  b: ComparedAttributes,
): { readonly name: string; readonly first: unknown; readonly second: unknown }[] {
  const names = Object.keys(a).filter((name) => name in b) as (keyof ComparedAttributes)[];
  return names
    .filter((name) => a[name] !== b[name])
    .map((name) => ({ name, first: a[name], second: b[name] }));
}

/** One line a difference: `-` only in the first, `+` only in the second, `!` in both with other attributes. */
export function differencesText(differences: readonly Difference[]): string {
  return differences
    .map((each) => {
      if (each.type !== 'different') {
        const { route, nextHop, attributes } = each.path;
        const words = Object.entries(attributes).map(
          ([name, value]) => `${name} ${value === '' ? '""' : value}`,
        );
        return `${each.type === 'only-in-first' ? '-' : '+'} ${route} via ${nextHop} ${words.join(', ')}`.trimEnd();
      }
      const words = each.attributes.map(
        ({ name, first, second }) => `${name} ${String(first)} → ${String(second)}`,
      );
      return `! ${each.route} via ${each.nextHop} ${words.join(', ')}`;
    })
    .join('\n');
}
