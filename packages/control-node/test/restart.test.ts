// Neighbours that go away and come back: what is kept for them, and what is not.
import { type LocalGracefulRestart, Session, type SessionSettings, endOfRib } from '@vaportrail/bgp';
import { NotificationError, encodeUpdate, errorCode, updateSubcode } from '@vaportrail/bgp/wire';
import { parseIpv4 } from '@vaportrail/net';
import t from 'tap';

import type { ControlNode } from '../src/control-node.ts';
import { item, nlri, publish } from './agent-text.ts';
import { RawAgent } from './raw-agent.ts';
import {
  BLUE,
  FIP,
  RED,
  type Test,
  agent,
  configured,
  controlNode,
  eventually,
  gatewayUpdate,
  items,
  route,
} from './running.ts';

const restart = {
  enabled: true,
  'restart-time': 1,
  'long-lived-restart-time': 0,
  'end-of-rib-timeout': 2,
};
const itemless = (name: string, action: string): string =>
  `<iq type="set" from="${name}" to="network-control@contrailsystems.com/bgp-peer"><pubsub xmlns="http://jabber.org/protocol/pubsub">${action}</pubsub></iq>`;

const GREEN = 'default-domain:demo:green:green';

function prefixes(node: ControlNode, table = `${RED}.inet.0`): string[] {
  return node
    .routes({ table })
    .map(({ prefix, paths }) => `${prefix}${paths[0]?.flags?.includes('Stale') ? ' stale' : ''}`)
    .sort();
}

/** An agent that publishes {@link route} and hangs up. */
async function briefAgent(t: Test, node: ControlNode, name: string, address?: string): Promise<void> {
  const brief = await agent(t, node, name, address);
  brief.subscribe(RED, 4);
  brief.publish(route);
  await brief.hears(/<item /);
  await brief.end();
}

t.test(
  'the routes of an agent that is away stay, and those it does not announce again go at its End-of-RIB',
  async (t) => {
    const node = await controlNode(t, {
      'graceful-restart': { ...restart, 'restart-time': 60 },
      'routing-instances': [
        { name: RED, 'route-targets': ['64512:8000004'] },
        { name: BLUE, 'route-targets': ['64512:8000005'] },
        { name: GREEN, import: ['64512:8000004'], export: ['64512:8000006'] },
      ],
    });
    const watcher = await agent(t, node, 'compute-2', '127.0.0.2');
    watcher.subscribe(RED, 7);
    const before = await agent(t, node, 'compute-1');
    before.subscribe(RED, 4);
    before.subscribe(BLUE, 5);
    before.publish(route);
    before.publish({ ...route, prefix: '172.16.0.4/32' });
    before.publish({ ...route, instance: BLUE, prefix: '172.16.0.5/32' });
    await watcher.hears(/172\.16\.0\.4\/32/);
    await eventually(() => (prefixes(node, `${BLUE}.inet.0`).length === 1 ? true : undefined));
    await before.end();
    await eventually(() => (prefixes(node).join() === `${FIP} stale,172.16.0.4/32 stale` ? true : undefined));
    const copies = (table = 'bgp.l3vpn.0') => prefixes(node, table);
    t.same(
      copies(),
      [`10.1.1.3:4:${FIP} stale`, '10.1.1.3:4:172.16.0.4/32 stale', '10.1.1.3:5:172.16.0.5/32 stale'],
      'copies in VPN tables show it',
    );
    t.match(copies(`${GREEN}.inet.0`), [`${FIP} stale`], 'and those in other instances');
    const away = await fetch(`${node.url}/Snh_BgpNeighborReq?x=compute-1`).then((answer) => answer.text());
    t.match(away, /<closed_at [^>]*>\d.*<last_event [^>]*>connection-lost<.*<last_state [^>]*>Established</);
    t.match(
      away,
      /<PeerCloseInfo><state [^>]*>GR_TIMER<.*<stale [^>]*>1<.*<graceful_restart_time [^>]*>60<.*<flap_count [^>]*>1<.*<flap_time [^>]*>\d/,
    );
    const page = await fetch(`${node.url}/Snh_ShowRouteReq?x=bgp.l3vpn.0`);
    t.equal([...(await page.text()).matchAll(/>Stale</g)].length, 3);
    t.notMatch(watcher.received, /<retract/);
    t.match(node.neighbors()[0], { name: 'compute-1', state: 'Down (stale)', paths: 3, flaps: 1 });
    t.match(node.neighbors()[0]!.subscriptions, [
      { instance: RED, state: 'stale', instanceId: 4 },
      { instance: BLUE, state: 'stale' },
    ]);

    const after = await agent(t, node, 'compute-1');
    after.subscribe(RED, 4);
    after.publish(route);
    await eventually(() => (prefixes(node).join() === `${FIP},172.16.0.4/32 stale` ? true : undefined));
    t.match(copies(`${GREEN}.inet.0`), [FIP, '172.16.0.4/32 stale']);
    after.send(itemless('compute-1', '<publish />') + itemless('compute-1', '<collection />'));
    await watcher.hears(/<retract id="172\.16\.0\.4\/32" \/>/);
    t.same(prefixes(node), [FIP]);
    t.same(prefixes(node, `${BLUE}.inet.0`), [], 'nothing is left in an instance it did not join again');
    t.notMatch(watcher.received, `<retract id="${FIP}"`);
    t.match(node.neighbors()[0], {
      state: 'Established',
      subscriptions: [{ instance: RED, state: 'established' }],
    });
  },
);

