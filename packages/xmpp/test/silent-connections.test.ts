import { spawn } from 'node:child_process';
import t from 'tap';
import { MAX_PENDING_CONNECTIONS, subscribeStanza } from '../src/index.ts';
import { isUp, runAgent, runServer, until } from './loopback.ts';

const CONNECTIONS = 10_000;

/** Opens connections that say nothing, from a process of its own, and keeps what the server lets it keep. */
const silence = `
  const { connect } = require('node:net');
  let left = ${CONNECTIONS};
  const next = () => {
    if (left-- <= 0) return;
    const socket = connect(Number(process.argv[1]), '127.0.0.1');
    socket.on('error', () => {});
    let counted = false;
    const on = () => { if (!counted) { counted = true; next(); } };
    socket.on('connect', on);
    socket.on('close', on);
  };
  for (let i = 0; i < 200; i++) next();
  setInterval(() => {}, 1000);
`;

t.test('ten thousand connections that never speak do not keep an honest agent out', async (t) => {
  const { server, port, stanzas } = await runServer();
  const before = process.memoryUsage().rss;
  const early = runAgent('early', port);
  await until(() => isUp(early));
  const child = spawn(process.execPath, ['-e', silence, String(port)], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  await until(() => server.counters.accepted > CONNECTIONS / 2);
  const amid = runAgent('amid', port);
  await until(() => isUp(amid));
  t.same(amid.ends, [], 'let in at the first attempt while they come');
  await until(() => server.counters.accepted >= CONNECTIONS);
  t.ok(server.pending <= MAX_PENDING_CONNECTIONS, `${server.pending} are held`);
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
  child.kill('SIGKILL');
  await server.close();
});
