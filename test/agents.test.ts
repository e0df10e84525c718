import t from 'tap';
import { Agent, type AgentConfigInput, Fleet, type FleetConfigInput, type Route } from '@vaportrail/agent';
import { ControlNode, type ControlNodeConfigInput, controlNodeConfig } from '@vaportrail/control-node';

/** Agents and control nodes of this suite with each other, over real sockets. */

const instance = (network: string): string => `default-domain:demo:${network}:${network}`;
const PODS = instance('pods');
const SERVICES = instance('services');
const SERVICE = '10.105.139.153';

interface Test {
  teardown(handler: () => Promise<void>): void;
}

type Node = ControlNode & { readonly xmppAddress: { readonly port: number } };

/** A control node with networks that import each other's routes as pods and services do. */
async function controlNode(
  t: Test,
  address: string,
  more: Partial<ControlNodeConfigInput> = {},
): Promise<Node> {
  const node = new ControlNode(
    controlNodeConfig.parse({
      name: `control-${address}`,
      asn: 60100,
      'router-id': address,
      bgp: { listen: [] },
      xmpp: { listen: { address: '127.0.0.1', port: 0 }, 'end-of-rib-delay': 0.05 },
      'routing-instances': [
        { name: PODS, 'route-targets': ['60100:1'], import: ['60100:2'], 'vn-index': 1 },
        { name: SERVICES, 'route-targets': ['60100:2'], import: ['60100:1'], 'vn-index': 2 },
      ],
      introspect: { port: 0 },
      ...more,
    }),
  );
  await node.start();
  t.teardown(() => node.stop());
  return node as Node;
}

async function agent(
  t: Test,
  number: number,
  controlNodes: readonly Node[],
  more: Partial<AgentConfigInput> = {},
): Promise<Agent> {
  const one = Agent.from({
    name: `compute-${number}`,
    address: `10.169.25.${number}`,
    'control-nodes': controlNodes.map(({ xmppAddress: { port } }) => ({ address: '127.0.0.1', port })),
    vrfs: [{ name: PODS }],
    ...more,
  });
  t.teardown(() => one.stop());
  await one.start();
  return one;
}

const pod = (number: number, label: number, service = true) => ({
  name: `tap${number}`,
  vrf: PODS,
  address: `10.47.255.${number}`,
  label,
  'floating-ips': service
    ? [
        {
          address: SERVICE,
          vrf: SERVICES,
          direction: 'ingress' as const,
          'port-maps': [{ port: 80, 'nat-port': 8888 }],
        },
      ]
    : [],
});

function leadsTo(route: Route | undefined): string[] {
  const active = route?.active;
  if (active === undefined) return [];
  const { nextHop, label } = active;
  const members = nextHop.type === 'composite' ? nextHop.members : [{ nextHop, label }];
  return members.map(({ nextHop: hop, label: own }) => {
    if (hop.type === 'tunnel') return `${hop.tunnelType} ${hop.destination} ${own}`;
    return hop.type === 'encap' ? `${hop.interface.name} ${own}` : hop.type;
  });
}

async function until(what: string, holds: () => boolean, seconds = 10): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not in ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

t.test(
  'a service on two nodes: ECMP in its network and in that of the pods, down to one and to none',
  async (t) => {
    const control = await controlNode(t, '10.169.25.19');
    const one = await agent(t, 20, [control], { interfaces: [pod(236, 43)] });
    const two = await agent(t, 21, [control], { interfaces: [pod(238, 28)] });
    const ecmp = (one: Agent, vrf: string): string[] => leadsTo(one.route(vrf, `${SERVICE}/32`));
    await until('ECMP everywhere', () =>
      [one, two].every((node) => ecmp(node, PODS).length === 2 && ecmp(node, SERVICES).length === 2),
    );
    t.same(ecmp(one, SERVICES), ['tap236 43', 'MPLSoUDP 10.169.25.21 28']);
    t.same(
      ecmp(one, PODS),
      ['tap236 43', 'MPLSoUDP 10.169.25.21 28'],
      'leaked, and our own label is known there too',
    );
    t.same(ecmp(two, PODS), ['MPLSoUDP 10.169.25.20 43', 'tap238 28']);

    two.removeInterface('tap238');
    await until('one backend', () => ecmp(one, PODS).length === 1 && ecmp(two, PODS).length === 1);
    t.same(ecmp(two, PODS), ['MPLSoUDP 10.169.25.20 43']);
    one.removeFloatingIp('tap236', SERVICE);
    await until('none', () => two.route(PODS, `${SERVICE}/32`) === undefined);
    t.equal(two.nextHops.list().filter(({ type }) => type === 'composite').length, 0);
  },
);

