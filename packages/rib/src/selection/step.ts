/** What a set of selection rules is made of: steps in order, each a row with its name and its wording. */
import type { AttributeSet } from '../attribute-set.ts';

/**
 * One step of a path selection. Lower ranks win; the first step in which paths differ decides.
 *
 * A rank is computed once per attribute set and kept. What belongs to the single path and not to its attributes is added
 * by `flag` (a path flag that makes the path lose) or decided by `order`.
 */
export interface Step {
  /** Stable name, for machines: `local-preference`. */
  readonly name: string;
  /** What the loser is told, in the words of the implementation the rules follow. */
  readonly reason: string;
  /** Rank of an attribute set as a signed 32-bit number. Absent: only `flag` or `order` decide. */
  readonly rank?: (set: AttributeSet) => number;
  /** A path flag that ranks the path behind all others in this step. */
  readonly flag?: number;
  /**
   * Paths are compared with those of their own group only, and a path of group 0 with none. This makes the step
   * not transitive, which is why selection eliminates step by step and never sorts.
   */
  readonly within?: (set: AttributeSet) => number;
  /** For what does not fit a rank: negative when `a` wins. */
  readonly order?: (a: Contender, b: Contender) => number;
  /** The value compared, for people. */
  readonly value: (contender: Contender) => string | number | boolean;
}

/** A path in a comparison. */
export interface Contender {
  readonly set: AttributeSet;
  readonly flags: number;
  /** Octets of the route distinguisher of the route behind a replicated path. */
  readonly routeDistinguisher: Uint8Array | undefined;
  /** It is the best path at present. */
  readonly incumbent: boolean;
}

/** Which steps a path must tie in to share the load with the best one. */
export interface Multipath {
  /** Name of the last step that counts. */
  readonly through: string;
  /** Names of steps before it that do not. */
  readonly ignoring?: readonly string[];
}

/** A way to choose: what one implementation, or one RFC, does. */
export interface RuleSet {
  readonly name: string;
  readonly steps: readonly Step[];
  /** By mode; a mode that is absent or `undefined` has no multipath. */
  readonly multipath: Readonly<Partial<Record<MultipathMode, Multipath>>>;
  /** Mode of a table that does not choose one. */
  readonly defaultMultipath: MultipathMode;
  /** Paths are first compared inside these groups, and the winners of the groups with each other. */
  readonly group?: { readonly of: (set: AttributeSet) => number; readonly prefix: string };
  /** What is said when no step tells the paths apart. */
  readonly noDifference: string;
}

/** The knobs of Junos, used for every rule set: `off` is one best path, `multipath` the ties of the rule set itself. */
export const multipathModes = ['off', 'multipath', 'vpn-unequal-cost', 'equal-external-internal'] as const;
/** Which paths share the load with the best one. */
export type MultipathMode = (typeof multipathModes)[number];

/** Rank of an unsigned 32-bit number of which the lower one wins. */
export function lower(value: number): number {
  return (value ^ 0x8000_0000) | 0;
}

/** Rank of an unsigned 32-bit number of which the higher one wins. */
export function higher(value: number): number {
  return ~lower(value);
}

/** Rank of a fact that should hold. */
export function preferred(holds: boolean): number {
  return holds ? 0 : 1;
}
