/**
 * Why a route is, or is not, where somebody looks for it: the views of all daemons along the way put together. The reasons
 * are those that the daemons gave; here is only the wording, what is missing between one daemon and the next, and which
 * configuration would change it.
 */
import type { DaemonView, NeighborView, PathView, RouteView, VrfView } from './views.ts';

/** What one daemon shows of a prefix. */
export interface Witness {
  readonly name: string;
  readonly kind: DaemonView['kind'];
  readonly routes: readonly RouteView[];
  readonly neighbors: readonly NeighborView[];
  readonly vrfs?: readonly VrfView[];
}

export interface Why {
  readonly prefix: string;
  readonly daemons: readonly DaemonWhy[];
}

export interface DaemonWhy {
  readonly name: string;
  readonly kind: DaemonView['kind'];
  readonly tables: readonly TableWhy[];
  /** Routes that the daemon before it has and this one has not. */
  readonly missing: readonly MissingWhy[];
}

export interface TableWhy {
  readonly table: string;
  readonly route: string;
  readonly paths: readonly PathWhy[];
}

export interface PathWhy {
  readonly nextHop: string;
  readonly label?: number;
  readonly routeDistinguisher?: string;
  readonly source: string;
  readonly verdict: 'used' | 'shares the load' | 'not used' | 'unusable';
  /** Why it is not used; absent when it is. */
  readonly because?: string;
  /** Neighbours that were told, and the others with the reason. */
  readonly advertisedTo?: readonly string[];
  readonly notAdvertised?: readonly string[];
  /** A statement that would have it used. */
  readonly knob?: string;
}

export interface MissingWhy {
  readonly route: string;
  /** Who has it. */
  readonly at: string;
  readonly because: string;
  readonly knob?: string;
}

const kinds = ['agent', 'control-node', 'gateway'] as const satisfies readonly DaemonView['kind'][];

/** Puts together what the daemons show, in the order in which a route travels. */
export function why(prefix: string, witnesses: readonly Witness[]): Why {
  const ordered = kinds.flatMap((kind) => witnesses.filter((witness) => witness.kind === kind));
  return {
    prefix,
    daemons: ordered.map((witness) => ({
      name: witness.name,
      kind: witness.kind,
      tables: witness.routes.map((route) => ({
        table: route.table,
        route: route.prefix,
        paths: route.paths.filter(isOwnEntry).map((path) => pathWhy(path, route, witness)),
      })),
      missing: witness.kind === 'gateway' ? missingAt(witness, ordered) : [],
    })),
  };
}

/** The Multipath entry of a gateway unites paths that are told of themselves. */
function isOwnEntry(path: PathView & { readonly kind?: string }): boolean {
  return path.kind !== 'Multipath';
}

function pathWhy(path: PathView, route: RouteView, witness: Witness): PathWhy {
  const shares = path.multipath && route.paths.filter((other) => other.multipath).length > 1;
  const verdict = !path.feasible ? 'unusable' : shares ? 'shares the load' : path.best ? 'used' : 'not used';
  const because = verdict === 'used' || verdict === 'shares the load' ? undefined : reasonOf(path);
  const knob =
    witness.kind === 'gateway' && because !== undefined ? knobFor(path, route, witness) : undefined;
  return {
    nextHop: path.nextHop ?? 'this router',
    source: path.source,
    verdict,
    ...(path.label === undefined ? {} : { label: path.label }),
    ...(path.routeDistinguisher === undefined ? {} : { routeDistinguisher: path.routeDistinguisher }),
    ...(because === undefined ? {} : { because }),
    ...(path.advertisedTo === undefined
      ? {}
      : { advertisedTo: path.advertisedTo.map((name) => withPathId(name, path.advertisedPathIds?.[name])) }),
    ...(path.notAdvertised === undefined
      ? {}
      : { notAdvertised: path.notAdvertised.map((each) => `${each.neighbor}: ${each.because}`) }),
    ...(knob === undefined ? {} : { knob }),
  };
}

/** A neighbour that takes several paths knows this one by its identifier. */
function withPathId(neighbor: string, id: number | undefined): string {
  return id === undefined ? neighbor : `${neighbor} (path ${id})`;
}

/** Names of selection steps where the name alone reads badly. */
const stepWords: Readonly<Record<string, string>> = {
  med: 'MED',
  'igp-metric': 'IGP metric',
  'as-path-length': 'AS path length',
  exterior: 'kind of peer',
  active: 'age',
  primary: 'origin of the copy',
  gateways: 'number of gateways',
};

/** `IGP metric 20 > 10 (Not Best in its group - IGP metric)`. */
function reasonOf({ feasible, because, notBest }: PathView): string {
  if (!feasible) return (because ?? 'it is not feasible').replaceAll('-', ' ');
  if (notBest === undefined) return 'another path is best';
  const { step, reason, ours, theirs } = notBest;
  const words = stepWords[step] ?? step.replaceAll('-', ' ');
  if (ours === undefined || theirs === undefined || ours === theirs) return reason;
  return `${words} ${ours} ${relation(ours, theirs)} ${theirs} (${reason})`;
}

