import t from 'tap';
import { ManualClock } from '@vaportrail/net';
import { endOfRibBody, itemsBodies, retractsBodies } from '@vaportrail/xmpp';
import { Agent, type AgentOptions } from '../src/agent.ts';
import { type AgentConfigInput, type InterfaceConfigInput, agentConfig } from '../src/config.ts';
import type { Route } from '../src/route.ts';
import { FABRIC_VRF } from '../src/vrf.ts';
import { POD_VRF, PUBLIC_VRF, SERVICE_VRF, hop, item } from './compute-node.ts';
import { Reflector, until } from './reflector.ts';

interface Test {
  teardown(handler: () => Promise<void>): void;
}

async function reflector(t: Test, options?: Parameters<typeof Reflector.start>[0]): Promise<Reflector> {
  const one = await Reflector.start(options);
  t.teardown(() => one.stop());
  return one;
}

function node(
  t: Test,
  number: number,
  controlNodes: readonly Reflector[],
  more: Partial<AgentConfigInput> = {},
  options?: AgentOptions,
): Agent {
  const agent = Agent.from(
    {
      name: `compute-${number}`,
      address: `10.1.1.${number}`,
      'control-nodes': controlNodes.map(({ port }) => ({ address: '127.0.0.1', port })),
      ...more,
    },
    options,
  );
  t.teardown(() => agent.stop());
  return agent;
}

const pod = (number: number, more: Partial<InterfaceConfigInput> = {}): InterfaceConfigInput => ({
  name: `tap${number}`,
  vrf: POD_VRF,
  address: `10.47.255.${number}`,
  ...more,
});
const SERVICE = '10.105.139.153';
const service = { address: SERVICE, vrf: SERVICE_VRF };

/** `interface tap1 16`, `tunnel 10.1.1.4 16`, for each member of what a route leads to. */
function leadsTo(route: Route | undefined): string[] {
  const active = route?.active;
  if (active === undefined) return [];
  const { nextHop, label } = active;
  const members = nextHop.type === 'composite' ? nextHop.members : [{ nextHop, label }];
  return members.map(({ nextHop: hop, label: own }) => {
    if (hop.type === 'encap') return `interface ${hop.interface.name} ${own}`;
    if (hop.type === 'tunnel') return `${hop.tunnelType} ${hop.destination} ${own}`;
    return `${hop.type} ${own}`;
  });
}

t.test('says in order: underlay, VRFs, routes, End-of-RIB', async (t) => {
  const control = await reflector(t);
  const agent = node(t, 3, [control], {
    vrfs: [{ name: POD_VRF, 'instance-id': 4 }],
    interfaces: [pod(236, { label: 43, 'floating-ips': [service] }), pod(237)],
  });
  await agent.start();
  await until('in sync', () => agent.peers[0]!.inSync);
  t.same(control.saidBy('compute-3'), [
    `subscribe ${FABRIC_VRF} 0`,
    `subscribe ${SERVICE_VRF} 1`,
    `subscribe ${POD_VRF} 4`,
    `announce ${SERVICE_VRF} ${SERVICE}/32 label 43 pref 200`,
    `announce ${POD_VRF} 10.47.255.236/32 label 43 pref 200`,
    `announce ${POD_VRF} 10.47.255.237/32 label 16 pref 200`,
    'end-of-rib',
    // In both forms: the marker that agents send, and the pair that control nodes act upon.
    'end-of-rib',
  ]);
});

t.test('a published route carries next hop, encapsulations, network and groups', async (t) => {
  const control = await reflector(t);
  const agent = node(t, 3, [control], {
    interfaces: [pod(1, { preference: 100, 'security-groups': [8000002], sequence: 7, tags: [5] })],
  });
  await agent.start();
  await until('published', () => control.routes(POD_VRF, '10.47.255.1/32').length === 1);
  const { attributes } = control.announcedItem(POD_VRF, '10.47.255.1/32', 'compute-3')!;
  const [hop] = attributes.nextHops;
  t.same(hop!.encapsulations, ['gre', 'udp']);
  t.same([...hop!.address], [10, 1, 1, 3]);
  t.equal(hop!.virtualNetwork, 'default-domain:demo:pods');
  t.same(hop!.tags, [5]);
  t.same(attributes.securityGroups, [8000002]);
  t.match(attributes, { localPref: 100, mobility: { sequence: 7 }, subProtocol: 'interface' });
});

