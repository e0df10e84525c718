import t from 'tap';
import type { Items } from '@vaportrail/xmpp';
import { Agent } from '../src/agent.ts';
import type { AgentConfigInput } from '../src/config.ts';
import type { Packet } from '../src/flow.ts';
import { FlowTable } from '../src/flow-table.ts';
import { LearnedRoutes } from '../src/learned-routes.ts';
import { flowTableView } from '../src/vrouter.ts';
import { POD_VRF, PUBLIC_VRF, SERVICE_VRF, hop, item } from './compute-node.ts';

const SERVICE = '10.101.102.27';
const controlNode = { name: '10.169.25.19', rank: 0, generation: 1 };

/** An agent without sessions, and what a control node would tell it. */
function node(number: number, config: Partial<AgentConfigInput>): Agent {
  return Agent.from({
    name: `compute-${number}`,
    address: `10.169.25.${number}`,
    'control-nodes': [{ address: '127.0.0.1' }],
    ...config,
  });
}

function learn(agent: Agent, instance: string, ...items: Items['items']): void {
  const { address } = agent;
  const learned = new LearnedRoutes({
    address: Uint8Array.from(address.split('.').map(Number)),
    encapsulationPriority: ['MPLSoUDP', 'MPLSoGRE', 'VXLAN'],
    nextHops: agent.nextHops,
    labels: agent.labels,
  });
  learned.receive(controlNode, agent.vrfs.get(instance)!, {
    type: 'items',
    node: `1/1/${instance}`,
    family: 'inet',
    instance,
    items,
    problems: [],
  });
}

const client = { name: 'client', vrf: POD_VRF, address: '10.47.255.237' };
const backend = {
  name: 'backend',
  vrf: POD_VRF,
  address: '10.47.255.238',
  label: 28,
  'floating-ips': [
    {
      address: SERVICE,
      vrf: SERVICE_VRF,
      direction: 'ingress' as const,
      'port-maps': [
        { port: 80, 'nat-port': 8888 },
        { port: 90, 'nat-port': 9999 },
      ],
    },
  ],
};

const request: Packet = {
  source: '10.47.255.237',
  destination: SERVICE,
  protocol: 6,
  sourcePort: 42332,
  destinationPort: 9999,
  octets: 60,
  tcpFlags: ['SYN'],
};
const answered = (packet: Packet, more: Partial<Packet>): Packet => ({
  ...packet,
  source: packet.destination,
  destination: packet.source,
  sourcePort: packet.destinationPort,
  destinationPort: packet.sourcePort,
  ...more,
});

t.test(
  'a request to a service: forwarded by the client, translated at the server, answered untranslated',
  async (t) => {
    const one = node(20, { interfaces: [client] });
    const two = node(21, { interfaces: [backend] });
    learn(one, POD_VRF, item(`${SERVICE}/32`, [hop('10.169.25.21', 28)]));
    learn(two, POD_VRF, item('10.47.255.237/32', [hop('10.169.25.20', 16)]));

    const sent = one.send('client', request);
    t.match(sent, { action: 'send', destination: '10.169.25.21', tunnelType: 'MPLSoUDP', label: 28 });
    t.match(
      sent.action === 'send' && sent.packet,
      { destination: SERVICE, destinationPort: 9999 },
      'no NAT here',
    );

    const delivered = two.receive('10.169.25.20', 28, request);
    t.equal(delivered.action, 'deliver');
    t.match(delivered.action === 'deliver' && delivered.packet, {
      source: '10.47.255.237',
      destination: '10.47.255.238',
      sourcePort: 42332,
      destinationPort: 90,
    });

    const answer = answered(request, {
      source: '10.47.255.238',
      sourcePort: 90,
      tcpFlags: ['SYN', 'ACK'],
    });
    const back = two.send('backend', answer);
    t.match(back, { action: 'send', destination: '10.169.25.20', label: 16 });
    const seen = back.action === 'send' ? back.packet : answer;
    t.match(seen, { source: SERVICE, sourcePort: 9999 }, 'the client sees who it spoke to');
    t.equal(one.receive('10.169.25.21', 16, seen).action, 'deliver');
    one.send('client', { ...request, tcpFlags: ['ACK'] });
    two.receive('10.169.25.20', 28, { ...request, tcpFlags: ['ACK'] });

    const [forward, reverse] = [...flowTableView(one).flows].sort((a, b) => b.packets - a.packets);
    t.match(forward, {
      action: 'forward',
      vrf: 1,
      packets: 2,
      octets: 120,
      sourceInformation: 3,
      tcp: ['syn', 'syn-reverse', 'established'],
    });
    t.equal(forward!.destinationVrf, undefined);
    t.match(reverse, {
      action: 'forward',
      keyNextHop: forward!.keyNextHop,
      sourceInformation: '10.169.25.21',
    });
    t.equal(forward!.reverse, reverse!.index);
    t.equal(reverse!.reverse, forward!.index);

    const flows = flowTableView(two).flows;
    t.match(
      flows.find(({ source }) => source === '10.47.255.237'),
      {
        action: 'nat',
        nat: ['destination', 'destination-port'],
        vrf: 1,
        destinationVrf: 1,
        sourceInformation: '10.169.25.20',
      },
    );
    t.match(
      flows.find(({ source }) => source === '10.47.255.238'),
      { action: 'nat', nat: ['source', 'source-port'], vrf: 1, destinationVrf: 2, sourceInformation: 3 },
    );
    for (const { udpSourcePort } of flows) t.ok(udpSourcePort >= 49_152 && udpSourcePort <= 65_534);
  },
);

