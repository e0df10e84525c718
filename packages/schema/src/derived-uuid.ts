/** UUIDs that follow from what they stand for, so that two nodes that make the same object make it once. */
import { createHash } from 'node:crypto';

/** The same UUID for the same text. @see RFC 9562 §5.8 */
export function derivedUuid(text: string): string {
  const octets = createHash('sha256').update(text).digest().subarray(0, 16);
  octets[6] = (octets[6]! & 0x0f) | 0x80;
  octets[8] = (octets[8]! & 0x3f) | 0x80;
  const hex = octets.toString('hex');
  return [0, 8, 12, 16, 20].map((at, i, all) => hex.slice(at, all[i + 1] ?? 32)).join('-');
}
