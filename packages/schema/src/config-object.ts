/** A configuration object as it is stored, and the errors that callers of the API get. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { commonProperties, isObjectTypeName, objectType, type ObjectTypeName } from './object-type.ts';

/** A reference of one object to another. */
export interface Reference {
  readonly uuid: string;
  /** What the reference itself says, e.g. the subnets a network takes from an IPAM. */
  readonly attr: unknown;
}

/** When an object was made and changed last. Names are those of Contrail. */
export interface IdPerms {
  readonly enable: boolean;
  readonly created: string;
  readonly last_modified: string;
  readonly user_visible: boolean;
  readonly creator: string | null;
  readonly description: string | null;
}

/** An object of any type, immutable. */
export interface ConfigObject {
  readonly type: ObjectTypeName;
  readonly uuid: string;
  /** Names from the domain down; the last is the name of the object. */
  readonly fqName: readonly string[];
  readonly parent: { readonly type: ObjectTypeName; readonly uuid: string } | undefined;
  readonly properties: Readonly<Record<string, unknown>>;
  /** By type of the object referred to. */
  readonly references: Readonly<Partial<Record<ObjectTypeName, readonly Reference[]>>>;
  readonly idPerms: IdPerms;
}

/** A request that cannot be met; `status` is the one of HTTP. */
export class ConfigRequestError extends Error {
  override readonly name = 'ConfigRequestError';
  readonly status: 400 | 404 | 409 | 503;

  constructor(status: 400 | 404 | 409 | 503, message: string) {
    super(message);
    this.status = status;
  }
}

const MAX_NAME = 1024;
const MAX_NAME_PARTS = 16;
const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @throws ConfigRequestError 400 when the text is no UUID in lower case */
export function checkedUuid(text: unknown): string {
  if (typeof text !== 'string' || !uuidPattern.test(text))
    throw new ConfigRequestError(400, `${JSON.stringify(text)} is no UUID`);
  return text;
}

/** A random one. */
export function newUuid(): string {
  return randomUUID();
}

/** @throws ConfigRequestError 404 */
export function checkedType(name: string): ObjectTypeName {
  if (!isObjectTypeName(name)) throw new ConfigRequestError(404, `no object type is called "${name}"`);
  return name;
}

/** @throws ConfigRequestError 400 */
export function checkedFqName(value: unknown): readonly string[] {
  if (!isFqName(value))
    throw new ConfigRequestError(400, 'fq_name must be a list of names, none of them empty');
  if (value.some((part) => part.includes('\0')))
    throw new ConfigRequestError(400, 'a name holds a NUL character');
  return value;
}

function isFqName(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= MAX_NAME_PARTS &&
    value.every((part) => typeof part === 'string' && part.length >= 1 && part.length <= MAX_NAME)
  );
}

/** Schemas of whole objects: made when first needed, because making one costs more than many checks. */
const schemas = new Map<ObjectTypeName, z.ZodType>();

function schemaOf(type: ObjectTypeName): z.ZodType {
  let schema = schemas.get(type);
  if (schema === undefined) {
    const shape = { ...commonProperties, ...objectType(type).properties };
    schemas.set(type, (schema = z.strictObject(shape as z.ZodRawShape)));
  }
  return schema;
}

/**
 * Checks properties against the row of their type; `null` stands for absent.
 * @throws ConfigRequestError 400 naming every property that is wrong
 */
export function checkedProperties(
  type: ObjectTypeName,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const given = Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== null),
  );
  const result = schemaOf(type).safeParse(given);
  if (result.success) return result.data as Record<string, unknown>;
  throw new ConfigRequestError(400, `${type}: ${issuesText(result.error)}`);
}

/** @throws ConfigRequestError 400 when the type has no such reference or the attribute does not fit it */
export function checkedAttr(type: ObjectTypeName, target: ObjectTypeName, attr: unknown): unknown {
  const schema = objectType(type).references[target];
  if (schema === undefined) throw new ConfigRequestError(400, `a ${type} does not refer to a ${target}`);
  const result = schema.safeParse(attr ?? null);
  if (!result.success) throw new ConfigRequestError(400, `${type} to ${target}: ${issuesText(result.error)}`);
  return result.data;
}

function issuesText(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ');
}

/** The value of one annotation. */
export function annotationOf(
  { properties }: Pick<ConfigObject, 'properties'>,
  key: string,
): string | undefined {
  const { key_value_pair: pairs = [] } = (properties['annotations'] ?? {}) as {
    key_value_pair?: { key: string; value: string }[];
  };
  return pairs.find((pair) => pair.key === key)?.value;
}
