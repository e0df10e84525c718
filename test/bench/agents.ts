/** `npm run bench -- agents`: one control node, a crowd of agents, and a BGP peer that everything is reflected to. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { CrowdOrder, CrowdPlan, CrowdReport } from './agent-crowd.ts';
import type { BenchNodeAddress, BenchNodePlan, BenchNodeUsage } from './bench-node.ts';

const USAGE = `npm run bench -- agents [options]

  --agents N     agents (default 5000)
  --routes N     routes that each publishes (default 20)
  --network N    agents in one virtual network: each gets the routes of all (default 10)
  --seconds N    of publishing without pause, and at --rate (default 10)
  --rate N       publishes a second for the latency to BGP (default 5000)
  --paths N      routes for the memory of a path, from 500 agents (default 1000000)
  --only LIST    of ${'converge,memory'} (default both)
  --quick        500 agents, 100,000 paths, 3 seconds
  --json         one JSON document on standard output

The control node, and the agents with the BGP peer, are two processes on this machine. Figures of the control node are
its own; memory is what the kernel counts as resident, after a collection of garbage. An item counts when an agent has
received it. Converged: every agent has been told of every route of its network.
`;

const ASN = 65000;
const PEER = '127.4.0.1';
/** Agents that publish the routes whose memory is measured. */
const MEMORY_AGENTS = 500;
const IDLE_AGENTS = 2000;
/** Publishes with a neighbour that does not read, and milliseconds for the backlog it may have. */
const SLOW_PUBLISHES = 200;

/** One line of the output. Targets are those of the project. */
export interface AgentsFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it should be at most, or at least. */
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly nodeCpuSeconds: number;
  readonly crowdCpuSeconds: number;
  readonly nodeMegabytes: number;
  readonly longestStallMilliseconds: number;
  readonly wrong: string;
}

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      agents: { type: 'string' },
      routes: { type: 'string', default: '20' },
      network: { type: 'string', default: '10' },
      seconds: { type: 'string' },
      rate: { type: 'string', default: '5000' },
      paths: { type: 'string' },
      only: { type: 'string', default: 'converge,memory' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const { quick } = values;
  const agents = wholeNumber('agents', values.agents ?? (quick ? '500' : '5000'));
  const routes = wholeNumber('routes', values.routes);
  const network = wholeNumber('network', values.network);
  const seconds = wholeNumber('seconds', values.seconds ?? (quick ? '3' : '10'));
  const rate = wholeNumber('rate', values.rate);
  const paths = wholeNumber('paths', values.paths ?? (quick ? '100000' : '1000000'));
  const only = values.only.split(',');
  for (const part of only)
    if (part !== 'converge' && part !== 'memory')
      throw new RangeError(`--only takes converge and memory, not "${part}"`);

  const figures: AgentsFigure[] = [];
  const tell = (figure: AgentsFigure): void => {
    figures.push(figure);
    if (!values.json) process.stdout.write(line(figure));
  };
  if (only.includes('converge')) await converge(agents, routes, network, seconds, rate, tell);
  if (only.includes('memory')) await memory(quick ? 500 : IDLE_AGENTS, paths, tell);
  if (values.json) process.stdout.write(`${JSON.stringify({ agents, routes, network, figures }, null, 2)}\n`);
  return figures.every(({ wrong }) => wrong === '') ? 0 : 1;
}

/** Convergence, throughput, latency, a slow agent, and a crowd that goes and comes back. */
async function converge(
  agents: number,
  routesPerAgent: number,
  agentsPerNetwork: number,
  seconds: number,
  rate: number,
  tell: (figure: AgentsFigure) => void,
): Promise<void> {
  const stage = await Stage.start(agents, routesPerAgent, agentsPerNetwork);
  const routes = agents * routesPerAgent;
  try {
    const connected = await stage.order({ do: 'connect' });
    tell({
      ...connected.cost,
      name: `${agents} agents x ${routesPerAgent} routes, networks of ${agentsPerNetwork}: converged`,
      value: connected.report.milliseconds / 1000,
      unit: 's',
      atMost: 30,
      wrong: connected.report.wrong || (await stage.missing(routes)),
    });
    const { report, cost } = await stage.order({ do: 'sustained', seconds });
    tell({
      ...cost,
      name: `publishes, each reflected to ${agentsPerNetwork} agents and BGP`,
      value: (report.publishes / report.milliseconds) * 1000,
      unit: '/s',
      atLeast: 50_000,
    });
    tell({
      ...cost,
      name: 'items delivered',
      value: (report.items / report.milliseconds) * 1000,
      unit: '/s',
    });
    const paced = await stage.order({ do: 'paced', seconds, perSecond: rate });
    const at = `publish to UPDATE at ${rate} publishes/s`;
    tell({ ...paced.cost, name: `${at}, p50`, value: paced.report.p50, unit: 'ms' });
    tell({ ...paced.cost, name: `${at}, p99`, value: paced.report.p99, unit: 'ms', atMost: 5 });
    if (agentsPerNetwork > 2) {
      const slow = await stage.order({ do: 'slow', publishes: SLOW_PUBLISHES });
      tell({
        ...slow.cost,
        name: 'items to others of a network whose agent does not read, p99',
        value: slow.report.p99,
        unit: 'ms',
      });
    }
    const killed = await stage.order({ do: 'kill' });
    tell({
      ...killed.cost,
      name: `${agents} agents reset at once: longest stall`,
      value: killed.cost.longestStallMilliseconds,
      unit: 'ms',
      atMost: 50,
      wrong: await stage.missing(0),
    });
    const back = await stage.order({ do: 'connect' });
    tell({
      ...back.cost,
      name: 'all of them back: converged',
      value: back.report.milliseconds / 1000,
      unit: 's',
      atMost: 30,
    });
    tell({
      ...back.cost,
      name: 'all of them back: longest stall',
      value: back.cost.longestStallMilliseconds,
      unit: 'ms',
      atMost: 50,
    });
  } finally {
    stage.end();
  }
}

