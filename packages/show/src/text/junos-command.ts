/**
 * The command line of a Junos operator over the views of a gateway: `show route table k8s-test.inet.0 detail | match state`.
 * Each command is a row; what it asks the gateway and how it prints the answer stand side by side.
 */
import type {
  DynamicTunnelsView,
  ForwardingTableView,
  GatewayNeighborView,
  GatewayTableView,
} from '../gateway-views.ts';
import { suggestion } from '../suggestion.ts';
import { bgpNeighbor, bgpSummary } from './junos-bgp.ts';
import { routeExchange } from './junos-exchange.ts';
import {
  dynamicTunnelsDatabase,
  forwardingTable,
  forwardingTableExtensive,
  tunnelInterface,
} from './junos-forwarding.ts';
import { type Element, elementJson, elementXml } from './junos-element.ts';
import { routeInformation } from './junos-markup.ts';
import { type RouteStyle, routeBrief, routeTerse } from './junos-route.ts';
import { routeDetail } from './junos-route-detail.ts';
import {
  bgpNeighborInformation,
  bgpSummaryInformation,
  configurationInformation,
  dynamicTunnelsInformation,
  forwardingInformation,
  interfaceInformation,
} from './junos-state-markup.ts';
import { pipeThrough } from './pipe.ts';

/** Thrown for words that are no command; the message says where they stop making sense. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** How a command reaches the gateway. */
export interface GatewayAccess {
  /** The answer of a view; parameters that are undefined are left out. */
  view<T>(path: string, query: Readonly<Record<string, string | undefined>>): Promise<T>;
  /** Has the gateway do something. */
  act(path: string, body: unknown): Promise<unknown>;
}

/** How answers look. */
export interface CommandOptions {
  readonly style?: RouteStyle;
}

interface Answer {
  readonly text: string;
  /** What `| display json` and `| display xml` print. */
  readonly document: Element;
}

interface Command {
  readonly words: string;
  readonly help: string;
  run(gateway: GatewayAccess, rest: string[], options: CommandOptions): Promise<Answer>;
}

const detailLevels = ['brief', 'terse', 'detail', 'extensive'] as const;

