/**
 * `relay.js ADDRESS PORT`: a Node process that only writes what it reads, to everybody else. It is no BGP speaker but for an OPEN;
 * what a single change takes here is what a reflector on Node cannot do without.
 */
import { createServer, type Socket } from 'node:net';

const MARKER = Array<number>(16).fill(255);
const KEEPALIVE = [...MARKER, 0, 19, 4];
/** Without capabilities, and without a hold time: the clients of the bench do not ask. */
const OPEN = [...MARKER, 0, 29, 1, 4, 0, 0, 0, 0, 127, 0, 0, 1, 0];

const clients = new Set<Socket>();
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clients.delete(socket));
  socket.once('data', () => {
    socket.write(Uint8Array.from([...OPEN, ...KEEPALIVE]));
    clients.add(socket);
    socket.on('data', (chunk) => {
      for (const client of clients) if (client !== socket) client.write(chunk);
    });
  });
});
const [address, port] = process.argv.slice(2);
server.listen(Number(port), address);
