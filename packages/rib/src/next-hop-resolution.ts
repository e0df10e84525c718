/** How far away a next hop is, as told by whoever knows the interior routes. */
import type { Source } from './source.ts';

/** What is known about the way to a next hop. */
export interface Resolution {
  /** Cost of reaching it (Junos: Metric2). */
  readonly metric: number;
  /** Equal-cost ways to reach it; 1 unless stated. */
  readonly gateways?: number;
}

/**
 * Tells the cost of a next hop, or `undefined` when it cannot be reached: then the path is infeasible.
 * Called once per attribute set and remembered until `Rib.reconsider`.
 */
export type NextHopResolver = (nextHop: Uint8Array, source: Source) => Resolution | undefined;
