/** What a write carries along: rules complete objects, claim what only one may have, and write what belongs to them. */
import type { ConfigObject, ObjectGraph } from '@vaportrail/schema';
import type { Claim, Claims } from './claims.ts';

/** One object that comes (`before` is missing), changes, or goes (`after` is missing). */
export interface ObjectWrite {
  readonly before?: ConfigObject;
  readonly after?: ConfigObject;
}

/** What a rule may look at: everything as it is before the write. */
export interface Standing {
  readonly graph: ObjectGraph;
  readonly claims: Claims;
}

export interface Extension {
  /** The object as it is to be written. */
  readonly after?: ConfigObject;
  /** What it takes; everything that an object has is released when it goes. */
  readonly claims?: readonly Claim[];
  readonly releases?: readonly Claim[];
  /** Other objects that come, change or go in the same transaction. */
  readonly companions?: readonly ObjectWrite[];
}

/**
 * Decides what a write must carry along. Has no state and no effects: it is asked again when another config node was
 * faster. Refuses by a ConfigRequestError.
 */
export type WriteRule = (write: ObjectWrite, standing: Standing) => Extension | undefined;
