/** `policy-options` in a gateway's file: named communities, and policy statements of terms. */
import {
  type LargeCommunity,
  parseCommunity,
  parseExtendedCommunity,
  parseLargeCommunity,
} from '@vaportrail/bgp/wire';
import { asn, ipAddress, name, prefix, wholeNumber } from '@vaportrail/show';
import { z } from 'zod';

/** A member of a community in the attribute that it stands in. */
export type CommunityMember =
  | { readonly kind: 'standard'; readonly value: number }
  | { readonly kind: 'extended'; readonly value: Uint8Array }
  | { readonly kind: 'large'; readonly value: LargeCommunity };

/** `64512:300`, `no-export`, `target:500:500`, `origin:1.2.3.4:5`, `large:64512:1:2`. @throws RangeError */
export function communityMember(text: string): CommunityMember {
  if (text.startsWith('large:')) return { kind: 'large', value: parseLargeCommunity(text.slice(6)) };
  if (/^\d+:\d+$/.test(text) || !text.includes(':')) return { kind: 'standard', value: parseCommunity(text) };
  return { kind: 'extended', value: parseExtendedCommunity(text) };
}

const memberText = z.string().superRefine((text, context) => {
  try {
    communityMember(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

/** One value, or a list of which any will do. */
function anyOf<T extends z.ZodType>(schema: T) {
  return z.union([schema.transform((value) => [value]), z.array(schema).min(1)], {
    // What is wrong with the one value, or with those of the list.
    error: (issue) => {
      const [one, list] = issue.code === 'invalid_union' ? issue.errors : [];
      return (Array.isArray(issue.input) ? list : one)?.[0]?.message;
    },
  });
}

/** `101.101.101.0/24 orlonger`, `… exact`, `… longer`, `… upto /28`. */
const routeFilter = z
  .string()
  .regex(/^\S+\/\d+ (exact|orlonger|longer|upto \/\d{1,3})$/, {
    error: 'must be a prefix and how it matches, such as "101.101.101.0/24 orlonger"',
  })
  .superRefine((text, context) => {
    const result = prefix.safeParse(text.split(' ')[0]);
    for (const { message } of result.error?.issues ?? []) context.addIssue({ code: 'custom', message });
  });

const from = z.strictObject({
  protocol: anyOf(z.enum(['bgp', 'static', 'direct'])).optional(),
  /** Names of communities: a route must carry all members of one of them. */
  community: anyOf(name).optional(),
  'next-hop': anyOf(ipAddress).optional(),
  /** Addresses of the peers that a route may come from. */
  neighbor: anyOf(ipAddress).optional(),
  'route-filter': anyOf(routeFilter).optional(),
});

const metric = wholeNumber(0, 0xffff_ffff);

const actions = z.strictObject({
  'local-preference': metric.optional(),
  metric: metric.optional(),
  community: z
    .strictObject({
      add: anyOf(name).optional(),
      delete: anyOf(name).optional(),
      set: anyOf(name).optional(),
    })
    .optional(),
  /** AS numbers in front of the AS path, the first of them first. */
  'as-path-prepend': anyOf(asn).optional(),
  /** What ends the policy; without it the next term has its say. */
  action: z.enum(['accept', 'reject', 'next-policy']).optional(),
});

const term = z.strictObject({
  name,
  from: from.prefault({}),
  then: z
    .union([
      z.enum(['accept', 'reject', 'next-policy']).transform((action): Actions => ({ action })),
      actions,
    ])
    .prefault({}),
});

/** What a term asks of a route. */
export type From = z.output<typeof from>;
/** What a term does to a route. */
export type Actions = z.output<typeof actions>;
/** One term of a policy statement. */
export type Term = z.output<typeof term>;

/** The schema of `policy-options`, with every default. */
export const policyOptions = z
  .strictObject({
    community: z.array(z.strictObject({ name, members: anyOf(memberText) })).default([]),
    'policy-statement': z.array(z.strictObject({ name, terms: z.array(term) })).default([]),
  })
  .superRefine((options, context) => {
    const known = new Set(options.community.map((one) => one.name));
    const refuse = (path: PropertyKey[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    options['policy-statement'].forEach(({ terms }, i) =>
      terms.forEach(({ from: { community }, then }, j) => {
        const at = ['policy-statement', i, 'terms', j];
        const used: [PropertyKey[], readonly string[] | undefined][] = [
          [[...at, 'from', 'community'], community],
          ...(['add', 'delete', 'set'] as const).map(
            (how): [PropertyKey[], readonly string[] | undefined] => [
              [...at, 'then', 'community', how],
              then.community?.[how],
            ],
          ),
        ];
        for (const [path, names] of used)
          for (const one of names ?? [])
            if (!known.has(one)) refuse(path, `there is no community "${one}" in policy-options`);
      }),
    );
    for (const list of ['community', 'policy-statement'] as const) {
      const seen = new Set<string>();
      options[list].forEach((one, i) => {
        if (seen.has(one.name)) refuse([list, i, 'name'], `${one.name} is taken already`);
        seen.add(one.name);
      });
    }
  });

/** Checked policy options. */
export type PolicyOptions = z.output<typeof policyOptions>;