t.test('its own routes come back and lead to its interface, others to a tunnel', async (t) => {
  const control = await reflector(t);
  const one = node(t, 3, [control], { interfaces: [pod(1)] });
  const two = node(t, 4, [control], { interfaces: [pod(2)] });
  await Promise.all([one.start(), two.start()]);
  await until('both routes', () => one.route(POD_VRF, '10.47.255.2/32') !== undefined);
  await until('reflected', () => one.route(POD_VRF, '10.47.255.1/32')!.paths.length === 2);
  t.same(leadsTo(one.route(POD_VRF, '10.47.255.1/32')), ['interface tap1 16']);
  t.equal(one.route(POD_VRF, '10.47.255.1/32')!.active!.source, one.peers[0]);
  t.same(leadsTo(one.route(POD_VRF, '10.47.255.2/32')), ['MPLSoUDP 10.1.1.4 16']);
});

t.test('a service with backends on two nodes is one ECMP next hop on both, in the same order', async (t) => {
  const control = await reflector(t);
  const one = node(t, 3, [control], {
    interfaces: [pod(1, { label: 25, 'floating-ips': [service] })],
  });
  const two = node(t, 4, [control], {
    interfaces: [pod(2, { label: 31, 'floating-ips': [service] })],
    'encapsulation-priority': ['MPLSoGRE'],
  });
  await Promise.all([one.start(), two.start()]);
  const route = (agent: Agent): Route | undefined => agent.route(SERVICE_VRF, `${SERVICE}/32`);
  await until('ECMP', () => [one, two].every((agent) => leadsTo(route(agent)).length === 2));
  t.same(leadsTo(route(one)), ['interface tap1 25', 'MPLSoGRE 10.1.1.4 31'], 'it offers GRE only');
  t.same(leadsTo(route(two)), ['MPLSoGRE 10.1.1.3 25', 'interface tap2 31']);

  two.removeFloatingIp('tap2', SERVICE);
  await until('one backend', () => leadsTo(route(one)).length === 1);
  t.same(leadsTo(route(one)), ['interface tap1 25']);
  t.equal(two.vrfs.get(SERVICE_VRF), undefined, 'nothing keeps the VRF there');
  t.same(control.saidBy('compute-4').slice(-2), [
    `withdraw ${SERVICE_VRF} ${SERVICE}/32`,
    `unsubscribe ${SERVICE_VRF}`,
  ]);
});

t.test('several backends of one node are one route with a label of its own', async (t) => {
  const control = await reflector(t);
  const one = node(t, 3, [control], {
    vrfs: [{ name: SERVICE_VRF }],
    interfaces: [pod(1, { 'floating-ips': [service] }), pod(2, { 'floating-ips': [service] })],
  });
  const two = node(t, 4, [control], { vrfs: [{ name: SERVICE_VRF }] });
  await Promise.all([one.start(), two.start()]);
  const prefix = `${SERVICE}/32`;
  await until('published', () => control.routes(SERVICE_VRF, prefix).length === 1);
  t.same(control.routes(SERVICE_VRF, prefix), ['10.1.1.3 label 18'], 'one route, not one per backend');
  const composite = one.labels.get(18);
  t.equal(composite?.type, 'composite');
  t.same(leadsTo(one.route(SERVICE_VRF, prefix)), ['interface tap1 16', 'interface tap2 17']);
  await until('remote', () => leadsTo(two.route(SERVICE_VRF, prefix)).length === 1);
  t.same(leadsTo(two.route(SERVICE_VRF, prefix)), ['MPLSoUDP 10.1.1.3 18']);

  one.setPreference('tap2', 100);
  await until('standby', () => control.routes(SERVICE_VRF, prefix)[0] === '10.1.1.3 label 16');
  await until('followed', () => leadsTo(one.route(SERVICE_VRF, prefix)).length === 1);
  t.same(leadsTo(one.route(SERVICE_VRF, prefix)), ['interface tap1 16'], 'standby takes no traffic');
  t.equal(one.labels.get(18), undefined, 'the label of the composite is free');
});

