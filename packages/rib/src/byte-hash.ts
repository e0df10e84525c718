/** A seeded hash over octets, four at a time. */

const MULTIPLIER = 0x85ebca6b | 0;
const FINISH = 0xc2b2ae35 | 0;

/**
 * Continues the hash `state` over `length` octets of `view` from `at`.
 *
 * Attribute bytes are chosen by peers, so every pool starts from a random seed ({@link randomSeed}): nobody can
 * prepare thousands of attribute sets that fall into one slot.
 */
export function hashBytes(view: DataView, at: number, length: number, state: number): number {
  const end = at + length;
  let hash = state ^ length;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), MULTIPLIER);
    hash = (hash << 13) | (hash >>> 19);
  }
  for (; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), FINISH) ^ (hash >>> 15);
  return hash;
}

/** Spreads the bits of a hash so that any of them can choose a slot. */
export function finishHash(hash: number): number {
  hash ^= hash >>> 16;
  hash = Math.imul(hash, MULTIPLIER);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, FINISH);
  return hash ^ (hash >>> 16);
}

/** A seed nobody outside this process can guess. */
export function randomSeed(): number {
  return (Math.random() * 0x1_0000_0000) | 0;
}

/** Whether two ranges hold the same octets. */
export function equalBytes(a: DataView, aAt: number, b: DataView, bAt: number, length: number): boolean {
  let i = 0;
  for (; i + 16 <= length; i += 16) {
    const difference =
      (a.getInt32(aAt + i, true) ^ b.getInt32(bAt + i, true)) |
      (a.getInt32(aAt + i + 4, true) ^ b.getInt32(bAt + i + 4, true)) |
      (a.getInt32(aAt + i + 8, true) ^ b.getInt32(bAt + i + 8, true)) |
      (a.getInt32(aAt + i + 12, true) ^ b.getInt32(bAt + i + 12, true));
    if (difference !== 0) return false;
  }
  for (; i + 4 <= length; i += 4) if (a.getInt32(aAt + i, true) !== b.getInt32(bAt + i, true)) return false;
  for (; i < length; i++) if (a.getUint8(aAt + i) !== b.getUint8(bAt + i)) return false;
  return true;
}
