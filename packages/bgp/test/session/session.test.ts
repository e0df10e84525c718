import { createServer, type AddressInfo, type Socket } from 'node:net';
import { ManualClock, type Clock } from '@vaportrail/net';
import t from 'tap';
import { Listener } from '../../src/session/listener.ts';
import { frameMessage, messageType } from '../../src/wire/header.ts';
import { NotificationError } from '../../src/wire/notification.ts';
import { LOW_WATER } from '../../src/session/connection.ts';
import { Session } from '../../src/session/session.ts';
import type { SessionHandlers } from '../../src/session/session-handlers.ts';
import { RawPeer, keepalive, openOf, until } from './raw-peer.ts';
import { sessionConfig, type SessionSettings } from '../../src/session/session-config.ts';
import { unanswered } from '../../src/session/session-end.ts';

/** A session that records what happens to it. */
function recorded(
  settings: SessionSettings,
  more: Partial<SessionHandlers> = {},
  clock?: Clock,
): { session: Session; log: string[] } {
  const log: string[] = [];
  const handlers: SessionHandlers = {
    established: ({ families, peerAsn, holdTime }) =>
      void log.push(`established ${families.join()} ${peerAsn} ${holdTime}`),
    update: (_, start, end) => void log.push(`update ${end - start}`),
    routeRefresh: (family, subtype) => void log.push(`refresh ${family} ${subtype}`),
    down: ({ text }) => void log.push(`down ${text}`),
    failed: ({ text }) => void log.push(`failed ${text}`),
  };
  return { session: new Session(settings, { ...handlers, ...more }, clock), log };
}

const local = { asn: 65001, routerId: 1 };
const theirs: SessionSettings = {
  local: { asn: 65002, routerId: 2 },
  peer: { address: '127.0.0.1', asn: 65001 },
  families: ['inet'],
};

