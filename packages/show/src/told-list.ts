/** Lists that a config node tells a daemon, beside those that its file has. */
import type { z } from 'zod';

/** What could be read of a list, and what is wrong with the entries that were left out. */
export interface ToldList<T> {
  readonly values: T[];
  readonly problems: readonly string[];
}

/** Reads the entries one by one: one that cannot be read does not cost the others. @param key the list's name, for problems */
export function readToldList<T>(entries: readonly unknown[], schema: z.ZodType<T>, key: string): ToldList<T> {
  const problems: string[] = [];
  const values = entries.flatMap((entry, index) => {
    const result = schema.safeParse(entry);
    if (result.success) return [result.data];
    const [issue] = result.error.issues;
    problems.push(`${[key, index, ...(issue?.path ?? [])].join('.')}: ${issue?.message}`);
    return [];
  });
  return { values, problems };
}

/** What the file says, and what was told under names the file does not use. */
export function besideFile<T>(file: readonly T[], told: readonly T[], nameOf: (entry: T) => string): T[] {
  const taken = new Set(file.map(nameOf));
  return [...file, ...told.filter((entry) => !taken.has(nameOf(entry)))];
}
