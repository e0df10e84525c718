// A new configuration while everything runs.
import { Session } from '@vaportrail/bgp';
import { parseIpv4 } from '@vaportrail/net';
import { connect } from 'node:net';
import t, { type Test } from 'tap';

import { type ControlNodeConfigInput, controlNodeConfig } from '../src/config.ts';
import type { ControlNode } from '../src/control-node.ts';
import { item, publish, subscribe } from './agent-text.ts';
import type { RawAgent } from './raw-agent.ts';
import { RawPeer } from './raw-peer.ts';
import { FIP, RED, agent, controlNode, eventually, route } from './running.ts';

const base: ControlNodeConfigInput = {
  name: 'ctrl-1',
  'router-id': '10.1.1.1',
  bgp: {
    listen: [{ address: '127.0.0.1', port: 0 }],
    peers: [
      { name: 'a', address: '127.0.0.11', passive: true },
      { name: 'b', address: '127.0.0.12', passive: true },
    ],
  },
  xmpp: { listen: { address: '127.0.0.1', port: 0 }, 'end-of-rib-delay': 0.1 },
  'routing-instances': [{ name: RED, 'vn-index': 6, 'route-targets': ['64512:8000004'] }],
};

/** A session of a peer at one of the addresses of the configuration. */
function startSession(t: Test, node: ControlNode, address: string): Session {
  const session = new Session(
    {
      local: { asn: 64512, routerId: parseIpv4(address), address },
      peer: { ...node.bgpAddresses[0]!, asn: 64512 },
      families: ['inet-vpn'],
    },
    { established() {}, update() {}, routeRefresh() {}, down() {} },
  );
  t.teardown(() => session.stop());
  session.start();
  return session;
}

t.test('sessions that did not change are not touched; those that did are told why they end', async (t) => {
  const node = await controlNode(t, base);
  const sessions = ['127.0.0.11', '127.0.0.12'].map((address) => startSession(t, node, address));
  const states = () => node.neighbors().map(({ name, state }) => `${name} ${state}`);
  await eventually(() => (states().join() === 'a Established,b Established' ? true : undefined));
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish(route);
  await one.hears(/<item /);
  const since = () =>
    node.neighbors().flatMap(({ name, establishedAt }) => (name === 'b' ? [] : [`${name} ${establishedAt}`]));
  const before = since();
  const [a, b] = base.bgp!.peers!;
  await node.reload(
    controlNodeConfig.parse({ ...base, bgp: { ...base.bgp, peers: [a!, { ...b!, 'hold-time': 30 }] } }),
  );
  t.equal(sessions[0]!.counters.flaps, 0);
  await eventually(() =>
    sessions[1]!.lastEnd?.text.includes('Other Configuration Change') ? true : undefined,
  );
  await node.reload(controlNodeConfig.parse({ ...base, bgp: { ...base.bgp, peers: [a!] } }));
  t.same(states(), ['a Established', 'compute-1 Established']);
  t.equal(sessions[0]!.counters.flaps, 0);
  t.same(since(), before, 'sessions are as old as they were');
  t.equal(before.length, 2);
  t.equal(node.routes({ table: `${RED}.inet.0` }).length, 1);
  await node.reload(controlNodeConfig.parse({ ...base, bgp: { ...base.bgp, peers: [] } }));
  await eventually(() => (sessions[0]!.lastEnd?.text.includes('Peer De-configured') ? true : undefined));
});

t.test('a peer that is switched off is told of an administrative shutdown', async (t) => {
  const node = await controlNode(t, base);
  const session = startSession(t, node, '127.0.0.11');
  await eventually(() => (node.neighbors()[0]!.state === 'Established' ? true : undefined));
  const peers = base.bgp!.peers!.map((peer) => ({ ...peer, 'admin-down': true }));
  await node.reload(controlNodeConfig.parse({ ...base, bgp: { ...base.bgp, peers } }));
  await eventually(() => (session.lastEnd?.text.includes('Administrative Shutdown') ? true : undefined));
  t.equal(node.neighbors()[0]!.state, 'Idle (administratively down)');
});

