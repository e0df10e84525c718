/** A Service followed through the configuration: from its name to the interfaces that carry its floating IPs. */
import { annotationOf, proxiesOf, type ConfigObject, type ObjectGraph } from '@vaportrail/schema';
import type {
  ServiceChainView,
  ServiceFloatingIpView,
  ServiceListenerView,
  ServiceMemberView,
} from '@vaportrail/show';
import type { KubeManager } from './kube-manager.ts';
import { namespaceOf, type Service } from './kubernetes-object.ts';
import { balancedClusterIp } from './mapping/address-family.ts';
import { loadBalancerName } from './mapping/service-name.ts';

/** A Service and the configuration objects that it has become, as far as they are there. */
export function serviceChain(service: Service, manager: KubeManager, graph: ObjectGraph): ServiceChainView {
  const { name } = service.metadata;
  const namespace = namespaceOf(service);
  const { fqName } = loadBalancerName(manager.settings, service);
  const balancer = graph.byName('loadbalancer', fqName);
  const { type, clusterIP } = service.spec;
  const clusterIp = balancedClusterIp(manager.settings, service) ?? clusterIP;
  const backends = manager.cluster.backends(namespace, name);
  const named = (which: 'ready' | 'notReady'): string[] =>
    backends.flatMap((set) => set[which].map(({ pod, address }) => pod ?? address));
  // While slices change a pod may be in two of them, with what it was and what it is.
  const ready = new Set(named('ready'));
  const vmis = balancer === undefined ? [] : graph.references(balancer, 'virtual-machine-interface');
  const external = vmis.flatMap(({ uuid }) => graph.referrers(uuid, 'floating-ip'));
  const own = vmis
    .flatMap(({ uuid }) => graph.referrers(uuid, 'instance-ip'))
    .flatMap(({ uuid }) => graph.children(uuid, 'floating-ip'));
  const floatingIps = [...new Map([...own, ...external].map((each) => [each.uuid, each])).values()];
  return {
    service: `${namespace}/${name}`,
    type,
    ...(clusterIp === undefined || clusterIp === '' ? {} : { clusterIp }),
    ...(balancer === undefined
      ? {}
      : {
          loadbalancer: {
            name: balancer.fqName.at(-1)!,
            uuid: balancer.uuid,
            provider: String(balancer.properties['loadbalancer_provider'] ?? 'native'),
          },
          ...(balancer.properties['loadbalancer_provider'] === 'opencontrail'
            ? { proxies: proxiesOf(balancer, graph) }
            : {}),
        }),
    listeners:
      balancer === undefined
        ? []
        : graph.referrers(balancer.uuid, 'loadbalancer-listener').map((each) => listenerView(each, graph)),
    floatingIps: floatingIps.flatMap((each) => floatingIpView(each, graph) ?? []),
    notReady: [...new Set(named('notReady'))].filter((pod) => !ready.has(pod)),
    notes: manager.notes('Service', namespace, name),
  };
}

function listenerView(listener: ConfigObject, graph: ObjectGraph): ServiceListenerView {
  const { protocol, protocol_port: port } = (listener.properties['loadbalancer_listener_properties'] ??
    {}) as {
    protocol?: string;
    protocol_port?: number;
  };
  const [pool] = graph.referrers(listener.uuid, 'loadbalancer-pool');
  const name = annotationOf(listener, 'portName');
  return {
    ...(name === undefined ? {} : { name }),
    protocol: protocol ?? '?',
    port: port ?? 0,
    ...(pool === undefined ? {} : { pool: pool.uuid }),
    members:
      pool === undefined
        ? []
        : graph.children(pool.uuid, 'loadbalancer-member').map((each) => memberView(each, graph)),
  };
}

function memberView(member: ConfigObject, graph: ObjectGraph): ServiceMemberView {
  const { protocol_port: targetPort = 0 } = (member.properties['loadbalancer_member_properties'] ?? {}) as {
    protocol_port?: number;
  };
  const vmi = graph.get(annotationOf(member, 'vmi') ?? '');
  if (vmi === undefined) return { uuid: member.uuid, targetPort };
  const [ip] = graph.referrers(vmi.uuid, 'instance-ip');
  const [machine] = graph.references(vmi, 'virtual-machine');
  const router = machine === undefined ? undefined : graph.referrers(machine.uuid, 'virtual-router')[0];
  const address = ip?.properties['instance_ip_address'] as string | undefined;
  const nodeAddress = router?.properties['virtual_router_ip_address'] as string | undefined;
  return {
    uuid: member.uuid,
    targetPort,
    interface: interfaceName(vmi),
    ...(address === undefined ? {} : { address }),
    ...(router === undefined ? {} : { node: router.fqName.at(-1)! }),
    ...(nodeAddress === undefined ? {} : { nodeAddress }),
  };
}

function floatingIpView(floatingIp: ConfigObject, graph: ObjectGraph): ServiceFloatingIpView | undefined {
  const parent = graph.get(floatingIp.parent?.uuid ?? '');
  const address = floatingIp.properties['floating_ip_address'] as string | undefined;
  if (parent === undefined || address === undefined) return undefined;
  const isExternal = parent.type === 'floating-ip-pool';
  const network = isExternal
    ? graph.get(parent.parent?.uuid ?? '')
    : graph.references(parent, 'virtual-network')[0];
  const instances = network === undefined ? [] : graph.children(network.uuid, 'routing-instance');
  const { port_mappings: mappings = [] } = (floatingIp.properties['floating_ip_port_mappings'] ?? {}) as {
    port_mappings?: { protocol: string; src_port: number; dst_port: number }[];
  };
  return {
    address,
    scope: isExternal ? 'external' : 'cluster',
    network: network?.fqName.join(':') ?? '?',
    routeTargets: instances.flatMap((instance) =>
      graph.references(instance, 'route-target').map(({ fqName }) => fqName[0]!),
    ),
    interfaces: graph.references(floatingIp, 'virtual-machine-interface').map(interfaceName),
    portMappings: mappings.map((each) => `${each.protocol} ${each.src_port} → ${each.dst_port}`),
  };
}

/** The name of the pod in that of its interface: `client__<uuid>`. */
function interfaceName({ fqName }: ConfigObject): string {
  return fqName.at(-1)!.replace(/__[0-9a-f-]{36}$/, '');
}
