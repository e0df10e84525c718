/** `vaportrail control-node`: BGP and XMPP, routing instances, views over HTTP. */
import { readConfigFile } from '@vaportrail/show';
import { addDaemonOptions, addRecordOptions, recordOptions, runDaemon } from '../daemon.ts';
import type { Subcommand } from '../command.ts';

export const controlNode = {
  summary: 'run a control node: XMPP towards agents, MP-BGP towards gateways and other control nodes',
  examples: [
    ['vaportrail control-node -c control-node.yaml', 'in the foreground, until SIGTERM'],
    ['vaportrail control-node -c control-node.yaml --check', 'only read the configuration'],
  ],
  build: (command) =>
    addDaemonOptions(addRecordOptions(command), async ({ given, ...options }) => {
      // Loaded when it is run: other commands start faster without.
      const { ControlNode, controlNodeConfig, rehearse } = await import('@vaportrail/control-node');
      const { warmUp } = await import('@vaportrail/rib');
      await runDaemon({
        kind: 'control-node',
        ...options,
        record: recordOptions(given),
        read: (file) => readConfigFile(file, controlNodeConfig),
        create: async (config, log, recorder) => {
          const { peers, 'dynamic-peers': dynamic } = config.bgp;
          const hasPeers = peers.length + dynamic.length > 0;
          if (hasPeers) await rehearse();
          const node = new ControlNode(config, { log, recorder });
          if (hasPeers) inSpareTime(warmUp());
          return node;
        },
        endpoints: ({ name }) => [{ name }],
      });
    }),
} as const satisfies Subcommand;

/** Takes one step after the other while sessions come up, and keeps neither them nor the process waiting. */
function inSpareTime(steps: Iterator<unknown>): void {
  const step = (): void => {
    if (steps.next().done !== true) setTimeout(step, 1).unref();
  };
  setTimeout(step, 1).unref();
}
