/** Values of properties: whether one says what is wanted, and annotations that several write. */

/** Whether a value says what is wanted; the configuration may have completed it, e.g. a subnet with its gateway. */
export function holds(present: unknown, wanted: unknown): boolean {
  if (wanted === null || wanted === undefined) return present === null || present === undefined;
  if (typeof wanted !== 'object' || typeof present !== 'object' || present === null)
    return present === wanted;
  if (Array.isArray(wanted)) {
    if (isPairs(wanted) && isPairs(present)) {
      const values = new Map(present.map(({ key, value }) => [key, value]));
      return wanted.every(({ key, value }) => values.get(key) === value);
    }
    return (
      Array.isArray(present) &&
      present.length === wanted.length &&
      wanted.every((each, index) => holds(present[index], each))
    );
  }
  return Object.entries(wanted).every(([key, value]) =>
    holds((present as Record<string, unknown>)[key], value),
  );
}

interface Pair {
  readonly key: string;
  readonly value: string;
}

function isPairs(value: unknown): value is readonly Pair[] {
  return (
    Array.isArray(value) &&
    value.every((each: unknown) => typeof each === 'object' && each !== null && 'key' in each)
  );
}

/** Annotations that are wanted, and behind them those that others made. */
export function merged(present: unknown, wanted: unknown): { key_value_pair: Pair[] } {
  const pairs = (value: unknown): readonly Pair[] =>
    (value as { key_value_pair?: Pair[] } | undefined)?.key_value_pair ?? [];
  const ours = pairs(wanted);
  const keys = new Set(ours.map(({ key }) => key));
  return { key_value_pair: [...ours, ...pairs(present).filter(({ key }) => !keys.has(key))] };
}
