/** Files with configuration objects: one or more YAML documents, or one of JSON. */
import { objectTypes, type ObjectTypeName } from '@vaportrail/schema';
import { suggestion } from '@vaportrail/show';
import { LineCounter, parseAllDocuments } from 'yaml';
import { UsageError } from '../../command.ts';
import { textOf } from './api.ts';

/** A document as the API takes it. */
export interface ObjectDocument {
  readonly type: ObjectTypeName;
  readonly body: Readonly<Record<string, unknown>> & { readonly fq_name: unknown };
  /** `file:line` */
  readonly where: string;
}

/** @throws UsageError naming file and line */
export function documentsOf(file: string): ObjectDocument[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(textOf(file), { lineCounter: lines, prettyErrors: false });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const at = (offset: number): string => `${file}:${Math.max(1, lines.linePos(offset).line)}`;
    const [error] = document.errors;
    if (error !== undefined) throw new UsageError(`${at(error.pos[0])}: ${error.message}`);
    const where = at(document.contents?.range?.[0] ?? 0);
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: 100 });
    } catch (problem) {
      throw new UsageError(`${where}: ${(problem as Error).message}`);
    }
    if (value === null || value === undefined) return [];
    const [[type, body] = ['', undefined], ...others] =
      typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : [];
    if (others.length > 0 || type === '')
      throw new UsageError(`${where}: a document must be {TYPE: {fq_name: […], …}}`);
    if (!Object.hasOwn(objectTypes, type)) {
      const meant = suggestion(type, Object.keys(objectTypes));
      throw new UsageError(
        `${where}: no object type is called "${type}"${meant === undefined ? '' : `; did you mean ${meant}?`}`,
      );
    }
    if (typeof body !== 'object' || body === null || !Array.isArray((body as { fq_name?: unknown }).fq_name))
      throw new UsageError(`${where}: ${type}: fq_name: must be a list of names`);
    return [{ type: type as ObjectTypeName, body: body as ObjectDocument['body'], where }];
  });
}
