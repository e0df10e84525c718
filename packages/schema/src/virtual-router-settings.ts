/**
 * What a compute node has to know: its VRFs, and its interfaces with their addresses and floating IPs. Keys and values
 * are those of an agent's configuration file, so that an agent takes them as they are.
 */
import { macText, parseHex } from '@vaportrail/net';
import type { ConfigObject, Reference } from './config-object.ts';
import { balancerOf, listenersOf } from './loadbalancer/balanced.ts';
import { loadBalancerSettings, type LoadBalancerSettings } from './loadbalancer/load-balancer-settings.ts';
import { interfacePortMappings } from './loadbalancer/port-mappings.ts';
import { balancerOfInstance, isOpencontrail } from './loadbalancer/proxies.ts';
import type { ObjectGraph } from './object-graph.ts';
import { subnetText } from './object-type.ts';
import { instanceName } from './routing-instance-settings.ts';
import { subnetsOf } from './subnet.ts';

/** All that is on a compute node, in the words of an agent's file. */
export interface VirtualRouterSettings {
  readonly name: string;
  readonly address: string | undefined;
  readonly vrfs: readonly VrfSettings[];
  readonly interfaces: readonly InterfaceSettings[];
  /** Those whose proxy runs here. */
  readonly 'load-balancers': readonly LoadBalancerSettings[];
}

/** A VRF of the node. */
export interface VrfSettings {
  readonly name: string;
  readonly 'virtual-network': string;
  readonly subnets: readonly string[];
}

/** A workload's interface. */
export interface InterfaceSettings {
  readonly name: string;
  readonly vrf: string;
  readonly address: readonly string[];
  readonly mac: string;
  readonly preference: number;
  readonly 'security-groups': readonly number[];
  readonly 'floating-ips': readonly FloatingIpSettings[];
}

/** A floating IP of an interface. */
export interface FloatingIpSettings {
  readonly address: string;
  readonly vrf: string;
  readonly direction: 'both' | 'ingress' | 'egress';
  readonly 'fixed-ip'?: string;
  /** `protocol` is IANA's number, `nat-port` what clients see, `port` what the workload listens on. */
  readonly 'port-maps': readonly {
    readonly protocol: number;
    readonly port: number;
    readonly 'nat-port': number;
  }[];
}

const protocolNumbers = { TCP: 6, UDP: 17 } as const;
/** Digits of a workload's UUID in the short name of its interface. */
const SHORT = 6;
/** LOCAL_PREF of an interface that serves. */
const ACTIVE = 200;

/** All of a compute node. */
export function virtualRouterSettings(router: ConfigObject, graph: ObjectGraph): VirtualRouterSettings {
  const interfaces = interfacesOf(router, graph).flatMap(
    (vmi) => interfaceSettings(vmi, router, graph) ?? [],
  );
  return {
    name: router.fqName.at(-1)!,
    address: router.properties['virtual_router_ip_address'] as string | undefined,
    vrfs: vrfsOf(interfaces, graph),
    interfaces,
    'load-balancers': loadBalancersOf(router, graph),
  };
}

/** The load balancers of the proxies that are on a node. */
export function loadBalancersOf(router: ConfigObject, graph: ObjectGraph): LoadBalancerSettings[] {
  return graph.references(router, 'virtual-machine').flatMap((machine) => {
    const balancer = graph.get(balancerOfInstance(machine) ?? '');
    const [vmi] = graph.referrers(machine.uuid, 'virtual-machine-interface');
    if (balancer === undefined || vmi === undefined || !isOpencontrail(balancer)) return [];
    const [address] = addressesOf(vmi, graph);
    return loadBalancerSettings(balancer, tapName(vmi, router), address, graph) ?? [];
  });
}

/** The addresses of an interface, those of floating IPs not among them, in order. */
function addressesOf(vmi: ConfigObject, graph: ObjectGraph): string[] {
  return graph
    .referrers(vmi.uuid, 'instance-ip')
    .flatMap(({ properties }) => (properties['instance_ip_address'] as string | undefined) ?? [])
    .toSorted();
}

/** The interfaces of the workloads that run on a node. */
export function interfacesOf(router: ConfigObject, graph: ObjectGraph): ConfigObject[] {
  return (router.references['virtual-machine'] ?? []).flatMap(({ uuid }) =>
    graph.referrers(uuid, 'virtual-machine-interface'),
  );
}

/** The nodes that an interface's workload runs on: one, or none yet. */
export function routersOf(vmi: ConfigObject, graph: ObjectGraph): ConfigObject[] {
  return (vmi.references['virtual-machine'] ?? []).flatMap(({ uuid }) =>
    graph.referrers(uuid, 'virtual-router'),
  );
}

/** An interface as its node is to have it; `undefined` while it has no network or no address. */
export function interfaceSettings(
  vmi: ConfigObject,
  router: ConfigObject,
  graph: ObjectGraph,
): InterfaceSettings | undefined {
  const vrf = vrfOf(graph.references(vmi, 'virtual-network')[0], graph);
  const address = addressesOf(vmi, graph);
  if (vrf === undefined || address.length === 0) return undefined;
  const { local_preference: preference } = (vmi.properties['virtual_machine_interface_properties'] ?? {}) as {
    local_preference?: number | null;
  };
  return {
    name: tapName(vmi, router),
    vrf,
    address,
    mac: macOf(vmi),
    // 0 stands for "not said", as with Contrail.
    preference: preference || ACTIVE,
    'security-groups': graph
      .references(vmi, 'security-group')
      .flatMap(({ properties }) => (properties['security_group_id'] as number | undefined) ?? []),
    'floating-ips': graph
      .referrers(vmi.uuid, 'floating-ip')
      .flatMap((floatingIp) => floatingIpSettings(floatingIp, vmi, address, graph) ?? [])
      .toSorted((a, b) => (`${a.vrf} ${a.address}` < `${b.vrf} ${b.address}` ? -1 : 1)),
  };
}

