import fc from 'fast-check';
import t from 'tap';
import type { ConfigObject } from '../src/config-object.ts';
import { linkTypes, parentType, referenceType } from '../src/link-type.ts';
import { checkedProperties } from '../src/config-object.ts';
import { readAttribute, readNode, writtenLinks, writtenNode } from '../src/written-object.ts';
import type { ObjectTypeName } from '../src/object-type.ts';

const uuid = 'c3a10000-1234-4abc-8def-fedcba987654';
const idPerms = {
  enable: true,
  created: '2026-01-01T00:00:00.000Z',
  last_modified: '2026-01-02T00:00:00.000Z',
  user_visible: false,
  creator: 'kube',
  description: null,
};

function object(type: ObjectTypeName, properties: Record<string, unknown>): ConfigObject {
  return {
    type,
    uuid,
    fqName: ['default-domain', 'demo', 'web'],
    parent: undefined,
    properties,
    references: {},
    idPerms,
  };
}

/** Properties of every kind that there are: texts, numbers, flags, lists, lists of structures. */
const examples: readonly (readonly [ObjectTypeName, Record<string, unknown>])[] = [
  ['global-system-config', { autonomous_system: 4_200_000_000 }],
  ['network-ipam', { ipam_subnets: { subnets: [{ subnet: { ip_prefix: 'fd00::', ip_prefix_len: 64 } }] } }],
  [
    'virtual-network',
    {
      virtual_network_network_id: 5,
      route_target_list: { route_target: ['target:500:500', 'target:64512:8000003'] },
      import_route_target_list: { route_target: [] },
      router_external: false,
      is_shared: true,
    },
  ],
  [
    'virtual-machine-interface',
    {
      virtual_machine_interface_properties: { local_preference: 0, service_interface_type: 'right' },
      virtual_machine_interface_mac_addresses: { mac_address: ['02:55:b4:9e:32:b8', '02:55:b4:9e:32:b9'] },
      annotations: {
        key_value_pair: [
          { key: 'a&b', value: '<c>' },
          { key: '', value: ' ' },
        ],
      },
      display_name: 'éß\n日',
    },
  ],
  [
    'floating-ip',
    {
      floating_ip_address: '172.16.0.3',
      floating_ip_port_mappings_enable: true,
      floating_ip_port_mappings: {
        port_mappings: [
          { protocol: 'TCP', src_port: 80, dst_port: 8080 },
          { protocol: 'UDP', src_port: 53, dst_port: 5353 },
        ],
      },
    },
  ],
  [
    'loadbalancer-member',
    { loadbalancer_member_properties: { protocol_port: 80, weight: 1, admin_state: true } },
  ],
];

t.test('what is written is read as it was', async (t) => {
  for (const [type, properties] of examples) {
    const { properties: written, name } = writtenNode(object(type, checkedProperties(type, properties)));
    t.equal(name, 'default-domain:demo:web');
    const read = readNode(type, name, written);
    t.same(read.problems, [], type);
    const { display_name: named, ...others } = read.properties as Record<string, unknown>;
    const { display_name: given = 'web', ...wanted } = properties;
    t.same(others, wanted, type);
    t.equal(named, given);
    t.equal(read.uuid, uuid);
    t.same(read.idPerms, idPerms);
  }
});

