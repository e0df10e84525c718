// A real GoBGP as the router and our reader as its monitoring station: what it says of a session and a route is read.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Speaker } from '@vaportrail/bgp';
import { readBmp, type BmpMessage } from '@vaportrail/bgp/bmp';
import { describeMessage } from '@vaportrail/bgp/wire';
import { Gobgp, LoopbackBlock, findGobgp } from '@vaportrail/lab';
import { addressText, ipv4Text } from '@vaportrail/net';
import t from 'tap';

t.setTimeout(60_000);
const found = findGobgp();
const skip = 'missing' in found ? found.missing : false;

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
    after: [
      '[[bmp-servers]]',
      '  [bmp-servers.config]',
      '    address = "127.0.0.1"',
      `    port = ${(server.address() as AddressInfo).port}`,
      '    route-monitoring-policy = "pre-policy"',
    ].join('\n'),
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
