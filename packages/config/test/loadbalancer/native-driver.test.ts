import t, { type Test } from 'tap';
import type { ConfigObject } from '@vaportrail/schema';
import { ConfigDatabase, EmbeddedStore, NativeDriver } from '../../src/index.ts';
import { book, SERVICE, type Book } from '../book.ts';

async function running(
  t: Test,
): Promise<{ database: ConfigDatabase; driver: NativeDriver; lab: Book; settled: () => Promise<void> }> {
  const store = EmbeddedStore.open(t.testdir({}));
  const database = await ConfigDatabase.open(store);
  const driver = new NativeDriver(database);
  driver.start();
  t.teardown(async () => {
    await driver.stop();
    database.close();
    await store.close();
  });
  return { database, driver, lab: await book(database), settled: () => driver.settled() };
}

function state({ properties, references }: ConfigObject): Record<string, unknown> {
  const { port_mappings = [] } = (properties['floating_ip_port_mappings'] ?? {}) as {
    port_mappings?: unknown[];
  };
  return {
    address: properties['floating_ip_address'],
    direction: properties['floating_ip_traffic_direction'],
    enabled: properties['floating_ip_port_mappings_enable'],
    maps: port_mappings,
    interfaces: (references['virtual-machine-interface'] ?? []).map(({ uuid }) => uuid).toSorted(),
  };
}

const map = (src_port: number, dst_port: number, protocol = 'TCP'): object => ({
  protocol,
  src_port,
  dst_port,
});

t.test(
  'a service gets the floating IP of its ClusterIP, and its external one, with every member behind',
  async (t) => {
    const { database, lab, settled } = await running(t);
    const { pool, vmi } = await lab.service('service-web-lb', SERVICE, '10.96.89.48');
    const external = await database.create('floating-ip', {
      fqName: [...lab.pool.fqName, 'external'],
      parent: lab.pool,
      references: {
        'virtual-machine-interface': [{ uuid: vmi.uuid, attr: null }],
        project: [{ uuid: lab.project.uuid, attr: null }],
      },
    });
    await settled();
    const cluster = (): ConfigObject =>
      [...database.graph.ofType('floating-ip')].find((one) => one.parent?.type === 'instance-ip')!;
    t.match(state(cluster()), {
      address: '10.96.89.48',
      direction: 'ingress',
      enabled: false,
      interfaces: [],
    });
    t.same(database.graph.references(cluster(), 'project'), [database.get('project', lab.project.uuid)]);
    const pods = [await lab.pod('web-1', 'cent333'), await lab.pod('web-2', 'cent222')];
    const members = [];
    for (const pod of pods) members.push(await lab.member(pool, pod, 80));
    await settled();
    const uuids = pods.map(({ uuid }) => uuid).toSorted();
    t.same(state(cluster()), {
      address: '10.96.89.48',
      direction: 'ingress',
      enabled: true,
      maps: [map(8888, 80)],
      interfaces: uuids,
    });
    const outside = (): Record<string, unknown> => state(database.get('floating-ip', external.uuid));
    t.match(outside(), {
      address: '101.101.101.252',
      direction: 'ingress',
      enabled: true,
      maps: [map(8888, 80)],
      interfaces: [...uuids, vmi.uuid].toSorted(),
    });
    await database.delete('loadbalancer-member', members[0]!.uuid);
    await settled();
    t.same(state(cluster())['interfaces'], [pods[1]!.uuid]);
    await database.delete('loadbalancer-member', members[1]!.uuid);
    await settled();
    t.match(outside(), { enabled: false, maps: [], interfaces: [vmi.uuid] }, 'nobody is left');
  },
);

t.test('TCP and UDP on one number are two maps, and losing one keeps the other', async (t) => {
  const { database, lab, settled } = await running(t);
  const { balancer } = await lab.service('dns', SERVICE, '10.96.0.10');
  const pod = await lab.pod('dns-1', 'cent222');
  await lab.member(await lab.listener(balancer, 53, 'TCP'), pod, 5353);
  const member = await lab.member(await lab.listener(balancer, 53, 'UDP'), pod, 5454);
  await settled();
  const [floatingIp] = database.graph.ofType('floating-ip');
  t.same(state(floatingIp!)['maps'], [map(53, 5353), map(53, 5454, 'UDP')]);
  await database.delete('loadbalancer-member', member.uuid);
  await settled();
  t.same(state(database.get('floating-ip', floatingIp!.uuid))['maps'], [map(53, 5353)]);
});

t.test('a target port that changes reaches the floating IP', async (t) => {
  const { database, lab, settled } = await running(t);
  const { pool } = await lab.service('web', SERVICE, '10.96.89.48');
  const pod = await lab.pod('web-1', 'cent222');
  const member = await lab.member(pool, pod, 80);
  await settled();
  await database.update('loadbalancer-member', member.uuid, {
    properties: { loadbalancer_member_properties: { protocol_port: 8080 } },
  });
  await settled();
  const [floatingIp] = database.graph.ofType('floating-ip');
  t.same(state(floatingIp!)['maps'], [map(8888, 8080)]);
});

t.test(
  'a load balancer that goes leaves its external address to others and takes the inner one along',
  async (t) => {
    const { database, lab, settled } = await running(t);
    const { balancer, pool, vmi } = await lab.service('web', SERVICE, '10.96.89.48');
    const pod = await lab.pod('web-1', 'cent222');
    const member = await lab.member(pool, pod, 80);
    const external = await database.create('floating-ip', {
      fqName: [...lab.pool.fqName, 'external'],
      parent: lab.pool,
      references: { 'virtual-machine-interface': [{ uuid: vmi.uuid, attr: null }] },
    });
    await settled();
    await database.delete('virtual-machine-interface', pod.uuid).then(
      () => t.fail('its instance IP is still there'),
      (error: { status: number }) => t.equal(error.status, 409),
    );
    await database.delete('loadbalancer-member', member.uuid);
    const [listener] = database.graph.references(pool, 'loadbalancer-listener');
    await database.delete('loadbalancer-pool', pool.uuid);
    await database.delete('loadbalancer-listener', listener!.uuid);
    await database.delete('loadbalancer', balancer.uuid);
    // At once, whether the driver has been here or not.
    for (const instanceIp of database.graph.referrers(vmi.uuid, 'instance-ip'))
      await database.delete('instance-ip', instanceIp.uuid);
    await database.delete('virtual-machine-interface', vmi.uuid);
    await settled();
    t.same(
      [...database.graph.ofType('floating-ip')].map(({ uuid }) => uuid),
      [external.uuid],
    );
    t.match(state(database.get('floating-ip', external.uuid)), {
      direction: 'both',
      enabled: false,
      interfaces: [],
    });
  },
);

t.test(
  'what happened while no driver was there is made good at its start, and then nothing is written',
  async (t) => {
    const { database, driver, lab, settled } = await running(t);
    const { pool } = await lab.service('web', SERVICE, '10.96.89.48');
    await settled();
    await driver.stop();
    const pod = await lab.pod('web-1', 'cent222');
    await lab.member(pool, pod, 80);
    const again = new NativeDriver(database);
    again.start();
    await again.settled();
    const [floatingIp] = database.graph.ofType('floating-ip');
    t.match(state(floatingIp!), { maps: [map(8888, 80)], interfaces: [pod.uuid] });
    await again.stop();
    const { sequence } = database;
    const third = new NativeDriver(database);
    third.start();
    await third.settled();
    await third.stop();
    t.equal(database.sequence, sequence, 'a driver that finds all in order writes nothing');
  },
);