t.test('removing an interface withdraws floating addresses first and forgets everything', async (t) => {
  const control = await reflector(t);
  const agent = node(t, 3, [control], {});
  await agent.start();
  await until('in sync', () => agent.peers[0]!.inSync);
  const before = agent.nextHops.size;
  agent.addInterface(pod(1, { 'floating-ips': [service, { address: '101.101.101.252', vrf: PUBLIC_VRF }] }));
  await until('reflected', () => agent.route(PUBLIC_VRF, '101.101.101.252/32')?.paths.length === 2);
  control.said.length = 0;
  t.ok(agent.removeInterface('tap1'));
  t.notOk(agent.removeInterface('tap1'));
  await until('withdrawn', () => control.said.length >= 6);
  t.same(control.saidBy('compute-3'), [
    `withdraw ${PUBLIC_VRF} 101.101.101.252/32`,
    `unsubscribe ${PUBLIC_VRF}`,
    `withdraw ${SERVICE_VRF} ${SERVICE}/32`,
    `unsubscribe ${SERVICE_VRF}`,
    `withdraw ${POD_VRF} 10.47.255.1/32`,
    `unsubscribe ${POD_VRF}`,
  ]);
  t.equal(agent.nextHops.size, before);
  t.same(agent.labels.list(), []);
  t.same(
    [...agent.vrfs].map(({ name }) => name),
    [FABRIC_VRF],
  );
});

t.test('IPv6 addresses are published as /128 with the same label', async (t) => {
  const control = await reflector(t);
  const one = node(t, 3, [control], {
    interfaces: [
      pod(1, {
        address: ['10.47.255.1', 'fd00::1'],
        'floating-ips': [{ address: '2001:db8::7', vrf: PUBLIC_VRF }],
      }),
    ],
  });
  const two = node(t, 4, [control], { vrfs: [{ name: PUBLIC_VRF }] });
  await Promise.all([one.start(), two.start()]);
  await until('learned', () => two.route(PUBLIC_VRF, '2001:db8::7/128') !== undefined);
  t.same(leadsTo(two.route(PUBLIC_VRF, '2001:db8::7/128')), ['MPLSoUDP 10.1.1.3 16']);
  t.same(control.routes(POD_VRF, 'fd00::1/128'), ['10.1.1.3 label 16']);
  t.equal(one.interfaces.get('tap1')!.floatingIps[0]!.fixedIp, 'fd00::1');
});

t.test('a lost control node: routes stay, stale, and are confirmed or swept when it is back', async (t) => {
  const control = await reflector(t);
  const one = node(t, 3, [control], { interfaces: [pod(1)] });
  const two = node(t, 4, [control], { interfaces: [pod(2)] });
  const three = node(t, 5, [control], { interfaces: [pod(3)] });
  await Promise.all([one.start(), two.start(), three.start()]);
  const route = (number: number): Route | undefined => one.route(POD_VRF, `10.47.255.${number}/32`);
  await until('all routes', () =>
    [1, 2, 3].every((number) => route(number)?.path(one.peers[0]!) !== undefined),
  );

  await control.stop();
  await until('down', () => one.peers[0]!.state === 'connecting');
  await three.stop();
  t.same(leadsTo(route(2)), ['MPLSoUDP 10.1.1.4 16'], 'forwarding goes on');
  t.ok(route(2)!.active!.stale);
  t.ok(route(3)!.active!.stale);

  const back = await reflector(t, { port: control.port });
  await until('in sync again', () => one.peers[0]!.inSync && two.peers[0]!.inSync, 10);
  await until('confirmed', () => route(2)?.active?.stale === false);
  t.equal(one.peers[0]!.generation, 2);
  t.equal(route(3), undefined, 'what nobody publishes any more is swept at End-of-RIB');
  t.same(back.routes(POD_VRF, '10.47.255.1/32'), ['10.1.1.3 label 16'], 'everything was published again');
});

