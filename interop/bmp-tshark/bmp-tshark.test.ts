import t from 'tap';
import {
  BmpStation,
  peerDown,
  peerUp,
  routeMonitoring,
  statisticsReport,
  type BmpPeer,
} from '@vaportrail/bgp/bmp';
import { encodeMessage, encodeUpdate } from '@vaportrail/bgp/wire';
import { parseAddress, parseIpv4 } from '@vaportrail/net';
import { silentStation } from '../silent-station.ts';
import { TsharkCapture, missingCapture } from '../tshark-capture.ts';

const skip = missingCapture();

t.test('tshark reads what a station is sent, and finds nothing malformed', { skip }, async (t) => {
  const silent = await silentStation(t);
  const capture = await TsharkCapture.start(t, { port: silent.at.port, protocol: 'bmp' });

  const peer: BmpPeer = {
    view: 'adj-rib-in-pre',
    address: parseAddress('10.169.25.19'),
    asn: 60100,
    routerId: parseIpv4('10.169.25.19'),
    asn4: true,
  };
  const open = encodeMessage({
    type: 'open',
    asn: 60100,
    holdTime: 90,
    routerId: peer.routerId,
    capabilities: [],
  });
  const update = encodeUpdate({
    routes: [
      {
        op: 'announce',
        afi: 1,
        safi: 1,
        pathId: null,
        prefix: '101.101.101.252/32',
        nextHop: '10.169.25.20',
      },
    ],
    attributes: { origin: 'incomplete', asPath: [], localPref: 200 },
  });
  const at = Date.now();
  await new Promise<void>((resolve) => {
    const station: BmpStation = new BmpStation({
      ...silent.at,
      sysName: 'cent111',
      sysDescription: 'control node',
      connected() {
        const ports = { localPort: 179, remotePort: 40000 };
        station.send(
          peerUp(peer, at, {
            localAddress: parseAddress('10.169.25.20'),
            ...ports,
            sentOpen: open,
            receivedOpen: open,
          }),
          routeMonitoring(peer, at, update),
          routeMonitoring({ ...peer, view: 'loc-rib' }, at, update),
          statisticsReport(peer, at, { adjRibInRoutes: 1, asPathLoops: 2 }),
          peerDown(peer, at, { reason: 'remote-closed' }),
        );
        station.stop();
        resolve();
      },
    });
    station.start();
  });
  await capture.stop();

  const types = capture
    .read('bmp', '-T', 'fields', '-e', 'bmp.type')
    .split(/[\s,]+/)
    .filter(Boolean);
  t.same(
    types,
    ['4', '3', '0', '0', '1', '2', '5'],
    'initiation, peer up, two routes, statistics, peer down, termination',
  );
  t.match(capture.read('bmp', '-T', 'fields', '-e', 'bgp.nlri_prefix'), '101.101.101.252');
  t.equal(capture.read('_ws.malformed').trim(), '');
});
