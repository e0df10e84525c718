import { ConfigDatabase, EmbeddedStore, LoadBalancerDrivers, NativeDriver } from '@vaportrail/config';
import { VirtualRouters } from '@vaportrail/schema';
import { traceStops, traceText } from '@vaportrail/show';
import { createHash } from 'node:crypto';
import t from 'tap';
import { KubeManager } from '../src/kube-manager.ts';
import type { KubernetesObject } from '../src/kubernetes-object.ts';
import { serviceChain } from '../src/service-chain.ts';
import { made, poolText, service, serviceUid } from './sample-cluster.ts';
import { base, endpoints, lb, podOf, running } from './sample-manager.ts';

t.test('a namespace, nodes and a public network are there before the first Service', async (t) => {
  const { database, names } = await running(t);
  t.same(names('project').sort(), ['k8s-default', 'k8s-ns-user-1']);
  t.same(names('virtual-router').sort(), ['cent222', 'cent333']);
  const network = database.byName('virtual-network', [
    'default-domain',
    'k8s-ns-user-1',
    'k8s-vn-ns-default-pod-network',
  ]);
  t.same(network.properties['route_target_list'], { route_target: ['target:500:500'] });
  t.same(names('floating-ip-pool'), ['pool-ns-default']);
});

t.test('members follow the pods: up, not ready, ready again, down to zero', async (t) => {
  const { manager, names } = await running(t);
  manager.put(lb());
  manager.put(podOf('a'));
  manager.put(podOf('b', 'cent333'));
  const count = async (ready: string[], notReady: string[] = []): Promise<number> => {
    manager.put(endpoints(ready, notReady));
    await manager.settled();
    return names('loadbalancer-member').length;
  };
  t.equal(await count(['a']), 1);
  t.equal(await count(['a', 'b']), 2, 'scaled up');
  const writes = manager.writes;
  t.equal(await count(['b', 'a']), 2);
  t.equal(manager.writes, writes, 'the same again writes nothing');
  t.equal(await count(['a'], ['b']), 1, 'readiness lost');
  t.equal(manager.writes, writes + 1, 'and that was one write');
  t.equal(await count(['a', 'b']), 2, 'and regained');
  t.equal(await count([]), 0, 'scaled to zero');
  t.equal(names('virtual-machine').length, 2);
});

t.test('a deleted pod leaves nothing behind, not even where a driver hung a floating IP on it', async (t) => {
  const { database, manager, names } = await running(t);
  manager.put(podOf('a'));
  manager.put(lb());
  manager.put(endpoints(['a']));
  await manager.settled();
  const [vmi] = [...database.graph.ofType('virtual-machine-interface')].filter(({ fqName }) =>
    fqName.at(-1)!.startsWith('a__'),
  );
  const [floatingIp] = [...database.graph.ofType('floating-ip')];
  await database.changeReference(
    'floating-ip',
    floatingIp!.uuid,
    'virtual-machine-interface',
    vmi!.uuid,
    'ADD',
    null,
  );
  const router = database.byName('virtual-router', ['default-global-system-config', 'cent222']);
  t.equal(router.references['virtual-machine']?.length, 1);
  manager.remove('Pod ns-user-1/a');
  manager.put(endpoints([]));
  await manager.settled();
  t.same(names('virtual-machine'), []);
  t.same(names('loadbalancer-member'), []);
  t.same(names('virtual-machine-interface'), [`k8s__Service__service-web-clusterip__${serviceUid}`]);
  t.equal(database.graph.get(router.uuid)!.references['virtual-machine']?.length, 0);
  t.equal(names('floating-ip').length, 1, 'the floating IP survives its backends');
});

t.test('a Service that goes takes its objects along, with those of the driver', async (t) => {
  const { database, manager, names } = await running(t);
  const before = database.graph.size;
  manager.put(lb());
  await manager.settled();
  const [ip] = [...database.graph.ofType('instance-ip')];
  await database.create('floating-ip', { fqName: [...ip!.fqName, 'driver'], parent: ip! });
  manager.remove('Service ns-user-1/service-web-clusterip');
  await manager.settled();
  t.same(names('loadbalancer'), []);
  t.equal(database.graph.size, before);
});

