/** The configuration of compute nodes: one agent, several of them, or a fleet made after a pattern. */
import { macText } from '@vaportrail/net';
import {
  configNodeAddress,
  introspect,
  ipAddress,
  ipv4Address,
  label,
  macAddress,
  name,
  prefix,
  remoteEndpoint,
  seconds,
  tlsFiles,
  wholeNumber,
} from '@vaportrail/show';
import { z } from 'zod';
import { protocols } from './floating-ip.ts';
import { haproxyConfig, loadBalancerConfig } from './load-balancer/config.ts';
import { FIRST_VIRTUAL_INDEX, HIGH_PREFERENCE, LAST_INDEX } from './interface.ts';
import { DEFAULT_ENCAPSULATION_PRIORITY, tunnelTypeNames } from './tunnel-type.ts';
import { FABRIC_VRF } from './vrf.ts';

export const XMPP_PORT = 5269;
/** Contrail's agents talk to two control nodes; more in the list are spares. */
export const CONTROL_NODES_IN_USE = 2;

/** Timers take at most so many seconds (2^31 milliseconds). */
const LONGEST_TIMER = 2_147_483;

const vrfName = z.string().regex(/^[^\s/:]+(:[^\s/:]+){3}$/, {
  error: 'must have the form domain:project:network:instance',
});

const mac = macAddress.transform((octets) => macText(octets));

const uuid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, {
  error: 'must be a UUID in lower case',
});

const oneOrMoreAddresses = z
  .union([ipAddress, z.array(ipAddress).min(1)])
  .transform((addresses) => (typeof addresses === 'string' ? [addresses] : addresses));

const protocol = z
  .union([z.enum(Object.keys(protocols) as (keyof typeof protocols)[]), wholeNumber(0, 255)])
  .transform((value) => (typeof value === 'string' ? protocols[value] : value));

const portMap = z.strictObject({
  protocol: protocol.default(protocols.tcp),
  /** What the workload listens on. */
  port: wholeNumber(1, 65535),
  /** What the client sees. */
  'nat-port': wholeNumber(1, 65535),
});

export const floatingIpConfig = z.strictObject({
  address: ipAddress,
  /** Where it is published: the VRF of the pool's network. */
  vrf: vrfName,
  direction: z.enum(['both', 'ingress', 'egress']).default('both'),
  'port-maps': z.array(portMap).default([]),
  /** The address it stands for; the interface's first of the same family when left out. */
  'fixed-ip': ipAddress.optional(),
});

export const interfaceConfig = z.strictObject({
  name: name.max(64),
  vrf: vrfName,
  /** One address, or a list with several. */
  address: oneOrMoreAddresses,
  /** Made from the address when left out. */
  mac: mac.optional(),
  /** The lowest free one when left out. */
  label: label.optional(),
  index: wholeNumber(FIRST_VIRTUAL_INDEX, LAST_INDEX).optional(),
  /** LOCAL_PREF of its routes: 200 active, 100 standby. */
  preference: wholeNumber(1, 0xffff_ffff).default(HIGH_PREFERENCE),
  sequence: wholeNumber(0, 0xffff_ffff).default(0),
  'security-groups': z.array(wholeNumber(1, 0xffff_ffff)).default([]),
  communities: z.array(z.string().min(1)).default([]),
  tags: z.array(wholeNumber(0, 0xffff_ffff)).default([]),
  'floating-ips': z.array(floatingIpConfig).default([]),
});

export const vrfConfig = z.strictObject({
  name: vrfName,
  /** This node's number for the VRF; the lowest free one when left out. */
  'instance-id': wholeNumber(0, 65535).optional(),
  /** The name without its last part when left out. */
  'virtual-network': z.string().min(1).optional(),
  /** Subnets of the network: addresses in them that nobody has are dropped here. */
  subnets: z.array(prefix).default([]),
});

