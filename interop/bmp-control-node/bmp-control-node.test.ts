// What a BMP station hears of a control node that has FRR for a peer, read by tshark from the wire.
import { ControlNode, controlNodeConfig } from '@vaportrail/control-node';
import { Frr, LoopbackBlock, findFrr } from '@vaportrail/lab';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { ComputeNode } from '../compute-node.ts';
import { floatingIp, until } from '../running-lab.ts';

const tshark = '/usr/bin/tshark';
const skip = !existsSync(tshark)
  ? 'tshark is not installed'
  : process.getuid?.() !== 0
    ? 'capturing needs root'
    : findFrr().path === undefined
      ? 'FRR is not installed'
      : false;
const asn = 60100;
const PUBLIC = 'default-domain:k8s-ns-user-1:k8s-vn-ns-default-pod-network:k8s-vn-ns-default-pod-network';
const block = new LoopbackBlock();

t.test(
  'a station hears of sessions, of what peers say, of the Loc-RIB and of counts',
  { skip },
  async (t) => {
    t.setTimeout(90_000);
    let octets = 0;
    const server = createServer((socket) => void socket.on('data', (chunk) => (octets += chunk.length)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    const { port } = server.address() as AddressInfo;
    const capture = join(t.testdir({}), 'bmp.pcapng');
    const recorder = spawn(tshark, ['-q', '-i', 'lo', '-f', `tcp port ${port}`, '-w', capture], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await new Promise<void>((resolve) => {
      recorder.stderr.on('data', (chunk: Buffer) => {
        if (chunk.includes('Capturing')) resolve();
      });
    });
    await sleep(1500);

    const [ours, theirs] = [block.take(), block.take()];
    const frr = await Frr.start({
      asn,
      routerId: '192.168.0.204',
      address: theirs,
      importTargets: ['500:500'],
      exported: { prefixes: ['15.15.15.0/24'], label: 299, nextHop: theirs },
      neighbors: [{ address: ours, asn }],
    });
    t.teardown(() => frr.stop());
    const node = new ControlNode(
      controlNodeConfig.parse({
        name: 'cent111',
        asn,
        'router-id': '10.169.25.19',
        bgp: {
          listen: [],
          peers: [
            { name: 'camaro', address: theirs, port: frr.port, 'local-address': ours, 'connect-retry': 1 },
          ],
        },
        xmpp: { listen: { address: ours, port: 0 } },
        'routing-instances': [{ name: PUBLIC, 'vn-index': 11, 'route-targets': ['500:500'] }],
        bmp: { stations: [{ address: '127.0.0.1', port }], 'statistics-interval': 1 },
      }),
    );
    await node.start();
    const agent = await ComputeNode.connect(node.xmppAddress!, 'cent222', '10.169.25.20');
    t.teardown(async () => agent.kill());
    agent.subscribe(PUBLIC, 9);
    agent.publish({ instance: PUBLIC, prefix: floatingIp, label: 44 });
    await frr.process.answers(async () => ((await frr.paths(floatingIp)).length === 1 ? true : undefined));
    await until(
      async () => node.routes({ table: 'bgp.l3vpn.0' }),
      (routes) => routes.some(({ prefix }) => prefix.includes('15.15.15.0')),
    );
    await sleep(2500);
    t.ok(octets > 0);
    await node.stop();
    await sleep(500);
    recorder.kill('SIGINT');
    await once(recorder, 'exit');

    const read = (...args: string[]): string =>
      execFileSync(tshark, ['-r', capture, '-d', `tcp.port==${port},bmp`, ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    const types = new Set(read('-Y', 'bmp', '-T', 'fields', '-e', 'bmp.type').split(/[\s,]+/));
    for (const [type, name] of [
      ['4', 'initiation'],
      ['3', 'peer up'],
      ['0', 'route monitoring'],
      ['1', 'statistics'],
      ['2', 'peer down'],
      ['5', 'termination'],
    ] as const)
      t.ok(types.has(type), name);
    const peers = read('-Y', 'bmp.type == 0', '-T', 'fields', '-e', 'bmp.peer.type');
    t.match(peers, /\b0\b/, 'what FRR said');
    t.match(peers, /\b3\b/, 'the Loc-RIB');
    const told = 'bmp.type == 0 && bmp.peer.flags.adj_rib_out == 1';
    t.match(read('-V', '-Y', told), '101.101.101.252', 'what FRR is told, as Adj-RIB-Out');
    t.notMatch(read('-V', '-Y', told), '15.15.15.0', 'and not what it said');
    const text = read('-V', '-Y', 'bmp');
    t.match(text, '15.15.15.0', 'the route of FRR');
    t.match(text, '101.101.101.252', 'the floating IP of the agent');
    // tshark 4.0 hands all of Peer Up to its BGP dissector, also the table name (RFC 9069 §5.2.1) behind the OPENs.
    const wrong = '_ws.malformed && !(bmp.type == 3 && bmp.peer.type == 3)';
    t.equal(read('-Y', wrong).trim(), '', 'nothing is malformed');
  },
);
