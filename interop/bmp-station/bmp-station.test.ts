// A real GoBGP as the router and we as its monitoring station: what it says of sessions and routes is read.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Speaker } from '@vaportrail/bgp';
import { BmpListener, readBmp, type BmpDocument, type BmpMessage } from '@vaportrail/bgp/bmp';
import { describeMessage, type UpdateRoute } from '@vaportrail/bgp/wire';
import { Gobgp, LoopbackBlock, findGobgp } from '@vaportrail/lab';
import { addressText, ipv4Text } from '@vaportrail/net';
import t from 'tap';

t.setTimeout(60_000);
const found = findGobgp();
const skip = 'missing' in found ? found.missing : false;

/** What GoBGP has to have in its configuration to tell a station here. */
function stationOf(port: number): string {
  return [
    '[[bmp-servers]]',
    '  [bmp-servers.config]',
    '    address = "127.0.0.1"',
    `    port = ${port}`,
    '    route-monitoring-policy = "pre-policy"',
  ].join('\n');
}

t.test('GoBGP tells a station of a peer, of its routes and of its end', { skip }, async (t) => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const connected = once(server, 'connection') as Promise<[Socket]>;

  const block = new LoopbackBlock();
  const [own, gobgpAddress] = [block.take(), block.take()];
  const gobgp = await Gobgp.start({
    asn: 65002,
    routerId: '10.0.0.3',
    address: gobgpAddress,
    neighbors: [{ address: own, asn: 65001, families: ['ipv4-unicast'] }],
    after: stationOf((server.address() as AddressInfo).port),
  });
  t.teardown(() => gobgp.stop());
  const speaker = new Speaker({ asn: 65001, routerId: '192.0.2.1' });
  t.teardown(() => speaker.stop());
  speaker.peer({ address: gobgpAddress, port: gobgp.port, localAddress: own, asn: 65002 });
  speaker.announce({ prefix: '203.0.113.0/24', attributes: { communities: ['65001:100'] } });
  const [socket] = await connected;
  t.teardown(() => socket.destroy());
  const messages = readBmp(socket);
  /** The next message of a type. */
  const next = async <T extends BmpMessage['type']>(type: T): Promise<BmpMessage & { type: T }> => {
    for (;;) {
      const { value, done } = await messages.next();
      if (done === true) throw new Error(`the stream ended before ${type}`);
      if (value.type === type) return value as BmpMessage & { type: T };
    }
  };

  t.match((await next('initiation')).sysName, /gobgp/i);
  await speaker.start();
  const { peer, up } = await next('peer-up');
  t.match(
    { address: addressText(peer.address), asn: peer.asn, routerId: ipv4Text(peer.routerId), view: peer.view },
    { address: own, asn: 65001, routerId: '192.0.2.1', view: 'adj-rib-in-pre' },
  );
  t.equal(addressText(up.localAddress), gobgpAddress);
  t.match(describeMessage(up.receivedOpen), { type: 'open', asn: 65001, routerId: '192.0.2.1' });
  const { update } = await next('route-monitoring');
  t.match(describeMessage(update, { asn4: peer.asn4 }), {
    routes: [{ op: 'announce', prefix: '203.0.113.0/24', nextHop: own }],
    attributes: { communities: ['65001:100'] },
  });
  await speaker.stop('gone for lunch');
  const { down } = await next('peer-down');
  const said = down.reason === 'remote-notification' ? describeMessage(down.notification) : down;
  t.match(said, { code: 6, subcode: 2, text: 'gone for lunch' });
});

t.test(
  'a listener has documents of it, with path identifiers where the session has them',
  { skip },
  async (t) => {
    await using station = new BmpListener({ address: '127.0.0.1', port: 0 });
    const documents: BmpDocument[] = [];
    const ends: (Error | undefined)[] = [];
    station.on('message', ({ message }) => void documents.push(message));
    station.on('end', ({ error }) => void ends.push(error));
    const { port } = await station.start();

    const block = new LoopbackBlock();
    const [own, gobgpAddress] = [block.take(), block.take()];
    const gobgp = await Gobgp.start({
      asn: 65002,
      routerId: '10.0.0.3',
      address: gobgpAddress,
      neighbors: [
        { address: own, asn: 65001, families: ['ipv4-unicast'], addPaths: { receive: true, sendMax: 0 } },
      ],
      after: stationOf(port),
    });
    t.teardown(() => gobgp.stop());
    await using speaker = new Speaker({ asn: 65001, routerId: '192.0.2.1' });
    const { address, port: bgpPort } = gobgp;
    speaker.peer({ address, port: bgpPort, localAddress: own, asn: 65002, addPath: { inet: 'send' } });
    const nextHop = '192.0.2.1';
    // One path identifier looks like a prefix, so that only the OPENs tell how these are to be read.
    speaker.announce({ prefix: '203.0.113.0/24', pathId: 0x10_0a01_00, nextHop });
    speaker.announce({ prefix: '203.0.113.0/24', pathId: 7, nextHop, attributes: { med: 5 } });
    await speaker.start();
    const routes = (): readonly UpdateRoute[] =>
      documents.flatMap((one) =>
        one.type === 'route-monitoring' && one.update.type === 'update' ? one.update.routes : [],
      );
    await gobgp.process.answers(async () => (routes().length === 2 ? true : undefined), 20_000);
    const told = { op: 'announce', family: 'inet', prefix: '203.0.113.0/24', nextHop };
    t.match(routes(), [
      { ...told, pathId: 0x10_0a01_00 },
      { ...told, pathId: 7 },
    ]);
    await speaker.stop('gone for lunch');
    const down = await gobgp.process.answers(async () => documents.find(({ type }) => type === 'peer-down'));
    t.match(down, {
      peer: { address: own, asn: 65001, routerId: '192.0.2.1', view: 'adj-rib-in-pre' },
      reason: 'remote-notification',
      notification: { code: 6, subcode: 2, text: 'gone for lunch' },
    });
    t.match(
      documents.find(({ type }) => type === 'peer-up'),
      {
        localAddress: gobgpAddress,
        received: { type: 'open', asn: 65001 },
        sent: { type: 'open', asn: 65002, routerId: '10.0.0.3' },
      },
    );
    t.doesNotThrow(() => JSON.stringify(documents), 'all of it is plain data');
    await gobgp.stop();
    await gobgp.process.answers(async () => (ends.length === 1 ? true : undefined)).catch(() => undefined);
    t.same(ends, [undefined], 'the connection ended as it should');
  },
);
