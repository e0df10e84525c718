/** `npm run bench -- agents`: one control node, a crowd of agents, and a BGP peer that everything is reflected to. */
import { parseArgs } from 'node:util';
import { latencyBesideRelay } from './agent-latency.ts';
import { type Cost, Stage, type StagePlan } from './agent-stage.ts';
import { quantile } from './statistics.ts';

const USAGE = `npm run bench -- agents [options]

  --agents N     agents (default 5000)
  --routes N     routes that each publishes (default 20)
  --network N    agents in one virtual network: each gets the routes of all (default 10)
  --seconds N    of publishing without pause (default 10)
  --rate N       publishes a second for the latency to BGP (default 5000)
  --paced N      seconds of that (default 30)
  --paths N      routes for the memory of a path, from 500 agents (default 1000000)
  --only LIST    of ${'converge,memory'} (default both)
  --quick        500 agents, 100,000 paths, 3 seconds
  --json         one JSON document on standard output

The control node, and the agents with the BGP peer, are two processes on this machine. Figures of the control node are
its own; memory is what the kernel counts as resident, after a collection of garbage. An item counts when an agent has
received it. Converged: every agent has been told of every route of its network.

Latency is from the write of a publish to the read of its UPDATE, both in the process of the agents, every few seconds in turns
with a relay in the place of the control node: a process that only writes what it reads, to the agents of the network and to the
peer. What it takes are the machine, Node and the agents themselves. Publishes for which the agents had no processor in time
are made up for at twice the rate at most.
`;

/** Agents that publish the routes whose memory is measured. */
const MEMORY_AGENTS = 500;
const IDLE_AGENTS = 2000;
/** Publishes with a neighbour that does not read, and milliseconds for the backlog it may have. */
const SLOW_PUBLISHES = 200;

/** One line of the output. Targets are those of the project. */
export interface AgentsFigure extends Cost {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it should be at most, or at least. */
  readonly atMost?: number;
  readonly atLeast?: number;
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
      paced: { type: 'string' },
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
  const paced = wholeNumber('paced', values.paced ?? (quick ? '4' : '30'));
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
  if (only.includes('converge'))
    await converge(
      { agents, routesPerAgent: routes, agentsPerNetwork: network },
      { seconds, paced, rate },
      tell,
    );
  if (only.includes('memory')) await memory(quick ? 500 : IDLE_AGENTS, paths, tell);
  if (values.json) process.stdout.write(`${JSON.stringify({ agents, routes, network, figures }, null, 2)}\n`);
  return figures.every(({ wrong }) => wrong === '') ? 0 : 1;
}

/** Convergence, throughput, latency, a slow agent, and a crowd that goes and comes back. */
async function converge(
  plan: StagePlan,
  { seconds, paced, rate }: { readonly seconds: number; readonly paced: number; readonly rate: number },
  tell: (figure: AgentsFigure) => void,
): Promise<void> {
  const { agents, routesPerAgent, agentsPerNetwork } = plan;
  const stage = await Stage.start(plan);
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
    const { ours, relay } = await latencyBesideRelay(stage, plan, paced, rate);
    const at = `publish to UPDATE at ${rate} publishes/s`;
    tell({ ...ours.cost, name: `${at}, p50`, value: ours.p50, unit: 'ms' });
    tell({ ...ours.cost, name: `${at}, p99`, value: ours.p99, unit: 'ms', atMost: 5 });
    const good = { name: `${at}, seconds with a p99 of at most 5 ms`, value: ours.goodSeconds * 100 };
    tell({ ...ours.cost, ...good, unit: '%' });
    tell({ ...relay.cost, name: `a relay in turns with it, p50`, value: relay.p50, unit: 'ms' });
    tell({ ...relay.cost, name: `a relay in turns with it, p99`, value: relay.p99, unit: 'ms' });
    if (agentsPerNetwork > 2) {
      const slow = await stage.order({ do: 'slow', publishes: SLOW_PUBLISHES });
      tell({
        ...slow.cost,
        name: 'items to others of a network whose agent does not read, p99',
        value: quantile(slow.report.times, 0.99),
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
  const quiet = await Stage.start({ agents: idle, routesPerAgent: 0, agentsPerNetwork: 10 });
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
  const stage = await Stage.start({
    agents: MEMORY_AGENTS,
    routesPerAgent: Math.ceil(paths / MEMORY_AGENTS),
    agentsPerNetwork: 1,
  });
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
