import fc from 'fast-check';
import t from 'tap';
import type { ConfigObject } from '../src/config-object.ts';
import { SharedParts } from '../src/shared-parts.ts';

const uuid = (digit: number): string => `00000000-0000-4000-8000-00000000000${digit}`;

function port(name: string, parent: number, ...networks: readonly number[]): ConfigObject {
  const pairs = { cluster: 'k8s', kind: 'Pod', name };
  return {
    type: 'virtual-machine-interface',
    uuid: uuid(9),
    fqName: ['default-domain', 'k8s-ns', name],
    parent: { type: 'project', uuid: uuid(parent) },
    properties: {
      display_name: name,
      annotations: { key_value_pair: Object.entries(pairs).map(([key, value]) => ({ key, value })) },
      virtual_machine_interface_mac_addresses: { mac_address: ['02:00:00:00:00:01'] },
    },
    references: { 'virtual-network': networks.map((each) => ({ uuid: uuid(each), attr: null })) },
    idPerms: {
      enable: true,
      created: '2026-01-01T00:00:00.000',
      last_modified: '2026-01-01T00:00:00.000',
      user_visible: true,
      creator: null,
      description: null,
    },
  };
}

t.test('an object says the same, letter for letter, whatever was shared before it', async () => {
  const digit = fc.integer({ min: 0, max: 9 });
  const object = fc.record({
    name: fc.constantFrom('a', 'b', 'k8s', '', 'a"b'),
    parent: digit,
    networks: fc.array(digit, { maxLength: 70 }),
  });
  fc.assert(
    fc.property(fc.array(object), (objects) => {
      const parts = new SharedParts();
      return objects.every(({ name, parent, networks }) => {
        const given = port(name, parent, ...networks);
        return JSON.stringify(parts.of(given, undefined)) === JSON.stringify(given);
      });
    }),
  );
});

t.test('what two objects say alike is there once', (t) => {
  const parts = new SharedParts();
  const project: ConfigObject = {
    ...port('k8s-ns', 0),
    type: 'project',
    fqName: ['default-domain', 'k8s-ns'],
    parent: undefined,
  };
  const first = parts.of(port('a', 1, 2), project);
  const second = parts.of(port('b', 1, 2, 3), project);
  t.equal(second.parent, first.parent);
  t.equal(second.idPerms, first.idPerms);
  t.equal(second.references['virtual-network']![0], first.references['virtual-network']![0]);
  const pairs = ({ properties }: ConfigObject): readonly unknown[] =>
    (properties['annotations'] as { key_value_pair: readonly unknown[] }).key_value_pair;
  t.equal(pairs(second)[0], pairs(first)[0], 'the pair of the cluster');
  t.not(pairs(second)[2], pairs(first)[2], 'but not that of the name');
  const macs = 'virtual_machine_interface_mac_addresses';
  t.equal(second.properties[macs], first.properties[macs]);
  t.end();
});

t.test('a reference that says more than where it leads is its own', (t) => {
  const parts = new SharedParts();
  const network = (subnet: string): ConfigObject => ({
    ...port('net', 1),
    references: { 'network-ipam': [{ uuid: uuid(5), attr: { ipam_subnets: [subnet] } }] },
  });
  t.match(parts.of(network('a'), undefined).references['network-ipam'], [{ attr: { ipam_subnets: ['a'] } }]);
  t.match(parts.of(network('b'), undefined).references['network-ipam'], [{ attr: { ipam_subnets: ['b'] } }]);
  t.end();
});
