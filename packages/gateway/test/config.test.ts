import { prefixText, routeTargetText } from '@vaportrail/net';
import { ConfigError, readConfig } from '@vaportrail/show';
import t from 'tap';
import { gatewayConfig, type GatewayConfig } from '../src/config.ts';

const lab = `
name: camaro
asn: 13979
local-as: 60100
router-id: 192.168.0.204
bgp:
  peers:
    - name: contrail
      address: 10.169.25.19
      asn: 60100
      local-address: 192.168.0.204
routing-instances:
  - name: k8s-test
    route-distinguisher: 192.168.0.204:500
    vrf-target: target:500:500
    interfaces:
      - name: ge-0/0/1.0
        address: 15.15.15.1/24
dynamic-tunnels:
  - name: contrail
    source-address: 192.168.0.204
    destination-networks: [10.169.25.0/24, { prefix: 10.169.25.21/32, metric: 20 }]
tunnel-services:
  pics: [gr-2/2/0, 2/3/0]
`;

const read = (text: string): GatewayConfig => readConfig(text, 'gateway.yaml', gatewayConfig);

function problems(text: string): string[] {
  try {
    read(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

t.test('the gateway of the lab', async (t) => {
  const config = read(lab);
  t.match(config, {
    name: 'camaro',
    asn: 13979,
    'local-as': 60100,
    bgp: { peers: [{ port: 179, families: ['inet-vpn', 'inet6-vpn', 'route-target'], passive: false }] },
    'tunnel-services': { pics: ['2/2/0', '2/3/0'], 'first-unit': 32768, 'hold-down': 900 },
    'routing-options': { 'resolution-ribs': ['inet.3'] },
    introspect: { address: '127.0.0.1', port: 0 },
  });
  const [instance] = config['routing-instances'];
  t.equal(routeTargetText(instance!['vrf-target']!), '500:500');
  t.equal(instance!['routing-options'].multipath, undefined);
  t.equal(prefixText(instance!.interfaces[0]!.address.network), '15.15.15.0/24');
  t.same(
    config['dynamic-tunnels'][0]!['destination-networks'].map(({ metric }) => metric),
    [0, 20],
  );
});

t.test('the ways to write the multipath knob', async (t) => {
  const knob = (text: string): unknown =>
    read(`${lab.replace('    interfaces:', `    routing-options: { multipath: ${text} }\n    interfaces:`)}`)[
      'routing-instances'
    ][0]!['routing-options'].multipath;
  t.equal(knob('false'), undefined);
  t.same(knob('true'), { vpnUnequalCost: false, equalExternalInternal: false });
  t.same(knob('vpn-unequal-cost'), { vpnUnequalCost: true, equalExternalInternal: false });
  t.same(knob('{ vpn-unequal-cost: true, equal-external-internal: true }'), {
    vpnUnequalCost: true,
    equalExternalInternal: true,
  });
});

t.test('every problem is told at its line, with the field', async (t) => {
  t.same(problems(lab.replace('      asn: 60100\n', '')), ['gateway.yaml:8:7: bgp.peers[0].asn: is missing']);
  t.same(problems(lab.replace('asn: 13979', 'asn: 0')), [
    'gateway.yaml:3:6: asn: 0 is not an AS number (1 to 4294967295)',
  ]);
  t.match(problems(lab.replace('target:500:500', 'target:500')), [
    /^gateway\.yaml:15:17: routing-instances\[0\]\.vrf-target: "500" is not a route target/,
  ]);
  t.match(problems(lab.replace('vrf-target:', 'vrf-taget:')), [
    /needs a vrf-target/,
    /did you mean "vrf-target"/,
  ]);
  t.match(problems(lab.replace('    vrf-target: target:500:500\n', '')), [/exchanges no route/]);
  t.match(problems(lab.replace('15.15.15.1/24', '15.15.15.1')), [/address with a length/]);
  t.match(problems(lab.replace('15.15.15.1/24', '15.15.15.1/33')), [/the length must be 0–32/]);
  t.match(problems(lab.replace('2/3/0', '2/3')), [/FPC\/PIC\/PORT/]);
});

t.test('two routing instances share neither name nor route distinguisher', async (t) => {
  const second = `  - name: k8s-test
    route-distinguisher: 192.168.0.204:500
    vrf-target: 500:501
dynamic-tunnels:`;
  t.match(problems(lab.replace('dynamic-tunnels:', second)), [
    /routing-instances\[1\]\.name: k8s-test is taken already/,
    /routing-instances\[1\]\.route-distinguisher: 192\.168\.0\.204:500 is taken already/,
  ]);
});
