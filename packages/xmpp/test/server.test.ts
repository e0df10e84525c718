import { ManualClock } from '@vaportrail/net';
import t from 'tap';
import {
  announceStanzas,
  endOfRibBody,
  itemsBodies,
  OPEN_TIME,
  StreamError,
  subscribeStanza,
  type Channel,
} from '../src/index.ts';
import { floatingIp, publicInstance } from './items.ts';
import { connectStranger, isUp, runAgent, runServer, until, type Stranger } from './loopback.ts';
import { agentHeader } from './recorded-stream.ts';

t.test('an agent subscribes and publishes, and gets items over a real connection', async (t) => {
  const { server, port, stanzas } = await runServer({}, (channel, stanza) => {
    if (stanza.type !== 'collection') return;
    channel.sendMessage(itemsBodies('inet', publicInstance, [floatingIp]));
    channel.sendMessage([endOfRibBody]);
  });
  const agent = runAgent('compute-1', port);
  await until(() => isUp(agent));
  agent.client.channel.send([
    subscribeStanza('compute-1', publicInstance, 4),
    announceStanzas('compute-1', publicInstance, floatingIp),
  ]);
  await until(() => agent.stanzas.length === 2);
  t.same(
    stanzas.map(({ type }) => type),
    ['subscribe', 'publish', 'collection'],
  );
  t.match(agent.stanzas, [
    { type: 'items', instance: publicInstance, items: [floatingIp] },
    { type: 'end-of-rib' },
  ]);
  t.equal(agent.client.channel.name, 'ctrl-1');
  t.match(
    [...server.channels],
    [['compute-1', { address: '127.0.0.1', state: 'established', secure: false }]],
  );
  agent.client.stop();
  await server.close();
});

t.test('a header is answered in the octets of a deployed control node', async (t) => {
  const { server, port } = await runServer();
  const stranger = await connectStranger(port);
  stranger.socket.write(agentHeader);
  await until(() => stranger.text().endsWith('>'));
  t.equal(
    stranger.text(),
    '<stream:stream from="ctrl-1" to="compute-1" id="++123" version="1.0" xml:lang="en" xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams"  >',
  );
  t.equal(
    agentHeader.toString(),
    '<stream:stream from="compute-1" to="network-control@contrailsystems.com" version="1.0" xml:lang="en" xmlns="" xmlns:stream="http://etherx.jabber.org/streams"  >',
  );
  stranger.socket.destroy();
  await server.close();
});

t.test(
  'what a hostile peer writes is answered with a stream error, and other sessions do not notice',
  async (t) => {
    const { server, port, downs, stanzas } = await runServer();
    const agent = runAgent('honest', port);
    await until(() => isUp(agent));
    const attacks: [Buffer | string, string][] = [
      ['GET / HTTP/1.1\r\n\r\n', 'not-well-formed'],
      ['<!DOCTYPE x>', 'restricted-xml'],
      [Buffer.concat([agentHeader, Buffer.from('<!-- -->')]), 'restricted-xml'],
      [Buffer.concat([agentHeader, Buffer.from('<iq>&lol;')]), 'not-well-formed'],
      [Buffer.concat([agentHeader, Buffer.from('<iq>\xff', 'latin1')]), 'not-well-formed'],
      [Buffer.concat([agentHeader, Buffer.from('<a>'.repeat(100_000))]), 'policy-violation'],
      [
        Buffer.concat([agentHeader, Buffer.alloc(2_000_000, '<iq>'), Buffer.alloc(1_000_000, 'x')]),
        'policy-violation',
      ],
    ];
    for (const [octets, condition] of attacks) {
      const stranger = await connectStranger(port);
      stranger.socket.write(octets);
      await until(() => stranger.closed);
      t.match(
        stranger.text(),
        new RegExp(`^<stream:stream .*<stream:error><${condition} .*</stream:stream>$`),
        condition,
      );
    }
    await until(() => downs.length === 5);
    t.ok(downs.every(({ name, reason }) => name === 'compute-1' && reason.error !== undefined));
    agent.client.channel.send([subscribeStanza('honest', publicInstance, 4)]);
    await until(() => stanzas.length === 1);
    t.same(agent.downs, []);
    agent.client.stop();
    await server.close();
  },
);

