/** `--sort-by`: objects by the value of a path, numbers as numbers, as kubectl orders them. */
import { UsageError } from '../../command.ts';
import type { Shown } from './api.ts';
import { jsonPathText } from './json-path.ts';

/** @throws Error when none of the objects has the field */
export type Order = (objects: readonly Shown[]) => Shown[];

const collator = new Intl.Collator('en', { numeric: true });

/** @param path `.instance_ip_address` or `{.instance_ip_address}`. @throws UsageError for a path that is none */
export function orderOf(path: string): Order {
  if (!/^\{?\s*\./.test(path)) throw new UsageError(`--sort-by: "${path}" is no path, such as .fq_name[0]`);
  const template = path.startsWith('{') ? path : `{${path}}`;
  jsonPathText(template, {});
  return (objects) => {
    const keyed = objects.map((object) => ({ object, key: jsonPathText(template, object) }));
    if (objects.length > 0 && keyed.every(({ key }) => key === ''))
      throw new Error(`couldn't find any field with path "${template}" in the list of objects`);
    return keyed.toSorted((a, b) => collator.compare(a.key, b.key)).map(({ object }) => object);
  };
}