function floatingIpSettings(
  floatingIp: ConfigObject,
  vmi: ConfigObject,
  addresses: readonly string[],
  graph: ObjectGraph,
): FloatingIpSettings | undefined {
  const { properties } = floatingIp;
  const address = properties['floating_ip_address'] as string | undefined;
  const vrf = vrfOf(networkOf(floatingIp, graph), graph);
  const inet6 = address?.includes(':');
  // A floating IP stands for an address of its own family.
  if (address === undefined || vrf === undefined || !addresses.some((one) => one.includes(':') === inet6))
    return undefined;
  const balancer = balancerOf(floatingIp, graph);
  const own =
    balancer === undefined ? undefined : interfacePortMappings(listenersOf(balancer, graph), vmi.uuid);
  const mapped = properties['floating_ip_port_mappings_enable'] === true;
  const { port_mappings = [] } = (properties['floating_ip_port_mappings'] ?? {}) as {
    port_mappings?: NonNullable<typeof own>;
  };
  const mappings = own ?? (mapped ? port_mappings : []);
  // It maps ports and has none for this interface: without a map every port would be open.
  if (mapped && mappings.length === 0) return undefined;
  const fixed = properties['floating_ip_fixed_ip_address'];
  return {
    address,
    vrf,
    direction: (properties['floating_ip_traffic_direction'] ?? 'both') as FloatingIpSettings['direction'],
    ...(typeof fixed === 'string' && addresses.includes(fixed) ? { 'fixed-ip': fixed } : {}),
    'port-maps': mappings.map(({ protocol, src_port, dst_port }) => ({
      protocol: protocolNumbers[protocol],
      port: dst_port,
      'nat-port': src_port,
    })),
  };
}

/** The network in which a floating IP is published: that of its pool, or of the instance IP it stands for. */
function networkOf(floatingIp: ConfigObject, graph: ObjectGraph): ConfigObject | undefined {
  const parent = graph.get(floatingIp.parent?.uuid ?? '');
  if (parent?.type === 'floating-ip-pool') return graph.get(parent.parent?.uuid ?? '');
  if (parent === undefined) return undefined;
  return (
    graph.references(parent, 'virtual-network')[0] ??
    graph
      .references(parent, 'virtual-machine-interface')
      .flatMap((vmi) => graph.references(vmi, 'virtual-network'))[0]
  );
}

function vrfOf(network: ConfigObject | undefined, graph: ObjectGraph): string | undefined {
  if (network === undefined) return undefined;
  const instance = graph
    .children(network.uuid, 'routing-instance')
    .find(({ properties }) => properties['routing_instance_is_default'] === true);
  return instance === undefined ? undefined : instanceName(instance);
}

/** The VRFs that interfaces and floating IPs are in. */
function vrfsOf(interfaces: readonly InterfaceSettings[], graph: ObjectGraph): VrfSettings[] {
  return [...new Set(interfaces.flatMap(vrfNames))].toSorted().map((name) => vrfSettings(name, graph));
}

/** The VRFs of an interface and of its floating IPs, one for each of them. */
export function vrfNames({ vrf, 'floating-ips': floatingIps }: InterfaceSettings): string[] {
  return [vrf, ...floatingIps.map((one) => one.vrf)];
}

/** A VRF as nodes are to have it. */
export function vrfSettings(name: string, graph: ObjectGraph): VrfSettings {
  const fqName = name.split(':').slice(0, -1);
  const network = graph.byName('virtual-network', fqName);
  const subnets = network === undefined ? [] : subnetsOf(network, graph);
  return {
    name,
    'virtual-network': fqName.join(':'),
    subnets: subnets.map(({ subnet }) => subnetText(subnet.subnet)),
  };
}

/** As Contrail's: `tap`, the interface inside the workload, and the beginning of the workload's UUID. */
function tapName(vmi: ConfigObject, router: ConfigObject): string {
  const machine = vmi.references['virtual-machine']?.[0]?.uuid ?? vmi.uuid;
  const beginning = machine.slice(0, SHORT);
  const isTwin = ({ uuid }: Reference): boolean => uuid !== machine && uuid.startsWith(beginning);
  const hasTwins = (router.references['virtual-machine'] ?? []).some(isTwin);
  const digits = machine.replaceAll('-', '');
  // Six digits may be those of two workloads; a name in Linux has 15 characters at the most.
  return hasTwins ? `tap-${digits.slice(0, 11)}` : `tapeth0-${digits.slice(0, SHORT)}`;
}

/** Whether two workloads' UUIDs give the same short name to their interfaces. */
export function areAlike(a: string, b: string): boolean {
  return b.startsWith(a.slice(0, SHORT));
}

/** 02 and the beginning of the interface's UUID, when nobody gave it another. */
function macOf({ uuid, properties }: ConfigObject): string {
  const { mac_address: [given] = [] } = (properties['virtual_machine_interface_mac_addresses'] ?? {}) as {
    mac_address?: string[];
  };
  return given ?? macText(parseHex(`02${uuid.replaceAll('-', '').slice(0, 10)}`));
}