t.test('a connection without a header is closed after fifteen seconds', async (t) => {
  const clock = new ManualClock();
  const { server, port } = await runServer({ clock });
  const silent = await connectStranger(port);
  const slow = await connectStranger(port);
  slow.socket.write('<stream:stream from="');
  await until(() => server.pending === 2);
  clock.advance(OPEN_TIME - 1);
  t.equal(server.pending, 2);
  clock.advance(1);
  t.equal(server.pending, 0);
  await until(() => silent.closed && slow.closed);
  t.equal(silent.text(), '</stream:stream>');
  t.match(server.counters, { accepted: 2, rejected: 2, evicted: 0 });
  await server.close();
});

t.test('keepalives go out every third of the hold time, and silence ends the session', async (t) => {
  const clock = new ManualClock();
  const { server, port, ups, downs } = await runServer({ clock, holdTime: 9 });
  const stranger = await connectStranger(port);
  stranger.socket.write(agentHeader);
  await until(() => ups.length === 1);
  await until(() => stranger.text().endsWith('>'));
  const header = stranger.received().length;
  clock.advance(3000);
  clock.advance(3000);
  await until(() => stranger.received().length >= header + 4);
  t.same([...stranger.received().subarray(header)], [0xc8, 0x80, 0xc8, 0x80]);
  stranger.socket.write(Buffer.from([0xc8, 0x80]));
  await until(() => ups[0]?.counters.receivedKeepalives === 1);
  clock.advance(8999);
  t.equal(server.channels.size, 1, 'a keepalive has restarted the hold timer');
  clock.advance(1);
  t.equal(server.channels.size, 0);
  t.match(downs, [
    { reason: { because: 'silent for 9 seconds', error: { condition: 'connection-timeout' } } },
  ]);
  stranger.socket.destroy();
  await server.close();
});

t.test('a half-written stanza does not keep a session alive', async (t) => {
  const clock = new ManualClock();
  const { server, port, ups } = await runServer({ clock, holdTime: 9 });
  const stranger = await connectStranger(port);
  stranger.socket.write(agentHeader);
  await until(() => ups.length === 1);
  for (let second = 0; second < 9; second++) {
    const before: number = ups[0]!.counters.receivedOctets;
    stranger.socket.write(second === 0 ? '<iq>' : 'x');
    await until(() => ups[0]!.counters.receivedOctets > before);
    clock.advance(1000);
  }
  t.equal(server.channels.size, 0);
  stranger.socket.destroy();
  await server.close();
});

t.test('a second connection of a name is refused while the first lives', async (t) => {
  const { server, port, ups, downs } = await runServer();
  const first = await connectStranger(port);
  first.socket.write(agentHeader);
  await until(() => ups.length === 1);
  for (const address of ['127.0.0.1', '127.0.0.2']) {
    const second = await connectStranger(port, address);
    second.socket.write(agentHeader);
    await until(() => second.closed);
    t.match(second.text(), /<stream:error><conflict /, address);
  }
  t.same(downs, []);
  first.socket.destroy();
  await until(() => downs.length === 1);
  const third = await connectStranger(port);
  third.socket.write(agentHeader);
  await until(() => ups.length === 2);
  third.socket.destroy();
  await server.close();
});

