/** The API of a config node, as the commands on objects ask it. */
import { readFileSync } from 'node:fs';
import { objectTypes, type ObjectTypeName } from '@vaportrail/schema';
import { findEndpoints, suggestion } from '@vaportrail/show';
import { type Command, RefusedError, type RefusalReason, UsageError } from '../../command.ts';
import { outcome } from '../../outcome.ts';
import type { Selector } from './selector.ts';

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

/** @throws RefusedError with what the config node says; Error when it says nothing that is understood */
export async function ask(
  options: ApiOptions,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const url = urlOf(options.from);
  const token = tokenOf(options);
  const answered = await fetch(url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new Error(
      `no config node answers at ${url}; start one (vaportrail config), or name one with --from`,
    );
  });
  const answer = parsed(await answered.text());
  if (answer === undefined)
    throw new Error(`${url} answered ${answered.status} with what is not JSON: is it a config node?`);
  if (answered.ok) return answer;
  const message = String(answer['error'] ?? `${url} answered ${answered.status}`);
  throw new RefusedError(reasonOf(answered.status, message), message);
}

/** In Kubernetes' words. */
function reasonOf(status: number, message: string): RefusalReason {
  if (status === 409) return message.endsWith(' already exists') ? 'AlreadyExists' : 'Conflict';
  return reasons[status] ?? (status < 500 ? 'BadRequest' : 'InternalError');
}

const reasons: Readonly<Record<number, RefusalReason>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
};

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

export function tokenOf({ token = process.env['VAPORTRAIL_TOKEN'] }: ApiOptions): string | undefined {
  return token === '' ? undefined : token;
}

