import t from 'tap';
import { ConfigError, readConfig } from '@vaportrail/show';
import { agentFileConfig } from '../src/agent-file.ts';

const read = (text: string): ReturnType<typeof agentFileConfig.parse> =>
  readConfig(text, 'agent.yaml', agentFileConfig);

function problems(text: string): string[] {
  try {
    read(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

const lab = `
name: cent222
address: 10.169.25.20
control-nodes: [{ address: 10.169.25.19 }]
vrfs:
  - { name: 'default-domain:demo:pods:pods', instance-id: 2 }
interfaces:
  - name: tapeth0-304431
    vrf: default-domain:demo:pods:pods
    address: [10.47.255.236, 'fd00::236']
    label: 43
    floating-ips:
      - address: 10.105.139.153
        vrf: default-domain:demo:services:services
        direction: ingress
        port-maps: [{ port: 80, nat-port: 8888 }, { protocol: udp, port: 53, nat-port: 53 }]
`;

t.test('one agent at the top of a file, with what it does not say filled in', async (t) => {
  const { name, agents, fleet } = read(lab);
  t.equal(name, 'cent222');
  t.equal(fleet, undefined);
  const [agent] = agents;
  t.match(agent, {
    'control-nodes': [{ address: '10.169.25.19', port: 5269 }],
    'encapsulation-priority': ['MPLSoUDP', 'MPLSoGRE', 'VXLAN'],
    'hold-time': 90,
  });
  t.match(agent!.interfaces[0], {
    address: ['10.47.255.236', 'fd00::236'],
    preference: 200,
    'floating-ips': [{ 'port-maps': [{ protocol: 6, port: 80, 'nat-port': 8888 }, { protocol: 17 }] }],
  });
});

t.test('several agents, and a fleet beside them', async (t) => {
  const file = read(`
agents:
  - { name: a, address: 10.0.0.1, control-nodes: [{ address: 127.0.0.1 }] }
  - { name: b, address: 10.0.0.2, control-nodes: [{ address: 127.0.0.1 }] }
fleet: { count: 10, control-nodes: [{ address: 127.0.0.1 }] }
`);
  t.equal(file.name, 'a+11');
  t.equal(file.agents.length, 2);
  t.match(file.fleet, { count: 10, name: 'compute-{n:5}', networks: { size: 10 } });
});

t.test('every problem is told with line and field', async (t) => {
  t.match(problems('address: 10.0.0.1'), [/name: is missing/, /control-nodes: is missing/]);
  t.match(problems(''), [/name: is missing/, /address: is missing/, /control-nodes: is missing/]);
  t.match(problems(lab.replace('label: 43', 'lable: 43')), [
    /11:5: interfaces\[0\]\.lable: unknown key; did you mean "label"/,
  ]);
  t.match(problems(lab.replace('label: 43', 'label: 0')), [
    /interfaces\[0\]\.label: must be a whole number from 16/,
  ]);
  t.match(problems(lab.replace('10.105.139.153', '10.105.139')), [
    /floating-ips\[0\]\.address: .*not an IPv4 address/,
  ]);
  t.match(problems(lab.replace('direction: ingress', 'direction: up')), [/floating-ips\[0\]\.direction/]);
  t.match(problems(lab.replace('port: 80', 'port: 80000')), [/port-maps\[0\]\.port: must be a whole number/]);
  t.match(problems(lab.replace('10.105.139.153', '2001:db8::1').replace(", 'fd00::236'", '')), [
    /floating-ips\[0\]\.address: the interface has no IPv6 address/,
  ]);
  t.match(problems(lab.replace('instance-id: 2', 'instance-id: 0')), [
    /instance-id: the underlay has instance-id 0/,
  ]);
});

t.test('what must be different is', async (t) => {
  const twice = lab + lab.slice(lab.indexOf('  - name: tap'));
  t.match(problems(twice), [
    /interfaces\[1\]\.name: tapeth0-304431 is already the name of interfaces\[0\]/,
    /interfaces\[1\]\.label: 43 is already the label of interfaces\[0\]/,
  ]);
  const agent = '{ name: a, address: 10.0.0.1, control-nodes: [{ address: 127.0.0.1 }] }';
  t.match(problems(`agents: [${agent}, ${agent}]`), [
    /agents\[1\]\.name: is already the name at agents\[0\]/,
  ]);
  t.match(problems('fleet: { count: 3, name: same, control-nodes: [{ address: 127.0.0.1 }] }'), [
    /must contain \{n\}/,
  ]);
});