const commands: readonly Command[] = [
  {
    words: 'show route forwarding-table',
    help: '[table INSTANCE] [destination PREFIX] [extensive]',
    async run(gateway, rest) {
      const { given, flags } = optionsOf(rest, ['table', 'destination', 'family'], ['extensive']);
      const tables = await gateway.view<ForwardingTableView[]>('/forwarding-table', {
        instance: given['table'],
        destination: whole(given['destination']),
      });
      const render = flags.has('extensive') ? forwardingTableExtensive : forwardingTable;
      return { text: tables.map(render).join('\n'), document: forwardingInformation(tables) };
    },
  },
  exchange('show route receive-protocol bgp', 'received'),
  exchange('show route advertising-protocol bgp', 'advertised'),
  {
    words: 'show route',
    help: '[table TABLE] [PREFIX] [protocol PROTOCOL] [hidden] [brief|terse|detail|extensive]',
    async run(gateway, rest, { style = 'classic' }) {
      const { given, flags, plain } = optionsOf(
        rest,
        ['table', 'protocol'],
        [...detailLevels, 'hidden', 'exact'],
      );
      const tables = await gateway.view<GatewayTableView[]>('/route-table', {
        table: given['table'],
        protocol: given['protocol'],
        prefix: whole(plain[0]),
        ...(flags.has('hidden') ? { hidden: 'true' } : {}),
        ...(flags.has('exact') ? { match: 'exact' } : {}),
      });
      const level = detailLevels.find((known) => flags.has(known)) ?? 'brief';
      const render = {
        brief: (table: GatewayTableView) => routeBrief(table, style),
        terse: routeTerse,
        detail: (table: GatewayTableView) => routeDetail(table),
        extensive: (table: GatewayTableView) => routeDetail(table, { extensive: true }),
      }[level];
      return { text: tables.map(render).join(''), document: routeInformation(tables) };
    },
  },
  {
    words: 'show bgp summary',
    help: '',
    async run(gateway, rest) {
      optionsOf(rest, [], []);
      const [neighbors, tables] = await Promise.all([
        gateway.view<GatewayNeighborView[]>('/neighbors', {}),
        gateway.view<GatewayTableView[]>('/route-table', { entries: 'false', protocol: 'bgp' }),
      ]);
      const filled = tables.filter(({ name }) => name.startsWith('bgp.'));
      return { text: bgpSummary(neighbors, filled), document: bgpSummaryInformation(neighbors, filled) };
    },
  },
  {
    words: 'show bgp neighbor',
    help: '[ADDRESS]',
    async run(gateway, rest) {
      const { plain } = optionsOf(rest, [], []);
      const all = await gateway.view<GatewayNeighborView[]>('/neighbors', {});
      const neighbors = all.filter(
        ({ address, name }) => plain[0] === undefined || [address, name].includes(plain[0]),
      );
      if (neighbors.length === 0)
        throw new CommandError(`there is no BGP neighbor ${plain[0] ?? ''}`.trimEnd());
      return { text: neighbors.map(bgpNeighbor).join('\n'), document: bgpNeighborInformation(neighbors) };
    },
  },
  {
    words: 'show dynamic-tunnels database',
    help: '',
    async run(gateway, rest) {
      optionsOf(rest, [], []);
      const view = await gateway.view<DynamicTunnelsView>('/dynamic-tunnels', {});
      return { text: dynamicTunnelsDatabase(view), document: dynamicTunnelsInformation(view) };
    },
  },
  {
    words: 'show interfaces',
    help: '[gr-FPC/PIC/PORT.UNIT]',
    async run(gateway, rest) {
      const { plain } = optionsOf(rest, [], []);
      const { networks } = await gateway.view<DynamicTunnelsView>('/dynamic-tunnels', {});
      const tunnels = networks
        .flatMap((network) => network.tunnels)
        .filter(
          ({ interface: name }) =>
            plain[0] === undefined || name === plain[0] || name.startsWith(`${plain[0]}.`),
        );
      if (tunnels.length === 0 && plain[0] !== undefined)
        throw new CommandError(`device ${plain[0]} not found`);
      return { text: tunnels.map(tunnelInterface).join('\n'), document: interfaceInformation(tunnels) };
    },
  },
  {
    words: 'show configuration',
    help: '[| display set]',
    async run(gateway, rest) {
      const { statements } = await gateway.view<{ statements: string[] }>('/configuration', {});
      const under = rest.length === 0 ? '' : `set ${rest.join(' ')}`;
      const shown = statements.filter(
        (line) => line === under || under === '' || line.startsWith(`${under} `),
      );
      return { text: shown.map((line) => `${line}\n`).join(''), document: configurationInformation(shown) };
    },
  },
  change('set'),
  change('delete'),
];

/** `words  options` of every command, for help. */
export function commandHelp(): string[] {
  return commands.map(({ words, help }) => `${words} ${help}`.trimEnd());
}

/**
 * Runs one line, pipes included, and yields what it prints.
 * @throws CommandError, PipeError, or whatever `gateway` throws
 */
export async function runCommand(
  line: string,
  gateway: GatewayAccess,
  options: CommandOptions = {},
): Promise<string> {
  const [first = '', ...stages] = splitPipes(line);
  const words = first.split(/\s+/).filter((word) => word !== '');
  const command = commands.find(({ words: expected }) =>
    expected.split(' ').every((word, i) => words[i] === word),
  );
  if (command === undefined) throw unknown(words);
  const result = await command.run(gateway, words.slice(command.words.split(' ').length), options);
  let { text } = result;
  const filters: string[] = [];
  for (const stage of stages) {
    const [, display, form] = /^\s*(display)\s+(\S+)\s*$/.exec(stage) ?? [];
    if (display === undefined) filters.push(stage);
    else if (form === 'json') text = elementJson(result.document);
    else if (form === 'xml') text = elementXml(result.document);
    else if (form !== 'set') throw new CommandError(`this command has no ${form} form`);
  }
  return filters.length === 0 ? text : pipeThrough(text, filters);
}

