/** What control nodes and agents are to do, read from the configuration objects. */
import type { AgentConfigInput } from '@vaportrail/agent';
import type { ConfigObject, ObjectGraph } from '@vaportrail/config';
import type { ControlNodeConfigInput } from '@vaportrail/control-node';

type RoutingInstances = NonNullable<ControlNodeConfigInput['routing-instances']>;
type Vrfs = NonNullable<AgentConfigInput['vrfs']>;
type Interfaces = NonNullable<AgentConfigInput['interfaces']>;
type FloatingIps = NonNullable<Interfaces[number]['floating-ips']>;

interface PortMapping {
  readonly protocol: 'TCP' | 'UDP';
  readonly src_port: number;
  readonly dst_port: number;
}

/** Every routing instance with what it imports and exports. */
export function routingInstances(graph: ObjectGraph): RoutingInstances {
  return [...graph.ofType('routing-instance')].map((instance) => {
    const network = graph.get(instance.parent!.uuid);
    const index = network?.properties['virtual_network_network_id'] as number | undefined;
    const targets = (direction: 'import' | 'export' | undefined): string[] =>
      (instance.references['route-target'] ?? []).flatMap(({ uuid, attr }) => {
        const { import_export: only } = (attr ?? {}) as { import_export?: string | null };
        const target = graph.get(uuid)?.fqName[0];
        return target === undefined || (only ?? undefined) !== direction
          ? []
          : [target.replace(/^target:/, '')];
      });
    return {
      name: instance.fqName.join(':'),
      ...(index === undefined ? {} : { 'vn-index': index }),
      'route-targets': targets(undefined),
      import: targets('import'),
      export: targets('export'),
    };
  });
}

/** The VRFs and interfaces of a compute node: its virtual-machines, their interfaces, addresses and floating IPs. */
export function computeNodeView(graph: ObjectGraph, node: string): { vrfs: Vrfs; interfaces: Interfaces } {
  const vrfs = new Set<string>();
  const interfaces: Interfaces = [];
  const router = graph.byName('virtual-router', ['default-global-system-config', node]);
  for (const machine of router === undefined ? [] : graph.references(router, 'virtual-machine')) {
    for (const vmi of graph.referrers(machine.uuid, 'virtual-machine-interface')) {
      const vrf = vrfOf(graph, graph.references(vmi, 'virtual-network')[0]);
      const address = graph
        .referrers(vmi.uuid, 'instance-ip')
        .flatMap(({ properties }) => (properties['instance_ip_address'] as string | undefined) ?? []);
      if (vrf === undefined || address.length === 0) continue;
      const macs = vmi.properties['virtual_machine_interface_mac_addresses'] as
        { mac_address: string[] } | undefined;
      const floatingIps = graph
        .referrers(vmi.uuid, 'floating-ip')
        .flatMap((floatingIp) => floatingIpView(graph, floatingIp) ?? []);
      vrfs.add(vrf);
      for (const each of floatingIps) vrfs.add(each.vrf);
      interfaces.push({
        name: `tapeth0-${machine.uuid.slice(0, 6)}`,
        vrf,
        address,
        ...(macs?.mac_address[0] === undefined ? {} : { mac: macs.mac_address[0] }),
        'floating-ips': floatingIps,
      });
    }
  }
  return {
    // Addresses that went to nobody are dropped where the network is, and sorted they keep their numbers longer.
    vrfs: [...vrfs].sort().map((name) => ({ name })),
    interfaces: interfaces.sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function floatingIpView(
  graph: ObjectGraph,
  { parent, properties }: ConfigObject,
): FloatingIps[number] | undefined {
  const above = graph.get(parent!.uuid);
  if (above === undefined) return undefined;
  const network =
    above.type === 'floating-ip-pool'
      ? graph.get(above.parent!.uuid)
      : graph.references(above, 'virtual-network')[0];
  const vrf = vrfOf(graph, network);
  const address = properties['floating_ip_address'] as string | undefined;
  if (vrf === undefined || address === undefined) return undefined;
  const enabled = properties['floating_ip_port_mappings_enable'] === true;
  const { port_mappings: mappings = [] } = (properties['floating_ip_port_mappings'] ?? {}) as {
    port_mappings?: PortMapping[];
  };
  return {
    address,
    vrf,
    direction:
      (properties['floating_ip_traffic_direction'] as 'both' | 'ingress' | 'egress' | undefined) ?? 'both',
    'port-maps': enabled
      ? mappings.map(({ protocol, src_port, dst_port }) => ({
          protocol: protocol === 'UDP' ? ('udp' as const) : ('tcp' as const),
          port: dst_port,
          'nat-port': src_port,
        }))
      : [],
  };
}

/** The name of the network's own routing instance. */
function vrfOf(graph: ObjectGraph, network: ConfigObject | undefined): string | undefined {
  if (network === undefined) return undefined;
  const instances = graph.children(network.uuid, 'routing-instance');
  const own = instances.find(({ fqName }) => fqName.at(-1) === network.fqName.at(-1)) ?? instances[0];
  return own?.fqName.join(':');
}
