// Connections that misbehave, beside an agent that does not: it keeps its session, its routes and its memory.
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';

import type { ControlNode } from '../src/control-node.ts';
import { item, nlri, publish, subscribe } from './agent-text.ts';
import { RawAgent } from './raw-agent.ts';
import { RED, controlNode, eventually } from './running.ts';

const HEADER =
  '<stream:stream from="compute-9" to="network-control@contrailsystems.com" version="1.0" xml:lang="en" xmlns="" xmlns:stream="http://etherx.jabber.org/streams"  >';
const route = (prefix: string): string => publish(RED, `1/1/${RED}/${prefix}`, item(nlri(prefix)));

/** An agent that lives through everything. */
async function honest(node: ControlNode): Promise<RawAgent> {
  const one = await RawAgent.connect(node.xmppAddress!, 'compute-1');
  one.send(subscribe(RED) + route('10.9.0.1/32'));
  await one.hears(/<item id="10\.9\.0\.1\/32">/);
  return one;
}

/** Megabytes held after a full collection, inside the heap and outside: how much garbage lies about is up to V8. */
function heldMegabytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

/** What a hostile peer writes, and what it hears before the connection is closed. */
const streams: readonly (readonly [what: string, text: string | Uint8Array, hears: RegExp])[] = [
  ['another header in the stream', `${HEADER}${HEADER}`, /bad-format/],
  ['a stream restarted behind its end', `${HEADER}</stream:stream>${HEADER}`, /<stream:stream/],
  [
    'stanzas behind the end of the stream',
    `${HEADER}</stream:stream>${subscribe(RED)}${route('10.9.0.9/32')}`,
    /<stream:stream/,
  ],
  ['stanzas before the header', subscribe(RED) + HEADER, /bad-format/],
  ['no name', HEADER.replace('compute-9', ''), /invalid-from/],
  ['another name space', HEADER.replace('etherx.jabber.org/streams', 'example.org'), /invalid-namespace/],
  ['TLS where there is none', Buffer.from('16030100a5010000a10303', 'hex'), /not-well-formed/],
  [
    'starttls where there is none',
    `${HEADER}<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>`,
    /policy-violation/,
  ],
  [
    'half a character',
    Buffer.concat([Buffer.from(`${HEADER}<iq a="`), Buffer.of(0xc3), Buffer.from('"/>')]),
    /not-well-formed/,
  ],
  [
    'an error of its own',
    `${HEADER}<stream:error><conflict xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>`,
    /<stream:stream/,
  ],
  ['a name that is connected', HEADER.replace('compute-9', 'compute-1'), /conflict/],
];

t.test('streams that cannot go on are closed, and nobody else notices', async (t) => {
  const node = await controlNode(t);
  const one = await honest(node);
  t.teardown(() => one.end());
  for (const [what, text, hears] of streams) {
    const bad = await RawAgent.silent(node.xmppAddress!, 'compute-9');
    bad.send(text);
    await bad.closed;
    t.match(bad.received, hears, what);
  }
  t.match(node.neighbors(), [{ name: 'compute-1', flaps: 0 }]);
  t.same(
    node.routes({ table: `${RED}.inet.0` }).map(({ prefix }) => prefix),
    ['10.9.0.1/32'],
  );
});

t.test(
  'everything may stand behind the header in one segment, and every octet in one of its own',
  async (t) => {
    const node = await controlNode(t);
    const text = `<?xml version="1.0"?>\n${HEADER}${subscribe(RED)}${route('10.9.0.2/32')}`;
    const glued = await RawAgent.silent(node.xmppAddress!, 'compute-9');
    glued.send(text);
    await glued.hears(/<item id="10\.9\.0\.2\/32">/);
    await glued.end();
    await eventually(() => node.neighbors().length === 0 || undefined);
    const torn = await RawAgent.silent(node.xmppAddress!, 'compute-9');
    t.teardown(() => torn.end());
    for (const octet of Buffer.from(text)) {
      torn.send(Uint8Array.of(octet));
      await new Promise(setImmediate);
    }
    await torn.hears(/<item id="10\.9\.0\.2\/32">/);
  },
);

t.test('an agent with more routes than it may have is told so and closed; others have theirs', async (t) => {
  const xmpp = { listen: { address: '127.0.0.1', port: 0 }, limits: { 'routes-per-agent': 10 } };
  const node = await controlNode(t, { xmpp });
  const one = await honest(node);
  t.teardown(() => one.end());
  const greedy = await RawAgent.connect(node.xmppAddress!, 'compute-9', '127.0.0.9');
  greedy.send(subscribe(RED));
  // The same ones again are no more than before.
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 10; i++) greedy.send(route(`10.8.0.${i}/32`));
    greedy.send(route('10.8.0.0/32'));
    await greedy.hears(/<item id="10\.8\.0\.9\/32">/);
  }
  t.equal(node.neighbors().find(({ name }) => name === 'compute-9')?.paths, 10);
  for (let i = 10; i < 30; i++) greedy.send(route(`10.8.0.${i}/32`));
  await greedy.closed;
  t.match(greedy.received, /<resource-constraint .*routes, the limit is 10/);
  await eventually(() => node.neighbors().length === 1 || undefined);
  await eventually(() => node.routes({ table: `${RED}.inet.0` }).length === 1 || undefined);
  t.match(node.neighbors(), [{ name: 'compute-1', flaps: 0, paths: 1 }]);
});

