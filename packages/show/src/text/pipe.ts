/** What may follow a command behind `|`: filters over the lines it printed. */

/** Thrown for a filter that does not exist or lacks its argument. */
export class PipeError extends Error {
  override readonly name = 'PipeError';
}

type Filter = (lines: readonly string[], argument: string) => readonly string[];

/** Filters with the argument they take; `display` is not among them because it changes what is printed, not the lines. */
const filters = {
  match: { argument: 'pattern', apply: (lines, pattern) => lines.filter(matcher(pattern)) },
  except: {
    argument: 'pattern',
    apply: (lines, pattern) => {
      const matches = matcher(pattern);
      return lines.filter((line) => !matches(line));
    },
  },
  find: {
    argument: 'pattern',
    apply: (lines, pattern) => {
      const at = lines.findIndex(matcher(pattern));
      return at < 0 ? ['', 'Pattern not found'] : lines.slice(at);
    },
  },
  last: { argument: 'count', apply: (lines, count) => lines.slice(-wholeCount(count)) },
  trim: {
    argument: 'columns',
    apply: (lines, columns) => lines.map((line) => line.slice(wholeCount(columns))),
  },
  count: { apply: (lines) => [`Count: ${lines.length} lines`] },
  'no-more': { apply: (lines) => lines },
} as const satisfies Record<string, { argument?: string; apply: Filter }>;

/**
 * Runs text through filters, e.g. `['match state', 'count']`. Patterns are regular expressions in any case of letters,
 * several in quotes: `match "state|age"`.
 * @throws PipeError
 */
export function pipeThrough(text: string, stages: readonly string[]): string {
  let lines: readonly string[] = text.split('\n');
  if (lines.at(-1) === '') lines = lines.slice(0, -1);
  for (const stage of stages) {
    const [, word = '', rest = ''] = /^\s*(\S+)\s*(.*?)\s*$/s.exec(stage) ?? [];
    const name = (Object.keys(filters) as (keyof typeof filters)[]).find((known) => known === word);
    if (name === undefined)
      throw new PipeError(
        `"${word}" is no filter (known: ${Object.keys(filters).join(', ')}, display json, display xml)`,
      );
    const filter: { argument?: string; apply: Filter } = filters[name];
    const argument = rest.replace(/^(["'])(.*)\1$/s, '$2');
    if (filter.argument !== undefined && argument === '')
      throw new PipeError(`"${word}" needs a ${filter.argument}`);
    lines = filter.apply(lines, argument);
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** Patterns longer than this are refused. */
const MAX_PATTERN = 1000;

function matcher(pattern: string): (line: string) => boolean {
  if (pattern.length > MAX_PATTERN) throw new PipeError(`a pattern has at most ${MAX_PATTERN} characters`);
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, 'i');
  } catch {
    throw new PipeError(`"${pattern}" is not a regular expression`);
  }
  return (line) => expression.test(line);
}

function wholeCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new PipeError(`"${text}" is not a count`);
  return Number(text);
}
