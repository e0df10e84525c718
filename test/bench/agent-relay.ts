/**
 * In the place of the control node of `npm run bench -- agents`: a process that only writes what it reads, to the agents of the
 * network and, as an UPDATE with the prefix, to the BGP peer. What a publish takes here no control node on Node can do without.
 */
import { type Server, type Socket, createServer } from 'node:net';
import type { BenchNodeAddress, BenchNodeUsage } from './bench-node.ts';
import { OwnUsage } from './own-usage.ts';
import { MARKER, greeting } from './relay-greeting.ts';

export interface AgentRelayPlan {
  readonly agentsPerNetwork: number;
}

const ADDRESS = '127.0.0.1';
/** MP_REACH_NLRI of one VPNv4 host route: length, label, route distinguisher, address. */
const NLRI = [120, 0, 0, 0x11, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
const NEXT_HOP = [0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1];
const REACH = [0x80, 14, 33, 0, 1, 128, NEXT_HOP.length, ...NEXT_HOP, 0, ...NLRI];
const UPDATE = Buffer.from([...MARKER, 0, 59, 2, 0, 0, 0, REACH.length, ...REACH]);
const NLRI_ADDRESS = UPDATE.length - 4;
const HEADER = '<?xml version="1.0"?><stream:stream>';
/** Behind the prefix of an item. */
const LENGTH = Buffer.from('/32</address>');

let peer: Socket | undefined;

function run({ agentsPerNetwork }: AgentRelayPlan): void {
  const networks: Socket[][] = [];
  const xmpp = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (header: Buffer) => {
      const number = Number(/compute-(\d+)/.exec(header.toString('latin1'))?.[1]);
      const members = (networks[Math.floor(number / agentsPerNetwork)] ??= []);
      members.push(socket);
      socket.write(HEADER);
      socket.on('data', (chunk) => relay(chunk, members));
    });
  });
  const bgp = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => {
      socket.write(greeting);
      socket.resume();
      peer = socket;
    });
  });
  xmpp.listen(0, ADDRESS, () => {
    bgp.listen(0, ADDRESS, () => {
      const address: BenchNodeAddress = { address: ADDRESS, port: portOf(xmpp), bgpPort: portOf(bgp) };
      process.send!(address);
    });
  });
}

function relay(chunk: Buffer, members: readonly Socket[]): void {
  for (let at = chunk.indexOf(LENGTH); at >= 0; at = chunk.indexOf(LENGTH, at + 1)) {
    const update = Buffer.from(UPDATE);
    const prefix = chunk.toString('latin1', chunk.lastIndexOf('>', at) + 1, at);
    for (const [i, octet] of prefix.split('.').entries()) update[NLRI_ADDRESS + i] = Number(octet);
    peer?.write(update);
  }
  for (const member of members) member.write(chunk);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

if (process.send !== undefined && process.argv[2] === '--relay') {
  process.on('disconnect', () => process.exit(0));
  run(JSON.parse(process.argv[3]!) as AgentRelayPlan);
  const own = new OwnUsage();
  process.on('message', () => {
    const usage: Pick<BenchNodeUsage, 'cpuSeconds' | 'longestStall' | 'residentOctets'> = {
      ...own.read(),
      residentOctets: process.memoryUsage().rss,
    };
    own.restart();
    process.send!(usage);
  });
}