t.test(
  'recreated with a new UID, the Service keeps its address and nothing of the old one stays',
  async (t) => {
    const { database, manager } = await running(t);
    manager.put(lb());
    await manager.settled();
    const size = database.graph.size;
    const uid = '11111111-1111-4111-8111-111111111111';
    manager.put({ kind: 'Service', object: service({ type: 'LoadBalancer' }, { uid }) });
    await manager.settled();
    t.equal(database.graph.size, size);
    t.equal(database.graph.get(serviceUid), undefined);
    t.equal(database.graph.get(uid)?.type, 'loadbalancer');
  },
);

t.test('a changed type gives the floating IP back, and ports that are gone go', async (t) => {
  const { manager, names } = await running(t);
  manager.put(
    lb({
      ports: [
        { name: 'a', port: 1 },
        { name: 'b', port: 2 },
      ],
    }),
  );
  await manager.settled();
  t.equal(names('floating-ip').length, 1);
  t.equal(names('loadbalancer-listener').length, 2);
  manager.put({ kind: 'Service', object: service({ ports: [{ name: 'b', port: 2 }] }) });
  await manager.settled();
  t.same(names('floating-ip'), []);
  t.equal(names('loadbalancer-listener').length, 1);
  t.match(names('loadbalancer-listener'), [/TCP-2/]);
});

t.test('a pool that comes later is used as soon as it is there', async (t) => {
  const events: string[] = [];
  const { database, manager, names } = await running(t, {
    event: (_, note) => void events.push(note.reason),
  });
  const text = poolText.replace('pool-ns-default', 'pool-late');
  manager.put({
    kind: 'Service',
    object: service({ type: 'LoadBalancer' }, { annotations: { 'opencontrail.org/fip-pool': text } }),
  });
  await manager.settled();
  t.same(events, ['UnknownFloatingIpPool']);
  const network = database.byName('virtual-network', [
    'default-domain',
    'k8s-ns-user-1',
    'k8s-vn-ns-default-pod-network',
  ]);
  await database.create('floating-ip-pool', { fqName: [...network.fqName, 'pool-late'], parent: network });
  await new Promise(setImmediate);
  await manager.settled();
  t.equal(names('floating-ip').length, 1);
});

t.test('a Service is mapped once, though its pool comes in the same turn', async (t) => {
  const store = EmbeddedStore.open(t.testdir({}));
  const database = await ConfigDatabase.open(store);
  const manager = new KubeManager({ client: database });
  t.teardown(async () => {
    await manager.stop();
    database.close();
    await store.close();
  });
  let mapped = 0;
  const { cluster } = manager;
  const backends = cluster.backends.bind(cluster);
  await manager.start();
  manager.put({ kind: 'Service', object: service({ type: 'LoadBalancer' }) });
  for (const one of base) manager.put(one);
  cluster.backends = (...of) => {
    mapped++;
    return backends(...of);
  };
  manager.synced();
  await manager.settled();
  t.equal([...database.graph.ofType('floating-ip')].length, 1, 'it has its address');
  t.equal(mapped, 1);
});

t.test('a resync that writes nothing leaves others their turn', async (t) => {
  const { manager } = await running(t);
  for (let i = 0; i < 1500; i++) {
    const object = service({ type: 'ExternalName' }, { name: `elsewhere-${i}`, uid: undefined });
    manager.put({ kind: 'Service', object });
  }
  await manager.settled();
  manager.resync();
  let turns = 0;
  let ended = false;
  const settled = manager.settled().then(() => (ended = true));
  while (!ended) {
    await new Promise((resolve) => setImmediate(resolve));
    turns++;
  }
  await settled;
  t.ok(turns > 2, `the event loop came round ${turns} times`);
});

