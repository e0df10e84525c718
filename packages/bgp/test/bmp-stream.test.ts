// BMP as a monitoring station reads it: what we write, what is wrong, and any octets at all.
import fc from 'fast-check';
import { parseAddress, parseRouteDistinguisher } from '@vaportrail/net';
import t from 'tap';
import {
  BmpError,
  BmpStream,
  MAX_BMP_MESSAGE,
  decodeBmp,
  initiation,
  peerDown,
  peerUp,
  readBmp,
  routeMonitoring,
  statisticsReport,
  termination,
  type BmpMessage,
  type BmpPeer,
  type BmpPeerDownReason,
  type BmpView,
} from '../src/bmp/index.ts';
import { encodeMessage, encodeUpdate, keepalive } from '../src/wire/index.ts';

const peer: BmpPeer = {
  view: 'adj-rib-in-pre',
  distinguisher: new Uint8Array(8),
  address: parseAddress('192.0.2.7'),
  asn: 4_200_000_001,
  routerId: 0xc000_0207,
  asn4: true,
};
const at = 1_700_000_000_123;
const update = encodeUpdate({ endOfRib: { afi: 1, safi: 1 } });
const open = encodeMessage({ type: 'open', asn: 65001, holdTime: 90, routerId: 1, capabilities: [] });
const notification = encodeMessage({ type: 'notification', code: 6, subcode: 2, data: new Uint8Array() });
const up = {
  localAddress: parseAddress('192.0.2.1'),
  localPort: 179,
  remotePort: 40_000,
  sentOpen: open,
  receivedOpen: open,
};

/** What a stream makes of octets that come in pieces of so many. */
async function read(octets: Uint8Array, piece: number): Promise<BmpMessage[]> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < octets.length; from += piece) yield octets.subarray(from, from + piece);
  }
  const messages: BmpMessage[] = [];
  for await (const message of readBmp(chunks())) messages.push(message);
  return messages;
}

t.test('what a router of ours says is read as it was said, in pieces of any size', async (t) => {
  const octets = Buffer.concat([
    initiation('camaro', 'a router'),
    peerUp(peer, at, up),
    routeMonitoring(peer, at, update),
    statisticsReport(peer, at, { adjRibInRoutes: 7, asPathLoops: 1 }),
    peerDown(peer, at, { reason: 'remote-closed' }),
    termination('so long'),
  ]);
  const expected: BmpMessage[] = [
    { type: 'initiation', sysName: 'camaro', sysDescription: 'a router', texts: [] },
    { type: 'peer-up', peer, at, up },
    { type: 'route-monitoring', peer, at, update },
    { type: 'statistics-report', peer, at, statistics: { adjRibInRoutes: 7, asPathLoops: 1 }, others: [] },
    { type: 'peer-down', peer, at, down: { reason: 'remote-closed' } },
    { type: 'termination', reason: 0, texts: ['so long'] },
  ];
  for (const piece of [1, 5, 47, 48, 49, 100, octets.length]) t.same(await read(octets, piece), expected);
});

t.test('every view of a peer, its address family and its instance', async (t) => {
  const views: BmpView[] = ['adj-rib-in-pre', 'adj-rib-in-post', 'adj-rib-out-pre', 'adj-rib-out-post'];
  const distinguisher = parseRouteDistinguisher('10.0.0.1:7');
  const localAddress = parseAddress('2001:db8::2');
  for (const view of views) {
    const other = { ...peer, view, distinguisher, address: parseAddress('2001:db8::1'), asn4: false };
    t.same(decodeBmp(routeMonitoring(other, at, update)), {
      type: 'route-monitoring',
      peer: other,
      at,
      update,
    });
    const message = decodeBmp(peerUp(other, at, { ...up, localAddress }));
    t.same(message, { type: 'peer-up', peer: other, at, up: { ...up, localAddress } });
  }
  const table: BmpPeer = { ...peer, view: 'loc-rib', address: new Uint8Array(4) };
  const named = { ...up, localAddress: new Uint8Array(4), tableName: 'inet.0' };
  t.same(decodeBmp(peerUp(table, at, named)), { type: 'peer-up', peer: table, at, up: named });
});

