/** The configuration of a gateway: what its YAML file may say, checked and turned into the nouns of `net`. */
import {
  addPath,
  asn,
  bmpStations,
  checkDynamicPeers,
  checkPeers,
  dynamicPeerSettings,
  familyName,
  introspect,
  ipAddress,
  ipv4Address,
  label,
  listenEndpoint,
  mrtFiles,
  name,
  ofOnePeer,
  peerSettings,
  port,
  prefix,
  routeDistinguisher,
  routeTarget,
  routerId,
  seconds,
  wholeNumber,
} from '@vaportrail/show';
import { z } from 'zod';
import { policyOptions } from './policy/policy-options.ts';
import { prefixText, routeDistinguisherText } from '@vaportrail/net';

/** Families a gateway speaks, in the order in which they are offered. */
const gatewayFamilies = ['inet-vpn', 'inet6-vpn', 'route-target'] as const;
/** A family that a peer may be configured with. */
export type GatewayFamily = (typeof gatewayFamilies)[number];

const METRIC = wholeNumber(0, 0xffff_ffff);
const PREFERENCE = wholeNumber(0, 0xffff_ffff);

/** `ge-0/0/1.0`: an interface, a point of attachment of a VRF or of the underlay. */
const interfaceName = z.string().regex(/^[a-z]+-\d+\/\d+\/\d+(\.\d+)?$|^[a-z]+\d*(\.\d+)?$/, {
  error: 'must be an interface such as ge-0/0/1.0',
});

/** Where a static route leads: a neighbour, an interface, or nowhere. */
const staticNextHop = z.union([z.enum(['discard', 'reject']), ipAddress, interfaceName], {
  error: 'must be an address, an interface such as ge-0/0/1.0, "discard" or "reject"',
});

const staticRoute = z.strictObject({
  route: prefix,
  'next-hop': staticNextHop,
  preference: PREFERENCE.default(5),
  metric: METRIC.default(0),
});

/** What `multipath` merges. `true` stands for the plain knob. */
const multipathKnob = z
  .union([
    z.boolean(),
    z.literal('vpn-unequal-cost'),
    z.strictObject({
      'vpn-unequal-cost': z.boolean().default(false),
      'equal-external-internal': z.boolean().default(false),
    }),
  ])
  .transform((knob): MultipathKnob | undefined => {
    if (knob === false) return undefined;
    if (knob === true) return { vpnUnequalCost: false, equalExternalInternal: false };
    if (knob === 'vpn-unequal-cost') return { vpnUnequalCost: true, equalExternalInternal: false };
    return {
      vpnUnequalCost: knob['vpn-unequal-cost'],
      equalExternalInternal: knob['equal-external-internal'],
    };
  });

/** The `multipath` statement of a routing instance. */
export interface MultipathKnob {
  /** Ignore the IGP metric to the protocol next hop. */
  readonly vpnUnequalCost: boolean;
  /** Let external and internal routes share the load. */
  readonly equalExternalInternal: boolean;
}

const routingInstance = z
  .strictObject({
    name,
    'instance-type': z.literal('vrf').default('vrf'),
    'route-distinguisher': routeDistinguisher,
    /** Import and export target in one. */
    'vrf-target': routeTarget.optional(),
    import: z.array(routeTarget).default([]),
    export: z.array(routeTarget).default([]),
    /** Policy statements that decide, one after the other, which routes come in and as what; the last word is reject. */
    'vrf-import': z.array(name).default([]),
    /** The same for routes that go out; they bring the route targets, and `vrf-target` and `export` have no say then. */
    'vrf-export': z.array(name).default([]),
    /** One label for the whole VRF; a number, or `true` for the next free one. */
    'vrf-table-label': z.union([z.boolean(), label]).default(true),
    interfaces: z.array(attachment()).default([]),
    'routing-options': z
      .strictObject({
        multipath: multipathKnob.optional(),
        /** The same for IPv6: Junos has a statement of its own for each table. */
        rib: z
          .strictObject({ 'inet6.0': z.strictObject({ multipath: multipathKnob.optional() }).prefault({}) })
          .prefault({}),
        static: z.array(staticRoute).default([]),
      })
      .prefault({}),
  })
  .superRefine((instance, context) => {
    const reachable =
      instance['vrf-target'] !== undefined ||
      [instance.import, instance.export, instance['vrf-import'], instance['vrf-export']].some(
        (list) => list.length > 0,
      );
    if (!reachable)
      context.addIssue({
        code: 'custom',
        path: ['name'],
        message: `"${instance.name}" needs a vrf-target, import and export targets, or policies: without one it exchanges no route`,
      });
  });

