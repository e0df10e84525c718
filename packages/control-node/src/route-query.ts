/** Which routes an operator wants to see. */
import { ViewError } from '@vaportrail/show';

/** Which routes to show; every part narrows. */
export interface RouteQuery {
  /** Name of one table. */
  readonly table?: string | undefined;
  /** Name of a routing instance: its tables. */
  readonly instance?: string | undefined;
  /** `inet`, `inet6`, `inet-vpn`, … */
  readonly family?: string | undefined;
  /** Text of the destination; with `match` the prefixes under or over it. */
  readonly prefix?: string | undefined;
  readonly match?: 'exact' | 'longer' | 'shorter' | undefined;
  /** Name of the neighbour that told the path. */
  readonly source?: string | undefined;
  readonly protocol?: string | undefined;
  readonly limit?: number | undefined;
}

/** Routes in one answer unless the query says how many. */
const DEFAULT_ROUTE_LIMIT = 10_000;

/** How a prefix of a query is meant. @throws ViewError when the word is none of the three */
export function matchOf(text: string | undefined): RouteQuery['match'] {
  if (text === undefined || text === 'exact' || text === 'longer' || text === 'shorter') return text;
  throw new ViewError(400, `match is exact, longer or shorter, not "${text}"`);
}

/** A number of routes written in a query. @throws ViewError when it is none */
export function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_ROUTE_LIMIT;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new ViewError(400, `"${text}" is not a number of routes`);
}
