// A monitoring station for programs: what routers say as plain data, and routers that say nonsense.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parseAddress, parseRouteDistinguisher } from '@vaportrail/net';
import t from 'tap';
import {
  BmpDescriber,
  BmpListener,
  MAX_BMP_PEERS,
  decodeBmp,
  initiation,
  peerDown,
  peerUp,
  routeMonitoring,
  type BmpListenerEvents,
  type BmpPeer,
  type BmpView,
} from '../src/bmp/index.ts';
import { addPathMode, encodeMessage, encodeUpdate, type Capability } from '../src/wire/index.ts';

const at = 1_700_000_000_123;
const peerOf = (view: BmpView, address = '192.0.2.7'): BmpPeer => ({
  view,
  address: parseAddress(address),
  asn: 65001,
  routerId: 0xc000_0207,
  asn4: true,
});
const openOf = (mode: number): Uint8Array => {
  const entries = [{ afi: 1, safi: 1, mode }];
  const capabilities: Capability[] = [
    { type: 'four-octet-as', asn: 65001 },
    { type: 'add-path', entries },
  ];
  return encodeMessage({ type: 'open', asn: 65001, holdTime: 90, routerId: 1, capabilities });
};
const up = {
  localAddress: parseAddress('192.0.2.1'),
  localPort: 179,
  remotePort: 40_000,
  sentOpen: openOf(addPathMode.receive),
  receivedOpen: openOf(addPathMode.send),
};
// Read without path identifiers, they are prefixes as well.
const withIds = encodeUpdate({ routes: [{ op: 'withdraw', prefix: '10.0.0.0/8', pathId: 0x08_0a_08_0b }] });

t.test('path identifiers are read where the OPENs agreed on them, by direction', async (t) => {
  const describer = new BmpDescriber();
  const routesOf = (view: BmpView): unknown => {
    const message = decodeBmp(routeMonitoring(peerOf(view), at, withIds));
    const document = describer.describe(message);
    return (
      document.type === 'route-monitoring' && document.update.type === 'update' && document.update.routes
    );
  };
  describer.describe(decodeBmp(peerUp(peerOf('adj-rib-in-pre'), at, up)));
  for (const view of ['adj-rib-in-pre', 'adj-rib-in-post'] as const)
    t.match(routesOf(view), [{ prefix: '10.0.0.0/8', pathId: 0x08_0a_08_0b }], view);
  t.match(
    routesOf('adj-rib-out-post'),
    [{ pathId: null, prefix: '10.0.0.0/8' }, { prefix: '11.0.0.0/8' }, { prefix: '10.0.0.0/8' }],
    'the router sends this peer none',
  );
  const down = describer.describe(
    decodeBmp(peerDown(peerOf('adj-rib-in-pre'), at, { reason: 'remote-closed' })),
  );
  t.same(down, {
    type: 'peer-down',
    peer: { view: 'adj-rib-in-pre', address: '192.0.2.7', asn: 65001, routerId: '192.0.2.7' },
    at,
    reason: 'remote-closed',
  });
});

t.test('a peer of a routing instance has its route distinguisher, the Loc-RIB has no address', async (t) => {
  const describer = new BmpDescriber();
  const distinguisher = parseRouteDistinguisher('64512:7');
  const message = decodeBmp(routeMonitoring({ ...peerOf('loc-rib'), distinguisher }, at, withIds));
  t.same((describer.describe(message) as { peer: unknown }).peer, {
    view: 'loc-rib',
    asn: 65001,
    routerId: '192.0.2.7',
    rd: '64512:7',
  });
});

t.test('a router that tells of more peers than there are is an error', async (t) => {
  const describer = new BmpDescriber();
  const tell = (i: number): unknown => {
    const peer = peerOf('adj-rib-in-pre', `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    return describer.describe({ type: 'peer-up', peer, at, up });
  };
  for (let i = 0; i < MAX_BMP_PEERS; i++) tell(i);
  t.throws(() => tell(MAX_BMP_PEERS), { name: 'BmpError' });
});

/** A listener with a record of its events. */
async function listening(): Promise<{
  listener: BmpListener;
  told: string[];
  router: () => Promise<Socket>;
}> {
  const listener = new BmpListener({ address: '127.0.0.1', port: 0 });
  const told: string[] = [];
  listener.on('connected', () => void told.push('connected'));
  listener.on('message', ({ message }) => void told.push(message.type));
  listener.on('end', ({ error }) => void told.push(`end ${error?.message ?? ''}`));
  const { port } = await listener.start();
  return {
    listener,
    told,
    router: async () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      return socket;
    },
  };
}

/** The next event of a kind. */
function next<E extends keyof BmpListenerEvents>(listener: BmpListener, event: E): Promise<void> {
  return new Promise((resolve) => listener.on(event, () => resolve()));
}

t.test('a router that says nonsense, or goes amid a message, is closed, and another is heard', async (t) => {
  const { listener, told, router } = await listening();
  let end = next(listener, 'end');
  (await router()).write('GET / HTTP/1.1\r\n\r\n');
  await end;
  t.match(told.splice(0), ['connected', /end octet 0: version 71/]);
  end = next(listener, 'end');
  (await router()).end(initiation('camaro', 'a router').subarray(0, 9));
  await end;
  t.match(told.splice(0), ['connected', /end octet 0: the stream ends inside a message/]);
  end = next(listener, 'end');
  const good = await router();
  good.end(initiation('camaro', 'a router'));
  await end;
  t.same(told.splice(0), ['connected', 'initiation', 'end ']);
  await listener.stop();
});

t.test('a listener that throws ends the connection, and stopping is no error', async (t) => {
  const { listener, told, router } = await listening();
  let end = next(listener, 'end');
  const wrong = (): void => {
    throw new Error('a mistake of the program');
  };
  listener.on('message', wrong);
  (await router()).write(initiation('camaro', 'a router'));
  await end;
  t.same(told.splice(0), ['connected', 'initiation', 'end a mistake of the program']);
  listener.off('message', wrong);
  end = next(listener, 'end');
  const heard = next(listener, 'message');
  (await router()).write(initiation('camaro', 'a router'));
  await heard;
  await listener.stop();
  await end;
  t.same(told, ['connected', 'initiation', 'end ']);
});
