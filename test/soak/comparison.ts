/** Every table of every party held against what it must be: what is lost, what should not be there. */
import { addressText } from '@vaportrail/net';
import type { RouteView } from '@vaportrail/show';
import { Intent, type Publication } from './intent.ts';
import type { RunningSystem } from './running-system.ts';

/** A table as sorted lines, one for each path. */
type Lines = readonly string[];

export interface Difference {
  readonly table: string;
  readonly lost: Lines;
  /** Paths that are there and must not be: of what has gone, or with values that are no longer true. */
  readonly stale: Lines;
}

export interface Comparison {
  readonly tables: number;
  readonly paths: number;
  readonly differences: readonly Difference[];
}

const PATH_LIMIT = 1_000_000;

/** Looks at everything once. @throws Error when a party does not answer */
export async function compare(intent: Intent, system: RunningSystem): Promise<Comparison> {
  const looks = [
    ...controlNodeTables(intent, system),
    ...agentTables(intent, system),
    ...gatewayTables(intent, system),
    ...frrTables(intent, system),
    ...gobgpTable(intent, system),
  ];
  const differences: Difference[] = [];
  let paths = 0;
  for (const { table, expected, actual } of looks) {
    const [wanted, found] = [counted(expected), counted(await actual())];
    paths += expected.length;
    const lost = beyond(wanted, found);
    const stale = beyond(found, wanted);
    if (lost.length + stale.length > 0) differences.push({ table, lost, stale });
  }
  return { tables: looks.length, paths, differences };
}

interface Look {
  readonly table: string;
  readonly expected: Lines;
  readonly actual: () => Promise<Lines> | Lines;
}

/** Instances with all paths, and the VPN table with what is exported of them. */
function controlNodeTables(intent: Intent, system: RunningSystem): Look[] {
  return system.controlNodes.flatMap((node) => {
    const other = system.controlNodes.find((each) => each !== node)!.name;
    const look = (table: string, expected: Lines): Look => ({
      table: `${node.name} ${table}`,
      expected,
      actual: async () =>
        (await node.view<RouteView[]>('/routes', { table, limit: PATH_LIMIT })).flatMap(({ prefix, paths }) =>
          paths.map((path) =>
            [
              prefix,
              path.protocol,
              path.source,
              `${path.nextHop}/${path.label}`,
              path.localPref,
              path.sequence ?? 0,
              ...(path.feasible ? [] : [path.because]),
              ...(path.flags ?? []),
            ].join(' '),
          ),
        ),
    });
    const instances = intent.networks.map(({ name }) =>
      look(
        `${name}.inet.0`,
        lines(intent, [name], ({ prefix, publication, shares }) => {
          const path = pathText(system, publication);
          return [
            `${prefix} xmpp ${publication.node.name} ${path}`,
            ...(shares ? [`${prefix} bgp ${other} ${path}`] : []),
          ];
        }),
      ),
    );
    const vpn = lines(intent, networkNames(intent), ({ prefix, publication, shares, vrf }) => {
      if (!shares) return [];
      const route = `${routeDistinguisher(system, publication, vrf)}:${prefix}`;
      const path = pathText(system, publication);
      return [`${route} xmpp ${publication.node.name} ${path}`, `${route} bgp ${other} ${path}`];
    });
    return [...instances, look('bgp.l3vpn.0', vpn)];
  });
}

/** What each agent learned from each control node: every ECMP set of every VRF it is in, in order. */
function agentTables(intent: Intent, system: RunningSystem): Look[] {
  return [...system.agents.values()].flatMap((agent) =>
    Array.from(agent.vrfs)
      .filter((vrf) => vrf !== agent.vrfs.fabric)
      .map((vrf): Look => ({
        table: `${agent.name} ${vrf.name}.inet.0`,
        expected: [...intent.published(vrf.name)].flatMap(([prefix, publications]) => {
          const hops = Intent.sharing(publications).map((one) => hopText(system, one));
          return system.controlNodes.map(({ address }) => `${prefix} ${address} ${hops.join(' ')}`);
        }),
        actual: () =>
          Array.from(vrf.inet.routes()).flatMap(({ prefix, paths }) =>
            paths.flatMap(({ source, received, stale }) => {
              if (received === undefined) return [];
              const hops = received.nextHops.map(({ address, label }) => `${addressText(address)}/${label}`);
              return [`${prefix} ${source.name} ${hops.join(' ')}${stale ? ' stale' : ''}`];
            }),
          ),
      })),
  );
}