/** What agents end their routes with: what Contrail's mock agents send, what its agents send, and what those take for it. */
const ends: readonly (readonly [what: string, text: string])[] = [
  ['a pair without items', itemless('compute-1', '<publish />') + itemless('compute-1', '<collection />')],
  [
    'a pair without items, with nodes',
    itemless('compute-1', `<publish node="1/1/${RED}/x"></publish>`) +
      itemless('compute-1', `<collection node="${RED}"><associate node="1/1/${RED}/x" /></collection>`),
  ],
  [
    'a marker',
    '<message from="compute-1" to="network-control@contrailsystems.com/bgp-peer"><event xmlns="http://jabber.org/protocol/pubsub"><items node="0/0/EndOfRib"></items></event></message>',
  ],
  [
    'a message without items',
    '<message from="compute-1" to="network-control@contrailsystems.com/bgp-peer"><event xmlns="http://jabber.org/protocol/pubsub"/></message>',
  ],
];

t.test('every form of End-of-RIB ends the time of stale routes', async (t) => {
  for (const [what, text] of ends) {
    const node = await controlNode(t, {
      'graceful-restart': { ...restart, 'restart-time': 60, 'end-of-rib-timeout': 60 },
    });
    const before = await agent(t, node, 'compute-1');
    before.subscribe(RED, 4);
    before.publish(route);
    before.publish({ ...route, prefix: '172.16.0.4/32' });
    await before.hears(/172\.16\.0\.4\/32/);
    await before.end();
    await eventually(() => (prefixes(node).join() === `${FIP} stale,172.16.0.4/32 stale` ? true : undefined));
    const after = await agent(t, node, 'compute-1');
    after.subscribe(RED, 4);
    after.publish(route);
    after.send(text);
    await eventually(() => (prefixes(node).join() === FIP ? true : undefined));
    t.match(node.neighbors()[0], { state: 'Established', paths: 1 }, what);
  }
});

t.test('an agent that sends no End-of-RIB is taken to have said everything after a time', async (t) => {
  const node = await controlNode(t, {
    'graceful-restart': { ...restart, 'restart-time': 60, 'end-of-rib-timeout': 1 },
  });
  await briefAgent(t, node, 'compute-1');
  await eventually(() => (prefixes(node).join() === `${FIP} stale` ? true : undefined));
  const after = await agent(t, node, 'compute-1');
  after.subscribe(RED, 4);
  await eventually(() => (prefixes(node).length === 0 ? true : undefined));
  t.match(node.neighbors()[0], { state: 'Established' });
});

