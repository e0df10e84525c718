/**
 * Configuration statements as a Junos operator types them: `set routing-instances k8s-test routing-options multipath`.
 * Each is a row: the words, how it changes the written configuration, and how it is found there again.
 */
import { suggestion } from '@vaportrail/show';
import { multipathStatements } from './multipath-statement.ts';
import { policyStatements } from './policy/policy-statements.ts';
import { type Statement, StatementError } from './statement-row.ts';
import type { WrittenConfig, WrittenInstance, WrittenStaticRoute } from './written-config.ts';
import { existing, instances, made, optionsOf } from './written-instance.ts';

const statements: readonly Statement[] = [
  ...policyStatements,
  {
    words: 'routing-instances NAME',
    set: (config, name) => void made(config, name!),
    delete: (config, name) => {
      existing(config, name!);
      config['routing-instances'] = config['routing-instances']!.filter((instance) => instance.name !== name);
    },
    inForce: () => [],
  },
  {
    words: 'routing-instances NAME instance-type vrf',
    set: (config, name) => void made(config, name!),
    delete: (config, name) => void existing(config, name!),
    inForce: (config) => instances(config).map(({ name }) => [name]),
  },
  instanceField('route-distinguisher', 'RD'),
  instanceField('vrf-target', 'TARGET'),
  instanceList('import', 'TARGET'),
  instanceList('export', 'TARGET'),
  instanceList('vrf-import', 'POLICY'),
  instanceList('vrf-export', 'POLICY'),
  {
    words: 'routing-instances NAME vrf-table-label',
    set: (config, name) => void (made(config, name!)['vrf-table-label'] = true),
    delete: (config, name) => void (existing(config, name!)['vrf-table-label'] = false),
    inForce: (config) =>
      instances(config)
        .filter((instance) => instance['vrf-table-label'] !== false)
        .map(({ name }) => [name]),
  },
  {
    words: 'routing-instances NAME interface IFL address ADDRESS',
    set(config, name, ifl, address) {
      const instance = made(config, name!);
      const others = (instance.interfaces ?? []).filter((known) => known.name !== ifl);
      instance.interfaces = [...others, { name: ifl!, address: address! }];
    },
    delete(config, name, ifl) {
      const instance = existing(config, name!);
      instance.interfaces = (instance.interfaces ?? []).filter((known) => known.name !== ifl);
    },
    inForce: (config) =>
      instances(config).flatMap((instance) =>
        (instance.interfaces ?? []).map((each) => [instance.name, each.name, each.address]),
      ),
  },
  ...multipathStatements,
  staticStatements(
    'routing-instances NAME routing-options',
    1,
    (config, [name], make) => {
      const options = optionsOf(make ? made(config, name!) : existing(config, name!));
      return (options.static ??= []);
    },
    (config) => instances(config).map(({ name }) => [name]),
  ),
  staticStatements(
    'routing-options',
    0,
    (config) => (tableOptions(config).static ??= []),
    () => [[]],
  ),
  staticStatements(
    'routing-options rib inet.3',
    0,
    (config) => ((tableOptions(config)['inet.3'] ??= {}).static ??= []),
    () => [[]],
  ),
  {
    words: 'routing-options dynamic-tunnels NAME source-address ADDRESS',
    set(config, name, address) {
      const tunnels = (config['dynamic-tunnels'] ??= []);
      const known = tunnels.find((tunnel) => tunnel.name === name);
      if (known === undefined)
        tunnels.push({ name: name!, 'source-address': address!, 'destination-networks': [] });
      else known['source-address'] = address!;
    },
    delete(config, name) {
      tunnel(config, name!);
      config['dynamic-tunnels'] = config['dynamic-tunnels']!.filter((known) => known.name !== name);
    },
    inForce: (config) => (config['dynamic-tunnels'] ?? []).map((each) => [each.name, each['source-address']]),
  },
  {
    words: 'routing-options dynamic-tunnels NAME TYPE',
    set: (config, name, type) => void (tunnel(config, name!).type = type as 'gre'),
    delete: (config, name) => void (tunnel(config, name!).type = 'gre'),
    inForce: (config) => (config['dynamic-tunnels'] ?? []).map((each) => [each.name, each.type ?? 'gre']),
  },
  {
    words: 'routing-options dynamic-tunnels NAME destination-networks PREFIX',
    set: (config, name, prefix) => setNetwork(config, name!, prefix!, 0),
    delete: (config, name, prefix) => deleteNetwork(config, name!, prefix!),
    inForce: (config) =>
      networks(config).flatMap(([name, prefix, metric]) => (metric === 0 ? [[name, prefix]] : [])),
  },
  {
    words: 'routing-options dynamic-tunnels NAME destination-networks PREFIX metric METRIC',
    set: (config, name, prefix, metric) => setNetwork(config, name!, prefix!, Number(metric)),
    delete: (config, name, prefix) => setNetwork(config, name!, prefix!, 0),
    inForce: (config) =>
      networks(config).flatMap(([name, prefix, metric]) =>
        metric === 0 ? [] : [[name, prefix, String(metric)]],
      ),
  },
];

/**
 * Changes a configuration in place by one statement.
 * @param words the statement without `set` or `delete`
 * @throws StatementError when there is no such statement, or nothing to delete
 */
