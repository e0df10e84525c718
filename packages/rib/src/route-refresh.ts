/** What a ROUTE-REFRESH of a peer means for what it is told and for what it has told. */
import type { FamilyName, RefreshSubtype } from '@vaportrail/bgp/wire';
import type { Source } from './source.ts';
import type { Membership } from './update-member.ts';

/**
 * The peer asks for a family again, between two marks when it knows them, or sends one again: what it does not send
 * between the marks is gone.
 * @param send sends a mark to the peer
 * @see RFC 2918, RFC 7313 §4
 */
export function handleRefresh(
  family: FamilyName,
  subtype: RefreshSubtype,
  membership: Membership | undefined,
  source: Source | undefined,
  send: (family: FamilyName, mark: 'beginning' | 'end') => void,
): void {
  switch (subtype) {
    case 'request':
      if (membership === undefined) return;
      send(family, 'beginning');
      membership.refresh(() => send(family, 'end'));
      return;
    case 'beginning':
      source?.markStale(family);
      return;
    case 'end':
      source?.sweep(family);
  }
}

/** What the session of a peer can do about its routes without being lost. */
interface RefreshableSession {
  /** Asks the peer; false when it cannot be asked. */
  requestRefresh(family: FamilyName): boolean;
  sendRefresh(family: FamilyName, mark: 'beginning' | 'end'): boolean;
}

/**
 * Asks a peer to tell everything again (`in`), or tells it everything again (`out`).
 * @returns the families for which that was possible
 * @see RFC 2918
 */
export function softReset(
  direction: 'in' | 'out',
  session: RefreshableSession,
  memberships: ReadonlyMap<FamilyName, Membership>,
): FamilyName[] {
  const families = [...memberships.keys()];
  if (direction === 'in') return families.filter((family) => session.requestRefresh(family));
  for (const [family, membership] of memberships)
    handleRefresh(family, 'request', membership, undefined, (again, mark) =>
      session.sendRefresh(again, mark),
    );
  return families;
}
