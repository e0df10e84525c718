/** Why a path cannot be used. */

/**
 * Reasons in the order of their numbers in the packed records; the words are what operators read.
 * @see RFC 4271 §9.1.2, RFC 4456 §8, RFC 7606 §2, RFC 9234 §5
 */
export const infeasibleReasons = [
  'feasible',
  'treat-as-withdraw',
  'as-path-loop',
  'originator-id-loop',
  'cluster-list-loop',
  'rejected-by-policy',
  'no-tunnel-encapsulation',
  'unresolved-next-hop',
  'first-as-is-not-the-peer',
  'route-leak',
] as const;
/** A reason why a path cannot be used. */
export type Infeasible = Exclude<(typeof infeasibleReasons)[number], 'feasible'>;

/** Number of a reason in a packed record; 0 is feasible. */
export function infeasibleNumber(reason: Infeasible | undefined): number {
  return reason === undefined ? 0 : infeasibleReasons.indexOf(reason);
}

/** The reason of a number in a packed record; `undefined` when the path can be used. */
export function infeasibleReason(number: number): Infeasible | undefined {
  return number === 0 ? undefined : (infeasibleReasons[number] as Infeasible);
}

/** Paths with these never enter a table: the peer has to be treated as if it had withdrawn them. */
export const TREAT_AS_WITHDRAW = infeasibleReasons.indexOf('treat-as-withdraw');
