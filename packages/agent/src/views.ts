/** What an operator sees of a node, as views of `show`. */
import {
  hostPrefix,
  type DaemonView,
  type NeighborView,
  type PathView,
  type Query,
  type RouteView,
  ViewError,
  type ViewServer,
  type VrfView,
  isCalled,
  serveProbes,
} from '@vaportrail/show';
import { addressText } from '@vaportrail/net';
import type { Agent } from './agent.ts';
import type { ControlNodePeer } from './control-node-peer.ts';
import { serveIntrospect } from './introspect/requests.ts';
import { type Path, type Route, whyNotActive } from './route.ts';
import type { Vrf, VrfFamily } from './vrf.ts';
import { flowTableView, interfaceViews, labelViews, nextHopViews, routeTableView } from './vrouter.ts';

/** Version of the views, told with the daemon. */
const VERSION = '0.1.0';

/** Routes in one answer unless the query says how many. */
const DEFAULT_ROUTE_LIMIT = 10_000;

/** Adds the views of agents to a server. With several agents, `?agent=NAME` tells which. */
export function serveViews(server: ViewServer, agents: Iterable<Agent>): void {
  const one = (query: Query): Agent => findAgent(agents, query['agent']);
  server
    .view('/daemon', (query) => daemonView(one(query)), ['agent'])
    .view('/agents', () => [...agents].map(daemonView))
    .view('/neighbors', (query) => neighborViews(one(query)).filter(isCalled(query['name'])), [
      'agent',
      'name',
    ])
    .view('/vrfs', (query) => vrfViews(one(query)), ['agent'])
    .view('/routes', (query) => routeViews(one(query), query), [
      'agent',
      'table',
      'vrf',
      'family',
      'prefix',
      'limit',
    ])
    .view('/load-balancers', (query) => one(query).loadBalancers.views(), ['agent'])
    .view('/vrouter/next-hops', (query) => nextHopViews(one(query)), ['agent'])
    .view(
      '/vrouter/routes',
      (query) => {
        const agent = one(query);
        return routeTableView(vrfOf(agent, query['vrf'] ?? '0'), familyOf(query['family']) ?? 'inet');
      },
      ['agent', 'vrf', 'family'],
    )
    .view('/vrouter/interfaces', (query) => interfaceViews(one(query)), ['agent'])
    .view('/vrouter/labels', (query) => labelViews(one(query)), ['agent'])
    .view('/vrouter/flows', (query) => flowTableView(one(query)), ['agent']);
  serveProbes(server, () => [...agents].flatMap(neighborViews));
  serveIntrospect(server, one);
}

/** The agent of a name; without a name, the only one. @throws ViewError when there is none, or several */
function findAgent(agents: Iterable<Agent>, name: string | undefined): Agent {
  const [first, ...others] = agents;
  if (name === undefined) {
    if (first !== undefined && others.length === 0) return first;
    throw new ViewError(400, 'there are several agents: say which by ?agent=NAME (/agents lists them)');
  }
  for (const agent of agents) if (agent.name === name) return agent;
  throw new ViewError(404, `there is no agent ${name}`);
}

function vrfOf(agent: Agent, text: string): Vrf {
  const vrf = agent.vrfs.find(text);
  if (vrf === undefined) throw new ViewError(404, `${agent.name} has no VRF ${text}`);
  return vrf;
}

function familyOf(text: string | undefined): VrfFamily | undefined {
  if (text === undefined || text === 'inet' || text === 'inet6') return text;
  throw new ViewError(400, `family is inet or inet6, not "${text}"`);
}

function daemonView(agent: Agent): DaemonView {
  return {
    name: agent.name,
    kind: 'agent',
    routerId: agent.address,
    startedAt: timeText(agent.startedAt ?? agent.clock.now()),
    version: VERSION,
    ...(agent.channel !== undefined && { configuration: agent.channel.view }),
  };
}

export function vrfViews(agent: Agent): VrfView[] {
  return agent.vrfs.inOrder().map((vrf) => ({
    name: vrf.name,
    instanceId: vrf.id,
    routeDistinguisher: `${agent.address}:${vrf.id}`,
    routes: vrf.inet.size + vrf.inet6.size,
    paths: [...vrf.routes()].reduce((sum, route) => sum + route.paths.length, 0),
  }));
}

export function neighborViews(agent: Agent): NeighborView[] {
  return agent.peers.map((peer) => neighborView(agent, peer));
}

const stateNames = { idle: 'Idle', connecting: 'Connect', established: 'Established' } as const;

