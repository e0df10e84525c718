/** `vaportrail gateway`: a provider edge with VRFs and Junos path selection. */
import { readConfigFile } from '@vaportrail/show';
import { addDaemonOptions, runDaemon } from '../daemon.ts';
import type { Subcommand } from '../command.ts';

export const gateway = {
  summary: 'run a gateway: VRFs that import by route target, with the path selection of a Junos router',
  examples: [
    ['vaportrail gateway -c gateway.yaml', 'in the foreground, until SIGTERM'],
    ['vaportrail gateway -c gateway.yaml --check', 'only read the configuration'],
  ],
  build: (command) =>
    addDaemonOptions(command, async (options) => {
      // Loaded when it is run: other commands start faster without.
      const { Gateway, gatewayConfig } = await import('@vaportrail/gateway');
      await runDaemon({
        kind: 'gateway',
        ...options,
        read: (file) => readConfigFile(file, gatewayConfig),
        create: (config, log) => new Gateway(config, { log }),
        endpoints: ({ name }) => [{ name }],
      });
    }),
} as const satisfies Subcommand;
