/** Compares two JSON values and names the places where they differ. */

/** Differences as `path: expected … but has …`, at most so many. */
export function differences(expected: unknown, actual: unknown, most = 50): string[] {
  const found: string[] = [];
  compare('', expected, actual, (text) => {
    if (found.length < most) found.push(text);
    return found.length < most;
  });
  return found;
}

function compare(path: string, expected: unknown, actual: unknown, tell: (text: string) => boolean): boolean {
  if (isObject(expected) && isObject(actual) && Array.isArray(expected) === Array.isArray(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    const inList = Array.isArray(expected);
    for (const key of keys) {
      const place = inList ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
      if (!compare(place, expected[key], actual[key], tell)) return false;
    }
    return true;
  }
  if (Object.is(expected, actual)) return true;
  return tell(`${path}: ${describe(expected)} expected, ${describe(actual)} found`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Longest text of a value in a difference. */
const LONGEST = 120;

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}
