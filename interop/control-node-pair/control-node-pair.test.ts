// Two control nodes as an iBGP mesh, every compute node on both, and FRR behind them: one of them is killed.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { NeighborView, RouteView } from '@vaportrail/show';
import { fetchView } from '@vaportrail/show';
import { DaemonProcess, Frr, LoopbackBlock, findFrr } from '@vaportrail/lab';
import t from 'tap';
import { ComputeNode } from '../compute-node.ts';

const asn = 60100;
const fip = '101.101.101.252/32';
const PUBLIC = 'default-domain:k8s-ns-user-1:k8s-vn-ns-default-pod-network:k8s-vn-ns-default-pod-network';
const skip = findFrr().path === undefined ? 'FRR is not installed' : false;
const program = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));
const block = new LoopbackBlock();
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

t.test('killing one of two control nodes loses no route at the gateway', { skip }, async (t) => {
  const [one, two, gateway] = [block.take(), block.take(), block.take()];
  const frr = await Frr.start({
    asn,
    routerId: '192.168.0.204',
    address: gateway,
    importTargets: ['500:500'],
    neighbors: [one, two].map((address) => ({ address, asn })),
  });
  t.teardown(() => frr.stop());
  const starting = [
    start('ctrl-1', one, '10.169.25.18', two, gateway),
    start('ctrl-2', two, '10.169.25.19', one, gateway),
  ] as const;
  t.teardown(async () => {
    for (const outcome of await Promise.allSettled(starting))
      if (outcome.status === 'fulfilled') await outcome.value.stop();
  });
  const [first] = await Promise.all(starting);
  const view = <T>(address: string, path: string, query = {}) =>
    fetchView<T>(`http://${address}:${ports.views}`, path, query);
  for (const address of [one, two]) {
    await frr.process.answers(async () => {
      const neighbors = await view<NeighborView[]>(address, '/neighbors', { protocol: 'bgp' });
      return neighbors.every(({ state }) => state === 'Established') || undefined;
    }, 20_000);
  }

  const agents: ComputeNode[] = [];
  t.teardown(async () => agents.forEach((agent) => agent.kill()));
  const [labels, ids] = [
    [44, 26],
    [9, 5],
  ];
  for (const [index, name] of ['cent222', 'cent333'].entries()) {
    for (const address of [one, two]) {
      const agent = await ComputeNode.connect({ address, port: ports.xmpp }, name, `10.169.25.${20 + index}`);
      agents.push(agent);
      agent.subscribe(PUBLIC, ids[index]!);
      agent.publish({ instance: PUBLIC, prefix: fip, label: labels[index]! });
    }
  }
  const nextHops = async () =>
    [...new Set((await frr.paths(fip)).map(({ nextHop }) => nextHop))].sort().join();
  const both = '10.169.25.20,10.169.25.21';
  await frr.process.answers(async () => ((await nextHops()) === both ? true : undefined));
  await frr.process.answers(async () => ((await frr.vpnPaths(fip)).length === 4 ? true : undefined));
  t.same(
    [...new Set((await frr.vpnPaths(fip)).map(({ rd }) => rd))].sort(),
    ['10.169.25.20:9', '10.169.25.21:5'],
    'both control nodes give a route the same distinguisher',
  );
  await frr.process.answers(async () => {
    const hops = agents.map((agent) => agent.nextHops(PUBLIC, fip).join());
    return hops.every((one) => one === '10.169.25.20 44,10.169.25.21 26') || undefined;
  });
  const [route] = await view<RouteView[]>(one, '/routes', { table: `${PUBLIC}.inet.0`, prefix: fip });
  t.same(
    route!.paths.map(({ protocol, nextHop, notBest }) => `${protocol} ${nextHop} ${notBest?.step ?? 'best'}`),
    ['xmpp 10.169.25.20 best', 'xmpp 10.169.25.21 path-id', 'bgp 10.169.25.20 xmpp', 'bgp 10.169.25.21 xmpp'],
    'the paths of the other control node are there, and not repeated in the items',
  );

  const seen = new Set<string>();
  let watching = true;
  const watch = (async () => {
    while (watching) {
      seen.add(await nextHops());
      // FRR's shell, called without a pause, keeps the node that starts from the processor.
      await sleep(50);
    }
  })();
  await first.stop('SIGKILL');
  await frr.process.answers(async () => ((await frr.vpnPaths(fip)).length === 2 ? true : undefined));
  const again = await start('ctrl-1', one, '10.169.25.18', two, gateway);
  t.teardown(() => again.stop());
  for (const [index, name] of ['cent222', 'cent333'].entries()) {
    const agent = await ComputeNode.connect(
      { address: one, port: ports.xmpp },
      name,
      `10.169.25.${20 + index}`,
    );
    agents.push(agent);
    agent.subscribe(PUBLIC, ids[index]!);
    agent.publish({ instance: PUBLIC, prefix: fip, label: labels[index]! });
  }
  await frr.process.answers(async () => ((await frr.vpnPaths(fip)).length === 4 ? true : undefined), 20_000);
  watching = false;
  await watch;
  t.same([...seen], [both], 'FRR had both next hops all the time');
});