t.test('the routes of all families count against the one limit', async (t) => {
  const xmpp = { listen: { address: '127.0.0.1', port: 0 }, limits: { 'routes-per-agent': 12 } };
  const node = await controlNode(t, { xmpp });
  const one = await honest(node);
  t.teardown(() => one.end());
  const greedy = await RawAgent.connect(node.xmppAddress!, 'compute-9', '127.0.0.9');
  greedy.send(subscribe(RED));
  const evpn = (n: number): string => {
    const mac = `02:aa:bb:cc:dd:${String(n).padStart(2, '0')}`;
    const name = `<nlri><af>25</af><safi>242</safi><mac>${mac}</mac><address>10.2.0.${n}/32</address></nlri>`;
    return publish(RED, `25/242/${mac},10.2.0.${n}/32`, item(name));
  };
  const inet6 = (n: number): string => {
    const prefix = `2001:db8::${n}/128`;
    return publish(RED, `2/1/${RED}/${prefix}`, item(nlri(prefix, [2, 1])));
  };
  for (let n = 1; n <= 4; n++) greedy.send(route(`10.8.0.${n}/32`) + inet6(n) + evpn(n));
  await greedy.hears(/<item id="02:aa:bb:cc:dd:04,10\.2\.0\.4\/32">/);
  t.equal(node.neighbors().find(({ name }) => name === 'compute-9')?.paths, 12, 'as many as it may have');
  greedy.send(evpn(5));
  await greedy.closed;
  t.match(greedy.received, /<resource-constraint .*13 routes, the limit is 12/);
  await eventually(() => node.routes({ table: `${RED}.evpn.0` }).length === 0 || undefined);
  t.match(node.neighbors(), [{ name: 'compute-1', flaps: 0, paths: 1 }]);
});

function socketTo(node: ControlNode, options: { allowHalfOpen?: boolean } = {}): Promise<Socket> {
  const { address, port } = node.xmppAddress!;
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, ...options }, () => resolve(socket));
    socket.on('error', () => {});
  });
}

t.test('half a connection is no connection, and one that is reset takes its routes along', async (t) => {
  const node = await controlNode(t);
  const one = await honest(node);
  t.teardown(() => one.end());
  for (const end of ['half', 'reset'] as const) {
    const socket = await socketTo(node, { allowHalfOpen: true });
    socket.resume();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(HEADER + subscribe(RED) + route('10.9.0.3/32') + '<iq type="set"><pubsub');
    await one.hears(/<item id="10\.9\.0\.3\/32">/);
    const mark = one.mark;
    if (end === 'half') socket.end();
    else socket.resetAndDestroy();
    await one.hears(/<retract id="10\.9\.0\.3\/32" \/>/, { from: mark });
    socket.destroy();
    await closed;
    t.match(node.neighbors(), [{ name: 'compute-1', flaps: 0 }], end);
    one.received = '';
  }
});

t.test('a flood of stanzas that say nothing costs its sender its turn, and no memory', async (t) => {
  const node = await controlNode(t);
  const one = await honest(node);
  t.teardown(() => one.end());
  const bad = await RawAgent.connect(node.xmppAddress!, 'compute-9', '127.0.0.9');
  t.teardown(() => bad.end());
  bad.send(subscribe(RED, '<instance-id>9</instance-id>'));
  const nothing = '<iq type="get" to="x"/>'.repeat(2000);
  const parked = `<iq type="set" to="a/bgp-peer"><pubsub><publish node="1/1/x">${item(nlri('10.9.9.9/32')).repeat(100)}</publish></pubsub></iq>`;
  const before = heldMegabytes();
  for (let i = 0; i < 100; i++) bad.send(i % 2 === 0 ? nothing : parked);
  for (let i = 10; i < 30; i++) {
    one.send(route(`10.9.0.${i}/32`));
    await one.hears(new RegExp(`<item id="10\\.9\\.0\\.${i}/32">`));
  }
  bad.send(route('10.9.0.40/32'));
  await one.hears(/<item id="10\.9\.0\.40\/32">/, { milliseconds: 60_000 });
  const grown = heldMegabytes() - before;
  t.ok(
    grown < 20,
    `${grown.toFixed(0)} MB grown while ${(50 * (nothing.length + parked.length)) >> 20} MB came`,
  );
  t.match(node.neighbors(), [
    { name: 'compute-1', flaps: 0 },
    { name: 'compute-9', flaps: 0 },
  ]);
});
