/**
 * `npm run bench -- services`: Services from the Kubernetes objects to the gateway's table, all at once, and then one
 * pod's readiness with all of them standing.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ApiServer, ConfigDatabase, EmbeddedStore, NativeDriver } from '@vaportrail/config';
import { KubeManager } from '@vaportrail/kube';
import { LoopbackBlock } from '@vaportrail/lab';
import { cpuSeconds, residentOctets } from './process-usage.ts';
import { clusterObjects, endpointsObject, ROUTE_TARGET, type ClusterPlan } from './service-cluster.ts';
import type { ControlNodePlan } from './service-control-node.ts';
import type { EdgePlan, EdgeReport, Expectation } from './service-edge.ts';
import { median, quantile } from './statistics.ts';

const USAGE = `npm run bench -- services [options]

  --services N    Services of type LoadBalancer (default 10000)
  --pods N        ready pods behind each (default 3)
  --nodes N       compute nodes (default 500)
  --namespaces N  isolated namespaces that share the Services (default 100)
  --spread N      nodes that the pods of one namespace are on (default 25)
  --changes N     readiness changes measured afterwards (default 100)
  --timeout N     seconds until it is given up (default 600)
  --json          one JSON document on standard output

Three processes: configuration with kube and the load-balancer driver (this one); the control node; compute nodes and
gateway. The clock runs from the first object until the gateway has a path for every Service and node behind it. The
compute nodes publish as agents do and leave unread what they are told. Stages end when the configuration is in the
store, when the nodes have been told the last of it (and published it), and when all is in the gateway's table; idle is
what the first process spent waiting, mostly for the store. A readiness change counts from the endpoints to the word of
the gateway that a path is gone or back.
`;

const VRF = 'public';
const TABLE = `${VRF}.inet.0`;
const BGP_PORT = 1790;
const ASN = 64_512;
const PROGRESS = 2000;
/** Saves a sixth of the processor time: most of what a write makes is garbage a moment later. */
const YOUNG = '--max-semi-space-size=64';

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      services: { type: 'string', default: '10000' },
      pods: { type: 'string', default: '3' },
      nodes: { type: 'string', default: '500' },
      namespaces: { type: 'string', default: '100' },
      spread: { type: 'string', default: '25' },
      changes: { type: 'string', default: '100' },
      timeout: { type: 'string', default: '600' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const number = (name: 'services' | 'pods' | 'nodes' | 'namespaces' | 'spread' | 'changes' | 'timeout') =>
    wholeNumber(name, values[name]);
  const services = number('services');
  const nodes = number('nodes');
  const plan: ClusterPlan = {
    services,
    pods: number('pods'),
    nodes,
    namespaces: Math.min(number('namespaces'), services),
    spread: Math.min(number('spread'), nodes),
  };
  if (!process.execArgv.includes(YOUNG)) return inOwnProcess();
  if (plan.pods > plan.spread)
    throw new RangeError('--pods is at most --spread: one pod of a Service a node');
  const bench = await ServicesBench.start(plan, number('timeout') * 1000);
  try {
    const figures = await bench.measure(Math.min(number('changes'), services));
    process.stdout.write(values.json ? `${JSON.stringify(figures)}\n` : text(figures));
    return 0;
  } finally {
    await bench.stop();
  }
}

