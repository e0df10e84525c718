/** `npm run bench -- agents`: one control node and a crowd of agents in another process; how long, how much memory. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ControlNode, controlNodeConfig } from '@vaportrail/control-node';
import { type CrowdPlan, type CrowdReport, instanceOf } from './agent-crowd.ts';

const USAGE = `npm run bench -- agents [options]

  --agents N     agents (default 2000)
  --routes N     routes that each publishes (default 1)
  --network N    agents in one virtual network: each gets the routes of all (default 10)
  --timeout N    seconds until it is given up (default 120)
  --json         one JSON document on standard output

The control node runs in this process, the agents in another one on the same machine. Converged: every agent was told of
every prefix of its network.
`;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      agents: { type: 'string', default: '2000' },
      routes: { type: 'string', default: '1' },
      network: { type: 'string', default: '10' },
      timeout: { type: 'string', default: '120' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const agents = wholeNumber('agents', values.agents);
  const agentsPerNetwork = wholeNumber('network', values.network);
  const routesPerAgent = wholeNumber('routes', values.routes);
  if (routesPerAgent > 256) throw new RangeError('--routes is at most 256');
  const timeout = wholeNumber('timeout', values.timeout) * 1000;

  const networks = Math.ceil(agents / agentsPerNetwork);
  const node = new ControlNode(
    controlNodeConfig.parse({
      name: 'bench',
      'router-id': '10.0.0.1',
      bgp: { listen: [] },
      xmpp: { listen: { address: '127.0.0.1', port: 0 } },
      'routing-instances': Array.from({ length: networks }, (_, network) => ({
        name: instanceOf(network),
        'vn-index': network + 1,
        'route-targets': [`64512:${8_000_000 + network}`],
      })),
    }),
  );
  await node.start();
  const before = process.cpuUsage();
  const plan: CrowdPlan = { ...node.xmppAddress!, agents, routesPerAgent, agentsPerNetwork };
  const crowd = fork(fileURLToPath(new URL('./agent-crowd.js', import.meta.url)), [
    '--crowd',
    JSON.stringify(plan),
  ]);
  let peak = 0;
  const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 100);
  try {
    const seen = await outcome(crowd, timeout);
    const cpu = process.cpuUsage(before);
    const paths = node.tables().find(({ name }) => name === 'bgp.l3vpn.0')?.paths ?? 0;
    const figures = {
      agents,
      routes: agents * routesPerAgent,
      networks,
      establishedSeconds: seen.established / 1000,
      convergedSeconds: seen.converged / 1000,
      itemsSent: seen.items,
      octetsSent: seen.octets,
      vpnPaths: paths,
      controlNodeCpuSeconds: (cpu.user + cpu.system) / 1e6,
      controlNodePeakMegabytes: Math.max(peak, process.memoryUsage.rss()) / 1e6,
    };
    process.stdout.write(values.json ? `${JSON.stringify(figures)}\n` : text(figures));
    return paths === agents * routesPerAgent ? 0 : 1;
  } finally {
    clearInterval(sampler);
    crowd.kill('SIGKILL');
    await node.stop();
  }
}

interface Outcome {
  readonly established: number;
  readonly converged: number;
  readonly items: number;
  readonly octets: number;
}

function outcome(crowd: ReturnType<typeof fork>, timeout: number): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let established = Number.NaN;
    const timer = setTimeout(() => reject(new Error(`not converged within ${timeout / 1000} s`)), timeout);
    crowd.on('message', (report: CrowdReport) => {
      if (report.type === 'established') established = report.milliseconds;
      if (report.type === 'lost') reject(new Error(`${report.agent} lost its session`));
      if (report.type !== 'converged') return;
      clearTimeout(timer);
      resolve({ established, converged: report.milliseconds, items: report.items, octets: report.octets });
    });
    crowd.on('exit', (code) => reject(new Error(`the crowd of agents ended with ${code}`)));
  });
}

function text(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name.padEnd(26)} ${Number.isInteger(value) ? value : value.toFixed(2)}\n`)
    .join('');
}

function wholeNumber(name: string, value: string): number {
  if (!/^[1-9]\d*$/.test(value))
    throw new RangeError(`--${name} takes a whole number from 1, not "${value}"`);
  return Number(value);
}
