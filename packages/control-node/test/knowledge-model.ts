/** What agents say, what a control node ought to have of it, and what it ought to tell each of them. */
import type { ControlNodeConfigInput } from '../src/config.ts';
import type { ControlNode } from '../src/control-node.ts';
import { hop, hops, item, publish } from './agent-text.ts';
import { RawAgent } from './raw-agent.ts';

export const instances = ['red', 'blue', 'green'].map((name) => `default-domain:demo:${name}:${name}`);
const WORKLOAD = '02:aa:bb:cc:dd:01,10.2.0.4/32';
const BROADCAST = 'ff:ff:ff:ff:ff:ff,0.0.0.0/32';
/** Names of routes: prefixes, a workload of EVPN, and inclusive multicast. */
export const names = ['10.0.0.1/32', '10.0.0.2/32', '10.0.0.3/32', WORKLOAD, BROADCAST];

/** What an agent has said and a control node keeps of it. */
interface Said {
  readonly label: number;
  readonly preference: number;
  /** Said in a session that is over. */
  stale: boolean;
}

/** An agent, and what a control node ought to have of it. */
export class Agent {
  readonly number: number;
  readonly address: string;
  session: RawAgent | undefined;
  /** Before its End-of-RIB after a return. */
  isRefreshing = false;
  readonly joined = new Set<string>();
  /** By instance and name. */
  readonly said = new Map<string, Said>();
  /** Where in what it received to begin, for instances that it left. */
  readonly #marks = new Map<string, number>();

  constructor(number: number) {
    this.number = number;
    this.address = `10.1.1.${number}`;
  }

  get name(): string {
    return `compute-${this.number}`;
  }

  async connect(node: ControlNode): Promise<void> {
    this.session = await RawAgent.connect(node.xmppAddress!, this.name, `127.0.0.${this.number}`);
    this.#marks.clear();
  }

  say(instance: string, name: string, label: number, preference: number): void {
    this.#send(instance, name, label, preference, 'associate');
    this.said.set(`${instance} ${name}`, { label, preference, stale: false });
  }

  takeBack(instance: string, name: string): void {
    this.#send(instance, name, 0, 0, 'dissociate');
    this.said.delete(`${instance} ${name}`);
  }

  /** Forgets what is said of an instance, all of it or what is stale. */
  forget(instance: string, staleOnly = false): void {
    for (const [key, { stale }] of this.said)
      if (key.startsWith(`${instance} `) && (stale || !staleOnly)) this.said.delete(key);
  }

  /** What it has been told of an instance since it joined, as next hops and labels by name. */
  knows(instance: string): Map<string, string> {
    const known = new Map<string, string>();
    const text = this.session!.received.slice(this.#marks.get(instance));
    for (const [, node = '', body = ''] of text.matchAll(/<items node="([^"]+)">([^]*?)<\/items>/g)) {
      if (node !== `1/1/${instance}` && node !== `25/242/${instance}`) continue;
      for (const [, id, entry, gone] of body.matchAll(
        /<item id="([^"]+)">([^]*?)<\/item>|<retract id="([^"]+)"/g,
      )) {
        if (gone !== undefined) known.delete(gone);
        else
          known.set(
            id!,
            hopsIn(id === BROADCAST ? (/<olist>[^]*<\/olist>/.exec(entry!)?.[0] ?? '') : entry!),
          );
      }
    }
    return known;
  }

  left(instance: string): void {
    this.#marks.set(instance, this.session!.mark);
  }

  #send(
    instance: string,
    name: string,
    label: number,
    localPref: number,
    action: 'associate' | 'dissociate',
  ): void {
    const route = { instance, prefix: name, nextHop: this.address, label, localPref };
    if (!name.includes(',')) {
      if (action === 'associate') this.session!.publish(route);
      else this.session!.withdraw(route);
      return;
    }
    const [mac, address] = name.split(',');
    const nlri = `<nlri><af>25</af><safi>242</safi><ethernet-tag>0</ethernet-tag><mac>${mac}</mac><address>${address}</address></nlri>`;
    const entry = item(nlri, {
      'next-hops': hops(
        hop({ address: `<address>${this.address}</address>`, label: `<label>${label}</label>` }),
      ),
      'local-preference': `<local-preference>${localPref}</local-preference>`,
    });
    this.session!.send(publish(instance, `25/242/${name}`, entry, action));
  }
}

function hopsIn(text: string): string {
  const found = text.matchAll(/<next-hop>[^]*?<address>([^<]+)<[^]*?<label>(\d+)</g);
  return inOrder(Array.from(found, ([, address, label]) => `${address} ${label}`));
}

function inOrder(texts: readonly string[]): string {
  return [...texts].sort().join();
}

type Paths = readonly { readonly of: Agent; readonly text: string; readonly preference: number }[];

/** What is configured, who is there, and what ought to follow. */
export class Model {
  readonly agents = [1, 2, 3].map((number) => new Agent(number));
  readonly there = new Set(instances);
  /** Instances that import of others, as `exporter importer`. */
  readonly leaks = new Set<string>();
  readonly indices = new Map(instances.map((name, at) => [name, at + 5]));

  get instances(): NonNullable<ControlNodeConfigInput['routing-instances']> {
    const target = (name: string): string => `64512:${instances.indexOf(name) + 1}`;
    return [...this.there].map((name) => ({
      name,
      'vn-index': this.indices.get(name)!,
      export: [target(name)],
      import: instances.filter((other) => other === name || this.leaks.has(`${other} ${name}`)).map(target),
    }));
  }

  /** What an agent in an instance ought to know. */
  due(agent: Agent, instance: string): Map<string, string> {
    const due = new Map<string, string>();
    if (!this.there.has(instance)) return due;
    for (const name of names) {
      if (name === BROADCAST) {
        if (!agent.said.has(`${instance} ${name}`)) continue;
        due.set(
          name,
          inOrder(this.#of(instance, name).flatMap(({ of, text }) => (of === agent ? [] : text))),
        );
        continue;
      }
      const best = this.#best(name).get(instance)!;
      if (best.length > 0) due.set(name, inOrder(best.map(({ text }) => text)));
    }
    return due;
  }

  /** The best paths of a name by instance: its own, and those that are best where they come from. */
  #best(name: string): Map<string, Paths> {
    const best = (paths: Paths): Paths => {
      const highest = Math.max(...paths.map(({ preference }) => preference));
      return paths.filter(({ preference }) => preference === highest);
    };
    const own = new Map(instances.map((one) => [one, this.#of(one, name)]));
    let all = new Map(instances.map((one) => [one, best(own.get(one)!)]));
    // Copies may have the better of what would be copied on.
    for (const _ of instances) {
      const before = all;
      const comes = (from: string, to: string): Paths =>
        name !== WORKLOAD && this.leaks.has(`${from} ${to}`) && this.there.has(to)
          ? own.get(from)!.filter((path) => before.get(from)!.some(({ text }) => text === path.text))
          : [];
      all = new Map(
        instances.map((to) => [to, best([...own.get(to)!, ...instances.flatMap((from) => comes(from, to))])]),
      );
    }
    return all;
  }

  /** Paths that agents in an instance have said. */
  #of(instance: string, name: string): Paths {
    if (!this.there.has(instance)) return [];
    return this.agents.flatMap((of) => {
      const said = of.said.get(`${instance} ${name}`);
      if (said === undefined) return [];
      return [{ of, text: `${of.address} ${said.label}`, preference: said.preference }];
    });
  }
}
