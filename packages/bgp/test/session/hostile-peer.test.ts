import fc from 'fast-check';
import { parsePrefix } from '@vaportrail/net';
import t from 'tap';
import { Listener } from '../../src/session/listener.ts';
import { states } from '../../src/session/fsm-event.ts';
import { Session } from '../../src/session/session.ts';
import { frameMessage, messageType } from '../../src/wire/header.ts';
import { RawPeer, keepalive, openOf, until } from './raw-peer.ts';

const theirs = {
  local: { asn: 65002, routerId: 2 },
  peer: { address: '127.0.0.1', asn: 65001 },
  families: ['inet'],
} as const;

const open = openOf(theirs);
const update = frameMessage(messageType.update, new Uint8Array(4));
const notification = frameMessage(messageType.notification, Uint8Array.of(6, 2, 3, 98, 121, 101));
const refresh = frameMessage(messageType.routeRefresh, Uint8Array.of(0, 1, 0, 1));

/** A message, now and then with an octet changed, cut short, or longer than it says. */
const someOctets = fc
  .tuple(
    fc.constantFrom(open, keepalive, update, notification, refresh),
    fc.option(fc.tuple(fc.nat(80), fc.nat(255)), { freq: 3 }),
    fc.option(fc.nat(40), { freq: 5 }),
  )
  .map(([message, change, cut]) => {
    const octets = message.slice();
    if (change !== null && change[0] < octets.length) octets[change[0]] = change[1];
    return cut === null ? octets : octets.slice(0, cut);
  });
const someChunks = fc.array(
  fc.oneof({ arbitrary: someOctets, weight: 5 }, { arbitrary: fc.uint8Array({ maxLength: 60 }), weight: 1 }),
  { maxLength: 12 },
);

t.test('whatever a peer sends, its session gives an answer or waits, and the other peers stay', async (t) => {
  const faults: unknown[] = [];
  const handlers = {
    established() {},
    update() {},
    routeRefresh() {},
    down() {},
    fault: (error: unknown) => void faults.push(error),
  };
  const listener = new Listener();
  const { port } = await listener.listen({ address: '127.0.0.1', port: 0 });
  listener.acceptRange({
    prefix: parsePrefix('127.0.0.0/8'),
    limit: 10_000,
    create: (address) =>
      new Session(
        {
          local: { asn: 65001, routerId: 1 },
          peer: { address, asn: 'any', passive: true },
          families: ['inet'],
        },
        handlers,
      ),
  });
  const good = await RawPeer.connect({ host: '127.0.0.1', port, localAddress: '127.1.1.1' });
  good.send(open, keepalive);
  await until('the good peer is up', () => good.seen.length >= 2);

  let last = 0;
  await fc.assert(
    fc.asyncProperty(someChunks, fc.boolean(), async (chunks, leaves) => {
      last++;
      const localAddress = `127.2.${last >> 8}.${last & 0xff}`;
      const peer = await RawPeer.connect({ host: '127.0.0.1', port, localAddress });
      for (const chunk of chunks) {
        peer.send(chunk);
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (leaves) peer.socket.end();
      await until('an answer', () => peer.seen.length > 0 || peer.closed);
      for (const { state } of listener.sessions) if (!states.includes(state)) throw new Error(state);
      if (good.closed) throw new Error('the good peer has lost its session');
      if (peer.seen.filter((message) => message.startsWith('3')).length > 1)
        throw new Error('more than one NOTIFICATION');
      peer.socket.destroy();
    }),
    { numRuns: 150 },
  );
  t.same(faults, []);
  t.notOk(good.closed);
  await Promise.all([...listener.sessions].map((session) => session.stop()));
  await listener.close();
});