t.test(
  'with the helper for graceful restart a second connection ends the first, but only from its address',
  async (t) => {
    const { server, port, ups, downs } = await runServer({ gracefulRestartHelper: true });
    const first = await connectStranger(port);
    first.socket.write(agentHeader);
    await until(() => ups.length === 1);
    const elsewhere = await connectStranger(port, '127.0.0.2');
    elsewhere.socket.write(agentHeader);
    await until(() => elsewhere.closed);
    t.same(downs, []);
    const again = await connectStranger(port);
    again.socket.write(agentHeader);
    await until(() => again.closed && first.closed);
    t.match(downs, [{ name: 'compute-1', reason: { error: { condition: 'conflict' } } }]);
    const retry = await connectStranger(port);
    retry.socket.write(agentHeader);
    await until(() => ups.length === 2);
    retry.socket.destroy();
    await server.close();
  },
);

t.test('only agents of the sub-cluster, and those the owner lets in, are let in', async (t) => {
  const { server, port, ups } = await runServer({
    subCluster: 'east',
    refuse: ({ from }) => (from === 'banned' ? new StreamError('not-authorized', 'not this one') : undefined),
  });
  const header = (from: string, namespace: string): string =>
    `<stream:stream from="${from}" xmlns="${namespace}" xmlns:stream="http://etherx.jabber.org/streams">`;
  const west = await connectStranger(port);
  west.socket.write(header('a', 'west'));
  const banned = await connectStranger(port);
  banned.socket.write(header('banned', 'east'));
  await until(() => west.closed && banned.closed);
  t.match(west.text(), '<policy-violation ');
  t.match(banned.text(), '<not-authorized ');
  const east = await connectStranger(port);
  east.socket.write(header('a', 'east'));
  await until(() => ups.length === 1);
  east.socket.destroy();
  await server.close();
});

t.test('agents beyond the number that are served are refused, and those served stay', async (t) => {
  const { server, port, ups } = await runServer({ capacity: { agents: 1 } });
  const first = runAgent('first', port);
  await until(() => isUp(first));
  const second = await connectStranger(port);
  second.socket.write(agentHeader);
  await until(() => second.closed);
  t.match(second.text(), '<resource-constraint ');
  t.same(
    ups.map(({ name }) => name),
    ['first'],
  );
  t.same(first.downs, []);
  first.client.stop();
  await server.close();
});

t.test('one address is not as many agents as it likes, and leaves room for others', async (t) => {
  const { server, port, ups } = await runServer({ capacity: { agentsPerAddress: 2 } });
  const own = ['a', 'b'].map((name) => runAgent(name, port));
  await until(() => own.every(isUp));
  const third = await connectStranger(port);
  third.socket.write(agentHeader);
  await until(() => third.closed);
  t.match(third.text(), /<resource-constraint .*more than 2 agents from 127\.0\.0\.1/);
  const other = runAgent('c', port, { localAddress: '127.0.0.2' });
  await until(() => isUp(other));
  own[0]!.client.stop();
  await until(() => server.channels.size === 2);
  const instead = runAgent('d', port);
  await until(() => isUp(instead));
  t.same(ups.map(({ name }) => name).sort(), ['a', 'b', 'c', 'd']);
  for (const { client } of [own[1]!, other, instead]) client.stop();
  await server.close();
});

t.test('connections that never speak make room for an agent that does', async (t) => {
  const { server, port } = await runServer({ capacity: { pending: 20 } });
  const silent = await Promise.all(Array.from({ length: 100 }, () => connectStranger(port)));
  const agent = runAgent('honest', port);
  await until(() => isUp(agent));
  await until(() => server.counters.accepted === 101);
  t.ok(server.pending <= 20);
  t.ok(server.counters.evicted >= 79, `${server.counters.evicted} evicted`);
  t.same(agent.ends, [], 'at the first attempt');
  for (const { socket } of silent) socket.destroy();
  agent.client.stop();
  await server.close();
});

