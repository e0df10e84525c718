import t from 'tap';
import type { Pod } from '../src/kubernetes-object.ts';
import { hasInterface, podNames } from '../src/mapping/pod.ts';
import { defaultSettings } from '../src/mapping/cluster-settings.ts';
import {
  behind,
  made,
  mapped,
  namesOf,
  namespace,
  pod,
  poolText,
  propertiesOf,
  reasons,
  service,
  serviceUid,
} from './sample-cluster.ts';

const ports = (...numbers: number[]) => numbers.map((protocol_port) => ({ protocol_port }));
const memberPorts = (desired: ReturnType<typeof mapped>) =>
  propertiesOf(desired, 'loadbalancer-member').map(
    (properties) => properties['loadbalancer_member_properties']?.['protocol_port'],
  );

t.test('a ClusterIP Service has the objects, names and keys of Contrail', async (t) => {
  const desired = mapped(service({}), { backends: behind('webserver-1') });
  t.same(namesOf(desired, 'loadbalancer'), [`service-web-clusterip__${serviceUid}`]);
  const balancer = desired.objects.find(({ type }) => type === 'loadbalancer')!;
  t.equal(balancer.uuid, serviceUid, 'the UUID is the UID of the Service');
  t.same(balancer.parent?.fqName, ['default-domain', 'k8s-ns-user-1']);
  t.same(balancer.properties, {
    display_name: 'ns-user-1__service-web-clusterip',
    loadbalancer_provider: 'native',
    loadbalancer_properties: {
      status: null,
      provisioning_status: 'ACTIVE',
      operating_status: 'ONLINE',
      vip_subnet_id: null,
      vip_address: '10.105.139.153',
      admin_state: true,
    },
    annotations: {
      key_value_pair: [
        { key: 'namespace', value: 'ns-user-1' },
        { key: 'cluster', value: 'k8s' },
        { key: 'kind', value: 'Service' },
        { key: 'project', value: 'k8s' },
        { key: 'name', value: 'service-web-clusterip' },
        { key: 'owner', value: 'k8s' },
      ],
    },
  });
  t.same(
    balancer.references.map(({ fqName }) => fqName.at(-1)),
    [`k8s__Service__service-web-clusterip__${serviceUid}`, 'native'],
  );
  const listener = desired.objects.find(({ type }) => type === 'loadbalancer-listener')!;
  t.equal(listener.fqName.at(-1), `service-web-clusterip__${serviceUid}-TCP-8888-${listener.uuid}`);
  t.same(
    namesOf(desired, 'loadbalancer-pool'),
    [listener.fqName.at(-1)],
    'the pool has the name of the listener',
  );
  t.match(listener.properties, {
    loadbalancer_listener_properties: { protocol: 'TCP', protocol_port: 8888 },
  });
  const { machine, vmi } = podNames(defaultSettings, pod('webserver-1'));
  t.match(propertiesOf(desired, 'loadbalancer-member')[0], {
    loadbalancer_member_properties: { address: null, protocol_port: 80, weight: 1, admin_state: true },
    annotations: {
      key_value_pair: [
        { key: 'vm', value: machine.uuid },
        { key: 'vmi', value: vmi.uuid },
      ],
    },
  });
  t.match(propertiesOf(desired, 'instance-ip')[0], { instance_ip_address: '10.105.139.153' });
  const network = desired.objects[0]!.references.find(({ type }) => type === 'virtual-network');
  t.equal(network?.fqName.at(-1), 'k8s-ns-user-1-service-network', 'of an isolated namespace');
  t.same(propertiesOf(desired, 'floating-ip'), []);
  t.same(mapped(service({}), { backends: behind('webserver-1') }), desired, 'mapped again it is the same');
});

t.test('a Service of a namespace that is not isolated lives in the default network', async (t) => {
  const desired = mapped(service({}), { namespace: namespace() });
  const network = desired.objects[0]!.references.find(({ type }) => type === 'virtual-network');
  t.same(network?.fqName, ['default-domain', 'k8s-default', 'k8s-default-service-network']);
});

