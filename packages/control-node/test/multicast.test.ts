// Multicast items of agents: accepted, kept apart by agent, carried to the others, and gone with their agent.
import t from 'tap';

import type { RawAgent } from './raw-agent.ts';
import { RED, agent, controlNode, eventually, route } from './running.ts';

const JID = 'network-control@contrailsystems.com/bgp-peer';
const PUBSUB = 'http://jabber.org/protocol/pubsub';

/** What an agent publishes of a group, letter by letter. */
function publish(
  of: RawAgent,
  family: '1/241' | '1/5',
  nlri: string,
  hops: string,
  action = 'associate',
): void {
  const node = `${family}/${RED}/239.1.1.1`;
  const [af, safi] = family.split('/');
  const iq = (body: string): string =>
    `<iq type="set" from="${of.name}" to="${JID}" id="pubsub_b1"><pubsub xmlns="${PUBSUB}">${body}</pubsub></iq>\n`;
  of.send(
    iq(
      `<publish node="${node}"><item><entry><nlri><af>${af}</af><safi>${safi}</safi>${nlri}</nlri>${hops}</entry></item></publish>`,
    ) + iq(`<collection node="${RED}"><${action} node="${node}" /></collection>`),
  );
}

const hop = (address: string, label: string): string =>
  `<next-hop><af>1</af><address>${address}</address><label>${label}</label><tunnel-encapsulation-list><tunnel-encapsulation>gre</tunnel-encapsulation></tunnel-encapsulation-list></next-hop>`;
const listed = (address: string, label: string): string =>
  `<next-hops>${hop(address, label)}</next-hops><olist />`;
const broadcast =
  '<group>255.255.255.255</group><source>0.0.0.0</source><source-label>0</source-label><source-address></source-address>';
const join = '<group>239.1.1.1</group><source>10.0.0.9</source><route-type>7</route-type>';

t.test('ermvpn routes of agents have the distinguisher of each, and reach the others', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1', '127.0.0.1');
  const two = await agent(t, node, 'compute-2', '127.0.0.2');
  one.subscribe(RED, 4);
  two.subscribe(RED, 7);
  publish(one, '1/241', broadcast, listed('10.1.1.3', '1000-2000'));
  publish(two, '1/241', broadcast, listed('10.1.1.4', '3000-4000'));
  const [message] = await one.hears(/<items node="1\/241\/[^]*?127\.0\.0\.2:7[^]*?<\/message>/);
  t.match(message, '<items node="1/241/default-domain:demo:red:red">');
  t.match(message, '<item id="127.0.0.2:7:255.255.255.255,0.0.0.0">');
  t.match(message, /<address>10\.1\.1\.4<\/address>\s*<label>3000-4000<\/label>/);
  await two.hears(/<item id="127\.0\.0\.1:4:255\.255\.255\.255,0\.0\.0\.0">/);
  t.match(node.routes({ table: `${RED}.ermvpn.0` }).length, 2, 'two routes, each of its agent');
  t.same(node.routes({ table: 'bgp.ermvpn.0' }), [], 'native routes are no business of peers');

  publish(one, '1/241', broadcast, listed('10.1.1.3', '0'), 'dissociate');
  await two.hears(/<retract id="127\.0\.0\.1:4:255\.255\.255\.255,0\.0\.0\.0" \/>/);
  await two.end();
  await eventually(() => (node.routes({ table: `${RED}.ermvpn.0` }).length === 0 ? true : undefined));
});

t.test('joins of multicast VPN go to the VPN table with the distinguisher of their agent', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  const two = await agent(t, node, 'compute-2', '127.0.0.2');
  one.subscribe(RED, 4);
  two.subscribe(RED, 7);
  publish(one, '1/5', join, hop('10.1.1.3', '25'));
  await two.hears(
    /<items node="1\/5\/default-domain:demo:red:red">\s*<item id="0:0:239\.1\.1\.1,10\.0\.0\.9">/,
  );
  const [vpn] = node.routes({ table: 'bgp.mvpn.0' });
  t.match(vpn, {
    family: 'inet-mvpn',
    paths: [{ nextHop: '10.1.1.3', routeTargets: ['64512:8000004'], source: 'compute-1' }],
  });
  t.match(vpn!.prefix, '10.1.1.3:4', 'its route distinguisher');
  publish(one, '1/5', join, hop('10.1.1.3', '25'), 'dissociate');
  await two.hears(/<retract id="0:0:239\.1\.1\.1,10\.0\.0\.9" \/>/);
  t.same(node.routes({ table: 'bgp.mvpn.0' }), []);
});

