/** The part of the configuration that a node may see, held against all of it, with the drivers at work. */
import { isDeepStrictEqual } from 'node:util';
import {
  concernedBy,
  linksInPart,
  machinesOfRouter,
  routerPart,
  ToldGraph,
  virtualRouterSettings,
  writtenNode,
  type ConfigObject,
  type ObjectGraph,
  type VirtualRouterSettings,
  type WrittenLink,
  type WrittenNode,
} from '@vaportrail/schema';
import t, { type Test } from 'tap';
import { ConfigDatabase, EmbeddedStore, LoadBalancerDrivers } from '../src/index.ts';
import { book, SERVICE, type Book } from './book.ts';

const nodes = ['cent222', 'cent333'] as const;

function written(router: ConfigObject, graph: ObjectGraph): (WrittenNode | WrittenLink)[] {
  const machines = machinesOfRouter(router, [], graph);
  const part = routerPart(router, machines, graph);
  const objects = [...part.values()];
  return [
    ...objects.map(writtenNode),
    ...objects.flatMap((object) => linksInPart(object, part, machines, graph)),
  ];
}

/** What a node makes of what it is told; lists that have no order in order. */
function derived(router: string, graph: ObjectGraph): VirtualRouterSettings | undefined {
  const object = graph.byName('virtual-router', ['default-global-system-config', router]);
  if (object === undefined) return undefined;
  const settings = virtualRouterSettings(object, graph);
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
  return { ...settings, interfaces: settings.interfaces.toSorted(byName) };
}

interface Scene {
  readonly database: ConfigDatabase;
  readonly lab: Book;
  /** Waits for the drivers, and holds every node's part against the whole. */
  same(message: string): Promise<void>;
  part(node: string): (WrittenNode | WrittenLink)[];
}

async function scene(t: Test): Promise<Scene> {
  const store = EmbeddedStore.open(t.testdir({}));
  const database = await ConfigDatabase.open(store);
  const drivers = new LoadBalancerDrivers(database);
  drivers.start();
  const { graph } = database;
  const routerOf = (node: string): ConfigObject | undefined =>
    graph.byName('virtual-router', ['default-global-system-config', node]);
  const part = (node: string): (WrittenNode | WrittenLink)[] => {
    const router = routerOf(node);
    return router === undefined ? [] : written(router, graph);
  };
  // Whatever changes what a node may see is an event that concerns something that it sees.
  const seen = new Map<string, { part: unknown; uuids: ReadonlySet<string> }>();
  const unfollow = database.follow((event) => {
    const concerned = concernedBy(event);
    for (const node of nodes) {
      const before = seen.get(node);
      const router = routerOf(node);
      const now = part(node);
      const changed = !isDeepStrictEqual(before?.part, now);
      if (changed && before !== undefined && ![...concerned].some((uuid) => before.uuids.has(uuid)))
        t.fail(`${event.type} ${event.object.type} ${event.object.fqName.join(':')} was not for ${node}`);
      if (router === undefined) continue;
      const uuids = new Set(routerPart(router, machinesOfRouter(router, [], graph), graph).keys());
      seen.set(node, { part: now, uuids });
    }
  });
  t.teardown(async () => {
    unfollow();
    await drivers.stop();
    database.close();
    await store.close();
  });
  const lab = await book(database);
  return {
    database,
    lab,
    part,
    async same(message) {
      await drivers.settled();
      for (const node of nodes) {
        const told = new ToldGraph((error) => t.fail(String(error)));
        // In the worst order there is.
        t.same(told.put(part(node).toReversed()), []);
        t.same(derived(node, told.graph), derived(node, graph), `${message}: ${node}`);
      }
    },
  };
}

function names(part: readonly (WrittenNode | WrittenLink)[], type: string): string[] {
  return part.flatMap((one) => (one.kind === 'node' && one.type === type ? [one.name] : []));
}

