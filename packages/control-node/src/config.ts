/** The configuration of a control node: what its YAML file may say. */
import { compareBytes, hexText } from '@vaportrail/net';
import type { RuleSetName } from '@vaportrail/rib';
import {
  addPath,
  asn,
  bmpStations,
  checkDynamicPeers,
  checkPeers,
  configNodeAddress,
  dynamicPeerSettings,
  familyName,
  holdTime,
  introspect,
  listenEndpoint,
  mrtFiles,
  name,
  namedTlsFiles,
  ofOnePeer,
  peerSettings,
  routeTarget,
  routerId,
  seconds,
  wholeNumber,
} from '@vaportrail/show';
import { MASTER_INSTANCE, peerNameRules, serverLimits } from '@vaportrail/xmpp';
import { z } from 'zod';

import { encapsulationNames } from './contrail-communities.ts';

const BGP_PORT = 179;
const XMPP_PORT = 5269;

/** Families that a control node speaks with BGP peers, in the order Contrail advertises them. */
const peerFamilies = [
  'inet',
  'inet6',
  'inet-vpn',
  'inet6-vpn',
  'route-target',
  'e-vpn',
  'erm-vpn',
  'inet-mvpn',
  'inet-labeled',
] as const;
/** A family that a peer may be configured with. */
export type PeerFamily = (typeof peerFamilies)[number];

/** What Contrail provisions for a peer, of the families spoken here. */
const defaultFamilies: readonly PeerFamily[] = ['inet-vpn', 'inet6-vpn', 'route-target', 'e-vpn'];

const bgpPeer = z.strictObject({
  ...peerSettings,
  port: wholeNumber(1, 65535).default(BGP_PORT),
  /** The AS the peer must be in; our own when left out, which makes the session internal. */
  asn: asn.optional(),
  families: z
    .array(familyName(peerFamilies))
    .min(1)
    .default([...defaultFamilies]),
  'connect-retry': seconds(1, 3600).default(30),
  /** Refuse more prefixes than this, as a whole. */
  'prefix-limit': wholeNumber(1, 0xffff_ffff).optional(),
  /** IPv4 families in which next hops may be IPv6. @see RFC 8950 */
  'extended-next-hop': z.array(z.enum(['inet', 'inet-vpn', 'inet-labeled'])).default([]),
  /** Families in which the peer may send several paths to a destination, or is sent several. @see RFC 7911 */
  'add-path': z.partialRecord(familyName(peerFamilies), addPath).optional(),
  /** What the peer is; of a control node in another AS, LOCAL_PREF is made of MED again. */
  'router-type': z.enum(['router', 'control-node', 'external-control-node']).default('router'),
  /** Encapsulations of its routes that name none, and in the place of those of the routes it is sent. */
  'default-tunnel-encapsulation': z.array(z.enum(encapsulationNames)).min(1).optional(),
  'admin-down': z.boolean().default(false),
});

const dynamicPeers = bgpPeer.omit({ ...ofOnePeer, 'admin-down': true }).extend(dynamicPeerSettings);

/** One of `routing-instances`, in the file or as a config node tells it. Route targets are read to eight octets each. */
export const routingInstanceConfig = z.strictObject({
  /** `domain:project:network:instance` */
  name: z.string().regex(/^[^\s/:]+(:[^\s/:]+){3}$/, {
    error: 'must have the form domain:project:network:instance',
  }),
  /** The virtual network; the name without its last part when left out. */
  'virtual-network': z
    .string()
    .regex(/^[^\s/:]+(:[^\s/:]+){2}$/, { error: 'must have the form domain:project:network' })
    .optional(),
  /** The number of the virtual network in origin-VN communities; none is sent without it. */
  'vn-index': wholeNumber(1, 0xffff_ffff).optional(),
  /** Imported and exported. */
  'route-targets': z.array(routeTarget).default([]),
  import: z.array(routeTarget).default([]),
  export: z.array(routeTarget).default([]),
});

const gracefulRestart = z.strictObject({
  enabled: z.boolean().default(false),
  /** How long the paths of an absent agent or peer are kept. */
  'restart-time': seconds(1, 4095).default(300),
  'long-lived-restart-time': seconds(0, 0xff_ffff).default(300),
  'end-of-rib-timeout': seconds(1, 3600).default(300),
});

/** What one control node takes of agents; what is not theirs to choose is a constant of `xmpp`. */
const xmppLimits = z.strictObject({
  /** With a session. */
  agents: wholeNumber(1, 1_000_000).default(serverLimits.agents),
  /** Of them with one source, an IPv4 address or an IPv6 /64: without TLS anybody can be as many as he likes. */
  'agents-per-address': wholeNumber(1, 1_000_000).default(serverLimits.agentsPerAddress),
  /** Of one agent; one that announces more is closed. No limit when left out. */
  'routes-per-agent': wholeNumber(1, 0xffff_ffff).optional(),
  /** Connections that have not said who they are. */
  pending: wholeNumber(1, 65_536).default(serverLimits.pending),
  'pending-per-address': wholeNumber(1, 65_536).default(serverLimits.pendingPerAddress),
});