/** Memory of an agent and of a path. */
async function memory(idle: number, paths: number, tell: (figure: AgentsFigure) => void): Promise<void> {
  const quiet = await Stage.start(idle, 0, 10);
  try {
    const before = quiet.usage.residentOctets;
    const { cost, report } = await quiet.order({ do: 'connect' });
    const value = (quiet.usage.residentOctets - before) / idle;
    tell({
      ...cost,
      name: `memory of each of ${idle} agents`,
      value,
      unit: 'octets',
      atMost: 20_000,
      wrong: report.wrong,
    });
  } finally {
    quiet.end();
  }
  const stage = await Stage.start(MEMORY_AGENTS, Math.ceil(paths / MEMORY_AGENTS), 1);
  try {
    const before = stage.usage.residentOctets;
    const { cost, report } = await stage.order({ do: 'connect' });
    const routes = MEMORY_AGENTS * Math.ceil(paths / MEMORY_AGENTS);
    const wrong = report.wrong || (await stage.missing(routes));
    const value = (stage.usage.residentOctets - before) / routes;
    tell({
      ...cost,
      name: `memory of each of ${routes} paths, in its VRF and in bgp.l3vpn.0`,
      value,
      unit: 'octets',
      atMost: 300,
      wrong,
    });
  } finally {
    stage.end();
  }
}

type Cost = Pick<
  AgentsFigure,
  'nodeCpuSeconds' | 'crowdCpuSeconds' | 'nodeMegabytes' | 'longestStallMilliseconds' | 'wrong'
>;

/** The two processes. */
class Stage {
  readonly #node: ChildProcess;
  readonly #crowd: ChildProcess;
  /** As of the last order. */
  usage: BenchNodeUsage;

  private constructor(node: ChildProcess, crowd: ChildProcess, usage: BenchNodeUsage) {
    this.#node = node;
    this.#crowd = crowd;
    this.usage = usage;
  }

  static async start(agents: number, routesPerAgent: number, agentsPerNetwork: number): Promise<Stage> {
    const networks = Math.ceil(agents / agentsPerNetwork);
    const plan: BenchNodePlan = { networks, peer: PEER };
    const node = fork(path('bench-node'), ['--node', JSON.stringify(plan)], { execArgv: ['--expose-gc'] });
    const address = await answer<BenchNodeAddress>(node, 'the control node');
    const crowdPlan: CrowdPlan = {
      ...address,
      peer: PEER,
      asn: ASN,
      agents,
      routesPerAgent,
      agentsPerNetwork,
    };
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

function line({ name, value, unit, atMost, atLeast, wrong, ...cost }: AgentsFigure): string {
  const target =
    atMost !== undefined ? `(at most ${atMost})` : atLeast !== undefined ? `(at least ${atLeast})` : '';
  const figure = `${value.toFixed(value < 100 ? 2 : 0)} ${unit} ${target}`;
  const { nodeCpuSeconds, crowdCpuSeconds, nodeMegabytes, longestStallMilliseconds } = cost;
  return (
    `${name}: ${figure.trim()}${wrong === '' ? '' : `  WRONG: ${wrong}`}\n` +
    `    node: cpu ${nodeCpuSeconds.toFixed(2)} s, ${nodeMegabytes.toFixed(0)} MB, longest stall ` +
    `${longestStallMilliseconds.toFixed(0)} ms; agents: cpu ${crowdCpuSeconds.toFixed(2)} s\n`
  );
}

function wholeNumber(name: string, value: string): number {
  if (!/^[1-9]\d*$/.test(value))
    throw new RangeError(`--${name} takes a whole number from 1, not "${value}"`);
  return Number(value);
}
