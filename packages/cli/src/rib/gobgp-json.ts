/** What GoBGP prints for `gobgp global rib -j`. */
import { z } from 'zod';
import { attributesOf, routeKey, type ComparedPath } from './compared-path.ts';

const path = z.looseObject({
  nlri: z.looseObject({
    prefix: z.string(),
    labels: z.array(z.number()).nullish(),
    rd: z.looseObject({ admin: z.union([z.string(), z.number()]), assigned: z.number() }).optional(),
  }),
  best: z.boolean().optional(),
  attrs: z.array(
    z.looseObject({
      type: z.number(),
      value: z.unknown().optional(),
      metric: z.number().optional(),
      nexthop: z.string().optional(),
      as_paths: z.array(z.looseObject({ asns: z.array(z.number()).nullish() })).nullish(),
    }),
  ),
});
const rib = z.record(z.string(), z.array(path)).refine((routes) => Object.keys(routes).length > 0);
const origins = ['igp', 'egp', 'incomplete'];
/** Codes of the attributes looked at. */
const code = { origin: 1, asPath: 2, nextHop: 3, med: 4, localPref: 5, reach: 14, extended: 16 } as const;

/** Paths of a document, `undefined` when it is none of GoBGP's. */
export function readGobgpJson(json: unknown): ComparedPath[] | undefined {
  const parsed = rib.safeParse(json);
  if (!parsed.success) return undefined;
  return Object.values(parsed.data).flatMap((members) => members.map(comparedPath));
}

function comparedPath({ nlri, best, attrs }: z.output<typeof path>): ComparedPath {
  const attribute = (type: number) => attrs.find((each) => each.type === type);
  const extended = (attribute(code.extended)?.value ?? []) as {
    type: number;
    subtype: number;
    value?: string;
  }[];
  const origin = attribute(code.origin)?.value;
  return {
    route: routeKey(nlri.rd === undefined ? null : `${nlri.rd.admin}:${nlri.rd.assigned}`, nlri.prefix),
    nextHop: attribute(code.reach)?.nexthop ?? attribute(code.nextHop)?.nexthop ?? '0.0.0.0',
    best: best === true,
    attributes: attributesOf({
      label: nlri.labels?.[0],
      localPref: attribute(code.localPref)?.value as number | undefined,
      med: attribute(code.med)?.metric,
      origin: typeof origin === 'number' ? origins[origin] : undefined,
      asPath: (attribute(code.asPath)?.as_paths ?? []).flatMap(({ asns }) => asns ?? []).join(' '),
      routeTargets: extended
        .filter((each) => each.type <= 2 && each.subtype === 2)
        .map((each) => each.value ?? '')
        .toSorted()
        .join(' '),
    }),
  };
}
