/**
 * Pages of requests that search a list: `BgpNeighborReq`, `ShowRoutingInstanceReq` and their like. An answer holds so many
 * entries, and the text with which the next page is asked for: `<first entry>||<what is searched for>`.
 * @see `BgpShowHandler` of Contrail's bgp_show_handler.h
 */
/** Entries of a page: as a control node of Contrail. */
export const ENTRIES_OF_A_PAGE = 64;

const SEPARATOR = '||';

/** So many entries as fit into one answer. */
export interface ListPage<T> {
  readonly entries: readonly T[];
  /** The text of the next page; empty when this is the last. */
  readonly nextBatch: string;
}

/** What the entries of a list are called. */
export interface Naming<T> {
  /** By which they are put in order. */
  readonly name: (entry: T) => string;
  /** What a search looks into: the name unless told otherwise. */
  readonly searched?: (entry: T) => readonly string[];
}

/** The entries whose name has a part, from the beginning of the list. */
export function firstPage<T>(list: readonly T[], part: string, naming: Naming<T>): ListPage<T> {
  return pageFrom(list, '', part, naming);
}

/** The page that a text asks for; empty for a text that no page has given. */
export function nextPage<T>(list: readonly T[], text: string, naming: Naming<T>): ListPage<T> {
  const separator = text.indexOf(SEPARATOR);
  if (separator < 0) return { entries: [], nextBatch: '' };
  return pageFrom(list, text.slice(0, separator), text.slice(separator + SEPARATOR.length), naming);
}

/** An entry that has gone since the page before is passed over: the page begins with the one behind it. */
function pageFrom<T>(
  list: readonly T[],
  start: string,
  part: string,
  { name, searched = (entry) => [name(entry)] }: Naming<T>,
): ListPage<T> {
  const wanted = list
    .filter((entry) => name(entry) >= start && searched(entry).some((text) => text.includes(part)))
    .sort((a, b) => (name(a) < name(b) ? -1 : 1));
  const next = wanted[ENTRIES_OF_A_PAGE];
  return {
    entries: wanted.slice(0, ENTRIES_OF_A_PAGE),
    nextBatch: next === undefined ? '' : `${name(next)}${SEPARATOR}${part}`,
  };
}
