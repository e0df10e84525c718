/** `vaportrail what-if`: what would be chosen if something were different, without making it so. */
import { fetchView, type DaemonView, type NeighborView } from '@vaportrail/show';
import { type RuleSetName, multipathModes } from '@vaportrail/rib';
import { UsageError, print, printJson, type Subcommand } from '../command.ts';
import { endpointsOf, type Target } from '../endpoint.ts';
import { prefixArgument } from '../prefix-argument.ts';
import {
  parseChange,
  whatIf as compute,
  type Change,
  type Outcome,
  type WhatIf,
  type WhatIfPath,
} from '../rib/what-if.ts';

interface WhatIfOptions {
  readonly set: readonly Change[];
  readonly at?: string;
  readonly vrf?: string;
  readonly json?: true;
}

interface TableOutcome extends WhatIf {
  readonly daemon: string;
  readonly table: string;
}

export const whatIf = {
  summary: 'which path would be best if an attribute, a metric or a knob were different',
  examples: [
    [
      "vaportrail what-if 101.101.101.252/32 --set 'local-pref 100 from 10.169.25.21'",
      'less preferred from one compute node',
    ],
    ["vaportrail what-if 101.101.101.252/32 --set 'multipath vpn-unequal-cost'", 'with the knob'],
    [
      "vaportrail what-if 101.101.101.252/32 --set 'withdraw from 10.169.25.20' --at camaro",
      'without a node',
    ],
  ],
  build: (command) =>
    command
      .argument('<prefix>', 'a prefix or an address, e.g. 101.101.101.252/32', prefixArgument)
      .requiredOption(
        '--set <change>',
        'local-pref|med|as-path|origin|igp-metric|preference|multipath VALUE, or withdraw, [from NEXT-HOP|SOURCE] (repeatable)',
        (text: string, before: readonly Change[] = []) => [...before, readChange(text)],
      )
      .option('--at <daemon>', 'name of a daemon on this machine, or the address of its views')
      .option('--vrf <name>', 'only the tables of this VRF or routing instance')
      .option('--json', 'the outcome as JSON')
      .addHelpText(
        'after',
        '\nNothing is changed: the paths are compared in a RIB of their own, by the same rules.',
      )
      .action(async (prefix: string, options: WhatIfOptions) => {
        const targets = endpointsOf(['gateway', 'control-node', 'agent'], options.at);
        const outcomes = (await Promise.all(targets.map((each) => outcomesAt(each, prefix, options)))).flat();
        if (outcomes.length === 0) throw new Error(`no table there chooses among paths to ${prefix}`);
        if (options.json === true) printJson(outcomes);
        else print(outcomes.map(outcomeText).join('\n\n'));
      }),
} as const satisfies Subcommand;

function readChange(text: string): Change {
  try {
    return parseChange(text);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** The tables of a daemon in which the prefix stands alone: VPN tables have one path a route distinguisher. */
async function outcomesAt(
  { url, name = url, query }: Target,
  prefix: string,
  { set, vrf }: WhatIfOptions,
): Promise<TableOutcome[]> {
  const [daemon, routes, neighbors] = await Promise.all([
    fetchView<DaemonView>(url, '/daemon', query),
    fetchView<{ table: string; prefix: string; paths: WhatIfPath[] }[]>(url, '/routes', { ...query, prefix }),
    fetchView<NeighborView[]>(url, '/neighbors', query),
  ]);
  const gateway = daemon.kind === 'gateway';
  const statements = gateway
    ? (await fetchView<{ statements: string[] }>(url, '/configuration', query)).statements
    : [];
  const rules = !gateway
    ? ((daemon.selection ?? 'contrail') as RuleSetName)
    : statements.some((line) => /always-compare-med( true)?$/.test(line))
      ? 'junos-always-compare-med'
      : 'junos';
  return routes
    .filter((route) => route.prefix === prefix && (vrf === undefined || route.table.startsWith(`${vrf}.`)))
    .map((route) => {
      const paths = route.paths.filter((path) => (path as { kind?: string }).kind !== 'Multipath');
      try {
        return {
          daemon: name,
          table: route.table,
          ...compute(
            {
              rules,
              multipath: gateway ? knobOf(route.table, statements) : undefined,
              asn: daemon.asn ?? 0,
              prefix,
              paths,
              neighbors,
            },
            set,
          ),
        };
      } catch (error) {
        if (error instanceof RangeError) throw new UsageError(error.message);
        throw error;
      }
    });
}

/** The multipath mode of a VRF table, from the statements of its gateway. */
function knobOf(table: string, statements: readonly string[]): (typeof multipathModes)[number] {
  const [instance = ''] = table.split('.inet');
  const knobs = statements.filter((line) =>
    line.startsWith(`set routing-instances ${instance} routing-options multipath`),
  );
  if (knobs.length === 0) return 'off';
  const named = multipathModes.toReversed().find((mode) => knobs.some((line) => line.includes(mode)));
  return named === undefined || named === 'off' ? 'multipath' : named;
}

function outcomeText({ daemon, table, before, after, faithful }: TableOutcome): string {
  const same = JSON.stringify(before) === JSON.stringify(after);
  return [
    `${daemon} ${table}${same ? ': nothing would change' : ''}`,
    ...(faithful
      ? []
      : ['  the paths alone do not tell why the daemon chose as it did: the outcome is a guess']),
    '  now',
    ...before.map(pathText),
    ...(same ? [] : ['  then', ...after.map(pathText)]),
  ].join('\n');
}

function pathText({ nextHop, source, routeDistinguisher, best, multipath, because }: Outcome): string {
  const mark = best ? '*' : multipath ? '=' : ' ';
  const distinguisher = routeDistinguisher === undefined ? '' : ` (${routeDistinguisher})`;
  return `    ${mark} ${nextHop}${distinguisher} from ${source}${because === undefined ? '' : `: ${because}`}`;
}