t.test(
  'the routes of an agent that stays away for long are the last choice, but for those that must not be',
  async (t) => {
    const node = await controlNode(t, {
      'graceful-restart': { ...restart, 'restart-time': 1, 'long-lived-restart-time': 2 },
    });
    const watcher = await agent(t, node, 'compute-2', '127.0.0.2');
    watcher.subscribe(RED, 7);
    const one = await agent(t, node, 'compute-1');
    one.subscribe(RED, 4);
    one.publish(route);
    const noLongLived = '<community-tag-list><community-tag>no-llgr</community-tag></community-tag-list>';
    const other = '172.16.0.4/32';
    one.send(publish(RED, `1/1/${RED}/${other}`, item(nlri(other), { communities: noLongLived })));
    watcher.publish({ ...route, nextHop: '10.1.1.4', label: 31 });
    const last = (): string | undefined => items(watcher, FIP).at(-1);
    await eventually(() => (last() === '10.1.1.3 25,10.1.1.4 31' ? true : undefined));
    await watcher.hears(/172\.16\.0\.4\/32/);
    await one.end();
    await eventually(() => (prefixes(node).includes(`${other} stale`) ? true : undefined));
    t.equal(last(), '10.1.1.3 25,10.1.1.4 31', 'stale at first, and as good as before');
    await watcher.hears(/<retract id="172\.16\.0\.4\/32" \/>/);
    await eventually(() => (last() === '10.1.1.4 31' ? true : undefined));
    const paths = () =>
      node
        .routes({ table: `${RED}.inet.0`, prefix: FIP })[0]
        ?.paths.map(({ source, flags, notBest }) => [source, flags?.join() ?? '', notBest?.step ?? 'best']);
    t.same(paths(), [
      ['compute-2', '', 'best'],
      ['compute-1', 'Stale,LlgrStale', 'long-lived-stale'],
    ]);
    await eventually(() => (paths()?.length === 1 ? true : undefined));
    t.same(
      node.neighbors().map(({ name }) => name),
      ['compute-2'],
    );
  },
);

t.test('an agent that returns late makes its long-lived stale routes fresh', async (t) => {
  const node = await controlNode(t, {
    'graceful-restart': { ...restart, 'restart-time': 1, 'long-lived-restart-time': 60 },
  });
  const flags = (): string | undefined =>
    node.routes({ table: `${RED}.inet.0`, prefix: FIP })[0]?.paths[0]?.flags?.join() ?? '';
  await briefAgent(t, node, 'compute-1');
  await eventually(() => (flags() === 'Stale,LlgrStale' ? true : undefined));
  const again = await agent(t, node, 'compute-1');
  again.subscribe(RED, 4);
  again.publish(route);
  await eventually(() => (flags() === '' ? true : undefined));
  t.match(node.neighbors()[0], { state: 'Established', paths: 1 });
});

t.test('the routes of an agent that stays away go when its time is over', async (t) => {
  const node = await controlNode(t, { 'graceful-restart': restart });
  await briefAgent(t, node, 'compute-1');
  await eventually(() => (prefixes(node).join() === `${FIP} stale` ? true : undefined));
  await eventually(() => (prefixes(node).length === 0 ? true : undefined));
  t.same(node.neighbors(), []);
});

t.test('an instance that comes while an agent is away waits until the agent joins it again', async (t) => {
  const red = { name: RED, 'route-targets': ['64512:8000004'] };
  const green = { name: GREEN, 'route-targets': ['64512:8000006'] };
  const kept = { 'graceful-restart': { ...restart, 'restart-time': 60, 'end-of-rib-timeout': 60 } };
  const node = await controlNode(t, { ...kept, 'routing-instances': [red] });
  const before = await agent(t, node, 'compute-1');
  before.subscribe(RED, 4);
  before.subscribe(GREEN, 6);
  before.publish({ ...route, instance: GREEN });
  before.publish(route);
  await eventually(() => (prefixes(node).join() === FIP ? true : undefined));
  await before.end();
  await eventually(() => (prefixes(node).join() === `${FIP} stale` ? true : undefined));
  await node.reload(configured({ ...kept, 'routing-instances': [red, green] }));
  t.same(prefixes(node, `${GREEN}.inet.0`), [], 'what it said of it went with its session');
  t.same(node.routingInstances().find(({ name }) => name === GREEN)?.subscribers, []);
  const after = await agent(t, node, 'compute-1');
  after.subscribe(RED, 4);
  after.publish(route);
  after.subscribe(GREEN, 6);
  after.publish({ ...route, instance: GREEN, prefix: '172.16.0.7/32' });
  await eventually(() => (prefixes(node, `${GREEN}.inet.0`).join() === '172.16.0.7/32' ? true : undefined));
});