t.test('new route targets take effect on the routes that are there', async (t) => {
  const node = await controlNode(t, base);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish(route);
  const targets = () => node.routes({ table: 'bgp.l3vpn.0' })[0]?.paths[0]?.routeTargets?.join();
  const memberships = () =>
    node
      .routes({ table: 'bgp.rtarget.0' })
      .map(({ prefix }) => prefix)
      .join();
  await eventually(() => (targets() === '64512:8000004' ? true : undefined));
  t.match(memberships(), '64512:8000004');
  await node.reload(
    controlNodeConfig.parse({
      ...base,
      'routing-instances': [{ name: RED, 'vn-index': 6, 'route-targets': ['500:500'] }],
    }),
  );
  await eventually(() => (targets() === '500:500' ? true : undefined));
  t.match(memberships(), '500:500');
  t.notMatch(memberships(), '64512:8000004');
});

t.test('an instance that goes takes its routes along, and its agents wait for its return', async (t) => {
  const node = await controlNode(t, base);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish(route);
  await one.hears(/<item /);
  await node.reload(controlNodeConfig.parse({ ...base, 'routing-instances': [] }));
  await eventually(() => (node.routes({ table: 'bgp.l3vpn.0' }).length === 0 ? true : undefined));
  t.match(node.neighbors().at(-1), {
    name: 'compute-1',
    state: 'Established',
    subscriptions: [{ state: 'pending' }],
  });
  one.publish(route);
  await eventually(() =>
    node.neighbors().at(-1)!.subscriptions![0]!.deferredRoutes === 1 ? true : undefined,
  );
  await node.reload(controlNodeConfig.parse(base));
  await eventually(() => (node.routes({ prefix: FIP }).length === 2 ? true : undefined));
  t.match(node.neighbors().at(-1), { subscriptions: [{ state: 'established' }] });
});

/** Items that an agent has been told and that have not been retracted since. */
function knows({ received }: RawAgent): string[] {
  const known = new Set<string>();
  for (const [, node = '', items = ''] of received.matchAll(/<items node="([^"]+)">([^]*?)<\/items>/g)) {
    for (const [, kind, id] of items.matchAll(/<(item|retract) id="([^"]+)"/g)) {
      if (kind === 'item') known.add(`${node} ${id}`);
      else known.delete(`${node} ${id}`);
    }
  }
  return [...known].sort();
}

t.test('what agents were told of an instance is taken back when it goes', async (t) => {
  const node = await controlNode(t, base);
  const one = await agent(t, node, 'compute-1');
  const two = await agent(t, node, 'compute-2', '127.0.0.2');
  const deaf = await agent(t, node, 'compute-3', '127.0.0.3');
  one.subscribe(RED, 4);
  two.subscribe(RED, 5);
  deaf.send(subscribe(RED, '<instance-id>6</instance-id><no-ribout>true</no-ribout>'));
  const later = { ...route, prefix: '172.16.0.7/32' };
  const workload = '<mac>02:aa:bb:cc:dd:01</mac><address>10.2.0.4/32</address>';
  const everybody = '<mac>ff:ff:ff:ff:ff:ff</mac><address>0.0.0.0/32</address>';
  for (const name of [workload, everybody]) {
    const evpn = `<nlri><af>25</af><safi>242</safi><ethernet-tag>0</ethernet-tag>${name}</nlri>`;
    one.send(publish(RED, '25/242/x', item(evpn)));
  }
  one.publish(route);
  one.publish(later);
  const all = [
    `1/1/${RED} ${FIP}`,
    `1/1/${RED} ${later.prefix}`,
    `25/242/${RED} 02:aa:bb:cc:dd:01,10.2.0.4/32`,
  ];
  const own = [...all, `25/242/${RED} ff:ff:ff:ff:ff:ff,0.0.0.0/32`];
  const know = (of: RawAgent, ...what: string[]) =>
    eventually(() => (knows(of).join() === what.join() ? true : undefined));
  await know(one, ...own);
  await know(two, ...all);

  await node.reload(controlNodeConfig.parse({ ...base, 'routing-instances': [] }));
  await know(one);
  await know(two);
  t.notMatch(deaf.received, /<retract/);
  // Nobody hears of a route that did not outlive the absence.
  one.withdraw(later);
  await eventually(
    () => node.neighbors().some(({ subscriptions }) => subscriptions?.[0]?.deferredRoutes === 1) || undefined,
  );
  await node.reload(controlNodeConfig.parse(base));
  await know(one, ...own.filter((name) => !name.endsWith(later.prefix)));
  await know(two, ...all.filter((name) => !name.endsWith(later.prefix)));
  t.ok(
    node
      .neighbors()
      .slice(-3)
      .every(({ state }) => state === 'Established'),
  );
});

