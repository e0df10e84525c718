/** Requests that are for no single object: a row each, by the path that takes its POST. */
import {
  checkedFqName,
  checkedType,
  checkedUuid,
  ConfigRequestError,
  type ObjectTypeName,
} from '@vaportrail/schema';
import type { ConfigDatabase } from './config-database.ts';
import { listed, type ObjectSource } from './object-list.ts';

type Json = Record<string, unknown>;
/** Yields the body of the answer. @throws ConfigRequestError when the body of the request cannot be taken */
type ApiAction = (body: Json, database: ConfigDatabase, source: ObjectSource) => Json | Promise<Json>;

const actions = {
  'fqname-to-id': ({ type, fq_name: name }, database) => ({
    uuid: database.byName(typeOf(type), checkedFqName(name)).uuid,
  }),

  'id-to-fqname'(body, { graph }) {
    const uuid = checkedUuid(body['uuid']);
    const object = graph.get(uuid);
    if (object === undefined) throw new ConfigRequestError(404, `no object has the UUID ${uuid}`);
    return { type: object.type, fq_name: object.fqName };
  },

  async 'ref-update'(body, database) {
    const type = typeOf(body['type']);
    const target = typeOf(body['ref-type']);
    const { operation, 'ref-uuid': given = null, 'ref-fq-name': name, uuid: from, attr } = body;
    if (operation !== 'ADD' && operation !== 'DELETE')
      throw new ConfigRequestError(400, 'operation must be ADD or DELETE');
    const to = given === null ? database.byName(target, checkedFqName(name)).uuid : checkedUuid(given);
    const { uuid } = await database.changeReference(type, checkedUuid(from), target, to, operation, attr);
    return { uuid };
  },

  'list-bulk-collection'(body, _database, source) {
    const query = new URLSearchParams();
    for (const key of ['parent_id', 'back_ref_id', 'obj_uuids', 'fields', 'filters']) {
      const list = body[key];
      if (list !== undefined) query.set(key, Array.isArray(list) ? list.join(',') : String(list));
    }
    for (const key of ['detail', 'count']) if (body[key] === true) query.set(key, 'true');
    return listed(typeOf(body['type']), query, source);
  },
} as const satisfies Record<string, ApiAction>;

export type ActionName = keyof typeof actions;

/** The paths of all of them, without the slash. */
export function actionNames(): ActionName[] {
  return Object.keys(actions) as ActionName[];
}

export function isAction(path: string): path is ActionName {
  return Object.hasOwn(actions, path);
}

/**
 * Does what a request asks for and yields the body of the answer.
 * @throws ConfigRequestError when it cannot be done
 */
export async function act(
  name: ActionName,
  body: unknown,
  database: ConfigDatabase,
  source: ObjectSource,
): Promise<unknown> {
  if (typeof body !== 'object' || body === null)
    throw new ConfigRequestError(400, 'the body must be a JSON object');
  return actions[name](body as Json, database, source);
}

function typeOf(value: unknown): ObjectTypeName {
  return checkedType(String(value).replaceAll('_', '-'));
}
