/** What FRR prints for `show bgp … json`: of a table or of one prefix, unicast or VPN. */
import { z } from 'zod';
import { attributesOf, routeKey, type ComparedPath } from './compared-path.ts';

const path = z.looseObject({
  /** An object for one prefix, `true` or absent in a table. */
  bestpath: z
    .union([
      z.boolean(),
      z.looseObject({ overall: z.boolean().optional(), selectionReason: z.string().optional() }),
    ])
    .optional(),
  selectionReason: z.string().optional(),
  locPrf: z.number().optional(),
  metric: z.number().optional(),
  origin: z.string().optional(),
  /** In a table a string, for one prefix `aspath`. */
  path: z.string().optional(),
  aspath: z.looseObject({ string: z.string().optional() }).optional(),
  remoteLabel: z.number().optional(),
  nexthops: z.array(z.looseObject({ ip: z.string().optional() })).optional(),
  extendedCommunity: z.looseObject({ string: z.string() }).optional(),
});
const paths = z.array(path);
type Path = z.output<typeof path>;

const byPrefix = z.record(z.string(), paths);
const document = z.union([
  z.looseObject({ routes: z.looseObject({ routeDistinguishers: z.record(z.string(), byPrefix) }) }),
  z.looseObject({ routes: byPrefix }),
  z.looseObject({ prefix: z.string(), paths }),
  z.record(z.string(), z.looseObject({ prefix: z.string(), paths })),
]);

/** Paths of a document, `undefined` when it is none of FRR's. */
export function readFrrJson(json: unknown): ComparedPath[] | undefined {
  const parsed = document.safeParse(json);
  if (!parsed.success) return undefined;
  const found = parsed.data;
  if ('routes' in found) {
    const { routes } = found as { routes: Record<string, unknown> };
    if ('routeDistinguishers' in routes) {
      const all = routes['routeDistinguishers'] as Record<string, Record<string, Path[]>>;
      return Object.entries(all).flatMap(([rd, table]) => ofTable(table, rd));
    }
    return ofTable(routes as Record<string, Path[]>, undefined);
  }
  if ('paths' in found && Array.isArray(found.paths)) {
    const { prefix, paths: members } = found as { prefix: string; paths: Path[] };
    return members.map((each) => comparedPath(each, prefix, undefined));
  }
  const byDistinguisher = found as Record<string, { prefix: string; paths: Path[] }>;
  return Object.entries(byDistinguisher).flatMap(([rd, { prefix, paths: members }]) =>
    members.map((each) => comparedPath(each, prefix, rd)),
  );
}

function ofTable(table: Record<string, Path[]>, rd: string | undefined): ComparedPath[] {
  return Object.entries(table).flatMap(([prefix, members]) =>
    members.map((each) => comparedPath(each, prefix, rd)),
  );
}

function comparedPath(each: Path, prefix: string, rd: string | undefined): ComparedPath {
  const { bestpath } = each;
  const best = typeof bestpath === 'object' ? bestpath.overall === true : bestpath === true;
  const reason = typeof bestpath === 'object' ? bestpath.selectionReason : each.selectionReason;
  const communities = each.extendedCommunity?.string;
  const asPath = each.path ?? each.aspath?.string;
  return {
    route: routeKey(rd, prefix),
    nextHop: each.nexthops?.[0]?.ip ?? '0.0.0.0',
    best,
    ...(reason !== undefined && { reason }),
    attributes: attributesOf({
      label: each.remoteLabel,
      localPref: each.locPrf,
      med: each.metric,
      origin: each.origin?.toLowerCase(),
      asPath: asPath === 'Local' ? '' : asPath,
      routeTargets:
        communities === undefined
          ? undefined
          : [...communities.matchAll(/\bRT:(\S+)/g)]
              .map((match) => match[1]!)
              .toSorted()
              .join(' '),
    }),
  };
}
