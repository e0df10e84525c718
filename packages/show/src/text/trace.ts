/** `vaportrail trace service`: a Service from its name to the gateways, on one screen, with every place where it stops. */
import type { ServiceChainView, ServiceFloatingIpView, ServiceListenerView } from '../service-views.ts';
import type { DaemonWhy, PathWhy, Why } from '../why.ts';

export interface ServiceTrace {
  readonly chain: ServiceChainView;
  /** How the routes to each floating IP fare. */
  readonly routes: readonly Why[];
}

/** The prefix of an address alone: that of its routes. */
export function hostPrefix(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`;
}

/** Where the chain stops, or will surprise; empty when traffic reaches every pod. */
export function traceStops({ chain, routes }: ServiceTrace): string[] {
  const stops = chain.notes.filter(({ level }) => level === 'warning').map(({ message }) => message);
  if (chain.loadbalancer === undefined)
    return stops.length > 0 ? stops : chain.notes.map(({ message }) => message);
  for (const listener of chain.listeners) {
    if (listener.members.length > 0) continue;
    const why = chain.notReady.length > 0 ? `not ready: ${chain.notReady.join(', ')}` : 'no endpoints';
    stops.push(`port ${listener.port}: no members (${why})`);
  }
  const members = chain.listeners.flatMap((listener) => listener.members);
  const { proxies } = chain;
  if (proxies !== undefined && proxies.length < 2)
    stops.push(
      proxies.length === 0
        ? 'no node runs a proxy'
        : `${proxies[0]!.node} has the only proxy: there is no standby`,
    );
  const nodes = new Map(
    (proxies ?? members).flatMap(({ node, nodeAddress }) =>
      node === undefined || nodeAddress === undefined ? [] : [[nodeAddress, node]],
    ),
  );
  for (const floatingIp of chain.floatingIps) {
    // A proxy has the ports itself, and members need not be known by their interfaces.
    if (proxies === undefined) stops.push(...mappingStops(floatingIp, chain.listeners));
    const why = routes.find(({ prefix }) => prefix === hostPrefix(floatingIp.address));
    if (why !== undefined && why.daemons.length > 0) stops.push(...routeStops(floatingIp, why, nodes));
  }
  return stops;
}

function mappingStops(
  floatingIp: ServiceFloatingIpView,
  listeners: readonly ServiceListenerView[],
): string[] {
  return listeners.flatMap(({ protocol, port, members }) => {
    const mapped = floatingIp.portMappings.some((each) => each.startsWith(`${protocol} ${port} `));
    const carried = members.filter(
      (each) => each.interface !== undefined && !floatingIp.interfaces.includes(each.interface),
    );
    return [
      ...(members.length > 0 && !mapped
        ? [`${floatingIp.address}: the port map of ${protocol} ${port} is missing`]
        : []),
      ...carried.map((each) => `${floatingIp.address} is not on ${each.interface}`),
    ];
  });
}

function routeStops(
  { address, scope, network, routeTargets }: ServiceFloatingIpView,
  why: Why,
  nodes: ReadonlyMap<string, string>,
): string[] {
  const stops: string[] = [];
  const controlNodes = why.daemons.filter(({ kind }) => kind === 'control-node');
  const known = new Set(controlNodes.flatMap((each) => pathsOf(each)).map(({ nextHop }) => nextHop));
  if (controlNodes.length > 0) {
    for (const [nodeAddress, node] of nodes)
      if (!known.has(nodeAddress)) stops.push(`${address}: ${node} (${nodeAddress}) has not published it`);
  }
  if (scope === 'cluster') return stops;
  if (routeTargets.length === 0) stops.push(`${address}: network ${network} has no route target`);
  for (const gateway of why.daemons.filter(({ kind }) => kind === 'gateway')) {
    for (const { route, because } of gateway.missing)
      stops.push(`${gateway.name}: ${route} is missing: ${because}`);
    for (const { nextHop, verdict, because } of pathsOf(gateway, 'inet'))
      if (verdict === 'unusable' || verdict === 'not used')
        stops.push(`${gateway.name}: the path by ${nextHop} is ${verdict}: ${because ?? 'another is best'}`);
  }
  return stops;
}

/** Paths of a daemon, of its VPN table or of all others. */
function pathsOf({ tables }: DaemonWhy, which?: 'vpn' | 'inet'): PathWhy[] {
  return tables
    .filter(({ table }) => which === undefined || (table === 'bgp.l3vpn.0') === (which === 'vpn'))
    .flatMap(({ paths }) => paths);
}

const verdictMarks = { used: '*', 'shares the load': '=', 'not used': ' ', unusable: '!' } as const;

export function traceText(trace: ServiceTrace): string {
  const { chain, routes } = trace;
  const lines = [`Service ${chain.service}  ${chain.type}  ${chain.clusterIp ?? 'no clusterIP'}`];
  if (chain.loadbalancer !== undefined)
    lines.push(`└─ loadbalancer ${chain.loadbalancer.name}  (${chain.loadbalancer.provider})`);
  for (const { node, nodeAddress, preference } of chain.proxies ?? [])
    lines.push(`   ├─ proxy on ${node} (${nodeAddress}), LOCAL_PREF ${preference}`);
  for (const { name, protocol, port, members } of chain.listeners) {
    lines.push(
      `   ├─ listener ${protocol} ${port}${name === undefined ? '' : ` "${name}"`} → pool, ${members.length} members`,
    );
    for (const each of members)
      lines.push(
        `   │    member :${each.targetPort} → ${each.interface ?? 'an interface that is gone'}  ${each.address ?? ''} on ${each.node ?? 'no node'}`,
      );
  }
  for (const pod of chain.notReady) lines.push(`   │    not ready: ${pod}`);
  for (const { address, scope, network, portMappings, routeTargets, interfaces } of chain.floatingIps) {
    lines.push(`   └─ floating IP ${address} (${scope})  in ${network}`);
    lines.push(`        port maps ${portMappings.join(', ') || 'none'}; on ${interfaces.length} interfaces`);
    lines.push(`        route targets ${routeTargets.join(' ') || 'none'}`);
    const why = routes.find(({ prefix }) => prefix === hostPrefix(address));
    for (const daemon of why?.daemons ?? []) {
      if (scope === 'cluster' && daemon.kind === 'gateway') continue;
      lines.push(...daemonLines(daemon));
    }
  }
  const stops = traceStops(trace);
  const infos = chain.notes.filter(({ level }) => level === 'info').map(({ message }) => message);
  lines.push('', ...infos.map((text) => `note: ${text}`));
  lines.push(...(stops.length === 0 ? ['nothing stops it'] : stops.map((text) => `STOPS: ${text}`)));
  return `${lines.join('\n')}\n`;
}

/** The routes of a daemon; an agent tells only how many it has. */
function daemonLines(daemon: DaemonWhy): string[] {
  const what = { agent: 'XMPP', 'control-node': 'XMPP and VPN', gateway: 'VPN' } as Record<string, string>;
  const lines = [`        ${daemon.name} (${daemon.kind}, ${what[daemon.kind] ?? ''})`];
  for (const { table, route, paths } of daemon.tables) {
    // The copies of the VPN table in a gateway say what its VRF says again.
    if (daemon.kind === 'agent') {
      lines.push(`          ${table}: ${paths.length} paths`);
      continue;
    }
    lines.push(`          ${table}  ${route}`);
    for (const { verdict, nextHop, label, because } of paths)
      lines.push(
        `           ${verdictMarks[verdict]} ${nextHop}${label === undefined ? '' : ` label ${label}`}${because === undefined ? '' : `  ${because}`}`,
      );
  }
  for (const { route, because } of daemon.missing) lines.push(`           ! ${route}: ${because}`);
  return lines;
}
