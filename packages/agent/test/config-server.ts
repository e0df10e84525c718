/**
 * Control nodes that do nothing but push configuration: they remember what agents ask for, and say what a test has them
 * say.
 */
import { escapeXML } from '@xmpp/xml';
import { type Channel, Pubsub, XmppServer } from '@vaportrail/xmpp';

export class ConfigPusher {
  /** `subscribe virtual-router:…`, `unsubscribe virtual-machine:…`, `route …`, `end-of-rib`, …. */
  readonly said: string[] = [];
  readonly #server: XmppServer;
  #channel: Channel | undefined;
  port = 0;

  private constructor() {
    this.#server = new XmppServer({
      name: 'ctrl',
      accept: (channel) => {
        this.#channel = channel;
        this.said.push('up');
        const pubsub = new Pubsub({
          subscribe: ({ instance }) => void this.said.push(`join ${instance}`),
          unsubscribe: (instance) => void this.said.push(`leave ${instance}`),
          announce: (_, item) => void this.said.push(`announce ${item.family}`),
          withdraw: (_, item) => void this.said.push(`withdraw ${item.family}`),
          endOfRib: () => void this.said.push('end-of-rib'),
          config: (stanza) => {
            if (stanza.type !== 'config')
              this.said.push(`${stanza.type.replace('config-', '')} ${stanza.node}`);
          },
        });
        return { stanza: (stanza) => void pubsub.receive(stanza), down: () => void this.said.push('down') };
      },
    });
  }

  static async start(): Promise<ConfigPusher> {
    const pusher = new ConfigPusher();
    ({ port: pusher.port } = await pusher.#server.listen({ address: '127.0.0.1', port: 0 }));
    return pusher;
  }

  stop(): Promise<void> {
    return this.#server.close();
  }

  /** Pushes what stands between `<config>` and its end. */
  push(inside: string): void {
    this.#channel!.send([
      Buffer.from(
        `<iq type="set" from="network-control@contrailsystems.com" to="default-global-system-config:compute-1/config"><config>${inside}</config></iq>\n`,
      ),
    ]);
  }
}

export function node(type: string, name: string, properties = ''): string {
  return `<node type="${type}"><name>${escapeXML(name)}</name>${properties}</node>`;
}

export function link(metadata: string, ...ends: readonly [type: string, name: string][]): string {
  return `<link>${ends.map(([type, name]) => node(type, name)).join('')}<metadata type="${metadata}" /></link>`;
}

export const ROUTER = ['virtual-router', 'default-global-system-config:compute-1'] as const;
const NETWORK = ['virtual-network', 'default-domain:demo:red'] as const;
const INSTANCE = ['routing-instance', 'default-domain:demo:red:red'] as const;

/** A node with a network in which nothing is yet. */
export const empty =
  node(...ROUTER) +
  node(...NETWORK) +
  node(...INSTANCE, '<routing-instance-is-default>true</routing-instance-is-default>') +
  link('virtual-network-routing-instance', [...NETWORK], [...INSTANCE]);

/** A workload on the node, with one address. */
export function workload(name: string, address: string): string {
  return (
    node('virtual-machine', name) +
    node('virtual-machine-interface', `default-domain:demo:${name}`) +
    node('instance-ip', `${name}-ip`, `<instance-ip-address>${address}</instance-ip-address>`) +
    workloadLinks(name)
  );
}

export function workloadLinks(name: string): string {
  const vmi = ['virtual-machine-interface', `default-domain:demo:${name}`] as [string, string];
  return (
    link('virtual-router-virtual-machine', [...ROUTER], ['virtual-machine', name]) +
    link('virtual-machine-interface-virtual-machine', vmi, ['virtual-machine', name]) +
    link('virtual-machine-interface-virtual-network', vmi, [...NETWORK]) +
    link('instance-ip-virtual-machine-interface', ['instance-ip', `${name}-ip`], vmi)
  );
}
