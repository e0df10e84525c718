/**
 * The objects of the book's Services, asked of a config node as the book does with curl, and its floating IPs, asked of
 * the agents as the book does by introspect. UUIDs that Kubernetes gives are the book's; the others follow their rules.
 */
import { Agent } from '@vaportrail/agent';
import { ConfigNode, configNodeConfig, RestConfigClient } from '@vaportrail/config';
import { isKind, kinds, KubeManager, type KubernetesObject } from '@vaportrail/kube';
import { LoopbackBlock } from '@vaportrail/lab';
import { silentLog } from '@vaportrail/show';
import t from 'tap';
import { freePort } from '../free-port.ts';
import { until } from '../running-lab.ts';

type Json = Record<string, unknown>;

const project = ['default-domain', 'k8s-ns-user-1'];
const namespace = 'ns-user-1';
const clusterIpUid = '99fe8ce7-9e75-11e9-b485-0050569e6cfc';
const lbUid = 'acb06596-a30b-11e9-8a3e-0050569e6cfc';
const mpUid = '5f0f2b1a-9e80-11e9-b485-0050569e6cfc';
/** The backends by address: node, UID. */
const pods = {
  '10.47.255.238': ['cent333', '30443116-9e78-11e9-848e-0050569e6cfc'],
  '10.47.255.236': ['cent222', '5a04d8aa-9e79-11e9-848e-0050569e6cfc'],
} as const;

function made(kind: string, metadata: Json, rest: Json = {}): KubernetesObject {
  if (!isKind(kind)) throw new Error(kind);
  return { kind, object: kinds[kind].schema.parse({ metadata, ...rest }) } as KubernetesObject;
}

function service(name: string, uid: string, spec: Json): KubernetesObject[] {
  const ports = spec['ports'] as { name?: string; targetPort: number }[];
  return [
    made('Service', { name, namespace, uid }, { spec: { selector: { app: 'webserver' }, ...spec } }),
    made(
      'Endpoints',
      { name, namespace },
      {
        subsets: [
          {
            addresses: Object.keys(pods).map((ip, index) => ({
              ip,
              targetRef: { kind: 'Pod', name: `webserver-${index}` },
            })),
            ports: ports.map(({ name: portName, targetPort: port }) => ({ name: portName, port })),
          },
        ],
      },
    ),
  ];
}

const web = { port: 8888, targetPort: 80 };
const cluster: KubernetesObject[] = [
  made('Namespace', {
    name: namespace,
    annotations: {
      'opencontrail.org/isolation': 'true',
      'opencontrail.org/fip-pool':
        "{'domain':'default-domain','project':'k8s-ns-user-1','network':'vn-ns-default','name':'pool-ns-default'}",
    },
  }),
  made('NetworkAttachmentDefinition', {
    name: 'vn-ns-default',
    namespace,
    annotations: {
      'opencontrail.org/cidr': '101.101.101.0/24',
      'vaportrail.io/route-targets': 'target:500:500',
      'vaportrail.io/fip-pools': 'pool-ns-default',
    },
  }),
  ...(
    [
      ['cent222', '10.169.25.20'],
      ['cent333', '10.169.25.21'],
    ] as const
  ).map(([name, address]) =>
    made('Node', { name }, { status: { addresses: [{ type: 'InternalIP', address }] } }),
  ),
  ...Object.entries(pods).map(([podIP, [nodeName, uid]], index) =>
    made(
      'Pod',
      { name: `webserver-${index}`, namespace, uid, labels: { app: 'webserver' } },
      { spec: { nodeName, containers: [{ name: 'webserver' }] }, status: { phase: 'Running', podIP } },
    ),
  ),
  ...service('service-web-clusterip', clusterIpUid, { clusterIP: '10.105.139.153', ports: [web] }),
  ...service('service-web-clusterip-mp', mpUid, {
    clusterIP: '10.101.102.27',
    ports: [
      { name: 'port1', ...web },
      { name: 'port2', port: 9999, targetPort: 90 },
    ],
  }),
  ...service('service-web-lb', lbUid, { type: 'LoadBalancer', clusterIP: '10.96.89.48', ports: [web] }),
];

