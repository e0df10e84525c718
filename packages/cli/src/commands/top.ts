/** `vaportrail top`: sessions, rates and tables of running daemons, drawn anew every few seconds. */
import { columns, durationText, fetchView, type NeighborView, type TableView } from '@vaportrail/show';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import { endpointsOf, type Target } from '../endpoint.ts';
import { print, type Subcommand } from '../command.ts';

/** Moves the cursor home and clears the screen. */
const CLEAR = '\u001b[H\u001b[2J';

/** Lines of what has changed, the last one first. */
const LAST_CHANGES = 10;

interface Sight {
  readonly daemon: string;
  readonly at: number;
  readonly neighbors: readonly NeighborView[];
  readonly tables: readonly TableView[];
}

export const top = {
  summary: 'watch sessions, rates and tables of running daemons',
  examples: [
    ['vaportrail top', 'the control nodes and gateways of this machine, until Ctrl-C'],
    ['vaportrail top --from cent111 --count 1', 'one look, for a script'],
  ],
  build: (command) =>
    command
      .option('--from <daemon>', 'name of a daemon on this machine, or the address of its views')
      .option('--interval <seconds>', 'between two looks', positive, 2)
      .option('--count <looks>', 'end after so many looks', positive)
      .action(async ({ from, interval, count }: { from?: string; interval: number; count?: number }) => {
        let before: Sight[] = [];
        const changes: string[] = [];
        for (let look = 1; ; look++) {
          const targets = endpointsOf(['control-node', 'gateway'], from);
          const sights = await Promise.all(targets.map(see));
          changes.unshift(...sights.flatMap((sight) => changesSince(sight, before)).toReversed());
          changes.length = Math.min(changes.length, LAST_CHANGES);
          const last = changes.length === 0 ? '' : `\n\nLast changes\n${changes.join('\n')}`;
          print((process.stdout.isTTY ? CLEAR : '') + sightsText(sights, before) + last);
          if (look === count) return;
          before = sights;
          await sleep(interval * 1000);
        }
      }),
} as const satisfies Subcommand;

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError('A number above 0 is needed.');
  return number;
}

async function see({ url, name = url, query }: Target): Promise<Sight> {
  const [neighbors, tables] = await Promise.all([
    fetchView<NeighborView[]>(url, '/neighbors', query),
    fetchView<TableView[]>(url, '/tables', query),
  ]);
  return { daemon: name, at: Date.now(), neighbors, tables };
}

/** What is different from the last look: sessions and their state, tables and how much is in them. */
function changesSince({ daemon, at, neighbors, tables }: Sight, sights: readonly Sight[]): string[] {
  const before = sights.find((sight) => sight.daemon === daemon);
  if (before === undefined) return [];
  const time = new Date(at).toISOString().slice(11, 19);
  const lines: string[] = [];
  for (const { name, address, state, flaps, lastError } of neighbors) {
    const then = before.neighbors.find((other) => other.name === name && other.address === address);
    const because = state === 'Established' || lastError === undefined ? '' : `: ${lastError}`;
    if (then === undefined) lines.push(`${name} is new, ${state}`);
    else if (then.state !== state) lines.push(`${name} ${then.state} → ${state}${because}`);
    else if (then.flaps !== flaps) lines.push(`${name} went down and came up again`);
  }
  for (const { name, address } of before.neighbors)
    if (!neighbors.some((other) => other.name === name && other.address === address))
      lines.push(`${name} is gone`);
  for (const { name, prefixes, paths } of tables) {
    const then = before.tables.find((other) => other.name === name) ?? { prefixes: 0, paths: 0 };
    if (then.prefixes !== prefixes || then.paths !== paths)
      lines.push(`${name} ${then.prefixes} → ${prefixes} routes, ${then.paths} → ${paths} paths`);
  }
  return lines.map((line) => `${time}  ${daemon}  ${line}`);
}

function sightsText(sights: readonly Sight[], before: readonly Sight[]): string {
  return sights
    .map((sight) =>
      sightText(
        sight,
        before.find(({ daemon }) => daemon === sight.daemon),
      ),
    )
    .join('\n\n');
}

function sightText({ daemon, at, neighbors, tables }: Sight, before: Sight | undefined): string {
  const seconds = before === undefined ? 0 : (at - before.at) / 1000;
  const rate = (row: NeighborView, side: 'received' | 'sent'): string | undefined => {
    const then = before?.neighbors.find(({ name, address }) => name === row.name && address === row.address);
    if (then === undefined || seconds === 0) return undefined;
    return (Math.max(0, row[side].updates - then[side].updates) / seconds).toFixed(1);
  };
  const up = neighbors.filter(({ state }) => state === 'Established').length;
  return [
    `${daemon}  ${new Date(at).toISOString()}  ${up} of ${neighbors.length} sessions established`,
    columns<NeighborView>(
      [
        { title: 'Neighbor', cell: ({ name }) => name },
        { title: 'State', cell: ({ state }) => state },
        {
          title: 'Up',
          cell: ({ establishedAt: since }) =>
            since === undefined ? undefined : durationText((at - Date.parse(since)) / 1000),
          align: 'right',
        },
        { title: 'Paths', cell: ({ paths }) => paths, align: 'right' },
        { title: 'In/s', cell: (row) => rate(row, 'received'), align: 'right' },
        { title: 'Out/s', cell: (row) => rate(row, 'sent'), align: 'right' },
        { title: 'Backlog', cell: ({ backlog }) => backlog, align: 'right' },
        { title: 'Flaps', cell: ({ flaps }) => flaps, align: 'right' },
      ],
      neighbors,
    ),
    columns<TableView>(
      [
        { title: 'Table', cell: ({ name }) => name },
        { title: 'Routes', cell: ({ prefixes }) => prefixes, align: 'right' },
        { title: 'Paths', cell: ({ paths }) => paths, align: 'right' },
        {
          title: 'Change',
          cell: (row) => {
            const then = before?.tables.find(({ name }) => name === row.name);
            return then === undefined || then.paths === row.paths ? undefined : row.paths - then.paths;
          },
          align: 'right',
        },
      ],
      tables.filter(({ paths }) => paths > 0),
    ),
  ].join('\n');
}
