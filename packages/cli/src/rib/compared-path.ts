/** A path as it is compared with the path of another router or another time: only what nearly every format tells. */

export interface ComparedPath {
  /** Route distinguisher and prefix, or the prefix alone: `10.169.25.20:9:101.101.101.252/32`. */
  readonly route: string;
  readonly nextHop: string;
  readonly best?: boolean;
  /** Why it is best or not, in the words of whoever says it. */
  readonly reason?: string;
  /** Attributes by name; one that a format cannot tell is absent, and is not compared then. */
  readonly attributes: ComparedAttributes;
}

export interface ComparedAttributes {
  readonly label?: number;
  readonly localPref?: number;
  readonly med?: number;
  readonly origin?: string;
  readonly asPath?: string;
  readonly communities?: string;
  readonly routeTargets?: string;
}

/** Attributes without those that are `undefined` or `null`. */
export function attributesOf(fields: {
  readonly [Name in keyof ComparedAttributes]: ComparedAttributes[Name] | null | undefined;
}): ComparedAttributes {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  ) as ComparedAttributes;
}

/** Texts in an order that does not depend on who wrote them. */
export function sorted(texts: readonly string[] | undefined): string | undefined {
  return texts?.toSorted().join(' ');
}

export function routeKey(distinguisher: string | null | undefined, prefix: string): string {
  return distinguisher === null || distinguisher === undefined || distinguisher === ''
    ? prefix
    : `${distinguisher}:${prefix}`;
}
