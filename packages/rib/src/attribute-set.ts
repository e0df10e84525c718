/** One attribute set as selection, policy and views see it. */
import type { PathAttributes } from '@vaportrail/bgp/wire';
import type { Infeasible } from './feasibility.ts';
import type { Resolution } from './next-hop-resolution.ts';
import type { Compared } from './selection/compared.ts';
import type { Source } from './source.ts';

/** Attributes, next hop and source, decoded on demand; what selection steps compare. */
export interface AttributeSet {
  readonly source: Source;
  /** An object of this set alone: what was found out about it holds for one source and one next hop. */
  readonly attributes: PathAttributes;
  /** What selection compares of them. */
  readonly compared: Compared;
  /** Four or sixteen octets (thirty-two with a link-local address); empty for routes without one. */
  readonly nextHop: Uint8Array;
  /** Why paths with this set cannot be used. */
  readonly infeasible: Infeasible | undefined;
  /** What reaching the next hop costs. */
  readonly resolution: Resolution | undefined;
}