t.test('a LoadBalancer draws a floating IP from the pool of its namespace', async (t) => {
  const desired = mapped(service({ type: 'LoadBalancer' }, { name: 'service-web-lb' }));
  const floatingIp = desired.objects.find(({ type }) => type === 'floating-ip')!;
  t.same(floatingIp.fqName, [
    'default-domain',
    'k8s-ns-user-1',
    'k8s-vn-ns-default-pod-network',
    'pool-ns-default',
    `service-web-lb__${serviceUid}None-externalIP`,
  ]);
  t.notOk('floating_ip_address' in floatingIp.properties, 'the address is for the pool to choose');
  t.same(
    floatingIp.references.map(({ fqName }) => fqName.at(-1)),
    ['k8s-ns-user-1', `k8s__Service__service-web-lb__${serviceUid}`],
  );
});

t.test(
  'the pool of the Service goes before that of the namespace, and that before that of the cluster',
  async (t) => {
    const own = poolText
      .replaceAll('vn-ns-default', 'vn-public-1')
      .replace('pool-ns-default', 'pool-public-1');
    const all = { hasPool: () => true };
    const network = (desired: ReturnType<typeof mapped>) =>
      desired.objects.find(({ type }) => type === 'floating-ip')?.fqName[2];
    const annotated = service(
      { type: 'LoadBalancer' },
      { annotations: { 'opencontrail.org/fip-pool': own } },
    );
    t.equal(network(mapped(annotated, all)), 'vn-public-1');
    t.equal(network(mapped(service({ type: 'LoadBalancer' }), all)), 'vn-ns-default');
    const { serviceObjects } = await import('../src/mapping/service.ts');
    const cluster = serviceObjects(
      { ...defaultSettings, publicPool: own.replace('vn-public-1', 'vn-global-default') },
      service({ type: 'LoadBalancer' }),
      {
        namespace: namespace(),
        backends: [],
        pod: () => undefined,
        hasPool: () => true,
        addressOf: () => undefined,
        hasRouteTarget: () => true,
      },
    );
    t.equal(network(cluster), 'vn-global-default');
  },
);

t.test(
  'no pool, a pool that is no JSON, or one that is not there: a warning, and the rest is done',
  async (t) => {
    const lb = (text?: string) =>
      service(
        { type: 'LoadBalancer' },
        text === undefined ? {} : { annotations: { 'opencontrail.org/fip-pool': text } },
      );
    for (const [desired, reason] of [
      [mapped(lb(), { namespace: namespace() }), 'NoFloatingIpPool'],
      [mapped(lb('pool-1')), 'BadFloatingIpPool'],
      [mapped(lb('{"domain": "default-domain"}')), 'BadFloatingIpPool'],
      [mapped(lb(), { hasPool: () => false }), 'UnknownFloatingIpPool'],
    ] as const) {
      t.same(
        reasons(desired).filter((each) => each !== 'NoEndpoints'),
        [reason],
      );
      t.equal(namesOf(desired, 'loadbalancer').length, 1);
      t.same(namesOf(desired, 'floating-ip'), []);
    }
  },
);

t.test('a network without a route target is worth a warning', async (t) => {
  const desired = mapped(service({ type: 'LoadBalancer' }), { hasRouteTarget: () => false });
  t.match(desired.notes, [{ reason: 'NoRouteTarget', message: /no gateway imports/ }, {}]);
  t.equal(namesOf(desired, 'floating-ip').length, 1);
});

t.test('loadBalancerIP is the address that is asked for', async (t) => {
  const desired = mapped(service({ type: 'LoadBalancer', loadBalancerIP: '101.101.101.7' }));
  t.match(propertiesOf(desired, 'floating-ip'), [{ floating_ip_address: '101.101.101.7' }]);
  t.match(namesOf(desired, 'floating-ip'), [/101\.101\.101\.7-externalIP$/]);
});

