// Broadcast in EVPN: whom each agent must send copies to.
import t from 'tap';

import { type EntryText, hop, hops, item, publish } from './agent-text.ts';
import type { ControlNode } from '../src/control-node.ts';
import type { RawAgent } from './raw-agent.ts';
import { RED, type Test, agent, controlNode, eventually } from './running.ts';

const JID = 'network-control@contrailsystems.com/bgp-peer';
const PUBSUB = 'http://jabber.org/protocol/pubsub';

/** An inclusive multicast route as agents publish it. */
function participate(
  of: RawAgent,
  address: string,
  label: number,
  action = 'associate',
  encapsulation = 'gre',
): void {
  const node = `25/242/ff:ff:ff:ff:ff:ff,${address}/32`;
  const iq = (body: string): string =>
    `<iq type="set" from="${of.name}" to="${JID}" id="pubsub_l21"><pubsub xmlns="${PUBSUB}">${body}</pubsub></iq>\n`;
  const entry =
    `<nlri><af>25</af><safi>242</safi><ethernet-tag>0</ethernet-tag><mac>ff:ff:ff:ff:ff:ff</mac><address>${address}/32</address></nlri>` +
    `<next-hops><next-hop><af>1</af><address>${address}</address><label>${label}</label><tunnel-encapsulation-list><tunnel-encapsulation>${encapsulation}</tunnel-encapsulation></tunnel-encapsulation-list></next-hop></next-hops>`;
  of.send(
    iq(`<publish node="${node}"><item><entry>${entry}</entry></item></publish>`) +
      iq(`<collection node="${RED}"><${action} node="${node}" /></collection>`),
  );
}

/** The last list an agent got, as `address label`. */
function olist(of: RawAgent): string[] | undefined {
  const [, list] =
    [...of.received.matchAll(/<item id="ff:ff:ff:ff:ff:ff,[^]*?<olist(?: \/>|>([^]*?)<\/olist>)/g)].at(-1) ??
    [];
  if (!of.received.includes('<item id="ff:ff')) return undefined;
  return [...(list ?? '').matchAll(/<address>([^<]+)<[^]*?<label>(\d+)</g)]
    .map(([, a, l]) => `${a} ${l}`)
    .sort();
}

const told = (of: RawAgent, ...list: string[]) =>
  eventually(() => (olist(of)?.join() === list.join() ? true : undefined));

t.test('copies of EVPN routes of an agent that is away show that they are stale', async (t) => {
  const node = await controlNode(t, { 'graceful-restart': { enabled: true } });
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  participate(one, '10.1.1.1', 100);
  const flags = () => node.routes({ table: 'bgp.evpn.0' }).map(({ paths }) => paths[0]!.flags ?? []);
  await eventually(() => (flags().length === 1 ? true : undefined));
  t.same(flags(), [[]]);
  const page = await fetch(`${node.url}/Snh_ShowRouteReq?x=bgp.evpn.0`).then((answer) => answer.text());
  t.match(
    page,
    /<ShowPmsiTunnel><type [^>]*>IngressReplication<.*<identifier [^>]*>10\.1\.1\.1<.*<label [^>]*>100</,
  );
  await one.end();
  await eventually(() => (flags()[0]?.join() === 'Stale' ? true : undefined));
});

t.test('each agent gets its own route back with the others as its list', async (t) => {
  const node = await controlNode(t);
  const agents = await Promise.all(
    [1, 2, 3].map(async (n) => {
      const one = await agent(t, node, `compute-${n}`, `127.0.0.${n}`);
      one.subscribe(RED, n);
      return one;
    }),
  );
  const [one, two, three] = agents as [RawAgent, RawAgent, RawAgent];
  participate(one, '10.1.1.1', 100);
  await told(one);
  participate(two, '10.1.1.2', 200, 'associate', 'vxlan');
  await told(one, '10.1.1.2 200');
  await told(two, '10.1.1.1 100');
  participate(three, '10.1.1.3', 300);
  await told(one, '10.1.1.2 200', '10.1.1.3 300');
  await told(two, '10.1.1.1 100', '10.1.1.3 300');
  await told(three, '10.1.1.1 100', '10.1.1.2 200');
  t.notMatch(one.received, 'ff:ff:ff:ff:ff:ff,10.1.1.2/32', 'it does not get the routes of others');
  t.match(node.routes({ table: 'bgp.evpn.0' }).length, 3, 'gateways do');

  participate(two, '10.1.1.2', 200, 'dissociate');
  await two.hears(/<retract id="ff:ff:ff:ff:ff:ff,10\.1\.1\.2\/32" \/>/);
  await told(one, '10.1.1.3 300');
  await three.end();
  await told(one);
  participate(one, '10.1.1.1', 101);
  await one.hears(/<item id="ff:ff:ff:ff:ff:ff,10\.1\.1\.1\/32">[^]*?<label>101<\/label>/);
});

/** Agents of a node, each at an address of its own. */
function agentsOf(t: Test, node: ControlNode, count: number): Promise<RawAgent[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const one = await agent(t, node, `compute-${n + 1}`, `127.0.0.${n + 1}`);
      one.subscribe(RED, n + 1);
      return one;
    }),
  );
}

