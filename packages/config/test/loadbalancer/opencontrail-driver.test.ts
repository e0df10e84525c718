import t, { type Test } from 'tap';
import {
  VirtualRouters,
  type ConfigObject,
  type VirtualRouterChange,
  type VirtualRouterSettings,
} from '@vaportrail/schema';
import { ConfigDatabase, EmbeddedStore, LoadBalancerDrivers, OpencontrailDriver } from '../../src/index.ts';
import { book, SERVICE, type Book } from '../book.ts';

const VIP = '10.96.89.48';

interface Scene {
  readonly database: ConfigDatabase;
  readonly drivers: LoadBalancerDrivers;
  readonly routers: VirtualRouters;
  readonly lab: Book;
  settings(node: string): VirtualRouterSettings;
  /** A proxied load balancer with a pod behind it. */
  service(): Promise<{ balancer: ConfigObject; pool: ConfigObject; vmi: ConfigObject; member: ConfigObject }>;
}

async function scene(t: Test): Promise<Scene> {
  const store = EmbeddedStore.open(t.testdir({}));
  const database = await ConfigDatabase.open(store);
  const drivers = new LoadBalancerDrivers(database);
  drivers.start();
  const routers = new VirtualRouters(database);
  t.teardown(async () => {
    routers.close();
    await drivers.stop();
    database.close();
    await store.close();
  });
  const lab = await book(database);
  return {
    database,
    drivers,
    routers,
    lab,
    settings: (node) => routers.settings(node)!,
    async service() {
      const made = await lab.service('web', SERVICE, VIP);
      await database.update('loadbalancer', SERVICE, {
        properties: { loadbalancer_provider: 'opencontrail' },
      });
      const pod = await lab.pod('web-1', 'cent222');
      const member = await lab.member(made.pool, pod, 8080);
      await drivers.settled();
      return { ...made, member };
    },
  };
}

/** LOCAL_PREF and addresses of what a node carries for the load balancer. */
function carried(settings: VirtualRouterSettings): unknown {
  const [balancer] = settings['load-balancers'];
  const one = settings.interfaces.find(({ name }) => name === balancer?.interface);
  return (
    one && {
      preference: one.preference,
      address: one.address,
      floating: one['floating-ips'].map(({ address, 'port-maps': maps, direction }) => [
        address,
        maps,
        direction,
      ]),
    }
  );
}

t.test('two nodes carry the address of a load balancer and its floating IP, one preferred', async (t) => {
  const { database, lab, settings, drivers, service } = await scene(t);
  const { vmi, member } = await service();
  const floatingIp = await database.create('floating-ip', {
    fqName: [...lab.pool.fqName, 'external'],
    parent: lab.pool,
    references: { 'virtual-machine-interface': [{ uuid: vmi.uuid, attr: null }] },
  });
  await drivers.settled();
  const floating = [[floatingIp.properties['floating_ip_address'], [], 'both']];
  t.same(carried(settings('cent222')), { preference: 200, address: [VIP], floating });
  t.same(carried(settings('cent333')), { preference: 100, address: [VIP], floating });
  t.match(settings('cent333')['load-balancers'], [
    {
      uuid: SERVICE,
      address: VIP,
      problems: [],
      listeners: [
        {
          protocol: 'TCP',
          port: 8888,
          pool: {
            method: 'ROUND_ROBIN',
            members: [{ uuid: member.uuid, port: 8080, weight: 1, enabled: true }],
          },
        },
      ],
    },
  ]);
  const [listener] = settings('cent333')['load-balancers'][0]!.listeners;
  t.match(listener!.pool.members[0]!.address, /^10\.47\.255\.\d+$/, 'the address of the interface it names');
});

t.test('a change of a member, a pool or a monitor reaches both nodes as one step', async (t) => {
  const { database, routers, drivers, service, lab } = await scene(t);
  const { member, pool } = await service();
  const heard: VirtualRouterChange[][] = [];
  t.teardown(routers.follow('cent333', (changes) => heard.push([...changes])));
  heard.length = 0;
  const step = async (): Promise<VirtualRouterChange[]> => {
    await drivers.settled();
    await new Promise((resolve) => setTimeout(resolve, 20));
    return heard.splice(0).flat();
  };
  await database.update('loadbalancer-member', member.uuid, {
    properties: { loadbalancer_member_properties: { protocol_port: 8080, weight: 7 } },
  });
  t.match(await step(), [
    { type: 'set-load-balancer', 'load-balancer': { listeners: [{ pool: { members: [{ weight: 7 }] } }] } },
  ]);
  const monitor = await database.create('loadbalancer-healthmonitor', {
    fqName: [...lab.project.fqName, 'alive'],
    parent: lab.project,
    properties: {
      loadbalancer_healthmonitor_properties: {
        monitor_type: 'HTTP',
        delay: 2,
        url_path: '/health',
        max_retries: 4,
      },
    },
  });
  await database.update('loadbalancer-pool', pool.uuid, {
    properties: {
      loadbalancer_pool_properties: { loadbalancer_method: 'SOURCE_IP', session_persistence: 'HTTP_COOKIE' },
    },
    references: { 'loadbalancer-healthmonitor': [{ uuid: monitor.uuid, attr: null }] },
  });
  t.match(await step(), [
    {
      type: 'set-load-balancer',
      'load-balancer': {
        problems: [/HTTP_COOKIE needs the protocol HTTP/],
        listeners: [
          {
            pool: {
              method: 'SOURCE_IP',
              'health-monitor': { type: 'HTTP', delay: 2, path: '/health', 'max-retries': 4 },
            },
          },
        ],
      },
    },
  ]);
  await database.update('loadbalancer-healthmonitor', monitor.uuid, {
    properties: { loadbalancer_healthmonitor_properties: { monitor_type: 'HTTP', url_path: '/\nglobal' } },
  });
  const [change] = await step();
  t.match(change, {
    'load-balancer': { problems: [/HTTP_COOKIE/, /url_path "\/\\nglobal" cannot be used/] },
  });
  await database.delete('loadbalancer-member', member.uuid);
  t.match(await step(), [{ 'load-balancer': { listeners: [{ pool: { members: [] } }] } }]);
});