/** Where the config node is. @throws UsageError */
export function urlOf(from: string | undefined): string {
  if (from !== undefined && /^https?:\/\//.test(from)) return from.replace(/\/+$/, '');
  const running = findEndpoints().filter(({ kind }) => kind === 'config-node');
  if (from === undefined) return running[0]?.url ?? DEFAULT_URL;
  const found = running.find(({ name }) => name === from);
  if (found === undefined) throw new UsageError(`no config node called "${from}" runs here`);
  return found.url;
}

/** `loadbalancers`, `loadbalancer`, `lb`: all mean the same. @throws UsageError */
function typeOf(text: string): ObjectTypeName {
  const names = Object.keys(objectTypes) as ObjectTypeName[];
  const wanted = text.toLowerCase().replaceAll('_', '-');
  const found = names.find((name) => [name, `${name}s`, shortNames[name]].includes(wanted));
  if (found !== undefined) return found;
  const here = kubernetesTypes[wanted.replace(/s$/, '')];
  if (here !== undefined)
    throw new UsageError(
      `the server doesn't have a resource type "${text}": what stands for one here is a ${here}` +
        (here === 'loadbalancer' ? '; "vaportrail trace service NAME" follows a Service' : ''),
    );
  const near = suggestion(
    wanted,
    names.flatMap((name) => [name, `${name}s`]),
  );
  throw new UsageError(
    `the server doesn't have a resource type "${text}"${near === undefined ? '' : `; did you mean ${near}?`}`,
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

/** What people of Kubernetes ask for, and the type that has it here. */
const kubernetesTypes: Readonly<Record<string, ObjectTypeName>> = {
  service: 'loadbalancer',
  svc: 'loadbalancer',
  endpoint: 'loadbalancer-member',
  ep: 'loadbalancer-member',
  endpointslice: 'loadbalancer-member',
  pod: 'virtual-machine',
  po: 'virtual-machine',
  node: 'virtual-router',
  no: 'virtual-router',
  namespace: 'project',
  n: 'project',
  networkpolicy: 'network-policy',
  netpol: 'network-policy',
};

/** What a command is asked to look at: all objects of a type, or one of them. */
export interface Asked {
  readonly type: ObjectTypeName;
  readonly name?: string;
}

/**
 * As kubectl takes it: `TYPE`, `TYPE,TYPE`, `TYPE NAME…` or `TYPE/NAME…`, the last as `get -o name` prints it.
 * @throws UsageError
 */
export function askedFor(first: string, others: readonly string[]): Asked[] {
  if (first.includes('/'))
    return [first, ...others].map((text) => {
      const at = text.indexOf('/');
      if (at < 0) throw new UsageError(`"${text}" is not TYPE/NAME, as "${first}" is`);
      return { type: typeOf(text.slice(0, at)), name: text.slice(at + 1) };
    });
  const types = first.split(',').map(typeOf);
  if (others.length === 0) return types.map((type) => ({ type }));
  const mixed = others.find((name) => name.includes('/'));
  if (mixed !== undefined) throw new UsageError(`"${mixed}": TYPE/NAME does not go with a type before it`);
  return types.flatMap((type) => others.map((name) => ({ type, name })));
}

/** The objects asked for, by type; those that are not there are told after the others have been shown. */
export async function found(
  options: ApiOptions,
  asked: readonly Asked[],
  selects: Selector = () => true,
): Promise<{ readonly groups: Map<ObjectTypeName, Shown[]>; readonly missing: Error[] }> {
  const groups = new Map<ObjectTypeName, Shown[]>();
  const missing: Error[] = [];
  for (const { type, name } of asked) {
    const group = groups.get(type) ?? [];
    groups.set(type, group);
    if (name === undefined) group.push(...(await objectsOf(options, type)).filter(selects));
    else
      await objectOf(options, type, name, selects).then(
        (object) => group.push(object),
        (error: Error) => missing.push(error),
      );
  }
  return { groups, missing };
}

/** @throws the first of them, with the words of all */
export function tellMissing(missing: readonly Error[]): void {
  const [first, ...others] = missing;
  if (first === undefined) return;
  first.message = [first.message, ...others.map((each) => outcome(each).message)].join('\n');
  throw first;
}

/** All objects of a type, whole. */
async function objectsOf(options: ApiOptions, type: ObjectTypeName): Promise<Shown[]> {
  const answer = await ask(options, 'GET', `/${type}s?detail=true`);
  const entries = answer[`${type}s`] as Record<string, Shown>[];
  return entries.map((entry) => entry[type]!).toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/**
 * The one object with a UUID, a full name `a:b:c`, a last name that no other has, or an address.
 * @param selects among which ones a name is looked for
 * @throws RefusedError, UsageError
 */
export async function objectOf(
  options: ApiOptions,
  type: ObjectTypeName,
  name: string,
  selects: Selector = () => true,
): Promise<Shown> {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name))
    return (await ask(options, 'GET', `/${type}/${name}`))[type] as Shown;
  const all = (await objectsOf(options, type)).filter(selects);
  const exact = all.filter((object) => nameOf(object) === name);
  const called = all.filter(({ fq_name: fqName }) => isCalled(fqName, name));
  const found = [exact, called, all.filter((object) => hasAddress(object, name))].find(
    (each) => each.length > 0,
  );
  if (found === undefined) throw new RefusedError('NotFound', `${type}s "${name}" not found`);
  if (found.length > 1)
    throw new UsageError(`several are called ${name}: ${found.map(nameOf).join(', ')}; give the full name`);
  return found[0]!;
}

/** A Service's objects are called `NAME__UID`; the name alone is what people know. */
export function isCalled(fqName: readonly string[], name: string): boolean {
  const last = fqName.at(-1);
  return last === name || last?.split('__')[0] === name;
}

/** What people know of a floating IP, whose name is a UUID. */
function hasAddress(object: Shown, address: string): boolean {
  return ['floating_ip_address', 'instance_ip_address'].some((key) => object[key] === address);
}

export function nameOf({ fq_name: fqName }: Shown): string {
  return fqName.join(':');
}

/** A file, or `-` for standard input. */
export function textOf(file: string): string {
  return readFileSync(file === '-' ? 0 : file, 'utf8');
}
