// Two control nodes as an iBGP mesh, every compute node on both, and FRR behind them: one of them is killed.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { NeighborView, RouteView } from '@vaportrail/show';
import { fetchView } from '@vaportrail/show';
import { DaemonProcess, Frr, LoopbackBlock, findFrr } from '@vaportrail/lab';
import t, { type Test } from 'tap';
import { ComputeNode } from '../compute-node.ts';

const asn = 60100;
const fip = '101.101.101.252/32';
const PUBLIC = 'default-domain:k8s-ns-user-1:k8s-vn-ns-default-pod-network:k8s-vn-ns-default-pod-network';
const skip = findFrr().path === undefined ? 'FRR is not installed' : false;
const program = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));
const block = new LoopbackBlock();
const computeNodes = ['cent222', 'cent333'] as const;
const labels = [44, 26];
const instanceIds = [9, 5];
/** Next hops of the floating IP. */
const both = '10.169.25.20,10.169.25.21';
const [ports, folder] = [{ bgp: 1790, xmpp: 5269, views: 8083 }, t.testdir()];

/** Starts a control node as a process of its own, as an operator does. */
async function start(
  name: string,
  address: string,
  routerId: string,
  other: string,
  gateway: string,
): Promise<DaemonProcess> {
  const file = join(folder, `${name}.yaml`);
  const config = {
    name,
    asn,
    'router-id': routerId,
    bgp: {
      listen: [{ address, port: ports.bgp }],
      peers: [other, gateway].map((peer) => ({
        address: peer,
        port: ports.bgp,
        'local-address': address,
        'connect-retry': 1,
      })),
    },
    xmpp: { listen: { address, port: ports.xmpp } },
    'routing-instances': [{ name: PUBLIC, 'vn-index': 11, 'route-targets': ['500:500'] }],
    introspect: { address, port: ports.views },
  };
  writeFileSync(file, JSON.stringify(config));
  const daemon = new DaemonProcess(name, [process.execPath, program, 'control-node', '-c', file]);
  await daemon.answers(() => fetchView(`http://${address}:${ports.views}`, '/daemon'), 20_000);
  return daemon;
}

t.setTimeout(180_000);

/** Two control nodes, their gateway, and two compute nodes with a pod of the floating IP each. */
class Pair {
  readonly addresses: readonly [string, string];
  readonly frr: Frr;
  readonly #gateway: string;
  readonly #daemons: [DaemonProcess?, DaemonProcess?] = [];
  readonly #agents: [ComputeNode?, ComputeNode?][] = [[], []];

  private constructor(addresses: readonly [string, string], gateway: string, frr: Frr) {
    this.addresses = addresses;
    this.#gateway = gateway;
    this.frr = frr;
  }

  static async start(t: Test): Promise<Pair> {
    const [one, two, gateway] = [block.take(), block.take(), block.take()];
    const frr = await Frr.start({
      asn,
      routerId: '192.168.0.204',
      address: gateway,
      importTargets: ['500:500'],
      neighbors: [one, two].map((address) => ({ address, asn })),
    });
    t.teardown(() => frr.stop());
    const pair = new Pair([one, two], gateway, frr);
    t.teardown(() => pair.#stop());
    await Promise.all([pair.startNode(0), pair.startNode(1)]);
    for (const index of [0, 1] as const) {
      await frr.process.answers(async () => {
        const neighbors = await pair.view<NeighborView[]>(index, '/neighbors', { protocol: 'bgp' });
        return neighbors.every(({ state }) => state === 'Established') || undefined;
      }, 20_000);
      await pair.connect(index);
    }
    await frr.process.answers(async () => ((await pair.nextHops()) === both ? true : undefined));
    return pair;
  }

  view<T>(node: 0 | 1, path: string, query = {}): Promise<T> {
    return fetchView<T>(`http://${this.addresses[node]}:${ports.views}`, path, query);
  }

  async startNode(node: 0 | 1): Promise<void> {
    const [own, other] = [this.addresses[node], this.addresses[1 - node]!];
    this.#daemons[node] = await start(
      `ctrl-${node + 1}`,
      own,
      `10.169.25.${18 + node}`,
      other,
      this.#gateway,
    );
  }

  async kill(node: 0 | 1): Promise<void> {
    await this.#daemons[node]!.stop('SIGKILL');
  }

  /** Both compute nodes connect to a control node, and publish the floating IP. */
  async connect(node: 0 | 1): Promise<void> {
    for (const [index, name] of computeNodes.entries()) {
      const to = { address: this.addresses[node], port: ports.xmpp };
      const agent = await ComputeNode.connect(to, name, `10.169.25.${20 + index}`);
      this.#agents[index]![node] = agent;
      agent.subscribe(PUBLIC, instanceIds[index]!);
      agent.publish({ instance: PUBLIC, prefix: fip, label: labels[index]! });
    }
  }