t.test(
  'an agent that does not read is closed when its backlog is full, and nobody waits for it',
  async (t) => {
    const { server, port, ups, downs } = await runServer({ limits: { backlogBytes: 1_000_000 } });
    const agent = runAgent('honest', port);
    const slow = await connectStranger(port);
    slow.socket.pause();
    slow.socket.write(agentHeader);
    await until(() => ups.length === 2);
    const named = (name: string): Channel => ups.find((channel) => channel.name === name)!;
    const bodies = itemsBodies(
      'inet',
      publicInstance,
      Array.from({ length: 32 }, () => floatingIp),
    );
    let largest = 0;
    let rounds = 0;
    while (named('compute-1').sendMessage(bodies)) {
      largest = Math.max(largest, named('compute-1').backlog);
      t.ok(named('honest').sendMessage(bodies) || t.fail('the honest agent is held up'));
      rounds++;
      await new Promise((done) => setImmediate(done));
    }
    t.ok(largest <= 1_000_000, `${largest} octets at most`);
    t.match(downs, [{ name: 'compute-1', reason: { error: { condition: 'resource-constraint' } } }]);
    t.notOk(named('compute-1').sendMessage(bodies), 'nothing more is queued');
    await until(() => agent.stanzas.length === rounds);
    slow.socket.destroy();
    agent.client.stop();
    await server.close();
  },
);

t.test(
  'an agent that speaks and never reads is given up after the hold time, and one that reads now and then is not',
  async (t) => {
    const clock = new ManualClock();
    const { server, port, ups, downs } = await runServer({
      clock,
      holdTime: 9,
      limits: { backlogBytes: 1 << 30 },
    });
    const deaf = await connectStranger(port);
    deaf.socket.pause();
    deaf.socket.write(agentHeader);
    const slow = await connectStranger(port);
    slow.socket.pause();
    slow.socket.write(agentHeader.toString().replace('compute-1', 'compute-2'));
    await until(() => ups.length === 2);
    const named = (name: string): Channel => ups.find((channel) => channel.name === name)!;
    // More than the operating system takes for them.
    const load = [Buffer.alloc(24 << 20, ' ')];
    named('compute-1').send(load);
    for (let tick = 0; tick < 8 && downs.length === 0; tick++) {
      named('compute-2').send(load);
      await until(() => named('compute-2').backlog > 0);
      slow.socket.resume();
      await until(() => named('compute-2').backlog === 0);
      slow.socket.pause();
      for (const { socket } of [deaf, slow]) socket.write(Buffer.from([0xc8, 0x80]));
      await until(() => ups.every(({ counters }) => counters.receivedKeepalives > tick));
      clock.advance(3000);
    }
    t.match(downs, [
      {
        name: 'compute-1',
        reason: { because: 'nothing was read for 9 seconds', error: { condition: 'connection-timeout' } },
      },
    ]);
    t.equal(server.channels.size, 1);
    for (const { socket } of [deaf, slow]) socket.destroy();
    await server.close();
  },
);

t.test('a flood is read as fast as its allowance lets it, and no stanza is lost', async (t) => {
  const clock = new ManualClock();
  const { server, port, ups, stanzas } = await runServer({
    clock,
    limits: { workAtOnce: 10, workPerSecond: 100 },
  });
  const flood = await connectStranger(port);
  flood.socket.write(Buffer.concat([agentHeader, Buffer.from('<iq type="get"/>'.repeat(25))]));
  await until(() => ups.length === 1 && stanzas.length === 10);
  await new Promise((done) => setTimeout(done, 20));
  t.equal(stanzas.length, 10);
  clock.advance(50);
  t.ok(stanzas.length < 20, `${stanzas.length} after 50 ms`);
  clock.advance(1000);
  t.equal(stanzas.length, 25);
  flood.socket.destroy();
  await server.close();
});

