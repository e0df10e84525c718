/** `vaportrail trace service`: a Service from its name to the gateways, on one screen, with every place where it stops. */
import { isIP } from 'node:net';
import type { ServiceChainView, ServiceFloatingIpView, ServiceListenerView } from '../service-views.ts';
import type { DaemonWhy, PathWhy, TableWhy, Why } from '../why.ts';

export interface ServiceTrace {
  readonly chain: ServiceChainView;
  /** How the routes to each floating IP fare. */
  readonly routes: readonly Why[];
}

/** The prefix of an address alone, which is that of its routes; what is no address is what it is. */
export function hostPrefix(text: string): string {
  const family = isIP(text);
  return family === 0 ? text : `${text}/${family === 6 ? 128 : 32}`;
}

/** Where the chain stops, or will surprise; empty when traffic reaches every pod. */
export function traceStops({ chain, routes }: ServiceTrace): string[] {
  const stops = chain.notes.filter(({ level }) => level === 'warning').map(({ message }) => message);
  if (chain.loadbalancer === undefined)
    return stops.length > 0 ? stops : chain.notes.map(({ message }) => message);
  if (chain.listeners.length === 0 && stops.length === 0)
    stops.push('the Service has no port that is balanced');
  for (const listener of chain.listeners) {
    stops.push(...memberStops(listener));
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

/** Members that nothing can reach. */
function memberStops({ port, members }: ServiceListenerView): string[] {
  return members.flatMap(({ interface: vmi, node }) => {
    if (vmi === undefined) return [`port ${port}: the interface of a member is gone`];
    return node === undefined ? [`port ${port}: ${vmi} is on no node that is known`] : [];
  });
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
    const stop = (what: string, because: string, knob?: string): void =>
      void stops.push(
        `${gateway.name}: ${what}: ${because}${knob === undefined ? '' : `; to change it: ${knob}`}`,
      );
    for (const { route, because, knob } of gateway.missing) stop(`${route} is missing`, because, knob);
    for (const { nextHop, verdict, because = 'another is best', knob } of pathsOf(gateway, 'inet'))
      if (verdict === 'unusable' || verdict === 'not used')
        stop(`the path by ${nextHop} is ${verdict}`, because, knob);
  }
  return stops;
}

/** Paths of a daemon, of its VPN table or of all others. */
function pathsOf({ tables }: DaemonWhy, which?: 'vpn' | 'inet'): PathWhy[] {
  return tables
    .filter(({ table }) => which === undefined || (table === 'bgp.l3vpn.0') === (which === 'vpn'))
    .flatMap(({ paths }) => paths);
}

/** Lines of one kind that are printed; a Service of thousands of pods is one screen as well. */
const MOST_LINES = 8;

/** The first lines, and how many more there are. */
function first(lines: readonly string[], indent: string): string[] {
  if (lines.length <= MOST_LINES) return [...lines];
  return [...lines.slice(0, MOST_LINES), `${indent}… and ${lines.length - MOST_LINES} more`];
}

const verdictMarks = { used: '*', 'shares the load': '=', 'not used': ' ', unusable: '!' } as const;
const within = '   │    ';
const below = '        ';

/** A Service from its objects to the routes of its floating IP at every router, as a tree. */
export function traceText(trace: ServiceTrace): string {
  const { chain, routes } = trace;
  const lines = [`Service ${chain.service}  ${chain.type}  ${chain.clusterIp ?? 'no clusterIP'}`];
  if (chain.loadbalancer !== undefined)
    lines.push(`└─ loadbalancer ${chain.loadbalancer.name}  (${chain.loadbalancer.provider})`);
  for (const { node, nodeAddress, preference } of chain.proxies ?? [])
    lines.push(`   ├─ proxy on ${node} (${nodeAddress}), LOCAL_PREF ${preference}`);
  for (const { name, protocol, port, members } of chain.listeners) {
    lines.push(
      `   ├─ listener ${protocol} ${port}${name === undefined ? '' : ` "${name}"`} → pool, ${counted(members.length, 'member')}`,
    );
    const each = members.map(
      ({ targetPort, interface: vmi = 'an interface that is gone', address = '', node = 'no node' }) =>
        `${within}member :${targetPort} → ${vmi}  ${address} on ${node}`,
    );
    lines.push(...first(each, within));
  }
  lines.push(
    ...first(
      chain.notReady.map((pod) => `${within}not ready: ${pod}`),
      within,
    ),
  );
  for (const floatingIp of chain.floatingIps) {
    const { address, scope, network, portMappings, routeTargets, interfaces } = floatingIp;
    lines.push(`   └─ floating IP ${address} (${scope})  in ${network}`);
    const maps = first(portMappings, '').join(', ');
    lines.push(`${below}port maps ${maps || 'none'}; on ${counted(interfaces.length, 'interface')}`);
    lines.push(`${below}route targets ${routeTargets.join(' ') || 'none'}`);
    const why = routes.find(({ prefix }) => prefix === hostPrefix(address));
    for (const daemon of why?.daemons ?? [])
      if (scope === 'external' || daemon.kind !== 'gateway') lines.push(...daemonLines(daemon));
  }
  const stops = traceStops(trace);
  const isWatched = routes.some(({ daemons }) => daemons.length > 0);
  const infos = chain.notes.filter(({ level }) => level === 'info').map(({ message }) => `note: ${message}`);
  lines.push('', ...first(infos, ''));
  lines.push(
    ...(stops.length === 0
      ? [isWatched ? 'nothing stops it' : 'nothing stops it in the configuration; no routes were looked at']
      : first(
          stops.map((text) => `STOPS: ${text}`),
          'STOPS: ',
        )),
  );
  return `${lines.join('\n')}\n`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The routes of a daemon, a line each; an agent tells only how many it has. Who has none and misses none is no word. */
function daemonLines({ name, kind, tables, missing }: DaemonWhy): string[] {
  if (tables.length === 0 && missing.length === 0) return [];
  const title = `${below}${name} (${kind})`;
  if (kind === 'agent') {
    const counts = tables.map(({ table, paths }) => `${shortTable(table)} ${paths.length} paths`);
    return [`${title}  XMPP: ${counts.join(', ')}`];
  }
  const lines = [title];
  for (const [names, { route, paths }] of sameRoutes(tables)) {
    const isVpn = names === 'bgp.l3vpn.0';
    if (!isVpn) lines.push(`${below}  ${names}`);
    for (const { verdict, nextHop, label, because } of paths) {
      const to = `${nextHop}${label === undefined ? '' : ` label ${label}`}`;
      const reason = because === undefined ? '' : `  ${because}`;
      lines.push(`${below}  ${verdictMarks[verdict]} ${isVpn ? `VPN ${route}  ` : ''}${to}${reason}`);
    }
  }
  return [...lines, ...missing.map(({ route, because }) => `${below}  ! ${route}: ${because}`)];
}

/** Tables by name; those that have the same paths stand together, as networks do that import each other. */
function sameRoutes(tables: DaemonWhy['tables']): [string, TableWhy][] {
  const groups = new Map<string, [string, TableWhy]>();
  for (const each of tables) {
    const isVpn = each.table === 'bgp.l3vpn.0';
    const told = each.paths.map(({ verdict, nextHop, label, because }) => [verdict, nextHop, label, because]);
    const key = JSON.stringify([isVpn && each.route, told]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [shortTable(each.table), each]);
    else group[0] = `${group[0]}, ${shortTable(each.table)}`;
  }
  return [...groups.values()];
}

/** `web.inet.0` of `default-domain:project:web:web.inet.0` */
function shortTable(table: string): string {
  return table.slice(table.lastIndexOf(':') + 1);
}
