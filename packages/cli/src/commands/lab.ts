/** `vaportrail lab`: the whole story of a LoadBalancer service, on this machine, with real routers. */
import { defaultTopologyFile, gatewayKinds, type GatewayKind } from '@vaportrail/lab/topology';
import { InvalidArgumentError } from 'commander';
import type { LabOptions } from '../run-lab.ts';
import type { Subcommand } from '../command.ts';

export const lab = {
  summary: 'run the lab and tell the story of a LoadBalancer service, step by step',
  examples: [
    ['vaportrail lab', 'tell the story, then stay up to look around'],
    ['vaportrail lab --once --peers frr', 'with FRR alone, and end after the last step'],
    ['vaportrail lab --once --json | jq .held', 'one JSON document for a script'],
    ['vaportrail lab --namespaces', 'as root: with the real addresses, port 179 and 5269'],
    ['vaportrail lab --topology my-lab.yaml', 'another topology; copy the one that --help names'],
    ['vaportrail lab --manifests my-manifests', "your own Services; the topology's first one is played with"],
    ['vaportrail lab --write deploy', 'write the configuration of every router of the topology, run nothing'],
  ],
  build: (command) =>
    command
      .option('--topology <file>', 'topology to run', defaultTopologyFile)
      .option(
        '--manifests <folder>',
        'Kubernetes manifests that the service comes from (default: those of the book, with its topology)',
      )
      .option('--no-manifests', "networks, pods and services from the topology's own lists")
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
      .action(async (options: LabOptions) => {
        // Loaded when it is run: other commands start faster without.
        const { runLab } = await import('../run-lab.ts');
        await runLab(options);
      }),
} as const satisfies Subcommand;

function kinds(text: string): GatewayKind[] {
  const chosen = text.split(',').map((each) => each.trim());
  const unknown = chosen.find((each) => !(gatewayKinds as readonly string[]).includes(each));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`"${unknown}" is none of ${gatewayKinds.join(', ')}.`);
  }
  return [...new Set(chosen as GatewayKind[])];
}
