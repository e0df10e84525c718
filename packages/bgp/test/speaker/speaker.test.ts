import { parsePrefix } from '@vaportrail/net';
import type { Route } from '../../src/speaker/route.ts';
import t from 'tap';
import { Speaker } from '../../src/speaker/speaker.ts';
import { frameMessage, messageType } from '../../src/wire/header.ts';
import { encodeUpdate } from '../../src/wire/update-encode.ts';
import { RawPeer, keepalive, openOf, until } from '../session/raw-peer.ts';

/** Writes down what a speaker tells, in a few words each. */
function written(speaker: Speaker): string[] {
  const log: string[] = [];
  speaker
    .on('established', ({ negotiated }) => log.push(`up ${negotiated.peerAsn}`))
    .on('route', ({ route }) =>
      log.push(
        `route ${route.family} ${route.rd ?? ''} ${route.prefix} ${route.nextHop} ${JSON.stringify(route.attributes)}`,
      ),
    )
    .on('withdraw', ({ route }) => log.push(`withdraw ${route.prefix}`))
    .on('endOfRib', ({ family }) => log.push(`end ${family}`))
    .on('problem', ({ problem }) => log.push(`problem ${problem.approach}`))
    .on('down', ({ end }) => log.push(`down ${end.text}`));
  return log;
}

const local = { address: '127.0.0.1', port: 0 };

t.test('what one speaker announces another learns, in full at the start and bit by bit later', async (t) => {
  const server = new Speaker({ asn: 65001, routerId: '192.0.2.1', listen: local });
  const bound = await server.start();
  server.acceptFrom({
    prefix: '127.0.0.0/8',
    limit: 5,
    asn: 'any',
    families: ['inet', 'inet6', 'inet-vpn'],
  });
  const client = new Speaker({ asn: 65002, routerId: '192.0.2.2' });
  const log = written(client);
  const peer = client.peer({ ...bound!, asn: 65001, families: ['inet', 'inet-vpn'] });
  server.announce({ prefix: '203.0.113.0/24', nextHop: '192.0.2.1', attributes: { med: 7 } });
  server.announce({ prefix: '2001:db8::/32', nextHop: '2001:db8::1' });
  await client.start();
  await until('the first routes', () => log.length === 4);
  t.same(log.splice(0), [
    'up 65001',
    'route inet  203.0.113.0/24 192.0.2.1 {"origin":"igp","asPath":[65001],"nextHop":"192.0.2.1","med":7}',
    'end inet',
    'end inet-vpn',
  ]);
  server.announce({
    prefix: '10.9.0.1/32',
    rd: '10.1.1.1:1',
    labels: [1001],
    nextHop: '192.0.2.1',
    attributes: { extendedCommunities: ['target:64512:100'] },
  });
  t.ok(server.withdraw({ prefix: '203.0.113.0/24' }));
  t.notOk(server.withdraw({ prefix: '203.0.113.0/24' }), 'only once');
  await until('the change', () => log.length === 2);
  t.match(log, [
    /^route inet-vpn 10.1.1.1:1 10.9.0.1\/32 192.0.2.1 .*target:64512:100/,
    'withdraw 203.0.113.0/24',
  ]);
  t.equal(peer.routes.size, 1);
  t.ok(peer.session.requestRefresh('inet-vpn'));
  await until('the route again', () => log.length === 3);
  await server.stop('enough');
  await until('the end', () => log.length === 5);
  t.equal(log[3], 'withdraw 10.9.0.1/32', 'what it had announced goes with it');
  t.match(log[4], /^down received Cease.*: enough$/);
  t.equal(peer.routes.size, 0);
  await client.stop();
});

