/**
 * Objects as the configuration channel has them: names of properties with hyphens, lists as repeated elements, the UUID
 * as two numbers inside `id-perms`. What a property may hold is said by its row in `object-type.ts`; elements that no row
 * knows are passed over, as a control node of another release may send them.
 *
 * The shape of nodes and links is known from a public capture; that a deployed agent reads what is written here has not
 * been tried. What reads and writes the octets (`xmpp`) has the same shapes under names of its own: neither package knows
 * the other.
 */
import type { z } from 'zod';
import type { ConfigObject, IdPerms } from './config-object.ts';
import { derivedUuid } from './derived-uuid.ts';
import type { LinkType } from './link-type.ts';
import { commonProperties, objectType, type ObjectTypeName } from './object-type.ts';

/** What names an object on the channel. */
export interface WrittenName {
  readonly type: string;
  readonly name: string;
}

/** An element: a text, or further elements. */
export interface WrittenProperty {
  readonly name: string;
  readonly value: string | readonly WrittenProperty[];
}

/** An object with its properties. */
export interface WrittenNode extends WrittenName {
  readonly kind: 'node';
  readonly properties: readonly WrittenProperty[];
}

/** Two objects that belong together, and what the link is called. */
export interface WrittenLink {
  readonly kind: 'link';
  readonly ends: readonly [WrittenName, WrittenName];
  readonly metadata: string;
}

/** What can be read of a node, and what is wrong with what cannot. */
export interface ReadNode {
  readonly uuid: string;
  readonly idPerms: IdPerms;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly problems: readonly string[];
}

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `default-domain:demo:public`, which tells it from all others of its type. */
export function writtenName({ type, fqName }: Pick<ConfigObject, 'type' | 'fqName'>): WrittenName {
  return { type, name: fqName.join(':') };
}

/** An object as the configuration channel has it, with `display-name` and `id-perms` as Contrail writes them. */
export function writtenNode(object: ConfigObject): WrittenNode {
  const { properties, fqName } = object;
  const named = properties['display_name'] === undefined ? { display_name: fqName.at(-1) } : {};
  return {
    kind: 'node',
    ...writtenName(object),
    properties: [
      ...writtenFields(properties),
      { name: 'id-perms', value: writtenIdPerms(object) },
      ...writtenFields(named),
    ],
  };
}

/** A link between two objects, and the node between them when the link says something. */
export function writtenLinks(
  type: LinkType,
  from: WrittenName,
  to: WrittenName,
  attr: unknown,
): (WrittenNode | WrittenLink)[] {
  // The parent stands first, and so does what refers.
  const ends = type.kind === 'parent' ? ([to, from] as const) : ([from, to] as const);
  if (!type.hasAttribute) return [{ kind: 'link', ends, metadata: type.name }];
  const value = typeof attr === 'object' && attr !== null ? attr : {};
  return attributeLinks(type.name, ends, writtenFields(value as Record<string, unknown>));
}

/** Two objects with a node between them that says something of how they belong together. */
export function attributeLinks(
  metadata: string,
  ends: readonly [WrittenName, WrittenName],
  value: readonly WrittenProperty[],
): (WrittenNode | WrittenLink)[] {
  const between = { type: metadata, name: `attr(${ends[0].name},${ends[1].name})` };
  return [
    { kind: 'node', ...between, properties: [{ name: 'value', value }] },
    { kind: 'link', ends: [between, ends[0]], metadata },
    { kind: 'link', ends: [between, ends[1]], metadata },
  ];
}

function writtenFields(fields: Readonly<Record<string, unknown>>): WrittenProperty[] {
  return Object.entries(fields).flatMap(([key, value]) => written(key.replaceAll('_', '-'), value));
}

function written(name: string, value: unknown): WrittenProperty[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((each) => written(name, each));
  if (typeof value === 'object') return [{ name, value: writtenFields(value as Record<string, unknown>) }];
  return [{ name, value: String(value) }];
}

function writtenIdPerms({ uuid, idPerms }: ConfigObject): WrittenProperty[] {
  const digits = uuid.replaceAll('-', '');
  const half = (from: number): string => String(BigInt(`0x${digits.slice(from, from + 16)}`));
  return writtenFields({ uuid: { uuid_mslong: half(0), uuid_lslong: half(16) }, ...idPerms });
}

/**
 * Reads a node of a type that is known. A property that is not what its row says is left out and told; a UUID that is
 * missing follows from type and name.
 */