t.test('stale routes go after their time, or at once when they are not wanted', async (t) => {
  const control = await reflector(t);
  const one = node(t, 3, [control], { vrfs: [{ name: POD_VRF }], 'stale-time': 1 });
  const none = node(t, 5, [control], { vrfs: [{ name: POD_VRF }], 'stale-time': 0 });
  const two = node(t, 4, [control], { interfaces: [pod(2)] });
  await Promise.all([one.start(), two.start(), none.start()]);
  const learned = (agent: Agent): boolean => agent.route(POD_VRF, '10.47.255.2/32') !== undefined;
  await until('learned', () => learned(one) && learned(none));
  await control.stop();
  await until('down', () => one.peers[0]!.state === 'connecting' && none.peers[0]!.state === 'connecting');
  t.ok(learned(one));
  t.notOk(learned(none));
  await until('forgotten', () => !learned(one));
  t.equal(one.nextHops.size, 2, 'only drop and receive are left');
});

t.test('a control node that never sends End-of-RIB is taken as complete after a time', async (t) => {
  const control = await reflector(t, { endOfRib: false });
  const agent = node(t, 3, [control], { 'end-of-rib-timeout': 1 });
  await agent.start();
  await until('up', () => agent.peers[0]!.state === 'established');
  t.notOk(agent.peers[0]!.inSync);
  await until('in sync', () => agent.peers[0]!.inSync);
});

t.test('two control nodes hear the same, and the loss of one loses nothing', async (t) => {
  const [first, second] = [await reflector(t), await reflector(t)];
  const one = node(t, 3, [first, second], { interfaces: [pod(1)] });
  const two = node(t, 4, [first, second], { interfaces: [pod(2)] });
  await Promise.all([one.start(), two.start()]);
  const route = (): Route | undefined => one.route(POD_VRF, '10.47.255.2/32');
  await until('two paths', () => route()?.paths.length === 2 && one.peers.every(({ inSync }) => inSync));
  t.same(first.saidBy('compute-3'), second.saidBy('compute-3'));
  t.equal(route()!.active!.source, one.peers[0], 'of equal paths the first control node is used');

  await first.stop();
  await until('one path', () => route()?.paths.length === 1);
  t.equal(route()!.active!.source, one.peers[1], 'what the lost one said is not needed any more');
  t.notOk(route()!.active!.stale);

  two.addInterface(pod(22));
  await until('still learning', () => one.route(POD_VRF, '10.47.255.22/32') !== undefined);
  const back = await reflector(t, { port: first.port });
  await until('both again', () => one.route(POD_VRF, '10.47.255.22/32')!.paths.length === 2, 10);
  t.equal(back.saidBy('compute-4').filter((line) => line.startsWith('announce')).length, 2);
});

t.test('a workload that moves takes its address with it', async (t) => {
  const control = await reflector(t);
  const one = node(t, 3, [control], { interfaces: [pod(1)] });
  const two = node(t, 4, [control], { interfaces: [pod(1, { preference: 100 })] });
  await Promise.all([one.start(), two.start()]);
  const hops = (): string[] => control.routes(POD_VRF, '10.47.255.1/32');
  await until('at the first', () => hops().join() === '10.1.1.3 label 16');
  await until('known', () => two.route(POD_VRF, '10.47.255.1/32')!.paths.length === 2);
  two.takeOver('tap1');
  await until(
    'sequence',
    () => control.announcedItem(POD_VRF, '10.47.255.1/32', 'compute-4')!.attributes.localPref === 200,
  );
  t.equal(control.announcedItem(POD_VRF, '10.47.255.1/32', 'compute-4')!.attributes.mobility.sequence, 1);
  one.setPreference('tap1', 100);
  await until('at the second', () => hops().join() === '10.1.1.4 label 16');
});

