/** What is done to the system, at random: each row changes the intent and tells the agents, and nothing else. */
import { type ComputeNode, type Intent, type Workload } from './intent.ts';
import { type RunningSystem, interfaceOf } from './running-system.ts';
import type { SeededRandom } from './seeded-random.ts';

interface Disturbance {
  /** How often it is chosen among the others. */
  readonly weight: number;
  /** Does it, and tells in a few words what; undefined when there was nothing to do it to. */
  readonly act: (churn: Churn) => Promise<string | undefined> | string | undefined;
}

/** Workloads that wander from node to node. */
const ROAMERS = 4;
const PREFERENCES = [100, 200] as const;
const FIXED = 'tap0';

export const disturbances = {
  'add-floating-ip': { weight: 30, act: (churn) => churn.addFloatingIp() },
  'remove-floating-ip': { weight: 26, act: (churn) => churn.removeFloatingIp() },
  'change-preference': { weight: 20, act: (churn) => churn.changePreference() },
  'move-workload': { weight: 12, act: (churn) => churn.moveWorkload() },
  'stop-agent': { weight: 4, act: (churn) => churn.stopAgent() },
  'start-agent': { weight: 8, act: (churn) => churn.startAgent() },
} as const satisfies Record<string, Disturbance>;

export type DisturbanceName = keyof typeof disturbances;

const names = Object.keys(disturbances) as DisturbanceName[];
const totalWeight = names.reduce((sum, name) => sum + disturbances[name].weight, 0);

export class Churn {
  readonly #intent: Intent;
  readonly #system: RunningSystem;
  readonly #random: SeededRandom;
  /** How often each was done. */
  readonly done = Object.fromEntries(names.map((name) => [name, 0])) as Record<DisturbanceName, number>;

  constructor(intent: Intent, system: RunningSystem, random: SeededRandom) {
    this.#intent = intent;
    this.#system = system;
    this.#random = random;
  }

  /** One disturbance; yields what it was, in a few words. */
  async disturb(): Promise<string> {
    for (;;) {
      let at = this.#random.next() * totalWeight;
      const name = names.find((each) => (at -= disturbances[each].weight) < 0) ?? names[0]!;
      const what = await disturbances[name].act(this);
      if (what === undefined) continue;
      this.done[name]++;
      return `${name} ${what}`;
    }
  }

  addFloatingIp(): string | undefined {
    const node = this.#random.pick(this.#running());
    const chosen = this.#random.pick([...this.#intent.floatingIps]);
    if (node === undefined || chosen === undefined) return undefined;
    const [address, vrf] = chosen;
    const { floatingIps } = node.workloads.get(FIXED)!;
    if (floatingIps.has(address)) return undefined;
    floatingIps.set(address, vrf);
    this.#agent(node).addFloatingIp(FIXED, { address, vrf });
    return `${address} ${node.name}`;
  }

  removeFloatingIp(): string | undefined {
    const node = this.#random.pick(this.#running());
    const floatingIps = node?.workloads.get(FIXED)!.floatingIps;
    const chosen = this.#random.pick([...(floatingIps ?? [])]);
    if (node === undefined || chosen === undefined) return undefined;
    const [address, vrf] = chosen;
    floatingIps!.delete(address);
    this.#agent(node).removeFloatingIp(FIXED, address, vrf);
    return `${address} ${node.name}`;
  }

  changePreference(): string | undefined {
    const node = this.#random.pick(this.#running());
    const workload = this.#random.pick([...(node?.workloads.values() ?? [])]);
    if (node === undefined || workload === undefined) return undefined;
    workload.preference = this.#random.pick(PREFERENCES)!;
    this.#agent(node).setPreference(workload.name, workload.preference, workload.sequence);
    return `${node.name} ${workload.name} ${workload.preference}`;
  }

  /** The new place is there before the old one has gone, as in a live migration. */
  moveWorkload(): string | undefined {
    const number = this.#random.between(1, ROAMERS);
    const name = `roamer${number}`;
    const from = this.#intent.nodes.find(({ workloads }) => workloads.has(name));
    const to = this.#random.pick(this.#running().filter((node) => node !== from));
    if (to === undefined) return undefined;
    const before = from?.workloads.get(name);
    const workload: Workload = {
      name,
      vrf: this.#intent.networks[0]!.name,
      address: `10.65.0.${number}`,
      preference: 200,
      sequence: (before?.sequence ?? 0) + 1,
      floatingIps: new Map(),
    };
    to.workloads.set(name, workload);
    this.#agent(to).addInterface(interfaceOf(workload));
    if (from !== undefined) {
      from.workloads.delete(name);
      if (from.up) this.#agent(from).removeInterface(name);
    }
    return `${name} ${from?.name ?? 'nowhere'} → ${to.name}`;
  }

  async stopAgent(): Promise<string | undefined> {
    const running = this.#running();
    // A third of the nodes at most.
    if (running.length * 3 <= this.#intent.unsteady.length * 2) return undefined;
    const node = this.#random.pick(running)!;
    node.up = false;
    await this.#system.stopAgent(node);
    return node.name;
  }

  async startAgent(): Promise<string | undefined> {
    const node = this.#random.pick(this.#intent.unsteady.filter(({ up }) => !up));
    if (node === undefined) return undefined;
    node.up = true;
    await this.#system.startAgent(node);
    return node.name;
  }

  #running(): ComputeNode[] {
    return this.#intent.unsteady.filter(({ up }) => up);
  }

  #agent({ name }: ComputeNode) {
    return this.#system.agents.get(name)!;
  }
}
