/** `vaportrail lab`: the whole story of a LoadBalancer service, on this machine, with real routers. */
import { InvalidArgumentError } from 'commander';
import { join } from 'node:path';
import {
  Lab,
  Narrator,
  defaultTopologyFile,
  gatewayKinds,
  readTopology,
  tell,
  writeDeployment,
  type GatewayKind,
  type StoryReport,
} from '@vaportrail/lab';
import { createLog } from '@vaportrail/show';
import { exitCode, print, type Subcommand } from '../command.ts';
import { insideFabric, runInNamespaces } from '../namespaces.ts';

interface LabOptions {
  readonly topology: string;
  readonly namespaces?: true;
  readonly write?: string;
  readonly once?: true;
  readonly json?: true;
  readonly peers?: readonly GatewayKind[];
}

export const lab = {
  summary: 'run the lab and tell the story of a LoadBalancer service, step by step',
  examples: [
    ['vaportrail lab', 'tell the story, then stay up to look around'],
    ['vaportrail lab --once --peers frr', 'with FRR alone, and end after the last step'],
    ['vaportrail lab --once --json | jq .held', 'one JSON document for a script'],
    ['vaportrail lab --namespaces', 'as root: with the real addresses, port 179 and 5269'],
    ['vaportrail lab --topology my-lab.yaml', 'another topology; copy the one that --help names'],
    ['vaportrail lab --write deploy', 'write the configuration of every router of the topology, run nothing'],
  ],
  build: (command) =>
    command
      .option('--topology <file>', 'topology to run', defaultTopologyFile)
      .option(
        '--peers <list>',
        `gateways to run: ${gatewayKinds.join(',')} (default: all that are installed)`,
        kinds,
      )
      .option(
        '--namespaces',
        'give every router the real address of the topology, in network namespaces (root)',
      )
      .option(
        '--write <folder>',
        'write the configuration files of every router into a folder, and run nothing',
      )
      .option('--once', 'end after the last step; the exit code is 0 when every step held')
      .option('--json', 'print one JSON document with what every peer had in every step (implies --once)')
      .action(run),
} as const satisfies Subcommand;

function kinds(text: string): GatewayKind[] {
  const chosen = text.split(',').map((each) => each.trim());
  const unknown = chosen.find((each) => !(gatewayKinds as readonly string[]).includes(each));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`"${unknown}" is none of ${gatewayKinds.join(', ')}.`);
  }
  return [...new Set(chosen as GatewayKind[])];
}

async function run(options: LabOptions): Promise<void> {
  const topology = readTopology(options.topology);
  if (options.write !== undefined) {
    for (const name of await writeDeployment(topology, options.write)) print(join(options.write, name));
    return;
  }
  if (options.namespaces === true && insideFabric() === undefined) {
    process.exitCode = await runInNamespaces(topology, options.peers ?? gatewayKinds);
    return;
  }
  const interrupted = interruption();
  const running = await Lab.start({
    topology,
    ...insideFabric(),
    ...(options.peers === undefined ? {} : { peers: options.peers }),
    log: createLog('lab', process.env['VAPORTRAIL_LOG'] ?? 'silent'),
  });
  try {
    const told = options.json === true ? tell(running) : narrate(running);
    const report = await Promise.race([told, interrupted]);
    if (report === undefined) {
      process.exitCode = exitCode.failed;
      return;
    }
    if (options.json === true) print(JSON.stringify(report, null, 2));
    process.exitCode = report.held ? exitCode.ok : exitCode.failed;
    if (options.json === true || options.once === true) return;
    print(lookAround(running));
    await interrupted;
  } finally {
    await running.stop();
  }
}

async function narrate(running: Lab): Promise<StoryReport> {
  const narrator = new Narrator({
    write: (text) => process.stdout.write(text),
    color: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    width: Math.min(process.stdout.columns ?? 100, 110),
  });
  narrator.opening(running);
  const report = await tell(running, narrator);
  narrator.closing(report);
  return report;
}

function lookAround(running: Lab): string {
  return [
    '',
    'The lab stays up until Ctrl-C. Look around from another terminal:',
    '  npx vaportrail show neighbors',
    `  npx vaportrail show routes ${running.prefix}`,
    '  npx vaportrail show vrf',
    ...running.peers.flatMap(({ access }) => (access === undefined ? [] : [`  ${access}`])),
  ].join('\n');
}

/** Resolves when the user has had enough. */
function interruption(): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(undefined));
  });
}