t.test('each of externalIPs is a floating IP of its own, for a ClusterIP as well', async (t) => {
  for (const type of ['ClusterIP', 'LoadBalancer']) {
    const desired = mapped(
      service({ type, externalIPs: ['101.101.101.1', '101.101.101.2', '101.101.101.1'] }),
    );
    t.same(
      propertiesOf(desired, 'floating-ip').map((each) => each['floating_ip_address']),
      ['101.101.101.1', '101.101.101.2'],
    );
  }
});

t.test('every port has a listener and a pool, and annotations keep its name', async (t) => {
  const desired = mapped(
    service({
      ports: [
        { name: 'port1', port: 8888, targetPort: 80 },
        { name: 'port2', port: 9999, targetPort: 90 },
      ],
    }),
    {
      backends: [
        {
          ports: [
            { name: 'port1', protocol: 'TCP', port: 80 },
            { name: 'port2', protocol: 'TCP', port: 90 },
          ],
          ready: [{ address: '10.47.255.238', pod: 'webserver-1' }],
          draining: [],
          notReady: [],
        },
      ],
    },
  );
  t.match(
    propertiesOf(desired, 'loadbalancer-listener').map((each) => each['loadbalancer_listener_properties']),
    ports(8888, 9999),
  );
  t.same(propertiesOf(desired, 'loadbalancer-listener')[1]?.['annotations'], {
    key_value_pair: [{ key: 'portName', value: 'port2' }],
  });
  t.same(memberPorts(desired), [80, 90]);
});

t.test('a port by name may have another number at each set of addresses', async (t) => {
  const set = (port: number, name: string) => ({
    ports: [{ name: undefined, protocol: 'TCP' as const, port }],
    ready: [{ address: `10.0.0.${port}`, pod: name }],
    draining: [],
    notReady: [],
  });
  const desired = mapped(service({ ports: [{ port: 8888, targetPort: 'http' }] }), {
    backends: [set(80, 'old'), set(81, 'new')],
  });
  t.same(memberPorts(desired), [80, 81], 'Contrail looks at the ports of the first set alone');
});

t.test('TCP and UDP of one number are two listeners; SCTP is refused and not made UDP', async (t) => {
  const desired = mapped(
    service({
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'dns-tcp', port: 53 },
        { name: 'sctp', port: 53, protocol: 'SCTP' },
      ],
    }),
    {
      backends: [
        {
          ports: [
            { name: 'dns', protocol: 'UDP', port: 1053 },
            { name: 'dns-tcp', protocol: 'TCP', port: 2053 },
          ],
          ready: [{ address: '10.0.0.1', pod: 'a' }],
          draining: [],
          notReady: [],
        },
      ],
    },
  );
  t.match(
    propertiesOf(desired, 'loadbalancer-pool').map(
      (each) => each['loadbalancer_pool_properties']?.['protocol'],
    ),
    ['UDP', 'TCP'],
  );
  t.same(memberPorts(desired), [1053, 2053]);
  t.ok(reasons(desired).includes('UnsupportedProtocol'));
});

t.test('pods that are not ready are no members, and say so when there is no other', async (t) => {
  const sets = behind('webserver-1', 'webserver-2').map((set) => ({
    ...set,
    ready: [set.ready[0]!],
    notReady: [set.ready[1]!],
  }));
  t.equal(namesOf(mapped(service({}), { backends: sets }), 'loadbalancer-member').length, 1);
  const none = mapped(service({}), {
    backends: sets.map((set) => ({ ...set, ready: [], notReady: set.ready })),
  });
  t.same(namesOf(none, 'loadbalancer-member'), []);
  t.match(none.notes, [{ reason: 'NoEndpoints', message: '1 pods, none of them ready' }]);
});

t.test('an endpoint that is no pod of ours is left out, with a note', async (t) => {
  const desired = mapped(service({}), { backends: behind('elsewhere'), pod: () => undefined });
  t.same(namesOf(desired, 'loadbalancer-member'), []);
  t.match(desired.notes, [{ reason: 'EndpointWithoutInterface' }]);
});

