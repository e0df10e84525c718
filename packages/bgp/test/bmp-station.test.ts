import { createServer, type AddressInfo, type Socket } from 'node:net';
import t from 'tap';
import { BmpStation } from '../src/bmp/station.ts';

t.test('a station that does not read is given up before much waits for it, and tried again', async (t) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.pause();
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const remarks: string[] = [];
  let connections = 0;
  let next = (): void => {};
  const connected = (): void => {
    connections++;
    next();
  };
  const station = new BmpStation({
    address: '127.0.0.1',
    port,
    sysName: 'camaro',
    sysDescription: 'a router',
    connected,
    log: (text) => void remarks.push(text),
  });
  t.teardown(() => {
    station.stop();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const connection = (): Promise<void> => new Promise((resolve) => (next = resolve));
  const first = connection();
  station.start();
  await first;
  const again = connection();
  const message = new Uint8Array(1024 * 1024);
  let most = 0;
  for (let i = 0; i < 100 && station.isConnected; i++) {
    station.send(message);
    most = Math.max(most, station.backlog);
  }
  t.ok(most < 70 * 1024 * 1024, `${most} octets waited at the most`);
  t.match(remarks.join('\n'), 'does not keep up');
  t.notOk(station.isConnected);
  station.send(message);
  t.equal(station.backlog, 0, 'nothing is kept for a station that is not there');
  await again;
  t.equal(connections, 2);
});
