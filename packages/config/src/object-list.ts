/** Objects as the API lists them: by parent, back reference, UUID and filters; whole, in part or by name; in pages. */
import {
  checkedUuid,
  ConfigRequestError,
  type ConfigObject,
  type ObjectGraph,
  type ObjectTypeName,
} from '@vaportrail/schema';
import { briefDocument, document, type DocumentOptions } from './document.ts';

type Json = Record<string, unknown>;

/** Where objects are, and the URL that their `href` begins with. */
export interface ObjectSource {
  readonly graph: ObjectGraph;
  readonly base: string;
}

/**
 * The answer to a list: of all objects of a type, those that the query asks for, in the form that it asks for.
 * @throws ConfigRequestError 400 for a filter, UUID or limit that is none
 */
export function listed(type: ObjectTypeName, query: URLSearchParams, source: ObjectSource): Json {
  const { graph, base } = source;
  const uuids = (name: string): string[] | undefined => query.get(name)?.split(',').map(checkedUuid);
  const parents = uuids('parent_id');
  const backReferences = uuids('back_ref_id');
  const chosen = uuids('obj_uuids');
  const filters = readFilters(query.get('filters'));
  let objects: ConfigObject[] =
    parents === undefined ? [...graph.ofType(type)] : parents.flatMap((uuid) => graph.children(uuid, type));
  if (backReferences !== undefined) {
    const referring = new Set(backReferences.flatMap((uuid) => graph.referrers(uuid, type)));
    objects = objects.filter((object) => referring.has(object));
  }
  if (chosen !== undefined) objects = objects.filter(({ uuid }) => chosen.includes(uuid));
  if (filters.length > 0)
    objects = objects.filter((object) =>
      filters.every(([key, value]) => matches(asked(object, query, source)[key], value)),
    );
  if (query.get('count') === 'true') return { [`${type}s`]: { count: objects.length } };
  const hrefs = !isSet(query, 'exclude_hrefs');
  const detail = query.get('detail') === 'true';
  const fields = query.get('fields');
  const page = paged(objects, query);
  const entries = page.objects.map((object) => {
    if (detail) return { [type]: asked(object, query, source) };
    return fields === null ? briefDocument(object, base, hrefs) : asked(object, query, source);
  });
  return { [`${type}s`]: entries, ...(page.marker === undefined ? {} : { marker: page.marker }) };
}

/** An object with the fields that a query asks for. */
export function asked(object: ConfigObject, query: URLSearchParams, { graph, base }: ObjectSource): Json {
  const fields = query.get('fields')?.split(',');
  const options: DocumentOptions = {
    hrefs: !isSet(query, 'exclude_hrefs'),
    backReferences: !isSet(query, 'exclude_back_refs'),
    children: !isSet(query, 'exclude_children'),
    ...(fields === undefined ? {} : { fields: new Set(fields) }),
  };
  return document(object, graph, base, options);
}

function isSet(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

/** `display_name=="web",admin_state==true` as pairs of key and value. @throws ConfigRequestError 400 */
function readFilters(text: string | null): [key: string, value: unknown][] {
  if (text === null || text === '') return [];
  return text.split(',').map((part) => {
    const [key = '', ...value] = part.split('==');
    if (value.length !== 1) throw new ConfigRequestError(400, `the filter "${part}" is not KEY==VALUE`);
    try {
      return [key, JSON.parse(value[0]!) as unknown];
    } catch {
      return [key, value[0]];
    }
  });
}

function matches(found: unknown, wanted: unknown): boolean {
  return JSON.stringify(found) === JSON.stringify(wanted);
}

/** The objects behind `page_marker`, `page_limit` of them at the most. */
function paged(
  objects: readonly ConfigObject[],
  query: URLSearchParams,
): { objects: readonly ConfigObject[]; marker: string | undefined } {
  const asked = query.get('page_limit');
  const marker = query.get('page_marker');
  const after = marker === null ? null : checkedUuid(marker);
  if (asked === null) return { objects, marker: undefined };
  if (!/^[1-9]\d{0,8}$/.test(asked))
    throw new ConfigRequestError(400, `page_limit "${asked}" is no number of objects`);
  const limit = Number(asked);
  const sorted = objects.toSorted((a, b) => (a.uuid < b.uuid ? -1 : 1));
  const from = after === null ? 0 : sorted.findIndex(({ uuid }) => uuid > after);
  const page = from < 0 ? [] : sorted.slice(from, from + limit);
  return { objects: page, marker: page.length === limit ? page.at(-1)?.uuid : undefined };
}
