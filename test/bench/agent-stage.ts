/** The two processes of `npm run bench -- agents`: what is measured, and the crowd of agents that measures it. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CrowdOrder, CrowdPlan, CrowdReport } from './agent-crowd.ts';
import type { AgentRelayPlan } from './agent-relay.ts';
import type { BenchNodeAddress, BenchNodePlan, BenchNodeUsage } from './bench-node.ts';

const ASN = 65000;

/** What an order took. */
export interface Cost {
  readonly nodeCpuSeconds: number;
  readonly crowdCpuSeconds: number;
  readonly nodeMegabytes: number;
  readonly longestStallMilliseconds: number;
  readonly wrong: string;
}

export interface StagePlan {
  readonly agents: number;
  readonly routesPerAgent: number;
  readonly agentsPerNetwork: number;
}

export class Stage {
  readonly #node: ChildProcess;
  readonly #crowd: ChildProcess;
  /** As of the last order. */
  usage: BenchNodeUsage;

  private constructor(node: ChildProcess, crowd: ChildProcess, usage: BenchNodeUsage) {
    this.#node = node;
    this.#crowd = crowd;
    this.usage = usage;
  }

  /** With a control node. */
  static start(plan: StagePlan): Promise<Stage> {
    const peer = '127.4.0.1';
    const node: BenchNodePlan = { networks: Math.ceil(plan.agents / plan.agentsPerNetwork), peer };
    return Stage.#start(['bench-node', '--node', JSON.stringify(node)], peer, plan);
  }

  /** With a relay in its place. */
  static startRelay(plan: StagePlan): Promise<Stage> {
    const relay: AgentRelayPlan = { agentsPerNetwork: plan.agentsPerNetwork };
    return Stage.#start(['agent-relay', '--relay', JSON.stringify(relay)], '127.5.0.1', plan);
  }

  static async #start(
    [program, ...args]: [string, ...string[]],
    peer: string,
    plan: StagePlan,
  ): Promise<Stage> {
    const node = fork(path(program), args, { execArgv: ['--expose-gc'] });
    const address = await answer<BenchNodeAddress>(node, program);
    const crowdPlan: CrowdPlan = { ...address, ...plan, peer, asn: ASN };
    const crowd = fork(path('agent-crowd'), ['--crowd', JSON.stringify(crowdPlan)], {
      execArgv: ['--max-old-space-size=8192'],
    });
    await answer<'ready'>(crowd, 'the crowd of agents');
    return new Stage(node, crowd, await usageOf(node));
  }

  /** Has the crowd do something. */
  async order(order: CrowdOrder): Promise<{ report: CrowdReport; cost: Cost }> {
    const done = answer<CrowdReport>(this.#crowd, 'the crowd of agents');
    this.#crowd.send(order);
    const report = await done;
    this.usage = await usageOf(this.#node);
    const cost: Cost = {
      nodeCpuSeconds: this.usage.cpuSeconds,
      crowdCpuSeconds: report.cpuSeconds,
      nodeMegabytes: this.usage.residentOctets / 1e6,
      longestStallMilliseconds: this.usage.longestStall,
      wrong: report.wrong,
    };
    return { report, cost };
  }

  /** Empty when the tables hold so many paths. */
  async missing(routes: number): Promise<string> {
    for (let i = 0; i < 100; i++) {
      const { instancePaths, vpnPaths } = this.usage;
      if (instancePaths === routes && vpnPaths === routes) return '';
      await new Promise((resolve) => setTimeout(resolve, 100));
      this.usage = await usageOf(this.#node);
    }
    const { instancePaths, vpnPaths, agents } = this.usage;
    return `${instancePaths} paths in instances and ${vpnPaths} in bgp.l3vpn.0 of ${routes}, ${agents} agents connected`;
  }

  end(): void {
    this.#crowd.kill('SIGKILL');
    this.#node.kill('SIGKILL');
  }
}

function path(name: string): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url));
}

function usageOf(node: ChildProcess): Promise<BenchNodeUsage> {
  const usage = answer<BenchNodeUsage>(node, 'the control node');
  node.send('usage');
  return usage;
}

/** The next message of a process. @throws Error when it ends first */
function answer<T>(process: ChildProcess, who: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`${who} ended with ${code}`));
    process.once('exit', ended);
    process.once('message', (message) => {
      process.off('exit', ended);
      resolve(message as T);
    });
  });
}
