// docs/configuration.md: its files are good, and nothing that can be configured is missing.
import { agentFileConfig } from '@vaportrail/agent';
import { configNodeConfig } from '@vaportrail/config';
import { controlNodeConfig } from '@vaportrail/control-node';
import { gatewayConfig } from '@vaportrail/gateway';
import { readConfig } from '@vaportrail/show';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { parse } from 'yaml';
import { z } from 'zod';

const document = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');
const schemas = {
  'control node': controlNodeConfig,
  'compute node': agentFileConfig,
  agent: agentFileConfig,
  gateway: gatewayConfig,
  'config node': configNodeConfig,
} as const;

/** The YAML files of each section, by the daemon that its title names. */
const files = document.split(/^## /m).flatMap((section) => {
  const title = section.slice(0, section.indexOf('\n'));
  const daemon = Object.keys(schemas).find((each) => title.includes(each)) as keyof typeof schemas;
  return [...section.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => ({
    title,
    schema: schemas[daemon],
    text: text!,
  }));
});

t.test('every file of docs/configuration.md is one that a daemon takes', async (t) => {
  t.ok(files.length >= 8);
  for (const { title, schema, text } of files)
    t.doesNotThrow(() => readConfig(text, title, schema as z.ZodType));
});

t.test('every setting stands in one of them', async (t) => {
  for (const schema of new Set(Object.values(schemas))) {
    const written = new Set(
      files.flatMap((file) => (file.schema === schema ? [...keyPaths(parse(file.text) as unknown)] : [])),
    );
    const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
    const missing = [...schemaPaths(json)].filter((path) => !written.has(path));
    t.same(missing, []);
  }
});

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** `bgp.peers.address`: the keys of lists as those of their entries. One of several agents has the keys of a single one. */
function* schemaPaths(schema: JsonSchema, path = ''): Iterable<string> {
  if (path === 'agents.') return;
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    yield `${path}${key}`;
    yield* schemaPaths(child, `${path}${key}.`);
  }
  for (const one of [schema.items, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])])
    if (one !== undefined) yield* schemaPaths(one, path);
}

function* keyPaths(value: unknown, path = ''): Iterable<string> {
  if (Array.isArray(value)) for (const item of value) yield* keyPaths(item, path);
  else if (typeof value === 'object' && value !== null)
    for (const [key, child] of Object.entries(value)) {
      yield `${path}${key}`;
      yield* keyPaths(child, path === '' && key === 'agents' ? '' : `${path}${key}.`);
    }
}