t.test('events are waited for and looped over, until there are enough, or a signal comes', async (t) => {
  await using server = new Speaker({ asn: 65001, routerId: '192.0.2.1', listen: local });
  const bound = await server.start();
  server.acceptFrom({ prefix: parsePrefix('127.0.0.0/8'), limit: 5, asn: 'any' });
  for (const prefix of ['10.0.0.0/8', '192.0.2.0/24']) server.announce({ prefix, nextHop: '192.0.2.1' });
  await using client = new Speaker({ asn: 65002, routerId: '192.0.2.2' });
  client.peer({ ...bound!, asn: 65001 });
  const learned = client.each('route');
  const [up, end] = [client.once('established'), client.once('endOfRib')];
  await client.start();
  t.equal((await up).negotiated.peerAsn, 65001);
  t.equal((await end).family, 'inet');
  const prefixes: (string | undefined)[] = [];
  for await (const { route } of learned) {
    prefixes.push(route.prefix);
    if (prefixes.length === 2) break;
  }
  t.same(prefixes, ['10.0.0.0/8', '192.0.2.0/24'], 'what came before the loop is not lost');

  const controller = new AbortController();
  const { signal } = controller;
  const never = client.once('failed', { signal });
  const loop = (async () => {
    for await (const told of client.each('withdraw', { signal })) t.fail(`${told.route.prefix} is withdrawn`);
  })();
  controller.abort();
  await t.rejects(never, { name: 'AbortError' });
  await t.rejects(loop, { name: 'AbortError' });
});

/** A speaker that listens, and a peer made of bytes with a session in AS 65002. */
async function meet(events: (speaker: Speaker) => string[]) {
  const speaker = new Speaker({ asn: 65001, routerId: '192.0.2.1', listen: local });
  const log = events(speaker);
  const bound = await speaker.start();
  speaker.peer({ address: '127.0.0.1', asn: 65002, passive: true });
  const peer = await RawPeer.connect({ host: '127.0.0.1', port: bound!.port });
  const families = ['inet'] as const;
  peer.send(
    openOf({ local: { asn: 65002, routerId: 2 }, peer: { address: '127.0.0.1', asn: 65001 }, families }),
    keepalive,
  );
  await until('established', () => log.length > 0);
  return { speaker, log, peer };
}

const route = { afi: 1, safi: 1, pathId: null, prefix: '10.0.0.0/8' } as const;
const announcement = encodeUpdate({
  routes: [{ ...route, op: 'announce', nextHop: '192.0.2.2' }],
  attributes: { origin: 'igp', asPath: [65002] },
});

t.test('an UPDATE with an error is handled as RFC 7606 says', async (t) => {
  const { speaker, log, peer } = await meet(written);
  peer.send(announcement);
  const badOrigin = announcement.slice();
  badOrigin[19 + 4 + 3] = 9;
  peer.send(badOrigin);
  await until('both', () => log.length === 4);
  t.match(log, ['up 65002', /^route/, 'problem treat-as-withdraw', 'withdraw 10.0.0.0/8']);
  peer.send(frameMessage(messageType.update, Uint8Array.of(0, 9, 0, 0)));
  await until('the end', () => peer.closed);
  t.equal(peer.seen.at(-1), '3 3/1', 'and what cannot be read at all ends the session');
  await speaker.stop();
});

t.test('a listener that is no more wanted is not called', async (t) => {
  let calls = 0;
  const listener = (): void => void calls++;
  const { speaker, log, peer } = await meet((speaker) => {
    speaker.on('route', listener).off('route', listener);
    return written(speaker);
  });
  peer.send(announcement);
  await until('the route', () => log.length === 2);
  t.equal(calls, 0);
  await speaker.stop();
});

t.test('a route that cannot be written is refused where it is announced', async (t) => {
  const speaker = new Speaker({ asn: 65001, routerId: '192.0.2.1' });
  t.throws(() => speaker.announce({ prefix: '10.0.0.0/33' }), RangeError);
  t.throws(() => speaker.announce({ prefix: '10.0.0.0/8', nextHop: 'here' }), RangeError);
  t.throws(
    () => speaker.announce({ prefix: '10.0.0.0/8', attributes: { communities: ['many'] } }),
    /communities/,
  );
  // @ts-expect-error a VPN route has a route distinguisher
  t.throws(() => speaker.announce({ family: 'inet-vpn', prefix: '10.0.0.0/8', labels: [16] }), /rd/);
  // @ts-expect-error no family has that name
  const unknown: Route = { family: 'ipv4', prefix: '10.0.0.0/8' };
  t.throws(() => speaker.announce(unknown), /no address family is named "ipv4"/);
  // @ts-expect-error no field has that name
  const misspelt: Route = { prefix: '10.0.0.0/8', nexthop: '192.0.2.1' };
  t.throws(() => speaker.announce(misspelt), /nexthop: a route has nextHop/);
  const beside = { prefix: '10.0.0.0/8', communities: ['65001:1'] };
  t.throws(() => speaker.announce(beside), /communities: an attribute .* in its attributes/);
  const further = { prefix: '10.0.0.0/8', comment: 'of the program' };
  t.doesNotThrow(() => speaker.announce(further));
  t.throws(() => speaker.peer({ address: '127.0.0.1', asn: 0 }), /AS number 0/);
  t.same([...speaker.peers], []);
});

