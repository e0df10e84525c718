import { createConnection } from 'node:net';
import { parsePrefix, prefixText } from '@vaportrail/net';
import t from 'tap';
import { peerKey, wireAddress } from '../../src/session/peer-address.ts';
import { Listener, type ListenerSettings } from '../../src/session/listener.ts';
import { PeerRanges } from '../../src/session/peer-ranges.ts';
import { Session } from '../../src/session/session.ts';
import type { SessionHandlers } from '../../src/session/session-handlers.ts';
import type { SessionSettings } from '../../src/session/session-config.ts';
import { RawPeer, keepalive, openOf, until } from './raw-peer.ts';

const silent: SessionHandlers = { established() {}, update() {}, routeRefresh() {}, down() {} };

/** Settings for a session with a peer that connects from an address. */
const passive = (address: string): SessionSettings => ({
  local: { asn: 64512, routerId: 1 },
  peer: { address, asn: 'any', passive: true },
  families: ['inet'],
});
/** What the peer at the other end has. */
const theirs: SessionSettings = {
  local: { asn: 64513, routerId: 2 },
  peer: { address: '127.0.0.1', asn: 64512 },
  families: ['inet'],
};

/** A listener on a free port, closed after the test, and what it refused. */
async function listening(t: Tap, settings: ListenerSettings = {}) {
  const refused: string[] = [];
  const listener = new Listener({
    refused: (address, because) => void refused.push(`${address}: ${because}`),
    ...settings,
  });
  const { port } = await listener.listen({ address: '127.0.0.1', port: 0 });
  t.teardown(async () => {
    await Promise.all([...listener.sessions].map((session) => session.stop()));
    await listener.close();
  });
  return { listener, port, refused };
}
type Tap = Pick<typeof t, 'teardown'>;

t.test('a stranger is refused at once, and told so', async (t) => {
  const { port, refused } = await listening(t);
  const stranger = await RawPeer.connect({ host: '127.0.0.1', port, localAddress: '127.0.0.9' });
  await until('closed', () => stranger.closed);
  t.same(stranger.seen, ['3 6/5']);
  t.same(refused, ['127.0.0.9: unknown peer']);
});

t.test('several sessions share a listener, each with its own peer', async (t) => {
  const { listener, port } = await listening(t);
  const sessions = ['127.0.0.11', '127.0.0.12'].map((address) => new Session(passive(address), silent));
  for (const session of sessions) {
    listener.add(session);
    session.start();
    const { address } = session.config.peer;
    const peer = await RawPeer.connect({ host: '127.0.0.1', port, localAddress: address });
    peer.send(openOf(theirs), keepalive);
    await until('established', () => session.state === 'Established');
    t.equal(session.endpoints?.remote.address, address);
  }
  t.throws(() => listener.add(new Session(passive('127.0.0.11'), silent)), /session with 127.0.0.11 already/);
  await sessions[0]!.stop();
  t.equal(sessions[1]!.state, 'Established', 'stopping one leaves the other alone');
});

t.test('peers are accepted by prefix up to a cap, and make room when they go', async (t) => {
  const { listener, port, refused } = await listening(t);
  const created: string[] = [];
  listener.acceptRange({
    prefix: parsePrefix('127.0.1.0/24'),
    limit: 2,
    create: (address) => {
      created.push(address);
      return new Session(passive(address), silent);
    },
  });
  const join = async (localAddress: string): Promise<RawPeer> => {
    const peer = await RawPeer.connect({ host: '127.0.0.1', port, localAddress });
    peer.send(openOf(theirs), keepalive);
    await until('an answer', () => peer.seen.length > 1 || peer.closed);
    return peer;
  };
  const first = await join('127.0.1.1');
  await join('127.0.1.2');
  t.same((await join('127.0.1.3')).seen, ['3 6/5'], 'the third is too much');
  t.same((await join('127.0.2.1')).seen, ['3 6/5'], 'outside of the range');
  t.same(refused, ['127.0.1.3: 2 peers of its range are there', '127.0.2.1: unknown peer']);
  first.socket.destroy();
  await until('room', () => [...listener.sessions].length === 1);
  t.same((await join('127.0.1.3')).seen.slice(0, 2), ['1', '4']);
  t.same(created, ['127.0.1.1', '127.0.1.2', '127.0.1.3']);
});

