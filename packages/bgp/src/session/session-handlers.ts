/** What the user of a session is told, and asked. */
import type { FamilyName } from '../families/table.ts';
import type { RouteFilters } from '../wire/route-filter.ts';
import type { RefreshSubtype } from '../wire/route-refresh.ts';
import type { Negotiated } from './negotiate.ts';
import type { SessionDown, SessionEnd } from './session-end.ts';

/**
 * Who uses the session. What a handler throws ends this session and no other: a NotificationError becomes what the peer
 * is told, anything else a Cease, and is given to `fault`.
 */
export interface SessionHandlers {
  established(negotiated: Negotiated): void;
  /**
   * One whole UPDATE, header included: octets `start` to `end` of `bytes`, valid only during the call.
   * Throwing a NotificationError resets the session with it.
   */
  update(bytes: Uint8Array, start: number, end: number): void;
  /** Any message of the established session, KEEPALIVE too, before it is acted upon; as `update`, only for this call. */
  heard?(bytes: Uint8Array, start: number, end: number): void;
  /** All messages of one read have been handed on. */
  batchEnd?(): void;
  /** The peer asks for a family again (`request`), or marks the beginning and the end of sending it again. @see RFC 7313 */
  routeRefresh(family: FamilyName, subtype: RefreshSubtype): void;
  /** The peer has sent outbound route filters although we announced that we take none: they are not acted on. @see RFC 5291 */
  routeFilters?(family: FamilyName, filters: RouteFilters): void;
  /** Established has been left. */
  down(end: SessionDown): void;
  /** The backlog has fallen to `LOW_WATER` or below. */
  drained?(): void;
  /** An attempt has ended before the session was established. */
  failed?(end: SessionEnd): void;
  /** How many prefixes of a family the peer has announced now; asked after each read, for the families with a limit. */
  prefixes?(family: FamilyName): number;
  /** There are nearly as many prefixes as allowed; told once, and again after there were fewer. */
  manyPrefixes?(family: FamilyName, count: number, limit: number): void;
  /** Another handler has thrown what is no NotificationError; without this handler the process is warned. */
  fault?(error: unknown): void;
}