t.test(
  'what an agent had published is there again when the instance is, unless it took it back',
  async (t) => {
    const node = await controlNode(t, base);
    const one = await agent(t, node, 'compute-1');
    one.subscribe(RED, 4);
    one.publish(route);
    one.publish({ ...route, prefix: '172.16.0.7/32' });
    const exported = () =>
      node.routes({ table: 'bgp.l3vpn.0' }).map(({ prefix, paths: [first] }) => ({
        prefix,
        path: { ...first, receivedAt: '' },
      }));
    const before = await eventually(() => (exported().length === 2 ? exported() : undefined));
    await node.reload(controlNodeConfig.parse({ ...base, 'routing-instances': [] }));
    await eventually(() => (exported().length === 0 ? true : undefined));
    one.withdraw({ ...route, prefix: '172.16.0.7/32' });
    const deferred = () => node.neighbors().at(-1)!.subscriptions![0]!.deferredRoutes;
    await eventually(() => (deferred() === 1 ? true : undefined));
    await node.reload(controlNodeConfig.parse(base));
    const after = await eventually(() => (exported().length > 0 ? exported() : undefined));
    t.same(
      after,
      before.filter(({ prefix }) => prefix.endsWith(FIP)),
    );
  },
);

t.test('an instance whose network gets another index keeps the routes of its agents', async (t) => {
  const node = await controlNode(t, base);
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish(route);
  const communities = () => node.routes({ table: 'bgp.l3vpn.0' })[0]?.paths[0]?.extendedCommunities?.join();
  await eventually(() => (communities()?.includes('64512:6') ? true : undefined));
  const [red] = base['routing-instances']!;
  await node.reload(controlNodeConfig.parse({ ...base, 'routing-instances': [{ ...red!, 'vn-index': 7 }] }));
  await eventually(() => (communities()?.includes('64512:7') ? true : undefined));
});

t.test('what cannot change while the node runs is refused, and nothing changes', async (t) => {
  const node = await controlNode(t, base);
  const change = (change: Partial<ControlNodeConfigInput>) =>
    node.reload(controlNodeConfig.parse({ ...base, 'routing-instances': [], ...change }));
  await t.rejects(change({ asn: 65001 }), { message: 'asn cannot change without a restart' });
  await t.rejects(change({ 'router-id': '10.1.1.2' }), { message: /router-id/ });
  await t.rejects(change({ bgp: { listen: [] } }), { message: /bgp\.listen/ });
  t.ok(node.routingInstances().some(({ name }) => name === RED));
});

t.test(
  'a peer by prefix may be back before its old connection is gone, with an entry of its own',
  async (t) => {
    const dynamic = { ...base.bgp, peers: [], 'dynamic-peers': [{ prefix: '127.0.0.0/24' }] };
    const node = await controlNode(t, { ...base, bgp: dynamic });
    const at = node.bgpAddresses[0]!;
    const localAddress = '127.0.0.13';
    let back: RawPeer | undefined;
    // Hears that it is over, and leaves the connection half open.
    const first = connect({ host: at.address, port: at.port, localAddress, allowHalfOpen: true });
    t.teardown(() => first.destroy());
    first.resume();
    first.once('end', () => {
      back = new RawPeer(at, localAddress);
      back.open(64512, '10.0.0.13');
    });
    await eventually(() => (node.neighbors()[0]?.dynamic === '127.0.0.0/24' ? true : undefined));
    const peers = [{ name: 'own', address: localAddress, passive: true }];
    await node.reload(controlNodeConfig.parse({ ...base, bgp: { ...dynamic, peers } }));
    t.same(
      node.neighbors().map(({ name, dynamic: range }) => [name, range]),
      [['own', undefined]],
    );
    t.ok(back, 'it had come back meanwhile');
    await back?.closed;
  },
);
