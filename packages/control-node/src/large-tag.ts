/**
 * Tags of 56 bits, as younger agents have them, which no extended community holds: large communities of the AS, whose
 * data is a type and the tag. A route that has one carries all its tags so, and besides in extended communities those
 * that fit, for peers that know only these.
 * @see RFC 8092 §3, `TagLC` of OpenSDN's large-community/tag.cc
 */
import type { LargeCommunity } from '@vaportrail/bgp/wire';

const TAG = 0x01;
/** The greatest tag that fits an extended community. */
export const MAX_SHORT_TAG = 0xffff_ffff;
/** Tags from here on mean the same in every AS. @see `Tag::IsGlobal` of Contrail's tag.cc */
export const FIRST_GLOBAL_TAG = 8_000_000;

/** The large communities of tags; undefined when none of them needs one. Tags beyond 53 bits, which are not exact, are left out. */
export function largeTags(asn: number, tags: readonly number[]): readonly LargeCommunity[] | undefined {
  if (!tags.some((tag) => tag > MAX_SHORT_TAG && Number.isSafeInteger(tag))) return undefined;
  return ascendingTags(tags.filter((tag) => Number.isSafeInteger(tag))).map((tag) => [
    asn,
    (TAG << 24) | Math.floor(tag / 2 ** 32),
    tag >>> 0,
  ]);
}

/**
 * The tags among large communities, in order; undefined when there are none.
 * @param asn whose tags count, beside those of everybody
 */
export function tagsOfLarge(
  communities: readonly LargeCommunity[],
  asn: number,
): readonly number[] | undefined {
  const ofTags = communities.filter(([, data]) => data >>> 24 === TAG);
  if (ofTags.length === 0) return undefined;
  return ascendingTags(
    ofTags.flatMap(([administrator, high, low]) => {
      const tag = (high & 0xff_ffff) * 2 ** 32 + low;
      return administrator === asn || tag >= FIRST_GLOBAL_TAG ? [tag] : [];
    }),
  );
}

/** In order, each once: the very same array when there is nothing to order, as on most routes. */
export function ascendingTags(tags: readonly number[]): readonly number[] {
  return tags.length < 2 ? tags : [...new Set(tags)].sort((a, b) => a - b);
}
