/** `vaportrail control-node`: BGP and XMPP, routing instances, views over HTTP. */
import { readConfigFile } from '@vaportrail/show';
import { addDaemonOptions, addRecordOptions, recordOptions, runDaemon } from '../daemon.ts';
import type { Subcommand } from '../command.ts';

/** Milliseconds given to the compiler before the first session, if there are BGP peers to wait for. */
const WARM_UP = 250;

export const controlNode = {
  summary: 'run a control node: XMPP towards agents, MP-BGP towards gateways and other control nodes',
  examples: [
    ['vaportrail control-node -c control-node.yaml', 'in the foreground, until SIGTERM'],
    ['vaportrail control-node -c control-node.yaml --check', 'only read the configuration'],
  ],
  build: (command) =>
    addDaemonOptions(addRecordOptions(command), async ({ given, ...options }) => {
      // Loaded when it is run: other commands start faster without.
      const { ControlNode, controlNodeConfig } = await import('@vaportrail/control-node');
      const { warmUp } = await import('@vaportrail/rib');
      await runDaemon({
        kind: 'control-node',
        ...options,
        record: recordOptions(given),
        read: (file) => readConfigFile(file, controlNodeConfig),
        create: (config, log, recorder) => {
          if (config.bgp.peers.length > 0) warmUp(WARM_UP, () => performance.now());
          return new ControlNode(config, { log, recorder });
        },
        endpoints: ({ name }) => [{ name }],
      });
    }),
} as const satisfies Subcommand;
