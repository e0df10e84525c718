// Broadcast in EVPN: whom each agent must send copies to.
import t from 'tap';

import type { RawAgent } from './raw-agent.ts';
import { RED, agent, controlNode, eventually } from './running.ts';

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
