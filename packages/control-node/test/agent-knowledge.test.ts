// Agents, instances and sessions come and go in any order: in the end every agent knows what it has to, and nothing else.
import t from 'tap';

import type { ControlNodeConfigInput } from '../src/config.ts';
import type { ControlNode } from '../src/control-node.ts';
import { iq } from './agent-text.ts';
import { type Agent, Model, instances, names } from './knowledge-model.ts';
import { type Test, configured, controlNode, eventually } from './running.ts';

/** Numbers below a limit, the same for the same seed. */
function numbers(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** One control node, three agents, and what happens to them. */
class Scene {
  readonly model = new Model();
  readonly #node: ControlNode;
  readonly #keeps: boolean;
  readonly #settings: Partial<ControlNodeConfigInput>;
  readonly #random: (limit: number) => number;
  readonly #happened: string[] = [];
  #labels = 100;
  #indices = 8;

  private constructor(
    node: ControlNode,
    keeps: boolean,
    settings: Partial<ControlNodeConfigInput>,
    seed: number,
  ) {
    this.#node = node;
    this.#keeps = keeps;
    this.#settings = settings;
    this.#random = numbers(seed);
  }

  /** @param keeps whether routes are kept for agents that are away */
  static async start(t: Test, seed: number, keeps: boolean): Promise<Scene> {
    const settings = {
      'graceful-restart': { enabled: keeps, 'restart-time': 100, 'end-of-rib-timeout': 100 },
    };
    const node = await controlNode(t, { ...settings, 'routing-instances': new Model().instances });
    const scene = new Scene(node, keeps, settings, seed);
    for (const agent of scene.model.agents) await agent.connect(node);
    return scene;
  }

  async end(): Promise<void> {
    for (const { session } of this.model.agents) await session?.end();
    await this.#node.stop();
  }

  /** A few things happen, and then everybody has to know what follows. */
  async step(): Promise<void> {
    for (let many = this.#random(8); many >= 0; many--) await this.#something();
    await this.#settled();
  }

  async #something(): Promise<void> {
    const agent = this.#one(this.model.agents);
    const instance = this.#one(instances);
    const name = this.#one(names);
    const what = this.#random(20);
    if (what === 0) await this.#comeOrGo(instance);
    else if (what === 1) await this.#leak(instance, this.#one(instances));
    else if (what === 2) await this.#renumber(instance);
    else if (agent.session === undefined) await this.#return(agent);
    else if (what === 3) await this.#lose(agent);
    else if (what === 4 && agent.isRefreshing) this.#endOfRib(agent);
    else if (!agent.joined.has(instance)) {
      this.#note(`${agent.name} joins ${instance}`);
      agent.session.subscribe(instance, agent.number);
      agent.joined.add(instance);
    } else if (what === 5) await this.#leave(agent, instance);
    else if (what < 9) {
      this.#note(`${agent.name} takes back ${instance} ${name}`);
      agent.takeBack(instance, name);
    } else {
      this.#note(`${agent.name} says ${instance} ${name}`);
      agent.say(instance, name, ++this.#labels, 100 + 100 * this.#random(2));
    }
  }

  async #comeOrGo(instance: string): Promise<void> {
    await this.#settled();
    const { there } = this.model;
    this.#note(`${instance} ${there.has(instance) ? 'goes' : 'comes'}`);
    if (!there.delete(instance)) there.add(instance);
    else this.#forgetAbsent(instance);
    await this.#reload();
  }

  async #renumber(instance: string): Promise<void> {
    if (!this.model.there.has(instance)) return;
    await this.#settled();
    this.#note(`${instance} has another index`);
    this.model.indices.set(instance, this.#indices++);
    this.#forgetAbsent(instance);
    await this.#reload();
  }

  /** What is stale is not kept when an instance goes. */
  #forgetAbsent(instance: string): void {
    for (const agent of this.model.agents) {
      agent.forget(instance, agent.session !== undefined && agent.joined.has(instance));
      if (agent.session === undefined) agent.joined.delete(instance);
    }
  }

  async #leak(from: string, to: string): Promise<void> {
    if (from === to) return;
    await this.#settled();
    this.#note(`${to} imports ${from}, or does not any more`);
    const leak = `${from} ${to}`;
    if (!this.model.leaks.delete(leak)) this.model.leaks.add(leak);
    await this.#reload();
  }

  async #leave(agent: Agent, instance: string): Promise<void> {
    await this.#settled();
    this.#note(`${agent.name} leaves ${instance}`);
    agent.session!.unsubscribe(instance);
    agent.joined.delete(instance);
    agent.forget(instance);
    await this.#settled();
    agent.left(instance);
  }

  async #lose(agent: Agent): Promise<void> {
    await this.#settled();
    this.#note(`${agent.name} is lost`);
    await agent.session!.end();
    agent.session = undefined;
    agent.isRefreshing = false;
    for (const one of instances) {
      const isKept = this.#keeps && this.model.there.has(one);
      if (!isKept) agent.forget(one);
    }
    agent.joined.clear();
    for (const said of agent.said.values()) said.stale = true;
    await eventually(() => {
      const view = this.#node.neighbors().find(({ name }) => name === agent.name);
      return view === undefined || view.state.startsWith('Down') || undefined;
    });
  }

  async #return(agent: Agent): Promise<void> {
    this.#note(`${agent.name} returns`);
    await agent.connect(this.#node);
    agent.isRefreshing = this.#keeps;
  }

  #endOfRib(agent: Agent): void {
    this.#note(`${agent.name} has said everything`);
    agent.session!.send(iq('<publish />') + iq('<collection />'));
    agent.isRefreshing = false;
    for (const one of instances) agent.forget(one, true);
  }

  #reload(): Promise<unknown> {
    return this.#node.reload(configured({ ...this.#settings, 'routing-instances': this.model.instances }));
  }

  /** Everything said has been heard, and everybody knows what he has to. */
  async #settled(): Promise<void> {
    let wrong: string | undefined;
    try {
      await eventually(() => (wrong = this.#difference()) === undefined || undefined, 4000);
    } catch {
      throw new Error([...this.#happened.slice(-40), wrong].join('\n'));
    }
  }

  #difference(): string | undefined {
    for (const agent of this.model.agents) {
      if (agent.session === undefined) continue;
      const view = this.#node.neighbors().find(({ name }) => name === agent.name);
      const joined = (view?.subscriptions ?? []).flatMap(({ state, instance }) =>
        state === 'stale' ? [] : instance,
      );
      if (text(joined) !== text(agent.joined)) return `${agent.name} is in ${text(joined)}`;
      for (const instance of agent.joined) {
        const [due, known] = [this.model.due(agent, instance), agent.knows(instance)];
        if (text(due) !== text(known))
          return `${agent.name} knows ${text(known)} of ${instance}, not ${text(due)}`;
      }
    }
    return undefined;
  }

  #note(what: string): void {
    this.#happened.push(what);
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#random(list.length)]!;
  }
}

function text(things: Iterable<string | readonly [string, string]>): string {
  return Array.from(things, (one) => (typeof one === 'string' ? one : one.join(' by ')))
    .sort()
    .join('; ');
}

for (const keeps of [false, true]) {
  t.test(`every agent knows what it has to, ${keeps ? 'with' : 'without'} graceful restart`, async (t) => {
    t.setTimeout(120_000);
    for (let seed = 1; seed <= 4; seed++) {
      const scene = await Scene.start(t, seed, keeps);
      for (let step = 0; step < 40; step++) await scene.step();
      await scene.end();
      t.pass(`seed ${seed}`);
    }
  });
}
