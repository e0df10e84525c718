/** Which objects, by their annotations: written as kubectl's selectors of labels are. */
import { UsageError } from '../../command.ts';
import type { Shown } from './api.ts';

export type Selector = (object: Shown) => boolean;

type Annotations = ReadonlyMap<string, string>;

const terms: readonly (readonly [RegExp, (found: RegExpExecArray) => (has: Annotations) => boolean])[] = [
  [
    /^([^\s=!()]+)\s*==?\s*([^\s=!()]*)$/,
    ([, key, value]) =>
      (has) =>
        has.get(key!) === value,
  ],
  [
    /^([^\s=!()]+)\s*!=\s*([^\s=!()]*)$/,
    ([, key, value]) =>
      (has) =>
        has.get(key!) !== value,
  ],
  [
    /^([^\s=!()]+)\s+in\s*\(([^()]+)\)$/,
    ([, key, list]) =>
      (has) =>
        listed(list!, has.get(key!)),
  ],
  [
    /^([^\s=!()]+)\s+notin\s*\(([^()]+)\)$/,
    ([, key, list]) =>
      (has) =>
        !listed(list!, has.get(key!)),
  ],
  [
    /^!\s*([^\s=!()]+)$/,
    ([, key]) =>
      (has) =>
        !has.has(key!),
  ],
  [
    /^([^\s=!()]+)$/,
    ([, key]) =>
      (has) =>
        has.has(key!),
  ],
];

/**
 * `kind=Service,namespace!=default`, `owner`, `!driver`, `name in (a, b)`: all that are said, separated by commas. An
 * object without the key is another than any value, as in Kubernetes.
 * @throws UsageError
 */
export function selectorOf(text: string): Selector {
  // Commas between parentheses separate values.
  const wanted = text.split(/,(?![^(]*\))/).map((part) => {
    for (const [form, meaning] of terms) {
      const found = form.exec(part.trim());
      if (found !== null) return meaning(found);
    }
    throw new UsageError(
      `"${part.trim()}" is no selector, such as kind=Service, name!=web or "name in (a,b)"`,
    );
  });
  return (object) => {
    const { key_value_pair: pairs = [] } = (object['annotations'] ?? {}) as {
      key_value_pair?: { key: string; value: string }[];
    };
    const has = new Map(pairs.map(({ key, value }) => [key, value]));
    return wanted.every((term) => term(has));
  };
}

function listed(list: string, value: string | undefined): boolean {
  return list
    .split(',')
    .map((each) => each.trim())
    .includes(value ?? '\0');
}
