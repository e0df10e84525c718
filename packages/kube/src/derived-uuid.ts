/** UUIDs that follow from what they stand for: the same object gets the same one after every restart. */
import { createHash } from 'node:crypto';

/** The namespace of all UUIDs made here; itself made once at random. */
const ROOT = Buffer.from('5d2b8f0e6c5a4b179c3e7f0a9d41e628', 'hex');

/**
 * The UUID of a list of words. @see RFC 9562 §5.5 (version 5, of SHA-1)
 */
export function derivedUuid(...words: readonly string[]): string {
  const bytes = createHash('sha1').update(ROOT).update(JSON.stringify(words)).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