interface Said {
  /** What the agent calls the address of the route. */
  readonly named?: string;
  readonly tag?: number;
  /** Further fields of the entry. */
  readonly more?: EntryText;
  readonly action?: 'associate' | 'dissociate';
}

/** An inclusive multicast route with a next hop, whose label is the last octet of its address. */
function broadcast(of: RawAgent, address: string, said: Said = {}): void {
  const { named = '0.0.0.0/32', tag = 0, more = {}, action } = said;
  const nlri = `<nlri><af>25</af><safi>242</safi><ethernet-tag>${tag}</ethernet-tag><mac>ff:ff:ff:ff:ff:ff</mac><address>${named}</address></nlri>`;
  const next = { address: `<address>${address}</address>`, label: `<label>${address.split('.')[3]}</label>` };
  of.send(publish(RED, `25/242/${named}`, item(nlri, { 'next-hops': hops(hop(next)), ...more }), action));
}

/** What an agent knows of its broadcast under a name, as the last octets of the addresses in both of its lists. */
function lists(of: RawAgent, name: string): { olist: string; leaves: string } | undefined {
  const pattern = /<(item|retract) id="([^"]+)"(?: \/>|>([^]*?)<\/item>)/g;
  const last = [...of.received.matchAll(pattern)].findLast(([, , id]) => id === name);
  if (last?.[1] !== 'item') return undefined;
  const list = (element: string): string => {
    const [, text = ''] = new RegExp(`<${element}>([^]*?)</${element}>`).exec(last[3]!) ?? [];
    return [...text.matchAll(/<address>10\.1\.1\.(\d+)</g)]
      .map(([, octet]) => octet)
      .sort()
      .join(' ');
  };
  return { olist: list('olist'), leaves: list('leaf-olist') };
}

const knows = (of: RawAgent, wanted: ReturnType<typeof lists>, name = 'ff:ff:ff:ff:ff:ff,0.0.0.0/32') =>
  eventually(() => JSON.stringify(lists(of, name)) === JSON.stringify(wanted) || undefined);

/** @see `BgpXmppEvpnMcastTest` of Contrail, for the names and the lists */
t.test('an agent gets its route back under its own name, with routers of other tags', async (t) => {
  const node = await controlNode(t);
  const [one, two, three] = (await agentsOf(t, node, 3)) as [RawAgent, RawAgent, RawAgent];
  broadcast(one, '10.1.1.1');
  broadcast(two, '10.1.1.2', { tag: 4093 });
  await knows(one, { olist: '2', leaves: '' });
  await knows(two, { olist: '1', leaves: '' }, '4093-ff:ff:ff:ff:ff:ff,0.0.0.0/32');
  t.notMatch(one.received, '10.1.1.1/32', 'it is not named by its next hop');

  broadcast(one, '10.1.1.1', { tag: 7 });
  await knows(two, { olist: '1 1', leaves: '' }, '4093-ff:ff:ff:ff:ff:ff,0.0.0.0/32');
  await knows(one, { olist: '2', leaves: '' }, '7-ff:ff:ff:ff:ff:ff,0.0.0.0/32');
  broadcast(one, '10.1.1.1', { action: 'dissociate' });
  await knows(one, undefined);
  await knows(two, { olist: '1', leaves: '' }, '4093-ff:ff:ff:ff:ff:ff,0.0.0.0/32');

  // An agent that speaks for two switches names each by its address.
  const switches = ['10.1.1.31', '10.1.1.32'];
  for (const address of switches) broadcast(three, address, { named: `${address}/32` });
  await knows(three, { olist: '1 2 32', leaves: '' }, 'ff:ff:ff:ff:ff:ff,10.1.1.31/32');
  broadcast(three, '10.1.1.31', { named: '10.1.1.31/32', action: 'dissociate' });
  await knows(three, { olist: '1 2', leaves: '' }, 'ff:ff:ff:ff:ff:ff,10.1.1.32/32');
  await knows(two, { olist: '1 32', leaves: '' }, '4093-ff:ff:ff:ff:ff:ff,0.0.0.0/32');
});

