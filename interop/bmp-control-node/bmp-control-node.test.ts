// What a BMP station hears of a control node that has FRR for a peer, read by tshark from the wire.
import { Frr, LoopbackBlock } from '@vaportrail/lab';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { ComputeNode } from '../compute-node.ts';
import { PUBLIC, camaro, cent111, runningControlNode } from '../running-control-node.ts';
import { floatingIp, missing, until } from '../running-lab.ts';
import { silentStation } from '../silent-station.ts';
import { TsharkCapture, missingCapture } from '../tshark-capture.ts';

const skip = missingCapture() || missing('frr');
const block = new LoopbackBlock();

t.test(
  'a station hears of sessions, of what peers say, of the Loc-RIB and of counts',
  { skip },
  async (t) => {
    t.setTimeout(90_000);
    const station = await silentStation(t);
    const capture = await TsharkCapture.start(t, { port: station.at.port, protocol: 'bmp' });

    const [ours, theirs] = [block.take(), block.take()];
    const frr = await Frr.start({
      ...camaro,
      address: theirs,
      exported: { prefixes: ['15.15.15.0/24'], label: 299, nextHop: theirs },
      neighbors: [{ address: ours, asn: camaro.asn }],
    });
    t.teardown(() => frr.stop());
    const node = await runningControlNode(t, {
      ...cent111,
      address: ours,
      peers: [{ name: 'camaro', address: theirs, port: frr.port }],
      bmp: { stations: [station.at], 'statistics-interval': 1 },
    });
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
    t.ok(station.octets > 0);
    await node.stop();
    await capture.stop();

    const types = new Set(capture.read('bmp', '-T', 'fields', '-e', 'bmp.type').split(/[\s,]+/));
    for (const [type, name] of [
      ['4', 'initiation'],
      ['3', 'peer up'],
      ['0', 'route monitoring'],
      ['1', 'statistics'],
      ['2', 'peer down'],
      ['5', 'termination'],
    ] as const)
      t.ok(types.has(type), name);
    const peers = capture.read('bmp.type == 0', '-T', 'fields', '-e', 'bmp.peer.type');
    t.match(peers, /\b0\b/, 'what FRR said');
    t.match(peers, /\b3\b/, 'the Loc-RIB');
    const told = 'bmp.type == 0 && bmp.peer.flags.adj_rib_out == 1';
    t.match(capture.read(told, '-V'), '101.101.101.252', 'what FRR is told, as Adj-RIB-Out');
    t.notMatch(capture.read(told, '-V'), '15.15.15.0', 'and not what it said');
    const text = capture.read('bmp', '-V');
    t.match(text, '15.15.15.0', 'the route of FRR');
    t.match(text, '101.101.101.252', 'the floating IP of the agent');
    // tshark 4.0 hands all of Peer Up to its BGP dissector, also the table name (RFC 9069 §5.2.1) behind the OPENs.
    const wrong = '_ws.malformed && !(bmp.type == 3 && bmp.peer.type == 3)';
    t.equal(capture.read(wrong).trim(), '', 'nothing is malformed');
  },
);
