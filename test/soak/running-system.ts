/**
 * The system under soak: two control nodes as processes of their own, agents and a gateway in this one, FRR and GoBGP
 * where they are installed. It does as it is told; what was told is the intent's to remember.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Agent } from '@vaportrail/agent';
import { Gateway, gatewayConfig } from '@vaportrail/gateway';
import {
  DaemonProcess,
  Frr,
  Gobgp,
  LoopbackBlock,
  findFrr,
  findGobgp,
  removeFolder,
  temporaryFolder,
  writeConfig,
} from '@vaportrail/lab';
import { type NeighborView, fetchView } from '@vaportrail/show';
import type { ComputeNode, Intent, Workload } from './intent.ts';
import type { StallLine } from './loop-stalls.ts';

const stallWatch = new URL('./loop-stalls.js', import.meta.url).href;
const program = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));
const ports = { bgp: 1790, xmpp: 5269, views: 8083 };
const START_MILLISECONDS = 30_000;

/** A control node, and the process that it is at the moment. */
export class ControlNodeProcess {
  readonly name: string;
  readonly address: string;
  /** Where it notes how long its event loop was kept. */
  readonly #stalls: string;
  readonly #file: string;
  /** Milliseconds until it answered, by process. */
  readonly #upAt = new Map<number, number>();
  #process: DaemonProcess | undefined;

  readonly #tracesStalls: boolean;

  constructor(name: string, address: string, file: string, tracesStalls: boolean) {
    this.name = name;
    this.address = address;
    this.#file = file;
    this.#tracesStalls = tracesStalls;
    this.#stalls = `${file}.stalls`;
  }