t.test('who is no peer is refused, and the program is told', async (t) => {
  await using server = new Speaker({ asn: 65001, routerId: '192.0.2.1', listen: local });
  const bound = await server.start();
  t.throws(() => server.acceptFrom({ prefix: 'anywhere', limit: 1, asn: 'any' }), RangeError);
  await using stranger = new Speaker({ asn: 65002, routerId: '192.0.2.2' });
  stranger.peer({ ...bound!, asn: 65001 });
  const [refused, failed] = [server.once('refused'), stranger.once('failed')];
  await stranger.start();
  t.match(await refused, { address: '127.0.0.1', because: /unknown peer/ });
  t.match((await failed).end, { direction: 'received', code: 6, subcode: 5 });
});

t.test('what a program gets wrong is said where it says it', async (t) => {
  const wrong = (settings: object) => () => new Speaker(settings as { asn: number; routerId: string });
  t.throws(wrong({ asn: '65001', routerId: '192.0.2.1' }), /asn: "65001" is not a number/);
  t.throws(wrong({ asn: 65001 }), /routerId: undefined is not an IPv4 address/);
  t.throws(wrong({ asn: 65001, routerId: 'me' }), /"me" is not an IPv4 address/);
  const speaker = new Speaker({ asn: 65001, routerId: '192.0.2.1' });
  const peer = { address: '127.0.0.1', asn: 65002 };
  t.throws(
    () => speaker.peer({ ...peer, families: ['ipv4' as 'inet'] }),
    /no address family is named "ipv4"/,
  );
  t.throws(() => speaker.peer({ ...peer, addPath: { inet: 'yes' as 'send' } }), /ADD-PATH is .* not "yes"/);
  t.throws(() => speaker.peer({ ...peer, passive: true }), /does not listen/);
  t.throws(() => speaker.acceptFrom({ prefix: '10.0.0.0/8', limit: 1, asn: 'any' }), /does not listen/);
  const server = new Speaker({ asn: 65001, routerId: '192.0.2.1', listen: local });
  t.throws(() => server.acceptFrom({ prefix: '10.0.0.0/8', limit: 0, asn: 'any' }), /limit: 0/);
  t.throws(() => speaker.announce({ prefix: '2001:db8::/32', nextHop: '192.0.2.1' }), /none of IPv6 unicast/);
  const med = undefined as unknown as number;
  t.doesNotThrow(() => speaker.announce({ prefix: '10.0.0.0/8', attributes: { med } }), 'a field left open');
  t.same([...speaker.peers], []);
});

t.test('a route without a next hop is not sent where the address of the session cannot be it', async (t) => {
  await using server = new Speaker({ asn: 65001, routerId: '192.0.2.1', listen: local });
  const bound = await server.start();
  server.acceptFrom({ prefix: '127.0.0.0/8', limit: 1, asn: 'any', families: ['inet', 'inet6'] });
  await using client = new Speaker({ asn: 65002, routerId: '192.0.2.2' });
  client.peer({ ...bound!, asn: 65001, families: ['inet', 'inet6'] });
  client.announce({ prefix: '2001:db8::/32' });
  client.announce({ prefix: '203.0.113.0/24' });
  const [unsent, learned] = [client.once('unsent'), server.once('route')];
  await client.start();
  t.match((await unsent).because, /^2001:db8::\/32 has no next hop: .*127\.0\.0\.1/);
  t.match((await learned).route, { prefix: '203.0.113.0/24', nextHop: '127.0.0.1' }, 'the session stays');
});