t.test('every reason for which a session ends', async (t) => {
  const reasons: BmpPeerDownReason[] = [
    { reason: 'local-notification', notification },
    { reason: 'local-event', event: 24 },
    { reason: 'remote-notification', notification },
    { reason: 'remote-closed' },
    { reason: 'de-configured' },
    { reason: 'loc-rib', tableName: 'inet.0' },
  ];
  for (const down of reasons) {
    t.same(decodeBmp(peerDown(peer, at, down)), { type: 'peer-down', peer, at, down });
  }
  const message = peerDown(peer, at, { reason: 'remote-closed' });
  message[48] = 99;
  t.match(decodeBmp(message), { type: 'peer-down', down: { reason: 'unknown', number: 99 } });
});

t.test('mirrored messages, counts by family and types nobody knows are not lost', async (t) => {
  const header = statisticsReport(peer, at, {}).subarray(0, 48);
  const message = (type: number, body: readonly number[]): Uint8Array => {
    const bytes = Uint8Array.from([...header, ...body]);
    bytes[5] = type;
    new DataView(bytes.buffer).setUint32(1, bytes.length);
    return bytes;
  };
  const live = encodeMessage(keepalive);
  t.match(decodeBmp(message(6, [0, 1, 0, 2, 0, 1, 0, 0, 0, live.length, ...live])), {
    type: 'route-mirroring',
    code: 1,
    messages: [live],
  });
  const perFamily = [0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 5];
  t.match(decodeBmp(message(1, [0, 0, 0, 1, 0, 9, 0, perFamily.length, ...perFamily])), {
    statistics: {},
    others: [{ type: 9, value: '0001010000000000000005' }],
  });
  t.match(decodeBmp(message(77, [])), { type: 'unknown', number: 77 });
});

t.test('what is no BMP is refused with the octet at which it is found', async (t) => {
  const good = initiation('camaro', 'a router');
  const wrongVersion = Buffer.concat([good, Buffer.from('GET / HTTP/1.1')]);
  await t.rejects(read(wrongVersion, 9), { name: 'BmpError', offset: good.length, message: /version 71/ });
  await t.rejects(read(good.subarray(0, 20), 9), {
    name: 'BmpError',
    offset: 0,
    message: /20 octets left over/,
  });
  t.equal(MAX_BMP_MESSAGE, 0x10_0000);
  const long = Uint8Array.of(3, 0, 0x10, 0, 1, 0);
  await t.rejects(read(long, 6), { name: 'BmpError', message: /1048577 octets/ });
  const noBgp = routeMonitoring(peer, at, new Uint8Array(19));
  t.throws(() => decodeBmp(noBgp), { name: 'BmpError', message: /Connection Not Synchronized/ });
});

t.test('a message may be large and come in small pieces without being copied again and again', async (t) => {
  const stream = new BmpStream();
  const large = initiation('camaro', 'x'.repeat(60_000));
  for (const octet of large.subarray(0, -1)) {
    stream.push(Uint8Array.of(octet));
    if (stream.next() !== undefined) t.fail('it is not whole yet');
  }
  stream.push(large.subarray(-1));
  t.match(stream.next(), { type: 'initiation', sysName: 'camaro' });
  stream.finish();
});

t.test('any octets are a message or a BmpError', async (t) => {
  const any = fc.tuple(fc.integer({ min: 0, max: 8 }), fc.uint8Array({ maxLength: 200 }));
  const changed = fc.tuple(
    fc.constantFrom(peerUp(peer, at, up), routeMonitoring(peer, at, update), termination('so long')),
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
  );
  const check = (bytes: Uint8Array): boolean => {
    try {
      return typeof decodeBmp(bytes).type === 'string';
    } catch (error) {
      if (error instanceof BmpError) return true;
      throw error;
    }
  };
  fc.assert(
    fc.property(any, ([type, body]) => check(Uint8Array.from([3, 0, 0, 0, body.length + 6, type, ...body]))),
  );
  fc.assert(
    fc.property(changed, ([bytes, changes]) => {
      const copy = Uint8Array.from(bytes);
      for (const [place, octet] of changes) copy[place % copy.length] = octet;
      return check(copy);
    }),
  );
  t.pass('none threw anything else');
});
