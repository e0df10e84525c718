/** A field of NLRI: the withdrawn routes or the NLRI of an UPDATE, or the routes of MP_REACH_NLRI and MP_UNREACH_NLRI. */
import type { Family } from './family.ts';

/** Octets of a path identifier. @see RFC 7911 §3 */
export const PATH_ID_OCTETS = 4;

/**
 * Walks the NLRI in `bytes[at…end)` without making anything.
 *
 * Calls `visit`, if given, with the range of each NLRI behind its path identifier, and with that (0 without ADD-PATH).
 * @returns the offset of the first NLRI that is not syntactically correct, -1 when all are. @see RFC 7606 §5.3
 */
export function walkNlri(
  family: Family,
  bytes: Uint8Array,
  at: number,
  end: number,
  addPath: boolean,
  withdrawn: boolean,
  visit?: (at: number, end: number, pathId: number) => void,
): number {
  while (at < end) {
    let nlri = at;
    let pathId = 0;
    if (addPath) {
      if (end - at <= PATH_ID_OCTETS) return at;
      pathId = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
      nlri += PATH_ID_OCTETS;
    }
    const octets = family.measure(bytes, nlri, end, withdrawn);
    if (octets <= 0) return at;
    visit?.(nlri, nlri + octets, pathId);
    at = nlri + octets;
  }
  return -1;
}

/**
 * Whether NLRI of which nobody knows carry path identifiers: they can be read with them, and cannot sensibly be read
 * without them. Not sensible is a syntax error, a set bit behind a prefix, and a default route among other routes,
 * which is what the zeros of a small path identifier look like.
 */
export function looksLikeAddPath(
  family: Family,
  bytes: Uint8Array,
  at: number,
  end: number,
  withdrawn: boolean,
): boolean {
  return (
    !isSensible(family, bytes, at, end, false, withdrawn) &&
    isSensible(family, bytes, at, end, true, withdrawn)
  );
}

function isSensible(
  family: Family,
  bytes: Uint8Array,
  at: number,
  end: number,
  addPath: boolean,
  withdrawn: boolean,
): boolean {
  let routes = 0;
  let defaults = 0;
  let strays = 0;
  const malformed = walkNlri(family, bytes, at, end, addPath, withdrawn, (from, to) => {
    routes++;
    if (family.safi > 2 && family.safi !== 4 && family.safi !== 128) return;
    if (bytes[from] === 0) defaults++;
    const spare = (8 - (bytes[from]! & 7)) & 7;
    if (to > from + 1 && (bytes[to - 1]! & ((1 << spare) - 1)) !== 0) strays++;
  });
  if (malformed >= 0 || strays > 0) return false;
  return addPath || defaults === 0 || routes === 1;
}
