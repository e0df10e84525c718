/** `vaportrail config`: the config node. */
import { readConfigFile } from '@vaportrail/show';
import { addDaemonOptions, runDaemon } from '../daemon.ts';
import type { Subcommand } from '../command.ts';

export const config = {
  summary: 'run a config node: objects, allocation, load-balancer driver and their REST API',
  examples: [
    ['vaportrail config -c config.yaml', 'in the foreground, until SIGTERM'],
    ['vaportrail config -c config.yaml --check', 'only read the configuration'],
  ],
  build: (command) =>
    addDaemonOptions(command, async (options) => {
      // Loaded when it is run: other commands start faster without.
      const { ConfigNode, configNodeConfig } = await import('@vaportrail/config');
      await runDaemon({
        kind: 'config-node',
        ...options,
        read: (file) => readConfigFile(file, configNodeConfig),
        create: (settings, log) => new ConfigNode(settings, { log }),
        endpoints: ({ name }) => [{ name }],
      });
    }),
} as const satisfies Subcommand;