t.test('after a restart nothing is written anew, and what went meanwhile is removed', async (t) => {
  const { manager, start, names } = await running(t);
  manager.put(podOf('a'));
  manager.put(podOf('b'));
  manager.put(lb());
  manager.put(endpoints(['a', 'b']));
  await manager.settled();
  await manager.stop();
  const again = await start();
  again.put(podOf('a'));
  again.put(podOf('b'));
  again.put(lb());
  again.put(endpoints(['a', 'b']));
  await again.settled();
  t.equal(again.writes, 0, 'nothing is done before everything is known');
  again.synced();
  await again.settled();
  t.equal(again.writes, 0);
  await again.stop();
  const third = await start();
  third.put(podOf('a'));
  third.put(lb({ ports: [{ port: 9999 }] }));
  third.put(endpoints(['a']));
  third.synced();
  await third.settled();
  t.equal(names('loadbalancer-member').length, 1);
  t.match(names('loadbalancer-listener'), [/TCP-9999/]);
  t.equal(names('virtual-machine').length, 1);
  await third.stop();
});

t.test('a node that comes back has its pods again', async (t) => {
  const { database, manager } = await running(t);
  manager.put(podOf('webserver-1'));
  await manager.settled();
  const machines = (): number => {
    const router = database.graph.byName('virtual-router', ['default-global-system-config', 'cent222']);
    return router?.references['virtual-machine']?.length ?? 0;
  };
  t.equal(machines(), 1);
  manager.remove('Node cent222');
  await manager.settled();
  t.equal(machines(), 0);
  manager.put(base[1]!);
  await manager.settled();
  t.equal(machines(), 1);
});

t.test('what somebody else removes comes back', async (t) => {
  const { database, manager, names } = await running(t);
  manager.put(podOf('webserver-1'));
  manager.put(lb());
  manager.put(endpoints(['webserver-1']));
  await manager.settled();
  const [member] = database.graph.ofType('loadbalancer-member');
  await database.delete('loadbalancer-member', member!.uuid);
  await manager.settled();
  t.same(names('loadbalancer-member'), [member!.uuid]);
  const [floatingIp] = database.graph.ofType('floating-ip');
  await database.delete('floating-ip', floatingIp!.uuid);
  await manager.settled();
  t.equal(names('floating-ip').length, 1);
});

t.test(
  'a Service made anew in the same moment is told its address too, and so is one that lost it',
  async (t) => {
    const told: string[] = [];
    const { manager } = await running(t, {
      ingress: ({ metadata: { uid, resourceVersion } }, addresses) =>
        void told.push(`${uid?.slice(0, 2)} ${resourceVersion} ${addresses.join()}`),
    });
    const at = (uid: string, resourceVersion: string, ip?: string): KubernetesObject =>
      made('Service', {
        metadata: { name: 'service-web-clusterip', namespace: 'ns-user-1', uid, resourceVersion },
        spec: { type: 'LoadBalancer', clusterIP: '10.105.139.153', ports: [{ port: 80 }] },
        status: { loadBalancer: { ingress: ip === undefined ? [] : [{ ip }] } },
      });
    const first = serviceUid;
    const second = `11${serviceUid.slice(2)}`;
    const put = async (...all: KubernetesObject[]): Promise<string[]> => {
      for (const one of all) manager.put(one);
      await manager.settled();
      return told.splice(0);
    };
    t.same(await put(at(first, '1')), ['99 1 101.101.101.252']);
    t.same(await put(at(first, '1')), [], 'once is enough');
    t.same(await put(at(first, '2', '101.101.101.252')), [], 'it has it');
    t.same(await put(at(second, '5')), ['11 5 101.101.101.252'], 'another Service of the same name');
    t.same(await put(at(second, '6', '101.101.101.252')), []);
    t.same(await put(at(second, '7')), ['11 7 101.101.101.252'], 'somebody took it away');
  },
);

t.test('a clusterIP that changes moves with its floating IP', async (t) => {
  const { database, manager } = await running(t);
  const driver = new NativeDriver(database);
  driver.start();
  t.teardown(() => driver.stop());
  const addresses = async (clusterIP: string): Promise<unknown[]> => {
    manager.put(lb({ type: 'ClusterIP', clusterIP }));
    await manager.settled();
    await driver.settled();
    const instanceIp = [...database.graph.ofType('instance-ip')].find(({ fqName }) =>
      fqName[0]!.startsWith('service-web'),
    );
    const floating = [...database.graph.ofType('floating-ip')];
    return [
      instanceIp?.properties['instance_ip_address'],
      ...floating.map(({ properties }) => properties['floating_ip_address']),
    ];
  };
  t.same(await addresses('10.105.139.153'), ['10.105.139.153', '10.105.139.153']);
  t.same(await addresses('10.105.139.154'), ['10.105.139.154', '10.105.139.154']);
});