/** An interface and its address: the network behind it is a direct route. */
function attachment() {
  return z.strictObject({ name: interfaceName, address: attachedAddress() });
}

/** An interface address with its length, e.g. `15.15.15.1/24`: yields the address and the network. */
function attachedAddress() {
  return z
    .string({ error: 'must be an address with a length, such as 15.15.15.1/24' })
    .regex(/\/\d+$/, { error: 'must be an address with a length, such as 15.15.15.1/24' })
    .transform((text, context) => {
      const address = ipAddress.safeParse(text.slice(0, text.lastIndexOf('/')));
      const network = prefix.safeParse(text);
      if (address.success && network.success) return { address: address.data, network: network.data };
      for (const result of [address, network]) {
        if (result.success) continue;
        for (const issue of result.error.issues)
          context.addIssue({ code: 'custom', message: issue.message, input: text });
        break;
      }
      return z.NEVER;
    });
}

const bgpPeer = z.strictObject({
  ...peerSettings,
  port: port.default(179),
  asn,
  /** AS number shown to this peer in place of the router's own. */
  'local-as': asn.optional(),
  families: z
    .array(familyName(gatewayFamilies))
    .min(1)
    .default([...gatewayFamilies]),
  'connect-retry': seconds(1, 3600).default(5),
  /** IPv4 families in which next hops may be IPv6. @see RFC 8950 */
  'extended-next-hop': z.array(z.enum(['inet-vpn'])).default([]),
  /** Families in which the peer may send several paths to a destination, or is sent several. @see RFC 7911 */
  'add-path': z.partialRecord(familyName(gatewayFamilies), addPath).optional(),
});

const dynamicPeers = bgpPeer.omit(ofOnePeer).extend(dynamicPeerSettings);

const dynamicTunnel = z.strictObject({
  name,
  'source-address': ipv4Address,
  type: z.enum(['gre', 'udp']).default('gre'),
  'destination-networks': z
    .array(
      z.union([
        prefix.transform((network) => ({ prefix: network, metric: 0 })),
        z.strictObject({ prefix, metric: METRIC.default(0) }),
      ]),
    )
    .min(1, { error: 'must name at least one network' }),
});

const tunnelPic = z
  .string()
  .regex(/^(gr-)?\d+\/\d+\/\d+$/, { error: 'must be FPC/PIC/PORT, such as 2/2/0' })
  .transform((text) => text.replace(/^gr-/, ''));

