/** A topology file: which nodes, networks, pods, services and gateways a lab has. */
import { covers, parsePrefix } from '@vaportrail/net';
import {
  asn,
  ipv4Address,
  label,
  macAddress,
  name,
  prefix,
  readConfigFile,
  routeTarget,
  suggestion,
  wholeNumber,
} from '@vaportrail/show';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The topology of the lab when none is named. */
export const defaultTopologyFile = fileURLToPath(
  new URL('../../topologies/contrail-services.yaml', import.meta.url),
);

/** The Kubernetes manifests that go with it. */
export const bookManifests = fileURLToPath(new URL('../../manifests', import.meta.url));

/** Kinds of router a topology can have as a gateway. */
export const gatewayKinds = ['gateway', 'frr', 'gobgp'] as const;
export type GatewayKind = (typeof gatewayKinds)[number];

const instanceName = z.string().regex(/^[^\s/:]+(:[^\s/:]+){3}$/, {
  error: 'must have the form domain:project:network:instance',
});

/** Keeps the text that was written once the value behind it has been checked. */
function written(setting: z.ZodType): z.ZodType<string> {
  return z.unknown().transform((value, context): string => {
    const result = setting.safeParse(value);
    if (result.success) return String(value);
    for (const issue of result.error.issues) {
      context.issues.push({ code: 'custom', message: issue.message, input: value });
    }
    return z.NEVER;
  });
}

const network = z.strictObject({
  name: instanceName,
  prefix: written(prefix),
  /** Number of the network in origin-VN communities. */
  index: wholeNumber(1, 0xffff_ffff).optional(),
  'route-targets': z.array(written(routeTarget)).min(1),
  /** Each node's own number for the VRF of the network. */
  'instance-ids': z.record(name, wholeNumber(1, 0xffff)),
});

const pod = z.strictObject({
  name,
  node: name,
  network: instanceName,
  address: ipv4Address,
  label,
  interface: name.optional(),
  mac: written(macAddress).optional(),
});

const service = z.strictObject({
  name,
  'cluster-ip': ipv4Address,
  'cluster-network': instanceName,
  'external-ip': ipv4Address,
  'external-network': instanceName,
  ports: z
    .array(
      z.strictObject({
        protocol: z.enum(['TCP', 'UDP', 'SCTP']).default('TCP'),
        port: wholeNumber(1, 65535),
        'target-port': wholeNumber(1, 65535),
      }),
    )
    .min(1),
  backends: z.array(name).min(1),
});

const gateway = z.strictObject({
  name,
  kind: z.enum(gatewayKinds),
  address: ipv4Address,
  asn: asn.optional(),
  vrf: name,
  'route-targets': z.array(written(routeTarget)).min(1),
});

export const topologySchema = z
  .strictObject({
    name,
    asn,
    'control-nodes': z
      .array(z.strictObject({ name, address: ipv4Address }))
      .min(1, { error: 'needs at least one control node' }),
    nodes: z
      .array(z.strictObject({ name, address: ipv4Address }))
      .min(1, { error: 'needs at least one node' }),
    networks: z.array(network).min(1),
    pods: z.array(pod).default([]),
    services: z.array(service).min(1, { error: 'needs a service: its story is what the lab tells' }),
    gateways: z.array(gateway).min(1, { error: 'needs at least one gateway' }),
  })
  .superRefine((topology, context) => {
    const refuse = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    const known = (what: string, names: readonly string[], name: string, path: (string | number)[]): void => {
      if (names.includes(name)) return;
      const meant = suggestion(name, names);
      refuse(path, `no ${what} "${name}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`);
    };
    const once = (list: readonly { name: string }[], key: string): string[] => {
      const names = list.map((each) => each.name);
      names.forEach((each, index) => {
        if (names.indexOf(each) < index) refuse([key, index, 'name'], `there is a "${each}" already`);
      });
      return names;
    };
    const nodes = once(topology.nodes, 'nodes');
    const networks = once(topology.networks, 'networks');
    const pods = once(topology.pods, 'pods');
    once(topology['control-nodes'], 'control-nodes');
    once(topology.services, 'services');
    once(topology.gateways, 'gateways');
    const holders = new Map<string, string>();
    for (const key of ['control-nodes', 'nodes', 'gateways'] as const) {
      topology[key].forEach(({ name, address }, index) => {
        const holder = holders.get(address);
        if (holder !== undefined) refuse([key, index, 'address'], `${address} is the address of ${holder}`);
        holders.set(address, name);
      });
    }
    topology.networks.forEach((each, index) => {
      for (const node of Object.keys(each['instance-ids'])) {
        known('node', nodes, node, ['networks', index, 'instance-ids', node]);
      }
    });
    const inside = (address: string, name: string, path: (string | number)[]): void => {
      const found = topology.networks.find((each) => each.name === name);
      if (found !== undefined && !covers(parsePrefix(found.prefix), parsePrefix(address))) {
        refuse(path, `${address} is not in ${found.prefix}`);
      }
    };
    topology.pods.forEach((each, index) => {
      known('node', nodes, each.node, ['pods', index, 'node']);
      known('network', networks, each.network, ['pods', index, 'network']);
      inside(each.address, each.network, ['pods', index, 'address']);
    });
    topology.services.forEach((each, index) => {
      each.backends.forEach((name, at) => known('pod', pods, name, ['services', index, 'backends', at]));
      for (const side of ['cluster', 'external'] as const) {
        known('network', networks, each[`${side}-network`], ['services', index, `${side}-network`]);
        inside(each[`${side}-ip`], each[`${side}-network`], ['services', index, `${side}-ip`]);
      }
    });
  });

/** A checked topology; route targets, prefixes and MAC addresses are as the file has them. */
export type Topology = z.output<typeof topologySchema>;
export type PodTopology = Topology['pods'][number];
export type ServiceTopology = Topology['services'][number];
export type GatewayTopology = Topology['gateways'][number];
export type NetworkTopology = Topology['networks'][number];

/** Reads a topology file. @throws ConfigError with every problem at its line */
export function readTopology(file = defaultTopologyFile): Topology {
  return readConfigFile(file, topologySchema);
}