function relation(ours: string, theirs: string): string {
  const [a, b] = [Number(ours), Number(theirs)];
  if (ours === '' || theirs === '' || Number.isNaN(a) || Number.isNaN(b)) return 'against';
  return a > b ? '>' : '<';
}

/** Steps behind the cost to the next hop: whoever loses there may share the load with plain multipath. */
const tieBreakers = new Set([
  'gateways',
  'active',
  'primary',
  'router-id',
  'cluster-list-length',
  'peer-address',
  'next-hop',
  'route-distinguisher',
  'none',
]);

function knobFor(path: PathView, route: RouteView, { vrfs = [] }: Witness): string | undefined {
  const instance = vrfs.find(({ name }) => route.table.startsWith(`${name}.inet`))?.name;
  if (!path.feasible) {
    if (path.because !== 'unresolved-next-hop' || path.nextHop === undefined) return undefined;
    return `set routing-options dynamic-tunnels NAME destination-networks ${path.nextHop}/32`;
  }
  const step = path.notBest?.step;
  if (instance === undefined || step === undefined) return undefined;
  const multipath = `set routing-instances ${instance} routing-options multipath`;
  if (tieBreakers.has(step)) return multipath;
  if (step === 'igp-metric') return `${multipath} vpn-unequal-cost`;
  return step === 'exterior' ? `${multipath} vpn-unequal-cost equal-external-internal` : undefined;
}

/** VPN routes that a control node has and a gateway has not. */
function missingAt(gateway: Witness, all: readonly Witness[]): MissingWhy[] {
  const here = new Set(gateway.routes.map(({ prefix }) => prefix));
  const missing: MissingWhy[] = [];
  for (const node of all.filter(({ kind }) => kind === 'control-node')) {
    for (const route of node.routes) {
      const [best] = route.paths;
      if (!route.family.endsWith('-vpn') || here.has(route.prefix) || best?.best !== true) continue;
      missing.push({ route: route.prefix, at: node.name, ...missingBecause(best, gateway, node) });
    }
  }
  return missing;
}

function missingBecause(
  path: PathView,
  gateway: Witness,
  node: Witness,
): Pick<MissingWhy, 'because' | 'knob'> {
  const session = node.neighbors.find(({ name }) => name === gateway.name);
  const down =
    session === undefined ? gateway.neighbors.find(({ state }) => state !== 'Established') : session;
  if (down !== undefined && down.state !== 'Established')
    return {
      because: `the session is ${down.state}${down.lastError === undefined ? '' : `: ${down.lastError}`}`,
    };
  const targets = path.routeTargets ?? [];
  const instances = gateway.vrfs ?? [];
  if (!instances.some((vrf) => vrf.import?.some((target) => targets.includes(target)))) {
    const imports = instances.map((vrf) => `${vrf.name} imports ${vrf.import?.join(', ') ?? 'nothing'}`);
    const [first] = instances;
    return {
      because: `no route target in common: it carries ${targets.join(', ') || 'none'}, ${imports.join(', ') || 'there is no instance'}`,
      ...(first === undefined || targets[0] === undefined
        ? {}
        : { knob: `set routing-instances ${first.name} import target:${targets[0]}` }),
    };
  }
  const told = path.notAdvertised?.find(({ neighbor }) => neighbor === gateway.name);
  return { because: told?.because ?? 'it was not told' };
}

/** The explanation for a terminal. */
export function whyText({ prefix, daemons }: Why): string {
  const lines: string[] = [prefix];
  for (const { name, kind, tables, missing } of daemons) {
    lines.push('', `${name} (${kind})`);
    if (tables.length === 0 && missing.length === 0) lines.push('  has no route to it');
    for (const { table, route, paths } of tables) {
      lines.push(`  ${table}${route === prefix ? '' : `  ${route}`}`);
      for (const path of paths) lines.push(...pathLines(path));
    }
    for (const { route, at, because, knob } of missing) {
      lines.push(`  ${route} of ${at} is missing: ${because}`);
      if (knob !== undefined) lines.push(`      to have it: ${knob}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const marks = { used: '*', 'shares the load': '=', 'not used': ' ', unusable: '!' } as const;

function pathLines(path: PathWhy): string[] {
  const label = path.label === undefined ? '' : ` label ${path.label}`;
  const distinguisher = path.routeDistinguisher === undefined ? '' : ` (${path.routeDistinguisher})`;
  const because = path.because === undefined ? '' : `: ${path.because}`;
  const lines = [
    `    ${marks[path.verdict]} ${path.nextHop}${label}${distinguisher} from ${path.source}, ${path.verdict}${because}`,
  ];
  if (path.knob !== undefined) lines.push(`        to use it too: ${path.knob}`);
  if (path.advertisedTo !== undefined && path.advertisedTo.length > 0)
    lines.push(`        told to ${path.advertisedTo.join(', ')}`);
  for (const not of path.notAdvertised ?? []) lines.push(`        not told to ${not}`);
  return lines;
}