  /** The channels of both compute nodes to both control nodes. */
  get agents(): readonly ComputeNode[] {
    return this.#agents.flatMap((channels) => channels.flatMap((channel) => channel ?? []));
  }

  /** The channels of one compute node that are open. */
  channels(computeNode: 0 | 1): readonly ComputeNode[] {
    return this.#agents[computeNode]!.flatMap((channel) => (channel?.closed === false ? [channel] : []));
  }

  async nextHops(): Promise<string> {
    return [...new Set((await this.frr.paths(fip)).map(({ nextHop }) => nextHop))].sort().join();
  }

  /** Waits until FRR has so many VPN routes of the floating IP, one from each control node for each compute node. */
  async vpnPaths(count: number): Promise<void> {
    const settled = async () => ((await this.frr.vpnPaths(fip)).length === count ? true : undefined);
    await this.frr.process.answers(settled, 20_000);
  }

  async #stop(): Promise<void> {
    for (const agent of this.agents) agent.kill();
    await Promise.all(this.#daemons.map((daemon) => daemon?.stop()));
  }
}

t.test('two control nodes tell the same of two compute nodes', { skip }, async (t) => {
  const pair = await Pair.start(t);
  await pair.vpnPaths(4);
  t.same(
    [...new Set((await pair.frr.vpnPaths(fip)).map(({ rd }) => rd))].sort(),
    ['10.169.25.20:9', '10.169.25.21:5'],
    'both control nodes give a route the same distinguisher',
  );
  await pair.frr.process.answers(async () => {
    const hops = pair.agents.map((agent) => agent.nextHops(PUBLIC, fip).join());
    return hops.every((one) => one === '10.169.25.20 44,10.169.25.21 26') || undefined;
  });
  const [route] = await pair.view<RouteView[]>(0, '/routes', { table: `${PUBLIC}.inet.0`, prefix: fip });
  t.same(
    route!.paths.map(({ protocol, nextHop, notBest }) => `${protocol} ${nextHop} ${notBest?.step ?? 'best'}`),
    ['xmpp 10.169.25.20 best', 'xmpp 10.169.25.21 path-id', 'bgp 10.169.25.20 xmpp', 'bgp 10.169.25.21 xmpp'],
    'the paths of the other control node are there, and not repeated in the items',
  );
});

t.test(
  'killing either of two control nodes loses no route at the gateway, whatever changes',
  { skip },
  async (t) => {
    const pair = await Pair.start(t);
    await pair.vpnPaths(4);
    const seen = new Set<string>();
    let isOver = false;
    const watch = (async () => {
      while (!isOver) {
        seen.add(await pair.nextHops());
        // FRR's shell, called without a pause, keeps the node that starts from the processor.
        await sleep(50);
      }
    })();
    // The second compute node has pods that come and go all the time, on whatever channel it has.
    const prefixes = Array.from({ length: 20 }, (_, i) => `101.101.102.${i}/32`);
    const published = new Set<string>();
    const churn = (async () => {
      for (let turn = 0; !isOver; turn++) {
        const prefix = prefixes[(turn * 7) % prefixes.length]!;
        const workload = { instance: PUBLIC, prefix, label: 100 + (turn % 50) };
        const isKept = turn % 3 !== 0;
        for (const channel of pair.channels(1)) {
          if (isKept) channel.publish(workload);
          else channel.withdraw(workload);
        }
        if (isKept) published.add(prefix);
        else published.delete(prefix);
        await sleep(5);
      }
    })();
    for (const node of [0, 1] as const) {
      await pair.kill(node);
      await pair.vpnPaths(2);
      await pair.startNode(node);
      await pair.connect(node);
      // What it said while the channel was away it says now.
      for (const prefix of published) pair.channels(1)[node]!.publish({ instance: PUBLIC, prefix, label: 7 });
      await pair.vpnPaths(4);
    }
    isOver = true;
    await Promise.all([watch, churn]);
    t.same([...seen], [both], 'FRR had both next hops all the time');
    for (const prefix of published) {
      for (const channel of pair.channels(1)) channel.publish({ instance: PUBLIC, prefix, label: 9 });
    }
    for (const prefix of prefixes) {
      const want = published.has(prefix) ? '9,9' : '';
      await pair.frr.process.answers(async () => {
        const told = (await pair.frr.vpnPaths(prefix)).map(({ label }) => label);
        return told.join() === want ? true : undefined;
      }, 20_000);
    }
    t.pass('and ends with what is there, from both control nodes');
  },
);
