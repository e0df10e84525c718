/** Objects as the JSON of Contrail's API: `{fq_name, uuid, href, parent_…, …_refs, …_back_refs, children}`. */
import {
  checkedFqName,
  checkedUuid,
  ConfigRequestError,
  type ConfigObject,
  type Reference,
  type ObjectGraph,
  childTypes,
  commonProperties,
  keyOf,
  objectType,
  referringTypes,
  type ObjectTypeName,
} from '@vaportrail/schema';
import type { NewObject, ObjectChange } from './requested-write.ts';

/** What a reader wants of an object; everything by default. */
export interface DocumentOptions {
  readonly hrefs: boolean;
  readonly backReferences: boolean;
  readonly children: boolean;
  /** Only these keys beside the identifying ones. */
  readonly fields?: ReadonlySet<string>;
}

const everything: DocumentOptions = { hrefs: true, backReferences: true, children: true };

type Json = Record<string, unknown>;

/** Where an object answers, below the base URL of the server. */
function hrefOf(base: string, type: ObjectTypeName, uuid: string): string {
  return `${base}/${type}/${uuid}`;
}

/** The three keys that stand for an object in lists. */
export function briefDocument(object: ConfigObject, base: string, hrefs: boolean): Json {
  return {
    fq_name: object.fqName,
    ...(hrefs ? { href: hrefOf(base, object.type, object.uuid) } : {}),
    uuid: object.uuid,
  };
}

