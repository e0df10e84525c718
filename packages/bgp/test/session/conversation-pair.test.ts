import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { ManualClock } from '@vaportrail/net';
import t from 'tap';
import { ConversationPair } from '../../src/session/conversation-pair.ts';
import type { ConversationOwner } from '../../src/session/conversation-owner.ts';
import { administrativeShutdown } from '../../src/session/farewell.ts';
import type { NotificationError } from '../../src/wire/notification.ts';

/** So many connections of a peer, as they are accepted. */
async function accepted(count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  t.teardown(() => server.close());
  for (let i = 0; i < count; i++) {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    t.teardown(() => socket.destroy());
    await new Promise<void>((resolve) => server.once('connection', () => resolve()));
  }
  return sockets;
}

/** A pair that waits for its peer and sends nothing before it has heard its OPEN. */
function waiting(moved: string[]): ConversationPair {
  const nothing = (): void => {};
  const owner: ConversationOwner = {
    clock: new ManualClock(),
    dial: () => {
      throw new Error('a passive session does not connect');
    },
    openMessage: () => new Uint8Array(0),
    seconds: () => 60,
    opened: () => undefined,
    established: nothing,
    released: nothing,
    message: nothing,
    heard: nothing,
    batchEnd: nothing,
    drained: nothing,
    unanswered: nothing,
    moved: (conversation, from) => void moved.push(`${from} ${conversation.state}`),
    sent: nothing,
    received: nothing,
    failed: (error) => error as NotificationError,
  };
  return new ConversationPair(owner, { passive: true, delayOpen: true }, { routerId: 1, asn: 65001 });
}

t.test('a pair that was not started takes no connection', async (t) => {
  const [socket] = await accepted(1);
  const pair = waiting([]);
  t.equal(pair.state, 'Idle');
  t.notOk(pair.accept(socket!, () => {}));
  t.notOk(pair.isConnected);
  socket!.destroy();
});

t.test('a pair takes two connections of the peer and no third', async (t) => {
  const sockets = await accepted(3);
  const moved: string[] = [];
  const pair = waiting(moved);
  pair.start();
  t.equal(pair.state, 'Active');
  t.same(
    sockets.map((socket) => pair.accept(socket, () => {})),
    [true, true, false],
  );
  t.ok(pair.isConnected);
  await pair.stop(administrativeShutdown(''), administrativeShutdown(''));
  t.notOk(pair.isConnected);
  t.same(moved, ['Idle Active', 'Idle Active', 'Active Idle', 'Active Idle']);
  t.same(
    sockets.map(({ destroyed }) => destroyed),
    [true, true, false],
  );
  sockets[2]!.destroy();
});

t.test('a second connection takes the place of the first', async (t) => {
  const sockets = await accepted(3);
  const pair = waiting([]);
  pair.start();
  pair.accept(sockets[0]!, () => {});
  t.notOk(pair.promoteSecond());
  pair.accept(sockets[1]!, () => {});
  t.ok(pair.promoteSecond());
  t.ok(
    pair.accept(sockets[2]!, () => {}),
    'there is room for another',
  );
  await pair.abandon();
  t.equal(pair.state, 'Idle');
  sockets[0]!.destroy();
});
