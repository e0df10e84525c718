/** The hooks for policy: decisions about attribute sets, taken once and remembered. */
import type { Prefix } from '@vaportrail/net';
import type { AttributeSet } from './attribute-set.ts';

/** What a policy answers: take the paths as they are, not at all, or with other attributes. */
export type PolicyVerdict =
  | { readonly action: 'accept' }
  | { readonly action: 'reject' }
  | {
      readonly action: 'modify';
      /** Path attributes without NEXT_HOP, MP_REACH_NLRI and MP_UNREACH_NLRI. */
      readonly attributes: Uint8Array;
      readonly nextHop?: Uint8Array;
    };

/**
 * Decides about all paths of a source that carry an attribute set. It sees attributes, next hop and source, never the
 * prefix, and must answer the same every time: it is asked once per set. Rejected paths stay in the table, infeasible.
 */
export type ImportPolicy = (set: AttributeSet) => PolicyVerdict;

/**
 * Decides about routes on their way between two tables of a router. Its verdict is asked for once per attribute set, and,
 * where it looks at prefixes, once per kind of prefix.
 */
export interface RoutePolicy {
  /** A small number, the same for all prefixes about which it says the same; absent when it looks at no prefix. */
  readonly kindOf: ((prefix: Prefix) => number) | undefined;
  /** @param kind 0 for routes that have no prefix, and when it looks at none */
  judge(set: AttributeSet, kind: number): PolicyVerdict;
}
