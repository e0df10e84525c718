/** The hook for import policy: a decision about an attribute set, taken once and remembered. */
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
