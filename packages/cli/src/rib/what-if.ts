/**
 * What a table would choose if something were different: its paths are put into a RIB of their own with the same
 * selection rules, first as they are and then as they would be.
 */
import { type AsPath, encodeAttributes, origins, parseExtendedCommunity } from '@vaportrail/bgp/wire';
import { parseAddress, parseIpv4, parsePrefix } from '@vaportrail/net';
import {
  Rib,
  multipathModes,
  type MultipathMode,
  type Path,
  type RuleSetName,
  type Source,
} from '@vaportrail/rib';
import type { GatewayPathView, NeighborView, PathView } from '@vaportrail/show';

export type WhatIfPath = PathView &
  Partial<Pick<GatewayPathView, 'metric2' | 'routerId' | 'from' | 'preference'>>;

/** One thing that would be different: of all paths, or of those with a next hop or from a source. */
export interface Change {
  readonly what:
    'local-pref' | 'med' | 'as-path' | 'origin' | 'igp-metric' | 'preference' | 'multipath' | 'withdraw';
  readonly value: string;
  readonly from?: string;
}

const whats: readonly Change['what'][] = [
  'local-pref',
  'med',
  'as-path',
  'origin',
  'igp-metric',
  'preference',
  'multipath',
  'withdraw',
];

/**
 * Reads `local-pref 100 from 10.169.25.21`, `as-path 65001 65002`, `multipath vpn-unequal-cost`, `withdraw from cent222`.
 * @throws RangeError for what is none of these
 */
export function parseChange(text: string): Change {
  const [, statement = '', from] = /^(.*?)(?:(?:^|\s+)from\s+(\S+))?$/.exec(text.trim()) ?? [];
  const [what, ...rest] = statement.split(/\s+/);
  const value = rest.join(' ');
  const known = whats.find((each) => each === what);
  if (known === undefined) throw new RangeError(`"${text}" begins with none of ${whats.join(', ')}`);
  const numeric = ['local-pref', 'med', 'igp-metric', 'preference'].includes(known);
  if (numeric && !/^\d{1,10}$/.test(value)) throw new RangeError(`"${text}": ${known} takes a number`);
  if (known === 'origin' && !origins.some((origin) => origin === value))
    throw new RangeError(`"${text}": origin is one of ${origins.join(', ')}`);
  if (known === 'multipath' && !multipathModes.some((mode) => mode === value))
    throw new RangeError(`"${text}": multipath is one of ${multipathModes.join(', ')}`);
  if (known === 'withdraw' && from === undefined) throw new RangeError(`"${text}": withdraw from whom?`);
  return { what: known, value, ...(from !== undefined && { from }) };
}

export interface Outcome {
  readonly nextHop: string;
  readonly source: string;
  readonly routeDistinguisher?: string;
  readonly best: boolean;
  readonly multipath: boolean;
  readonly because?: string;
}

export interface WhatIf {
  readonly before: readonly Outcome[];
  readonly after: readonly Outcome[];
  /** Whether the recomputation without changes chooses what the daemon chose; otherwise do not rely on `after`. */
  readonly faithful: boolean;
}

export interface WhatIfTable {
  readonly rules: RuleSetName;
  readonly multipath: MultipathMode | undefined;
  readonly asn: number;
  readonly prefix: string;
  /** The paths as the daemon shows them, the best one first. */
  readonly paths: readonly WhatIfPath[];
  readonly neighbors: readonly NeighborView[];
}

/** @throws RangeError when a change concerns no path */
export function whatIf(table: WhatIfTable, changes: readonly Change[]): WhatIf {
  for (const { from, what } of changes) {
    if (from !== undefined && !table.paths.some((path) => concerns(from, path)))
      throw new RangeError(`${what} from ${from}: no path has this next hop or source`);
  }
  const model = new TableModel(table);
  const before = model.outcome();
  const best = table.paths.find((path) => path.best);
  const modelled = before.find((each) => each.best);
  model.apply(changes);
  return {
    before,
    after: model.outcome(),
    faithful:
      best?.nextHop === modelled?.nextHop && best?.routeDistinguisher === modelled?.routeDistinguisher,
  };
}

function concerns(
  from: string | undefined,
  { nextHop, source, from: peer, routeDistinguisher }: WhatIfPath,
): boolean {
  return from === undefined || [nextHop, source, peer, routeDistinguisher].includes(from);
}

class TableModel {
  readonly #rib: Rib;
  readonly #table;
  readonly #prefix;
  readonly #metrics = new Map<string, number>();
  readonly #sources = new Map<string, Source>();
  readonly #neighbors: readonly NeighborView[];
  #paths: readonly WhatIfPath[];

  constructor({ rules, multipath, asn, prefix, paths, neighbors }: WhatIfTable) {
    this.#rib = new Rib({ asn, routerId: 1 });
    this.#neighbors = neighbors;
    this.#paths = paths;
    this.#prefix = parsePrefix(prefix);
    this.#table = this.#rib.createTable({
      name: 'what-if',
      family: this.#prefix.bytes.length === 16 ? 'inet6' : 'inet',
      selection: rules,
      ...(multipath !== undefined && { multipath }),
      resolve: (nextHop) => ({ metric: this.#metrics.get(nextHop.join('.')) ?? 0 }),
    });
    this.#announceAll();
  }

