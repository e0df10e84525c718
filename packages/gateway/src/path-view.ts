/** One entry of a routing table as an operator sees it. */
import {
  asPathText,
  communityText,
  extendedCommunityText,
  largeCommunityText,
  type PathAttributes,
} from '@vaportrail/bgp/wire';
import {
  addressText,
  ipv4Text,
  isRouteTarget,
  parseAddress,
  prefixText,
  routeDistinguisherText,
  routeTargetText,
} from '@vaportrail/net';
import type { Path } from '@vaportrail/rib';
import type { GatewayNextHopView, GatewayPathView, IndirectView } from '@vaportrail/show';
import type {
  ForwardingLeg,
  ForwardingNextHop,
  IndirectNextHop,
  UnicastNextHop,
} from './forwarding-next-hop.ts';
import { junosCommunities } from './junos-communities.ts';
import { gatewaysOf, type LocalRoute } from './local-routes.ts';
import { MULTIPATH_PREFERENCE, type MultipathEntry } from './multipath.ts';
import type { Resolver } from './resolution.ts';

/** What is known around a path. */
export interface PathContext {
  readonly resolver: Resolver;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** AS number of the router. */
  readonly asn: number;
  /** Task of the peer a path came from. */
  task(path: Path): string;
  /** The forwarding entry of the prefix, where there is one. */
  readonly installed: ForwardingNextHop | undefined;
  /** The path shares the load: a Multipath entry forwards in its place. */
  readonly shared: boolean;
  /** Names of those who were told about the active entry. */
  readonly told: readonly string[];
}

/** Preference of BGP routes. */
export const BGP_PREFERENCE = 170;
const MEMBERSHIP_PREFERENCE = 5;
/** Of paths that carry none. @see RFC 4271 §9.1.1 */
const DEFAULT_LOCAL_PREFERENCE = 100;

/** A path that BGP brought, or a copy of one. */
export function bgpPathView(path: Path, context: PathContext): GatewayPathView {
  const { source, attributes } = path;
  const localPref = attributes.localPref ?? DEFAULT_LOCAL_PREFERENCE;
  const hidden = !path.feasible;
  const leg = hidden ? undefined : legOf(path, context.resolver);
  return {
    ...commonView(path, context),
    protocol: 'bgp',
    kind: 'BGP',
    preference: BGP_PREFERENCE,
    preference2: -(localPref + 1),
    from: addressText(source.address),
    routerId: ipv4Text(source.routerId),
    localAsn: context.asn,
    peerAsn: source.asn,
    localPref,
    ...(attributes.med === undefined ? {} : { med: attributes.med }),
    ...(leg === undefined ? {} : { metric2: leg.metric }),
    state: stateFlags(path),
    task: context.task(path),
    nextHop: addressText(path.nextHop),
    nextHopType: hidden ? 'Unusable' : 'Indirect',
    nextHops: leg === undefined ? [] : nextHopViews(leg.leg, context.installed),
    indirect: leg === undefined ? [] : [indirectView(leg.leg, leg.metric, leg, context.installed)],
    ...(leg === undefined ? {} : { nextHopReferences: 3 }),
    ...(path.label === undefined ? {} : { label: path.label }),
    ...(path.routeDistinguisher === undefined
      ? {}
      : { routeDistinguisher: routeDistinguisherText(path.routeDistinguisher) }),
    ...(path.primaryTable === undefined ? {} : { primaryTable: path.primaryTable }),
    ...attributeView(attributes),
  };
}

/** A route of the router itself. */
export function localPathView(path: Path, route: LocalRoute, context: PathContext): GatewayPathView {
  const { action } = route;
  const types = {
    forward: 'Router',
    resolve: 'Interface',
    local: 'Local',
    discard: 'Discard',
    reject: 'Reject',
  } as const;
  const gateways =
    action?.type === 'local' && action.interface !== undefined
      ? [{ interface: action.interface }]
      : gatewaysOf(action);
  return {
    ...commonView(path, context),
    protocol: route.protocol === 'Static' ? 'static' : 'direct',
    kind: route.protocol,
    preference: route.preference,
    ...(route.metric === 0 ? {} : { metric: route.metric }),
    state: [
      ...(path.feasible ? [] : ['Hidden']),
      ...(path.replicated ? ['Secondary'] : []),
      ...(path.best ? ['Active'] : []),
      'Int',
      ...(route.protocol === 'Static' ? ['Ext'] : []),
    ],
    task: route.protocol === 'Static' ? 'RT' : 'IF',
    nextHopType: action === undefined ? 'Unusable' : types[action.type],
    nextHops: gateways.map((gateway, i) => ({ ...gateway, selected: i === 0 })),
    indirect: [],
    ...(path.replicated && path.label !== undefined ? { label: path.label } : {}),
    ...(path.routeDistinguisher === undefined
      ? {}
      : { routeDistinguisher: routeDistinguisherText(path.routeDistinguisher) }),
    ...(path.primaryTable === undefined ? {} : { primaryTable: path.primaryTable }),
    ...attributeView(path.attributes),
  };
}