t.test('a packet finds its backend through both nodes and the answer its way back', async (t) => {
  const control = await controlNode(t, '10.169.25.19');
  const nodes = new Map<string, Agent>();
  for (const one of [
    await agent(t, 20, [control], { interfaces: [pod(237, 59, false), pod(236, 43)] }),
    await agent(t, 21, [control], { interfaces: [pod(238, 28)] }),
  ]) {
    nodes.set(one.address, one);
  }
  const first = nodes.get('10.169.25.20')!;
  await until('ECMP', () => leadsTo(first.route(PODS, `${SERVICE}/32`)).length === 2);
  await until(
    'the client is known',
    () => nodes.get('10.169.25.21')!.route(PODS, '10.47.255.237/32') !== undefined,
  );
  const reached = new Map<string, number>();
  for (let sourcePort = 40_000; sourcePort < 40_200; sourcePort++) {
    const request = {
      source: '10.47.255.237',
      destination: SERVICE,
      protocol: 6,
      sourcePort,
      destinationPort: 8888,
    };
    const sent = first.send('tap237', request);
    const arrived =
      sent.action === 'send'
        ? nodes.get(sent.destination)!.receive(first.address, sent.label, sent.packet)
        : sent;
    if (arrived.action !== 'deliver') throw new Error(`not delivered: ${arrived.action}`);
    const { destination, destinationPort } = arrived.packet;
    reached.set(destination, (reached.get(destination) ?? 0) + 1);
    const server = sent.action === 'send' ? nodes.get(sent.destination)! : first;
    const answer = {
      ...arrived.packet,
      source: destination,
      sourcePort: destinationPort,
      destination: request.source,
      destinationPort: sourcePort,
    };
    const back = server.send(arrived.interface.name, answer);
    const home = back.action === 'send' ? first.receive(server.address, back.label, back.packet) : back;
    if (home.action !== 'deliver') throw new Error(`no answer: ${home.action}`);
    t.match([home.packet.source, home.packet.sourcePort, home.interface.name], [SERVICE, 8888, 'tap237']);
  }
  t.same([...reached.keys()].sort(), ['10.47.255.236', '10.47.255.238']);
  for (const [backend, flows] of reached) t.ok(flows > 50, `${flows} of 200 flows at ${backend}`);
});

t.test('a control node restarts: forwarding goes on, then everything is confirmed or swept', async (t) => {
  const control = await controlNode(t, '10.169.25.19');
  const { port } = control.xmppAddress;
  const one = await agent(t, 20, [control], { interfaces: [pod(1, 16, false)] });
  const two = await agent(t, 21, [control], { interfaces: [pod(2, 17, false)] });
  const leaver = await agent(t, 22, [control], { interfaces: [pod(3, 18, false)] });
  await until('all', () => [2, 3].every((n) => one.route(PODS, `10.47.255.${n}/32`) !== undefined));
  await control.stop();
  await leaver.stop();
  t.same(leadsTo(one.route(PODS, '10.47.255.2/32')), ['MPLSoUDP 10.169.25.21 17']);
  t.ok(one.route(PODS, '10.47.255.3/32')!.active!.stale);
  await controlNode(t, '10.169.25.19', {
    xmpp: { listen: { address: '127.0.0.1', port }, 'end-of-rib-delay': 2 },
  });
  await until('back', () => one.peers[0]!.inSync && two.peers[0]!.inSync, 20);
  t.same(leadsTo(one.route(PODS, '10.47.255.2/32')), ['MPLSoUDP 10.169.25.21 17']);
  t.notOk(one.route(PODS, '10.47.255.2/32')!.active!.stale);
  t.equal(one.route(PODS, '10.47.255.3/32'), undefined);
});

t.test('two control nodes: both say the same, either may die', async (t) => {
  const [first, second] = [await controlNode(t, '10.169.25.19'), await controlNode(t, '10.169.25.18')];
  const one = await agent(t, 20, [first, second], { interfaces: [pod(1, 16)] });
  const two = await agent(t, 21, [first, second], { interfaces: [pod(2, 17)] });
  const hops = (): string[] => leadsTo(one.route(PODS, `${SERVICE}/32`));
  await until(
    'in sync',
    () => [...one.peers, ...two.peers].every(({ inSync }) => inSync) && hops().length === 2,
  );
  t.equal(one.route(PODS, `${SERVICE}/32`)!.paths.length, 2);
  await first.stop();
  await until('one left', () => one.route(PODS, `${SERVICE}/32`)!.paths.length === 1);
  t.same(hops(), ['tap1 16', 'MPLSoUDP 10.169.25.21 17'], 'nothing was lost');
  two.removeInterface('tap2');
  await until('still followed', () => hops().length === 1);
});

t.test('a fleet of three hundred agents in thirty networks', async (t) => {
  const networks = Array.from({ length: 30 }, (_, n) => `default-domain:fleet:net-${n}:net-${n}`);
  const control = await controlNode(t, '10.169.25.19', {
    'routing-instances': networks.map((name, n) => ({ name, 'route-targets': [`60100:${n + 100}`] })),
  });
  const pattern: FleetConfigInput = {
    count: 300,
    interfaces: 2,
    networks: { size: 10, name: 'default-domain:fleet:net-{n}:net-{n}' },
    'control-nodes': [{ address: '127.0.0.1', port: control.xmppAddress.port }],
  };
  const fleet = Fleet.of(pattern);
  t.teardown(() => fleet.stop());
  await fleet.start();
  const complete = (one: Agent): boolean =>
    one.peers[0]!.inSync &&
    [...one.vrfs].every(
      (vrf) =>
        vrf.id === 0 ||
        (vrf.inet.size === 20 && [...vrf.routes()].every((route) => route.path(one.peers[0]!))),
    );
  await until('everybody knows the twenty addresses of its network', () => [...fleet].every(complete), 60);
  t.equal(
    control.neighbors().filter(({ protocol, state }) => protocol === 'xmpp' && state === 'Established')
      .length,
    300,
  );
  t.equal(
    [...fleet].reduce((sum, { peers }) => sum + peers[0]!.flaps, 0),
    0,
  );
});