t.test('headless and ExternalName Services need nothing, and say why', async (t) => {
  for (const [spec, reason] of [
    [{ clusterIP: 'None' }, 'Headless'],
    [{ type: 'ExternalName', clusterIP: '', externalName: 'example.org' }, 'ExternalName'],
    [{ clusterIP: undefined }, 'NoClusterIP'],
  ] as const) {
    const desired = mapped(service(spec));
    t.same(desired.objects, []);
    t.same(reasons(desired), [reason]);
  }
});

t.test('a NodePort Service has its clusterIP balanced, and session affinity is noted', async (t) => {
  const desired = mapped(
    service({ type: 'NodePort', sessionAffinity: 'ClientIP', ports: [{ port: 80, nodePort: 30080 }] }),
  );
  t.equal(namesOf(desired, 'loadbalancer-listener').length, 1);
  t.same(reasons(desired).slice(0, 2), ['SessionAffinity', 'NodePort']);
});

t.test('a Service of the same name with a new UID shares no object with the old one', async (t) => {
  const names = (uid: string): Set<string> =>
    new Set(
      mapped(service({ type: 'LoadBalancer' }, { uid }), { backends: behind('a') }).objects.map((each) =>
        each.fqName.join(),
      ),
    );
  const old = names('11111111-1111-4111-8111-111111111111');
  for (const name of names('22222222-2222-4222-8222-222222222222')) t.notOk(old.has(name), name);
});

t.test('an address written back to externalIPs asks for nothing new', async (t) => {
  const spec = { type: 'LoadBalancer', externalIPs: ['101.101.101.252'] };
  const names = (given: string | undefined, externalIPs = spec.externalIPs): string[] =>
    namesOf(mapped(service({ ...spec, externalIPs }), { addressOf: () => given }), 'floating-ip').map(
      (name) => name.slice(name.indexOf(serviceUid) + serviceUid.length),
    );
  t.same(names('101.101.101.252'), ['None-externalIP'], 'the floating IP it has stays');
  t.same(names(undefined), ['101.101.101.252-externalIP'], 'with nothing given to it, it is a wish');
  t.same(names('101.101.101.252', ['101.101.101.252', '101.101.101.7']), ['101.101.101.7-externalIP']);
});

t.test('a load balancer of another class is left to its own controller', async (t) => {
  const other = mapped(service({ type: 'LoadBalancer', loadBalancerClass: 'metallb.io/x' }));
  t.same(namesOf(other, 'floating-ip'), []);
  t.same(namesOf(other, 'loadbalancer').length, 1, 'its clusterIP is balanced all the same');
  t.match(reasons(other), ['OtherLoadBalancerClass']);
  const ours = mapped(service({ type: 'LoadBalancer', loadBalancerClass: 'vaportrail.io/native' }));
  t.equal(namesOf(ours, 'floating-ip').length, 1);
});

t.test('a changed target port is a change of the member, not another member', async (t) => {
  const uuids = (port: number): string[] =>
    mapped(service({}), {
      backends: [
        {
          ports: [{ name: undefined, protocol: 'TCP', port }],
          ready: behind('webserver-1')[0]!.ready,
          draining: [],
          notReady: [],
        },
      ],
    })
      .objects.filter(({ type }) => type === 'loadbalancer-member')
      .map(({ uuid }) => uuid!);
  t.equal(uuids(80).length, 1);
  t.same(uuids(80), uuids(8080));
});

t.test('a pod whose address the cluster has not said yet has no interface', async (t) => {
  const waiting = (status: object): boolean =>
    hasInterface(
      defaultSettings,
      made('Pod', { metadata: { name: 'web' }, spec: { nodeName: 'n' }, status }).object as Pod,
    );
  t.notOk(waiting({ phase: 'Pending' }), 'an address of our own would not be the one it gets');
  t.ok(waiting({ phase: 'Pending', podIP: '10.47.255.1' }));
  t.ok(waiting({ phase: 'Running' }), 'pods of manifests get theirs from the configuration');
  t.notOk(waiting({ phase: 'Succeeded', podIP: '10.47.255.1' }));
});