/** A membership of the router itself: which route targets it imports. */
export function membershipView(path: Path, context: PathContext): GatewayPathView {
  return {
    ...commonView(path, context),
    protocol: 'local',
    kind: 'RTarget',
    preference: MEMBERSHIP_PREFERENCE,
    state: [...(path.best ? ['Active'] : []), 'Int', 'Ext'],
    task: 'RT',
    nextHopType: 'Local',
    nextHops: [],
    indirect: [],
  };
}

/** The Multipath entry beside the paths it unites. */
export function multipathView(
  entry: MultipathEntry,
  active: GatewayPathView,
  context: PathContext,
): GatewayPathView {
  const hops = entry.legs.map((leg, i): GatewayNextHopView => {
    const [first] = nextHopViews(leg, context.installed);
    return { ...first!, selected: i === entry.selected };
  });
  return {
    protocol: 'local',
    source: 'multipath',
    kind: 'Multipath',
    mark: '#',
    best: false,
    active: false,
    multipath: true,
    feasible: true,
    preference: MULTIPATH_PREFERENCE,
    age: secondsSince(entry.since, context.now),
    ...(entry.metric === undefined ? {} : { metric: entry.metric }),
    metric2: entry.metric2,
    ...(active.origin === undefined ? {} : { origin: active.origin }),
    ...(active.asPath === undefined ? {} : { asPath: active.asPath }),
    state: ['ForwardingOnly', 'Int', 'Ext'],
    inactiveReason: 'Forwarding use only',
    task: 'RT',
    announcementBits: ['1-KRT'],
    nextHopType: 'Indirect',
    nextHopReferences: 3,
    nextHops: hops,
    indirect: entry.legs.map((leg) => {
      const resolved = resolvedBy(leg, context.resolver);
      return indirectView(leg, resolved.metric, resolved, context.installed);
    }),
    junosCommunities: active.junosCommunities,
  };
}

type Common = Pick<
  GatewayPathView,
  | 'source'
  | 'mark'
  | 'best'
  | 'active'
  | 'multipath'
  | 'feasible'
  | 'because'
  | 'notBest'
  | 'inactiveReason'
  | 'age'
  | 'receivedAt'
  | 'announcementBits'
  | 'junosCommunities'
  | 'flags'
>;

function commonView(path: Path, context: PathContext): Common {
  const { notBest } = path;
  return {
    source: path.source.name,
    mark: path.best ? (context.shared ? '@' : '*') : ' ',
    best: path.best,
    active: path.best,
    multipath: path.multipath && context.shared,
    feasible: path.feasible,
    ...(path.because === undefined ? {} : { because: path.because }),
    ...(notBest === undefined
      ? {}
      : {
          notBest: {
            step: notBest.step,
            reason: notBest.reason,
            ours: String(notBest.ours),
            theirs: String(notBest.theirs),
          },
        }),
    ...(path.feasible
      ? notBest === undefined
        ? {}
        : { inactiveReason: notBest.reason }
      : { inactiveReason: 'Unusable path' }),
    age: secondsSince(path.receivedAt * 1000, context.now),
    receivedAt: new Date(path.receivedAt * 1000).toISOString(),
    announcementBits: path.best ? context.told : [],
    junosCommunities: junosCommunities(path.attributes),
    ...(path.stale ? { flags: [path.longLivedStale ? 'LlgrStale' : 'Stale'] } : {}),
  };
}

/** `Secondary Active Int Ext ProtectionCand`: `Ext` for every BGP route, `Int` for those of our own AS. */
function stateFlags(path: Path): string[] {
  return [
    ...(path.feasible ? [] : ['Hidden']),
    ...(path.replicated ? ['Secondary'] : []),
    ...(path.best ? ['Active'] : []),
    ...(path.notBest?.inGroup === true && path.feasible ? ['NotBest'] : []),
    ...(path.source.internal ? ['Int'] : []),
    'Ext',
    'ProtectionCand',
  ];
}

