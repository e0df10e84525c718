/** One entry of a routing table as an operator sees it. */
import { addressText, ipv4Text, routeDistinguisherText } from '@vaportrail/net';
import type { Path } from '@vaportrail/rib';
import type { GatewayNextHopView, GatewayPathView } from '@vaportrail/show';
import { attributeView } from './attribute-view.ts';
import type { ForwardingNextHop } from './forwarding-next-hop.ts';
import { gatewaysOf, type LocalRoute } from './local-routes.ts';
import { MULTIPATH_PREFERENCE, type MultipathEntry } from './multipath.ts';
import { indirectView, legOf, nextHopViews, resolvedBy } from './next-hop-view.ts';
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
const BGP_PREFERENCE = 170;
const MEMBERSHIP_PREFERENCE = 5;
/** Printed beside an indirect next hop: itself, its route, its forwarding next hop. */
const NEXT_HOP_REFERENCES = 3;
/** Of paths that carry none. @see RFC 4271 §9.1.1 */
const DEFAULT_LOCAL_PREFERENCE = 100;

/** A view in the making: one object that gets what there is, because tables have hundred thousands of them. */
type Draft = { -readonly [K in keyof GatewayPathView]: GatewayPathView[K] };

/** A path that BGP brought, or a copy of one. */
export function bgpPathView(path: Path, context: PathContext): GatewayPathView {
  const { source, attributes } = path;
  const localPref = attributes.localPref ?? DEFAULT_LOCAL_PREFERENCE;
  const leg = path.feasible ? legOf(path, context.resolver) : undefined;
  const view = draftOf(path, context, 'bgp', 'BGP', BGP_PREFERENCE);
  view.state = stateFlags(path);
  view.task = context.task(path);
  view.nextHopType = path.feasible ? 'Indirect' : 'Unusable';
  view.preference2 = -(localPref + 1);
  view.localPref = localPref;
  view.from = addressText(source.address);
  view.routerId = ipv4Text(source.routerId);
  view.localAsn = context.asn;
  view.peerAsn = source.asn;
  view.nextHop = addressText(path.nextHop);
  if (attributes.med !== undefined) view.med = attributes.med;
  const aigp = attributes.get('aigp')?.metric;
  if (aigp !== undefined) view.aigp = String(aigp);
  if (path.label !== undefined) view.label = path.label;
  if (leg !== undefined) {
    view.metric2 = leg.metric;
    view.nextHopReferences = NEXT_HOP_REFERENCES;
    view.nextHops = nextHopViews(leg.leg, context.installed);
    view.indirect = [indirectView(leg.leg, leg.metric, leg, context.installed)];
  }
  addOrigin(view, path);
  return view;
}

/** A route of the router itself. */
export function localPathView(path: Path, route: LocalRoute, context: PathContext): GatewayPathView {
  const { action } = route;
  const isStatic = route.protocol === 'Static';
  const view = draftOf(path, context, isStatic ? 'static' : 'direct', route.protocol, route.preference);
  view.state = [
    ...(path.feasible ? [] : ['Hidden']),
    ...(path.replicated ? ['Secondary'] : []),
    ...(path.best ? ['Active'] : []),
    'Int',
    ...(isStatic ? ['Ext'] : []),
  ];
  view.task = isStatic ? 'RT' : 'IF';
  view.nextHopType = action === undefined ? 'Unusable' : localNextHopTypes[action.type];
  view.nextHops = (
    action?.type === 'local' && action.interface !== undefined
      ? [{ interface: action.interface }]
      : gatewaysOf(action)
  ).map((gateway, i) => ({ ...gateway, selected: i === 0 }));
  if (route.metric !== 0) view.metric = route.metric;
  if (path.replicated && path.label !== undefined) view.label = path.label;
  addOrigin(view, path);
  return view;
}

const localNextHopTypes = {
  forward: 'Router',
  resolve: 'Interface',
  local: 'Local',
  discard: 'Discard',
  reject: 'Reject',
} as const;

/** A membership of the router itself: which route targets it imports. */
export function membershipView(path: Path, context: PathContext): GatewayPathView {
  const view = draftOf(path, context, 'local', 'RTarget', MEMBERSHIP_PREFERENCE);
  view.state = [...(path.best ? ['Active'] : []), 'Int', 'Ext'];
  view.task = 'RT';
  view.nextHopType = 'Local';
  return view;
}

/** The Multipath entry beside the paths it unites. */
export function multipathView(
  entry: MultipathEntry,
  active: GatewayPathView,
  context: PathContext,
): GatewayPathView {
  const view: Draft = {
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
    state: ['ForwardingOnly', 'Int', 'Ext'],
    task: 'RT',
    announcementBits: ['1-KRT'],
    nextHopType: 'Indirect',
    nextHops: entry.legs.map((leg, i): GatewayNextHopView => {
      const [first] = nextHopViews(leg, context.installed);
      return { ...first!, selected: i === entry.selected };
    }),
    indirect: entry.legs.map((leg) => {
      const resolved = resolvedBy(leg, context.resolver);
      return indirectView(leg, resolved.metric, resolved, context.installed);
    }),
    junosCommunities: active.junosCommunities,
  };
  view.metric2 = entry.metric2;
  view.inactiveReason = 'Forwarding use only';
  view.nextHopReferences = NEXT_HOP_REFERENCES;
  if (entry.metric !== undefined) view.metric = entry.metric;
  if (active.origin !== undefined) view.origin = active.origin;
  if (active.asPath !== undefined) view.asPath = active.asPath;
  return view;
}

/** What all paths have that stand in a table of the RIB; the caller adds the next hops, the state and the task. */
function draftOf(
  path: Path,
  context: PathContext,
  protocol: GatewayPathView['protocol'],
  kind: GatewayPathView['kind'],
  preference: number,
): Draft {
  const { notBest } = path;
  const view: Draft = {
    protocol,
    source: path.source.name,
    kind,
    mark: path.best ? (context.shared ? '@' : '*') : ' ',
    best: path.best,
    active: path.best,
    multipath: path.multipath && context.shared,
    feasible: path.feasible,
    preference,
    age: secondsSince(path.receivedAt * 1000, context.now),
    state: [],
    task: '',
    announcementBits: path.best ? context.told : [],
    nextHopType: 'Unusable',
    nextHops: [],
    indirect: [],
    junosCommunities: [],
  };
  view.receivedAt = new Date(path.receivedAt * 1000).toISOString();
  Object.assign(view, attributeView(path.attributes));
  if (path.because !== undefined) view.because = path.because;
  if (!path.feasible) view.inactiveReason = 'Unusable path';
  else if (notBest !== undefined) view.inactiveReason = notBest.reason;
  if (notBest !== undefined) {
    const { step, reason, ours, theirs } = notBest;
    view.notBest = { step, reason, ours: String(ours), theirs: String(theirs) };
  }
  if (path.stale) view.flags = [path.longLivedStale ? 'LlgrStale' : 'Stale'];
  return view;
}

/** Where a copy comes from. */
function addOrigin(view: Draft, path: Path): void {
  if (path.routeDistinguisher !== undefined)
    view.routeDistinguisher = routeDistinguisherText(path.routeDistinguisher);
  if (path.primaryTable !== undefined) view.primaryTable = path.primaryTable;
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

function secondsSince(then: number, now: number): number {
  return Math.max(0, Math.floor((now - then) / 1000));
}
