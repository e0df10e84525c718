/** The OpenAPI document of the configuration API, made from the table of object types. */
import {
  childTypes,
  commonProperties,
  keyOf,
  objectType,
  referringTypes,
  typeNames,
} from '@vaportrail/schema';
import { z } from 'zod';

type Json = Record<string, unknown>;

const uuid = { type: 'string', format: 'uuid' };
const error = {
  description: 'The request cannot be met; `error` says why.',
  content: json({ $ref: '#/components/schemas/Error' }),
};
/** What any request may be told: no token, a method that is not for the path. */
const always = { '401': error, '405': error };
/** What a request with a body may be told besides. */
const ofBodies = { '400': error, '413': error, '415': error };
/** What a write may be told: names or addresses that are taken, a store that does not answer. */
const ofWrites = { '404': error, '409': error, '503': error };
const names = { type: 'array', items: { type: 'string' } };
const text = { type: 'string' };
/** References to others, from others, and children. */
const links = {
  type: 'array',
  items: {
    type: 'object',
    properties: { to: names, fq_name: names, uuid, href: text, attr: {} },
    additionalProperties: false,
  },
};
const flag = { type: 'string', enum: ['true', 'false'] };
const uuids = { type: 'string', description: 'UUIDs, separated by commas' };
const listParameters: Record<string, Json> = {
  detail: { ...flag, description: 'whole objects' },
  fields: { type: 'string', description: 'keys, separated by commas' },
  parent_id: uuids,
  back_ref_id: uuids,
  obj_uuids: uuids,
  filters: { type: 'string', description: 'KEY==VALUE, the value as JSON, separated by commas' },
  count: { ...flag, description: 'how many, and not which' },
  exclude_hrefs: text,
  exclude_back_refs: text,
  exclude_children: text,
  page_limit: { type: 'string', pattern: '^[1-9]\\d{0,8}$' },
  page_marker: uuid,
};

/** OpenAPI 3.1: what is served, no more and no less. */
export function openApiDocument(url: string): Json {
  const paths: Json = {};
  const schemas: Json = {
    Error: { type: 'object', required: ['error'], properties: { error: { type: 'string' } } },
  };
  for (const type of typeNames()) {
    const entry = { $ref: `#/components/schemas/${type}` };
    const schema = wrapped(type, entry);
    schemas[type] = objectSchema(type);
    paths[`/${type}s`] = {
      get: {
        summary: `List ${type} objects`,
        parameters: Object.entries(listParameters).map(([name, each]) => ({
          name,
          in: 'query',
          schema: each,
        })),
        responses: {
          '200': {
            description: 'Names; whole objects with `detail`; a number with `count`; some keys with `fields`',
            content: json(listSchema(type, schema, entry)),
          },
          '400': error,
          ...always,
        },
      },
      post: {
        summary: `Create a ${type}`,
        requestBody: {
          required: true,
          content: json(wrapped(type, { allOf: [entry, { required: ['fq_name'] }] })),
        },
        responses: {
          '200': { description: 'Its names and UUID', content: json(schema) },
          ...ofBodies,
          ...ofWrites,
          ...always,
        },
      },
    };
    paths[`/${type}/{uuid}`] = {
      parameters: [{ name: 'uuid', in: 'path', required: true, schema: uuid }],
      get: {
        summary: `One ${type}`,
        parameters: ['fields', 'exclude_hrefs', 'exclude_back_refs', 'exclude_children'].map((name) => ({
          name,
          in: 'query',
          schema: listParameters[name],
        })),
        responses: {
          '200': { description: 'The object', content: json(schema) },
          '400': error,
          '404': error,
          ...always,
        },
      },
      put: {
        summary: `Change a ${type}`,
        requestBody: { required: true, content: json(schema) },
        responses: {
          '200': { description: 'Its UUID', content: json(schema) },
          ...ofBodies,
          ...ofWrites,
          ...always,
        },
      },
      delete: {
        summary: `Remove a ${type}`,
        responses: { '200': { description: 'It is gone' }, '400': error, ...ofWrites, ...always },
      },
    };
  }
  for (const [path, { required, answer }] of Object.entries(actions)) {
    paths[path] = {
      post: {
        summary: path.slice(1),
        requestBody: { required: true, content: json({ type: 'object', required }) },
        responses: {
          '200': { description: 'The answer', content: json(answer) },
          ...ofBodies,
          ...ofWrites,
          ...always,
        },
      },
    };
  }
  for (const [path, { summary, line }] of Object.entries(streams)) {
    const named = path.includes('{name}');
    paths[path] = {
      ...(named && {
        parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }],
      }),
      get: {
        summary,
        responses: {
          '200': {
            description:
              'Lines of JSON until one of the two ends closes; an empty line says that there is nothing new',
            content: { 'application/x-ndjson': { schema: line } },
          },
        },
      },
    };
  }
  for (const [path, summary] of [
    ['/', 'What there is'],
    ['/openapi.json', 'This document'],
  ] as const) {
    const responses = { '200': { description: summary, content: json({ type: 'object' }) }, ...always };
    paths[path] = { get: { summary, responses } };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Vaportrail configuration API', version: '1.0.0' },
    servers: [{ url }],
    paths,
    components: { schemas, securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    // Without a token where the config node was started without one.
    security: [{}, { token: [] }],
  };
}

