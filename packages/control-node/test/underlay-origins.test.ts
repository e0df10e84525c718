import { MASTER_INSTANCE } from '@vaportrail/xmpp';
import t from 'tap';

import type { ControlNode } from '../src/control-node.ts';
import type { RawAgent } from './raw-agent.ts';
import { FIP, RED, agent, controlNode, eventually, route } from './running.ts';

const leaked = { ...route, instance: MASTER_INSTANCE, label: 0, nativeId: 4 };
const LATER = '172.16.0.99/32';

/** The extended communities of the underlay's paths to a prefix, by agent. */
function communities(node: ControlNode, prefix = FIP): Record<string, readonly string[] | undefined> {
  const [found] = node.routes({ table: 'inet.0', prefix });
  return Object.fromEntries(found?.paths.map((path) => [path.source, path.extendedCommunities]) ?? []);
}

/** Waits until everything the agent has said before has been acted upon, in the underlay and in VPN tables. */
async function settled(one: RawAgent, node: ControlNode): Promise<void> {
  one.publish({ ...route, prefix: LATER });
  await eventually(() => node.routes({ table: 'bgp.l3vpn.0' }).find((vpn) => vpn.prefix.endsWith(LATER)));
  one.withdraw({ ...route, prefix: LATER });
  await eventually(
    () => !node.routes({ table: 'bgp.l3vpn.0' }).some((vpn) => vpn.prefix.endsWith(LATER)) || undefined,
  );
}

async function member(...args: Parameters<typeof agent>): Promise<RawAgent> {
  const one = await agent(...args);
  one.subscribe(MASTER_INSTANCE, 0);
  one.subscribe(RED, 4);
  return one;
}

t.test('a leaked route has the origin of the VPN route it names, in whatever order they come', async (t) => {
  const node = await controlNode(t);
  const one = await member(t, node, 'compute-1');
  for (const order of [
    [leaked, route],
    [route, leaked],
  ]) {
    for (const each of order) one.publish(each);
    await eventually(() => (communities(node)['compute-1']?.[0] === 'origin-vn:64512:6' ? true : undefined));
    t.same(communities(node), { 'compute-1': ['origin-vn:64512:6'] }, 'and nothing else of its communities');
    t.match(node.routes({ table: 'inet.0' })[0]?.paths[0], {
      originVirtualNetwork: 'default-domain:demo:red',
      localPref: 200,
      label: 0,
    });
    one.withdraw(route);
    await eventually(() => (communities(node)['compute-1'] === undefined ? true : undefined));
    t.equal(node.routes({ table: 'inet.0' }).length, 1, 'the route stays without it');
    one.withdraw(leaked);
    await eventually(() => (node.routes({ table: 'inet.0' }).length === 0 ? true : undefined));
  }
});

t.test('a route that names no VPN route of its own agent has no origin', async (t) => {
  const node = await controlNode(t);
  const one = await member(t, node, 'compute-1');
  const two = await member(t, node, 'compute-2', '127.0.0.2');
  one.publish(route);
  const { nativeId: _, ...plain } = leaked;
  const others = [
    ['no number', plain],
    ['zero', { ...leaked, nativeId: 0 }],
    ['the number of another VRF', { ...leaked, nativeId: 5 }],
    ['another next hop', { ...leaked, nextHop: '10.1.1.4' }],
  ] as const;
  for (const [what, other] of others) {
    one.publish(leaked);
    await eventually(() => communities(node)['compute-1']);
    one.publish(other);
    await eventually(() => (communities(node)['compute-1'] === undefined ? true : undefined));
    t.same(communities(node), { 'compute-1': undefined }, what);
  }
  two.publish(leaked);
  await settled(two, node);
  t.same(
    communities(node),
    { 'compute-1': undefined, 'compute-2': undefined },
    'the VPN route of another agent',
  );
});