/** The schema of a gateway's file. */
export const gatewayConfig = z
  .strictObject({
    name,
    asn,
    'local-as': asn.optional(),
    'router-id': routerId,
    bgp: z
      .strictObject({
        listen: z.array(listenEndpoint(179)).default([]),
        /** Compare the MEDs of routes from different neighbouring ASes, too. */
        'always-compare-med': z.boolean().default(false),
        /** Keep VPN routes that no routing instance imports. */
        'keep-all': z.boolean().default(false),
        peers: z.array(bgpPeer).default([]),
        'dynamic-peers': z.array(dynamicPeers).default([]),
      })
      .prefault({}),
    /** Interfaces outside of all routing instances, towards the underlay. */
    interfaces: z.array(attachment()).default([]),
    'policy-options': policyOptions.prefault({}),
    'routing-instances': z.array(routingInstance).default([]),
    'routing-options': z
      .strictObject({
        static: z.array(staticRoute).default([]),
        'inet.3': z.strictObject({ static: z.array(staticRoute).default([]) }).prefault({}),
        /** Tables that VPN next hops are looked up in. Junos takes inet.3 alone for VPN routes. */
        'resolution-ribs': z
          .array(z.enum(['inet.3', 'inet.0']))
          .min(1)
          .default(['inet.3']),
      })
      .prefault({}),
    'dynamic-tunnels': z.array(dynamicTunnel).default([]),
    'tunnel-services': z
      .strictObject({
        pics: z.array(tunnelPic).min(1).default(['0/0/0']),
        'first-unit': wholeNumber(0, 0x7fff_ffff).default(32768),
        /** Seconds that a tunnel nobody uses is kept. */
        'hold-down': seconds(0, 86_400).default(900),
      })
      .prefault({}),
    introspect: introspect.prefault({}),
    mrt: mrtFiles.prefault({}),
    bmp: bmpStations.prefault({}),
  })
  .superRefine((config, context) => {
    unique(context, 'routing-instances', config['routing-instances'], (instance) => instance.name, 'name');
    unique(
      context,
      'routing-instances',
      config['routing-instances'],
      (instance) => routeDistinguisherText(instance['route-distinguisher']),
      'route-distinguisher',
    );
    const statements = new Set(config['policy-options']['policy-statement'].map((one) => one.name));
    config['routing-instances'].forEach((instance, i) => {
      for (const list of ['vrf-import', 'vrf-export'] as const)
        instance[list].forEach((one, j) => {
          if (!statements.has(one))
            context.addIssue({
              code: 'custom',
              path: ['routing-instances', i, list, j],
              message: `there is no policy-statement "${one}" in policy-options`,
            });
        });
    });
    checkPeers(config.bgp.peers, config.bgp.listen, (index, field, message) =>
      context.addIssue({ code: 'custom', path: ['bgp', 'peers', index, field], message }),
    );
    checkDynamicPeers(config.bgp, (path, message) =>
      context.addIssue({ code: 'custom', path: ['bgp', ...path], message }),
    );
    // A peer that connects to us is known by its address alone.
    const listens = config.bgp.listen.length > 0;
    unique(
      context,
      ['bgp', 'peers'],
      config.bgp.peers,
      (peer) => (listens ? peer.address : `${peer.address} ${peer.port}`),
      'address',
    );
    for (const [i, instance] of config['routing-instances'].entries())
      unique(
        context,
        ['routing-instances', i, 'routing-options', 'static'],
        instance['routing-options'].static,
        (route) => `${prefixText(route.route)} ${route['next-hop']}`,
        'route',
      );
  });

/** A checked configuration. */
export type GatewayConfig = z.output<typeof gatewayConfig>;
/** A configuration as a file or a caller may write it. */
export type GatewayConfigInput = z.input<typeof gatewayConfig>;
/** One of `routing-instances`. */
export type RoutingInstanceConfig = GatewayConfig['routing-instances'][number];
/** Of a peer; `dynamic` is the prefix by which it came, where it is not configured by itself. */
export type PeerConfig = GatewayConfig['bgp']['peers'][number] & { readonly dynamic?: string };
/** One of `bgp.dynamic-peers`. */
export type DynamicPeersConfig = GatewayConfig['bgp']['dynamic-peers'][number];
/** One of `interfaces`. */
export type InterfaceConfig = GatewayConfig['interfaces'][number];
/** One of the `static` routes of an instance. */
export type StaticRouteConfig = z.output<typeof staticRoute>;

function unique<T>(
  context: z.RefinementCtx,
  at: PropertyKey | readonly PropertyKey[],
  values: readonly T[],
  key: (value: T) => string,
  field: string,
): void {
  const seen = new Map<string, number>();
  for (const [i, value] of values.entries()) {
    const first = seen.get(key(value));
    if (first === undefined) seen.set(key(value), i);
    else
      context.addIssue({
        code: 'custom',
        path: [...(Array.isArray(at) ? (at as PropertyKey[]) : [at as PropertyKey]), i, field],
        message: `${key(value)} is taken already (entry ${first})`,
      });
  }
}
