import { ConfigError, readConfig } from '@vaportrail/show';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { defaultTopologyFile, readTopology, topologySchema } from '../src/topology.ts';

const text = readFileSync(defaultTopologyFile, 'utf8');

/** The problems of the default topology after one replacement, as `line:column: path: message`. */
function problems(from: string | RegExp, to: string): string[] {
  const changed = text.replace(from, to);
  t.not(changed, text, `the topology has ${from}`);
  try {
    readConfig(changed, 'lab.yaml', topologySchema);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n');
  }
}

t.test('the default topology is the lab of the book', async (t) => {
  const topology = readTopology();
  t.equal(topology.asn, 60100);
  t.match(topology['control-nodes'], [{ name: 'cent111', address: '10.169.25.19' }]);
  t.match(topology.networks[2], {
    prefix: '101.101.101.0/24',
    'route-targets': ['500:500', '64512:8000016'],
  });
  t.match(topology.services[0], { 'external-ip': '101.101.101.252', 'cluster-ip': '10.105.139.153' });
  t.same(
    topology.pods.map(({ node, address, label }) => [node, address, label]),
    [
      ['cent333', '10.47.255.238', 28],
      ['cent222', '10.47.255.236', 43],
      ['cent222', '10.47.255.237', 47],
    ],
  );
  t.match(topology.gateways[0], { name: 'camaro', kind: 'gateway', address: '192.168.0.204', asn: 13979 });
});

t.test('a mistake is shown at its line, with what was meant', async (t) => {
  t.match(problems('route-targets: [64512:8000003]', 'route-targets: [64512:x]'), [
    /^lab\.yaml:23:\d+: networks\[0\]\.route-targets\[0\]: "64512:x" is not a route target/,
  ]);
  t.match(problems('    label: 28', '    label: 0'), [/pods\[0\]\.label: must be a whole number from 16/]);
  t.match(problems('    label: 28', '    lable: 28'), [
    /pods\[0\]\.label: is missing/,
    /pods\[0\]\.lable: unknown key; did you mean "label"\?/,
  ]);
  t.match(problems('node: cent333', 'node: cent33'), [
    /pods\[0\]\.node: no node "cent33"; did you mean "cent333"\?/,
  ]);
  t.match(problems('- name: cent333', '- name: cent222'), [/nodes\[1\]\.name: there is a "cent222" already/]);
  t.match(problems('address: 192.168.0.205', 'address: 192.168.0.204'), [
    /gateways\[1\]\.address: 192\.168\.0\.204 is the address of camaro/,
  ]);
  t.match(problems('external-ip: 101.101.101.252', 'external-ip: 102.101.101.252'), [
    /services\[0\]\.external-ip: 102\.101\.101\.252 is not in 101\.101\.101\.0\/24/,
  ]);
  t.match(problems(/backends: \[webserver-846c9ccb8b-r9zdt/, 'backends: [webserver-846c9ccb8b-r9zd'), [
    /services\[0\]\.backends\[0\]: no pod "webserver-846c9ccb8b-r9zd"; did you mean "webserver-846c9ccb8b-r9zdt"\?/,
  ]);
  t.match(problems('kind: frr', 'kind: cisco'), [/gateways\[1\]\.kind/]);
});