t.test('a Service with a proxy has two of them, and takes them along', async (t) => {
  const { database, manager, names } = await running(t);
  const drivers = new LoadBalancerDrivers(database);
  const routers = new VirtualRouters(database);
  drivers.start();
  t.teardown(async () => {
    routers.close();
    await drivers.stop();
  });
  const settled = async (): Promise<void> => {
    await manager.settled();
    await drivers.settled();
    await manager.settled();
  };
  manager.put(podOf('webserver-1'));
  manager.put(lb({ loadBalancerClass: 'vaportrail.io/opencontrail' }));
  manager.put(endpoints(['webserver-1']));
  await settled();
  const before = names('virtual-machine').length;
  t.equal(before, 3, 'a pod and two proxies');
  for (const node of ['cent222', 'cent333']) {
    const [balancer] = routers.settings(node)!['load-balancers'];
    t.match(balancer, { address: '10.105.139.153', problems: [], listeners: [{ port: 8888 }] });
    t.equal(balancer!.listeners[0]!.pool.members.length, 1);
    const carried = routers.settings(node)!.interfaces.find(({ name }) => name === balancer!.interface)!;
    t.match(carried, {
      preference: node === 'cent222' ? 200 : 100,
      'floating-ips': [{ address: '101.101.101.252', 'port-maps': [] }],
    });
  }
  const chain = serviceChain(
    manager.cluster.service('ns-user-1', 'service-web-clusterip')!,
    manager,
    database.graph,
  );
  t.same(chain.proxies, [
    { node: 'cent222', nodeAddress: '10.169.25.20', preference: 200 },
    { node: 'cent333', nodeAddress: '10.169.25.21', preference: 100 },
  ]);
  t.same(traceStops({ chain, routes: [] }), [], 'nothing stops it for want of a port map');
  t.match(traceText({ chain, routes: [] }), /proxy on cent333 \(10\.169\.25\.21\), LOCAL_PREF 100/);
  const { writes } = manager;
  manager.resync();
  await settled();
  t.equal(manager.writes, writes, "what the driver added stands in nobody's way");
  manager.remove('Service ns-user-1/service-web-clusterip');
  await settled();
  t.equal(names('virtual-machine').length, 1);
  t.same(names('loadbalancer'), []);
  t.same(names('floating-ip'), []);
});

/** A network whose pool has few addresses: .252 down to .249 of a /29, and no more. */
const small = (cidr: string) =>
  made('NetworkAttachmentDefinition', {
    metadata: {
      name: 'vn-small',
      namespace: 'ns-user-1',
      annotations: {
        'opencontrail.org/cidr': cidr,
        'vaportrail.io/route-targets': 'target:500:501',
        'vaportrail.io/fip-pools': 'pool-small',
      },
    },
  });
const fromSmall = (name: string, over: object = {}): KubernetesObject => {
  const text = poolText.replace('vn-ns-default', 'vn-small').replace('pool-ns-default', 'pool-small');
  const uid = `${createHash('sha256').update(name).digest('hex').slice(0, 8)}-0000-4000-8000-000000000000`;
  const clusterIP = `10.96.1.${name.charCodeAt(0)}`;
  return {
    kind: 'Service',
    object: service(
      { type: 'LoadBalancer', clusterIP, ...over },
      { name, uid, annotations: { 'opencontrail.org/fip-pool': text } },
    ),
  };
};