const agentShape = z.strictObject({
  name,
  /** The node's address: where control nodes and tunnels reach it. */
  address: ipv4Address,
  /** The address to connect from, where that is another one, e.g. one of 127.0.0.0/8. */
  'local-address': ipAddress.optional(),
  mac: mac.optional(),
  'control-nodes': z.array(remoteEndpoint(XMPP_PORT)).min(1),
  /** With it control nodes must speak TLS, without it they must not ask for it. `vaportrail certificates` makes the files. */
  tls: tlsFiles.optional(),
  /**
   * Who tells VRFs, interfaces and load balancers, beside those of this file: a config node, or `xmpp`, the control
   * nodes.
   */
  config: z.union([z.literal('xmpp'), configNodeAddress]).optional(),
  /** Workloads that somebody else plugged in here: the control node is asked for their configuration (`config: xmpp`). */
  'virtual-machines': z.array(uuid).default([]),
  'hold-time': seconds(0, 3600).default(90),
  'encapsulation-priority': z
    .array(z.enum(tunnelTypeNames))
    .min(1)
    .default([...DEFAULT_ENCAPSULATION_PRIORITY]),
  /** How long to forward by what a lost control node said. */
  'stale-time': seconds(0, LONGEST_TIMER).default(300),
  /** How long to wait for the End-of-RIB after a session returned, before what was not confirmed is forgotten. */
  'end-of-rib-timeout': seconds(1, LONGEST_TIMER).default(60),
  vrfs: z.array(vrfConfig).default([]),
  interfaces: z.array(interfaceConfig).default([]),
  'load-balancers': z.array(loadBalancerConfig).default([]),
  /** How proxies of load balancers are run; without it none is. */
  haproxy: haproxyConfig.optional(),
  /** Addresses of the underlay with their MACs, for what tunnels show. */
  neighbors: z.array(z.strictObject({ address: ipAddress, mac })).default([]),
  /** Where the agent serves views of its own; those of a file are served for all its agents together. */
  introspect: introspect.optional(),
});

/** The text of a pattern for one number: `{n}` stands for it, `{n:4}` for the same with leading zeros. */
export function numbered(text: string, n: number): string {
  return text.replace(/\{n(?::(\d))?\}/g, (_, width?: string) => String(n).padStart(Number(width ?? 0), '0'));
}

const pattern = z.string().regex(/\{n(:\d)?\}/, { error: 'must contain {n}' });

/** Many agents that differ by a number: names and addresses count up from the first one. */
export const fleetConfig = z.strictObject({
  count: wholeNumber(1, 100_000),
  name: pattern.default('compute-{n:5}'),
  'first-address': ipv4Address.default('10.128.0.1'),
  /** The first address to connect from; counts up with the agents, within 127.0.0.0/8 for instance. */
  'first-local-address': ipv4Address.optional(),
  'control-nodes': z.array(remoteEndpoint(XMPP_PORT)).min(1),
  /** Agents of one network follow each other in the count. */
  networks: z
    .strictObject({
      /** Agents in each network. */
      size: wholeNumber(1, 100_000).default(10),
      name: pattern.default('default-domain:fleet:net-{n:4}:net-{n:4}'),
    })
    .prefault({}),
  /** Interfaces of each agent, and the address of the very first one. */
  interfaces: wholeNumber(0, 1000).default(1),
  'first-interface-address': ipv4Address.default('10.0.0.1'),
  /** Agents that may be connecting at one time. */
  wave: wholeNumber(1, 10_000).default(200),
  'hold-time': seconds(0, 3600).default(90),
});

/** Settings of single agents are optional at the top of a file, because it may list agents instead. */
export const agentFileConfig = agentShape
  .partial({ name: true, address: true, 'control-nodes': true })
  .extend({
    agents: z.array(agentShape).default([]),
    fleet: fleetConfig.optional(),
    introspect: introspect.prefault({}),
  })
  .superRefine((file, context) => {
    const refuse: Refuse = (path, message) => context.addIssue({ code: 'custom', path: [...path], message });
    const single =
      file.name !== undefined || file.address !== undefined || file['control-nodes'] !== undefined;
    if (single || (file.agents.length === 0 && file.fleet === undefined)) {
      for (const key of ['name', 'address', 'control-nodes'] as const) {
        if (file[key] === undefined)
          refuse([key], 'is missing (or list several under "agents", or a "fleet")');
      }
      checkAgent(file, [], refuse);
    }
    const names = new Map<string, string>(file.name === undefined ? [] : [[file.name, 'name']]);
    file.agents.forEach((agent, index) => {
      checkAgent(agent, ['agents', index], refuse);
      const other = names.get(agent.name);
      if (other !== undefined) refuse(['agents', index, 'name'], `is already the name at ${other}`);
      names.set(agent.name, `agents[${index}]`);
    });
    const folders = new Map<string, string>();
    file.agents.forEach(({ haproxy }, index) => {
      if (haproxy === undefined) return;
      const other = folders.get(haproxy.folder);
      if (other !== undefined)
        refuse(['agents', index, 'haproxy', 'folder'], `is already the folder of ${other}`);
      folders.set(haproxy.folder, `agents[${index}]`);
    });
  })
  .transform((file): AgentFile => {
    const { agents, fleet, introspect: views, ...single } = file;
    // Checked above: a file with a name has all that an agent needs.
    const all = single.name === undefined ? agents : [single as AgentConfig, ...agents];
    const count = all.length + (fleet?.count ?? 0);
    const first = all[0]?.name ?? numbered(fleet?.name ?? '', 0);
    return { name: count > 1 ? `${first}+${count - 1}` : first, agents: all, fleet, introspect: views };
  });

