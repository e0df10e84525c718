/**
 * The two edges of `npm run bench -- services` in a process of their own: the compute nodes, which take their settings
 * from the config node and publish, and the gateway, whose table is looked at. Talks to the benchmark by IPC.
 */
import { Gateway, gatewayConfig, type GatewayConfigInput } from '@vaportrail/gateway';
import type { VirtualRouterChange } from '@vaportrail/schema';
import { followLines } from './json-lines.ts';
import { nodeAddress, nodeName } from './service-cluster.ts';
import { ThinNode } from './thin-node.ts';

export interface EdgePlan {
  readonly nodes: number;
  /** Where the configuration API answers. */
  readonly api: string;
  readonly xmpp: { readonly address: string; readonly port: number };
  readonly gateway: GatewayConfigInput;
  /** The gateway's table. */
  readonly table: string;
}

/** Asks to be told when a prefix has so many paths in the gateway's table. */
export interface Expectation {
  readonly prefix: string;
  readonly paths: number;
}

export type EdgeReport =
  | { readonly type: 'established' }
  | {
      readonly type: 'table';
      readonly prefixes: number;
      readonly paths: number;
      /** When the nodes were last told anything, and published it: milliseconds since 1970. */
      readonly toldAt: number;
    }
  | { readonly type: 'expecting' }
  | { readonly type: 'seen' }
  | { readonly type: 'octets'; readonly octets: number }
  | { readonly type: 'lost'; readonly node: string };

/** Connections that are opened at a time. */
const OPENING = 64;
const LOOK = 50;
const KEEPALIVE = 20_000;

async function run(plan: EdgePlan, report: (report: EdgeReport) => void): Promise<void> {
  const gateway = new Gateway(gatewayConfig.parse(plan.gateway));
  await gateway.start();
  const nodes = Array.from(
    { length: plan.nodes },
    (_, node) => new ThinNode(nodeName(node), nodeAddress(node)),
  );
  for (let at = 0; at < nodes.length; at += OPENING) {
    const opening = nodes.slice(at, at + OPENING);
    await Promise.all(
      opening.map((node, index) =>
        node.open(plan.xmpp, () => report({ type: 'lost', node: nodeName(at + index) })),
      ),
    );
  }
  let toldAt = Date.now();
  for (const [at, node] of nodes.entries()) {
    followLines(`${plan.api}/watch/virtual-router/${nodeName(at)}`, (line) => {
      node.apply((line as { changes: VirtualRouterChange[] }).changes);
      toldAt = Date.now();
    });
  }
  setInterval(() => nodes.forEach((node) => node.keepAlive()), KEEPALIVE);
  report({ type: 'established' });

  let last = '';
  setInterval(() => {
    const { prefixes = 0, paths = 0 } = gateway.tables().find(({ name }) => name === plan.table) ?? {};
    if (`${prefixes} ${paths}` === last) return;
    last = `${prefixes} ${paths}`;
    report({ type: 'table', prefixes, paths, toldAt });
    report({ type: 'octets', octets: nodes.reduce((sum, { octets }) => sum + octets, 0) });
  }, LOOK);

  process.on('message', ({ prefix, paths }: Expectation) => {
    report({ type: 'expecting' });
    const look = (): void => {
      const found = gateway
        .routes({ table: plan.table, prefix })
        .flatMap((route) => route.paths.filter(({ kind }) => kind === 'BGP'));
      if (found.length === paths) report({ type: 'seen' });
      else setTimeout(look, 1);
    };
    look();
  });
}

if (process.send !== undefined && process.argv[2] === '--edge') {
  process.on('disconnect', () => process.exit(0));
  await run(JSON.parse(process.argv[3]!) as EdgePlan, (report) => process.send!(report));
}
