/** What several rule sets compare. */
import { wellKnownCommunity } from '@vaportrail/bgp/wire';
import type { AttributeSet } from '../attribute-set.ts';

/** Of paths that carry none. @see RFC 4271 §9.1.1 */
export const DEFAULT_LOCAL_PREFERENCE = 100;

export function localPreference({ attributes }: AttributeSet): number {
  return attributes.localPref ?? DEFAULT_LOCAL_PREFERENCE;
}

/** ORIGINATOR_ID stands for the router id where there is one. @see RFC 4456 §9 */
export function originatorOrRouterId({ attributes, source }: AttributeSet): number {
  return attributes.originatorId ?? source.routerId;
}

/** The community of RFC 9494 §4.3. */
export function carriesLongLivedStale({ attributes }: AttributeSet): boolean {
  return attributes.communities.includes(wellKnownCommunity['llgr-stale']);
}
