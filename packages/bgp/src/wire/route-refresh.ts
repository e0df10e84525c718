/** ROUTE-REFRESH: asks a peer to send a family again, or marks beginning and end of that. @see RFC 2918, RFC 7313 */
import { copyOctets } from '@vaportrail/net';
import { HEADER_OCTETS } from './header.ts';
import { NotificationError, errorCode, routeRefreshSubcode } from './notification.ts';

/** Message subtypes. @see RFC 7313 §3.2 */
export const refreshSubtype = { request: 0, beginning: 1, end: 2 } as const;
/** What a ROUTE-REFRESH is for. @see RFC 7313 §3.2 */
export type RefreshSubtype = keyof typeof refreshSubtype;

/** A ROUTE-REFRESH, decoded. @see RFC 2918 §3 */
export interface RouteRefresh {
  readonly type: 'route-refresh';
  readonly afi: number;
  readonly safi: number;
  /** One of {@link refreshSubtype}; a message with any other is to be ignored. @see RFC 7313 §5 */
  readonly subtype: number;
  /** Outbound route filters behind the four octets; {@link decodeRouteFilters} reads them. @see RFC 5291 §4 */
  readonly filters: Uint8Array;
}

/**
 * Reads the body of a ROUTE-REFRESH.
 * @throws NotificationError ROUTE-REFRESH Message Error, invalid length, when a beginning or end marker carries more
 *   than four octets; its data is the whole message, header included. @see RFC 7313 §5
 */
export function decodeRouteRefresh(bytes: Uint8Array, start: number, end: number): RouteRefresh {
  const subtype = bytes[start + 2]!;
  if (end - start !== 4 && (subtype === refreshSubtype.beginning || subtype === refreshSubtype.end)) {
    throw new NotificationError(
      errorCode.routeRefresh,
      routeRefreshSubcode.invalidLength,
      copyOctets(bytes, Math.max(0, start - HEADER_OCTETS), end),
      `${end - start} octets instead of 4`,
    );
  }
  return {
    type: 'route-refresh',
    afi: (bytes[start]! << 8) | bytes[start + 1]!,
    safi: bytes[start + 3]!,
    subtype,
    filters: copyOctets(bytes, start + 4, end),
  };
}

/** The body of a ROUTE-REFRESH. */
export function encodeRouteRefresh({ afi, safi, subtype, filters }: Omit<RouteRefresh, 'type'>): Uint8Array {
  return Uint8Array.of(afi >>> 8, afi, subtype, safi, ...filters);
}