  /** What it noted since it was up, over all its lives: before, nobody waits for it. */
  stallLines(): StallLine[] {
    if (!existsSync(this.#stalls)) return [];
    const lines = readFileSync(this.#stalls, 'utf8').split('\n');
    // The last one may have been cut short with the process.
    return lines
      .slice(0, -1)
      .map((line) => JSON.parse(line) as StallLine)
      .filter(({ pid, at, milliseconds }) => at - milliseconds >= (this.#upAt.get(pid) ?? Infinity));
  }

  get pid(): number | undefined {
    return this.#process?.running === true ? this.#process.pid : undefined;
  }

  /** What it printed last. */
  get output(): string {
    return this.#process?.output ?? '';
  }

  /** Whether it ended without being told to. */
  get died(): boolean {
    return this.#process?.running === false;
  }

  view<T>(path: string, query: Readonly<Record<string, string | number>> = {}): Promise<T> {
    return fetchView<T>(`http://${this.address}:${ports.views}`, path, query);
  }

  async start(): Promise<void> {
    const begun = performance.now();
    this.#process = new DaemonProcess(this.name, [
      process.execPath,
      '--import',
      `${stallWatch}?file=${encodeURIComponent(this.#stalls)}${this.#tracesStalls ? '&trace' : ''}`,
      program,
      'control-node',
      '-c',
      this.#file,
    ]);
    await this.#process.answers(() => this.view('/daemon'), START_MILLISECONDS);
    const { pid } = this;
    if (pid !== undefined) this.#upAt.set(pid, performance.now() - begun);
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    const ending = this.#process;
    this.#process = undefined;
    await ending?.stop(signal);
  }

  /** Whether all BGP sessions are up. */
  async isMeshed(): Promise<boolean> {
    const neighbors = await this.view<NeighborView[]>('/neighbors', { protocol: 'bgp' });
    return neighbors.every(({ state }) => state === 'Established');
  }
}

export class RunningSystem {
  readonly controlNodes: readonly ControlNodeProcess[];
  readonly gateway: Gateway;
  readonly frr: Frr | undefined;
  readonly gobgp: Gobgp | undefined;
  readonly agents = new Map<string, Agent>();
  readonly #intent: Intent;
  readonly #folder: string;
  #stopping = false;

  private constructor(
    intent: Intent,
    folder: string,
    controlNodes: readonly ControlNodeProcess[],
    gateway: Gateway,
    peers: { frr: Frr | undefined; gobgp: Gobgp | undefined },
  ) {
    this.#intent = intent;
    this.#folder = folder;
    this.controlNodes = controlNodes;
    this.gateway = gateway;
    this.frr = peers.frr;
    this.gobgp = peers.gobgp;
  }

  /** Where agents connect. */
  get xmppAddresses(): readonly { readonly address: string; readonly port: number }[] {
    return this.controlNodes.map(({ address }) => ({ address, port: ports.xmpp }));
  }

  /** @throws Error when a part of it does not come up */
  static async start(
    intent: Intent,
    asn: number,
    gracefulRestart: boolean,
    tracesStalls: boolean,
  ): Promise<RunningSystem> {
    const folder = await temporaryFolder('soak');
    const block = new LoopbackBlock();
    const [one, two, own, frrAt, gobgpAt] = Array.from({ length: 5 }, () => block.take()) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const hasFrr = findFrr().path !== undefined;
    const hasGobgp = findGobgp().path !== undefined;
    const gateways = [own, ...(hasFrr ? [frrAt] : []), ...(hasGobgp ? [gobgpAt] : [])];
    const controlNodes: ControlNodeProcess[] = [];
    for (const [k, [address, other]] of [
      [one, two],
      [two, one],
    ].entries()) {
      const name = `ctrl-${k + 1}`;
      const config = {
        name,
        asn,
        'router-id': `10.169.25.${18 + k}`,
        bgp: {
          listen: [{ address, port: ports.bgp }],
          peers: [
            { name: `ctrl-${2 - k}`, address: other },
            ...gateways.map((gateway) => ({ address: gateway })),
          ].map((peer) => ({ ...peer, port: ports.bgp, 'local-address': address, 'connect-retry': 1 })),
        },
        xmpp: { listen: { address, port: ports.xmpp }, 'end-of-rib-delay': 0.2 },
        'routing-instances': intent.networks.map((network) => ({
          name: network.name,
          'vn-index': network.index,
          'route-targets': [network.routeTarget],
        })),
        'graceful-restart': {
          enabled: gracefulRestart,
          'restart-time': 3,
          'long-lived-restart-time': 0,
          'end-of-rib-timeout': 5,
        },
        introspect: { address, port: ports.views },
      };
      const file = await writeConfig(folder, `${name}.json`, JSON.stringify(config));
      controlNodes.push(new ControlNodeProcess(name, address!, file, tracesStalls));
    }
    const targets = intent.pools.map(({ routeTarget }) => routeTarget);
    const gateway = new Gateway(
      gatewayConfig.parse({
        name: 'gateway',
        asn,
        'router-id': '192.168.0.1',
        bgp: {
          listen: [{ address: own, port: ports.bgp }],
          peers: controlNodes.map(({ name, address }) => ({
            name,
            address,
            asn,
            'local-address': own,
            passive: true,
          })),
        },
        'routing-instances': [
          {
            name: 'public',
            'route-distinguisher': '192.168.0.1:500',
            import: targets,
            'routing-options': { multipath: 'vpn-unequal-cost' },
          },
        ],
        'dynamic-tunnels': [
          {
            name: 'compute',
            'source-address': '192.168.0.1',
            type: 'gre',
            'destination-networks': ['10.128.0.0/16'],
          },
        ],
        introspect: { address: own, port: 0 },
      }),
    );
    await gateway.start();
    const neighbors = [one, two].map((address) => ({ address, asn }));
    const frr = hasFrr
      ? await Frr.start({
          asn,
          routerId: '192.168.0.2',
          address: frrAt,
          importTargets: targets,
          neighbors,
          maximumPaths: 64,
        })
      : undefined;
    const gobgp = hasGobgp
      ? await Gobgp.start({
          asn,
          routerId: '192.168.0.3',
          address: gobgpAt,
          neighbors,
          vrfs: [{ name: 'public', routeDistinguisher: '192.168.0.3:500', routeTargets: targets }],
        })
      : undefined;
    const system = new RunningSystem(intent, folder, controlNodes, gateway, { frr, gobgp });
    try {
      await Promise.all(controlNodes.map((node) => node.start()));
      for (const node of intent.nodes) await system.startAgent(node);
    } catch (error) {
      await system.stop();
      throw error;
    }
    return system;
  }

  /** Brings a compute node up with all that should run on it. */
  async startAgent(node: ComputeNode): Promise<void> {
    const agent = Agent.from({
      name: node.name,
      address: node.address,
      'control-nodes': [...this.xmppAddresses],
      'end-of-rib-timeout': 10,
      vrfs: this.#intent.pools.map(({ name }, k) => ({ name, 'instance-id': 100 + k })),
      interfaces: Array.from(node.workloads.values(), interfaceOf),
    });
    this.agents.set(node.name, agent);
    await agent.start();
  }

  async stopAgent({ name }: ComputeNode): Promise<void> {
    const agent = this.agents.get(name);
    this.agents.delete(name);
    await agent?.stop();
  }

  /** Whether every session of every party is up and everybody has been told everything. */
  async isWhole(): Promise<boolean> {
    for (const agent of this.agents.values()) {
      if (!agent.peers.every(({ inSync }) => inSync)) return false;
    }
    const meshed = await Promise.all(this.controlNodes.map((node) => node.isMeshed().catch(() => false)));
    return meshed.every(Boolean);
  }

  /** Control nodes that ended by themselves, with their last words. */
  dead(): string[] {
    if (this.#stopping) return [];
    return this.controlNodes
      .filter(({ died }) => died)
      .map(
        ({ name, output }) => `${name} ended by itself: ${output.trim().split('\n').slice(-5).join(' | ')}`,
      );
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(Array.from(this.agents.values(), (agent) => agent.stop()));
    await Promise.all(this.controlNodes.map((node) => node.stop('SIGTERM')));
    await Promise.all([this.gateway.stop(), this.frr?.stop(), this.gobgp?.stop()]);
    await removeFolder(this.#folder);
  }
}

/** A workload as an agent's configuration names it. */
export function interfaceOf({ name, vrf, address, preference, sequence, floatingIps }: Workload) {
  return {
    name,
    vrf,
    address,
    preference,
    sequence,
    'floating-ips': Array.from(floatingIps, ([floating, pool]) => ({ address: floating, vrf: pool })),
  };
}
