/** The API of a config node, as the commands on objects ask it. */
import { readFileSync } from 'node:fs';
import { objectTypes, type ObjectTypeName } from '@vaportrail/config';
import { findEndpoints, suggestion } from '@vaportrail/show';
import { type Command, UsageError } from '../../command.ts';

export interface ApiOptions {
  readonly from?: string;
  readonly token?: string;
}

/** An object as the API shows it. */
export type Shown = Record<string, unknown> & {
  readonly fq_name: readonly string[];
  readonly uuid: string;
};

const DEFAULT_URL = 'http://127.0.0.1:8082';

export function addApiOptions(command: Command): Command {
  return command
    .option('--from <node>', 'name or URL of the config node (default: the one that runs here)')
    .option('--token <token>', 'bearer token (default: $VAPORTRAIL_TOKEN)');
}

/** @throws Error with what the config node says */
export async function ask(
  { from, token = process.env['VAPORTRAIL_TOKEN'] }: ApiOptions,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const url = urlOf(from);
  const answered = await fetch(url + path, {
    method,
    headers: {
      ...(token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new Error(
      `no config node answers at ${url}; start one (vaportrail config), or name one with --from`,
    );
  });
  const text = await answered.text();
  const answer = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  if (!answered.ok) throw new Error(String(answer['error'] ?? `${url} answered ${answered.status}`));
  return answer;
}

function urlOf(from: string | undefined): string {
  if (from !== undefined && /^https?:\/\//.test(from)) return from.replace(/\/+$/, '');
  const running = findEndpoints().filter(({ kind }) => kind === 'config-node');
  if (from === undefined) return running[0]?.url ?? DEFAULT_URL;
  const found = running.find(({ name }) => name === from);
  if (found === undefined) throw new UsageError(`no config node called "${from}" runs here`);
  return found.url;
}

/** `loadbalancers`, `loadbalancer`, `lb`: all mean the same. @throws UsageError */
export function typeOf(text: string): ObjectTypeName {
  const names = Object.keys(objectTypes) as ObjectTypeName[];
  const wanted = text.toLowerCase().replaceAll('_', '-');
  const found = names.find((name) => [name, `${name}s`, shortNames[name]].includes(wanted));
  if (found !== undefined) return found;
  const near = suggestion(
    wanted,
    names.flatMap((name) => [name, `${name}s`]),
  );
  throw new UsageError(
    `no object type is called "${text}"${near === undefined ? '' : `; did you mean ${near}?`}`,
  );
}

const shortNames: Partial<Record<ObjectTypeName, string>> = {
  loadbalancer: 'lb',
  'floating-ip': 'fip',
  'instance-ip': 'iip',
  'virtual-network': 'vn',
  'virtual-machine': 'vm',
  'virtual-machine-interface': 'vmi',
  'virtual-router': 'vr',
  'routing-instance': 'ri',
  'route-target': 'rt',
};

/** All objects of a type, whole. */
export async function objectsOf(options: ApiOptions, type: ObjectTypeName): Promise<Shown[]> {
  const answer = await ask(options, 'GET', `/${type}s?detail=true`);
  const entries = answer[`${type}s`] as Record<string, Shown>[];
  return entries.map((entry) => entry[type]!).toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** The one object with a UUID, a full name `a:b:c`, or a last name that no other has. @throws Error, UsageError */
export async function objectOf(options: ApiOptions, type: ObjectTypeName, name: string): Promise<Shown> {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name))
    return (await ask(options, 'GET', `/${type}/${name}`))[type] as Shown;
  const all = await objectsOf(options, type);
  const exact = all.filter((object) => nameOf(object) === name);
  const found = exact.length > 0 ? exact : all.filter((object) => isCalled(object, name));
  if (found.length === 1) return found[0]!;
  if (found.length > 1)
    throw new UsageError(`several are called ${name}: ${found.map(nameOf).join(', ')}; give the full name`);
  throw new Error(`no ${type} is called ${name}`);
}

/** A Service's objects are called `NAME__UID`; the name alone is what people know. */
function isCalled({ fq_name: fqName }: Shown, name: string): boolean {
  const last = fqName.at(-1);
  return last === name || last?.split('__')[0] === name;
}

export function nameOf({ fq_name: fqName }: Shown): string {
  return fqName.join(':');
}

/** A file, or `-` for standard input. */
export function textOf(file: string): string {
  return readFileSync(file === '-' ? 0 : file, 'utf8');
}
