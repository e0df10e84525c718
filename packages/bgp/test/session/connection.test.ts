import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { systemClock } from '@vaportrail/net';
import t from 'tap';
import { Connection } from '../../src/session/connection.ts';
import { frameMessage, messageType } from '../../src/wire/header.ts';

/** A connection, and the end of the peer. */
async function pair(said: string[]): Promise<{ socket: Socket; connection: Connection; peer: Socket }> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  server.close();
  peer.on('error', () => {});
  const connection = new Connection(socket, systemClock, {
    message: (type) => {
      said.push(`message ${type}`);
      return true;
    },
    batchEnd: () => said.push('read'),
    fault: (error) => said.push(String(error)),
    lost: (text) => said.push(`lost: ${text}`),
    drained: () => {},
  });
  return { socket, connection, peer };
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()));

t.test(
  'what has been read is heard before the connection is lost, though others have their turn first',
  async (t) => {
    const [busy, said]: [string[], string[]] = [[], []];
    const crowd = await pair(busy);
    const { socket, connection, peer } = await pair(said);
    const notification = frameMessage(messageType.notification, Uint8Array.of(6, 2));
    const keepalive = frameMessage(messageType.keepalive, new Uint8Array(0));
    // All of the turn, and then the last words of a peer to whom we are just writing.
    crowd.socket.emit('data', Buffer.concat(Array.from({ length: 7000 }, () => keepalive)));
    socket.emit('data', Buffer.from(notification));
    socket.destroy(new Error('write EPIPE'));
    await closed(socket);
    for (let turn = 0; turn < 5 && connection.isOpen; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    t.same(said, ['message 3', 'read', 'lost: write EPIPE']);
    peer.destroy();
    crowd.peer.destroy();
    await closed(crowd.socket);
    t.match(busy.at(-1), /^lost: /);
  },
);
