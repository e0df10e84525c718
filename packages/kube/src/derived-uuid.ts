/** UUIDs that follow from what they stand for: the same object gets the same one after every restart. */
import { hash } from 'node:crypto';

/** The namespace of all UUIDs made here; itself made once at random. */
const ROOT = Buffer.from('5d2b8f0e6c5a4b179c3e7f0a9d41e628', 'hex');

/**
 * The UUID of a list of words. @see RFC 9562 §5.5 (version 5, of SHA-1)
 */
export function derivedUuid(...words: readonly string[]): string {
  const hex = hash('sha1', Buffer.concat([ROOT, Buffer.from(JSON.stringify(words))]));
  const variant = ((parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  const version = `5${hex.slice(13, 16)}`;
  // Joined they are one text in memory: there may be a million of them, and a template would keep every part.
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    version,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
