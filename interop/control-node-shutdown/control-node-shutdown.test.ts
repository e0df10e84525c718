// A control node that is told to end says so to everybody: FRR, GoBGP and an agent are the witnesses.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DaemonProcess, Frr, Gobgp, LoopbackBlock } from '@vaportrail/lab';
import { type NeighborView, fetchView } from '@vaportrail/show';
import t from 'tap';
import { ComputeNode } from '../compute-node.ts';
import { PUBLIC, cent111 } from '../running-control-node.ts';
import { missing, until } from '../running-lab.ts';

const program = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));
const fip = '101.101.101.252/32';

t.test(
  'SIGTERM is an administrative shutdown to peers, the end of the stream to agents, and of their routes',
  { skip: missing('frr', 'gobgp') },
  async (t) => {
    t.setTimeout(120_000);
    const block = new LoopbackBlock();
    const [address, ofFrr, ofGobgp] = [block.take(), block.take(), block.take()];
    const { asn } = cent111;
    const frr = await Frr.start({
      asn,
      routerId: '10.0.0.4',
      address: ofFrr,
      importTargets: ['500:500'],
      neighbors: [{ address, asn }],
    });
    t.teardown(() => frr.stop());
    const gobgp = await Gobgp.start({
      asn,
      routerId: '10.0.0.3',
      address: ofGobgp,
      neighbors: [{ address, asn }],
      vrfs: [{ name: 'public', routeDistinguisher: '10.0.0.3:1', routeTargets: ['500:500'] }],
    });
    t.teardown(() => gobgp.stop());

    const file = join(t.testdir(), 'control-node.yaml');
    const peers = [
      { address: ofFrr, port: frr.port },
      { address: ofGobgp, port: gobgp.port },
    ];
    writeFileSync(
      file,
      JSON.stringify({
        ...cent111,
        bgp: {
          listen: [],
          peers: peers.map((peer) => ({ ...peer, 'local-address': address, 'connect-retry': 1 })),
        },
        xmpp: { listen: { address, port: 5269 } },
        introspect: { address, port: 8083 },
      }),
    );
    const node = new DaemonProcess('control-node', [process.execPath, program, 'control-node', '-c', file]);
    t.teardown(() => node.stop('SIGKILL'));
    const views = `http://${address}:8083`;
    await node.answers(async () => {
      const neighbors = await fetchView<NeighborView[]>(views, '/neighbors', { protocol: 'bgp' });
      return neighbors.every(({ state }) => state === 'Established') || undefined;
    }, 30_000);
    const agent = await ComputeNode.connect({ address, port: 5269 }, 'cent222', '10.169.25.20');
    t.teardown(async () => agent.kill());
    agent.subscribe(PUBLIC, 9);
    agent.publish({ instance: PUBLIC, prefix: fip, label: 44 });
    await frr.process.answers(async () => ((await frr.paths(fip)).length === 1 ? true : undefined));
    await gobgp.process.answers(async () => ((await gobgp.paths(fip)).length === 1 ? true : undefined));

    await node.stop('SIGTERM');
    t.equal(node.ending, 'exit code 0');
    await until(
      async () => agent.closed,
      (closed) => closed,
    );
    const shown = await frr.json(`show bgp neighbors ${address}`);
    t.match(JSON.stringify(shown), /"lastNotificationReason":"Cease\/Administrative Shutdown"/);
    t.match(JSON.stringify(shown), 'the control node is shutting down', 'with a text for the other operator');
    await frr.process.answers(async () => ((await frr.paths(fip)).length === 0 ? true : undefined));
    await gobgp.process.answers(async () => ((await gobgp.paths(fip)).length === 0 ? true : undefined));
    t.match(gobgp.process.output, /cease.*administrative shutdown|administrative shutdown/is);
  },
);
