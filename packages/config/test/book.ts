/** The objects of the book's namespace `ns-user-1`, as kube-manager writes them. */
import type { ConfigObject, ObjectTypeName } from '@vaportrail/schema';
import type { ConfigClient, NewObject } from '../src/index.ts';

export const SERVICE = '99fe8ce7-9e75-11e9-b485-0050569e6cfc';

export interface Book {
  readonly project: ConfigObject;
  readonly pods: ConfigObject;
  readonly services: ConfigObject;
  readonly pool: ConfigObject;
  /** A pod on a node, with an address of the pod network. */
  pod(name: string, node: string): Promise<ConfigObject>;
  /** A service with one port, `8888`, and the objects of its load balancer. */
  service(
    name: string,
    uuid: string,
    clusterIp: string,
  ): Promise<{ balancer: ConfigObject; pool: ConfigObject; vmi: ConfigObject }>;
  listener(balancer: ConfigObject, port: number, protocol?: 'TCP' | 'UDP'): Promise<ConfigObject>;
  member(pool: ConfigObject, vmi: ConfigObject, port: number): Promise<ConfigObject>;
}

/** Makes domain, project, networks, the pool of external addresses, and two compute nodes. */
export async function book(config: ConfigClient): Promise<Book> {
  const make = (
    type: ObjectTypeName,
    fqName: string[],
    parent?: ConfigObject,
    more: Partial<NewObject> = {},
  ): Promise<ConfigObject> => config.create(type, { fqName, ...(parent ? { parent } : {}), ...more });
  const at = (object: ConfigObject, attr: unknown = null): { uuid: string; attr: unknown }[] => [
    { uuid: object.uuid, attr },
  ];
  const system = await make('global-system-config', ['default-global-system-config']);
  for (const [name, address] of [
    ['cent222', '10.169.25.20'],
    ['cent333', '10.169.25.21'],
  ] as const)
    await make('virtual-router', [...system.fqName, name], system, {
      properties: { virtual_router_ip_address: address },
    });
  const domain = await make('domain', ['default-domain']);
  const project = await make('project', ['default-domain', 'k8s-ns-user-1'], domain);
  const network = async (name: string, subnet: string, targets: string[] = []): Promise<ConfigObject> => {
    const [ip_prefix, length] = subnet.split('/');
    const ipam = await make('network-ipam', [...project.fqName, `${name}-ipam`], project);
    return make('virtual-network', [...project.fqName, name], project, {
      properties: targets.length > 0 ? { route_target_list: { route_target: targets } } : {},
      references: {
        'network-ipam': at(ipam, {
          ipam_subnets: [{ subnet: { ip_prefix, ip_prefix_len: Number(length) } }],
        }),
      },
    });
  };
  const pods = await network('k8s-ns-user-1-pod-network', '10.32.0.0/12');
  const services = await network('k8s-ns-user-1-service-network', '10.96.0.0/12');
  const external = await network('k8s-vn-ns-default-pod-network', '101.101.101.0/24', ['target:500:500']);
  const pool = await make('floating-ip-pool', [...external.fqName, 'pool-ns-default'], external);
  const made: Book = {
    project,
    pods,
    services,
    pool,
    async pod(name, node) {
      const vm = await make('virtual-machine', [`k8s__ns-user-1__${name}`]);
      const vmi = await make('virtual-machine-interface', [...project.fqName, name], project, {
        references: { 'virtual-network': at(pods), 'virtual-machine': at(vm) },
      });
      await make('instance-ip', [name], undefined, {
        references: { 'virtual-network': at(pods), 'virtual-machine-interface': at(vmi) },
      });
      const router = config.byName('virtual-router', ['default-global-system-config', node]);
      await config.changeReference('virtual-router', router.uuid, 'virtual-machine', vm.uuid, 'ADD', null);
      return vmi;
    },
    async service(name, uuid, clusterIp) {
      const vmi = await make(
        'virtual-machine-interface',
        [...project.fqName, `k8s__Service__${name}__${uuid}`],
        project,
        {
          properties: { virtual_machine_interface_device_owner: 'K8S:LOADBALANCER' },
          references: { 'virtual-network': at(services) },
        },
      );
      await make('instance-ip', [`${name}__${vmi.uuid}`], undefined, {
        properties: { instance_ip_address: clusterIp },
        references: { 'virtual-network': at(services), 'virtual-machine-interface': at(vmi) },
      });
      const balancer = await make('loadbalancer', [...project.fqName, `${name}__${uuid}`], project, {
        uuid,
        properties: { loadbalancer_provider: 'native', loadbalancer_properties: { vip_address: clusterIp } },
        references: { 'virtual-machine-interface': at(vmi) },
      });
      return { balancer, vmi, pool: await made.listener(balancer, 8888) };
    },
    async listener(balancer, port, protocol = 'TCP') {
      const name = [...project.fqName, `${balancer.fqName.at(-1)}-${protocol}-${port}`];
      const listener = await make('loadbalancer-listener', name, project, {
        properties: {
          loadbalancer_listener_properties: { protocol, protocol_port: port, admin_state: true },
        },
        references: { loadbalancer: at(balancer) },
      });
      return make('loadbalancer-pool', name, project, {
        references: { 'loadbalancer-listener': at(listener) },
      });
    },
    member(pool, vmi, port) {
      return make('loadbalancer-member', [...pool.fqName, `${vmi.fqName.at(-1)}-${port}`], pool, {
        properties: {
          annotations: { key_value_pair: [{ key: 'vmi', value: vmi.uuid }] },
          loadbalancer_member_properties: { protocol_port: port, weight: 1, admin_state: true },
        },
      });
    },
  };
  return made;
}