const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const block = new LoopbackBlock();
const config = new ConfigNode(
  configNodeConfig.parse({ store: { folder: t.testdir({}) }, listen: { address: '127.0.0.1', port } }),
  { log: silentLog },
);
await config.start();
t.teardown(() => config.stop());
const client = await RestConfigClient.open(url, { log: silentLog });
t.teardown(() => client.close());
const kube = new KubeManager({ client });
await kube.start();
t.teardown(() => kube.stop());
for (const one of cluster) kube.put(one);
kube.synced();
await kube.settled();

async function ask(path: string): Promise<Json> {
  const answer = await fetch(url + path);
  t.equal(answer.status, 200, path);
  return (await answer.json()) as Json;
}

/** All objects of a type, whole, by their own names. */
async function all(type: string): Promise<Map<string, Json>> {
  const answer = (await ask(`/${type}s?detail=true`))[`${type}s`] as Record<string, Json>[];
  return new Map(answer.map((entry) => [(entry[type]!['fq_name'] as string[]).at(-1)!, entry[type]!]));
}

async function one(type: string, name: RegExp): Promise<Json> {
  const found = [...(await all(type))].filter(([own]) => name.test(own));
  t.equal(found.length, 1, `one ${type} is called ${name}`);
  return found[0]![1];
}

const name = `service-web-clusterip__${clusterIpUid}`;
const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const sortedKeys = (object: Json): boolean =>
  Object.keys(object).join() === Object.keys(object).toSorted().join();

t.test('load balancers are listed by name, and have the UUID of their Service', async (t) => {
  const { loadbalancers } = await ask('/loadbalancers');
  const listed = (loadbalancers as Json[]).toSorted((a, b) =>
    String(a['fq_name']) < String(b['fq_name']) ? -1 : 1,
  );
  const entry = (own: string, uuid: string) => ({
    fq_name: [...project, `${own}__${uuid}`],
    href: `${url}/loadbalancer/${uuid}`,
    uuid,
  });
  t.strictSame(listed, [
    entry('service-web-clusterip-mp', mpUid),
    entry('service-web-clusterip', clusterIpUid),
    entry('service-web-lb', lbUid),
  ]);
});

t.test('the load balancer of service-web-clusterip, key by key', async (t) => {
  const answer = await ask(`/loadbalancer/${clusterIpUid}`);
  t.same(Object.keys(answer), ['loadbalancer']);
  const balancer = answer['loadbalancer'] as Json;
  t.same(Object.keys(balancer), [
    'annotations',
    'display_name',
    'fq_name',
    'href',
    'id_perms',
    'loadbalancer_listener_back_refs',
    'loadbalancer_properties',
    'loadbalancer_provider',
    'name',
    'parent_href',
    'parent_type',
    'parent_uuid',
    'perms2',
    'service_appliance_set_refs',
    'uuid',
    'virtual_machine_interface_refs',
  ]);
  const owner = await one('project', /^k8s-ns-user-1$/);
  const listener = await one('loadbalancer-listener', new RegExp(`^${name}-TCP-8888-`));
  const vmi = await one('virtual-machine-interface', new RegExp(`^k8s__Service__${name}$`));
  const set = await one('service-appliance-set', /^native$/);
  const linked = (type: string, object: Json) => ({
    to: object['fq_name'],
    href: `${url}/${type}/${String(object['uuid'])}`,
    attr: null,
    uuid: object['uuid'],
  });
  const { id_perms: idPerms, perms2, ...rest } = balancer;
  t.same(rest, {
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
    display_name: 'ns-user-1__service-web-clusterip',
    fq_name: [...project, name],
    name,
    href: `${url}/loadbalancer/${clusterIpUid}`,
    uuid: clusterIpUid,
    loadbalancer_listener_back_refs: [linked('loadbalancer-listener', listener)],
    loadbalancer_properties: {
      admin_state: true,
      operating_status: 'ONLINE',
      provisioning_status: 'ACTIVE',
      status: null,
      vip_address: '10.105.139.153',
      vip_subnet_id: null,
    },
    loadbalancer_provider: 'native',
    parent_type: 'project',
    parent_uuid: owner['uuid'],
    parent_href: `${url}/project/${String(owner['uuid'])}`,
    service_appliance_set_refs: [linked('service-appliance-set', set)],
    virtual_machine_interface_refs: [linked('virtual-machine-interface', vmi)],
  });
  t.same(set['fq_name'], ['default-global-system-config', 'native']);
  t.match(idPerms, {
    enable: true,
    user_visible: true,
    uuid: { uuid_mslong: Number, uuid_lslong: Number },
    permissions: { owner_access: 7 },
  });
  t.match(perms2, { owner_access: 7, global_access: 0, share: [] });
});

