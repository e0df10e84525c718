/** Which objects, by their annotations: written as kubectl's selectors of labels are. */
import { annotationOf } from '@vaportrail/schema';
import { UsageError } from '../../command.ts';
import type { Shown } from './api.ts';

export type Selector = (object: Shown) => boolean;

/** The value of an annotation. */
type Annotations = (key: string) => string | undefined;

const terms: readonly (readonly [RegExp, (found: RegExpExecArray) => (valueOf: Annotations) => boolean])[] = [
  [
    /^([^\s=!()]+)\s*==?\s*([^\s=!()]*)$/,
    ([, key, wanted]) =>
      (valueOf) =>
        valueOf(key!) === wanted,
  ],
  [
    /^([^\s=!()]+)\s*!=\s*([^\s=!()]*)$/,
    ([, key, wanted]) =>
      (valueOf) =>
        valueOf(key!) !== wanted,
  ],
  [
    /^([^\s=!()]+)\s+in\s*\(([^()]+)\)$/,
    ([, key, list]) =>
      (valueOf) =>
        listed(list!, valueOf(key!)),
  ],
  [
    /^([^\s=!()]+)\s+notin\s*\(([^()]+)\)$/,
    ([, key, list]) =>
      (valueOf) =>
        !listed(list!, valueOf(key!)),
  ],
  [
    /^!\s*([^\s=!()]+)$/,
    ([, key]) =>
      (valueOf) =>
        valueOf(key!) === undefined,
  ],
  [
    /^([^\s=!()]+)$/,
    ([, key]) =>
      (valueOf) =>
        valueOf(key!) !== undefined,
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
  return (object) => wanted.every((term) => term((key) => annotationOf({ properties: object }, key)));
}

/** Objects that say of which namespace of Kubernetes they are. */
export function ofNamespace(namespace: string): Selector {
  return (object) => annotationOf({ properties: object }, 'namespace') === namespace;
}

function listed(list: string, value: string | undefined): boolean {
  return list
    .split(',')
    .map((each) => each.trim())
    .includes(value ?? '\0');
}
