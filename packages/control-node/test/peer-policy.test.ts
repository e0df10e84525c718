// What is changed about the routes of BGP peers, between real sessions.
import { Session } from '@vaportrail/bgp';
import { encodeAttributes, frameMessage, messageType, sortExtendedCommunities } from '@vaportrail/bgp/wire';
import { parseHex, parseIpv4, parseRouteTarget } from '@vaportrail/net';
import t from 'tap';

import type { ControlNodeConfigInput } from '../src/config.ts';
import type { ControlNode } from '../src/control-node.ts';
import { multiExitDiscriminator } from '../src/published-path.ts';
import { localPreference } from '../src/peer-policy.ts';
import { FIP, RED, type Test, agent, controlNode, eventually, route } from './running.ts';

type PeerInput = NonNullable<NonNullable<ControlNodeConfigInput['bgp']>['peers']>[number];

t.test('a metric leads back to the preference it was made of', async (t) => {
  for (const preference of [1, 50, 100, 150, 200, 300, 0xffff_fffe]) {
    t.equal(localPreference(multiExitDiscriminator(0, preference)), preference);
  }
});

/** A control node of another AS that has one peer: the first node. */
async function neighbour(t: Test, of: ControlNode, change: Partial<PeerInput>): Promise<ControlNode> {
  return controlNode(t, {
    name: 'ctrl-2',
    asn: 64513,
    'router-id': '10.1.1.2',
    bgp: {
      listen: [],
      peers: [
        { ...of.bgpAddresses[0]!, asn: 64512, 'local-address': '127.0.0.2', 'connect-retry': 1, ...change },
      ],
    },
    'routing-instances': [{ name: RED, 'route-targets': ['64512:8000004'] }],
  });
}

const listening = (peer: Partial<PeerInput> = {}): Partial<ControlNodeConfigInput> => ({
  bgp: {
    listen: [{ address: '127.0.0.1', port: 0 }],
    peers: [{ address: '127.0.0.2', asn: 64513, passive: true, ...peer }],
  },
});

t.test('LOCAL_PREF survives between control nodes of two ASes', async (t) => {
  const node = await controlNode(t, listening());
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish({ ...route, localPref: 200 });
  one.publish({ ...route, prefix: '172.16.0.4/32', localPref: 150 });
  const other = await neighbour(t, node, { 'router-type': 'control-node' });
  const two = await agent(t, other, 'compute-2', '127.0.0.12');
  two.subscribe(RED, 7);
  await two.hears(/<item id="172\.16\.0\.4\/32">/);
  const preferences = (of: ControlNode) =>
    Object.fromEntries(
      of
        .routes({ table: `${RED}.inet.0` })
        .map(({ prefix, paths }) => [prefix, [paths[0]!.localPref, paths[0]!.med]]),
    );
  t.same(preferences(other), { [FIP]: [200, 100], '172.16.0.4/32': [150, 0xffff_ffff - 150] });
});

t.test('of a peer that is no control node it does not', async (t) => {
  const node = await controlNode(t, listening());
  const one = await agent(t, node, 'compute-1');
  one.subscribe(RED, 4);
  one.publish(route);
  const other = await neighbour(t, node, {});
  const two = await agent(t, other, 'compute-2', '127.0.0.12');
  two.subscribe(RED, 7);
  const [item] = await two.hears(/<item id="172\.16\.0\.3\/32">[^]*?<\/item>/);
  t.match(item, '<local-preference>100</local-preference>');
});