function attributeView(attributes: PathAttributes): Partial<GatewayPathView> {
  const {
    extendedCommunities: octets,
    originatorId,
    clusterList,
    communities,
    largeCommunities,
  } = attributes;
  const targets: string[] = [];
  const others: string[] = [];
  for (let at = 0; at + 8 <= octets.length; at += 8) {
    if (isRouteTarget(octets, at)) targets.push(routeTargetText(octets, at));
    else others.push(extendedCommunityText(octets, at));
  }
  return {
    origin: attributes.origin ?? 'incomplete',
    asPath: asPathText(attributes.asPath),
    routeTargets: targets,
    extendedCommunities: others,
    ...(communities.length === 0 ? {} : { communities: communities.map(communityText) }),
    ...(largeCommunities.length === 0 ? {} : { largeCommunities: largeCommunities.map(largeCommunityText) }),
    ...(originatorId === undefined ? {} : { originatorId: ipv4Text(originatorId) }),
    ...(clusterList.length === 0 ? {} : { clusterList: clusterList.map(ipv4Text) }),
  };
}

interface Resolved {
  readonly metric: number;
  readonly rib: string;
  readonly by: string;
}

function legOf(path: Path, resolver: Resolver): ({ leg: ForwardingLeg } & Resolved) | undefined {
  const resolution = resolver.resolution(path.nextHop);
  if (resolution === undefined) return undefined;
  return {
    leg: { protocolNextHop: addressText(path.nextHop), label: path.label, gateways: resolution.gateways },
    metric: resolution.metric,
    rib: resolution.rib,
    by: prefixText(resolution.prefix),
  };
}

function resolvedBy({ protocolNextHop = '' }: ForwardingLeg, resolver: Resolver): Resolved {
  const resolution = protocolNextHop === '' ? undefined : resolver.resolution(parseAddress(protocolNextHop));
  if (resolution === undefined) return { metric: 0, rib: 'inet.3', by: protocolNextHop };
  return { metric: resolution.metric, rib: resolution.rib, by: prefixText(resolution.prefix) };
}

function nextHopViews(leg: ForwardingLeg, installed: ForwardingNextHop | undefined): GatewayNextHopView[] {
  const unicasts = forwardingOf(leg, installed)?.unicasts ?? [];
  return leg.gateways.map((gateway, i) => {
    const index = unicasts.find((unicast) => unicast.interface === gateway.interface)?.index;
    return {
      interface: gateway.interface,
      ...(gateway.address === undefined ? {} : { address: gateway.address }),
      ...(leg.label === undefined ? {} : { label: leg.label }),
      selected: i === 0,
      ...(index === undefined ? {} : { index }),
    };
  });
}

function indirectView(
  leg: ForwardingLeg,
  metric: number,
  { rib, by }: Resolved,
  installed: ForwardingNextHop | undefined,
): IndirectView {
  const index = forwardingOf(leg, installed)?.indirect.index;
  return {
    protocolNextHop: leg.protocolNextHop ?? '',
    ...(leg.label === undefined ? {} : { label: leg.label }),
    metric,
    handle: handleOf(leg),
    ...(index === undefined ? {} : { index }),
    session: index === undefined ? '0x0' : `0x${(index & 0xfff).toString(16)}`,
    originatingRib: rib,
    resolvedBy: by,
    nextHops: nextHopViews(leg, installed),
  };
}

/** The forwarding next hop that a leg became, if the forwarding table uses it. */
function forwardingOf(
  leg: ForwardingLeg,
  installed: ForwardingNextHop | undefined,
): { indirect: IndirectNextHop; unicasts: UnicastNextHop[] } | undefined {
  const members =
    installed?.type === 'unilist' ? installed.members : installed === undefined ? [] : [installed];
  for (const member of members) {
    if (member.type !== 'indirect' || member.protocolNextHop !== leg.protocolNextHop) continue;
    const unicasts = (member.target.type === 'unilist' ? member.target.members : [member.target]).filter(
      (target) => target.type === 'unicast',
    );
    if (unicasts[0]?.label === leg.label) return { indirect: member, unicasts };
  }
  return undefined;
}

/** A name for an object that a Junos router would give the address of in memory; the same leg has the same one. */
function handleOf(leg: ForwardingLeg): string {
  let hash = 0x811c9dc5;
  for (const character of `${leg.protocolNextHop ?? ''} ${leg.label ?? ''}`)
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return `0x9${((hash >>> 8) & 0xffffff & ~7).toString(16).padStart(6, '0')}`;
}

function secondsSince(then: number, now: number): number {
  return Math.max(0, Math.floor((now - then) / 1000));
}
