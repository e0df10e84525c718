/** The configuration of one agent: the node itself, and what is on it. */
import { macText } from '@vaportrail/net';
import {
  configNodeAddress,
  introspect,
  ipAddress,
  ipv4Address,
  label,
  macAddress,
  name,
  namedTlsFiles,
  prefix,
  remoteEndpoint,
  seconds,
  wholeNumber,
} from '@vaportrail/show';
import { peerNameRules } from '@vaportrail/xmpp';
import { z } from 'zod';
import { protocols } from './floating-ip.ts';
import { checkAgent } from './contradictions.ts';
import { haproxyConfig, loadBalancerConfig } from './load-balancer/config.ts';
import { FIRST_VIRTUAL_INDEX, HIGH_PREFERENCE, LAST_INDEX } from './interface.ts';
import { DEFAULT_ENCAPSULATION_PRIORITY, tunnelTypeNames } from './tunnel-type.ts';

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

const controlNode = remoteEndpoint(XMPP_PORT).extend({
  /** Of its certificate, and its own. Without it the node is believed that it is what its certificate says. */
  name: name.optional(),
});

/** Without the checks that need more than one setting. */
export const agentShape = z.strictObject({
  name,
  /** The node's address: where control nodes and tunnels reach it. */
  address: ipv4Address,
  /** The address to connect from, where that is another one, e.g. one of 127.0.0.0/8. */
  'local-address': ipAddress.optional(),
  mac: mac.optional(),
  'control-nodes': z.array(controlNode).min(1),
  /**
   * With it control nodes must speak TLS, without it they must not ask for it. `vaportrail certificates` makes the files.
   * `names` is what the name of a control node has to do with its certificate, as `xmpp.tls.names` there.
   */
  tls: namedTlsFiles(peerNameRules, 'any').optional(),
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