t.test('a port that no map has is dropped, and so is a way out by a floating IP for ingress', async (t) => {
  const one = node(21, { interfaces: [backend, client] });
  t.match(one.receive('10.169.25.20', 28, { ...request, destinationPort: 443 }), {
    action: 'drop',
    because: 'SHORT_PORT_MAP_DROP',
  });
  t.match(one.send('backend', { ...request, source: '10.47.255.238', destination: '192.0.2.1' }), {
    action: 'drop',
    because: 'SHORT_NO_DST_ROUTE',
  });
  t.equal(one.interfaces.get('backend')!.drops, 2);
  const [dropped] = flowTableView(one).flows.filter(({ dropReason }) => dropReason === 'SHORT_PORT_MAP_DROP');
  t.equal(dropped!.action, 'drop');
});

t.test('a service whose backend is on the same node is translated without a tunnel', async (t) => {
  const one = node(21, { interfaces: [backend, client] });
  learn(one, POD_VRF, item(`${SERVICE}/32`, [hop('10.169.25.21', 28)]));
  const verdict = one.send('client', request);
  t.match(verdict.action === 'deliver' && verdict.packet, {
    destination: '10.47.255.238',
    destinationPort: 90,
  });
  const back = one.send('backend', answered(request, { source: '10.47.255.238', sourcePort: 90 }));
  t.match(back.action === 'deliver' && [back.interface.name, back.packet.source, back.packet.sourcePort], [
    'client',
    SERVICE,
    9999,
  ]);
  const { received, sent } = one.interfaces.get('client')!;
  t.same(
    [received, sent],
    [
      { packets: 1, octets: 60 },
      { packets: 1, octets: 60 },
    ],
  );
});

t.test('flows stay with their member while others come and go, and move only when it is gone', async (t) => {
  const one = node(20, { interfaces: [client] });
  const members = [hop('10.169.25.21', 28), hop('10.169.25.22', 30), hop('10.169.25.23', 31)];
  learn(one, POD_VRF, item(`${SERVICE}/32`, members));
  const flows = Array.from({ length: 300 }, (_, index) => ({ ...request, sourcePort: 20_000 + index }));
  const destination = (packet: Packet): string => {
    const verdict = one.send('client', packet);
    return verdict.action === 'send' ? verdict.destination : verdict.action;
  };
  const before = flows.map(destination);
  for (const node of ['21', '22', '23']) {
    const share = before.filter((where) => where === `10.169.25.${node}`).length;
    t.ok(share > 60, `${share} of 300 flows go to ${node}`);
  }
  const { flow } = one.send('client', flows[0]!);
  t.ok(flow!.ecmpIndex >= 0);

  learn(one, POD_VRF, item(`${SERVICE}/32`, [hop('10.169.25.19', 99), ...members]));
  t.same(flows.map(destination), before, 'a new member takes no flow away');
  t.equal(one.send('client', flows[0]!).flow!.ecmpIndex, flow!.ecmpIndex);

  learn(one, POD_VRF, item(`${SERVICE}/32`, members.slice(0, 2)));
  const after = flows.map(destination);
  for (const [index, where] of after.entries()) {
    if (before[index] === '10.169.25.23') t.not(where, '10.169.25.23');
    else if (where !== before[index]) t.fail(`flow ${index} moved without need`);
  }
  t.equal(one.flows.counters.changed, before.filter((where) => where === '10.169.25.23').length);
  t.equal(one.send('client', flows[0]!).flow!.packets, 6, 'a flow that moved keeps its counters');
});