const actions: Record<string, { readonly required: readonly string[]; readonly answer: Json }> = {
  '/fqname-to-id': { required: ['type', 'fq_name'], answer: exactly({ uuid }) },
  '/id-to-fqname': { required: ['uuid'], answer: exactly({ type: text, fq_name: names }) },
  '/ref-update': { required: ['type', 'uuid', 'ref-type', 'operation'], answer: exactly({ uuid }) },
  '/list-bulk-collection': { required: ['type'], answer: { type: 'object', minProperties: 1 } },
};

/** All of these keys and no others. */
function exactly(properties: Record<string, Json>): Json {
  return { type: 'object', required: Object.keys(properties), properties, additionalProperties: false };
}

/** `{"<type>": …}` */
function wrapped(type: string, inner: Json): Json {
  return exactly({ [type]: inner });
}

function listSchema(type: string, whole: Json, entry: Json): Json {
  const list = { type: 'array', items: { anyOf: [whole, entry] } };
  return {
    type: 'object',
    required: [`${type}s`],
    properties: { [`${type}s`]: { anyOf: [list, exactly({ count: { type: 'integer' } })] }, marker: uuid },
    additionalProperties: false,
  };
}

/** What can be watched, and what a line says. */
const streams: Record<string, { readonly summary: string; readonly line: Json }> = {
  '/watch/objects': {
    summary: 'All objects, then each change',
    line: {
      type: 'object',
      required: ['type'],
      properties: {
        type: { enum: ['object', 'deleted', 'current'] },
        object: { type: 'object' },
        sequence: { type: 'integer' },
      },
    },
  },
  '/watch/virtual-router/{name}': {
    summary: 'What a compute node has to have, then the steps to what it has to have next',
    line: {
      type: 'object',
      required: ['changes'],
      properties: {
        changes: { type: 'array', items: { type: 'object', required: ['type'] } },
        settings: { type: 'object' },
      },
    },
  },
  '/watch/routing-instances': {
    summary: 'All routing instances, again whenever one of them changes',
    line: {
      type: 'object',
      required: ['routing-instances'],
      properties: { 'routing-instances': { type: 'array', items: { type: 'object', required: ['name'] } } },
    },
  },
};

function objectSchema(type: ReturnType<typeof typeNames>[number]): Json {
  const { parents, references, properties } = objectType(type);
  const schema = z.toJSONSchema(z.object({ ...properties, ...commonProperties } as z.ZodRawShape), {
    io: 'input',
  }) as {
    properties: Json;
  };
  const refs = Object.keys(references).map((target) => [`${keyOf(target)}_refs`, links]);
  const told = [
    ...referringTypes(type).map((other) => `${keyOf(other)}_back_refs`),
    ...childTypes(type).map((other) => `${keyOf(other)}s`),
  ].map((key) => [key, { ...links, readOnly: true }]);
  const readOnly = (each: Json): Json => ({ ...each, readOnly: true });
  return {
    type: 'object',
    properties: {
      fq_name: names,
      uuid,
      name: readOnly(text),
      href: readOnly(text),
      id_perms: readOnly({ type: 'object' }),
      perms2: readOnly({ type: 'object' }),
      ...(parents.length === 0
        ? {}
        : { parent_type: { enum: parents }, parent_uuid: uuid, parent_href: readOnly(text) }),
      ...schema.properties,
      ...(Object.fromEntries([...refs, ...told]) as Json),
    },
    additionalProperties: false,
  };
}

function json(schema: Json): Json {
  return { 'application/json': { schema } };
}
