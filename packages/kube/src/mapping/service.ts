/** Services: a load balancer with one listener and pool per port, a member per endpoint, and external floating IPs. */
import {
  ipamName,
  ipamSubnetUuid,
  applianceSet,
  networkName,
  projectName,
  securityGroupName,
  type ClusterSettings,
} from './cluster-settings.ts';
import {
  annotationsOf,
  type Desired,
  type DesiredObject,
  type Note,
  type ObjectName,
} from './desired-object.ts';
import type { BackendPort, BackendSet } from './endpoints.ts';
import { FIP_POOL, poolChoice } from './floating-ip-pool.ts';
import { isIsolated } from './namespace.ts';
import { hasInterface, podNames } from './pod.ts';
import { derivedUuid } from '../derived-uuid.ts';
import {
  namespaceOf,
  type Namespace,
  type Pod,
  type Service,
  type ServicePort,
} from '../kubernetes-object.ts';

/**
 * The `loadBalancerClass`es that are ours, by provider. A LoadBalancer without a class is ours as well, and `native`, as
 * every other Service is.
 */
const loadBalancerClasses = {
  'vaportrail.io/native': 'native',
  'vaportrail.io/opencontrail': 'opencontrail',
} as const satisfies Record<string, string>;

/** What a Service's mapping looks at besides the Service. */
export interface ServiceSurroundings {
  readonly namespace: Namespace | undefined;
  readonly backends: readonly BackendSet[];
  /** The pod of the namespace with a name, or the one with an address. */
  pod(name: string | undefined, address: string): Pod | undefined;
  /** The address a floating IP of that name has, if it is there. */
  addressOf(floatingIp: ObjectName): string | undefined;
  /** Whether there is a floating-IP pool of that name. */
  hasPool(pool: ObjectName): boolean;
  /** Whether the network of a pool has a route target; gateways import nothing otherwise. */
  hasRouteTarget(pool: ObjectName): boolean;
}

export function serviceUid(service: Service): string {
  return service.metadata.uid ?? derivedUuid('service', namespaceOf(service), service.metadata.name);
}

export function loadBalancerName(settings: ClusterSettings, service: Service): ObjectName & { uuid: string } {
  const uuid = serviceUid(service);
  const project = projectName(settings, namespaceOf(service)).fqName;
  return { type: 'loadbalancer', fqName: [...project, `${service.metadata.name}__${uuid}`], uuid };
}

export function serviceObjects(
  settings: ClusterSettings,
  service: Service,
  around: ServiceSurroundings,
): Desired {
  const { spec, metadata } = service;
  const nothing = (reason: string, message: string): Desired => ({
    objects: [],
    links: [],
    notes: [{ level: 'info', reason, message }],
  });
  if (spec.type === 'ExternalName')
    return nothing('ExternalName', 'an ExternalName is an alias in DNS: there is nothing to route');
  if (spec.clusterIP === 'None')
    return nothing('Headless', 'a headless Service has no address: clients reach the pods themselves');
  if (spec.clusterIP === undefined || spec.clusterIP === '')
    return nothing('NoClusterIP', 'the Service has no clusterIP yet');
  if (spec.clusterIP.includes(':') !== settings.serviceSubnet.includes(':')) {
    const message = `clusterIP ${spec.clusterIP} is not of the family of --service-subnet ${settings.serviceSubnet}`;
    return { objects: [], links: [], notes: [{ level: 'warning', reason: 'UnsupportedFamily', message }] };
  }

  const namespace = namespaceOf(service);
  const project = projectName(settings, namespace);
  const balancer = loadBalancerName(settings, service);
  const name = balancer.fqName.at(-1)!;
  const network = networkName(settings, isIsolated(around.namespace) ? namespace : 'default', 'service');
  const annotations = annotationsOf({
    namespace,
    cluster: settings.name,
    kind: 'Service',
    project: settings.name,
    name: metadata.name,
    owner: 'k8s',
  });
  const vmi: ObjectName = {
    type: 'virtual-machine-interface',
    fqName: [...project.fqName, `${settings.name}__Service__${name}`],
    uuid: derivedUuid('service-vmi', balancer.uuid),
  };
  const ipUuid = derivedUuid('instance-ip', balancer.uuid);
  const objects: DesiredObject[] = [
    {
      ...vmi,
      parent: project,
      properties: { virtual_machine_interface_device_owner: 'K8S:LOADBALANCER', annotations },
      references: [network, securityGroupName(settings, namespace)],
    },
    {
      type: 'instance-ip',
      uuid: ipUuid,
      fqName: [`${metadata.name}__${ipUuid}`],
      properties: {
        instance_ip_address: spec.clusterIP,
        instance_ip_family: spec.clusterIP.includes(':') ? 'v6' : 'v4',
        subnet_uuid: ipamSubnetUuid(settings, 'service'),
        annotations,
      },
      references: [vmi, network, ipamName(settings, 'service')],
    },
    {
      ...balancer,
      parent: project,
      properties: {
        display_name: `${namespace}__${metadata.name}`,
        loadbalancer_provider: providerOf(service),
        loadbalancer_properties: {
          status: null,
          provisioning_status: 'ACTIVE',
          operating_status: 'ONLINE',
          vip_subnet_id: null,
          vip_address: spec.clusterIP,
          admin_state: true,
        },
        annotations,
      },
      references: [vmi, applianceSet(providerOf(service))],
    },
  ];
  const notes: Note[] = [];
  for (const port of spec.ports) objects.push(...portObjects(settings, service, port, around, notes));
  objects.push(...externalAddresses(settings, service, around, vmi, annotations, notes));
  remark(service, around, notes);
  return { objects, links: [], notes };
}