t.test(
  'a UUID is read as two numbers of 64 bits, with a sign or without, or made from the name',
  async (t) => {
    const read = (ms: string, ls: string, name = 'web'): string =>
      readNode('virtual-machine', name, [
        {
          name: 'id-perms',
          value: [
            {
              name: 'uuid',
              value: [
                { name: 'uuid-mslong', value: ms },
                { name: 'uuid-lslong', value: ls },
              ],
            },
          ],
        },
      ]).uuid;
    t.equal(read(String(0xc3a1000012344abcn), String(0x8deffedcba987654n)), uuid);
    t.equal(read('-1', '-1'), 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    t.equal(read('0', '1'), '00000000-0000-0000-0000-000000000001');
    const made = read('x', '1');
    t.match(made, /^[0-9a-f]{8}-[0-9a-f]{4}-8/);
    t.equal(read('', ''), made, 'the same each time');
    t.equal(read('', '', uuid), uuid, 'a workload’s name is its UUID');
  },
);

t.test('what a row does not know is passed over, and what does not fit it is left out', async (t) => {
  const { properties, problems } = readNode('floating-ip', 'x', [
    { name: 'from-a-later-release', value: [{ name: 'a', value: 'b' }] },
    { name: 'floating-ip-address', value: '10.0.0.999' },
    { name: 'floating-ip-port-mappings-enable', value: 'perhaps' },
    { name: 'floating-ip-is-virtual-ip', value: 'true' },
    { name: 'floating-ip-address-family', value: [{ name: 'deep', value: 'v4' }] },
    {
      name: 'floating-ip-port-mappings',
      value: [
        {
          name: 'port-mappings',
          value: [
            { name: 'protocol', value: 'TCP' },
            { name: 'src-port', value: '80' },
            { name: 'dst-port', value: '1e3' },
          ],
        },
      ],
    },
  ]);
  t.same(properties, { floating_ip_is_virtual_ip: true });
  t.match(problems, [
    /^floating-ip x: floating-ip-address: /,
    /floating-ip-address-family/,
    /floating-ip-port-mappings-enable/,
    /floating-ip-port-mappings: /,
  ]);
});

t.test('nothing that stands in a node makes reading it throw', async (t) => {
  const property = fc.letrec((tie) => ({
    property: fc.record({
      name: fc.oneof(
        fc.constantFrom(
          'id-perms',
          'uuid',
          'uuid-mslong',
          'annotations',
          'key-value-pair',
          'floating-ip-port-mappings',
          'port-mappings',
          'src-port',
          '__proto__',
          'constructor',
        ),
        fc.string(),
      ),
      value: fc.oneof(
        fc.string(),
        fc.constantFrom('1', '-1', 'true', '9'.repeat(30)),
        fc.array(tie('property'), { maxLength: 4 }),
      ),
    }),
  })).property as fc.Arbitrary<{ name: string; value: string }>;
  fc.assert(
    fc.property(
      fc.array(property, { maxLength: 6 }),
      fc.constantFrom<ObjectTypeName>('floating-ip', 'virtual-network', 'virtual-machine-interface'),
      (given, type) => {
        readNode(type, 'x', given);
        readAttribute(linkTypes.get('virtual-network-network-ipam')!, given);
      },
    ),
    { numRuns: 300 },
  );
  t.pass('it does not');
});

t.test('links are called after their ends, the parent or the one that refers first', async (t) => {
  const network = { type: 'virtual-network', name: 'd:p:n' };
  const instance = { type: 'routing-instance', name: 'd:p:n:n' };
  t.same(writtenLinks(parentType('routing-instance', 'virtual-network'), instance, network, null), [
    { kind: 'link', ends: [network, instance], metadata: 'virtual-network-routing-instance' },
  ]);
  const ipam = { type: 'network-ipam', name: 'd:p:i' };
  const subnets = { ipam_subnets: [{ subnet: { ip_prefix: '10.0.0.0', ip_prefix_len: 8 } }] };
  const type = referenceType('virtual-network', 'network-ipam');
  const [between, ...links] = writtenLinks(type, network, ipam, subnets);
  t.match(between, { kind: 'node', type: 'virtual-network-network-ipam', name: 'attr(d:p:n,d:p:i)' });
  t.match(links, [
    { ends: [{ type: 'virtual-network-network-ipam' }, network], metadata: 'virtual-network-network-ipam' },
    { ends: [{ type: 'virtual-network-network-ipam' }, ipam], metadata: 'virtual-network-network-ipam' },
  ]);
  t.same(between?.kind === 'node' && readAttribute(type, between.properties), subnets);
  t.equal(referenceType('routing-instance', 'route-target').name, 'instance-target');
});