t.test('a peer that came by prefix and is expected back keeps its session and its place', async (t) => {
  const { listener, port, refused } = await listening(t);
  let expected = true;
  let created = 0;
  const left: string[] = [];
  listener.acceptRange({
    prefix: parsePrefix('127.0.1.0/24'),
    limit: 1,
    create: (address) => {
      created++;
      return new Session(passive(address), silent);
    },
    left: ({ config }) => {
      left.push(config.peer.address);
      return expected;
    },
  });
  const join = async (localAddress: string): Promise<RawPeer> => {
    const peer = await RawPeer.connect({ host: '127.0.0.1', port, localAddress });
    peer.send(openOf(theirs), keepalive);
    await until('an answer', () => peer.seen.length > 1 || peer.closed);
    return peer;
  };
  (await join('127.0.1.1')).socket.destroy();
  await until('it is gone', () => left.length === 1);
  t.same((await join('127.0.1.2')).seen, ['3 6/5'], 'its place is not given away');
  const back = await join('127.0.1.1');
  t.same(back.seen.slice(0, 2), ['1', '4']);
  t.equal(created, 1, 'by the session that it had');
  expected = false;
  back.socket.destroy();
  await until('it is gone', () => left.length === 2);
  t.same([...listener.sessions], []);
  t.same((await join('127.0.1.2')).seen.slice(0, 2), ['1', '4']);
  t.same(refused, ['127.0.1.2: 1 peers of its range are there']);
});

t.test('a prefix gets another limit, and is accepted no more; who is there stays', async (t) => {
  const { listener, port, refused } = await listening(t);
  const prefix = parsePrefix('127.0.1.0/24');
  const create = (address: string): Session => new Session(passive(address), silent);
  const join = async (localAddress: string): Promise<readonly string[]> => {
    const peer = await RawPeer.connect({ host: '127.0.0.1', port, localAddress });
    peer.send(openOf(theirs), keepalive);
    await until('an answer', () => peer.seen.length > 1 || peer.closed);
    return peer.seen.slice(0, 2);
  };
  listener.acceptRange({ prefix, limit: 1, create });
  await join('127.0.1.1');
  listener.acceptRange({ prefix, limit: 2, create });
  t.same(await join('127.0.1.2'), ['1', '4']);
  t.same(await join('127.0.1.3'), ['3 6/5'], 'the first one counts still');
  listener.removeRange(prefix);
  t.same(await join('127.0.1.3'), ['3 6/5']);
  t.same(refused, ['127.0.1.3: 2 peers of its range are there', '127.0.1.3: unknown peer']);
  t.same(
    Array.from(listener.sessions, ({ state }) => state),
    ['Established', 'Established'],
  );
});

t.test('of the ranges of a configuration only those are touched that are new, others, or gone', async (t) => {
  const told: string[] = [];
  const ranges = new PeerRanges<{ prefix: string; limit: number }>({
    acceptRange: ({ prefix, limit }) => {
      if (limit === 0) throw new Error('the kernel does not sign for them');
      told.push(`${prefixText(prefix)} up to ${limit}`);
    },
    removeRange: (prefix) => {
      told.push(`no ${prefixText(prefix)}`);
      return new Set();
    },
  });
  const configure = (limits: Readonly<Record<string, number>>): string[] => {
    const all = Object.entries(limits).map(([prefix, limit]) => ({ prefix, limit }));
    const create = (address: string): Session => new Session(passive(address), silent);
    ranges.configure(all, ({ prefix, limit }) => ({ prefix: parsePrefix(prefix), limit, create }));
    return told.splice(0);
  };
  t.same(configure({ '10.1.0.0/16': 1, '10.2.0.0/16': 2 }), ['10.1.0.0/16 up to 1', '10.2.0.0/16 up to 2']);
  t.same(configure({ '10.1.0.0/16': 1, '10.2.0.0/16': 2 }), []);
  t.same(configure({ '10.2.0.0/16': 3, '10.3.0.0/16': 1 }), [
    '10.2.0.0/16 up to 3',
    '10.3.0.0/16 up to 1',
    'no 10.1.0.0/16',
  ]);
  t.throws(() => configure({ '10.3.0.0/16': 1, '10.4.0.0/16': 0 }), /does not sign/);
  t.same(
    configure({ '10.4.0.0/16': 1 }),
    ['10.4.0.0/16 up to 1', 'no 10.2.0.0/16', 'no 10.3.0.0/16'],
    'what was refused is tried again',
  );
});

