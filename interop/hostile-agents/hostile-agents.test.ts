// Hostile agents against the daemon as it is shipped, beside an honest one and GoBGP, which never notice.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DaemonProcess, Gobgp, LoopbackBlock } from '@vaportrail/lab';
import { type NeighborView, fetchView } from '@vaportrail/show';
import t, { type Test } from 'tap';
import { ComputeNode } from '../compute-node.ts';
import { PUBLIC, cent111 } from '../running-control-node.ts';
import { missing, until } from '../running-lab.ts';
import { HEADER, hostileStreams, subscribeTo } from './hostile-streams.ts';

const program = fileURLToPath(new URL('../../../packages/cli/bin/vaportrail.js', import.meta.url));
const fip = '101.101.101.252/32';
const skip = missing('gobgp');
const XMPP = 5269;

interface GobgpNeighbor {
  readonly state: {
    readonly flops?: number;
    readonly messages: { readonly received: { readonly update?: string | number } };
  };
}

/** A control node in a process of its own, with a route of an honest agent that GoBGP has. */
async function scene(t: Test) {
  const block = new LoopbackBlock();
  const [address, ofGobgp] = [block.take(), block.take()];
  const { asn } = cent111;
  const gobgp = await Gobgp.start({
    asn,
    routerId: '10.0.0.3',
    address: ofGobgp,
    neighbors: [{ address, asn }],
    vrfs: [{ name: 'public', routeDistinguisher: '10.0.0.3:1', routeTargets: ['500:500'] }],
  });
  t.teardown(() => gobgp.stop());
  const file = join(t.testdir(), 'control-node.yaml');
  const peer = { address: ofGobgp, port: gobgp.port, 'local-address': address, 'connect-retry': 1 };
  writeFileSync(
    file,
    JSON.stringify({
      ...cent111,
      bgp: { listen: [], peers: [peer] },
      xmpp: { listen: { address, port: XMPP } },
      introspect: { address, port: 8083 },
    }),
  );
  const node = new DaemonProcess('control-node', [process.execPath, program, 'control-node', '-c', file]);
  t.teardown(() => node.stop('SIGKILL'));
  const neighbors = (): Promise<NeighborView[]> => fetchView(`http://${address}:8083`, '/neighbors', {});
  await node.answers(async () => (await neighbors())[0]?.state === 'Established' || undefined, 30_000);
  const agent = await ComputeNode.connect({ address, port: XMPP }, 'agent', '10.169.25.20');
  t.teardown(async () => agent.kill());
  agent.subscribe(PUBLIC, 9);
  agent.publish({ instance: PUBLIC, prefix: fip, label: 44 });
  await gobgp.process.answers(async () => ((await gobgp.paths(fip)).length === 1 ? true : undefined));
  const updates = async (): Promise<number> => {
    const { state } = (await gobgp.json('neighbor', address)) as GobgpNeighbor;
    return Number(state.messages.received.update ?? 0);
  };
  /** Nobody has noticed anything. */
  const unharmed = async (t: Test, updatesBefore: number): Promise<void> => {
    t.equal(agent.closed, false, 'the honest agent has its session');
    t.same(agent.nextHops(PUBLIC, fip), ['10.169.25.20 44'], 'and its route');
    t.equal(await updates(), updatesBefore, 'GoBGP was not told anything');
    t.match(await gobgp.paths(fip), [{ nextHop: '10.169.25.20' }]);
    t.match(await neighbors(), [
      { protocol: 'bgp', state: 'Established', flaps: 0 },
      { name: 'agent', state: 'Established', flaps: 0 },
    ]);
    t.equal(node.ending, undefined, 'the process lives');
    t.notMatch(node.output, /"level":(50|60)/, 'and logs no error');
  };
  return { address, gobgp, node, agent, neighbors, updates, unharmed };
}

/** A connection, what it has heard, and whether it is over. */
class Hostile {
  heard = '';
  closed = false;
  readonly #socket: Socket;

  constructor(address: string) {
    this.#socket = connect({ host: address, port: XMPP });
    this.#socket.on('data', (chunk) => (this.heard += chunk.toString('latin1')));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => (this.closed = true));
  }

