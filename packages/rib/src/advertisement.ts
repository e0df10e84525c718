/** What operators see of an Adj-RIB-Out: who has been told about a route, and why the others have not. */
import type { Source } from './source.ts';

/** Whether a peer was told about a route, and why not. */
export interface Advertisement {
  readonly to: Source;
  readonly told: boolean;
  /** Absent when it was told. */
  readonly because: string | undefined;
  /** The same for each path, in the order of `Route.paths`; absent where the peer takes one path only. */
  readonly paths: readonly AdvertisedPath[] | undefined;
}

/** Whether a peer that takes several paths of a route was told about one of them, and why not. */
export interface AdvertisedPath {
  readonly told: boolean;
  readonly because: string | undefined;
  /** Identifier that it is told with. @see RFC 7911 §2 */
  readonly pathId: number | undefined;
}
