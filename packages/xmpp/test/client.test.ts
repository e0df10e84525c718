import { createServer } from 'node:net';
import { ManualClock } from '@vaportrail/net';
import t from 'tap';
import { headerBytes } from '../src/index.ts';
import { isUp, runAgent, runServer, until } from './loopback.ts';

t.test('an agent returns when its session is lost', async (t) => {
  const { server, port, ups, downs } = await runServer();
  const agent = runAgent('compute-1', port);
  await until(() => isUp(agent));
  ups[0]?.close();
  await until(() => agent.downs.length === 1 && downs.length === 1);
  await until(() => isUp(agent));
  t.equal(agent.client.channel.counters.sessions, 2);
  agent.client.stop();
  await server.close();
});

t.test('an agent connects from the address it is given', async (t) => {
  const { server, port, ups } = await runServer();
  const agent = runAgent('compute-1', port, { localAddress: '127.0.0.3' });
  await until(() => ups.length === 1);
  t.equal(ups[0]?.address, '127.0.0.3');
  agent.client.stop();
  await server.close();
});

t.test('an agent says when a server seems dead, and keeps trying', async (t) => {
  const clock = new ManualClock();
  const free = createServer();
  await new Promise<void>((done) => free.listen(0, '127.0.0.1', done));
  const { port } = free.address() as { port: number };
  await new Promise((done) => free.close(done));
  const agent = runAgent('compute-1', port, { clock });
  for (let attempt = 1; attempt <= 5; attempt++) {
    clock.advance(40_000);
    await until(() => agent.ends.length === attempt);
  }
  t.equal(agent.timedOut, 5);
  t.match(agent.ends[0], { because: /ECONNREFUSED/ });
  t.same(agent.downs, [], 'there was no session');
  agent.client.stop();
  t.equal(agent.client.channel.state, 'idle');
});

t.test('an agent gives up a server that does not answer its header', async (t) => {
  const clock = new ManualClock();
  const mute = createServer((socket) => socket.on('error', () => {}).resume());
  await new Promise<void>((done) => mute.listen(0, '127.0.0.1', done));
  const { port } = mute.address() as { port: number };
  const agent = runAgent('compute-1', port, { clock, holdTime: 9 });
  clock.advance(100);
  await until(() => agent.client.channel.state === 'open-sent');
  clock.advance(9000);
  t.match(agent.ends, [{ because: 'no answer to the stream header' }]);
  agent.client.stop();
  mute.close();
});

t.test('an agent accepts the header of any control node, and sends a keepalive at once', async (t) => {
  const received: Buffer[] = [];
  const odd = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => received.push(chunk));
    socket.write('<?xml version="1.0"?>\n');
    socket.write(headerBytes({ from: 'network-control@contrailsystems.com', to: 'x', namespace: '' }));
  });
  await new Promise<void>((done) => odd.listen(0, '127.0.0.1', done));
  const { port } = odd.address() as { port: number };
  const agent = runAgent('compute-1', port);
  await until(() => isUp(agent));
  await until(() => Buffer.concat(received).includes(Buffer.from([0xc8, 0x80])));
  t.match(Buffer.concat(received).toString('latin1'), /^<stream:stream from="compute-1" .* {2}>È\x80$/);
  agent.client.stop();
  odd.close();
});

t.test('a stopped agent stays away', async (t) => {
  const { server, port, ups, downs } = await runServer();
  const agent = runAgent('compute-1', port);
  await until(() => isUp(agent));
  agent.client.stop();
  await until(() => downs.length === 1);
  await new Promise((done) => setTimeout(done, 150));
  t.equal(ups.length, 1);
  agent.client.start();
  await until(() => isUp(agent));
  agent.client.stop();
  await server.close();
});
