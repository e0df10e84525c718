import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { acceptedWithReceiveBuffer, withReceiveBuffer } from '../../src/session/receive-buffer.ts';

/** Two ends of a connection that both have a receive buffer. */
async function connected(
  t: Test,
): Promise<{ dialled: Socket; accepted: Socket; close: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { address, port } = server.address() as AddressInfo;
  const dialled: Socket = connect({ host: address, port, ...withReceiveBuffer(() => dialled) });
  const [[socket]] = (await Promise.all([once(server, 'connection'), once(dialled, 'connect')])) as [
    [Socket],
    [],
  ];
  const accepted = acceptedWithReceiveBuffer(socket);
  t.teardown(() => {
    dialled.destroy();
    accepted.destroy();
    server.close();
  });
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return { dialled, accepted, close };
}

/** The next octets of a socket as text, and the memory that they came in. */
function next(socket: Socket): Promise<{ text: string; memory: unknown }> {
  return new Promise((resolve) =>
    socket.once('data', (chunk: Buffer) => resolve({ text: chunk.toString(), memory: chunk.buffer })),
  );
}

t.test('a connection reads into the same memory again, on this version of Node too', async (t) => {
  const { dialled, accepted } = await connected(t);
  for (const [from, to] of [
    [dialled, accepted],
    [accepted, dialled],
  ] as const) {
    const memories = new Set<unknown>();
    for (const said of ['one', 'two', 'three']) {
      from.write(said);
      const { text, memory } = await next(to);
      t.equal(text, said);
      memories.add(memory);
    }
    t.equal(memories.size, process.platform === 'win32' ? 3 : 1);
  }
});

t.test('an accepted connection has its addresses, waits when it is paused, and ends', async (t) => {
  const { dialled, accepted, close } = await connected(t);
  t.equal(accepted.remotePort, dialled.localPort);
  t.equal(accepted.localPort, dialled.remotePort);
  const heard: string[] = [];
  accepted.on('data', (chunk: Buffer) => heard.push(chunk.toString()));
  dialled.write('a');
  await once(accepted, 'data');
  accepted.pause();
  dialled.write('b');
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.same(heard, ['a']);
  accepted.resume();
  await once(accepted, 'data');
  t.same(heard, ['a', 'b']);
  dialled.end();
  await once(accepted, 'close');
  await close();
});

t.test('a socket that shows no way into it stays as it was', async (t) => {
  const { accepted } = await connected(t);
  accepted.destroy();
  await once(accepted, 'close');
  t.equal(acceptedWithReceiveBuffer(accepted), accepted);
});