t.test('what a node makes of its part is what all of the configuration says of it', async (t) => {
  const { database, lab, same, part } = await scene(t);
  await same('nothing is there');
  const first = await lab.pod('web-1', 'cent222');
  const second = await lab.pod('web-2', 'cent333');
  const other = await lab.pod('other', 'cent333');
  await same('pods');
  const { pool, vmi, balancer } = await lab.service('service-web-lb', SERVICE, '10.96.89.48');
  await database.create('floating-ip', {
    fqName: [...lab.pool.fqName, 'external'],
    parent: lab.pool,
    references: { 'virtual-machine-interface': [{ uuid: vmi.uuid, attr: null }] },
  });
  await same('a service without members');
  await lab.member(pool, first, 80);
  const member = await lab.member(pool, second, 8080);
  await same('members with ports of their own');
  t.same(names(part('cent222'), 'loadbalancer-member').length, 1, 'a node is told of its own members');
  t.notOk(
    names(part('cent222'), 'virtual-machine-interface').some((name) => name.endsWith(':other')),
    'and of nobody else’s workloads',
  );
  const udp = await lab.listener(balancer, 53, 'UDP');
  await lab.member(udp, second, 5353);
  await same('another listener');
  await database.delete('loadbalancer-member', member.uuid);
  await same('a member that left');
  const group = await database.create('security-group', {
    fqName: [...lab.project.fqName, 'web'],
    parent: lab.project,
    properties: { security_group_id: 8_000_001 },
  });
  await database.update('virtual-machine-interface', other.uuid, {
    references: { 'security-group': [{ uuid: group.uuid, attr: null }] },
    properties: { virtual_machine_interface_mac_addresses: { mac_address: ['02:11:22:33:44:55'] } },
  });
  await same('security group and MAC');
  await database.update('loadbalancer', SERVICE, { properties: { loadbalancer_provider: 'opencontrail' } });
  await same('a proxy on each node');
  const monitor = await database.create('loadbalancer-healthmonitor', {
    fqName: [...lab.project.fqName, 'alive'],
    parent: lab.project,
    properties: { loadbalancer_healthmonitor_properties: { monitor_type: 'HTTP', delay: 3, url_path: '/' } },
  });
  await database.update('loadbalancer-pool', pool.uuid, {
    references: { 'loadbalancer-healthmonitor': [{ uuid: monitor.uuid, attr: null }] },
  });
  await same('with a health monitor');
  const machine = first.references['virtual-machine']![0]!.uuid;
  const [from, to] = nodes.map((node) =>
    database.byName('virtual-router', ['default-global-system-config', node]),
  ) as [ConfigObject, ConfigObject];
  await database.changeReference('virtual-router', from.uuid, 'virtual-machine', machine, 'DELETE', null);
  await same('a workload on no node');
  await database.changeReference('virtual-router', to.uuid, 'virtual-machine', machine, 'ADD', null);
  await same('a workload that moved');
});

t.test('a workload is seen where it is plugged in, unless configuration puts it elsewhere', async (t) => {
  const { database, lab } = await scene(t);
  const { graph } = database;
  const pod = await lab.pod('web-1', 'cent222');
  const machine = pod.references['virtual-machine']![0]!.uuid;
  const [first, second] = nodes.map((node) =>
    database.byName('virtual-router', ['default-global-system-config', node]),
  ) as [ConfigObject, ConfigObject];
  t.same([...machinesOfRouter(second, [machine], graph)], [], 'it is on another node');
  await database.changeReference('virtual-router', first.uuid, 'virtual-machine', machine, 'DELETE', null);
  const machines = machinesOfRouter(second, [machine], graph);
  t.same([...machines], [machine]);
  const part = routerPart(second, machines, graph);
  const links = linksInPart(second, part, machines, graph);
  t.match(
    links.filter(({ kind }) => kind === 'link'),
    [{ metadata: 'global-system-config-virtual-router' }, { metadata: 'virtual-router-virtual-machine' }],
  );
  const told = new ToldGraph((error) => t.fail(String(error)));
  told.put([
    ...[...part.values()].map(writtenNode),
    ...[...part.values()].flatMap((object) => linksInPart(object, part, machines, graph)),
  ]);
  t.match(derived('cent333', told.graph)?.interfaces, [{ vrf: /k8s-ns-user-1-pod-network$/ }]);
});

t.test('nodes and links have the names of Contrail’s schema', async (t) => {
  const { lab, part } = await scene(t);
  await lab.pod('web-1', 'cent222');
  const told = part('cent222');
  const metadata = new Set(told.flatMap((one) => (one.kind === 'link' ? [one.metadata] : [])));
  t.same([...metadata].toSorted(), [
    'global-system-config-virtual-router',
    'instance-ip-virtual-machine-interface',
    'instance-ip-virtual-network',
    'virtual-machine-interface-routing-instance',
    'virtual-machine-interface-virtual-machine',
    'virtual-machine-interface-virtual-network',
    'virtual-network-network-ipam',
    'virtual-network-routing-instance',
    'virtual-router-virtual-machine',
  ]);
  const at = (type: string): WrittenNode =>
    told.find((one): one is WrittenNode => one.kind === 'node' && one.type === type)!;
  t.match(at('virtual-machine-interface-routing-instance'), {
    name: /^attr\(default-domain:k8s-ns-user-1:web-1,default-domain:.*pod-network:k8s-ns-user-1-pod-network\)$/,
    properties: [{ name: 'value', value: [{ name: 'direction', value: 'both' }] }],
  });
  t.match(at('virtual-network-network-ipam').properties, [
    { name: 'value', value: [{ name: 'ipam-subnets', value: [{ name: 'subnet' }, {}, {}, {}] }] },
  ]);
  const properties = at('instance-ip').properties.map(({ name }) => name);
  t.ok(properties.includes('instance-ip-address'));
  t.ok(properties.includes('id-perms'));
  t.ok(properties.includes('display-name'));
});
