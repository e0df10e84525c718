/** The control node of `npm run bench -- services` in a process of its own; its routing instances are the config node's. */
import { ControlNode, controlNodeConfig, type ControlNodeConfigInput } from '@vaportrail/control-node';
import { followLines } from './json-lines.ts';

export interface ControlNodePlan {
  readonly config: ControlNodeConfigInput;
  /** Where the configuration API answers. */
  readonly api: string;
}

async function run({ config, api }: ControlNodePlan): Promise<void> {
  const node = new ControlNode(controlNodeConfig.parse(config));
  await node.start();
  process.send!({ type: 'started', xmpp: node.xmppAddress });
  let reloading = Promise.resolve();
  followLines(`${api}/watch/routing-instances`, (line) => {
    const instances = (line as { 'routing-instances': ControlNodeConfigInput['routing-instances'] })[
      'routing-instances'
    ];
    reloading = reloading.then(() =>
      node.reload(controlNodeConfig.parse({ ...config, 'routing-instances': instances })),
    );
  });
}

if (process.send !== undefined && process.argv[2] === '--control-node') {
  process.on('disconnect', () => process.exit(0));
  await run(JSON.parse(process.argv[3]!) as ControlNodePlan);
}