// `ProcessMvpnItem` of Contrail's bgp_xmpp_channel.cc looks at the next hop of active sources only.
t.test('a join needs no next hop, and has its agent for one', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1', '127.0.0.9');
  one.subscribe(RED, 4);
  for (const [at, hops] of ['', '<next-hop />', hop('0.0.0.0', '0'), hop('nowhere', '0')].entries()) {
    publish(one, '1/5', join.replace('239.1.1.1', `239.1.2.${at}`), hops);
  }
  const vpn = await eventually(() => {
    const routes = node.routes({ table: 'bgp.mvpn.0' });
    return routes.length === 4 ? routes : undefined;
  });
  for (const { paths, prefix } of vpn) {
    t.match(paths, [{ nextHop: '127.0.0.9' }]);
    t.match(prefix, '127.0.0.9:4');
  }
  for (const at of [0, 1, 2, 3])
    publish(one, '1/5', join.replace('239.1.1.1', `239.1.2.${at}`), '', 'dissociate');
  await eventually(() => (node.routes({ table: 'bgp.mvpn.0' }).length === 0 ? true : undefined));
});

t.test('with a cluster seed native routes have it in their distinguisher as others', async (t) => {
  const node = await controlNode(t, { 'rd-cluster-seed': 100 });
  const one = await agent(t, node, 'compute-1', '127.0.1.9');
  one.subscribe(RED, 4);
  publish(one, '1/241', broadcast, listed('10.1.1.3', '1000-2000'));
  const [native] = await eventually(() => {
    const routes = node.routes({ table: `${RED}.ermvpn.0` });
    return routes.length === 1 ? routes : undefined;
  });
  t.match(native!.prefix, '0.100.1.9:4');
});

t.test('items that are no multicast routes are dropped, and the session goes on', async (t) => {
  const node = await controlNode(t);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  const two = await agent(t, node, 'compute-2', '127.0.0.2');
  two.subscribe(RED, 7);
  publish(one, '1/241', broadcast, listed('10.1.1.3', '2000-1000'));
  publish(one, '1/241', broadcast, listed('10.1.1.3', 'many'));
  publish(one, '1/241', broadcast, listed('0.0.0.0', '1-2'));
  publish(one, '1/241', broadcast, '<next-hops />');
  publish(one, '1/241', broadcast.replace('255.255.255.255', 'everybody'), listed('10.1.1.3', '1000-2000'));
  publish(one, '1/5', join.replace('>7<', '>6<'), hop('10.1.1.3', '25'));
  publish(one, '1/5', join.replace('>7<', '>6<'), hop('10.1.1.3', '25'), 'dissociate');
  publish(one, '1/5', join.replace('>7<', '>99999999999<'), hop('10.1.1.3', '25'));
  publish(one, '1/5', join.replace('>7<', '>5<'), '');
  publish(one, '1/5', join, hop('10.1.1.3', '1000-2000'));
  one.publish(route);
  await two.hears(/<item id="172\.16\.0\.3\/32">/);
  t.notMatch(two.received, /1\/241|1\/5/);
  t.equal(node.neighbors()[0]!.state, 'Established');
});

t.test('an agent that is away keeps its other routes, and loses these at once', async (t) => {
  const node = await controlNode(t, { 'graceful-restart': { enabled: true, 'restart-time': 60 } });
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  publish(one, '1/241', broadcast, listed('10.1.1.3', '1000-2000'));
  publish(one, '1/5', join, hop('10.1.1.3', '25'));
  one.publish(route);
  await one.hears(/<item id="172\.16\.0\.3\/32">/);
  t.equal(node.routes({ table: `${RED}.ermvpn.0` }).length, 1);
  t.equal(node.routes({ table: `${RED}.mvpn.0` }).length, 1);
  await one.end();
  await eventually(() => (node.routes({ table: `${RED}.mvpn.0` }).length === 0 ? true : undefined));
  t.same(node.routes({ table: `${RED}.ermvpn.0` }), []);
  // Paths are marked in slices, so the mark may come a turn of the loop later.
  const flags = (): unknown => node.routes({ table: `${RED}.inet.0` })[0]?.paths[0]?.flags;
  t.same(await eventually(flags), ['Stale']);
});
