/** `vaportrail replay`: what a daemon had in its tables, made anew from what it was told. */
import { readFileSync } from 'node:fs';
import { fileProblem, neighborsText, routesText } from '@vaportrail/show';
import { RecordingError } from '@vaportrail/show/recording';
import { z } from 'zod';
import { exitCode, print, printJson, UsageError, type Subcommand } from '../command.ts';
import { differences } from '../replay/expectation.ts';
import { replayRun, type ReplayedRun, type ReplayedTables } from '../replay/replayed-run.ts';

interface ReplayCommandOptions {
  readonly until?: string;
  readonly run?: string;
  readonly expect?: string;
  readonly json?: true;
}

export const replay = {
  summary: 'feed a recording of a control node or agent to a fresh one, and print its tables',
  examples: [
    ['vaportrail control-node -c control-node.yaml --record run.ndjson', 'make a recording'],
    ['vaportrail replay run.ndjson', 'the tables as they were at its end'],
    ['vaportrail replay run.ndjson --until +90', 'as they were 90 seconds after the start'],
    ['vaportrail replay run.ndjson --until 2026-11-22T14:00:05Z --json', 'as JSON, at a time'],
    ['vaportrail replay run.ndjson --json >expected.json', 'keep them'],
    ['vaportrail replay run.ndjson --expect expected.json', 'and see later whether they are still the same'],
  ],
  build: (command) =>
    command
      .argument('<recording>', 'file written by "--record"')
      .option('--until <time>', 'stop at a time (ISO 8601), or so many seconds after the start (+90)')
      .option('--run <n>', 'which start of the daemon, from 1 (default: the last in the file)')
      .option('--expect <file>', 'compare the tables with those of a file that "--json" wrote')
      .option('--json', 'the tables as JSON')
      .addHelpText(
        'after',
        '\nThe replay has no network, and its time is that of the records: the same file gives the same tables.\n' +
          'Exit code: 0, or 1 when the tables are not those of --expect, 2 trouble.',
      )
      .action(async (path: string, options: ReplayCommandOptions) => {
        const until = options.until === undefined ? undefined : untilOf(options.until);
        const replayed = await trouble(() => replayRun(path, { run: runOf(options.run), until }));
        for (const problem of replayed.problems) process.stderr.write(`${path}: ${problem}\n`);
        if (options.expect === undefined) {
          if (options.json === true) printJson(replayed);
          else print(replayText(replayed));
          return;
        }
        const { expect } = options;
        const expected = await trouble(
          async () => JSON.parse(readFileSync(expect, 'utf8')) as { readonly tables?: unknown },
        );
        const found = differences(expected.tables, JSON.parse(JSON.stringify(replayed.tables)));
        if (options.json === true) printJson({ same: found.length === 0, differences: found });
        else print(found.length === 0 ? `${replayed.records} records: the same tables` : found.join('\n'));
        if (found.length > 0) process.exitCode = exitCode.failed;
      }),
} as const satisfies Subcommand;

/** What keeps a file from being read or replayed is the caller's to mend. */
async function trouble<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof z.ZodError) {
      const [{ path, message } = { path: [], message: 'is none' }, ...others] = error.issues;
      const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
      const field = path.length === 0 ? '' : `${path.join('.')}: `;
      throw new UsageError(`the configuration in the recording: ${field}${message}${more}`);
    }
    const { name, code, message, path } = error as NodeJS.ErrnoException;
    const isTheirs = error instanceof RecordingError || code !== undefined || name === 'SyntaxError';
    throw isTheirs
      ? new UsageError(path === undefined ? message : `${path}: ${fileProblem(error as Error)}`)
      : error;
  }
}

function untilOf(text: string): (startedAt: number) => number {
  const seconds = /^\+(\d+(?:\.\d+)?)$/.exec(text)?.[1];
  if (seconds !== undefined) return (startedAt) => startedAt + Number(seconds) * 1000;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new UsageError(`--until: "${text}" is neither a time nor +SECONDS`);
  return () => time;
}

function runOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--run: "${text}" is not a number from 1`);
  return Number(text);
}

function replayText({ daemon, name, run, runs, at, records, end, tables }: ReplayedRun): string {
  const now = Date.parse(at);
  const head = `${daemon} ${name}, run ${run} of ${runs}: ${records} records until ${at} (${end})`;
  const sections = 'agents' in tables ? tables.agents : [{ name, ...tables }];
  return [
    head,
    ...sections.flatMap((each: ReplayedTables & { readonly name: string }) => [
      ...(sections.length > 1 ? ['', `== ${each.name}`] : []),
      '',
      neighborsText(each.neighbors, now),
      '',
      routesText(each.routes),
    ]),
  ].join('\n');
}