export function applyStatement(
  config: WrittenConfig,
  action: 'set' | 'delete',
  words: readonly string[],
): void {
  let furthest = 0;
  const next = new Set<string>();
  for (const statement of statements) {
    const args = matched(statement, words);
    if (typeof args !== 'number') {
      statement[action](config, ...args);
      return;
    }
    if (args > furthest) {
      furthest = args;
      next.clear();
    }
    if (args === furthest) next.add(statement.words.split(' ')[args] ?? '(end)');
  }
  const said = words.slice(0, furthest).join(' ');
  const word = words[furthest];
  const expected = [...next];
  const meant = word === undefined ? undefined : suggestion(word, expected);
  throw new StatementError(
    word === undefined
      ? `"${said}" is not complete: expected ${expected.join(' or ')}`
      : `"${word}" is not known${said === '' ? '' : ` behind "${said}"`}: ` +
          (meant === undefined ? `expected ${expected.join(' or ')}` : `did you mean "${meant}"?`),
  );
}

/** Every statement in force, one line each, in the order of the table: `set routing-instances …`. */
export function statementLines(config: WrittenConfig): string[] {
  return statements.flatMap((statement) =>
    statement.inForce(config).map((args) => {
      let used = 0;
      const words = statement.words
        .split(' ')
        .map((word) => (isArgument(word) ? (args[used++] ?? '') : word));
      return `set ${words.join(' ')}`;
    }),
  );
}

function isArgument(word: string): boolean {
  return /^[A-Z]+$/.test(word);
}

/** The arguments when all words fit, otherwise how many of them do. */
function matched(statement: Statement, words: readonly string[]): string[] | number {
  const pattern = statement.words.split(' ');
  const args: string[] = [];
  for (const [i, expected] of pattern.entries()) {
    const word = words[i];
    if (word === undefined) return i;
    if (isArgument(expected)) args.push(word);
    else if (word !== expected) return i;
  }
  return words.length > pattern.length ? pattern.length : args;
}

function tableOptions(config: WrittenConfig): NonNullable<WrittenConfig['routing-options']> {
  return (config['routing-options'] ??= {});
}

function instanceField(field: 'route-distinguisher' | 'vrf-target', argument: string): Statement {
  return {
    words: `routing-instances NAME ${field} ${argument}`,
    set: (config, name, value) => void (made(config, name!)[field] = value!),
    delete: (config, name) => void delete (existing(config, name!) as Partial<WrittenInstance>)[field],
    inForce: (config) =>
      instances(config).flatMap((instance) => {
        const value = instance[field];
        return value === undefined ? [] : [[instance.name, value]];
      }),
  };
}

function instanceList(field: 'import' | 'export' | 'vrf-import' | 'vrf-export', argument: string): Statement {
  return {
    words: `routing-instances NAME ${field} ${argument}`,
    set(config, name, target) {
      const instance = made(config, name!);
      instance[field] = [...(instance[field] ?? []).filter((known) => known !== target), target!];
    },
    delete(config, name, target) {
      const instance = existing(config, name!);
      instance[field] = (instance[field] ?? []).filter((known) => known !== target);
    },
    inForce: (config) =>
      instances(config).flatMap((instance) =>
        (instance[field] ?? []).map((target) => [instance.name, target]),
      ),
  };
}

/** `static route PREFIX next-hop HOP` under a table's options. */
function staticStatements(
  under: string,
  arguments_: number,
  routesOf: (config: WrittenConfig, args: readonly string[], make: boolean) => WrittenStaticRoute[],
  places: (config: WrittenConfig) => readonly (readonly string[])[],
): Statement {
  return {
    words: `${under} static route PREFIX next-hop HOP`,
    set(config, ...args) {
      const [route = '', hop = ''] = args.slice(arguments_);
      const routes = routesOf(config, args, true);
      if (!routes.some((known) => known.route === route && known['next-hop'] === hop))
        routes.push({ route, 'next-hop': hop });
    },
    delete(config, ...args) {
      const [route = '', hop = ''] = args.slice(arguments_);
      const routes = routesOf(config, args, false);
      const at = routes.findIndex((known) => known.route === route && known['next-hop'] === hop);
      if (at < 0) throw new StatementError(`there is no static route ${route} next-hop ${hop}`);
      routes.splice(at, 1);
    },
    inForce: (config) =>
      places(config).flatMap((place) =>
        routesOf(config, place, false).map((known) => [...place, known.route, known['next-hop']]),
      ),
  };
}

type WrittenTunnel = NonNullable<WrittenConfig['dynamic-tunnels']>[number];

function tunnel(config: WrittenConfig, name: string): WrittenTunnel {
  const known = (config['dynamic-tunnels'] ?? []).find((each) => each.name === name);
  if (known === undefined)
    throw new StatementError(`there is no dynamic tunnel "${name}": set its source-address first`);
  return known;
}

function networks(config: WrittenConfig): [name: string, prefix: string, metric: number][] {
  return (config['dynamic-tunnels'] ?? []).flatMap((each) =>
    each['destination-networks'].map((network): [string, string, number] =>
      typeof network === 'string'
        ? [each.name, network, 0]
        : [each.name, network.prefix, network.metric ?? 0],
    ),
  );
}

function setNetwork(config: WrittenConfig, name: string, prefix: string, metric: number): void {
  const known = tunnel(config, name);
  deleteNetwork(config, name, prefix);
  known['destination-networks'].push(metric === 0 ? prefix : { prefix, metric });
}

function deleteNetwork(config: WrittenConfig, name: string, prefix: string): void {
  const known = tunnel(config, name);
  known['destination-networks'] = known['destination-networks'].filter(
    (network) => (typeof network === 'string' ? network : network.prefix) !== prefix,
  );
}