/** Listener, pool and members of one port. */
function portObjects(
  settings: ClusterSettings,
  service: Service,
  port: ServicePort,
  around: ServiceSurroundings,
  notes: Note[],
): DesiredObject[] {
  if (port.protocol === 'SCTP') {
    const message = `port ${port.port}: SCTP is not balanced, only TCP and UDP are`;
    notes.push({ level: 'warning', reason: 'UnsupportedProtocol', message });
    return [];
  }
  if (port.protocol === 'UDP' && providerOf(service) === 'opencontrail') {
    const message = `port ${port.port}: a proxy does not take UDP; without loadBalancerClass it is balanced by equal-cost routes`;
    notes.push({ level: 'warning', reason: 'UnsupportedProtocol', message });
    return [];
  }
  const project = projectName(settings, namespaceOf(service));
  const balancer = loadBalancerName(settings, service);
  const key = [balancer.uuid, port.protocol, String(port.port)];
  const listenerUuid = derivedUuid('listener', ...key);
  const poolUuid = derivedUuid('pool', ...key);
  const name = `${balancer.fqName.at(-1)!}-${port.protocol}-${port.port}-${listenerUuid}`;
  const fqName = [...project.fqName, name];
  const listener: ObjectName = { type: 'loadbalancer-listener', fqName, uuid: listenerUuid };
  const pool: ObjectName = { type: 'loadbalancer-pool', fqName, uuid: poolUuid };
  return [
    {
      ...listener,
      parent: project,
      properties: {
        loadbalancer_listener_properties: {
          protocol: port.protocol,
          protocol_port: port.port,
          admin_state: true,
          connection_limit: null,
          default_tls_container: null,
          sni_containers: [],
        },
        ...(port.name !== undefined && { annotations: annotationsOf({ portName: port.name }) }),
      },
      references: [balancer],
    },
    {
      ...pool,
      parent: project,
      properties: {
        loadbalancer_pool_properties: { protocol: port.protocol, admin_state: true, ...stickiness(service) },
      },
      references: [listener],
    },
    ...members(settings, port, pool, poolUuid, around, notes),
  ];
}

function members(
  settings: ClusterSettings,
  port: ServicePort,
  pool: ObjectName,
  poolUuid: string,
  around: ServiceSurroundings,
  notes: Note[],
): DesiredObject[] {
  const found = new Map<string, DesiredObject>();
  for (const { ports, ready } of around.backends) {
    const target = ports.find((each) => serves(each, port));
    if (target === undefined) continue;
    for (const { address, pod: podName } of ready) {
      const pod = around.pod(podName, address);
      if (pod === undefined || !hasInterface(pod)) {
        const who = podName === undefined ? address : `${podName} (${address})`;
        const message = `port ${port.port}: ${who} is no pod with an interface here; traffic to it is not balanced`;
        notes.push({ level: 'info', reason: 'EndpointWithoutInterface', message });
        continue;
      }
      const { machine, vmi } = podNames(settings, pod);
      // Without the port: a target port that changes is a change of the member, and its address stays published.
      const uuid = derivedUuid('member', poolUuid, vmi.uuid);
      found.set(vmi.uuid, {
        type: 'loadbalancer-member',
        uuid,
        fqName: [...pool.fqName, uuid],
        parent: pool,
        properties: {
          loadbalancer_member_properties: {
            admin_state: true,
            status: null,
            status_description: null,
            protocol_port: target.port,
            weight: 1,
            address: null,
            subnet_id: null,
          },
          annotations: annotationsOf({ vm: machine.uuid, vmi: vmi.uuid }),
        },
        references: [],
      });
    }
  }
  return [...found.values()];
}

/** Whether a port of endpoints is the one of a Service port: same protocol, and same name where the port has one. */
function serves(backend: BackendPort, port: ServicePort): boolean {
  return backend.protocol === port.protocol && (backend.name ?? '') === (port.name ?? '');
}

