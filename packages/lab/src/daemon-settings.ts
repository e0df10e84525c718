/**
 * What each daemon of a topology is configured with: the files a user would write by hand. They are pure functions of
 * topology and addressing, so that a lab in one process, in namespaces, in containers and in `deploy/` are the same.
 */
import type { AgentConfigInput } from '@vaportrail/agent';
import type { ControlNodeConfigInput } from '@vaportrail/control-node';
import type { GatewayConfigInput } from '@vaportrail/gateway';
import type { Addressing } from './addressing.ts';
import type { FrrSettings } from './peers/frr-config.ts';
import type { GobgpSettings } from './peers/gobgp.ts';
import type { GatewayTopology, ServiceTopology, Topology } from './topology.ts';

/** Keepalives fast enough that a lab notices a lost peer, slow enough to stay out of its own output. */
const HOLD_SECONDS = 30;

/** What a control node of a topology is started with. @param gateways those that it has sessions with */
export function controlNodeSettings(
  topology: Topology,
  name: string,
  addressing: Addressing,
  gateways: readonly GatewayTopology[],
): ControlNodeConfigInput {
  const { address } = topology['control-nodes'].find((each) => each.name === name)!;
  const { bgpPort, xmppPort } = addressing;
  const here = addressing.at(address);
  return {
    name,
    asn: topology.asn,
    'router-id': address,
    bgp: {
      listen: [{ address: here, port: bgpPort }],
      peers: [
        ...topology['control-nodes']
          .filter((other) => other.name !== name)
          .map((other) => ({ name: other.name, address: addressing.at(other.address), port: bgpPort })),
        ...gateways.map((gateway) => ({
          name: gateway.name,
          address: addressing.at(gateway.address),
          port: bgpPort,
          asn: topology.asn,
          'local-address': here,
          'hold-time': HOLD_SECONDS,
          'connect-retry': 1,
        })),
      ],
    },
    xmpp: { listen: { address: here, port: xmppPort } },
    'routing-instances': topology.networks.map((network) => ({
      name: network.name,
      ...(network.index === undefined ? {} : { 'vn-index': network.index }),
      'route-targets': network['route-targets'],
    })),
  };
}

/** An agent with the pods of its node; the first `backends` pods of each service carry its addresses. */
export function agentSettings(
  topology: Topology,
  name: string,
  addressing: Addressing,
  backends: (service: ServiceTopology) => number,
): AgentConfigInput {
  const { address } = topology.nodes.find((each) => each.name === name)!;
  const here = addressing.at(address);
  return {
    name,
    address,
    ...(here === address ? {} : { 'local-address': here }),
    'control-nodes': topology['control-nodes'].map((each) => ({
      address: addressing.at(each.address),
      port: addressing.xmppPort,
    })),
    vrfs: topology.networks
      .filter((network) => name in network['instance-ids'])
      .map((network) => ({
        name: network.name,
        'instance-id': network['instance-ids'][name]!,
        subnets: [network.prefix],
      })),
    interfaces: topology.pods
      .filter((pod) => pod.node === name)
      .map((pod) => ({
        name: pod.interface ?? pod.name,
        vrf: pod.network,
        address: pod.address,
        label: pod.label,
        ...(pod.mac === undefined ? {} : { mac: pod.mac }),
        'floating-ips': topology.services
          .filter((service) => service.backends.slice(0, backends(service)).includes(pod.name))
          .flatMap(floatingIps),
      })),
  };
}

/** A service gives its pods two addresses: the cluster IP in the service network, the external one in the public. */
function floatingIps(service: ServiceTopology) {
  const portMaps = service.ports.map((each) => ({
    protocol: each.protocol.toLowerCase() as 'tcp' | 'udp' | 'sctp',
    port: each['target-port'],
    'nat-port': each.port,
  }));
  return (['cluster', 'external'] as const).map((side) => ({
    address: service[`${side}-ip`],
    vrf: service[`${side}-network`],
    direction: 'ingress' as const,
    'port-maps': portMaps,
  }));
}

/** Our gateway: waits for the control nodes, resolves their next hops by tunnels to the compute nodes. */
export function gatewaySettings(
  topology: Topology,
  gateway: GatewayTopology,
  addressing: Addressing,
  multipath: boolean,
): GatewayConfigInput {
  const here = addressing.at(gateway.address);
  return {
    name: gateway.name,
    asn: gateway.asn ?? topology.asn,
    'local-as': topology.asn,
    'router-id': gateway.address,
    bgp: {
      listen: [{ address: here, port: addressing.bgpPort }],
      peers: topology['control-nodes'].map((each) => ({
        name: each.name,
        address: addressing.at(each.address),
        asn: topology.asn,
        'local-as': topology.asn,
        'local-address': here,
        passive: true,
        'hold-time': HOLD_SECONDS,
      })),
    },
    'routing-instances': [
      {
        name: gateway.vrf,
        'route-distinguisher': `${gateway.address}:500`,
        ...(gateway['route-targets'].length === 1
          ? { 'vrf-target': gateway['route-targets'][0]! }
          : { import: gateway['route-targets'], export: gateway['route-targets'] }),
        'routing-options': multipath ? { multipath: 'vpn-unequal-cost' as const } : {},
      },
    ],
    'dynamic-tunnels': [
      {
        name: 'contrail',
        'source-address': gateway.address,
        type: 'gre',
        'destination-networks': topology.nodes.map((node) => `${node.address}/32`),
      },
    ],
    // The lab of the book has its tunnels in these.
    'tunnel-services': { pics: ['2/2/0', '2/3/0'] },
  };
}

/** FRR: bgpd alone, importing into its default table, with one path in use until the knob is turned. */
export function frrSettings(
  topology: Topology,
  gateway: GatewayTopology,
  addressing: Addressing,
): FrrSettings {
  return {
    hostname: gateway.name,
    asn: topology.asn,
    routerId: gateway.address,
    address: addressing.at(gateway.address),
    port: addressing.bgpPort,
    importTargets: gateway['route-targets'],
    routeDistinguisher: `${gateway.address}:500`,
    maximumPaths: 1,
    neighbors: topology['control-nodes'].map((each) => ({
      address: addressing.at(each.address),
      asn: topology.asn,
      hold: HOLD_SECONDS,
    })),
  };
}

/** What a GoBGP in the place of a gateway is started with. */
export function gobgpSettings(
  topology: Topology,
  gateway: GatewayTopology,
  addressing: Addressing,
): GobgpSettings {
  return {
    asn: topology.asn,
    routerId: gateway.address,
    address: addressing.at(gateway.address),
    port: addressing.bgpPort,
    vrfs: [
      {
        name: gateway.vrf,
        routeDistinguisher: `${gateway.address}:500`,
        routeTargets: gateway['route-targets'],
      },
    ],
    neighbors: topology['control-nodes'].map((each) => ({
      address: addressing.at(each.address),
      asn: topology.asn,
      hold: HOLD_SECONDS,
    })),
  };
}