t.test('its listener, pool, members and interface', async (t) => {
  const listener = await one('loadbalancer-listener', new RegExp(`^${name}-`));
  const own = String(listener['uuid']);
  t.match(own, uuidForm);
  t.equal(listener['name'], `${name}-TCP-8888-${own}`);
  t.same(listener['loadbalancer_listener_properties'], {
    admin_state: true,
    connection_limit: null,
    default_tls_container: null,
    protocol: 'TCP',
    protocol_port: 8888,
    sni_containers: [],
  });
  t.notOk('annotations' in listener, 'a port without a name says none');
  const pool = await one('loadbalancer-pool', new RegExp(`^${name}-`));
  t.equal(pool['name'], listener['name'], 'the pool is called as its listener is');
  t.same(pool['loadbalancer_pool_properties'], { admin_state: true, protocol: 'TCP' }, 'without a method');
  t.match(pool['loadbalancer_listener_refs'], [{ uuid: own }]);
  const children = pool['loadbalancer_members'] as { uuid: string }[];
  t.equal(children.length, 2);
  const machines = new Map([...(await all('virtual-machine'))].map(([, one]) => [one['uuid'], one]));
  const interfaces = new Map(
    [...(await all('virtual-machine-interface'))].map(([, one]) => [one['uuid'], one]),
  );
  const vms: unknown[] = [];
  for (const { uuid } of children) {
    const member = (await ask(`/loadbalancer-member/${uuid}`))['loadbalancer-member'] as Json;
    t.equal(member['name'], uuid, 'a member is called by its UUID');
    t.equal(member['parent_type'], 'loadbalancer-pool');
    t.equal(member['parent_uuid'], pool['uuid']);
    t.same(member['loadbalancer_member_properties'], {
      address: null,
      admin_state: true,
      protocol_port: 80,
      status: null,
      status_description: null,
      subnet_id: null,
      weight: 1,
    });
    const pairs = (member['annotations'] as { key_value_pair: { key: string; value: string }[] })
      .key_value_pair;
    t.same(
      pairs.map(({ key }) => key),
      ['vm', 'vmi'],
    );
    const [vm, vmi] = pairs.map(({ value }) => value);
    vms.push(vm);
    t.match(interfaces.get(vmi)?.['virtual_machine_refs'], [{ uuid: vm }]);
    t.match(machines.get(vm)?.['name'], /^k8s__ns-user-1__webserver-\d$/);
  }
  t.same(
    vms.toSorted(),
    Object.values(pods)
      .map(([, uid]) => uid)
      .toSorted(),
    'the machine of a pod has its UID',
  );
  const vmi = await one('virtual-machine-interface', new RegExp(`^k8s__Service__${name}$`));
  t.equal(vmi['virtual_machine_interface_device_owner'], 'K8S:LOADBALANCER');
  t.match(vmi['virtual_network_refs'], [{ to: [...project, 'k8s-ns-user-1-service-network'] }]);
  const ip = await one('instance-ip', /^service-web-clusterip__/);
  t.equal(ip['instance_ip_address'], '10.105.139.153');
});

t.test('two ports by name are two listeners, pools and members each', async (t) => {
  const listeners = [...(await all('loadbalancer-listener'))].filter(([own]) => own.includes(mpUid));
  t.same(
    listeners
      .map(([own, { annotations }]) => [
        own.slice(0, own.indexOf(mpUid) + mpUid.length + 9),
        (annotations as { key_value_pair: object[] }).key_value_pair,
      ])
      .toSorted(),
    [
      [`service-web-clusterip-mp__${mpUid}-TCP-8888`, [{ key: 'portName', value: 'port1' }]],
      [`service-web-clusterip-mp__${mpUid}-TCP-9999`, [{ key: 'portName', value: 'port2' }]],
    ],
  );
});