t.test('a load balancer of the class of a proxy keeps clients with their pod', async (t) => {
  const spec = { type: 'LoadBalancer', loadBalancerClass: 'vaportrail.io/opencontrail' };
  const method = (over: object): unknown =>
    propertiesOf(mapped(service({ ...spec, ...over })), 'loadbalancer-pool')[0]![
      'loadbalancer_pool_properties'
    ]!['loadbalancer_method'];
  t.equal(method({}), 'ROUND_ROBIN');
  t.equal(method({ sessionAffinity: 'ClientIP' }), 'SOURCE_IP');
  t.equal(
    method({ loadBalancerClass: undefined }),
    undefined,
    'a native one has no method, as with Contrail',
  );
  const desired = mapped(service({ ...spec, sessionAffinity: 'ClientIP' }));
  t.notMatch(reasons(desired), ['SessionAffinity']);
  const balancer = desired.objects.find(({ type }) => type === 'loadbalancer')!;
  t.equal(balancer.properties['loadbalancer_provider'], 'opencontrail');
  t.equal(balancer.references.at(-1)!.fqName.at(-1), 'opencontrail');
  t.equal(namesOf(desired, 'floating-ip').length, 1);
});

t.test('of a Service with two families the one of ours is balanced, and that is said', async (t) => {
  const dual = service({ clusterIPs: ['10.105.139.153', 'fd00::99'] });
  const desired = mapped(dual, { backends: behind('webserver-1') });
  t.match(desired.notes, [
    { reason: 'DualStack', message: 'fd00::99: only clusterIP 10.105.139.153 is balanced' },
  ]);
  t.equal(namesOf(desired, 'instance-ip').length, 1);
  const turned = service({ clusterIP: 'fd00::99', clusterIPs: ['fd00::99', '10.105.139.153'] });
  t.same(mapped(turned, { backends: behind('webserver-1') }), desired, 'also where it is not the first');
  const six = mapped(service({ clusterIP: 'fd00::99' }));
  t.same(six.objects, [], 'nothing that the configuration would refuse one by one');
  t.match(six.notes, [
    { level: 'warning', reason: 'UnsupportedFamily', message: /fd00::99 is not of the family of/ },
  ]);
});

t.test('UDP behind a proxy is refused where it is asked for, and the other ports go on', async (t) => {
  const spec = {
    type: 'LoadBalancer',
    loadBalancerClass: 'vaportrail.io/opencontrail',
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53 },
    ],
  };
  const desired = mapped(service(spec));
  t.same(memberProtocols(desired), ['TCP']);
  t.match(desired.notes[0], {
    level: 'warning',
    reason: 'UnsupportedProtocol',
    message: /^port 53: a proxy does not take UDP; without loadBalancerClass/,
  });
  t.same(memberProtocols(mapped(service({ ...spec, loadBalancerClass: undefined }))), ['UDP', 'TCP']);
});

function memberProtocols(desired: ReturnType<typeof mapped>): unknown[] {
  return propertiesOf(desired, 'loadbalancer-listener').map(
    (each) => each['loadbalancer_listener_properties']!['protocol'],
  );
}

t.test(
  'a Service that is being deleted gives its external address back and keeps its clusterIP',
  async (t) => {
    const metadata = {
      deletionTimestamp: '2019-07-04T12:00:00Z',
      finalizers: ['service.kubernetes.io/load-balancer-cleanup'],
    };
    const desired = mapped(service({ type: 'LoadBalancer' }, metadata), { backends: behind('webserver-1') });
    t.same(namesOf(desired, 'floating-ip'), []);
    t.same([namesOf(desired, 'instance-ip').length, namesOf(desired, 'loadbalancer-member').length], [1, 1]);
    t.match(desired.notes, [{ level: 'info', reason: 'Terminating' }]);
    t.same(reasons(mapped(service({}, metadata), { backends: behind('webserver-1') })), [], 'it had none');
  },
);
