/** `inet.0` and `inet.3` as an operator sees them: what protocol next hops resolve over. */
import { covers, ipv4Bytes, ipv4Text, parsePrefix, prefixText, type Prefix } from '@vaportrail/net';
import type { GatewayPathView, GatewayTableView } from '@vaportrail/show';
import { TUNNEL_PREFERENCE, type DynamicTunnels } from './dynamic-tunnel.ts';
import type { ResolutionRib, ResolvingRoute, Resolver } from './resolution.ts';
import type { EntryFilter } from './table-view.ts';

interface Entry {
  readonly prefix: Prefix;
  readonly path: GatewayPathView;
}

/** One of the two tables, as `show route table` has it. */
export function resolvingTableView(
  rib: ResolutionRib,
  resolver: Resolver,
  tunnels: DynamicTunnels,
  now: number,
  filter: EntryFilter,
): GatewayTableView {
  const entries = [
    ...resolver.routes(rib).map((route) => routeEntry(route, now)),
    ...(rib === 'inet.3' ? tunnelEntries(tunnels, now) : []),
  ];
  const byPrefix = new Map<string, Entry[]>();
  for (const entry of entries) {
    const text = prefixText(entry.prefix);
    byPrefix.set(text, [...(byPrefix.get(text) ?? []), entry]);
  }
  const wanted = filter.countsOnly === true ? new Set<string>() : prefixesAsked(entries, filter);
  const shown = [...byPrefix]
    .filter(([text]) => wanted.has(text))
    .map(([text, same]) => {
      const paths = same
        .map(({ path }) => path)
        .toSorted((a, b) => a.preference - b.preference)
        .map((path, i): GatewayPathView => ({
          ...path,
          mark: i === 0 ? '*' : ' ',
          best: i === 0,
          active: i === 0,
          state: [...(i === 0 ? ['Active'] : []), ...path.state],
          ...(i === 0 ? {} : { inactiveReason: 'Route Preference' }),
        }))
        .filter(
          ({ kind }) => filter.protocol === undefined || kind.toLowerCase() === filter.protocol.toLowerCase(),
        );
      return { table: rib, family: 'inet', prefix: text, announced: paths.length > 0 ? 1 : 0, paths };
    })
    .filter(({ paths }) => paths.length > 0 && filter.hidden !== true);
  return {
    name: rib,
    family: 'inet',
    destinations: byPrefix.size,
    routes: entries.length,
    active: byPrefix.size,
    holddown: 0,
    hidden: 0,
    multipath: false,
    entries: shown,
  };
}

/** The prefixes a filter asks for: all, what lies inside one, or the longest that covers an address. */
function prefixesAsked(
  entries: readonly Entry[],
  { prefix: text, match = 'longer' }: EntryFilter,
): Set<string> {
  const names = (some: readonly Entry[]): Set<string> =>
    new Set(some.map(({ prefix }) => prefixText(prefix)));
  if (text === undefined) return names(entries);
  const asked = parsePrefix(text);
  const covering = entries.filter(({ prefix }) => covers(prefix, asked));
  if (text.includes('/')) {
    if (match === 'exact') return new Set([prefixText(asked)]);
    return names(match === 'shorter' ? covering : entries.filter(({ prefix }) => covers(asked, prefix)));
  }
  return names(covering.toSorted((a, b) => b.prefix.length - a.prefix.length).slice(0, 1));
}

function routeEntry(route: ResolvingRoute, now: number): Entry {
  const direct = route.protocol === 'Direct';
  return {
    prefix: route.prefix,
    path: {
      ...blankPath(now - route.since),
      protocol: direct ? 'direct' : 'static',
      kind: direct ? 'Direct' : 'Static',
      source: direct ? 'interfaces' : 'static',
      preference: route.preference,
      ...(route.metric === 0 ? {} : { metric: route.metric }),
      task: direct ? 'IF' : 'RT',
      nextHopType: direct ? 'Interface' : 'Router',
      nextHops: route.gateways.map((gateway, i) => ({ ...gateway, selected: i === 0 })),
    },
  };
}

/** The networks tunnels may go to, and the tunnels there are. */
function tunnelEntries(tunnels: DynamicTunnels, now: number): Entry[] {
  const networks = tunnels.settings.flatMap(({ destinations }) =>
    destinations.map(({ prefix, metric }): Entry => ({
      prefix,
      path: { ...tunnelPath(0, metric), nextHopType: 'Tunnel', nextHops: [] },
    })),
  );
  const hosts = tunnels.tunnels().map((tunnel): Entry => ({
    prefix: { bytes: ipv4Bytes(tunnel.destination), length: 32 },
    path: {
      ...tunnelPath(now - tunnel.since, tunnel.metric),
      nextHop: ipv4Text(tunnel.destination),
      nextHopType: 'Router',
      nextHops: [{ interface: tunnel.interface, selected: true }],
    },
  }));
  // A host network and the tunnel to it are one destination: the tunnel stands for both.
  const made = new Set(hosts.map(({ prefix }) => prefixText(prefix)));
  return [...networks.filter(({ prefix }) => !made.has(prefixText(prefix))), ...hosts];
}

function tunnelPath(age: number, metric: number): Omit<GatewayPathView, 'nextHopType' | 'nextHops'> {
  return {
    ...blankPath(age),
    protocol: 'local',
    kind: 'Tunnel',
    source: 'dynamic tunnels',
    preference: TUNNEL_PREFERENCE,
    ...(metric === 0 ? {} : { metric }),
    task: 'DYN_TUNNEL',
  };
}

function blankPath(
  age: number,
): Omit<
  GatewayPathView,
  'protocol' | 'kind' | 'source' | 'preference' | 'task' | 'nextHopType' | 'nextHops'
> {
  return {
    mark: '*',
    best: true,
    active: true,
    multipath: false,
    feasible: true,
    age: Math.floor(age / 1000),
    state: ['Int'],
    announcementBits: ['0-Resolve tree 1'],
    indirect: [],
    junosCommunities: [],
  };
}
