/**
 * The least of a control node: agents subscribe and publish over real sockets, and every subscriber of an instance
 * gets each prefix with all its next hops, lower addresses first. It remembers what agents said, in order.
 */
import { addressText, compareBytes, prefixText } from '@vaportrail/net';
import {
  type Channel,
  type ChannelHandlers,
  type Item,
  Pubsub,
  type UnicastItem,
  XmppServer,
  endOfRibBody,
  itemsBodies,
  retractsBodies,
} from '@vaportrail/xmpp';

interface Member {
  readonly channel: Channel;
  readonly instances: Set<string>;
}

export interface ReflectorOptions {
  readonly port?: number;
  /** Send the End-of-RIB when an agent sent its own. On by default. */
  readonly endOfRib?: boolean;
}

export class Reflector {
  /** `compute-1 subscribe a:b:c:d 4`, `compute-1 announce 1/1 … 10.0.0.1/32 label 16 pref 200`, …. */
  readonly said: string[] = [];
  readonly #members = new Map<string, Member>();
  /** Instance → prefix → agent → item. */
  readonly #tables = new Map<string, Map<string, Map<string, UnicastItem>>>();
  readonly #options: ReflectorOptions;
  readonly #server: XmppServer;
  #stopping = false;
  port = 0;

  private constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#server = new XmppServer({ name: 'ctrl-1', accept: (channel) => this.#accept(channel) });
  }

  static async start(options: ReflectorOptions = {}): Promise<Reflector> {
    const reflector = new Reflector(options);
    ({ port: reflector.port } = await reflector.#server.listen({
      address: '127.0.0.1',
      port: options.port ?? 0,
    }));
    return reflector;
  }

  /** Dies: nobody is told that anybody left. */
  stop(): Promise<void> {
    this.#stopping = true;
    return this.#server.close();
  }

  /** What one agent said, without its name. */
  saidBy(agent: string): string[] {
    const start = `${agent} `;
    return this.said.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length));
  }

  /** What is known of a prefix: `10.1.1.3 label 16`, …. */
  routes(instance: string, prefix: string): string[] {
    return this.#items(instance, prefix).map((item) => {
      const [hop] = item.attributes.nextHops;
      return `${addressText(hop!.address)} label ${hop!.label}`;
    });
  }

  announcedItem(instance: string, prefix: string, agent: string): UnicastItem | undefined {
    return this.#tables.get(instance)?.get(prefix)?.get(agent);
  }

  /** Sends raw bytes to an agent. */
  inject(agent: string, bodies: Uint8Array[]): void {
    this.#members.get(agent)?.channel.sendMessage(bodies);
  }

  #accept(channel: Channel): ChannelHandlers {
    const member: Member = { channel, instances: new Set() };
    const { name } = channel;
    this.#members.set(name, member);
    const say = (text: string): void => void this.said.push(`${name} ${text}`);
    const pubsub = new Pubsub({
      subscribe: ({ instance, instanceId }) => {
        say(`subscribe ${instance} ${instanceId}`);
        member.instances.add(instance);
        for (const prefix of this.#tables.get(instance)?.keys() ?? []) this.#tell([member], instance, prefix);
      },
      unsubscribe: (instance) => {
        say(`unsubscribe ${instance}`);
        member.instances.delete(instance);
        this.#forget(name, instance);
      },
      announce: (instance, item) => {
        const { prefix, attributes } = unicast(item);
        const [hop] = attributes.nextHops;
        const text = prefixText(prefix);
        say(`announce ${instance} ${text} label ${hop!.label} pref ${attributes.localPref}`);
        this.#table(instance, text).set(name, unicast(item));
        this.#tell(this.#members.values(), instance, text);
      },
      withdraw: (instance, item) => {
        const text = prefixText(unicast(item).prefix);
        say(`withdraw ${instance} ${text}`);
        this.#table(instance, text).delete(name);
        this.#tell(this.#members.values(), instance, text);
      },
      endOfRib: () => {
        say('end-of-rib');
        if (this.#options.endOfRib !== false) channel.sendMessage([endOfRibBody]);
      },
    });
    return {
      stanza: (stanza) => {
        const error = pubsub.receive(stanza);
        if (error !== undefined) {
          say(`slip ${error.message}`);
          channel.close(error);
        }
      },
      down: () => {
        say('down');
        this.#members.delete(name);
        if (this.#stopping) return;
        for (const instance of this.#tables.keys()) this.#forget(name, instance);
      },
    };
  }

  #table(instance: string, prefix: string): Map<string, UnicastItem> {
    let table = this.#tables.get(instance);
    if (table === undefined) this.#tables.set(instance, (table = new Map()));
    let paths = table.get(prefix);
    if (paths === undefined) table.set(prefix, (paths = new Map()));
    return paths;
  }

  #forget(agent: string, instance: string): void {
    for (const [prefix, paths] of this.#tables.get(instance) ?? []) {
      if (paths.delete(agent)) this.#tell(this.#members.values(), instance, prefix);
    }
  }

  #items(instance: string, prefix: string): UnicastItem[] {
    const items = [...(this.#tables.get(instance)?.get(prefix)?.values() ?? [])];
    const preferred = Math.max(...items.map((item) => item.attributes.localPref));
    return items
      .filter((item) => item.attributes.localPref === preferred)
      .sort((a, b) => compareBytes(a.attributes.nextHops[0]!.address, b.attributes.nextHops[0]!.address));
  }

  #tell(members: Iterable<Member>, instance: string, prefix: string): void {
    const items = this.#items(instance, prefix);
    const [best] = items;
    const family = prefix.includes(':') ? 'inet6' : 'inet';
    const bodies =
      best === undefined
        ? retractsBodies(family, instance, [prefix])
        : itemsBodies(family, instance, [
            {
              ...best,
              attributes: { ...best.attributes, nextHops: items.map((item) => item.attributes.nextHops[0]!) },
            },
          ]);
    for (const { channel, instances } of members) {
      if (instances.has(instance)) channel.sendMessage(bodies);
    }
  }
}

function unicast(item: Item): UnicastItem {
  if (item.family === 'inet' || item.family === 'inet6') return item;
  throw new TypeError(`${item.family} is not expected here`);
}

/** Waits until something holds, at most some seconds. */
export async function until(what: string, holds: () => boolean, seconds = 5): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not in ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