/** The gateway's VPN table and its VRF: of each control node every path that shares the traffic. */
function gatewayTables(intent: Intent, system: RunningSystem): Look[] {
  return ['bgp.l3vpn.0', 'public.inet.0'].map((table) => ({
    table: `gateway ${table}`,
    expected: lines(intent, poolNames(intent), ({ prefix, publication, shares, vrf }) => {
      if (!shares) return [];
      const rd = routeDistinguisher(system, publication, vrf);
      const path = `${rd}:${prefix} ${hopText(system, publication)} ${publication.workload.preference}`;
      return system.controlNodes.map(({ name }) => `${name} ${path}`);
    }),
    actual: () =>
      system.gateway.routes({ table }).flatMap(({ prefix, paths }) =>
        paths
          .filter(({ protocol }) => protocol === 'bgp')
          .map(({ source, routeDistinguisher: rd, nextHop, label, localPref }) => {
            const route = prefix.startsWith(`${rd}:`) ? prefix : `${rd}:${prefix}`;
            return `${source} ${route} ${nextHop}/${label} ${localPref}`;
          }),
      ),
  }));
}

/** FRR asks for no route targets, so it must have every VPN route, twice; details are those of the pools. */
function frrTables(intent: Intent, system: RunningSystem): Look[] {
  const { frr } = system;
  if (frr === undefined) return [];
  const everything: Look = {
    table: 'FRR ipv4 vpn',
    expected: lines(intent, networkNames(intent), ({ prefix, publication, shares, vrf }) =>
      shares
        ? system.controlNodes.map(() => `${routeDistinguisher(system, publication, vrf)}:${prefix}`)
        : [],
    ),
    actual: async () => {
      const view = (await frr.json('show bgp ipv4 vpn')) as {
        routes?: { routeDistinguishers?: Record<string, Record<string, unknown[]>> };
      };
      return Object.entries(view.routes?.routeDistinguishers ?? {}).flatMap(([rd, routes]) =>
        Object.entries(routes).flatMap(([prefix, paths]) => paths.map(() => `${rd}:${prefix}`)),
      );
    },
  };
  const details = poolNames(intent).flatMap((pool) =>
    Array.from(intent.published(pool), ([wanted]): Look => ({
      table: `FRR ${wanted}`,
      expected: lines(intent, [pool], ({ prefix, publication, shares, vrf }) =>
        shares && prefix === wanted ? vpnTexts(system, publication, vrf, prefix) : [],
      ),
      actual: async () =>
        (await frr.vpnPaths(wanted)).map(
          ({ rd, prefix, nextHop, label, localPref }) => `${rd}:${prefix} ${nextHop}/${label} ${localPref}`,
        ),
    })),
  );
  return [everything, ...details];
}

/** GoBGP constrains route targets to those of the pools. */
function gobgpTable(intent: Intent, system: RunningSystem): Look[] {
  const { gobgp } = system;
  if (gobgp === undefined) return [];
  return [
    {
      table: 'GoBGP vpnv4',
      expected: lines(intent, poolNames(intent), ({ prefix, publication, shares, vrf }) =>
        shares ? vpnTexts(system, publication, vrf, prefix) : [],
      ),
      actual: async () =>
        (await gobgp.vpnPaths()).map(
          ({ rd, prefix, nextHop, label, localPref }) => `${rd}:${prefix} ${nextHop}/${label} ${localPref}`,
        ),
    },
  ];
}

interface Published {
  readonly vrf: string;
  readonly prefix: string;
  readonly publication: Publication;
  /** Whether it takes part in forwarding, and is exported. */
  readonly shares: boolean;
}

function lines(intent: Intent, vrfs: readonly string[], of: (published: Published) => Lines): Lines {
  return vrfs.flatMap((vrf) =>
    [...intent.published(vrf)].flatMap(([prefix, publications]) => {
      const sharing = Intent.sharing(publications);
      return publications.flatMap((publication) =>
        of({ vrf, prefix, publication, shares: sharing.includes(publication) }),
      );
    }),
  );
}

const networkNames = ({ networks }: Intent): string[] => networks.map(({ name }) => name);
const poolNames = ({ pools }: Intent): string[] => pools.map(({ name }) => name);

/** The same from both control nodes. */
function vpnTexts(system: RunningSystem, publication: Publication, vrf: string, prefix: string): Lines {
  const rd = routeDistinguisher(system, publication, vrf);
  const text = `${rd}:${prefix} ${hopText(system, publication)} ${publication.workload.preference}`;
  return system.controlNodes.map(() => text);
}

function routeDistinguisher(system: RunningSystem, { node }: Publication, vrf: string): string {
  return `${node.address}:${system.agents.get(node.name)!.vrfs.get(vrf)!.id}`;
}

function hopText(system: RunningSystem, { node, workload }: Publication): string {
  return `${node.address}/${system.agents.get(node.name)!.interfaces.get(workload.name)!.label}`;
}

function pathText(system: RunningSystem, publication: Publication): string {
  const { preference, sequence } = publication.workload;
  return `${hopText(system, publication)} ${preference} ${sequence}`;
}

function counted(list: Lines): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of list) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

/** Lines of one list that are not, or not as often, in the other. */
function beyond(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): string[] {
  return Array.from(one)
    .flatMap(([line, count]) => Array<string>(Math.max(0, count - (other.get(line) ?? 0))).fill(line))
    .sort();
}