t.test('several backends of a node share one label, and a flow keeps to one of them', async (t) => {
  const one = node(21, {
    interfaces: [
      { ...backend, label: 40 },
      { ...backend, name: 'second', address: '10.47.255.239', label: 41 },
    ],
  });
  const label = one.localRoutes.get(one.vrfs.get(SERVICE_VRF)!, `${SERVICE}/32`)!.label;
  const where = (packet: Packet): string => {
    const verdict = one.receive('10.169.25.20', label, packet);
    return verdict.action === 'deliver' ? `${verdict.interface.name} ${verdict.packet.destination}` : 'drop';
  };
  const seen = new Set<string>();
  for (let sourcePort = 30_000; sourcePort < 30_040; sourcePort++) {
    const first = where({ ...request, sourcePort });
    t.equal(where({ ...request, sourcePort }), first);
    seen.add(first);
  }
  t.same([...seen].sort(), ['backend 10.47.255.238', 'second 10.47.255.239']);
});

t.test(
  'from outside through the gateway: translated without port map, answered by the route of the pool',
  async (t) => {
    const one = node(20, {
      vrfs: [{ name: PUBLIC_VRF, 'instance-id': 5 }],
      interfaces: [{ ...client, 'floating-ips': [{ address: '101.101.101.1', vrf: PUBLIC_VRF }] }],
    });
    learn(one, PUBLIC_VRF, item('15.15.15.0/24', [hop('192.168.0.204', 299_808, [])]));
    const fromOutside: Packet = {
      source: '15.15.15.2',
      destination: '101.101.101.1',
      protocol: 6,
      sourcePort: 42786,
      destinationPort: 80,
    };
    const verdict = one.receive('192.168.0.204', 16, fromOutside);
    t.match(verdict.action === 'deliver' && verdict.packet, {
      destination: '10.47.255.237',
      destinationPort: 80,
    });
    const back = one.send('client', answered(fromOutside, { source: '10.47.255.237' }));
    t.match(back, {
      action: 'send',
      destination: '192.168.0.204',
      tunnelType: 'MPLSoGRE',
      label: 299_808,
      packet: { source: '101.101.101.1' },
    });
    const flows = flowTableView(one).flows;
    t.match(
      flows.find(({ source }) => source === '15.15.15.2'),
      { nat: ['destination'], sourceInformation: '192.168.0.204' },
    );
    t.match(
      flows.find(({ source }) => source === '10.47.255.237'),
      { nat: ['source'], destinationVrf: 5 },
    );

    const out = one.send('client', { ...fromOutside, source: '10.47.255.237', destination: '15.15.15.9' });
    t.match(
      out,
      { action: 'send', packet: { source: '101.101.101.1', sourcePort: 42786 } },
      'it may go out by it too',
    );
  },
);

t.test('what leads nowhere is tried again by the next packet', async (t) => {
  const one = node(20, { interfaces: [client] });
  t.equal(one.send('client', request).action, 'drop');
  learn(one, POD_VRF, item(`${SERVICE}/32`, [hop('10.169.25.21', 28)]));
  t.equal(one.send('client', request).action, 'send');
  t.equal(one.receive('10.169.25.21', 999, request).action, 'drop', 'a label of nobody');
});

t.test('flows go with their interface', async (t) => {
  const one = node(21, { interfaces: [backend, client] });
  learn(one, POD_VRF, item(`${SERVICE}/32`, [hop('10.169.25.21', 28)]));
  one.send('client', request);
  t.equal(one.flows.size, 2);
  one.removeInterface('backend');
  t.equal(one.flows.size, 0);
  t.equal(one.send('client', request).action, 'drop', 'nobody answers there any more');
});

t.test('a full table lets packets pass without an entry', async (t) => {
  const one = node(20, { interfaces: [client] });
  learn(one, POD_VRF, item(`${SERVICE}/32`, [hop('10.169.25.21', 28)]));
  const table = new FlowTable(2);
  const ingress = { interface: one.interfaces.get('client')! };
  t.equal(table.process(request, ingress).action, 'send');
  t.equal(table.process({ ...request, sourcePort: 1 }, ingress).action, 'send');
  t.equal(table.size, 2);
  t.equal(table.counters.overflow, 2);
});
