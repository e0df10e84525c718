/** MPLS labels as they stand in NLRI: twenty bits of label, three of traffic class, one bottom-of-stack bit. */

/** The highest label there is. */
export const MAX_LABEL = 0xf_ffff;
/** Labels below this have a meaning of their own. @see RFC 3032 §2.1 */
export const FIRST_UNRESERVED_LABEL = 16;

/** The three octets of a label at the bottom of the stack, as a 24-bit number. @see RFC 8277 §2.2 */
export function labelField(label: number): number {
  return (label << 4) | 1;
}

/** The label of a 24-bit label field. */
export function labelOf(field: number): number {
  return field >>> 4;
}