t.test('who waits for an address has it as soon as one is free, and the others lose nothing', async (t) => {
  const told = new Map<string, string>();
  const events: string[] = [];
  const { database, manager } = await running(t, {
    ingress: ({ metadata: { name } }, addresses) => void told.set(name, addresses.join()),
    event: ({ object }, { reason, message }) =>
      void events.push(`${object.metadata.name} ${reason} ${message}`),
  });
  manager.put(small('102.0.0.0/29'));
  await manager.settled();
  for (const name of ['a', 'b', 'c', 'd', 'e']) manager.put(fromSmall(name));
  await manager.settled();
  t.equal(new Set(told.values()).size, told.size);
  const waiting = ['a', 'b', 'c', 'd', 'e'].filter((name) => !told.has(name));
  t.ok(waiting.length > 0 && waiting.length < 5, `${waiting.length} wait`);
  t.match(
    events,
    waiting.map((name) => new RegExp(`^${name} FloatingIpFailed floating-ip .*pool-small:${name}__`)),
  );
  const [first] = [...told.keys()];
  const address = told.get(first!)!;
  told.clear();
  manager.remove(`Service ns-user-1/${first}`);
  // No timer is waited for: the address that came free is reason enough.
  await manager.settled();
  await new Promise(setImmediate);
  await manager.settled();
  t.same([...told.values()], [address]);
  t.ok(waiting.includes([...told.keys()][0]!));
  t.equal([...database.graph.ofType('loadbalancer')].length, 4);
});

t.test("an address that two ask for is the first one's, and the second one's when that goes", async (t) => {
  const told = new Map<string, string>();
  const { manager } = await running(t, {
    ingress: ({ metadata: { name } }, addresses) => void told.set(name, addresses.join()),
  });
  manager.put(small('102.0.0.0/24'));
  await manager.settled();
  const asks = { loadBalancerIP: '102.0.0.7' };
  manager.put(fromSmall('a', asks));
  await manager.settled();
  manager.put(fromSmall('b', asks));
  manager.put(fromSmall('c', { loadBalancerIP: '9.9.9.9' }));
  await manager.settled();
  t.same([...told], [['a', '102.0.0.7']]);
  const note = (name: string) =>
    manager
      .notes('Service', 'ns-user-1', name)
      .map(({ message }) => message)
      .join();
  t.match(note('b'), /102\.0\.0\.7 is taken by floating-ip .*a__/);
  t.match(note('c'), /9\.9\.9\.9/);
  manager.put(fromSmall('a', { ...asks, type: 'ClusterIP' }));
  await manager.settled();
  await new Promise(setImmediate);
  await manager.settled();
  t.same(
    [...told],
    [
      ['a', ''],
      ['b', '102.0.0.7'],
    ],
    'given back by the one, had by the other',
  );
});

t.test('a type may change to and fro, and each time there is what belongs to it', async (t) => {
  const told: string[] = [];
  const { database, manager, names } = await running(t, {
    ingress: (_, addresses) => void told.push(addresses.join()),
  });
  manager.put(podOf('a'));
  manager.put(endpoints(['a']));
  await manager.settled();
  const empty = database.graph.size;
  const found: Record<string, number[]> = {};
  for (const type of [
    'LoadBalancer',
    'ClusterIP',
    'LoadBalancer',
    'NodePort',
    'ExternalName',
    'LoadBalancer',
    'ExternalName',
  ]) {
    const ip = type === 'ExternalName' ? { clusterIP: '', externalName: 'example.org' } : {};
    manager.put({ kind: 'Service', object: service({ type, ...ip }) });
    await manager.settled();
    const counts = (['loadbalancer', 'loadbalancer-member', 'floating-ip'] as const).map(
      (each) => names(each).length,
    );
    t.same(counts, found[type] ?? counts, `${type} again is what it was`);
    found[type] = counts;
  }
  t.same(found, {
    LoadBalancer: [1, 1, 1],
    ClusterIP: [1, 1, 0],
    NodePort: [1, 1, 0],
    ExternalName: [0, 0, 0],
  });
  t.equal(database.graph.size, empty);
  const address = '101.101.101.252';
  t.same(told, [address, '', address, '', address, '']);
});

