/** Files with configuration objects: one or more YAML documents, or one of JSON. */
import { objectTypes, type ObjectTypeName } from '@vaportrail/config';
import { parseAllDocuments } from 'yaml';
import { UsageError } from '../../command.ts';
import { textOf } from './api.ts';

export type { ObjectTypeName };

export function isObjectTypeName(name: string): name is ObjectTypeName {
  return Object.hasOwn(objectTypes, name);
}

/** @throws UsageError naming file, line and column */
export function readDocuments(file: string): Record<string, unknown>[] {
  const documents = parseAllDocuments(textOf(file));
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      const [at] = error.linePos ?? [];
      throw new UsageError(`${file}:${at?.line ?? 1}:${at?.col ?? 1}: ${error.message.split('\n')[0]}`);
    }
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new UsageError(`${file}: a document must be {TYPE: {fq_name: […], …}}`);
    return value as Record<string, unknown>;
  });
}
