import t from 'tap';
import type { NetworkAttachmentDefinition } from '../src/kubernetes-object.ts';
import { defaultSettings } from '../src/mapping/cluster-settings.ts';
import { attachmentObjects } from '../src/mapping/network-attachment.ts';
import { made } from './sample-cluster.ts';

function definition(
  name: string,
  cidr: string | undefined,
  targets = 'target:500:500',
): NetworkAttachmentDefinition {
  const annotations = {
    ...(cidr === undefined ? {} : { 'opencontrail.org/cidr': cidr }),
    'vaportrail.io/route-targets': targets,
    'vaportrail.io/fip-pools': 'pool-a, pool-b',
  };
  return made('NetworkAttachmentDefinition', { metadata: { name, namespace: 'ns-user-1', annotations } })
    .object as NetworkAttachmentDefinition;
}

const reasonsOf = (one: NetworkAttachmentDefinition, ...others: NetworkAttachmentDefinition[]) =>
  attachmentObjects(defaultSettings, one, [one, ...others]).notes.map(
    ({ reason, message }) => `${reason}: ${message}`,
  );

t.test('a definition with a subnet is a network with an IPAM and its pools', (t) => {
  const { objects, notes } = attachmentObjects(defaultSettings, definition('public', '101.101.101.0/24'));
  t.same(notes, []);
  t.same(
    objects.map(({ type, fqName }) => `${type} ${fqName.slice(2).join(':')}`),
    [
      'network-ipam k8s-public-pod-ipam',
      'virtual-network k8s-public-pod-network',
      'floating-ip-pool k8s-public-pod-network:pool-a',
      'floating-ip-pool k8s-public-pod-network:pool-b',
    ],
  );
  t.same(objects[1]!.properties['route_target_list'], { route_target: ['target:500:500'] });
  t.end();
});

t.test('without a subnet, or with what is none, there is no network and a word about it', (t) => {
  t.match(reasonsOf(definition('a', undefined)), [/^NoCidr: /]);
  for (const cidr of ['101.101.101.0', '300.1.1.0/24', 'public', '10.0.0.0/33'])
    t.same(reasonsOf(definition('a', cidr)), [`BadCidr: opencontrail.org/cidr: "${cidr}" is no subnet`]);
  t.end();
});

t.test('subnets that overlap where both are reached are told with the other one', (t) => {
  const own = definition('a', '101.101.101.0/24');
  t.same(reasonsOf(own, definition('b', '101.101.102.0/24')), []);
  t.same(reasonsOf(own, definition('b', '101.101.0.0/16')), [
    'OverlappingSubnet: opencontrail.org/cidr: 101.101.101.0/24 overlaps 101.101.0.0/16 of ns-user-1/b, with target:500:500 in common',
  ]);
  t.same(
    reasonsOf(own, definition('b', '101.101.101.128/25', 'target:600:600')),
    [],
    'tenants may have the same',
  );
  t.same(reasonsOf(definition('a', '10.47.0.0/16')), [
    'OverlappingSubnet: opencontrail.org/cidr: 10.47.0.0/16 overlaps the subnet of pods, 10.32.0.0/12',
  ]);
  t.match(reasonsOf(definition('a', '10.0.0.0/8')), [
    /the subnet of pods/,
    /the subnet of Services, 10\.96\.0\.0\/12$/,
  ]);
  t.end();
});

t.test('a CNI configuration that is none, or has misspelt fields, is told of', (t) => {
  const withConfig = (config: string): NetworkAttachmentDefinition => ({
    ...definition('a', '101.101.101.0/24'),
    spec: { config },
  });
  for (const good of [
    '',
    '{ "cniVersion": "0.3.1", "type": "contrail-k8s-cni" }',
    '{ "cniVersion": "1.0.0", "name": "a", "plugins": [{ "type": "bridge" }] }',
    '{ "type": "macvlan", "master": "eth0", "mode": "bridge", "mtu": 9000, "linkInContainer": true, "vlan": 5, "ipam": {} }',
  ])
    t.same(reasonsOf(withConfig(good)), []);
  t.match(reasonsOf(withConfig('{ type: contrail-k8s-cni }')), [/^BadCniConfig: spec\.config: is no JSON: /]);
  t.match(reasonsOf(withConfig('"contrail-k8s-cni"')), [/^BadCniConfig: spec\.config: is no JSON object/]);
  t.same(reasonsOf(withConfig('{ "cniversion": "0.3.1", "tpye": "contrail-k8s-cni" }')), [
    'BadCniConfig: spec.config: cniversion: did you mean "cniVersion"?',
    'BadCniConfig: spec.config: tpye: did you mean "type"?',
    'BadCniConfig: spec.config: has neither "type" nor "plugins"',
  ]);
  t.end();
});
