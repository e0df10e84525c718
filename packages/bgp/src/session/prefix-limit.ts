/** How many prefixes a peer may announce in a family, and what happens when they are more. @see RFC 4486 §4 */
import { Writer } from '@vaportrail/net';
import { families, type FamilyName } from '../families/table.ts';
import { NotificationError, ceaseSubcode, errorCode } from '../wire/notification.ts';

export interface PrefixLimit {
  /** The session ends when there are more. */
  readonly limit: number;
  /** Percentage of the limit from which on there is a warning, 75 unless given. */
  readonly warnAt?: number;
  /** Seconds after which the session is tried again; without it, it stays down until it is started. */
  readonly restartAfter?: number;
}

export type PrefixLimits = { readonly [N in FamilyName]?: PrefixLimit };

/** What a count means against its limit. */
export function weighPrefixes(
  count: number,
  { limit, warnAt = 75 }: PrefixLimit,
): 'fine' | 'many' | 'too-many' {
  if (count > limit) return 'too-many';
  return count >= (limit * warnAt) / 100 ? 'many' : 'fine';
}

/** Cease/Maximum Number of Prefixes Reached, with family and limit as data. */
export function tooManyPrefixes(family: FamilyName, count: number, limit: number): NotificationError {
  const { afi, safi, title } = families[family];
  const data = new Writer(7).u16(afi).u8(safi).u32(limit).finish();
  const because = `${count} prefixes of ${title}, the limit is ${limit}`;
  return new NotificationError(errorCode.cease, ceaseSubcode.maximumPrefixes, data, because);
}
