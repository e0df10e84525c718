import t, { type Test } from 'tap';
import type { ConfigObject } from '@vaportrail/schema';
import { ConfigDatabase, EmbeddedStore, type Store } from '../src/index.ts';

/** A network `d:p:NAME` with a subnet of its own, in a store of its own unless one is given. */
async function network(
  t: Test,
  subnet: string,
  more: { store?: Store; properties?: Record<string, unknown> } = {},
): Promise<{ database: ConfigDatabase; store: Store; project: ConfigObject; network: ConfigObject }> {
  const store = more.store ?? EmbeddedStore.open(t.testdir({}));
  const database = await ConfigDatabase.open(store);
  t.teardown(async () => {
    database.close();
    await store.close();
  });
  const domain = await database.create('domain', { fqName: ['d'] });
  const project = await database.create('project', { fqName: ['d', 'p'], parent: domain });
  const ipam = await database.create('network-ipam', { fqName: ['d', 'p', 'ipam'], parent: project });
  const [ip_prefix, length] = subnet.split('/');
  const attr = { ipam_subnets: [{ subnet: { ip_prefix, ip_prefix_len: Number(length) } }] };
  const made = await database.create('virtual-network', {
    fqName: ['d', 'p', 'net'],
    parent: project,
    properties: more.properties ?? {},
    references: { 'network-ipam': [{ uuid: ipam.uuid, attr }] },
  });
  return { database, store, project, network: made };
}

function instanceIp(
  database: ConfigDatabase,
  network: ConfigObject,
  name: string,
  address?: string,
): Promise<ConfigObject> {
  return database.create('instance-ip', {
    fqName: [name],
    properties: address === undefined ? {} : { instance_ip_address: address },
    references: { 'virtual-network': [{ uuid: network.uuid, attr: null }] },
  });
}

t.test('addresses come from the top of a subnet, once each, and again when they are free', async (t) => {
  const { database, network: net } = await network(t, '10.0.0.0/29');
  const made = await Promise.all(['a', 'b', 'c'].map((name) => instanceIp(database, net, name)));
  const addresses = made.map(({ properties }) => properties['instance_ip_address']);
  t.same(addresses, ['10.0.0.4', '10.0.0.3', '10.0.0.2']);
  t.equal((await instanceIp(database, net, 'd')).properties['instance_ip_address'], '10.0.0.1');
  await t.rejects(instanceIp(database, net, 'e'), {
    status: 409,
    message: 'no address is left in virtual-network d:p:net (10.0.0.0/29)',
  });
  await database.delete('instance-ip', made[1]!.uuid);
  t.equal((await instanceIp(database, net, 'f')).properties['instance_ip_address'], '10.0.0.3');
});

t.test('an address that is asked for must be one of the subnet that nobody has', async (t) => {
  const { database, network: net } = await network(t, '10.0.0.0/24');
  await instanceIp(database, net, 'a', '10.0.0.252');
  await t.rejects(instanceIp(database, net, 'b', '10.0.0.252'), {
    status: 409,
    message: '10.0.0.252 is taken by instance-ip a',
  });
  await t.rejects(instanceIp(database, net, 'b', '10.0.1.1'), { status: 400, message: /10\.0\.0\.0\/24/ });
  await t.rejects(instanceIp(database, net, 'b', '10.0.0.254'), { status: 400, message: /gives out/ });
  const next = await instanceIp(database, net, 'b');
  t.equal(next.properties['instance_ip_address'], '10.0.0.251');
  const moved = await database.update('instance-ip', next.uuid, {
    properties: { instance_ip_address: '10.0.0.9' },
  });
  t.equal(moved.properties['instance_ip_address'], '10.0.0.9');
  t.equal((await instanceIp(database, net, 'c')).properties['instance_ip_address'], '10.0.0.251');
});

t.test('networks with a flat IPAM share its addresses', async (t) => {
  const { database, project } = await network(t, '10.9.0.0/24');
  const flat = await database.create('network-ipam', {
    fqName: ['d', 'p', 'pods'],
    parent: project,
    properties: {
      ipam_subnet_method: 'flat-subnet',
      ipam_subnets: { subnets: [{ subnet: { ip_prefix: '10.32.0.0', ip_prefix_len: 12 } }] },
    },
  });
  const networks = await Promise.all(
    ['one', 'two'].map((name) =>
      database.create('virtual-network', {
        fqName: ['d', 'p', name],
        parent: project,
        properties: { address_allocation_mode: 'flat-subnet-only' },
        references: { 'network-ipam': [{ uuid: flat.uuid, attr: { ipam_subnets: [] } }] },
      }),
    ),
  );
  const addresses = [];
  for (const one of networks)
    addresses.push(
      (await instanceIp(database, one, `in ${one.fqName[2]}`)).properties['instance_ip_address'],
    );
  t.same(addresses, ['10.47.255.252', '10.47.255.251']);
  await t.rejects(database.update('network-ipam', flat.uuid, { properties: { ipam_subnets: null } }), {
    status: 409,
    message: /10\.32\.0\.0\/12 are still in use/,
  });
});

