/** How many prefixes a peer may announce in a family, and what happens when they are more. @see RFC 4486 §4 */
import { Writer } from '@vaportrail/net';
import { families, type FamilyName } from '../families/table.ts';
import { NotificationError, ceaseSubcode, errorCode } from '../wire/notification.ts';

/** The limit of one family. */
export interface PrefixLimit {
  /** The session ends when there are more. */
  readonly limit: number;
  /** Percentage of the limit from which on there is a warning, 75 unless given. */
  readonly warnAt?: number;
  /** Seconds after which the session is tried again; without it, it stays down until it is started. */
  readonly restartAfter?: number;
}

/** By family; one without may have any number. */
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

/** Weighs the prefixes of a session against their limits, and warns once while they are many. */
export class PrefixWatch {
  readonly #limits: readonly (readonly [FamilyName, PrefixLimit])[];
  /** Families about which there was a warning. */
  readonly #warned = new Set<FamilyName>();

  constructor(limits: PrefixLimits) {
    this.#limits = Object.entries(limits) as [FamilyName, PrefixLimit][];
  }

  /**
   * Asks for the count of each family that has a limit, and tells of many. Yields the first that has too many.
   */
  weigh(
    count: (family: FamilyName) => number,
    many: (family: FamilyName, count: number, limit: number) => void,
  ): { readonly notification: NotificationError; readonly restartAfter: number | undefined } | undefined {
    for (const [family, prefixLimit] of this.#limits) {
      const prefixes = count(family);
      const { limit, restartAfter } = prefixLimit;
      const weight = weighPrefixes(prefixes, prefixLimit);
      if (weight === 'too-many')
        return { notification: tooManyPrefixes(family, prefixes, limit), restartAfter };
      if (weight === 'fine') this.#warned.delete(family);
      else if (!this.#warned.has(family)) {
        this.#warned.add(family);
        many(family, prefixes, limit);
      }
    }
    return undefined;
  }

  /** A new session starts without warnings. */
  clear(): void {
    this.#warned.clear();
  }
}
