/** What may stand between two stanzas and says no more than that its sender lives. */

/**
 * Octets that mean nothing between stanzas: blank, line feed, carriage return, tab, and the two of the keepalive
 * (U+0200), each on its own.
 */
const isFiller = new Uint8Array(256);
for (const octet of [0x20, 0x0a, 0x0d, 0x09, 0xc8, 0x80]) isFiller[octet] = 1;

/** The first offset from `at` on that is no filler. */
export function passFiller(bytes: Uint8Array, at: number): number {
  let i = at;
  while (i < bytes.length && isFiller[bytes[i]!] === 1) i++;
  return i;
}
