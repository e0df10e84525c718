/** Which daemon a question is meant for: named, by address, or the ones of a kind that run on this machine. */
import { findEndpoints, suggestion, type DaemonView, type Endpoint } from '@vaportrail/show';
import { UsageError } from './command.ts';

/** A daemon to ask: one that runs here, or just an address. */
export type Target = Pick<Endpoint, 'url'> & Partial<Endpoint>;

/**
 * The daemons to ask: the one `from` names, or all of the first kind of which any runs.
 * @throws UsageError when nothing has that name, or it is a daemon of another kind; Error when none of the kinds runs here
 */
export function endpointsOf(kinds: readonly DaemonView['kind'][], from: string | undefined): Target[] {
  const running = findEndpoints();
  if (from !== undefined) {
    const target = named(from, running);
    if (target.kind !== undefined && !kinds.includes(target.kind))
      throw new UsageError(wrongKind({ ...target, name: from, kind: target.kind }, kinds, running));
    return [target];
  }
  for (const kind of kinds) {
    const ofKind = running.filter((each) => each.kind === kind && each.members === undefined);
    if (ofKind.length > 0) return ofKind;
  }
  const fleet = running.find(({ kind, members }) => kinds.includes(kind) && members !== undefined);
  if (fleet !== undefined) throw new UsageError(severalText(fleet));
  throw new Error(
    `no ${kinds.join(' or ')} runs here${runningText(running)}; start one (vaportrail lab), or name one with --from`,
  );
}

/** The one daemon to ask. @throws UsageError when several run and none is named */
export function endpointOf(kinds: readonly DaemonView['kind'][], from: string | undefined): Target {
  const [first, ...others] = endpointsOf(kinds, from);
  if (others.length === 0) return first!;
  const all = [first!, ...others].map(({ name }) => name).join(', ');
  throw new UsageError(`several run here (${all}): name one with --from`);
}

/** The daemons that run here and have routes: of kube and config nodes nobody can ask for any, nor of a whole fleet. */
export function endpointsWithRoutes(): Endpoint[] {
  return findEndpoints().filter(
    ({ kind, members }) => kind !== 'kube' && kind !== 'config-node' && members === undefined,
  );
}

function named(from: string, running: readonly Endpoint[]): Target {
  const found = running.find(({ name }) => name === from);
  if (found?.members !== undefined) throw new UsageError(severalText(found));
  if (found !== undefined) return found;
  const fleet = running.find(({ members }) => members !== undefined && isMember(from, members));
  if (fleet !== undefined) return { kind: fleet.kind, name: from, url: fleet.url, query: { agent: from } };
  if (/^https?:\/\//.test(from) || /:\d+$/.test(from)) return { url: from };
  const meant = suggestion(
    from,
    running.map(({ name }) => name),
  );
  const hint = meant === undefined ? runningText(running) : `; did you mean "${meant}"?`;
  throw new UsageError(`no daemon called "${from}" runs here${hint}`);
}

/** Whether an agent may be called so in a fleet with this pattern of names. */
function isMember(name: string, pattern: string): boolean {
  const parts = pattern.split(/\{n(?::\d)?\}/).map((part) => part.replace(/\W/g, '\\$&'));
  return pattern !== '' && new RegExp(`^${parts.join('\\d+')}$`).test(name);
}

function severalText({ name, members = '' }: Pick<Endpoint, 'name' | 'members'>): string {
  const one = members.replace(/\{n(?::(\d))?\}/g, (_, width?: string) =>
    '0'.padStart(Number(width ?? 0), '0'),
  );
  return `${name} are several agents: name one of them${one === '' ? '' : `, such as ${one},`} with --from`;
}

/** `cent222 is an agent: a control-node or gateway is asked this, such as cent111, camaro`. */
function wrongKind(
  { name, kind }: Pick<Endpoint, 'name' | 'kind'>,
  kinds: readonly Endpoint['kind'][],
  running: readonly Endpoint[],
): string {
  const others = running.filter((each) => kinds.includes(each.kind)).map((each) => each.name);
  const such = others.length === 0 ? '' : `, such as ${others.join(', ')}`;
  return `${name} is ${withArticle(kind)}: ${withArticle(kinds.join(' or '))} is asked this${such}`;
}

function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

function runningText(running: readonly Endpoint[]): string {
  return running.length === 0 ? '' : ` (running: ${running.map(({ name }) => name).join(', ')})`;
}