t.test('what an agent has withdrawn or taken with it does not come back with its VPN route', async (t) => {
  const node = await controlNode(t);
  const one = await member(t, node, 'compute-1');
  one.publish(leaked);
  one.withdraw(leaked);
  one.publish(route);
  await settled(one, node);
  t.same(node.routes({ table: 'inet.0' }), []);

  one.publish(leaked);
  await eventually(() => communities(node)['compute-1']);
  one.unsubscribe(MASTER_INSTANCE);
  one.withdraw(route);
  one.publish(route);
  await settled(one, node);
  t.same(node.routes({ table: 'inet.0' }), [], 'nor what went with its subscription');
  await one.end();
  await eventually(() => node.tables().every(({ paths }) => paths === 0) || undefined);
});

t.test('a route kept for a restarted agent stays as it is until the agent says it anew', async (t) => {
  const node = await controlNode(t, { 'graceful-restart': { enabled: true } });
  const one = await member(t, node, 'compute-1');
  one.publish(route);
  one.publish(leaked);
  await eventually(() => communities(node)['compute-1']);
  await one.end();
  await eventually(() =>
    node.routes({ table: 'inet.0' })[0]?.paths[0]?.flags?.includes('Stale') ? true : undefined,
  );
  const again = await member(t, node, 'compute-1');
  again.publish({ ...route, label: 26 });
  await settled(again, node);
  t.match(node.routes({ table: 'inet.0' })[0]?.paths[0], { extendedCommunities: ['origin-vn:64512:6'] });
  again.withdraw(route);
  await settled(again, node);
  t.match(
    node.routes({ table: 'inet.0' })[0]?.paths[0]?.flags,
    ['Stale'],
    'it is not made fresh behind its back',
  );
});

t.test('another AS hears the origin of a leaked route, and no other extended community', async (t) => {
  const node = await controlNode(t, {
    bgp: {
      listen: [{ address: '127.0.0.1', port: 0 }],
      peers: [{ address: '127.0.0.2', asn: 64513, passive: true, families: ['inet'] }],
    },
  });
  const one = await member(t, node, 'compute-1');
  one.publish(leaked);
  one.publish(route);
  one.publish({ ...leaked, prefix: '172.16.0.4/32', nativeId: 9 });
  const other = await controlNode(t, {
    name: 'ctrl-2',
    asn: 64513,
    'router-id': '10.1.1.2',
    bgp: {
      listen: [],
      peers: [
        {
          ...node.bgpAddresses[0]!,
          asn: 64512,
          'local-address': '127.0.0.2',
          'connect-retry': 1,
          families: ['inet'],
        },
      ],
    },
  });
  await eventually(() => (other.routes({ table: 'inet.0' }).length === 2 ? true : undefined));
  await eventually(() => communities(other)['127.0.0.1']);
  t.same(communities(other), { '127.0.0.1': ['origin-vn:64512:6'] });
  t.same(communities(other, '172.16.0.4/32'), { '127.0.0.1': undefined });
  one.withdraw(route);
  await eventually(() => (communities(other)['127.0.0.1'] === undefined ? true : undefined));
});

// `BgpXmppInetvpn2ControlNodeTest.FabricTest_*` of Contrail.
t.test('agents are told of a leaked route that it is of the network of its workload', async (t) => {
  const node = await controlNode(t);
  const one = await member(t, node, 'compute-1');
  const two = await member(t, node, 'compute-2', '127.0.0.2');
  const network = (of: RawAgent): string | undefined => {
    const node = `<items node="1/1/${MASTER_INSTANCE}">`;
    const last = of.received.split('</message>').findLast((text) => text.includes(node));
    return [
      ...new Set(Array.from(last?.matchAll(/<virtual-network>([^<]*)</g) ?? [], ([, name]) => name)),
    ].join();
  };
  const told = (name: string) =>
    Promise.all(
      [one, two].map((of) => eventually(() => network(of) === `default-domain:${name}` || undefined)),
    );
  const fabric = 'default-project:ip-fabric';
  one.publish(route);
  one.publish(leaked);
  await told('demo:red');
  one.publish({ ...leaked, nativeId: 5 });
  await told(fabric);
  one.publish(leaked);
  await told('demo:red');
  one.withdraw(route);
  await told(fabric);
  one.publish(route);
  await told('demo:red');
  t.pass('whatever comes first, and whatever goes');
});
