/** The distance to the end of a path: its accumulated metric, and what the way to its next hop costs. @see RFC 7311 §4.1 */
import type { AttributeSet } from '../attribute-set.ts';

/** Paths without an accumulated metric lose against those that have one. */
const UNKNOWN = 0xffff_ffff;

/** An unsigned number of 32 bits; greater distances count as the greatest but one, absent ones as the greatest. */
export function distance({ compared, resolution }: AttributeSet): number {
  if (compared.aigp === undefined) return UNKNOWN;
  return Math.min(UNKNOWN - 1, compared.aigp + (resolution?.metric ?? 0));
}

/** The distance as an operator reads it: not capped, `none` without an accumulated metric. */
export function distanceWords(set: AttributeSet): string | number {
  return set.compared.aigp === undefined ? 'none' : set.compared.aigp + (set.resolution?.metric ?? 0);
}