/** @see `BgpXmppEvpnArMcastTest` of Contrail */
t.test('leaves are in the list of their replicator alone', async (t) => {
  const node = await controlNode(t);
  const [service, other, edge, leaf] = (await agentsOf(t, node, 4)) as [
    RawAgent,
    RawAgent,
    RawAgent,
    RawAgent,
  ];
  const replicates = { assisted: '<assisted-replication-supported>true</assisted-replication-supported>' };
  const leafOf = (address: string) => ({
    replicator: `<replicator-address>${address}</replicator-address>`,
  });
  broadcast(leaf, '10.1.1.31', { named: '10.1.1.31/32', more: leafOf('10.1.1.1') });
  broadcast(leaf, '10.1.1.32', { named: '10.1.1.32/32', more: leafOf('10.1.1.2') });
  broadcast(service, '10.1.1.1', { more: replicates });
  broadcast(other, '10.1.1.2', { more: replicates });
  broadcast(edge, '10.1.1.3');
  await knows(edge, { olist: '1 2', leaves: '' });
  await knows(service, { olist: '2 3', leaves: '31' });
  await knows(other, { olist: '1 3', leaves: '32' });
  t.notMatch(leaf.received, '<item id="ff:ff', 'a leaf knows whom to send to');

  broadcast(leaf, '10.1.1.31', { named: '10.1.1.31/32', more: leafOf('10.1.1.2') });
  await knows(service, { olist: '2 3', leaves: '' });
  await knows(other, { olist: '1 3', leaves: '31 32' });
  broadcast(leaf, '10.1.1.31', { named: '10.1.1.31/32' });
  await knows(leaf, { olist: '1 2 3', leaves: '' }, 'ff:ff:ff:ff:ff:ff,10.1.1.31/32');
  await knows(edge, { olist: '1 2 31', leaves: '' });
  broadcast(leaf, '10.1.1.31', { named: '10.1.1.31/32', more: leafOf('10.1.1.2') });
  await knows(leaf, undefined, 'ff:ff:ff:ff:ff:ff,10.1.1.31/32');
  await knows(edge, { olist: '1 2', leaves: '' });
  const flags = node.routes({ table: 'bgp.evpn.0' }).map(({ prefix, paths }) => {
    return `${prefix.split('-').at(-1)} ${paths[0]!.pmsiTunnel?.type} ${paths[0]!.pmsiTunnel?.flags}`;
  });
  t.same(flags.sort(), [
    '10.1.1.1 IngressReplication 9',
    '10.1.1.2 IngressReplication 9',
    '10.1.1.3 IngressReplication 0',
    '10.1.1.31 IngressReplication 16',
    '10.1.1.32 IngressReplication 16',
  ]);
});

t.test('an agent cannot speak for more switches than a few', async (t) => {
  const node = await controlNode(t);
  const [one, two] = (await agentsOf(t, node, 2)) as [RawAgent, RawAgent];
  const dropped = (of: RawAgent, count: number) =>
    eventually(() => node.neighbors().find(({ name, errors }) => name === of.name && errors === count));
  const numbers = Array.from({ length: 20 }, (_, n) => n + 1);
  for (const n of numbers) broadcast(one, `10.1.1.${n}`, { named: `10.1.1.${n}/32` });
  await dropped(one, 4);
  t.equal(node.routes({ table: `${RED}.evpn.0` }).length, 16);
  for (const n of numbers) broadcast(two, '10.1.1.100', { named: `10.1.1.${n}/32` });
  two.send(publish(RED, '25/242/x', item('<nlri><af>25</af></nlri>')));
  await dropped(two, 1);
  t.equal(node.routes({ table: `${RED}.evpn.0` }).length, 17, 'names of one route are one route');
});
