/** The routing information base as simple as it can be said: maps of objects, everything worked out from scratch. */
import { type AsPath, type FamilyName, encodeAttributes } from '@vaportrail/bgp/wire';

/** Attributes as the tests vary them. */
export interface Plain {
  readonly localPref: number;
  readonly asns: readonly number[];
  readonly med: number | undefined;
  readonly targets: readonly string[];
}

export interface ModelSource {
  readonly id: number;
  readonly name: string;
  readonly protocol: 'bgp' | 'xmpp';
  readonly routerId: number;
  readonly client: boolean;
}

export interface ModelPath {
  readonly source: ModelSource;
  readonly attributes: Plain;
  readonly nextHop: string;
  readonly label: number;
  readonly secondary: boolean;
  /** Where a secondary path comes from. */
  readonly origin: string;
  stale: boolean;
}

export interface ModelTable {
  readonly name: string;
  readonly family: FamilyName;
  imports: readonly string[];
  exports: readonly string[];
  readonly instanceIds: Map<number, number>;
  /** Primary paths by route and then by source. */
  readonly primary: Map<string, Map<number, ModelPath>>;
}

export function modelTable(
  name: string,
  family: FamilyName,
  imports: readonly string[] = [],
  exports: readonly string[] = [],
): ModelTable {
  return { name, family, imports, exports, instanceIds: new Map(), primary: new Map() };
}

export function encode(
  { localPref, asns, med, targets }: Plain,
  octetsOf: (target: string) => Uint8Array,
): Uint8Array {
  const extendedCommunities = new Uint8Array(targets.length * 8);
  [...targets].sort().forEach((target, i) => extendedCommunities.set(octetsOf(target), i * 8));
  const asPath: AsPath = asns.length === 0 ? [] : [{ type: 'sequence', asns }];
  return encodeAttributes({
    origin: 'igp',
    asPath,
    localPref,
    ...(med === undefined ? {} : { med }),
    ...(targets.length === 0 ? {} : { extendedCommunities }),
  });
}

/** What a Contrail control node thinks of the paths, worked out the long way. */
export function choose(
  paths: readonly ModelPath[],
  ownAs: number,
): {
  /** Any of the paths that no step tells apart. */
  best: ModelPath | undefined;
  tied: readonly ModelPath[];
  multipath: Set<ModelPath>;
} {
  let left = paths.filter((path) => !path.attributes.asns.includes(ownAs));
  const keepLowest = (value: (path: ModelPath) => number): void => {
    const lowest = Math.min(...left.map(value));
    left = left.filter((path) => value(path) === lowest);
  };
  if (left.length === 0) return { best: undefined, tied: [], multipath: new Set() };
  keepLowest((path) => -path.attributes.localPref);
  keepLowest((path) => path.attributes.asns.length);
  left = left.filter((path) => {
    const neighbor = path.attributes.asns[0];
    if (neighbor === undefined) return true;
    return !left.some(
      (other) =>
        other.attributes.asns[0] === neighbor && (other.attributes.med ?? 0) < (path.attributes.med ?? 0),
    );
  });
  const multipath = new Set(left);
  keepLowest((path) => (path.source.protocol === 'xmpp' ? 0 : 1));
  keepLowest((path) => Number(path.nextHop.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)));
  keepLowest((path) => path.source.routerId);
  return { best: left[0], tied: left, multipath };
}

/** All paths of every table, the copies made by route target included. */
export function replicate(
  tables: readonly ModelTable[],
  vpn: ModelTable,
  ownAs: number,
): Map<string, Map<string, ModelPath[]>> {
  const all = new Map<string, Map<string, ModelPath[]>>();
  const add = (table: ModelTable, route: string, path: ModelPath): void => {
    const routes = all.get(table.name)!;
    const paths = routes.get(route);
    if (paths === undefined) routes.set(route, [path]);
    else if (!paths.some((other) => other.source === path.source && other.origin === path.origin))
      paths.push(path);
  };
  for (const table of tables) {
    all.set(table.name, new Map());
    for (const [route, paths] of table.primary) for (const path of paths.values()) add(table, route, path);
  }
  // Copies compete with originals for the place in the multipath set, so this is repeated until nothing changes.
  for (let previous = ''; ;) {
    const copies: [ModelTable, string, ModelPath][] = [];
    for (const table of tables) {
      for (const [route, paths] of all.get(table.name)!) {
        for (const path of choose(paths, ownAs).multipath) {
          if (path.secondary) continue;
          const isVpn = table === vpn;
          if (!isVpn && table.exports.length === 0) continue;
          const id = table.instanceIds.get(path.source.id);
          if (!isVpn && id === undefined) continue;
          const [rd, prefix] = isVpn ? route.split(' ') : [`${path.nextHop}:${id}`, route];
          const targets = isVpn
            ? path.attributes.targets
            : [...new Set([...path.attributes.targets, ...table.exports])].sort();
          const copy: ModelPath = {
            ...path,
            attributes: { ...path.attributes, targets },
            secondary: true,
            origin: `${table.name} ${rd}`,
          };
          if (!isVpn) copies.push([vpn, `${rd} ${prefix}`, copy]);
          for (const importer of tables) {
            if (importer === vpn || importer === table) continue;
            if (importer.imports.some((target) => targets.includes(target)))
              copies.push([importer, prefix!, copy]);
          }
        }
      }
    }
    const text = copies
      .map(([table, route, path]) => `${table.name} ${route} ${describe(path)}`)
      .sort()
      .join('\n');
    if (text === previous) return all;
    previous = text;
    for (const table of tables) {
      all.set(table.name, new Map());
      for (const [route, paths] of table.primary) for (const path of paths.values()) add(table, route, path);
    }
    for (const [table, route, path] of copies) add(table, route, path);
  }
}

/** One line that says all about a path. */
export function describe(path: ModelPath): string {
  const { localPref, asns, med, targets } = path.attributes;
  return [
    path.source.name,
    path.nextHop,
    path.label,
    localPref,
    asns.join('-'),
    med ?? '',
    [...targets].sort().join(','),
    path.secondary ? path.origin : 'primary',
    path.stale ? 'stale' : '',
  ].join(' ');
}
