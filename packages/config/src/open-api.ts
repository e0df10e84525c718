/** The OpenAPI document of the configuration API, made from the table of object types. */
import { z } from 'zod';
import { commonProperties, keyOf, objectType, typeNames } from './object-type.ts';

type Json = Record<string, unknown>;

const uuid = { type: 'string', format: 'uuid' };
const error = {
  description: 'The request cannot be met; `error` says why.',
  content: json({ $ref: '#/components/schemas/Error' }),
};
const errors = { '400': error, '404': error, '409': error };
const reference = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      to: { type: 'array', items: { type: 'string' } },
      uuid,
      href: { type: 'string' },
      attr: {},
    },
  },
};
const listParameters = [
  'detail',
  'fields',
  'parent_id',
  'back_ref_id',
  'obj_uuids',
  'filters',
  'count',
  'exclude_hrefs',
  'page_limit',
  'page_marker',
];

/** OpenAPI 3.1: what is served, no more and no less. */
export function openApiDocument(url: string): Json {
  const paths: Json = {};
  const schemas: Json = {
    Error: { type: 'object', required: ['error'], properties: { error: { type: 'string' } } },
  };
  for (const type of typeNames()) {
    const schema = {
      type: 'object',
      required: [type],
      properties: { [type]: { $ref: `#/components/schemas/${type}` } },
    };
    schemas[type] = objectSchema(type);
    paths[`/${type}s`] = {
      get: {
        summary: `List ${type} objects`,
        parameters: listParameters.map((name) => ({ name, in: 'query', schema: { type: 'string' } })),
        responses: {
          '200': { description: 'The list', content: json({ type: 'object', required: [`${type}s`] }) },
          '400': error,
        },
      },
      post: {
        summary: `Create a ${type}`,
        requestBody: { required: true, content: json(schema) },
        responses: { '200': { description: 'Its names and UUID', content: json(schema) }, ...errors },
      },
    };
    paths[`/${type}/{uuid}`] = {
      parameters: [{ name: 'uuid', in: 'path', required: true, schema: uuid }],
      get: {
        summary: `One ${type}`,
        responses: { '200': { description: 'The object', content: json(schema) }, '404': error },
      },
      put: {
        summary: `Change a ${type}`,
        requestBody: { required: true, content: json(schema) },
        responses: { '200': { description: 'Its UUID', content: json(schema) }, ...errors },
      },
      delete: {
        summary: `Remove a ${type}`,
        responses: { '200': { description: 'It is gone' }, '404': error, '409': error },
      },
    };
  }
  for (const [path, required] of Object.entries(actions)) {
    paths[path] = {
      post: {
        summary: path.slice(1),
        requestBody: { required: true, content: json({ type: 'object', required }) },
        responses: { '200': { description: 'The answer', content: json({ type: 'object' }) }, ...errors },
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
  return {
    openapi: '3.1.0',
    info: { title: 'Vaportrail configuration API', version: '1.0.0' },
    servers: [{ url }],
    paths,
    components: { schemas },
  };
}

const actions: Record<string, readonly string[]> = {
  '/fqname-to-id': ['type', 'fq_name'],
  '/id-to-fqname': ['uuid'],
  '/ref-update': ['type', 'uuid', 'ref-type', 'operation'],
  '/list-bulk-collection': ['type'],
};

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
  const refs = Object.keys(references).map((target) => [`${keyOf(target)}_refs`, reference]);
  return {
    type: 'object',
    properties: {
      fq_name: { type: 'array', items: { type: 'string' } },
      uuid,
      ...(parents.length === 0 ? {} : { parent_type: { enum: parents }, parent_uuid: uuid }),
      ...schema.properties,
      ...(Object.fromEntries(refs) as Json),
    },
  };
}

function json(schema: Json): Json {
  return { 'application/json': { schema } };
}
