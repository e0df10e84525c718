/** What is wrong with a setting, in the words of a YAML file instead of those of a schema library. */
import type { z } from 'zod';

import { suggestion } from './suggestion.ts';

const MOST_SHOWN = 40;

/** What a schema expects, as a file has it. */
const expectations: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values',
  string: 'text',
};

/** The message of a problem whose schema has none of its own; undefined leaves the choice to the library. */
export function settingMessage(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      const quoted = issue.expected === 'string' && ['number', 'boolean'].includes(typeof issue.input);
      const expected = expectations[issue.expected] ?? issue.expected;
      return `must be ${expected}, not ${inputText(issue.input)}${quoted ? '; put it in quotes' : ''}`;
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      const meant = typeof issue.input === 'string' ? suggestion(issue.input, values) : undefined;
      const choice = values.length === 1 ? values[0]! : `one of ${values.join(', ')}`;
      return `must be ${choice}, not ${inputText(issue.input)}${meant === undefined ? '' : `; did you mean "${meant}"?`}`;
    }
    case 'too_small':
      if (issue.origin === 'array') return `needs ${entries(issue.minimum)} or more`;
      if (issue.origin === 'string') return 'must not be empty';
      return `must be ${issue.minimum} or more`;
    case 'too_big':
      if (issue.origin === 'array') return `must have ${entries(issue.maximum)} at most`;
      if (issue.origin === 'string') return `must have ${issue.maximum} characters at most`;
      return `must be ${issue.maximum} at most`;
    case 'invalid_union':
      return `does not fit: ${inputText(issue.input)}`;
    default:
      return undefined;
  }
}

function entries(count: number | bigint): string {
  return count === 1 ? '1 entry' : `${count} entries`;
}

/** What stands in the file. */
function inputText(input: unknown): string {
  if (input === null || input === undefined) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object') return 'a mapping';
  const text = String(input);
  const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  return typeof input === 'string' ? JSON.stringify(shown) : shown;
}
