/**
 * `relay.js ADDRESS PORT`: a Node process that only writes what it reads, to everybody else. It is no BGP speaker but for an OPEN;
 * what a single change takes here is what a reflector on Node cannot do without.
 */
import { createServer, type Socket } from 'node:net';
import { greeting } from './relay-greeting.ts';

const clients = new Set<Socket>();
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clients.delete(socket));
  socket.once('data', () => {
    socket.write(greeting);
    clients.add(socket);
    socket.on('data', (chunk) => {
      for (const client of clients) if (client !== socket) client.write(chunk);
    });
  });
});
const [address, port] = process.argv.slice(2);
server.listen(Number(port), address);
