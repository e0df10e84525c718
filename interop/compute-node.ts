/** A compute node in a test: an agent's channel made of prepared stanzas, and what the control node sent to it. */
import { type Socket, connect } from 'node:net';
import { addressText, parseAddress, parsePrefix, prefixText } from '@vaportrail/net';
import {
  CONTROL_NODE_JID,
  type EnetItem,
  type Item,
  type UnicastItem,
  XmppStream,
  announceStanzas,
  enetItemId,
  headerBytes,
  subscribeStanza,
  unsubscribeStanza,
  withdrawStanzas,
  itemAttributes,
  nextHop,
} from '@vaportrail/xmpp';

/** What a compute node says of a route. */
export interface Workload {
  readonly instance: string;
  readonly prefix: string;
  readonly label: number;
  /** The node's own address unless given. */
  readonly nextHop?: string;
  readonly localPref?: number;
  readonly encapsulations?: readonly string[];
  readonly securityGroups?: readonly number[];
  readonly tags?: readonly number[];
  readonly sequence?: number;
  readonly communities?: readonly string[];
}

export class ComputeNode {
  readonly name: string;
  readonly address: string;
  /** `instance prefix` → next hops as `address label`, best first. */
  readonly routes = new Map<string, string[]>();
  /** `instance prefix` → what it was told last of a unicast route. */
  readonly items = new Map<string, UnicastItem>();
  /** The same of EVPN routes. */
  readonly enetItems = new Map<string, EnetItem>();
  endOfRib = false;
  closed = false;
  readonly #socket: Socket;

  private constructor(name: string, address: string, socket: Socket) {
    this.name = name;
    this.address = address;
    this.#socket = socket;
  }

  /** Opens a channel; resolves when the control node has answered. */
  static connect(to: { address: string; port: number }, name: string, address: string): Promise<ComputeNode> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: to.address, port: to.port, noDelay: true });
      const node = new ComputeNode(name, address, socket);
      const stream = new XmppStream({
        header: () => resolve(node),
        stanza: (stanza) => node.#received(stanza),
        negotiation: () => {},
        keepalive: () => {},
        closed: () => {},
        failed: reject,
      });
      socket.on('connect', () =>
        socket.write(headerBytes({ from: name, to: CONTROL_NODE_JID, namespace: '' })),
      );
      socket.on('data', (chunk) => stream.push(chunk));
      socket.on('error', reject);
      socket.on('close', () => (node.closed = true));
    });
  }

  subscribe(instance: string, instanceId: number): void {
    this.#socket.write(subscribeStanza(this.name, instance, instanceId));
  }

  unsubscribe(instance: string): void {
    this.#socket.write(unsubscribeStanza(this.name, instance, 0));
  }

  publish(workload: Workload): void {
    this.#socket.write(announceStanzas(this.name, workload.instance, this.#item(workload)));
  }

  withdraw(workload: Workload): void {
    this.#socket.write(withdrawStanzas(this.name, workload.instance, this.#item(workload)));
  }

  /** Publishes an item of any family. */
  announce(instance: string, item: Item): void {
    this.#socket.write(announceStanzas(this.name, instance, item));
  }

  retract(instance: string, item: Item): void {
    this.#socket.write(withdrawStanzas(this.name, instance, item));
  }

  /** Ends the connection, as a node does that loses its power. */
  kill(): void {
    this.#socket.destroy();
  }

  nextHops(instance: string, prefix: string): string[] {
    return this.routes.get(`${instance} ${prefix}`) ?? [];
  }

  #received(stanza: Parameters<ConstructorParameters<typeof XmppStream>[0]['stanza']>[0]): void {
    if (stanza.type === 'end-of-rib') this.endOfRib = true;
    if (stanza.type === 'items') {
      for (const item of stanza.items) {
        if (item.family === 'ermvpn' || item.family === 'inet-mvpn') continue;
        const hops = item.attributes.nextHops.map(({ address, label }) => `${addressText(address)} ${label}`);
        const id = item.family === 'e-vpn' ? enetItemId(item) : prefixText(item.prefix);
        this.routes.set(`${stanza.instance} ${id}`, hops);
        if (item.family === 'e-vpn') this.enetItems.set(`${stanza.instance} ${id}`, item);
        else this.items.set(`${stanza.instance} ${id}`, item);
      }
    }
    if (stanza.type === 'retracts')
      for (const id of stanza.ids) {
        this.routes.delete(`${stanza.instance} ${id}`);
        this.items.delete(`${stanza.instance} ${id}`);
        this.enetItems.delete(`${stanza.instance} ${id}`);
      }
  }

  #item(workload: Workload): UnicastItem {
    return {
      family: workload.prefix.includes(':') ? 'inet6' : 'inet',
      prefix: parsePrefix(workload.prefix),
      attributes: itemAttributes({
        nextHops: [
          nextHop({
            address: parseAddress(workload.nextHop ?? this.address),
            label: workload.label,
            encapsulations: workload.encapsulations ?? ['gre', 'udp'],
            tags: workload.tags ?? [],
          }),
        ],
        mobility: { sequence: workload.sequence ?? 0, sticky: false },
        securityGroups: workload.securityGroups ?? [],
        communityTags: workload.communities ?? [],
        localPref: workload.localPref ?? 200,
      }),
    };
  }
}
