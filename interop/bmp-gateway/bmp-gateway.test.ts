// What a BMP station hears of a gateway with two VRFs and FRR for a peer, read by tshark from the wire.
import { Gateway, gatewayConfig } from '@vaportrail/gateway';
import { Frr, LoopbackBlock } from '@vaportrail/lab';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { missing, until } from '../running-lab.ts';
import { freePort } from '../free-port.ts';
import { silentStation } from '../silent-station.ts';
import { TsharkCapture, missingCapture } from '../tshark-capture.ts';

const skip = missingCapture() || missing('frr');
const asn = 60100;
const block = new LoopbackBlock();

const vrf = (name: string, number: number, network: string) => ({
  name,
  'route-distinguisher': `192.168.0.204:${number}`,
  'vrf-target': `${number}:${number}`,
  interfaces: [{ name: `ge-0/0/${number}.0`, address: network }],
});
const k8sTest = vrf('k8s-test', 500, '15.15.15.1/24');

/** FRR and a gateway with a session, each with a route of the other. */
async function frrAndGateway(
  t: Test,
  station: { readonly address: string; readonly port: number },
): Promise<{ gateway: Gateway; settings: object }> {
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
  const peer = { address: theirs, port: frr.port, asn, 'local-address': ours, 'connect-retry': 1 };
  const settings = {
    name: 'camaro',
    asn,
    'router-id': '192.168.0.204',
    bgp: { peers: [{ ...peer, families: ['inet-vpn'] }] },
    'routing-instances': [k8sTest],
    'dynamic-tunnels': [
      { name: 'contrail', 'source-address': '192.168.0.204', 'destination-networks': ['10.169.25.0/24'] },
    ],
    bmp: { stations: [station], 'statistics-interval': 1 },
  };
  const gateway = new Gateway(gatewayConfig.parse(settings));
  await gateway.start();
  t.teardown(() => gateway.stop());
  await until(
    async () => gateway.routes({ table: 'k8s-test.inet.0', prefix: '101.101.101.252/32' }),
    (routes) => routes[0]?.paths[0]?.feasible === true,
  );
  await frr.process.answers(async () => ((await frr.paths('15.15.15.0/24')).length > 0 ? true : undefined));
  return { gateway, settings };
}

t.test(
  'a station hears of what FRR says, of what it is told, and of the Loc-RIB of each VRF',
  { skip },
  async (t) => {
    t.setTimeout(90_000);
    const station = await silentStation(t);
    const capture = await TsharkCapture.start(t, { port: station.at.port, protocol: 'bmp' });
    const { gateway } = await frrAndGateway(t, station.at);
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

t.test(
  'a station that comes late hears what FRR was told before, and of a VRF that comes later still',
  { skip },
  async (t) => {
    t.setTimeout(90_000);
    const at = { address: '127.0.0.1', port: await freePort() };
    const capture = await TsharkCapture.start(t, { port: at.port, protocol: 'bmp' });
    const { gateway, settings } = await frrAndGateway(t, at);
    const station = await silentStation(t, at.port);
    await until(
      async () => station.octets,
      (octets) => octets > 0,
    );
    await sleep(1000);
    const blue = vrf('blue', 501, '16.16.16.1/24');
    await gateway.reload(gatewayConfig.parse({ ...settings, 'routing-instances': [k8sTest, blue] }));
    await sleep(500);
    await gateway.reload(gatewayConfig.parse({ ...settings, 'routing-instances': [k8sTest] }));
    await sleep(500);
    await capture.stop();

    const told = capture.read('bmp.type == 0 && bmp.peer.flags.adj_rib_out == 1', '-V');
    t.match(told, '15.15.15.0', 'what FRR was told before the station was there');
    t.notMatch(told, '101.101.101.252', 'and not what it said itself');
    const locRib = capture.read('bmp.type == 0 && bmp.peer.type == 3', '-V');
    t.match(locRib, '16.16.16.0', 'the route of the VRF that was made while the station listened');
    t.match(locRib, '192.168.0.204:501', 'under its distinguisher');
    const gone = capture.read(
      'bmp.type == 2 && bmp.peer.type == 3',
      '-T',
      'fields',
      '-e',
      'bmp.peer.down.reason',
    );
    t.match(gone, /^6$/m, 'and that it went: a table that is no longer there');
  },
);
