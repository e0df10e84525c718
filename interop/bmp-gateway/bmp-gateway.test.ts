// What a BMP station hears of a gateway with two VRFs and FRR for a peer, read by tshark from the wire.
import { Gateway, gatewayConfig } from '@vaportrail/gateway';
import { Frr, LoopbackBlock } from '@vaportrail/lab';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { missing, until } from '../running-lab.ts';
import { silentStation } from '../silent-station.ts';
import { TsharkCapture, missingCapture } from '../tshark-capture.ts';

const skip = missingCapture() || missing('frr');
const asn = 60100;
const block = new LoopbackBlock();

t.test(
  'a station hears of what FRR says, of what it is told, and of the Loc-RIB of each VRF',
  { skip },
  async (t) => {
    t.setTimeout(90_000);
    const station = await silentStation(t);
    const capture = await TsharkCapture.start(t, { port: station.at.port, protocol: 'bmp' });
    const [ours, theirs] = [block.take(), block.take()];
    const frr = await Frr.start({
      asn,
      routerId: '10.169.25.20',
      address: theirs,
      importTargets: ['500:500'],
      exported: { prefixes: ['101.101.101.252/32'], label: 44, nextHop: '10.169.25.20' },
      neighbors: [{ address: ours, asn }],
    });
    t.teardown(() => frr.stop());
    const gateway = new Gateway(
      gatewayConfig.parse({
        name: 'camaro',
        asn,
        'router-id': '192.168.0.204',
        bgp: {
          peers: [
            {
              address: theirs,
              port: frr.port,
              asn,
              'local-address': ours,
              'connect-retry': 1,
              families: ['inet-vpn'],
            },
          ],
        },
        'routing-instances': [
          {
            name: 'k8s-test',
            'route-distinguisher': '192.168.0.204:500',
            'vrf-target': '500:500',
            interfaces: [{ name: 'ge-0/0/1.0', address: '15.15.15.1/24' }],
          },
        ],
        'dynamic-tunnels': [
          { name: 'contrail', 'source-address': '192.168.0.204', 'destination-networks': ['10.169.25.0/24'] },
        ],
        bmp: { stations: [station.at], 'statistics-interval': 1 },
      }),
    );
    await gateway.start();
    await until(
      async () => gateway.routes({ table: 'k8s-test.inet.0', prefix: '101.101.101.252/32' }),
      (routes) => routes[0]?.paths[0]?.feasible === true,
    );
    await frr.process.answers(async () => ((await frr.paths('15.15.15.0/24')).length > 0 ? true : undefined));
    await sleep(2000);
    await gateway.stop();
    await capture.stop();

    const types = new Set(capture.read('bmp', '-T', 'fields', '-e', 'bmp.type').split(/[\s,]+/));
    for (const type of ['0', '1', '2', '3', '4', '5']) t.ok(types.has(type), `message type ${type}`);
    t.match(capture.read('bmp.type == 0 && bmp.peer.type == 0', '-V'), '101.101.101.252', 'what FRR says');
    t.match(
      capture.read('bmp.type == 0 && bmp.peer.flags.adj_rib_out == 1', '-V'),
      '15.15.15.0',
      'what it is told',
    );
    const locRib = capture.read('bmp.type == 0 && bmp.peer.type == 3', '-V');
    t.match(locRib, '101.101.101.252', 'the best route of the VRF');
    t.match(locRib, '192.168.0.204:500', 'under the distinguisher of the VRF');
    const wrong = '_ws.malformed && !(bmp.type == 3 && bmp.peer.type == 3)';
    t.equal(capture.read(wrong).trim(), '', 'nothing is malformed');
  },
);
