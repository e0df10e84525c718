/**
 * In the place of the control node of `npm run bench -- agents`: a process that only writes what it reads, to the agents of the
 * network and, as an UPDATE with the prefix, to the BGP peer. What a publish takes here no control node on Node can do without.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Server, type Socket, createServer } from 'node:net';
import type { BenchNodeAddress, BenchNodeUsage } from './bench-node.ts';

export interface AgentRelayPlan {
  readonly agentsPerNetwork: number;
}

const ADDRESS = '127.0.0.1';
const MARKER = Array<number>(16).fill(255);
const KEEPALIVE = [...MARKER, 0, 19, 4];
/** Without capabilities, and without a hold time: the peer of the bench does not ask. */
const OPEN = [...MARKER, 0, 29, 1, 4, 0, 0, 0, 0, 127, 0, 0, 1, 0];
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
      socket.write(Uint8Array.from([...OPEN, ...KEEPALIVE]));
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
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let before = process.cpuUsage();
  process.on('message', () => {
    const { user, system } = process.cpuUsage(before);
    const usage: Pick<BenchNodeUsage, 'cpuSeconds' | 'longestStall' | 'residentOctets'> = {
      cpuSeconds: (user + system) / 1e6,
      longestStall: delay.max / 1e6,
      residentOctets: process.memoryUsage().rss,
    };
    delay.reset();
    before = process.cpuUsage();
    process.send!(usage);
  });
}