/** A TCP server that plays the peer; the session connects to it. */
async function peerServer(t: Tap): Promise<{ peers: RawPeer[]; settings: SessionSettings }> {
  const peers: RawPeer[] = [];
  const server = createServer((socket: Socket) => void peers.push(new RawPeer(socket)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  t.teardown(() => {
    for (const peer of peers) peer.socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const settings = { local, peer: { address: '127.0.0.1', port, asn: 65002 }, families: ['inet'] } as const;
  return { peers, settings };
}
type Tap = Pick<typeof t, 'teardown'>;

/** An established session with a peer made of bytes. */
async function established(
  t: Tap,
  more: Partial<SessionSettings> = {},
  handlers: Partial<SessionHandlers> = {},
  clock?: Clock,
) {
  const { peers, settings } = await peerServer(t);
  const { session, log } = recorded({ ...settings, ...more }, handlers, clock);
  t.teardown(() => session.stop());
  session.start();
  await until('connected', () => peers.length > 0);
  const peer = peers[0]!;
  peer.send(openOf(theirs), keepalive);
  await until('established', () => session.state === 'Established');
  return { session, log, peer, peers };
}

const update = frameMessage(messageType.update, new Uint8Array(4));

t.test('two speakers agree, exchange a message and part with a text', async (t) => {
  const listener = new Listener();
  const { port } = await listener.listen({ address: '127.0.0.1', port: 0 });
  const server = recorded({
    local: { asn: 65001, routerId: 1 },
    peer: { address: '127.0.0.1', asn: 65002, passive: true },
    families: ['inet', 'inet-vpn'],
  });
  const client = recorded({
    local: { asn: 65002, routerId: 2 },
    peer: { address: '127.0.0.1', port, asn: 65001 },
    families: ['inet-vpn', 'route-target'],
    holdTime: 30,
  });
  listener.add(server.session);
  server.session.start();
  client.session.start();
  await until('established', () => client.log.length > 0 && server.log.length > 0);
  t.equal(client.session.requestRefresh('inet-vpn'), true);
  await until('the refresh', () => server.log.length > 1);
  await client.session.stop('maintenance');
  await until('the end', () => server.log.length > 2);
  t.same(server.log, [
    'established inet-vpn 65002 30',
    'refresh inet-vpn request',
    'down received Cease (6) / Administrative Shutdown (2): maintenance',
  ]);
  t.match(client.log[1], /^down sent Cease/);
  t.equal(client.session.state, 'Idle');
  await server.session.stop();
  await listener.close();
});

t.test('updates arrive one by one, and the end of a read is told', async (t) => {
  let batches = 0;
  const { log, peer, session } = await established(t, {}, { batchEnd: () => void batches++ });
  peer.send(Buffer.concat([update, keepalive, update, update.subarray(0, 20)]));
  await until('two updates', () => log.length === 3);
  peer.send(update.subarray(20));
  await until('the third', () => log.length === 4);
  t.same(log.slice(1), ['update 23', 'update 23', 'update 23']);
  t.ok(batches >= 2);
  t.match(session.counters.received, { update: 3, open: 1 });
});

t.test('what a handler throws ends this session with an answer, and the session comes back', async (t) => {
  const bad = new NotificationError(3, 10, Uint8Array.of(33), 'a prefix of 33 bits');
  const { log, peer, peers } = await established(
    t,
    { idleHold: { initial: 0.05, longest: 1 } },
    {
      update: () => {
        throw bad;
      },
    },
  );
  peer.send(update);
  await until('the end', () => peer.closed);
  t.same(peer.seen, ['1', '4', '3 3/10']);
  t.match(
    log[1],
    /down sent UPDATE Message Error \(3\) \/ Invalid Network Field \(10\): a prefix of 33 bits/,
  );
  await until('another connection', () => peers.length === 2);
  t.pass();
});

t.test('a fault in a handler is a Cease to this peer', async (t) => {
  const faults: unknown[] = [];
  const wrong = new TypeError('no such table');
  const { log, peer } = await established(
    t,
    {},
    {
      update: () => {
        throw wrong;
      },
      fault: (error) => void faults.push(error),
    },
  );
  peer.send(update);
  await until('the end', () => peer.closed);
  t.same(peer.seen, ['1', '4', '3 6/0']);
  t.match(log[1], /internal error: TypeError: no such table/);
  t.equal(faults[0], wrong);
});

t.test('a fault in the handler of the end is reported, and the session goes on', async (t) => {
  const faults: unknown[] = [];
  const { peer, peers } = await established(
    t,
    { idleHold: { initial: 0.05, longest: 1 } },
    {
      down: () => {
        throw new TypeError('no such peer');
      },
      fault: (error) => void faults.push(error),
    },
  );
  peer.socket.destroy();
  await until('another connection', () => peers.length === 2);
  t.match(faults, [/no such peer/]);
});

t.test('octets that are no BGP, and messages out of turn, are answered as the RFCs say', async (t) => {
  const cases: [string, Uint8Array[], string][] = [
    ['HTTP', [new TextEncoder().encode('GET / HTTP/1.1\r\nHost: x\r\n\r\n')], '3 1/1'],
    ['an UPDATE before OPEN', [update], '3 5/1'],
    ['an UPDATE before KEEPALIVE', [openOf(theirs), update], '3 5/2'],
    ['a second OPEN', [openOf(theirs), keepalive, openOf(theirs)], '3 5/3'],
    ['our identifier in our AS', [openOf({ ...theirs, local: { asn: 65001, routerId: 1 } })], '3 2/2'],
    ['a hold time of 1', [withOctet(openOf(theirs), 23, 1)], '3 2/6'],
    ['version 3', [withOctet(openOf(theirs), 19, 3)], '3 2/1'],
  ];
  for (const [what, messages, answer] of cases) {
    const { peers, settings } = await peerServer(t);
    const { session } = recorded(settings);
    session.start();
    await until('connected', () => peers.length > 0);
    peers[0]!.send(...messages);
    await until('an answer', () => peers[0]!.closed);
    t.equal(peers[0]!.seen.at(-1), answer, what);
    await session.stop();
  }
});

/** A message with one octet of a two-octet field set, the other one cleared. */
function withOctet(message: Uint8Array, at: number, value: number): Uint8Array {
  const changed = message.slice();
  if (at > 19) changed[at - 1] = 0;
  changed[at] = value;
  return changed;
}

t.test('the backlog of a peer that does not read is counted, and told when it drains', async (t) => {
  const drained: number[] = [];
  const { session, peer } = await established(t, {}, { drained: () => void drained.push(session.backlog) });
  peer.socket.pause();
  const slab = Buffer.concat(Array.from({ length: 2000 }, () => update));
  let sent = 0;
  let freed = 0;
  const write = (): void => {
    session.write([slab, slab], () => void freed++);
    sent++;
  };
  // The kernel takes some megabytes; only what it does not take any more counts.
  for (let standing = 0; standing < 20;) {
    if (session.backlog < 1_000_000) {
      write();
      standing = 0;
    } else standing++;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  drained.length = 0;
  t.ok(session.backlog >= 1_000_000);
  t.ok(freed < sent);
  peer.socket.resume();
  await until('all is written', () => freed === sent);
  t.equal(drained.length, 1);
  t.ok(drained[0]! <= LOW_WATER);
  await until('all has arrived', () => peer.seen.length >= 2 + sent * 4000);
  t.equal(peer.seen.filter((type) => type === '2').length, sent * 4000);
});

t.test(
  'a peer that takes nothing for the send hold time is given up, and what waits is dropped',
  async (t) => {
    const { session, peer, log } = await established(t, { sendHoldTime: 1 });
    peer.socket.pause();
    const slab = Buffer.alloc(1 << 20, update);
    for (let i = 0; i < 20; i++) session.write([slab]);
    await until('the end', () => log.length > 1);
    t.match(log[1], /down sent Send Hold Timer Expired/);
    t.equal(session.backlog, 0);
  },
);

t.test(
  'a KEEPALIVE goes out when it is due, by the timer or by whoever keeps the process busy',
  async (t) => {
    const clock = new ManualClock();
    const { session, peer } = await established(t, { holdTime: 30 }, {}, clock);
    const count = (): number => peer.seen.filter((type) => type === '4').length;
    t.equal(count(), 1);
    clock.advance(10_000);
    await until('one by the timer', () => count() === 2);
    session.pulse();
    await new Promise((resolve) => setTimeout(resolve, 50));
    t.equal(count(), 2, 'none before it is due');
  },
);

t.test('a KEEPALIVE overtakes what waits for a slow peer', async (t) => {
  const clock = new ManualClock();
  const { session, peer } = await established(t, { holdTime: 30 }, {}, clock);
  peer.socket.pause();
  const slab = Buffer.alloc(23 * 40_000);
  for (let at = 0; at < slab.length; at += 23) slab.set(update, at);
  for (let i = 0; i < 30; i++) session.write([slab]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const waiting = session.backlog;
  t.ok(waiting > 10_000_000);
  clock.advance(10_000);
  peer.socket.resume();
  await until('all has arrived', () => session.backlog === 0 && peer.seen.length > 1_200_000);
  const at = peer.seen.lastIndexOf('4');
  t.ok(at > 1 && at < peer.seen.length - 100_000, 'it stands well before the end');
});

t.test('a process that was too busy to read does not take its peer for silent', async (t) => {
  const { session, peer, log } = await established(t, { holdTime: 3 });
  peer.send(keepalive);
  // The event loop stands still longer than the hold time; the KEEPALIVE waits in the socket meanwhile.
  const until = Date.now() + 4000;
  while (Date.now() < until) session.pulse();
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.same(log.slice(1), []);
  t.equal(session.state, 'Established');
  t.ok(peer.seen.filter((type) => type === '4').length >= 4, 'and its own KEEPALIVEs went out meanwhile');
});

t.test('a session that cannot connect tries again, with growing pauses', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  const { session, log } = recorded({
    local,
    peer: { address: '127.0.0.1', port, asn: 65002 },
    families: ['inet'],
    idleHold: { initial: 0.05, longest: 1 },
  });
  session.start();
  await until('three attempts', () => log.length >= 3);
  t.match(log[0], /failed connect ECONNREFUSED/);
  t.equal(session.state, 'Active');
  await session.stop();
  const attempts = log.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.equal(log.length, attempts, 'a stopped session does not try');
  t.equal(session.state, 'Idle');
});

t.test('a peer that answers nothing is told of when the next attempt begins', async (t) => {
  const clock = new ManualClock();
  const peer = { address: '127.0.0.1', port: 1, asn: 65002 };
  const secured = { password: 'secret', ttlSecurity: 1, connectRetry: 5 };
  const { session, log } = recorded({ local, peer, families: ['inet'], connectRetry: 5 }, {}, clock);
  session.start();
  clock.advance(5000);
  t.same(log, ['failed no answer from 127.0.0.1 port 1 in 5 s']);
  t.equal(session.lastEnd?.text, 'no answer from 127.0.0.1 port 1 in 5 s');
  await session.stop();
  const settings = { local, peer, families: ['inet' as const], ...secured };
  t.match(unanswered(sessionConfig(settings)).text, /\(perhaps the TCP MD5 .*, or ttl-security .*\)$/);
});

t.test('a path that BFD has lost ends the session with its own Cease', async (t) => {
  const { session, log, peer } = await established(t);
  session.bfdDown();
  await until('the farewell', () => peer.closed);
  t.equal(peer.seen.at(-1), '3 6/10');
  t.match(log.at(-1), /^down sent Cease \(6\) \/ BFD Down \(10\)/);
  session.bfdDown();
  t.not(session.state, 'Established', 'and there is nothing more to end');
});

t.test(
  'where NOTIFICATIONs keep routes, BFD says whether the forwarding is lost with the path',
  async (t) => {
    const kept = {
      gracefulRestart: { restartTime: 60, families: [{ family: 'inet', forwarding: true }] },
    } as const;
    for (const [forwardingLost, said, hard] of [
      [false, '3 6/10', false],
      [true, '3 6/9', true],
    ] as const) {
      const { peers, settings } = await peerServer(t);
      const ends: { hard: boolean; retain: readonly string[] }[] = [];
      const { session } = recorded({ ...settings, ...kept }, { down: (end) => void ends.push(end) });
      t.teardown(() => session.stop());
      session.start();
      await until('connected', () => peers.length > 0);
      peers[0]!.send(openOf({ ...theirs, ...kept }), keepalive);
      await until('established', () => session.state === 'Established');
      session.bfdDown(forwardingLost);
      await until('the farewell', () => peers[0]!.closed);
      t.equal(peers[0]!.seen.at(-1), said);
      t.match(ends, [{ hard, retain: hard ? [] : ['inet'] }]);
    }
  },
);

t.test('a Cease for BFD that is received is named', async (t) => {
  const { log, peer } = await established(t);
  peer.send(frameMessage(messageType.notification, Uint8Array.of(6, 10)));
  await until('the end', () => log.length > 1);
  t.equal(log[1], 'down received Cease (6) / BFD Down (10)');
});