t.test('the external floating IP of service-web-lb is on the Service and on the pods', async (t) => {
  const floatingIp = await until(
    () => one('floating-ip', new RegExp(`^service-web-lb__${lbUid}`)),
    ({ virtual_machine_interface_refs: refs }) => (refs as object[]).length === 3,
  );
  t.ok(sortedKeys(floatingIp), 'keys are in their order');
  t.same(floatingIp['fq_name'], [
    ...project,
    'k8s-vn-ns-default-pod-network',
    'pool-ns-default',
    `service-web-lb__${lbUid}None-externalIP`,
  ]);
  t.match(floatingIp, {
    parent_type: 'floating-ip-pool',
    floating_ip_address: '101.101.101.252',
    floating_ip_address_family: 'v4',
    floating_ip_is_virtual_ip: false,
    floating_ip_traffic_direction: 'ingress',
    floating_ip_port_mappings_enable: true,
    floating_ip_port_mappings: { port_mappings: [{ protocol: 'TCP', src_port: 8888, dst_port: 80 }] },
    project_refs: [{ to: project }],
  });
  const names = (floatingIp['virtual_machine_interface_refs'] as { to: string[] }[]).map(({ to }) =>
    to.at(-1)!,
  );
  t.match(names.toSorted(), [`k8s__Service__service-web-lb__${lbUid}`, /^webserver-0__/, /^webserver-1__/]);
  const inner = [...(await all('floating-ip')).values()].find(
    (each) => each['floating_ip_address'] === '10.96.89.48',
  )!;
  t.equal(inner['parent_type'], 'instance-ip');
  t.equal((inner['virtual_machine_interface_refs'] as object[]).length, 2, 'on the pods alone');
});

t.test('floating IPs at the tap of each backend', async (t) => {
  const vrf = (own: string): string => [...project, own, own].join(':');
  const services = vrf('k8s-ns-user-1-service-network');
  const external = vrf('k8s-vn-ns-default-pod-network');
  const interfaces = [...(await all('virtual-machine-interface')).values()];
  for (const [fixed, [node, uid]] of Object.entries(pods)) {
    const agent = Agent.from({
      name: node,
      address: node === 'cent222' ? '10.169.25.20' : '10.169.25.21',
      'local-address': block.take(),
      // Nobody is there: what a node has does not hang on its routes.
      'control-nodes': [{ address: block.take() }],
      config: { url },
      introspect: {},
    });
    t.teardown(() => agent.stop());
    await agent.start();
    const tap = `tapeth0-${uid.slice(0, 6)}`;
    const xml = await until(
      async () => (await fetch(`${agent.url}/Snh_ItfReq?name=${tap}`)).text(),
      (text) => (text.match(/<FloatingIpSandeshList>/g) ?? []).length === 4,
    );
    const field = (key: string, within: string): string =>
      new RegExp(`<${key} [^>]*>([^<]*)</`).exec(within)![1]!;
    const row = (address: string): Json => {
      const struct = xml
        .split('<FloatingIpSandeshList>')
        .slice(1)
        .find((each) => field('ip_addr', each) === address)!;
      const keys = ['ip_addr', 'vrf_name', 'installed', 'fixed_ip', 'direction', 'port_map_enabled'];
      const maps = struct.split('<SandeshPortMapping>').slice(1);
      return {
        ...Object.fromEntries(keys.map((key) => [key, field(key, struct)])),
        port_map: maps.map((map) => ['protocol', 'port', 'nat_port'].map((key) => Number(field(key, map)))),
      };
    };
    const expected = (address: string, vrf_name: string, ...port_map: number[][]): Json => ({
      ip_addr: address,
      vrf_name,
      installed: 'Y',
      fixed_ip: fixed,
      direction: 'ingress',
      port_map_enabled: 'true',
      port_map,
    });
    for (const [address, where, ...maps] of [
      ['10.105.139.153', services, [6, 80, 8888]],
      ['10.96.89.48', services, [6, 80, 8888]],
      ['10.101.102.27', services, [6, 80, 8888], [6, 90, 9999]],
      ['101.101.101.252', external, [6, 80, 8888]],
    ] as const)
      t.same(row(address), expected(address, where, ...maps.map((map) => [...map])), `${address} at ${tap}`);
    const vmi = interfaces.find(({ name: own }) =>
      String(own).startsWith(fixed.endsWith('238') ? 'webserver-0' : 'webserver-1'),
    )!;
    const mac = `02${String(vmi['uuid']).replaceAll('-', '').slice(0, 10)}`.match(/../g)!.join(':');
    t.equal(field('mac_addr', xml), mac, '02 and the first ten digits of the UUID of the interface');
  }
});
