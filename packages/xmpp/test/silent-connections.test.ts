import { spawn } from 'node:child_process';
import t, { type Test } from 'tap';
import { serverLimits, subscribeStanza } from '../src/index.ts';
import { connectStranger, isUp, runAgent, runServer, until } from './loopback.ts';
import { agentHeader } from './recorded-stream.ts';

const CONNECTIONS = 10_000;
/** Of these as many as there is room for are a small part. */
const FEWER_CONNECTIONS = 2000;

const silence = `
  const { connect } = require('node:net');
  const [port, localAddress, count] = process.argv.slice(1);
  let left = Number(count);
  const next = () => {
    if (left-- <= 0) return;
    const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress });
    socket.on('error', () => {});
    let counted = false;
    const on = () => { if (!counted) { counted = true; next(); } };
    socket.on('connect', on);
    socket.on('close', on);
  };
  for (let i = 0; i < 200; i++) next();
  setInterval(() => {}, 1000);
`;

/** Opens connections that say nothing, from a process of its own, and keeps what the server lets it keep. */
function swarm(t: Test, port: number, address: string, count: number): void {
  const program = ['-e', silence, String(port), address, String(count)];
  const child = spawn(process.execPath, program, { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
}

t.test('ten thousand connections that never speak do not keep an honest agent out', async (t) => {
  const { server, port, stanzas } = await runServer();
  const before = process.memoryUsage().rss;
  const early = runAgent('early', port);
  await until(() => isUp(early));
  swarm(t, port, '127.0.0.1', CONNECTIONS);
  await until(() => server.counters.accepted > CONNECTIONS / 2);
  const amid = runAgent('amid', port);
  await until(() => isUp(amid));
  t.same(amid.ends, [], 'let in at the first attempt while they come');
  await until(() => server.counters.accepted >= CONNECTIONS);
  t.ok(server.pending <= serverLimits.pendingPerAddress, `${server.pending} are held`);
  const late = runAgent('late', port);
  await until(() => isUp(late));
  t.same(late.ends, [], 'let in at the first attempt when they are there');
  for (const { client } of [early, amid, late]) {
    client.channel.send([subscribeStanza('x', 'v', 1)]);
  }
  await until(() => stanzas.length === 3);
  t.same([early.downs, amid.downs], [[], []], 'sessions do not notice');
  t.comment(`${Math.round((process.memoryUsage().rss - before) / 1e6)} MB more`);
  for (const { client } of [early, amid, late]) client.stop();
  await server.close();
});

t.test(
  'an agent that is slow to speak does not make room for the thousands of another address',
  async (t) => {
    const capacity = { pending: 64, pendingPerAddress: 64 };
    const { server, port, ups } = await runServer({ capacity });
    const slow = await connectStranger(port, '127.0.0.2');
    await until(() => server.counters.accepted === 1);
    swarm(t, port, '127.0.0.1', FEWER_CONNECTIONS);
    await until(() => server.counters.accepted >= FEWER_CONNECTIONS);
    t.ok(server.pending <= capacity.pending, `${server.pending} are held`);
    t.ok(server.counters.evicted >= FEWER_CONNECTIONS - capacity.pending, 'whoever holds most pays');
    t.notOk(slow.closed, 'and nobody else');
    slow.socket.write(agentHeader);
    await until(() => ups.length === 1);
    t.match(ups, [{ name: 'compute-1', address: '127.0.0.2' }]);
    slow.socket.destroy();
    await server.close();
  },
);