/** The same again in a process whose young objects have room, as the config node of deploy/ has it. */
async function inOwnProcess(): Promise<number> {
  const child = spawn(process.execPath, [YOUNG, ...process.argv.slice(1)], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

class ServicesBench {
  readonly #plan: ClusterPlan;
  readonly #folder = mkdtempSync(join(tmpdir(), 'vaportrail-bench-'));
  readonly #store = EmbeddedStore.open(this.#folder);
  readonly #timeout: number;
  readonly #external = new Map<string, string>();
  readonly #children: ChildProcess[] = [];
  #database!: ConfigDatabase;
  #manager!: KubeManager;
  #driver!: NativeDriver;
  #api!: ApiServer;
  #edge!: ChildProcess;
  #control!: ChildProcess;
  #table = { prefixes: 0, paths: 0, toldAt: 0 };
  #octets = 0;
  #peak = [0, 0, 0];

  private constructor(plan: ClusterPlan, timeout: number) {
    this.#plan = plan;
    this.#timeout = timeout;
  }

  static async start(plan: ClusterPlan, timeout: number): Promise<ServicesBench> {
    const bench = new ServicesBench(plan, timeout);
    await bench.#begin();
    return bench;
  }

  async #begin(): Promise<void> {
    this.#database = await ConfigDatabase.open(this.#store);
    this.#manager = new KubeManager({
      client: this.#database,
      reports: {
        ingress: ({ metadata: { name } }, [address = '']) => void this.#external.set(name, address),
        event: (_, { message }) => process.stderr.write(`${message}\n`),
      },
    });
    this.#driver = new NativeDriver(this.#database);
    this.#api = new ApiServer(this.#database);
    const { address, port } = await this.#api.listen({ address: '127.0.0.1', port: 0 });
    const api = `http://${address}:${port}`;
    const block = new LoopbackBlock();
    const [control, gateway] = [block.take(), block.take()];
    this.#control = this.#fork('service-control-node', '--control-node', {
      api,
      config: {
        name: 'control-node',
        asn: ASN,
        'router-id': '10.0.0.1',
        bgp: {
          listen: [],
          peers: [
            {
              name: 'gateway',
              address: gateway,
              port: BGP_PORT,
              'local-address': control,
              'connect-retry': 1,
            },
          ],
        },
        xmpp: { listen: { address: control, port: 0 } },
      },
    } satisfies ControlNodePlan);
    const [{ xmpp }] = (await once(this.#control, 'message')) as [{ xmpp: EdgePlan['xmpp'] }];
    this.#edge = this.#fork('service-edge', '--edge', {
      nodes: this.#plan.nodes,
      api,
      xmpp,
      table: TABLE,
      gateway: {
        name: 'gateway',
        asn: ASN,
        'router-id': '10.0.0.2',
        bgp: {
          listen: [{ address: gateway, port: BGP_PORT }],
          peers: [
            { name: 'control-node', address: control, asn: ASN, passive: true, 'local-address': gateway },
          ],
        },
        'routing-instances': [
          { name: VRF, 'route-distinguisher': '10.0.0.2:500', 'vrf-target': ROUTE_TARGET },
        ],
        'dynamic-tunnels': [
          {
            name: 'fabric',
            'source-address': '10.0.0.2',
            type: 'gre',
            'destination-networks': ['10.1.0.0/16'],
          },
        ],
      },
    } satisfies EdgePlan);
    this.#edge.on('message', (report: EdgeReport) => {
      if (report.type === 'table') this.#table = report;
      if (report.type === 'octets') this.#octets = report.octets;
    });
    await this.#report('established');
    this.#driver.start();
    await this.#manager.start();
  }

  async measure(changes: number): Promise<Record<string, number>> {
    const { services, pods, nodes } = this.#plan;
    const expected = services * pods;
    const started = performance.now();
    const startedAt = Date.now();
    const idleBefore = performance.eventLoopUtilization();
    const seconds = (): number => (performance.now() - started) / 1000;
    const pids = [process.pid, this.#control.pid!, this.#edge.pid!];
    const sample = setInterval(() => {
      pids.forEach((pid, at) => (this.#peak[at] = Math.max(this.#peak[at]!, residentOctets([pid]))));
    }, 500);
    const progress = setInterval(() => {
      const { paths, prefixes } = this.#table;
      process.stderr.write(
        `${seconds().toFixed(0)} s: ${this.#database.graph.size} objects, ${prefixes} floating IPs and ${paths} of ${expected} paths at the gateway\n`,
      );
    }, PROGRESS);
    const before = pids.map((pid) => cpuSeconds([pid]));
    try {
      for (const one of clusterObjects(this.#plan)) this.#manager.put(one);
      this.#manager.synced();
      const written = this.#written().then(seconds);
      await this.#tableHas(services, expected);
      const appliedSeconds = seconds();
      const toldSeconds = (this.#table.toldAt - startedAt) / 1000;
      const cpu = pids.map((pid, at) => cpuSeconds([pid]) - before[at]!);
      const idleSeconds = performance.eventLoopUtilization(idleBefore).idle / 1000;
      const writtenSeconds = await written;
      const lost: number[] = [];
      const back: number[] = [];
      for (let i = 0; i < changes; i++) {
        const service = Math.floor((i * services) / changes);
        lost.push(await this.#change(service, new Set([i % pods])));
        back.push(await this.#change(service, new Set()));
      }
      const readiness = [...lost, ...back];
      const [config = 0, control = 0, edge = 0] = this.#peak.map((octets) => octets / 1e6);
      return {
        services,
        pods: services * pods,
        nodes,
        configurationObjects: this.#database.graph.size,
        gatewayPaths: expected,
        writtenSeconds,
        toldSeconds,
        appliedSeconds,
        configurationIdleSeconds: idleSeconds,
        configurationCpuSeconds: cpu[0]!,
        controlNodeCpuSeconds: cpu[1]!,
        edgeCpuSeconds: cpu[2]!,
        cpuSeconds: cpu.reduce((sum, each) => sum + each, 0),
        toldToNodesMegabytes: this.#octets / 1e6,
        readinessMedianMilliseconds: median(readiness),
        readinessP99Milliseconds: quantile(readiness, 0.99),
        lostMedianMilliseconds: median(lost),
        backMedianMilliseconds: median(back),
        configurationPeakMegabytes: config,
        controlNodePeakMegabytes: control,
        edgePeakMegabytes: edge,
      };
    } finally {
      clearInterval(sample);
      clearInterval(progress);
    }
  }

  /** Ends when everything put so far is in the store, the driver's part as well. */
  async #written(): Promise<void> {
    await this.#manager.settled();
    await this.#driver.settled();
  }

  /** Milliseconds from new endpoints of a Service to as many paths at the gateway. */
  async #change(service: number, notReady: ReadonlySet<number>): Promise<number> {
    const expectation: Expectation = {
      prefix: `${this.#external.get(`web-${service}`)}/32`,
      paths: this.#plan.pods - notReady.size,
    };
    this.#edge.send(expectation);
    await this.#report('expecting');
    const started = performance.now();
    this.#manager.put(endpointsObject(this.#plan, service, notReady));
    await this.#report('seen');
    return performance.now() - started;
  }

  async #tableHas(prefixes: number, paths: number): Promise<void> {
    while (this.#table.prefixes !== prefixes || this.#table.paths !== paths) await this.#report('table');
  }

  #report(type: EdgeReport['type']): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (because?: string): void => {
        clearTimeout(timer);
        this.#edge.off('message', hear);
        if (because === undefined) resolve();
        else reject(new Error(because));
      };
      const timer = setTimeout(
        () => end(`no word of "${type}" within ${this.#timeout / 1000} s`),
        this.#timeout,
      );
      const hear = (report: EdgeReport): void => {
        if (report.type === type) end();
        else if (report.type === 'lost') end(`${report.node} lost its session`);
      };
      this.#edge.on('message', hear);
    });
  }

  #fork(file: string, word: string, plan: object): ChildProcess {
    const child = fork(
      fileURLToPath(new URL(`./${file}.js`, import.meta.url)),
      [word, JSON.stringify(plan)],
      {
        execArgv: [],
      },
    );
    this.#children.push(child);
    return child;
  }

  async stop(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await this.#manager.stop();
    await this.#driver.stop();
    await this.#api.close();
    this.#database.close();
    await this.#store.close();
    rmSync(this.#folder, { recursive: true });
  }
}

function text(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name.padEnd(28)} ${Number.isInteger(value) ? value : value.toFixed(2)}\n`)
    .join('');
}

function wholeNumber(name: string, value: string): number {
  if (!/^[1-9]\d*$/.test(value))
    throw new RangeError(`--${name} takes a whole number from 1, not "${value}"`);
  return Number(value);
}