t.test('changes that contradict what is there are refused and change nothing', async (t) => {
  const agent = node(t, 3, [await reflector(t)], { interfaces: [pod(1, { label: 20, index: 9 })] });
  const refused = (change: () => unknown, message: RegExp): void => {
    const before = [agent.nextHops.size, agent.labels.list().length, [...agent.vrfs].length];
    t.throws(change, { message });
    t.same([agent.nextHops.size, agent.labels.list().length, [...agent.vrfs].length], before);
  };
  refused(() => agent.addInterface(pod(1)), /tap1 is there already/);
  refused(() => agent.addInterface(pod(2, { label: 20 })), /label 20 of tap2 is in use/);
  refused(() => agent.addInterface(pod(2, { index: 9 })), /index 9 of tap2 is in use/);
  refused(
    () => agent.addInterface(pod(2, { 'floating-ips': [{ address: 'fd00::9', vrf: SERVICE_VRF }] })),
    /no IPv6 address/,
  );
  refused(() => agent.addFloatingIp('tap9', service), /there is no interface tap9/);
  refused(() => agent.addFloatingIp('vhost0', service), /there is no interface vhost0/);
  refused(() => agent.unsubscribe(POD_VRF), /1 interfaces or floating IPs are in/);
  refused(() => agent.unsubscribe(FABRIC_VRF), /underlay/);
  refused(() => agent.subscribe({ name: SERVICE_VRF, 'instance-id': 1 }), /instance-id 1 is in use/);
  refused(() => agent.subscribe({ name: POD_VRF, 'instance-id': 7 }), /has instance-id 1 already/);
  refused(() => agent.subscribe({ name: 'no-colons' }), /domain:project:network:instance/);
});

t.test('port maps of a floating IP change without a word to the control node', async (t) => {
  const control = await reflector(t);
  const agent = node(t, 3, [control], { interfaces: [pod(1, { 'floating-ips': [service] })] });
  await agent.start();
  await until('in sync', () => agent.peers[0]!.inSync);
  control.said.length = 0;
  agent.changeFloatingIp('tap1', { ...service, 'port-maps': [{ port: 80, 'nat-port': 8888 }] });
  t.same(agent.interfaces.get('tap1')!.floatingIps[0]!.portMaps, [{ protocol: 6, port: 80, natPort: 8888 }]);
  t.throws(() => agent.changeFloatingIp('tap1', { ...service, vrf: PUBLIC_VRF }), { message: /has no/ });
  agent.setPreference('tap1', 150);
  await until('said', () => control.said.length === 2);
  t.match(control.said, [/announce/, /announce/]);
});

t.test('a new configuration changes only what differs', async (t) => {
  const control = await reflector(t);
  const agent = node(t, 3, [control], {
    vrfs: [{ name: PUBLIC_VRF }],
    interfaces: [pod(1, { 'floating-ips': [service] }), pod(2)],
  });
  await agent.start();
  await until('in sync', () => agent.peers[0]!.inSync);
  const kept = agent.interfaces.get('tap1');
  control.said.length = 0;
  const other = agentConfig.parse({
    name: 'compute-3',
    address: '10.1.1.3',
    'control-nodes': [{ address: '127.0.0.1', port: control.port }],
    interfaces: [pod(1, { 'floating-ips': [{ address: '101.101.101.2', vrf: SERVICE_VRF }] }), pod(3)],
  });
  agent.reload(other);
  await until('said', () => control.said.length >= 5);
  t.same(control.saidBy('compute-3'), [
    `withdraw ${POD_VRF} 10.47.255.2/32`,
    `announce ${SERVICE_VRF} 101.101.101.2/32 label 16 pref 200`,
    `withdraw ${SERVICE_VRF} ${SERVICE}/32`,
    `announce ${POD_VRF} 10.47.255.3/32 label 17 pref 200`,
    `unsubscribe ${PUBLIC_VRF}`,
  ]);
  t.equal(agent.interfaces.get('tap1'), kept);
  t.throws(() => agent.reload({ ...other, address: '10.1.1.9' }), {
    message: /address cannot change/,
  });
});