/** The floating IPs of a LoadBalancer, and of any Service that lists externalIPs. */
function externalAddresses(
  settings: ClusterSettings,
  service: Service,
  around: ServiceSurroundings,
  vmi: ObjectName,
  annotations: DesiredObject['properties'][string],
  notes: Note[],
): DesiredObject[] {
  const { type, loadBalancerClass, externalIPs } = service.spec;
  if (isOfAnother(service)) {
    const message = `loadBalancerClass ${loadBalancerClass}: somebody else gives it its external addresses`;
    notes.push({ level: 'info', reason: 'OtherLoadBalancerClass', message });
    return [];
  }
  if (type !== 'LoadBalancer' && externalIPs.length === 0) return [];
  const warn = (reason: string, message: string): DesiredObject[] => {
    notes.push({ level: 'warning', reason, message });
    return [];
  };
  const choice = poolChoice(settings, service, around.namespace);
  if (choice === undefined)
    return warn(
      'NoFloatingIpPool',
      'no floating-IP pool: neither the Service, its namespace nor the cluster names one',
    );
  if ('problem' in choice) return warn('BadFloatingIpPool', choice.problem);
  const pool = choice.candidates.find((each) => around.hasPool(each));
  if (pool === undefined)
    return warn(
      'UnknownFloatingIpPool',
      `${FIP_POOL} of ${choice.by}: there is no floating-IP pool ${choice.text}`,
    );
  if (!around.hasRouteTarget(pool)) {
    const network = pool.fqName.slice(0, -1).join(':');
    warn('NoRouteTarget', `network ${network} has no route target: no gateway imports its addresses`);
  }
  const name = loadBalancerName(settings, service).fqName.at(-1)!;
  const uuid = serviceUid(service);
  const nameFor = (address: string | undefined): ObjectName => ({
    type: 'floating-ip',
    fqName: [...pool.fqName, `${name}${address ?? 'None'}-externalIP`],
  });
  const given = around.addressOf(nameFor(undefined));
  return requestedAddresses(service, given).map((address) => ({
    ...nameFor(address),
    uuid: derivedUuid('floating-ip', uuid, address ?? '', ...pool.fqName),
    parent: pool,
    properties: {
      ...(address !== undefined && {
        floating_ip_address: address,
        floating_ip_address_family: address.includes(':') ? 'v6' : 'v4',
      }),
      floating_ip_is_virtual_ip: false,
      annotations,
    },
    references: [projectName(settings, namespaceOf(service)), vmi],
  }));
}

/**
 * Addresses a Service asks for; `undefined` stands for any. An address among `externalIPs` that was given to it, and
 * written back there, asks for nothing: the floating IP it has stays.
 */
function requestedAddresses(service: Service, given: string | undefined): (string | undefined)[] {
  const { type, loadBalancerIP, externalIPs } = service.spec;
  const listed = [...new Set(externalIPs)];
  if (type !== 'LoadBalancer') return listed;
  if (loadBalancerIP !== undefined && loadBalancerIP !== '') return [loadBalancerIP];
  const own = listed.filter((address) => address !== given);
  return own.length === 0 ? [undefined] : own;
}

/** Whether another controller looks after a LoadBalancer. @see https://kubernetes.io/docs/concepts/services-networking/service/#load-balancer-class */
export function isOfAnother({ spec: { type, loadBalancerClass } }: Service): boolean {
  return (
    type === 'LoadBalancer' &&
    loadBalancerClass !== undefined &&
    !Object.hasOwn(loadBalancerClasses, loadBalancerClass)
  );
}

/** Equal-cost routes, or an active and a standby proxy. */
function providerOf(service: Service): 'native' | 'opencontrail' {
  const { type, loadBalancerClass = '' } = service.spec;
  if (type !== 'LoadBalancer' || !Object.hasOwn(loadBalancerClasses, loadBalancerClass)) return 'native';
  return loadBalancerClasses[loadBalancerClass as keyof typeof loadBalancerClasses];
}

/** A proxy can keep a client with a member; equal-cost routes cannot, and a pool of theirs has no method. */
function stickiness(service: Service): { loadbalancer_method?: string } {
  if (providerOf(service) === 'native') return {};
  const sticky = service.spec.sessionAffinity === 'ClientIP';
  return { loadbalancer_method: sticky ? 'SOURCE_IP' : 'ROUND_ROBIN' };
}

/** What is asked for and not done here, and what an operator would wonder about. */
function remark(service: Service, around: ServiceSurroundings, notes: Note[]): void {
  const { sessionAffinity, type, ports, clusterIP, clusterIPs } = service.spec;
  const info = (reason: string, message: string): void => void notes.push({ level: 'info', reason, message });
  if (sessionAffinity === 'ClientIP' && providerOf(service) === 'native')
    info('SessionAffinity', 'sessionAffinity ClientIP: flows of one client may still reach different pods');
  const others = clusterIPs.filter((address) => address !== clusterIP);
  if (others.length > 0)
    info('DualStack', `${others.join(', ')}: only the first clusterIP, ${clusterIP}, is balanced`);
  if (type === 'NodePort' && ports.some(({ nodePort }) => nodePort !== undefined))
    info('NodePort', 'the node ports themselves are served by kube-proxy; here the clusterIP is');
  const count = (which: 'ready' | 'notReady'): number =>
    around.backends.reduce((sum, set) => sum + set[which].length, 0);
  if (count('ready') === 0)
    info(
      'NoEndpoints',
      count('notReady') === 0
        ? 'no pod stands behind the Service'
        : `${count('notReady')} pods, none of them ready`,
    );
}