t.test('slices count where a cluster has both, and one pod is one member however many say so', async (t) => {
  const { manager, names } = await running(t);
  const slice = (name: string, addressType: string, ...endpointsOf: object[]) =>
    made('EndpointSlice', {
      metadata: {
        name,
        namespace: 'ns-user-1',
        labels: { 'kubernetes.io/service-name': 'service-web-clusterip' },
      },
      addressType,
      endpoints: endpointsOf,
      ports: [{ name: '', port: 80, protocol: 'TCP' }],
    });
  const at = (name: string, address: string, conditions: object = { ready: true }) => ({
    addresses: [address],
    conditions,
    targetRef: { kind: 'Pod', name },
  });
  manager.put(lb());
  for (const name of ['a', 'b', 'c']) manager.put(podOf(name));
  const members = async (...objects: KubernetesObject[]): Promise<number> => {
    for (const one of objects) manager.put(one);
    await manager.settled();
    return names('loadbalancer-member').length;
  };
  t.equal(await members(endpoints(['a', 'b', 'c'])), 3);
  t.equal(
    await members(slice('s1', 'IPv4', at('a', '10.47.255.1'))),
    1,
    'slices go before the Endpoints they mirror',
  );
  t.equal(await members(slice('s2', 'IPv4', at('b', '10.47.255.2'))), 2, 'several slices are one Service');
  t.equal(
    await members(slice('s6', 'IPv6', at('a', 'fd00::1'), at('b', 'fd00::2'))),
    2,
    'the other family adds nobody',
  );
  t.equal(await members(slice('s3', 'FQDN', at('c', 'c.example.org'))), 2);
  const terminating = { ready: false, serving: true, terminating: true };
  t.equal(
    await members(slice('s2', 'IPv4', at('b', '10.47.255.2', terminating)), slice('s6', 'IPv6')),
    1,
    'one that ends is not ready',
  );
  // publishNotReadyAddresses: Kubernetes itself says ready of every pod.
  t.equal(await members(slice('s2', 'IPv4', at('b', '10.47.255.2', { ready: true, serving: false }))), 2);
  for (const name of ['s1', 's2', 's3', 's6']) manager.remove(`EndpointSlice ns-user-1/${name}`);
  await manager.settled();
  t.equal(names('loadbalancer-member').length, 3, 'without slices the Endpoints count');
});

t.test('a pod on the network of its node has no interface and is no member', async (t) => {
  const { manager, names } = await running(t);
  manager.put(lb());
  manager.put(
    made('Pod', {
      metadata: { name: 'host', namespace: 'ns-user-1' },
      spec: { nodeName: 'cent222', hostNetwork: true, containers: [{ name: 'c' }] },
      status: { phase: 'Running', podIP: '10.169.25.20' },
    }),
  );
  manager.put(podOf('a'));
  manager.put(endpoints(['a', 'host']));
  await manager.settled();
  t.equal(names('loadbalancer-member').length, 1);
  t.match(
    manager.notes('Service', 'ns-user-1', 'service-web-clusterip').map(({ message }) => message),
    [/^port 8888: host \(.*\) is no pod with an interface here; traffic to it is not balanced$/],
  );
});

t.test(
  'the address of a pod that went may be that of the next one, in whatever order it is heard',
  async (t) => {
    const { database, manager } = await running(t);
    const at = (name: string, phase = 'Running') =>
      made('Pod', {
        metadata: { name, namespace: 'ns-user-1' },
        spec: { nodeName: 'cent222', containers: [{ name: 'c' }] },
        status: { phase, podIP: '10.47.255.9' },
      });
    const holder = (): string | undefined =>
      [...database.graph.ofType('instance-ip')]
        .filter(({ properties }) => properties['instance_ip_address'] === '10.47.255.9')
        .map(({ fqName }) => fqName[0]!.split('__')[0])
        .join();
    manager.put(at('first'));
    await manager.settled();
    manager.put(at('second'));
    await manager.settled();
    t.equal(holder(), 'first');
    t.match(manager.notes('Pod', 'ns-user-1', 'second'), [
      { message: /10\.47\.255\.9 is taken by instance-ip first__/ },
    ]);
    manager.remove('Pod ns-user-1/first');
    await manager.settled();
    await new Promise(setImmediate);
    await manager.settled();
    t.equal(holder(), 'second');
    t.same(manager.notes('Pod', 'ns-user-1', 'second'), []);
    manager.put(at('second', 'Succeeded'));
    manager.put(at('third'));
    await manager.settled();
    t.equal(holder(), 'third', 'a pod that is over keeps nothing, though it is still listed');
  },
);