/** The schema of the whole file, with every default. It reads addresses to numbers and route targets to octets. */
export const controlNodeConfig = z
  .strictObject({
    name,
    asn: asn.default(64512),
    'router-id': routerId,
    /** Makes this node a route reflector. @see RFC 4456 */
    'cluster-id': routerId.optional(),
    /** In the place of the upper half of addresses in route distinguishers, where clusters use the same addresses; 0 is none. */
    'rd-cluster-seed': wholeNumber(0, 0xffff).default(0),
    /** Only agents of this sub-cluster are let in: those whose stream header names it as its default namespace. */
    'sub-cluster': z.string().min(1).optional(),
    bgp: z
      .strictObject({
        /** No address listed: do not listen, only connect. */
        listen: z.array(listenEndpoint(BGP_PORT)).default([{ address: '0.0.0.0', port: BGP_PORT }]),
        peers: z.array(bgpPeer).default([]),
        'dynamic-peers': z.array(dynamicPeers).default([]),
        /** Compare MEDs of any neighbouring ASes, not only those of one. */
        'always-compare-med': z.boolean().default(false),
        /** Take a longer AS_PATH for as good as a shorter one. */
        'ignore-as-path': z.boolean().default(false),
      })
      .prefault({}),
    xmpp: z
      .strictObject({
        listen: listenEndpoint(XMPP_PORT).default({ address: '0.0.0.0', port: XMPP_PORT }),
        'hold-time': holdTime.default(90),
        /**
         * PEM files; with them every agent must speak TLS, without them none can. `vaportrail certificates` makes them. `names` is what
         * the name of an agent has to do with its certificate: `certificate`, which is taken where there is an authority, `host` for
         * certificates of full host names, or `any`: whoever has a certificate may have any name.
         */
        tls: namedTlsFiles(peerNameRules, 'any').optional(),
        limits: xmppLimits.prefault({}),
        /** How long after the last subscription the End-of-RIB goes to an agent. */
        'end-of-rib-delay': z.number().min(0).max(300).default(1),
      })
      .prefault({}),
    'routing-instances': z.array(routingInstanceConfig).default([]),
    /** A config node that tells routing instances, beside those of this file. */
    config: configNodeAddress.optional(),
    'graceful-restart': gracefulRestart.prefault({}),
    introspect: introspect.prefault({}),
    mrt: mrtFiles.prefault({}),
    bmp: bmpStations.prefault({}),
  })
  .superRefine((config, context) => {
    const refuse = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    const names = new Map<string, number>();
    const networks = new Map<number, string>();
    config['routing-instances'].forEach((instance, index) => {
      const first = names.get(instance.name);
      const path = ['routing-instances', index];
      if (instance.name === MASTER_INSTANCE) {
        refuse([...path, 'name'], 'is the master instance, which is always there');
      }
      if (first !== undefined) {
        refuse([...path, 'name'], `is already the name of routing-instances[${first}]`);
      }
      names.set(instance.name, index);
      const vnIndex = instance['vn-index'];
      if (vnIndex === undefined) return;
      const network = virtualNetworkOf(instance);
      const other = networks.get(vnIndex);
      if (other !== undefined && other !== network) {
        refuse([...path, 'vn-index'], `${vnIndex} is already the index of ${other}`);
      }
      networks.set(vnIndex, network);
    });
    checkPeers(config.bgp.peers, config.bgp.listen, (index, field, message) =>
      refuse(['bgp', 'peers', index, field], message),
    );
    checkDynamicPeers(config.bgp, (path, message) => refuse(['bgp', ...path], message));
    const peers = new Map<string, number>();
    config.bgp.peers.forEach((peer, index) => {
      const path = ['bgp', 'peers', index];
      const first = peers.get(peer.address);
      if (first !== undefined) {
        refuse([...path, 'address'], `is already the address of bgp.peers[${first}]`);
      }
      peers.set(peer.address, index);
      if (peer.passive && config.bgp.listen.length === 0) {
        refuse([...path, 'passive'], 'a passive peer needs an address in bgp.listen');
      }
    });
  });

/** A checked configuration. */
export type ControlNodeConfig = z.output<typeof controlNodeConfig>;
/** A configuration as a file or a caller may write it. */
export type ControlNodeConfigInput = z.input<typeof controlNodeConfig>;
/** Of a peer; `dynamic` is the prefix by which it came, where it is not configured by itself. */
export type BgpPeerConfig = ControlNodeConfig['bgp']['peers'][number] & { readonly dynamic?: string };
/** One of `bgp.dynamic-peers`. */
export type DynamicPeersConfig = ControlNodeConfig['bgp']['dynamic-peers'][number];
/** One of `routing-instances`. */
export type RoutingInstanceConfig = ControlNodeConfig['routing-instances'][number];

/** The rules by which the tables of a node choose. */
export function selectionOf({ bgp }: Pick<ControlNodeConfig, 'bgp'>): RuleSetName {
  const med = bgp['always-compare-med'];
  if (bgp['ignore-as-path'])
    return med ? 'contrail-always-compare-med-ignore-as-path' : 'contrail-ignore-as-path';
  return med ? 'contrail-always-compare-med' : 'contrail';
}

/** The virtual network of an instance: configured, or the name without its last part. */
export function virtualNetworkOf(instance: Pick<RoutingInstanceConfig, 'name' | 'virtual-network'>): string {
  return instance['virtual-network'] ?? instance.name.slice(0, instance.name.lastIndexOf(':'));
}

/** Route targets of an instance, eight octets each, sorted and without repetition. */
export interface InstanceTargets {
  readonly imports: readonly Uint8Array[];
  readonly exports: readonly Uint8Array[];
}

/** What an instance imports and exports: `route-targets` are both. */
export function targetsOf(instance: RoutingInstanceConfig): InstanceTargets {
  return {
    imports: distinct([...instance['route-targets'], ...instance.import]),
    exports: distinct([...instance['route-targets'], ...instance.export]),
  };
}

function distinct(targets: readonly Uint8Array[]): Uint8Array[] {
  const byText = new Map(targets.map((target) => [hexText(target), target]));
  return [...byText.values()].sort(compareBytes);
}
