/** Whose path it is. */
import type { AttributeSet } from '../attribute-set.ts';

/** ORIGINATOR_ID stands for the router id where there is one. @see RFC 4456 §9 */
export function identifier({ compared, source }: AttributeSet): number {
  return compared.originatorId ?? source.routerId;
}