export function readNode(type: ObjectTypeName, name: string, given: readonly WrittenProperty[]): ReadNode {
  const problems: string[] = [];
  const properties: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries({ ...commonProperties, ...objectType(type).properties })) {
    const element = fieldOf(given, key);
    if (element === undefined) continue;
    const result = schema.safeParse(readValue(schema, element.value));
    if (result.success) properties[key] = result.data;
    else problems.push(`${type} ${name}: ${element.name}: ${result.error.issues[0]?.message}`);
  }
  const perms = childrenOf(fieldOf(given, 'id_perms'));
  return { uuid: readUuid(type, name, perms), idPerms: readIdPerms(perms), properties, problems };
}

/** What the node between two ends of a link says, read by the row of the reference; `undefined` when it does not fit. */
export function readAttribute({ from, to }: LinkType, given: readonly WrittenProperty[]): unknown {
  const schema = objectType(from).references[to];
  const value = fieldOf(given, 'value');
  if (schema === undefined || value === undefined) return undefined;
  return schema.safeParse(readValue(schema, value.value)).data;
}

/** The value that elements stand for where a schema is expected. It need not fit the schema. */
function readValue(schema: z.ZodType, value: WrittenProperty['value']): unknown {
  const { def } = bare(schema);
  switch (def.type) {
    case 'object': {
      const fields = Object.entries((def as z.core.$ZodObjectDef).shape as Record<string, z.ZodType>);
      const elements = typeof value === 'string' ? [] : value;
      return Object.fromEntries(
        fields.flatMap(([key, field]): [string, unknown][] => {
          const name = key.replaceAll('_', '-');
          const found = elements.filter((element) => element.name === name);
          const { def: inner } = bare(field);
          if (inner.type === 'array') {
            if (found.length === 0 && field.safeParse(undefined).success) return [];
            const each = (inner as z.core.$ZodArrayDef).element as z.ZodType;
            return [[key, found.map((element) => readValue(each, element.value))]];
          }
          return found[0] === undefined ? [] : [[key, readValue(field, found[0].value)]];
        }),
      );
    }
    case 'number':
      return typeof value === 'string' && /^-?\d{1,15}$/.test(value.trim()) ? Number(value) : value;
    case 'boolean':
      return value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value;
    default:
      return value;
  }
}

/** A schema without what only says that a value may be missing. */
function bare(schema: z.ZodType): z.ZodType {
  const { def } = schema;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
      return bare((def as z.core.$ZodOptionalDef).innerType as z.ZodType);
    case 'union': {
      const options = (def as z.core.$ZodUnionDef).options as readonly z.ZodType[];
      return bare(options.find((option) => option.def.type !== 'null') ?? options[0]!);
    }
    default:
      return schema;
  }
}

function fieldOf(given: readonly WrittenProperty[], key: string): WrittenProperty | undefined {
  const wanted = key.replaceAll('_', '-');
  return given.find(({ name }) => name === wanted);
}

function childrenOf(property: WrittenProperty | undefined): readonly WrittenProperty[] {
  return typeof property?.value === 'object' ? property.value : [];
}

function textOf(given: readonly WrittenProperty[], key: string): string | undefined {
  const value = fieldOf(given, key)?.value;
  return typeof value === 'string' ? value : undefined;
}

function readUuid(type: string, name: string, perms: readonly WrittenProperty[]): string {
  const halves = childrenOf(fieldOf(perms, 'uuid'));
  const digits = ['uuid_mslong', 'uuid_lslong'].map((key) => {
    const text = textOf(halves, key)?.trim() ?? '';
    // As a signed number, too: what writes it may know no other.
    return /^-?\d{1,20}$/.test(text) ? BigInt.asUintN(64, BigInt(text)).toString(16).padStart(16, '0') : '';
  });
  const hex = digits.every((half) => half !== '') ? digits.join('') : '';
  if (hex !== '') return [0, 8, 12, 16, 20].map((at, i, all) => hex.slice(at, all[i + 1] ?? 32)).join('-');
  return uuidPattern.test(name) ? name : derivedUuid(`${type} ${name}`);
}

function readIdPerms(perms: readonly WrittenProperty[]): IdPerms {
  const isTrue = (key: string): boolean => textOf(perms, key) !== 'false';
  return {
    enable: isTrue('enable'),
    created: textOf(perms, 'created') ?? '',
    last_modified: textOf(perms, 'last_modified') ?? '',
    user_visible: isTrue('user_visible'),
    creator: textOf(perms, 'creator') ?? null,
    description: textOf(perms, 'description') ?? null,
  };
}
