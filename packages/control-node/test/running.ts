/** A control node with real sockets on loopback, and agents made of text. */
import { type ControlNodeConfigInput, controlNodeConfig } from '../src/config.ts';
import { ControlNode, type ControlNodeOptions } from '../src/control-node.ts';
import { RawAgent } from './raw-agent.ts';

export const RED = 'default-domain:demo:red:red';
export const BLUE = 'default-domain:demo:blue:blue';
export const FIP = '172.16.0.3/32';

export type Test = { teardown(end: () => unknown): void };

export async function controlNode(
  t: Test,
  change: Partial<ControlNodeConfigInput> = {},
  options: ControlNodeOptions = {},
): Promise<ControlNode> {
  const node = new ControlNode(
    controlNodeConfig.parse({
      name: 'ctrl-1',
      'router-id': '10.1.1.1',
      bgp: { listen: [] },
      xmpp: { listen: { address: '127.0.0.1', port: 0 }, 'end-of-rib-delay': 0.1 },
      'routing-instances': [
        { name: RED, 'vn-index': 6, 'route-targets': ['64512:8000004'] },
        { name: BLUE, 'vn-index': 7, 'route-targets': ['64512:8000005'] },
      ],
      ...change,
    }),
    options,
  );
  await node.start();
  t.teardown(() => node.stop());
  return node;
}

export async function agent(
  t: Test,
  node: ControlNode,
  name: string,
  localAddress?: string,
): Promise<RawAgent> {
  const agent = await RawAgent.connect(node.xmppAddress!, name, localAddress);
  t.teardown(() => agent.end());
  return agent;
}

export const route = {
  instance: RED,
  prefix: FIP,
  nextHop: '10.1.1.3',
  label: 25,
  securityGroups: [8000002],
  sequence: 1,
};

/** Items of one prefix as next hops with labels, in the order they came. */
export function items(agent: RawAgent, prefix: string): string[] {
  return [...agent.received.matchAll(/<item id="([^"]+)">(.*?)<\/item>/gs)]
    .filter(([, id]) => id === prefix)
    .map(([, , body]) =>
      [...body!.matchAll(/<next-hop>.*?<address>([^<]+)<.*?<label>(\d+)</gs)]
        .map(([, a, l]) => `${a} ${l}`)
        .join(),
    );
}

export async function eventually<T>(what: () => T | undefined, milliseconds = 5000): Promise<T> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const value = what();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`not within ${milliseconds} ms: ${String(what)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
