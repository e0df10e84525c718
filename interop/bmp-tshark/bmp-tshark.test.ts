import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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

const tshark = '/usr/bin/tshark';
const missing = existsSync(tshark)
  ? process.getuid?.() === 0
    ? false
    : 'capturing needs root'
  : 'tshark is not installed';

t.test('tshark reads what a station is sent, and finds nothing malformed', { skip: missing }, async (t) => {
  const server = createServer((socket) => void socket.resume());
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
      address: '127.0.0.1',
      port,
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
        setTimeout(resolve, 500);
      },
    });
    station.start();
  });
  recorder.kill('SIGINT');
  await new Promise((resolve) => recorder.once('exit', resolve));

  const read = (...args: string[]): string =>
    execFileSync(tshark, ['-r', capture, '-d', `tcp.port==${port},bmp`, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  const types = read('-Y', 'bmp', '-T', 'fields', '-e', 'bmp.type')
    .split(/[\s,]+/)
    .filter(Boolean);
  t.same(
    types,
    ['4', '3', '0', '0', '1', '2', '5'],
    'initiation, peer up, two routes, statistics, peer down, termination',
  );
  t.match(read('-Y', 'bmp', '-T', 'fields', '-e', 'bgp.nlri_prefix'), '101.101.101.252');
  t.equal(read('-Y', '_ws.malformed').trim(), '');
});