t.test('a spare takes the place of a control node that does not answer', async (t) => {
  const control = await reflector(t);
  const dead = { address: '127.0.0.1', port: 1 };
  const clock = new ManualClock();
  const agent = Agent.from(
    {
      name: 'compute-3',
      address: '10.1.1.3',
      'control-nodes': [dead, { ...dead, port: 2 }, { address: '127.0.0.1', port: control.port }],
    },
    { clock },
  );
  t.teardown(() => agent.stop());
  await agent.start();
  t.same(
    agent.peers.map(({ state }) => state),
    ['connecting', 'connecting', 'idle'],
    'two are in use',
  );
  await until('the third is up', () => {
    clock.advance(1000);
    return agent.peers[2]!.state === 'established';
  });
  const others = agent.peers.slice(0, 2);
  t.same(others.map(({ state }) => state).sort(), ['connecting', 'idle'], 'one of them waits for its turn');
  for (const { lastError } of others) t.match(lastError, /ECONNREFUSED/, 'and both tell why');
});

t.test('both forms of End-of-RIB are heard, and what is neither route nor marker does no harm', async (t) => {
  for (const [form, body] of [
    ['marker', endOfRibBody],
    [
      'message without items',
      Buffer.from('<event xmlns="http://jabber.org/protocol/pubsub"></event></message>\n'),
    ],
  ] as const) {
    const control = await reflector(t, { endOfRib: false });
    const agent = node(t, 3, [control], { vrfs: [{ name: POD_VRF }] });
    await agent.start();
    await until('up', () => control.saidBy('compute-3').includes('end-of-rib'));
    control.inject(
      'compute-3',
      itemsBodies('inet', SERVICE_VRF, [item('10.0.0.1/32', [hop('10.0.0.2', 20)])]),
    );
    control.inject('compute-3', retractsBodies('inet', POD_VRF, ['not a prefix']));
    control.inject('compute-3', itemsBodies('inet', POD_VRF, [item('10.0.0.1/32', [hop('10.0.0.2', 20)])]));
    control.inject('compute-3', [body]);
    await until(form, () => agent.peers[0]!.inSync);
    t.ok(agent.route(POD_VRF, '10.0.0.1/32'), 'the route behind them arrived');
    t.equal(agent.peers[0]!.counters.ignored, 2, 'an unknown VRF and a retract of nothing');
    await agent.stop();
  }
});

t.test(
  'ten thousand floating IPs are published as fast as the control node reads, changes behind them',
  async (t) => {
    const control = await reflector(t);
    const many = Array.from({ length: 10_000 }, (_, index) => ({
      address: `172.16.${index >> 8}.${index & 255}`,
      vrf: SERVICE_VRF,
    }));
    const agent = node(t, 3, [control], { interfaces: [pod(1, { 'floating-ips': many })] });
    let backlog = 0;
    await agent.start();
    await until('up', () => agent.peers[0]!.state === 'established');
    agent.removeFloatingIp('tap1', '172.16.39.15');
    agent.addInterface(pod(2));
    await until(
      'all told',
      () => {
        backlog = Math.max(backlog, agent.peers[0]!.channel!.backlog);
        return control.routes(POD_VRF, '10.47.255.2/32').length === 1;
      },
      30,
    );
    t.ok(backlog < 2 * 1024 * 1024, `${backlog} octets waited at most`);
    t.equal(agent.peers[0]!.flaps, 0);
    t.same(control.routes(SERVICE_VRF, '172.16.39.14/32'), ['10.1.1.3 label 16']);
    t.same(control.routes(SERVICE_VRF, '172.16.39.15/32'), []);
    t.notOk(
      control.said.some((line) => line.startsWith('compute-3 slip')),
      'nothing was said out of order',
    );
  },
);