  apply(changes: readonly Change[]): void {
    this.#paths = this.#paths.map((path, index) =>
      changes
        .filter(({ from }) => concerns(from, path))
        .reduce((changed, change) => this.#changed(changed, change, index), path),
    );
    const mode = changes.find(({ what }) => what === 'multipath')?.value;
    if (mode !== undefined) this.#table.setMultipath(mode as MultipathMode);
    this.#announceAll();
    this.#rib.reconsider();
    this.#rib.settle();
  }

  outcome(): Outcome[] {
    const [route] = this.#table.routes();
    return (route?.paths ?? []).map((path): Outcome => {
      const { nextHop = '', source, routeDistinguisher } = this.#paths[path.pathId - 1]!;
      const because = reasonOf(path);
      return {
        nextHop,
        source,
        ...(routeDistinguisher !== undefined && { routeDistinguisher }),
        best: path.best,
        multipath: path.multipath,
        ...(because !== undefined && !path.best && { because }),
      };
    });
  }

  #changed(path: WhatIfPath, { what, value }: Change, index: number): WhatIfPath {
    switch (what) {
      case 'local-pref':
        return { ...path, localPref: Number(value) };
      case 'med':
        return { ...path, med: Number(value) };
      case 'preference':
        return { ...path, preference: Number(value) };
      case 'igp-metric':
        return { ...path, metric2: Number(value) };
      case 'as-path':
        return { ...path, asPath: value };
      case 'origin':
        return { ...path, origin: value as (typeof origins)[number] };
      case 'withdraw':
        this.#table.withdraw(this.#source(path), { prefix: this.#prefix }, index + 1);
        return { ...path, feasible: false };
      case 'multipath':
        return path;
    }
  }

  #announceAll(): void {
    this.#paths.forEach((path, index) => {
      if (!path.feasible || path.nextHop === undefined) return;
      const nextHop = parseAddress(path.nextHop);
      this.#metrics.set(nextHop.join('.'), path.metric2 ?? 0);
      this.#table.announce(
        this.#source(path),
        { prefix: this.#prefix },
        {
          attributes: attributesOf(path),
          nextHop,
          pathId: index + 1,
          ...(path.label !== undefined && { label: path.label }),
        },
      );
    });
    this.#rib.settle();
  }

  #source({ source, protocol, from, routerId, preference }: WhatIfPath): Source {
    const name = `${source} ${preference ?? ''}`;
    let found = this.#sources.get(name);
    if (found !== undefined) return found;
    const neighbor = this.#neighbors.find((each) => each.name === source || each.address === source);
    const address = from ?? neighbor?.address;
    const id = routerId ?? neighbor?.routerId;
    found = this.#rib.addSource({
      name: source,
      protocol: protocol === 'bgp' || protocol === 'xmpp' || protocol === 'static' ? protocol : 'local',
      ...(address !== undefined && { address: parseAddress(address) }),
      ...(id !== undefined && { routerId: parseIpv4(id) }),
      asn: neighbor?.asn ?? 0,
      internal: neighbor?.type === 'internal',
      ...(preference !== undefined && { preference }),
    });
    this.#sources.set(name, found);
    return found;
  }
}

function attributesOf(path: WhatIfPath): Uint8Array {
  const communities = [
    ...(path.routeTargets ?? []).map((target) => `target:${target}`),
    ...(path.extendedCommunities ?? []),
  ].flatMap((text) => {
    try {
      return [...parseExtendedCommunity(text)];
    } catch {
      return []; // one that has no written form decides nothing here
    }
  });
  return encodeAttributes({
    origin: path.origin ?? 'incomplete',
    asPath: parseAsPath(path.asPath ?? ''),
    ...(path.localPref !== undefined && { localPref: path.localPref }),
    ...(path.med !== undefined && { med: path.med }),
    ...(path.originatorId !== undefined && { originatorId: parseIpv4(path.originatorId) }),
    ...(path.clusterList !== undefined && { clusterList: path.clusterList.map(parseIpv4) }),
    ...(communities.length > 0 && { extendedCommunities: Uint8Array.from(communities) }),
  });
}

function parseAsPath(text: string): AsPath {
  return [...text.matchAll(/\{([^}]*)\}|([\d ]*\d)/g)].map(([, set, sequence]) => ({
    type: set === undefined ? ('sequence' as const) : ('set' as const),
    asns: (set ?? sequence ?? '')
      .split(/[\s,]+/)
      .filter((word) => word !== '')
      .map(Number),
  }));
}

function reasonOf({ feasible, because, notBest }: Path): string | undefined {
  if (!feasible) return because;
  if (notBest === undefined) return undefined;
  const { step, ours, theirs, reason } = notBest;
  return ours === theirs ? reason : `${step} ${String(ours)} against ${String(theirs)} (${reason})`;
}