t.test('a namespace that goes takes along all that is in it, in whatever order it is heard', async (t) => {
  for (const order of ['inside first', 'namespace first']) {
    const { database, manager } = await running(t);
    const base = database.graph.size;
    const inside = [
      made('Namespace', {
        metadata: { name: 'shop', annotations: { 'opencontrail.org/isolation': 'true' } },
      }),
      made('Pod', {
        metadata: { name: 'web', namespace: 'shop' },
        spec: { nodeName: 'cent222', containers: [{ name: 'c' }] },
        status: { phase: 'Running' },
      }),
      made('Service', {
        metadata: { name: 'web', namespace: 'shop' },
        spec: { clusterIP: '10.96.3.3', ports: [{ port: 80 }] },
      }),
      made('Endpoints', {
        metadata: { name: 'web', namespace: 'shop' },
        subsets: [
          {
            addresses: [{ ip: '10.47.255.1', targetRef: { kind: 'Pod', name: 'web' } }],
            ports: [{ port: 80 }],
          },
        ],
      }),
    ];
    for (const one of inside) manager.put(one);
    await manager.settled();
    t.ok(database.graph.size > base + 10);
    const keys = ['Endpoints shop/web', 'Service shop/web', 'Pod shop/web', 'Namespace shop'];
    if (order === 'namespace first') keys.reverse();
    for (const key of keys) {
      manager.remove(key);
      await manager.settled();
    }
    for (let wait = 0; wait < 200 && database.graph.size > base; wait++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      await manager.settled();
    }
    t.equal(database.graph.size, base, order);
    await manager.stop();
  }
});

t.test('a namespace that becomes isolated moves its pods and Services to networks of its own', async (t) => {
  const { database, manager } = await running(t);
  const open = made('Namespace', { metadata: { name: 'shop' } });
  const closed = made('Namespace', {
    metadata: { name: 'shop', annotations: { 'opencontrail.org/isolation': 'true' } },
  });
  manager.put(open);
  manager.put(
    made('Pod', {
      metadata: { name: 'web', namespace: 'shop' },
      spec: { nodeName: 'cent222', containers: [{ name: 'c' }] },
      status: { phase: 'Running', podIP: '10.47.255.77' },
    }),
  );
  manager.put(
    made('Service', {
      metadata: { name: 'web', namespace: 'shop' },
      spec: { clusterIP: '10.96.3.3', ports: [{ port: 80 }] },
    }),
  );
  await manager.settled();
  const networks = (): string[] =>
    [...database.graph.ofType('virtual-machine-interface')]
      .filter(({ fqName }) => fqName[1] === 'k8s-shop')
      .flatMap((vmi) => database.graph.references(vmi, 'virtual-network').map(({ fqName }) => fqName[2]!))
      .sort();
  const shared = ['k8s-default-pod-network', 'k8s-default-service-network'];
  t.same(networks(), shared);
  manager.put(closed);
  await manager.settled();
  t.same(networks(), ['k8s-shop-pod-network', 'k8s-shop-service-network']);
  manager.put(open);
  await manager.settled();
  t.same(networks(), shared);
  t.equal(
    database.graph.byName('virtual-network', ['default-domain', 'k8s-shop', 'k8s-shop-pod-network']),
    undefined,
  );
  t.same(manager.notes('Namespace', undefined, 'shop'), []);
});

t.test('a route target that is none is an event on the network it is asked for on', async (t) => {
  const events: string[] = [];
  const { manager } = await running(t, {
    event: ({ kind, object }, { message }) => void events.push(`${kind} ${object.metadata.name}: ${message}`),
  });
  const bad = small('102.0.0.0/24');
  (bad.object.metadata.annotations as Record<string, string>)['vaportrail.io/route-targets'] = '500:500';
  manager.put(bad);
  await manager.settled();
  t.equal(events.length, 1);
  t.match(
    events[0],
    /^NetworkAttachmentDefinition vn-small: virtual-network .*is no route target, e\.g\. target:64512:100/,
  );
});