t.test('what goes takes everything along: the load balancer, its provider, its node', async (t) => {
  const { database, drivers, settings, service } = await scene(t);
  const { balancer, vmi } = await service();
  const machines = (): string[] =>
    [...database.graph.ofType('virtual-machine')]
      .map(({ fqName }) => fqName[0]!)
      .filter((name) => /web__/.test(name));
  t.equal(machines().length, 2);

  // The node of the active goes: with a third node the active moves there, the standby stays.
  const system = database.byName('global-system-config', ['default-global-system-config']);
  await database.create('virtual-router', {
    fqName: [...system.fqName, 'cent444'],
    parent: system,
    properties: { virtual_router_ip_address: '10.169.25.22' },
  });
  await drivers.settled();
  t.same(settings('cent444')['load-balancers'], [], 'a new node changes nothing');
  const cent222 = database.byName('virtual-router', [...system.fqName, 'cent222']);
  await database.delete('virtual-router', cent222.uuid);
  await drivers.settled();
  t.match(carried(settings('cent444')), { preference: 200, address: [VIP] });
  t.match(carried(settings('cent333')), { preference: 100, address: [VIP] });

  await database.update('loadbalancer', balancer.uuid, { properties: { loadbalancer_provider: 'native' } });
  await drivers.settled();
  t.same(machines(), []);
  t.same(settings('cent333')['load-balancers'], []);
  const [instanceIp] = database.graph.referrers(vmi.uuid, 'instance-ip');
  t.same(instanceIp!.references['virtual-machine-interface'], [{ uuid: vmi.uuid, attr: null }]);

  await database.update('loadbalancer', balancer.uuid, {
    properties: { loadbalancer_provider: 'opencontrail' },
  });
  await drivers.settled();
  t.equal(machines().length, 2, 'and back');
  for (const listener of database.graph.referrers(balancer.uuid, 'loadbalancer-listener')) {
    for (const pool of database.graph.referrers(listener.uuid, 'loadbalancer-pool')) {
      for (const { uuid } of database.graph.children(pool.uuid))
        await database.delete('loadbalancer-member', uuid);
      await database.delete('loadbalancer-pool', pool.uuid);
    }
    await database.delete('loadbalancer-listener', listener.uuid);
  }
  await database.delete('loadbalancer', balancer.uuid);
  await drivers.settled();
  t.same(machines(), []);
});

t.test(
  'a driver that begins anew writes nothing, and removes what is left of load balancers that went',
  async (t) => {
    const { database, drivers, service } = await scene(t);
    const { balancer } = await service();
    await drivers.stop();
    const written: string[] = [];
    const unfollow = database.follow(({ type, object }) => written.push(`${type} ${object.type}`));
    const again = new OpencontrailDriver(database);
    again.start();
    await again.settled();
    t.same(written, []);
    await again.stop();
    unfollow();
    await database.update('loadbalancer', balancer.uuid, { properties: { loadbalancer_provider: 'native' } });
    const third = new OpencontrailDriver(database);
    third.start();
    t.teardown(() => third.stop());
    await third.settled();
    t.notOk([...database.graph.ofType('virtual-machine')].some(({ fqName }) => /web__/.test(fqName[0]!)));
  },
);

t.test('what a proxy cannot do is said and left out; one node is better than none', async (t) => {
  const { database, drivers, settings, service, lab } = await scene(t);
  const cent333 = database.byName('virtual-router', ['default-global-system-config', 'cent333']);
  await database.delete('virtual-router', cent333.uuid);
  const { balancer } = await service();
  await lab.listener(balancer, 53, 'UDP');
  await database.create('loadbalancer-listener', {
    fqName: [...lab.project.fqName, 'bare'],
    parent: lab.project,
    properties: { loadbalancer_listener_properties: { protocol: 'HTTP', protocol_port: 80 } },
    references: { loadbalancer: [{ uuid: balancer.uuid, attr: null }] },
  });
  await drivers.settled();
  const [one] = settings('cent222')['load-balancers'];
  t.same(
    one!.listeners.map(({ port }) => port),
    [8888],
  );
  t.same([...one!.problems].toSorted(), [
    'listener 53: UDP is not for a proxy: use the provider native',
    'listener 80: it has no pool',
  ]);
});