t.test(
  'what a returned agent has not said again is not made fresh by an instance that goes and comes',
  async (t) => {
    const kept = { 'graceful-restart': { ...restart, 'restart-time': 60, 'end-of-rib-timeout': 60 } };
    const node = await controlNode(t, kept);
    const later = '172.16.0.4/32';
    const before = await agent(t, node, 'compute-1');
    before.subscribe(RED, 4);
    before.publish(route);
    before.publish({ ...route, prefix: later });
    await before.hears(/172\.16\.0\.4\/32/);
    await before.end();
    await eventually(() => (prefixes(node).join() === `${FIP} stale,${later} stale` ? true : undefined));
    const after = await agent(t, node, 'compute-1');
    after.subscribe(RED, 4);
    after.publish(route);
    await eventually(() => (prefixes(node).join() === `${FIP},${later} stale` ? true : undefined));
    await node.reload(configured({ ...kept, 'routing-instances': [] }));
    await node.reload(configured(kept));
    await eventually(() => (prefixes(node).join() === FIP ? true : undefined));
    after.send(itemless('compute-1', '<publish />') + itemless('compute-1', '<collection />'));
    after.publish({ ...route, prefix: '172.16.0.5/32' });
    await eventually(() => (prefixes(node).join() === `${FIP},172.16.0.5/32` ? true : undefined));
  },
);

t.test('an agent that broke the rules starts anew', async (t) => {
  const node = await controlNode(t, { 'graceful-restart': { ...restart, 'restart-time': 60 } });
  const rude = await agent(t, node, 'compute-1');
  rude.subscribe(RED, 4);
  rude.publish(route);
  await rude.hears(/<item /);
  rude.subscribe(RED, 4);
  await rude.closed;
  await eventually(() => (prefixes(node).length === 0 ? true : undefined));
});

t.test('nobody takes the name of an agent that is expected back at its address', async (t) => {
  const node = await controlNode(t, { 'graceful-restart': { ...restart, 'restart-time': 60 } });
  await briefAgent(t, node, 'compute-1');
  await eventually(() => (prefixes(node).join() === `${FIP} stale` ? true : undefined));
  const stranger = await agent(t, node, 'compute-1', '127.0.0.5');
  await stranger.closed;
  t.match(stranger.received, /<stream:error><conflict /);
  t.same(prefixes(node), [`${FIP} stale`]);
  const back = await agent(t, node, 'compute-1');
  back.subscribe(RED, 4);
  back.publish(route);
  await eventually(() => (prefixes(node).join() === FIP ? true : undefined));
  t.pass();
});

t.test('without graceful restart routes go with their agent', async (t) => {
  const node = await controlNode(t);
  const one = await RawAgent.connect(node.xmppAddress!, 'compute-1');
  one.subscribe(RED, 4);
  one.publish(route);
  await one.hears(/<item /);
  await one.end();
  await eventually(() => (prefixes(node).length === 0 ? true : undefined));
  t.same(node.neighbors(), []);
});

/** A gateway with graceful restart that announces one route, and loses its connection when told to. */
function gateway(
  t: Test,
  node: ControlNode,
  gracefulRestart: LocalGracefulRestart,
  prefix: string,
  settings: Pick<SessionSettings, 'families' | 'longLived'> = { families: ['inet-vpn'] },
) {
  let established = false;
  const session = new Session(
    {
      local: { asn: 64512, routerId: parseIpv4('10.1.1.9'), address: '127.0.0.9' },
      peer: { ...node.bgpAddresses[0]!, asn: 64512 },
      gracefulRestart,
      ...settings,
    },
    {
      established: () => {
        established = true;
        session.write([gatewayUpdate(prefix)]);
      },
      update() {},
      routeRefresh() {},
      down() {},
    },
  );
  t.teardown(() => session.stop());
  session.start();
  return { session, established: () => eventually(() => (established ? true : undefined)) };
}

