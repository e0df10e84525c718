/** `vaportrail diff`: two RIBs side by side, from wherever they are. */
import { exitCode, print, printJson, UsageError, type Subcommand } from '../command.ts';
import { compareRibs, differencesText } from '../rib/compare.ts';
import type { ComparedPath } from '../rib/compared-path.ts';
import { readRib } from '../rib/read-rib.ts';

interface DiffOptions {
  readonly table: string;
  readonly prefix?: string;
  readonly best?: true;
  readonly json?: true;
}

export const diff = {
  summary: 'compare two RIBs: daemons, live FRR or GoBGP, MRT dumps, what FRR, GoBGP or BIRD printed',
  examples: [
    ['vaportrail diff before.mrt cent111', 'what changed since the dump'],
    [
      'vaportrail diff cent111 frr',
      'what the FRR of the lab has and the control node has not, and vice versa',
    ],
    ['vaportrail diff cent111 gobgp:127.0.0.1:50051 --best', 'only best paths'],
    ['vaportrail diff monday.mrt.gz tuesday.mrt.gz --json', 'as JSON'],
  ],
  build: (command) =>
    command
      .argument('<first>', 'a daemon, frr[:VTY-FOLDER], gobgp[:ADDRESS[:PORT]], or a file')
      .argument('<second>', 'the same')
      .option('--table <name>', 'table of a daemon or of its dump', 'bgp.l3vpn.0')
      .option('--prefix <prefix>', 'only routes to this prefix')
      .option('--best', 'only best paths; a side that does not tell which they are keeps all')
      .option('--json', 'the differences as JSON')
      .addHelpText(
        'after',
        '\n"-" is only in the first, "+" only in the second, "!" is in both with other attributes.\n' +
          'Exit code as that of diff: 0 no difference, 1 differences, 2 trouble.',
      )
      .action(async (first: string, second: string, { table, prefix, best, json }: DiffOptions) => {
        const read = async (name: string): Promise<ComparedPath[]> => {
          try {
            const paths = await readRib(name, { table, prefix });
            return best === true ? paths.filter((path) => path.best !== false) : paths;
          } catch (error) {
            throw new UsageError(`${name}: ${(error as Error).message}`);
          }
        };
        const differences = compareRibs(...(await Promise.all([read(first), read(second)])));
        if (json === true) printJson(differences);
        else if (differences.length > 0) print(differencesText(differences));
        if (differences.length > 0) process.exitCode = exitCode.failed;
      }),
} as const satisfies Subcommand;
