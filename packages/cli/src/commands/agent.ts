/** `vaportrail agent`: a compute node, several of them, or a fleet made after a pattern. */
import type { AgentFile } from '@vaportrail/agent';
import { readConfigFile } from '@vaportrail/show';
import {
  addDaemonOptions,
  addRecordOptions,
  recordOptions,
  runDaemon,
  type NamedEndpoint,
} from '../daemon.ts';
import type { Subcommand } from '../command.ts';

export const agent = {
  summary: 'run the agent of a compute node: its pods, floating IPs and VRFs; or a fleet of them',
  examples: [
    ['vaportrail agent -c agent.yaml', 'in the foreground, until SIGTERM'],
    ['vaportrail agent -c agent.yaml --check', 'only read the configuration'],
  ],
  build: (command) =>
    addDaemonOptions(addRecordOptions(command), async ({ given, ...options }) => {
      // Loaded when it is run: other commands start faster without.
      const { Fleet, agentFileConfig } = await import('@vaportrail/agent');
      await runDaemon({
        kind: 'agent',
        ...options,
        record: recordOptions(given),
        read: (file) => readConfigFile(file, agentFileConfig),
        create: (config, log, recorder) => new Fleet(config, { log, recorder }),
        endpoints: agentEndpoints,
      });
    }),
} as const satisfies Subcommand;

/** Each agent of a file is found by its own name, those of a fleet by the pattern of their names. */
function agentEndpoints({ name, agents, fleet }: AgentFile): NamedEndpoint[] {
  if (agents.length === 1 && fleet === undefined) return [{ name }];
  return [
    { name, members: fleet?.name ?? '' },
    ...agents.map((agent) => ({ name: agent.name, query: { agent: agent.name } })),
  ];
}