function neighborView(agent: Agent, peer: ControlNodePeer): NeighborView {
  const { channel, counters, establishedAt, lastError, settings } = peer;
  const octets = channel?.counters;
  return {
    name: peer.name,
    address: settings.server.address,
    protocol: 'xmpp',
    type: 'control-node',
    state: stateNames[peer.state],
    ...(settings.localAddress !== undefined && { localAddress: settings.localAddress }),
    holdTime: settings.holdTime,
    ...(establishedAt !== undefined && { establishedAt: timeText(establishedAt) }),
    flaps: peer.flaps,
    ...(lastError !== undefined && { lastError }),
    ...(channel?.lastChange && {
      lastTransition: { ...channel.lastChange, at: timeText(channel.lastChange.at) },
    }),
    ...(peer.lostAt !== undefined && { lostAt: timeText(peer.lostAt) }),
    authentication: settings.tls === undefined ? 'none' : 'tls',
    received: {
      messages: octets?.receivedStanzas ?? 0,
      octets: octets?.receivedOctets ?? 0,
      updates: counters.items + counters.retracts,
    },
    sent: {
      messages: octets?.sentMessages ?? 0,
      octets: octets?.sentOctets ?? 0,
      updates: counters.published + counters.withdrawn,
    },
    paths: pathsOf(agent, peer),
    backlog: channel?.backlog ?? 0,
    endOfRib: { all: peer.inSync },
    subscriptions: agent.vrfs.inOrder().map((vrf) => ({
      instance: vrf.name,
      agent: agent.name,
      instanceId: vrf.id,
      state: peer.state === 'established' ? 'established' : 'stale',
    })),
  };
}

function pathsOf(agent: Agent, peer: ControlNodePeer): number {
  let paths = 0;
  for (const vrf of agent.vrfs) {
    for (const route of vrf.routes()) if (route.path(peer) !== undefined) paths++;
  }
  return paths;
}

/** Routes of one table (`VRF.inet.0`), of one VRF, or of all. */
export function routeViews(agent: Agent, query: Query): RouteView[] {
  const { table, vrf } = query;
  const prefix = query['prefix'] === undefined ? undefined : hostPrefix(query['prefix']);
  const [, ofTable, tableFamily] = /^(.+)\.(inet6?)\.0$/.exec(table ?? '') ?? [];
  if (table !== undefined && ofTable === undefined) throw new ViewError(404, `there is no table ${table}`);
  const family = familyOf(tableFamily ?? query['family']);
  const name = ofTable ?? vrf;
  const vrfs = name === undefined ? agent.vrfs.inOrder() : [vrfOf(agent, name)];
  const limit = Number(query['limit'] ?? DEFAULT_ROUTE_LIMIT);
  if (!(limit >= 1)) throw new ViewError(400, `"${query['limit']}" is not a number of routes`);
  const views: RouteView[] = [];
  for (const one of vrfs) {
    for (const each of ['inet', 'inet6'] as const) {
      if (family !== undefined && family !== each) continue;
      for (const route of one[each].inOrder()) {
        if (prefix !== undefined && route.prefix !== prefix) continue;
        if (views.length >= limit) return views;
        views.push(routeView(agent, one, each, route));
      }
    }
  }
  return views;
}

function routeView(agent: Agent, vrf: Vrf, family: VrfFamily, route: Route): RouteView {
  const paths = route.paths.flatMap((path) => pathViews(agent, path, route.active!));
  return { table: `${vrf.name}.${family}.0`, family, prefix: route.prefix, paths };
}

/** One path, or one for each member of an ECMP set. */
function pathViews(agent: Agent, path: Path, active: Path): PathView[] {
  const { nextHop, label, received, stale } = path;
  const members = nextHop.type === 'composite' ? nextHop.members : [{ nextHop, label }];
  return members.map((member, index) => ({
    protocol: received === undefined ? (nextHop.type === 'discard' ? 'static' : 'local') : 'xmpp',
    source: path.source.name,
    best: path === active && index === 0,
    multipath: path === active && members.length > 1,
    feasible: received === undefined || nextHop.type !== 'discard',
    ...(received !== undefined &&
      nextHop.type === 'discard' && { because: 'its label is not ours any more' }),
    ...(path !== active && { notBest: whyNotActive(path, active) }),
    nextHop: member.nextHop.type === 'tunnel' ? member.nextHop.destination : nextHopText(agent, member),
    ...(member.label >= 0 && { label: member.label }),
    localPref: path.preference,
    ...(received !== undefined && {
      med: received.med,
      communities: received.communityTags,
      originVirtualNetwork: hopOf(path, member)?.virtualNetwork ?? received.virtualNetwork,
    }),
    ...(member.nextHop.type === 'tunnel' && { encapsulations: [member.nextHop.tunnelType] }),
    sequence: path.sequence,
    ...(stale && { flags: ['Stale'] }),
  }));
}

type PathMember = { readonly nextHop: Path['nextHop']; readonly label: number };

function nextHopText(agent: Agent, { nextHop }: PathMember): string {
  return nextHop.type === 'discard' ? 'discard' : agent.address;
}

/** What the control node said of a member. */
function hopOf({ received }: Path, { nextHop, label }: PathMember) {
  const destination = nextHop.type === 'tunnel' ? nextHop.destination : undefined;
  return received?.nextHops.find(
    (hop) => hop.label === label && (destination === undefined || addressText(hop.address) === destination),
  );
}

function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