/** What a file holds: agents, or a fleet of them, and where their views are served. */
export interface AgentFile {
  /** The name of the agent; of several, the first name and how many others there are: `compute-1+99`. */
  readonly name: string;
  readonly agents: readonly AgentConfig[];
  readonly fleet: FleetConfig | undefined;
  readonly introspect: z.output<typeof introspect>;
}

/** The configuration of one agent, checked for contradictions. */
export const agentConfig = agentShape.superRefine((agent, context) =>
  checkAgent(agent, [], (path, message) => context.addIssue({ code: 'custom', path: [...path], message })),
);

export type AgentConfig = z.output<typeof agentShape>;
export type AgentConfigInput = z.input<typeof agentShape>;
export type InterfaceConfig = z.output<typeof interfaceConfig>;
export type InterfaceConfigInput = z.input<typeof interfaceConfig>;
export type FloatingIpConfig = z.output<typeof floatingIpConfig>;
export type FloatingIpConfigInput = z.input<typeof floatingIpConfig>;
export type VrfConfig = z.output<typeof vrfConfig>;
export type VrfConfigInput = z.input<typeof vrfConfig>;
export type FleetConfig = z.output<typeof fleetConfig>;
export type FleetConfigInput = z.input<typeof fleetConfig>;

type Refuse = (path: readonly (string | number)[], message: string) => void;

function checkAgent(
  agent: Pick<AgentConfig, 'vrfs' | 'interfaces' | 'load-balancers' | 'config' | 'virtual-machines'>,
  at: readonly (string | number)[],
  refuse: Refuse,
): void {
  const unique = (what: string): ((key: string | number | undefined, path: (string | number)[]) => void) => {
    const seen = new Map<string | number, string>();
    return (key, path) => {
      if (key === undefined) return;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, path.slice(0, 2).join('[') + ']');
      else refuse([...at, ...path], `${key} is already the ${what} of ${first}`);
    };
  };
  const machines = unique('UUID');
  agent['virtual-machines'].forEach((machine, index) => machines(machine, ['virtual-machines', index]));
  if (agent['virtual-machines'].length > 0 && agent.config !== 'xmpp')
    refuse([...at, 'virtual-machines'], 'needs config: xmpp, as it is control nodes that are asked');
  const vrfNames = unique('name');
  const instances = unique('instance-id');
  agent.vrfs.forEach((vrf, index) => {
    vrfNames(vrf.name, ['vrfs', index, 'name']);
    instances(vrf['instance-id'], ['vrfs', index, 'instance-id']);
    if ((vrf.name === FABRIC_VRF) !== (vrf['instance-id'] === 0) && vrf['instance-id'] !== undefined) {
      refuse(
        [...at, 'vrfs', index, 'instance-id'],
        'the underlay has instance-id 0, every other VRF another',
      );
    }
  });
  const names = unique('name');
  const labels = unique('label');
  const indexes = unique('index');
  agent.interfaces.forEach((one, index) => {
    names(one.name, ['interfaces', index, 'name']);
    labels(one.label, ['interfaces', index, 'label']);
    indexes(one.index, ['interfaces', index, 'index']);
    if (one.vrf === FABRIC_VRF) {
      refuse([...at, 'interfaces', index, 'vrf'], 'workloads do not live in the underlay');
    }
    const floating = unique('address');
    one['floating-ips'].forEach((floatingIp, place) => {
      const path = ['interfaces', index, 'floating-ips', place];
      const problem = floatingIpProblem(one, floatingIp);
      if (problem !== undefined) refuse([...at, ...path, problem.field], problem.because);
      floating(`${floatingIp.address} in ${floatingIp.vrf}`, [...path, 'address']);
    });
  });
  const balancers = unique('uuid');
  agent['load-balancers'].forEach(({ uuid, address, interface: carrier }, index) => {
    const path = ['load-balancers', index];
    balancers(uuid, [...path, 'uuid']);
    const found = agent.interfaces.find((one) => one.name === carrier);
    if (found === undefined) refuse([...at, ...path, 'interface'], `there is no interface ${carrier}`);
    else if (!found.address.includes(address))
      refuse([...at, ...path, 'address'], `${address} is not an address of ${carrier}`);
  });
}

/** What is wrong between an interface and a floating IP for it. */
export function floatingIpProblem(
  to: { readonly address: readonly string[] },
  floatingIp: FloatingIpConfig,
): { readonly field: 'address' | 'fixed-ip'; readonly because: string } | undefined {
  const { address, 'fixed-ip': fixedIp } = floatingIp;
  if (fixedIp !== undefined && !to.address.includes(fixedIp)) {
    return { field: 'fixed-ip', because: `${fixedIp} is not an address of the interface` };
  }
  const inet6 = address.includes(':');
  if (!to.address.some((own) => own.includes(':') === inet6)) {
    return { field: 'address', because: `the interface has no ${inet6 ? 'IPv6' : 'IPv4'} address` };
  }
  return undefined;
}