t.test('a peer for which no session can be made is refused, and takes no place', async (t) => {
  const { listener, port, refused } = await listening(t);
  listener.acceptRange({
    prefix: parsePrefix('127.0.1.0/24'),
    limit: 1,
    create: (address) => new Session({ ...passive(address), holdTime: 1 }, silent),
  });
  for (const localAddress of ['127.0.1.1', '127.0.1.2']) {
    const peer = await RawPeer.connect({ host: '127.0.0.1', port, localAddress });
    await until('closed', () => peer.closed);
    t.same(peer.seen, ['3 6/5']);
  }
  t.match(refused, [/^127.0.1.1: .*hold time 1 /, /^127.0.1.2: .*hold time 1 /]);
});

t.test('a connection that brings no OPEN in time is closed', async (t) => {
  const { listener, port } = await listening(t, { openTime: 0.1 });
  const session = new Session(passive('127.0.0.1'), silent);
  listener.add(session);
  session.start();
  const idler = await RawPeer.connect({ host: '127.0.0.1', port });
  await until('closed', () => idler.closed);
  t.same(idler.seen, ['1']);
  const peer = await RawPeer.connect({ host: '127.0.0.1', port });
  peer.send(openOf(theirs), keepalive);
  await until('established', () => session.state === 'Established');
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.equal(session.state, 'Established', 'the limit is for those that have not opened');
});

t.test('connections that have not opened are limited in number', async (t) => {
  const { listener, port, refused } = await listening(t, { maxUnopened: 1 });
  const session = new Session(passive('127.0.0.1'), silent);
  listener.add(session);
  session.start();
  await RawPeer.connect({ host: '127.0.0.1', port });
  await until('accepted', () => session.isConnected);
  const second = await RawPeer.connect({ host: '127.0.0.1', port });
  await until('closed', () => second.closed);
  t.same(refused, ['127.0.0.1: too many connections wait for OPEN']);
});

t.test('a third connection of one peer is refused', async (t) => {
  const { listener, port, refused } = await listening(t);
  const session = new Session(passive('127.0.0.1'), silent);
  listener.add(session);
  session.start();
  const peers: RawPeer[] = [];
  for (let i = 0; i < 3; i++) peers.push(await RawPeer.connect({ host: '127.0.0.1', port }));
  await until('refused', () => refused.length > 0);
  t.match(refused, [/127.0.0.1: the session is OpenSent and takes no connection/]);
  peers[1]!.send(openOf(theirs), keepalive);
  await until('established', () => session.state === 'Established');
  peers[0]!.send(openOf(theirs));
  await until('the other is given up', () => peers[0]!.closed);
  t.same(peers[0]!.seen, ['1', '3 6/7'], 'collision');
  t.equal(session.state, 'Established');
});

t.test('peers are found over IPv6 too', async (t) => {
  const listener = new Listener();
  const { port } = await listener.listen({ address: '::1', port: 0 });
  const session = new Session(passive('0:0:0:0:0:0:0:1'), silent);
  listener.add(session);
  session.start();
  const peer = await RawPeer.connect({ host: '::1', port });
  peer.send(openOf(theirs), keepalive);
  await until('established', () => session.state === 'Established');
  t.equal(session.endpoints?.remote.address, '::1');
  await session.stop();
  await listener.close();
});

t.test('an address in use is an error of listen', async (t) => {
  const { port } = await listening(t);
  await t.rejects(new Listener().listen({ address: '127.0.0.1', port }), { code: 'EADDRINUSE' });
});

t.test('one address has one key, however it is written', async (t) => {
  t.equal(peerKey('::ffff:10.0.0.1'), '10.0.0.1');
  t.equal(peerKey('2001:DB8:0:0::1'), '2001:db8::1');
  t.equal(peerKey('fe80::1%eth0'), 'fe80::1%eth0');
  t.equal(wireAddress('fe80::1%eth0'), 'fe80::1');
  t.equal(wireAddress('::ffff:10.0.0.1'), '10.0.0.1');
});

t.test('a flood of strangers leaves no connection behind', async (t) => {
  const { listener, port } = await listening(t);
  const session = new Session(passive('127.0.0.1'), silent);
  listener.add(session);
  session.start();
  let closed = 0;
  for (let i = 0; i < 300; i++) {
    const socket = createConnection({ host: '127.0.0.1', port, localAddress: `127.0.3.${1 + (i % 250)}` });
    socket.on('error', () => {}).on('close', () => closed++);
    socket.resume();
  }
  await until('all are refused', () => closed === 300);
  const peer = await RawPeer.connect({ host: '127.0.0.1', port });
  peer.send(openOf(theirs), keepalive);
  await until('established', () => session.state === 'Established');
  t.pass('and the peer gets through');
});