/** The whole object, its keys in alphabetical order. */
export function document(object: ConfigObject, graph: ObjectGraph, base: string, options = everything): Json {
  const { type, uuid, fqName, parent, properties, references } = object;
  const { hrefs } = options;
  const linkTo = (other: ConfigObject, attr: unknown): Json => ({
    attr,
    ...(hrefs ? { href: hrefOf(base, other.type, other.uuid) } : {}),
    to: other.fqName,
    uuid: other.uuid,
  });
  const keys: Json = {
    display_name: fqName.at(-1),
    ...properties,
    fq_name: fqName,
    ...(hrefs ? { href: hrefOf(base, type, uuid) } : {}),
    id_perms: idPermsDocument(object),
    name: fqName.at(-1),
    perms2: { owner: 'cloud-admin', owner_access: 7, global_access: 0, share: [] },
    uuid,
  };
  if (parent !== undefined) {
    keys['parent_type'] = parent.type;
    keys['parent_uuid'] = parent.uuid;
    if (hrefs) keys['parent_href'] = hrefOf(base, parent.type, parent.uuid);
  }
  for (const [target, list] of Object.entries(references)) {
    const links = list.flatMap(({ uuid: to, attr }) => {
      const other = graph.get(to);
      return other === undefined ? [] : [linkTo(other, attr)];
    });
    if (links.length > 0) keys[`${keyOf(target)}_refs`] = links;
  }
  if (options.backReferences) {
    for (const other of referringTypes(type)) {
      const referrers = graph.referrers(uuid, other);
      if (referrers.length === 0) continue;
      keys[`${keyOf(other)}_back_refs`] = referrers.map((referrer) =>
        linkTo(referrer, attrOf(referrer, type, uuid)),
      );
    }
  }
  if (options.children) {
    for (const other of childTypes(type)) {
      const children = graph.children(uuid, other);
      if (children.length > 0)
        keys[`${keyOf(other)}s`] = children.map((child) => ({
          ...briefDocument(child, base, hrefs),
          to: child.fqName,
        }));
    }
  }
  const kept = Object.entries(keys).filter(
    ([key]) => options.fields?.has(key) !== false || identifying.has(key),
  );
  return Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const identifying = new Set([
  'fq_name',
  'uuid',
  'href',
  'parent_type',
  'parent_uuid',
  'parent_href',
  'name',
  'id_perms',
]);
/** Keys of a body that say nothing new about the object. */
const derived = new Set([
  'name',
  'href',
  'parent_href',
  'id_perms',
  'perms2',
  'uuid',
  'fq_name',
  'parent_type',
  'parent_uuid',
]);

function attrOf(referrer: ConfigObject, type: ObjectTypeName, uuid: string): unknown {
  return referrer.references[type]?.find((reference) => reference.uuid === uuid)?.attr ?? null;
}

/** Contrail writes a UUID a second time, as two signed halves of 64 bits. */
function idPermsDocument({ uuid, idPerms }: ConfigObject): Json {
  const bits = BigInt(`0x${uuid.replaceAll('-', '')}`);
  return {
    ...idPerms,
    permissions: {
      owner: 'cloud-admin',
      owner_access: 7,
      group: 'cloud-admin-group',
      group_access: 7,
      other_access: 7,
    },
    uuid: { uuid_mslong: Number(bits >> 64n), uuid_lslong: Number(bits & 0xffff_ffff_ffff_ffffn) },
  };
}

/** @throws ConfigRequestError 400 when the body is not `{"<type>": {…}}` */
function inner(type: ObjectTypeName, body: unknown): Json {
  const value = typeof body === 'object' && body !== null ? (body as Json)[type] : undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ConfigRequestError(400, `the body must be {"${type}": {…}}`);
  return value as Json;
}

/**
 * Reads the body of a POST.
 * @throws ConfigRequestError 400 or 404 naming the key that is wrong
 */
export function readNewObject(type: ObjectTypeName, body: unknown, graph: ObjectGraph): NewObject {
  const value = inner(type, body);
  const fqName = checkedFqName(value['fq_name']);
  const change = readChange(type, body, graph);
  const parentTypes = objectType(type).parents;
  const parentType = value['parent_type'] ?? parentTypes[0];
  if (parentTypes.length > 0 && !parentTypes.includes(parentType as string))
    throw new ConfigRequestError(400, `parent_type must be ${parentTypes.join(' or ')}`);
  let parent: NewObject['parent'];
  if (parentTypes.length > 0) {
    const parentName = fqName.slice(0, -1);
    const found =
      value['parent_uuid'] === undefined
        ? graph.byName(parentType as ObjectTypeName, parentName)
        : graph.get(checkedUuid(value['parent_uuid']));
    if (found === undefined)
      throw new ConfigRequestError(
        404,
        `the parent, ${String(parentType)} ${parentName.join(':')}, does not exist`,
      );
    parent = { type: found.type, uuid: found.uuid };
  }
  return {
    fqName,
    ...(value['uuid'] === undefined ? {} : { uuid: checkedUuid(value['uuid']) }),
    ...(parent === undefined ? {} : { parent }),
    properties: change.properties ?? {},
    references: change.references ?? {},
  };
}

/** Reads the body of a PUT. @throws ConfigRequestError 400 or 404 */
export function readChange(type: ObjectTypeName, body: unknown, graph: ObjectGraph): ObjectChange {
  const row = objectType(type);
  const properties: Json = {};
  const references: Partial<Record<ObjectTypeName, readonly Reference[]>> = {};
  for (const [key, value] of Object.entries(inner(type, body))) {
    if (derived.has(key) || key.endsWith('_back_refs')) continue;
    const target = Object.keys(row.references).find((name) => `${keyOf(name)}_refs` === key) as
      ObjectTypeName | undefined;
    if (target !== undefined) references[target] = readReferences(target, key, value, graph);
    else if (key in row.properties || key in commonProperties) properties[key] = value;
    else throw new ConfigRequestError(400, `a ${type} has no "${key}"`);
  }
  return { properties, references };
}

function readReferences(
  target: ObjectTypeName,
  key: string,
  value: unknown,
  graph: ObjectGraph,
): Reference[] {
  if (!Array.isArray(value)) throw new ConfigRequestError(400, `${key} must be a list`);
  return value.map((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null)
      throw new ConfigRequestError(400, `${key} must hold objects`);
    const { uuid, to, attr = null } = entry as Json;
    if (uuid !== undefined) return { uuid: checkedUuid(uuid), attr };
    const object = graph.byName(target, checkedFqName(to));
    if (object === undefined)
      throw new ConfigRequestError(404, `${key}: ${target}s "${(to as string[]).join(':')}" not found`);
    return { uuid: object.uuid, attr };
  });
}