t.test('what all hold of stanzas without an end is bounded: the source that holds most pays', async (t) => {
  const { server, port, ups, downs, stanzas } = await runServer({ capacity: { unfinishedBytes: 100_000 } });
  const honest = await connectStranger(port, '127.0.0.2');
  honest.socket.write(Buffer.from(agentHeader.toString().replace('compute-1', 'honest')));
  await until(() => ups.length === 1);
  const [first, rest] = ['<iq type="get" a="', '"/>'];
  honest.socket.write(first + 'x'.repeat(40_000));
  const crowd: Stranger[] = [];
  for (const name of ['one', 'two', 'three']) {
    const stranger = await connectStranger(port, '127.0.0.3');
    crowd.push(stranger);
    stranger.socket.write(agentHeader.toString().replace('compute-1', name));
    await until(() => ups.length === crowd.length + 1);
    stranger.socket.write(first + 'x'.repeat(name === 'two' ? 25_000 : 20_000));
  }
  await until(() => downs.length === 1);
  t.match(downs, [{ name: 'two', reason: { error: { condition: 'resource-constraint' } } }]);
  await until(() => crowd[1]!.closed);
  t.match(crowd[1]!.text(), /<resource-constraint .*more than 100000 octets of unfinished stanzas in all/);
  for (const { socket } of [honest, crowd[0]!, crowd[2]!]) socket.write(rest);
  await until(() => stanzas.length === 3);
  t.equal(downs.length, 1, 'the others come to the end of theirs');
  for (const { socket } of [honest, ...crowd]) socket.destroy();
  await server.close();
});

t.test('stanzas that are a lot of work are done a few at a time, and others get their turn', async (t) => {
  const done: string[] = [];
  const work = (milliseconds: number): void => {
    for (const end = performance.now() + milliseconds; performance.now() < end;);
  };
  const { server, port, ups } = await runServer({}, (channel, stanza) => {
    if (stanza.type !== 'subscribe') return;
    if (channel.name === 'compute-1') work(2);
    // While the first of many is dealt with another agent speaks.
    if (done.push(channel.name) === 1) honest.client.channel.send([subscribeStanza('honest', 'v', 1)]);
  });
  const honest = runAgent('honest', port);
  await until(() => isUp(honest));
  const busy = await connectStranger(port);
  const many = Array.from({ length: 100 }, (_, id) => subscribeStanza('compute-1', `v${id}`, id));
  busy.socket.write(agentHeader);
  await until(() => ups.length === 2);
  busy.socket.write(Buffer.concat(many));
  await until(() => done.length === 101);
  t.ok(done.indexOf('honest') < 90, `it is number ${done.indexOf('honest')} of 101`);
  busy.socket.destroy();
  honest.client.stop();
  await server.close();
});

t.test('what a handler throws ends the session it was called for', async (t) => {
  const { server, port, downs, stanzas } = await runServer({}, (channel, stanza) => {
    if (channel.name === 'compute-1' && stanza.type === 'ignored') throw new TypeError('a mistake');
  });
  const agent = runAgent('honest', port);
  await until(() => isUp(agent));
  const victim = await connectStranger(port);
  victim.socket.write(Buffer.concat([agentHeader, Buffer.from('<iq type="get"/>')]));
  await until(() => victim.closed);
  t.match(victim.text(), '<internal-server-error ');
  t.notMatch(victim.text(), 'mistake', 'the peer is not told what went wrong inside');
  t.match(downs, [{ name: 'compute-1', reason: { error: { cause: { message: 'a mistake' } } } }]);
  agent.client.channel.send([subscribeStanza('honest', publicInstance, 4)]);
  await until(() => stanzas.length === 2);
  agent.client.stop();
  await server.close();
});

t.test('an address in use is told at once', async (t) => {
  const { server, port } = await runServer();
  await t.rejects(server.listen({ address: '127.0.0.1', port }), { code: 'EADDRINUSE' });
  await server.close();
});

t.test('a server that closes tells its agents why', async (t) => {
  const { server, port, downs } = await runServer();
  const agent = runAgent('compute-1', port);
  await until(() => isUp(agent));
  await Promise.all([server.close(), until(() => agent.downs.length === 1)]);
  t.match(agent.downs, [{ because: /system-shutdown/ }]);
  t.match(downs, [{ reason: { error: { condition: 'system-shutdown' } } }]);
  agent.client.stop();
});