  write(octets: string | Uint8Array): void {
    this.#socket.write(octets);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

t.test(
  'streams that no agent would write cost their sender the session, and nobody else anything',
  { skip },
  async (t) => {
    t.setTimeout(180_000);
    const { address, agent, neighbors, updates, unharmed } = await scene(t);
    const before = await updates();
    for (const { what, octets, outcome } of hostileStreams(PUBLIC, fip)) {
      const hostile = new Hostile(address);
      hostile.write(octets);
      if (outcome === 'lives') {
        // Behind what came it joins another instance, which only a session that lives can do.
        hostile.write(subscribeTo('default-domain:demo:witness:witness'));
        await until(
          async () => (await neighbors()).find(({ name }) => name === 'hostile')?.subscriptions?.length,
          (joined) => joined === 2,
        );
        t.equal(hostile.closed, false, `${what}: the session lives`);
        hostile.destroy();
        await until(neighbors, (all) => all.length === 2);
      } else {
        await until(
          async () => hostile.closed,
          (closed) => closed,
        );
        if (outcome === 'closes') t.notMatch(hostile.heard, /<item|<stream:error/, what);
        else t.match(hostile.heard, new RegExp(`<stream:error><${outcome.condition} `), what);
      }
    }
    await until(neighbors, (all) => all.length === 2);
    await unharmed(t, before);
    agent.publish({ instance: PUBLIC, prefix: '101.101.101.253/32', label: 45 });
    await until(
      async () => agent.nextHops(PUBLIC, '101.101.101.253/32'),
      (hops) => hops.length === 1,
    );
  },
);

/** Opens connections and keeps them, from a process of its own: each says what it is given, octet by octet. */
const slowly = `
  const { connect } = require('node:net');
  const [host, localAddress, count, text, pause] = process.argv.slice(1);
  let left = Number(count);
  const next = () => {
    if (left-- <= 0) return;
    const socket = connect({ port: ${XMPP}, host, localAddress });
    socket.on('error', () => {});
    let counted = false;
    const on = () => { if (!counted) { counted = true; next(); } };
    let at = 0;
    const say = () => { if (at < text.length && !socket.destroyed) socket.write(text[at++], () => setTimeout(say, Number(pause))); };
    socket.on('connect', () => { on(); say(); });
    socket.on('close', on);
  };
  for (let i = 0; i < 200; i++) next();
  setInterval(() => {}, 1000);
`;

t.test(
  'ten thousand connections that say nothing, and hundreds that say it slowly, keep nobody out',
  { skip },
  async (t) => {
    t.setTimeout(180_000);
    const { address, gobgp, node, updates, unharmed } = await scene(t);
    const before = await updates();
    const swarm = (from: string, count: number, text: string, pause: number): void => {
      const what = [address, from, String(count), text, String(pause)];
      const child = spawn(process.execPath, ['-e', slowly, ...what]);
      t.teardown(() => child.kill('SIGKILL'));
    };
    const open = async (): Promise<number> => {
      const page = await fetch(`http://${address}:8083/Snh_ShowXmppServerReq`);
      return Number(/<current_connections [^>]*>(\d+)</.exec(await page.text())?.[1]);
    };
    swarm('127.0.0.1', 10_000, '', 0);
    swarm('127.0.0.1', 400, HEADER.slice(0, -1), 40);
    await node.answers(async () => ((await open()) >= 2 ? true : undefined), 30_000);
    for (const name of ['amid', 'later']) {
      // The later one comes when there is no room left for connections that have not spoken, whoever opens them.
      if (name === 'later') {
        await until(open, (connections) => connections > 1000);
        t.ok((await open()) < 1100, 'one address has a quarter of the room');
        for (const each of ['127.0.1.1', '127.0.1.2', '127.0.1.3', '127.0.1.4']) swarm(each, 1500, '', 0);
        await until(open, (connections) => connections > 4000);
      }
      const another = await ComputeNode.connect({ address, port: XMPP }, name, '10.169.25.21');
      another.subscribe(PUBLIC, 7);
      await until(
        async () => another.nextHops(PUBLIC, fip),
        (hops) => hops.length === 1,
      );
      another.kill();
      await gobgp.process.answers(async () => ((await gobgp.paths(fip)).length === 1 ? true : undefined));
    }
    await until(
      async () => (await fetchView<NeighborView[]>(`http://${address}:8083`, '/neighbors', {})).length,
      (length) => length === 2,
    );
    await unharmed(t, before);
  },
);