t.test('the routes of a BGP peer that restarts stay until its End-of-RIB', async (t) => {
  const node = await controlNode(t, {
    'graceful-restart': { ...restart, 'restart-time': 60, 'end-of-rib-timeout': 60 },
    bgp: {
      listen: [{ address: '127.0.0.1', port: 0 }],
      peers: [{ name: 'gateway', address: '127.0.0.9', passive: true, families: ['inet-vpn'] }],
    },
  });
  const vpn = () => prefixes(node, 'bgp.l3vpn.0').map((text) => text.replace('192.168.0.204:500:', ''));
  const watcher = await agent(t, node, 'compute-2', '127.0.0.2');
  watcher.subscribe(RED, 7);
  const says = { restartTime: 30, families: [{ family: 'inet-vpn', forwarding: true }] } as const;
  const first = gateway(t, node, says, '0f0f0f');
  await first.established();
  await watcher.hears(/<item id="15\.15\.15\.0\/24">/);
  const neighbor = () => node.neighbors().find(({ protocol }) => protocol === 'bgp');
  t.match(neighbor(), {
    lastTransition: { from: 'OpenConfirm', event: 'KeepAliveMsg' },
    authentication: 'none',
    gracefulRestart: { restartTime: 30, families: ['inet-vpn'], longLivedTime: 0, longLivedFamilies: [] },
    routingTables: ['bgp.l3vpn.0'],
    errors: 0,
    lostAt: undefined,
  });
  // With RFC 8538 a NOTIFICATION that is no hard reset is a restart too.
  first.session.reset(new NotificationError(errorCode.update, updateSubcode.malformedAttributeList));
  await first.session.stop();
  await eventually(() => (vpn().join() === '15.15.15.0/24 stale' ? true : undefined));
  t.match(neighbor(), { lastTransition: { event: 'NotifMsg' }, lostAt: /^\d{4}-/, routingTables: [] });
  const second = gateway(t, node, says, '100f0f');
  await second.established();
  await watcher.hears(/<item id="16\.15\.15\.0\/24">/);
  t.same(vpn(), ['15.15.15.0/24 stale', '16.15.15.0/24']);
  t.same(prefixes(node), vpn(), 'the copy in an instance shows it too');
  t.notMatch(watcher.received, /<retract/);
  second.session.write([endOfRib('inet-vpn')]);
  await eventually(() => (prefixes(node).join() === '16.15.15.0/24' ? true : undefined));
  await watcher.hears(/<retract id="15\.15\.15\.0\/24" \/>/);
});

/** A control node that keeps what a gateway with two families told it. */
async function keeper(t: Test, families: readonly ('inet-vpn' | 'inet6-vpn')[], longLived = 0) {
  const node = await controlNode(t, {
    'graceful-restart': {
      ...restart,
      'restart-time': 60,
      'end-of-rib-timeout': 60,
      'long-lived-restart-time': longLived,
    },
    bgp: {
      listen: [{ address: '127.0.0.1', port: 0 }],
      peers: [{ name: 'gateway', address: '127.0.0.9', passive: true, families: [...families] }],
    },
  });
  const held = () =>
    ['bgp.l3vpn.0', 'bgp.l3vpn-inet6.0']
      .flatMap((table) => prefixes(node, table))
      .map((text) => text.replace('192.168.0.204:500:', ''))
      .join();
  return { node, held: (text: string) => eventually(() => (held() === text ? true : undefined)) };
}

const inet6Update = encodeUpdate({
  routes: [
    {
      op: 'announce',
      afi: 2,
      safi: 128,
      pathId: null,
      rd: '192.168.0.204:500',
      prefix: '2001:db8::/32',
      labels: [31],
      nextHop: '::ffff:192.168.0.204',
    },
  ],
  attributes: { origin: 'igp', asPath: [], localPref: 100, extendedCommunities: ['target:64512:8000004'] },
});
const both = ['inet-vpn', 'inet6-vpn'] as const;
const dropped = new NotificationError(errorCode.update, updateSubcode.malformedAttributeList);

t.test('of a BGP peer that restarts only the families are kept that it promises to forward', async (t) => {
  const { node, held } = await keeper(t, both);
  const says = (...families: readonly [family: 'inet-vpn' | 'inet6-vpn', forwarding: boolean][]) => ({
    restartTime: 30,
    families: families.map(([family, forwarding]) => ({ family, forwarding })),
  });
  const one = async (gracefulRestart: LocalGracefulRestart, prefix: string, families = both) => {
    const { session, established } = gateway(t, node, gracefulRestart, prefix, { families });
    await established();
    session.write([inet6Update]);
    return {
      end: async () => {
        session.reset(dropped);
        await session.stop();
      },
    };
  };
  const unkept = await one(says(['inet-vpn', true]), '0f0f0f');
  await held('15.15.15.0/24,2001:db8::/32');
  await unkept.end();
  await held('15.15.15.0/24 stale');
  const kept = await one(says(['inet-vpn', true], ['inet6-vpn', true]), '0f0f0f');
  await held('15.15.15.0/24,2001:db8::/32');
  await kept.end();
  await held('15.15.15.0/24 stale,2001:db8::/32 stale');
  const { established } = gateway(t, node, says(['inet-vpn', true], ['inet6-vpn', false]), '100f0f', {
    families: both,
  });
  await established();
  await held('15.15.15.0/24 stale,16.15.15.0/24');
});