t.test('floating IPs of a pool take theirs from its network, one below another', async (t) => {
  const { database, network: net } = await network(t, '101.101.101.0/24');
  const pool = await database.create('floating-ip-pool', { fqName: [...net.fqName, 'pool'], parent: net });
  const floatingIp = (name: string, address?: string): Promise<ConfigObject> =>
    database.create('floating-ip', {
      fqName: [...pool.fqName, name],
      parent: pool,
      properties: address === undefined ? {} : { floating_ip_address: address },
    });
  t.equal((await floatingIp('a')).properties['floating_ip_address'], '101.101.101.252');
  await t.rejects(floatingIp('b', '102.0.0.1'), { status: 400, message: /101\.101\.101\.0\/24/ });
  t.equal((await floatingIp('c', '101.101.101.1')).properties['floating_ip_address'], '101.101.101.1');
});

t.test('overlapping subnets and gateways from elsewhere are refused', async (t) => {
  const { database, network: net } = await network(t, '10.0.0.0/24');
  const [reference] = net.references['network-ipam']!;
  t.match(reference!.attr, {
    ipam_subnets: [{ default_gateway: '10.0.0.254', dns_server_address: '10.0.0.253', subnet_uuid: /-/ }],
  });
  const change = (ip_prefix: string, ip_prefix_len: number, more = {}): Promise<ConfigObject> =>
    database.update('virtual-network', net.uuid, {
      references: {
        'network-ipam': [
          {
            uuid: reference!.uuid,
            attr: {
              ipam_subnets: [
                { subnet: { ip_prefix: '10.0.0.0', ip_prefix_len: 24 } },
                { subnet: { ip_prefix, ip_prefix_len }, ...more },
              ],
            },
          },
        ],
      },
    });
  await t.rejects(change('10.0.0.128', 25), {
    status: 400,
    message: /10\.0\.0\.128\/25 overlaps 10\.0\.0\.0\/24/,
  });
  await t.rejects(change('10.0.1.0', 33), { status: 400, message: /0–32/ });
  await t.rejects(change('10.0.1.0', 24, { default_gateway: '10.0.0.1' }), {
    status: 400,
    message: /gateway/,
  });
  await change('10.0.1.0', 24);
});

t.test(
  'a virtual network comes with its number, routing instance and route targets, and leaves with them',
  async (t) => {
    const { database, network: net } = await network(t, '10.0.0.0/24', {
      properties: { route_target_list: { route_target: ['target:500:500'] } },
    });
    t.equal(net.properties['virtual_network_network_id'], 1);
    const targets = (of: ConfigObject): string[] => {
      const instance = database.graph.byName('routing-instance', [...of.fqName, of.fqName[2]!])!;
      return database.graph.references(instance, 'route-target').map(({ fqName }) => fqName[0]!);
    };
    t.same(targets(net), ['target:64512:8000001', 'target:500:500']);
    const parent = database.byName('project', ['d', 'p']);
    const other = await database.create('virtual-network', {
      fqName: ['d', 'p', 'other'],
      parent,
      properties: { import_route_target_list: { route_target: ['target:500:500'] } },
    });
    t.same(targets(other), ['target:64512:8000002', 'target:500:500']);
    const changed = await database.update('virtual-network', other.uuid, {
      properties: {
        import_route_target_list: null,
        export_route_target_list: { route_target: ['target:1:1'] },
      },
    });
    t.same(targets(changed), ['target:64512:8000002', 'target:1:1']);
    await t.rejects(
      database.update('virtual-network', other.uuid, {
        properties: { route_target_list: { route_target: ['target:64512:8000001'] } },
      }),
      { status: 400, message: /given out in AS 64512/ },
    );
    await database.delete('virtual-network', net.uuid);
    t.equal(database.graph.byName('route-target', ['target:500:500']), undefined);
    t.equal(database.graph.byName('routing-instance', ['d', 'p', 'net', 'net']), undefined);
    const third = await database.create('virtual-network', { fqName: ['d', 'p', 'third'], parent });
    t.same([third.properties['virtual_network_network_id'], targets(third)[0]], [1, 'target:64512:8000001']);
  },
);

t.test('an AS of four octets leaves small numbers for route targets', async (t) => {
  const store = EmbeddedStore.open(t.testdir({}));
  const database = await ConfigDatabase.open(store);
  await database.create('global-system-config', {
    fqName: ['default-global-system-config'],
    properties: { autonomous_system: 4_200_000_000 },
  });
  const domain = await database.create('domain', { fqName: ['d'] });
  const project = await database.create('project', { fqName: ['d', 'p'], parent: domain });
  await database.create('virtual-network', { fqName: ['d', 'p', 'n'], parent: project });
  t.ok(database.graph.byName('route-target', ['target:4200000000:8001']));
  database.close();
  await store.close();
});

t.test('two config nodes on one store never give out the same', async (t) => {
  const { database, store, network: net } = await network(t, '10.0.0.0/16');
  const other = await ConfigDatabase.open(store);
  t.teardown(() => other.close());
  const made = await Promise.all(
    Array.from({ length: 400 }, (_, i) => instanceIp(i % 2 === 0 ? database : other, net, `ip-${i}`)),
  );
  t.equal(new Set(made.map(({ properties }) => properties['instance_ip_address'])).size, 400);
  for (const one of [database, other]) {
    t.equal([...one.graph.ofType('instance-ip')].length, 400);
    t.equal([...one.claims.names(`address/${net.uuid}/10.0.0.0/16`)].length, 400);
  }
});