t.test(
  "a peer's encapsulations take the place of those of routes sent, and are those of routes that name none",
  async (t) => {
    const node = await controlNode(t, listening({ 'default-tunnel-encapsulation': ['vxlan'] }));
    const one = await agent(t, node, 'compute-1');
    one.subscribe(RED, 4);
    one.publish(route);
    one.publish({ ...route, prefix: '172.16.0.4/32', encapsulations: [] });
    const other = await neighbour(t, node, {});
    const two = await agent(t, other, 'compute-2', '127.0.0.12');
    two.subscribe(RED, 7);
    await two.hears(/<item id="172\.16\.0\.4\/32">/);
    const tunnels = (of: ControlNode, prefix: string) =>
      of.routes({ table: `${RED}.inet.0`, prefix })[0]?.paths[0]?.encapsulations;
    t.same(tunnels(other, FIP), ['vxlan']);
    t.same(tunnels(node, FIP), ['gre', 'udp'], 'here they are as the agent said');

    const third = await controlNode(t, {
      name: 'ctrl-3',
      asn: 64513,
      'router-id': '10.1.1.3',
      bgp: {
        listen: [],
        peers: [
          {
            ...(await listener(t)).bgpAddresses[0]!,
            asn: 64512,
            'local-address': '127.0.0.2',
            'default-tunnel-encapsulation': ['udp'],
          },
        ],
      },
      'routing-instances': [{ name: RED, 'route-targets': ['64512:8000004'] }],
    });
    const four = await agent(t, third, 'compute-4', '127.0.0.14');
    four.subscribe(RED, 7);
    await four.hears(/<item id="172\.16\.0\.5\/32">/);
    t.same(tunnels(third, '172.16.0.5/32'), ['udp']);
  },
);

/** A node with a route that names no encapsulation. */
async function listener(t: Test): Promise<ControlNode> {
  const node = await controlNode(t, listening());
  const one = await agent(t, node, 'compute-9', '127.0.0.19');
  one.subscribe(RED, 4);
  one.publish({ ...route, prefix: '172.16.0.5/32', encapsulations: [] });
  return node;
}

t.test(
  'a route of our own comes back from a reflector when it says accept-own, and not otherwise',
  async (t) => {
    const node = await controlNode(t, {
      bgp: {
        listen: [{ address: '127.0.0.1', port: 0 }],
        peers: [{ address: '127.0.0.9', passive: true, families: ['inet-vpn'] }],
      },
    });
    const watcher = await agent(t, node, 'compute-2', '127.0.0.2');
    watcher.subscribe(RED, 7);
    let isUp = false;
    const session = new Session(
      {
        local: { asn: 64512, routerId: parseIpv4('10.1.1.9'), address: '127.0.0.9' },
        peer: { ...node.bgpAddresses[0]!, asn: 64512 },
        families: ['inet-vpn'],
      },
      { established: () => void (isUp = true), update() {}, routeRefresh() {}, down() {} },
    );
    t.teardown(() => session.stop());
    session.start();
    await eventually(() => (isUp ? true : undefined));
    const announce = (third: string, communities: readonly number[]): void => {
      const attributes = encodeAttributes({
        origin: 'igp',
        asPath: [],
        localPref: 100,
        originatorId: parseIpv4('10.1.1.1'),
        clusterList: [parseIpv4('10.9.9.9')],
        ...(communities.length > 0 && { communities: [...communities] }),
        extendedCommunities: sortExtendedCommunities([parseRouteTarget('64512:8000004')]),
      });
      const reach = parseHex(
        `800e210001800c0000000000000000c0a800cc00780001f10001c0a800cc01f40f0f${third}01`,
      );
      const all = Buffer.concat([attributes, reach]);
      session.write([
        frameMessage(
          messageType.update,
          Buffer.concat([Buffer.from([0, 0, all.length >> 8, all.length & 0xff]), all]),
        ),
      ]);
    };
    announce('01', []);
    announce('02', [0xffff_0001]);
    await watcher.hears(/<item id="15\.15\.2\.1\/32">/);
    t.notMatch(watcher.received, /15\.15\.1\.1/);
    const looped = node
      .routes({ table: 'bgp.l3vpn.0' })
      .find(({ prefix }) => prefix.endsWith('15.15.1.1/32'));
    t.match(looped?.paths, [{ feasible: false, because: 'originator-id-loop' }]);
  },
);