t.test('behind the restart time only the families are kept that are long-lived', async (t) => {
  const { node, held } = await keeper(t, both, 60);
  const families = both.map((family) => ({ family, forwarding: true }));
  const { session, established } = gateway(t, node, { restartTime: 1, families }, '0f0f0f', {
    families: both,
    longLived: [{ family: 'inet6-vpn', forwarding: true, staleTime: 60 }],
  });
  await established();
  session.write([inet6Update]);
  await held('15.15.15.0/24,2001:db8::/32');
  session.reset(dropped);
  await session.stop();
  await held('15.15.15.0/24 stale,2001:db8::/32 stale');
  await held('2001:db8::/32 stale');
});

t.test('an End-of-RIB that comes with the end of its session does not count for the next one', async (t) => {
  const { node, held } = await keeper(t, both);
  const families = both.map((family) => ({ family, forwarding: true }));
  const first = gateway(t, node, { restartTime: 30, families }, '0f0f0f', { families: both });
  await first.established();
  first.session.write([inet6Update]);
  await held('15.15.15.0/24,2001:db8::/32');
  first.session.write([endOfRib('inet-vpn')]);
  first.session.reset(dropped);
  await first.session.stop();
  await held('15.15.15.0/24 stale,2001:db8::/32 stale');
  const second = gateway(t, node, { restartTime: 30, families }, '100f0f', { families: both });
  await second.established();
  second.session.write([endOfRib('inet6-vpn')]);
  await held('15.15.15.0/24 stale,16.15.15.0/24,2001:db8::/32 stale');
  await new Promise((resolve) => setTimeout(resolve, 100));
  await held('15.15.15.0/24 stale,16.15.15.0/24,2001:db8::/32 stale');
  second.session.write([endOfRib('inet-vpn')]);
  await held('16.15.15.0/24');
});

t.test('who breaks the rules after a return is not waited for any more', async (t) => {
  const node = await controlNode(t, {
    'graceful-restart': { ...restart, 'restart-time': 60, 'end-of-rib-timeout': 1 },
  });
  await briefAgent(t, node, 'compute-1');
  await eventually(() => (prefixes(node).join() === `${FIP} stale` ? true : undefined));
  const rude = await agent(t, node, 'compute-1');
  rude.subscribe(RED, 4);
  rude.subscribe(RED, 4);
  await rude.closed;
  await eventually(() => (prefixes(node).length === 0 ? true : undefined));
  // It gets what the first one had in the tables.
  await briefAgent(t, node, 'compute-2', '127.0.0.2');
  await eventually(() => (prefixes(node).join() === `${FIP} stale` ? true : undefined));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  t.same(prefixes(node), [`${FIP} stale`]);
});

t.test('more prefixes than the limit end the session for good', async (t) => {
  const node = await controlNode(t, {
    bgp: {
      listen: [{ address: '127.0.0.1', port: 0 }],
      peers: [
        { name: 'gateway', address: '127.0.0.9', passive: true, families: ['inet-vpn'], 'prefix-limit': 1 },
      ],
    },
  });
  const one = gateway(t, node, { restartTime: 0, families: [] }, '0f0f0f');
  await one.established();
  await eventually(() => (node.neighbors()[0]!.paths === 1 ? true : undefined));
  one.session.write([gatewayUpdate('100f0f')]);
  await eventually(() =>
    node.neighbors()[0]!.lastError?.match(/Maximum Number of Prefixes/i) ? true : undefined,
  );
  await eventually(() => (node.routes({ table: 'bgp.l3vpn.0' }).length === 0 ? true : undefined));
  t.not(node.neighbors()[0]!.state, 'Established');
  t.same(items(await agent(t, node, 'x'), FIP), []);
});
