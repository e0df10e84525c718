/** A control node with real sockets on loopback, and agents made of text. */
import { frameMessage, messageType } from '@vaportrail/bgp/wire';

import { type ControlNodeConfig, type ControlNodeConfigInput, controlNodeConfig } from '../src/config.ts';
import { ControlNode, type ControlNodeOptions } from '../src/control-node.ts';
import { RawAgent } from './raw-agent.ts';

export const RED = 'default-domain:demo:red:red';
export const BLUE = 'default-domain:demo:blue:blue';
export const FIP = '172.16.0.3/32';

const red = { name: RED, 'vn-index': 6, 'route-targets': ['64512:8000004'] };
const blue = { name: BLUE, 'vn-index': 7, 'route-targets': ['64512:8000005'] };

/** What routes are leaked with: red ones are in the blue network as well. */
export const blueImportsRed = {
  'routing-instances': [red, { ...blue, import: red['route-targets'] }],
};

export type Test = { teardown(end: () => unknown): void };

export function configured(change: Partial<ControlNodeConfigInput> = {}): ControlNodeConfig {
  return controlNodeConfig.parse({
    name: 'ctrl-1',
    'router-id': '10.1.1.1',
    bgp: { listen: [] },
    xmpp: { listen: { address: '127.0.0.1', port: 0 }, 'end-of-rib-delay': 0.1 },
    'routing-instances': [red, blue],
    ...change,
  });
}

export async function controlNode(
  t: Test,
  change: Partial<ControlNodeConfigInput> = {},
  options: ControlNodeOptions = {},
): Promise<ControlNode> {
  const node = new ControlNode(configured(change), options);
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

/**
 * An UPDATE of a gateway with one VPNv4 route: label 31, distinguisher 192.168.0.204:500, target 64512:8000004.
 * @param prefix the three octets of a /24 in hexadecimal
 */
export function gatewayUpdate(prefix: string): Uint8Array {
  const nlri = `700001f1${'0001c0a800cc01f4'}${prefix}`;
  const reach = `800e20${'0001800c'}${'0000000000000000c0a800cc'}00${nlri}`;
  const attributes = `4001010040020040050400000064c010080002fc00007a1204${reach}`;
  const body = `0000${(attributes.length / 2).toString(16).padStart(4, '0')}${attributes}`;
  return frameMessage(messageType.update, Buffer.from(body, 'hex'));
}

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