/** Cuts at `|` outside of quotes: a pattern may hold one. */
function splitPipes(line: string): string[] {
  return line.match(/(?:"[^"]*"|'[^']*'|[^|])+/g) ?? [];
}

function unknown(words: readonly string[]): CommandError {
  if (words.length === 0) return new CommandError('expected a command');
  let known = commands.map(({ words: expected }) => expected.split(' '));
  for (const [i, word] of words.entries()) {
    const fitting = known.filter((expected) => expected[i] === word);
    if (fitting.length > 0) {
      known = fitting;
      continue;
    }
    const next = [...new Set(known.map((expected) => expected[i]).filter((each) => each !== undefined))];
    const meant = suggestion(word, next);
    return new CommandError(
      `"${word}" is not known: ${meant === undefined ? `expected ${next.join(', ')}` : `did you mean "${meant}"?`}`,
    );
  }
  const next = known.map((expected) => expected[words.length]).filter((each) => each !== undefined);
  return new CommandError(`"${words.join(' ')}" is not complete: expected ${[...new Set(next)].join(', ')}`);
}

interface Options {
  /** Words that follow a keyword. */
  readonly given: Readonly<Record<string, string | undefined>>;
  readonly flags: ReadonlySet<string>;
  readonly plain: readonly string[];
}

function optionsOf(words: readonly string[], keywords: readonly string[], flags: readonly string[]): Options {
  const given: Record<string, string> = {};
  const set = new Set<string>();
  const plain: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (keywords.includes(word)) {
      const value = words[++i];
      if (value === undefined) throw new CommandError(`"${word}" needs a value`);
      given[word] = value;
    } else if (flags.includes(word)) set.add(word);
    else if (plain.length === 0 && !(/^[a-z-]+$/.test(word) && suggestion(word, [...keywords, ...flags])))
      plain.push(word);
    else {
      const meant = suggestion(word, [...keywords, ...flags]);
      throw new CommandError(
        `"${word}" is not known${meant === undefined ? '' : `: did you mean "${meant}"?`}`,
      );
    }
  }
  return { given, flags: set, plain };
}

/** `101.101.101/24` written out: trailing octets may be left off. */
function whole(prefix: string | undefined): string | undefined {
  if (prefix === undefined || !/^\d+(\.\d+)*(\/\d+)?$/.test(prefix)) return prefix;
  const [address = '', length] = prefix.split('/');
  const octets = address.split('.');
  if (length === undefined && octets.length === 4) return prefix;
  while (octets.length < 4) octets.push('0');
  return `${octets.join('.')}/${length ?? address.split('.').length * 8}`;
}

function exchange(words: string, direction: 'received' | 'advertised'): Command {
  return {
    words,
    help: 'ADDRESS [table TABLE] [PREFIX]',
    async run(gateway, rest) {
      const [neighbor, ...others] = rest;
      if (neighbor === undefined) throw new CommandError(`"${words}" needs the address of a neighbor`);
      const { given, plain } = optionsOf(others, ['table'], [...detailLevels]);
      const tables = await gateway.view<GatewayTableView[]>('/route-table', {
        [direction]: neighbor,
        table: given['table'],
        prefix: whole(plain[0]),
      });
      return { text: routeExchange(tables), document: routeInformation(tables) };
    },
  };
}

function change(action: 'set' | 'delete'): Command {
  return {
    words: action,
    help: 'STATEMENT',
    async run(gateway, rest) {
      if (rest.length === 0) throw new CommandError(`"${action}" needs a statement`);
      await gateway.act('/configuration', { [action]: rest.join(' ') });
      return { text: '', document: { name: 'ok', content: null } };
    },
  };
}
